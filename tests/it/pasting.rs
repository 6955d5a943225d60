//! What is printed to be typed does in a shell what it says, whatever the paths are called.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use assert_cmd::cargo::cargo_bin;
use fbsync::sandbox::World;

use crate::harness::{Home, Run, has, mode_of, names_in};

/// Has all that a shell would take for its own, and begins like an option.
const NAME: &str = "-Anna's \"$(touch trap)\" books.sqlite";

/// Types `command` into a shell where `fbsync` is the program.
fn paste(home: &Home, command: &str) -> Run {
    let run = home.run(&mut home.shell(&format!("fbsync() {{ \"$FBSYNC\" \"$@\"; }}\n{command}")));
    assert!(!home.path("trap").exists(), "the shell obeyed a name: {command}");
    run
}

/// What stands behind `label` in what was said.
#[track_caller]
fn said_after(text: &str, label: &str) -> String {
    let found = text.lines().find_map(|line| Some(line.split_once(label)?.1.trim().to_owned()));
    found.unwrap_or_else(|| panic!("no {label:?} in:\n{text}"))
}

#[test]
fn hints_about_a_database_can_be_pasted() {
    let home = Home::reading(World::many(1, 2));
    let db = format!("--db={NAME}");
    for (arguments, code) in [(&["verify", &db][..], 9), (&["status", "--max-age", "1h", &db], 10)] {
        let run = home.fbsync(arguments).exits(code);
        paste(&home, &said_after(&run.stderr, "hint: ")).succeeds();
        fs::remove_file(home.path(NAME)).expect("it was made");
    }
    home.fbsync(&["sync", &db]).succeeds();
    for arguments in [["export", "access", "--snapshot", "99"], ["diff", "--from", "99", "-q"]] {
        let run = home.fbsync(&[&arguments[..], &[&db]].concat()).exits(2);
        paste(&home, &said_after(&run.stderr, "hint: ")).succeeds();
    }
    fs::set_permissions(home.path(NAME), fs::Permissions::from_mode(0o644)).expect("chmod");
    for arguments in [["verify", &db], ["sync", &db]] {
        let run = home.fbsync(&arguments).succeeds();
        paste(&home, &said_after(&run.stderr, "by other users; ")).succeeds();
        assert_eq!(mode_of(&home.path(NAME)), 0o600);
        fs::set_permissions(home.path(NAME), fs::Permissions::from_mode(0o644)).expect("chmod");
    }
}

#[test]
fn hints_about_a_sign_in_can_be_pasted() {
    let home = Home::new();
    let folder = home.path("Anna's state").display().to_string();
    let home = home.with("FBSYNC_STATE_DIR", &folder);
    let grant = home.grant();
    let mut import = home.command(&["auth", "--import-refresh-token"]);
    home.run(import.env("FBSYNC_REFRESH_TOKEN", grant)).succeeds();
    let store = home.path("Anna's state/default.json");

    fs::set_permissions(&store, fs::Permissions::from_mode(0o644)).expect("chmod");
    let refused = home.fbsync(&["refresh"]).exits(3);
    paste(&home, &said_after(&refused.stderr, "hint: ")).succeeds();
    home.fbsync(&["refresh"]).succeeds();

    fs::write(&store, "{").expect("a store");
    let damaged = home.fbsync(&["refresh"]).exits(3);
    let hint = said_after(&damaged.stderr, "hint: ");
    let (away, sign_in) = hint.split_once(" && ").expect("two commands");
    assert_eq!(sign_in, "fbsync auth");
    paste(&home, away).succeeds();
    assert!(home.path("Anna's state/default.json.damaged").is_file());

    symlink("default.json.damaged", &store).expect("a link");
    let linked = home.fbsync(&["refresh"]).exits(3);
    paste(&home, said_after(&linked.stderr, "hint: ").split_once(" removes").expect("a command").0)
        .succeeds();
    assert!(!store.exists());
}

/// What leads a command to the sign-in that [`hint_of`] is about.
const ELSEWHERE: &str = " --profile night --state-dir 'Anna'\\''s state'";

/// What the hint is about a sign-in that only flags lead to.
#[track_caller]
fn hint_of(home: &Home, arguments: &[&str], code: i32) -> String {
    let flags = ["--profile", "night", "--state-dir", "Anna's state"];
    said_after(&home.fbsync(&[arguments, &flags].concat()).exits(code).stderr, "hint: ")
}

#[test]
fn a_command_about_a_sign_in_leads_to_the_one_that_the_flags_named() {
    let home = Home::new();
    let hint = |arguments: &[&str], code| hint_of(&home, arguments, code);
    for (arguments, code) in [
        (&["refresh"][..], 4),
        (&["status"], 0),
        (&["status", "--check"], 4),
        (&["sync", "--db", "a.sqlite"], 4),
    ] {
        assert_eq!(hint(arguments, code), format!("fbsync auth{ELSEWHERE}"), "{arguments:?}");
    }
    for (arguments, code) in [(&["export", "access"][..], 9), (&["status", "--max-age", "1h"], 10)] {
        let hint = hint(&[arguments, &["--db", "a.sqlite"]].concat(), code);
        assert_eq!(hint, format!("fbsync sync --db 'a.sqlite'{ELSEWHERE}"), "{arguments:?}");
    }
    let import = format!("fbsync auth --import-refresh-token{ELSEWHERE}");
    paste(&home, &format!("FBSYNC_REFRESH_TOKEN={} {import}", home.grant())).succeeds();
    let home = home.with("FBSYNC_INSTANCE", "there");
    let either = format!(
        "fbsync auth{ELSEWHERE} for a separate sign-in; fbsync refresh --adopt{ELSEWHERE} if the other one is no \
         longer used"
    );
    assert_eq!(hint_of(&home, &["refresh"], 3), either);
    let home = home.with("FBSYNC_INSTANCE", "here").with("FBSYNC_ACCESS_TOKEN", "expired-long-ago");
    let bare = format!("set a new one, or unset it and sign in with: fbsync auth{ELSEWHERE}");
    assert_eq!(hint_of(&home, &["sync", "--db", "a.sqlite"], 4), bare);
    home.sandbox.revoke_all();
    assert_eq!(hint_of(&home, &["refresh"], 4), format!("fbsync auth{ELSEWHERE}"));
    assert_eq!(hint_of(&home, &["status"], 0), format!("night: fbsync auth{ELSEWHERE}"));
    assert_eq!(names_in(&home.path("Anna's state")), ["night.json", "night.lock"]);
    assert!(!home.state().exists());
}

#[test]
fn what_the_environment_names_is_named_again_only_where_a_flag_overrides_it() {
    let home = Home::new().with("FBSYNC_STATE_DIR", "state").with("FBSYNC_PROFILE", "night");
    for (flags, repeated) in [
        (&[][..], " --profile night"),
        (&["--state-dir", "state"], " --profile night"),
        (&["--state-dir", "other", "--profile", "day"], " --profile day --state-dir 'other'"),
        (&["--profile", "default"], " --profile default"),
    ] {
        let run = home.fbsync(&[&["refresh"], flags].concat()).exits(4);
        assert_eq!(said_after(&run.stderr, "hint: "), format!("fbsync auth{repeated}"));
    }
}

#[test]
fn the_next_command_can_be_pasted() {
    if !has(&["script"]) {
        return;
    }
    let home = Home::reading(World::many(1, 2)).with("NAME", NAME).with("OUT", "-Anna's evidence");
    let next = |line: &str| {
        let run = home.run(home.on_a_terminal(line).env("FBSYNC", cargo_bin!("fbsync"))).succeeds();
        paste(&home, &said_after(&run.stdout, "next: ")).succeeds()
    };
    next(r#"$FBSYNC sync --db="$NAME""#);
    assert!(home.path("access.csv").is_file());
    next(r#"$FBSYNC export roles --db="$NAME" -o roles.csv"#);
    next(r#"$FBSYNC export --db="$NAME" --out="$OUT""#);
}

#[test]
fn what_the_demo_suggests_can_be_pasted_wherever_it_lies() {
    let home = Home::new();
    fs::create_dir(home.path("Anna's tools")).expect("a folder");
    let program = home.path("Anna's tools/fbsync");
    symlink(cargo_bin!("fbsync"), &program).expect("a link");
    let run = home.run(&mut home.any_command(&program, &["demo", "--dir", "Anna's demo"])).succeeds();
    let (_, next) = run.stderr.split_once("try next:\n").expect("commands to try");
    for command in next.lines().map_while(|line| line.strip_prefix("    ")) {
        paste(&home, command).succeeds();
    }
    assert!(names_in(&home.path(".")).iter().any(|name| name == "review.xlsx"));
}
