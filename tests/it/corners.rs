//! The dry corners: where the machine gives little, or something odd.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use fbsync::sandbox::World;

use crate::harness::{DB, Home, has, mode_of, skip};

/// The folder that sign-ins lie in where nothing says otherwise.
const DEFAULT_STATE: &str = ".local/state/fbsync";

#[test]
fn in_the_c_locale_names_stay_as_they_are() {
    let home = Home::reading(World::demo()).with("LANG", "C").with("LC_ALL", "C");
    home.sync().succeeds();
    let csv = home.fbsync(&["export", "access", "--db", DB]).succeeds().stdout;
    assert!(csv.contains("تمور الواحة") && csv.contains("Jürgen Groß"), "{csv}");
    home.fbsync(&["--help"]).succeeds();
}

#[test]
fn a_home_that_cannot_be_written_is_told_with_the_folder() {
    let home = Home::new().without("XDG_STATE_HOME");
    let locked = home.path("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).expect("a mode");
    let home = home.with("HOME", &locked.display().to_string());
    let grant = home.grant();
    let mut import = home.command_under_modes(&["auth", "--import-refresh-token"]);
    let run = home.run(import.env("FBSYNC_REFRESH_TOKEN", grant)).exits(3);
    assert!(run.stderr.contains("locked/.local"), "{run}");
    assert_eq!(home.posts(), 0, "the token was spent before there was a place for the next one");
    // What needs no home is not stopped by it.
    home.run(&mut home.command_under_modes(&["status"])).succeeds();
    home.run(&mut home.command_under_modes(&["--help"])).succeeds();
}

#[test]
fn without_any_home_a_folder_is_asked_for_where_one_is_needed() {
    let home = Home::reading(World::many(1, 2)).without("HOME").without("XDG_STATE_HOME");
    // A bare access token needs no stored sign-in.
    home.sync().succeeds();
    for arguments in [
        &["export", "access", "--db", DB][..],
        &["verify", "--db", DB],
        &["status", "--max-age", "1h", "--db", DB],
    ] {
        home.fbsync(arguments).succeeds();
    }
    let home = home.without("FBSYNC_ACCESS_TOKEN");
    if home_of_the_account().is_none() {
        home.sync().exits(3).says("there is no home folder").says("FBSYNC_STATE_DIR");
    }
    let folder = home.path("state").display().to_string();
    home.with("FBSYNC_STATE_DIR", &folder).sync().exits(4).says("fbsync auth");
}

#[test]
fn without_any_home_status_has_nobody_to_tell_of() {
    let home = Home::synced().without("FBSYNC_ACCESS_TOKEN").without("HOME").without("XDG_STATE_HOME");
    fs::set_permissions(home.path("."), fs::Permissions::from_mode(0o755)).expect("a mode");
    // An account that the system's list does not have.
    let nobody = |arguments: &[&str]| {
        let mut command = home.any_command("setpriv", &["--reuid=54321", "--regid=54321", "--clear-groups"]);
        command.arg(env!("CARGO_BIN_EXE_fbsync")).args(arguments);
        command
    };
    if !nobody(&["--version"]).output().is_ok_and(|output| output.status.success()) {
        skip("the program cannot be run as somebody without a home");
        return;
    }
    let run = home.run(&mut nobody(&["status"])).succeeds();
    run.says("nobody is signed in: there is no home folder").says("hint: ").says("FBSYNC_STATE_DIR");
    let json = home.run(&mut nobody(&["status", "--json"])).succeeds().json();
    assert_eq!(json["profiles"], serde_json::json!([]));
    for arguments in [&["status", "--check"][..], &["refresh"], &["logout"]] {
        let run = home.run(&mut nobody(arguments)).exits(3);
        run.says("error: there is no home folder").says("FBSYNC_STATE_DIR");
    }
}

#[test]
fn a_check_of_nobody_s_sign_in_says_that_one_is_needed() {
    let home = Home::new();
    home.fbsync(&["status"]).succeeds().says("nobody is signed in").says("hint: fbsync auth");
    let run = home.fbsync(&["status", "--check", "--profile", "night"]).exits(4);
    run.says("error: nobody is signed in (profile `night`)").says("hint: fbsync auth --profile night");
    let run = home.fbsync(&["status", "--check", "--json"]).exits(4);
    assert_eq!(run.json()["profiles"], serde_json::json!([]));
    // What the environment holds to begin with is taken, as by any other command.
    let grant = home.grant();
    let run = home.with("FBSYNC_REFRESH_TOKEN", &grant).fbsync(&["status", "--check"]).succeeds();
    assert!(run.stdout.contains("ingrid@harbourlight.example"), "{run}");
}

/// The account's folder by the system's list, which counts where HOME is not set.
fn home_of_the_account() -> Option<String> {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields
        .filter(|fields| fields.get(2) == Some(&uid.as_str()))
        .find_map(|fields| Some((*fields.get(5)?).to_owned()))
}

#[test]
fn blanks_and_other_scripts_in_paths_are_just_names() {
    let home = Home::with_sign_in();
    let db = "Prüfung 2026/Q3 – années.sqlite";
    fs::create_dir(home.path("Prüfung 2026")).expect("a folder");
    home.fbsync(&["sync", "--db", db]).succeeds();
    home.fbsync(&["export", "access", "--db", db, "-o", "Prüfung 2026/ 列表 .csv"]).succeeds();
    home.fbsync(&["verify", "--db", db]).succeeds();
    // A line that is suggested survives the shell, blanks and all.
    let missing = home.fbsync(&["verify", "--db", "not there.sqlite"]).exits(9);
    missing.says("hint: fbsync sync --db 'not there.sqlite'");
    home.fbsync(&["--state-dir", "état d’ici", "status"]).succeeds();
}

#[test]
fn umask_000_changes_nothing() {
    let home = Home::new().without("XDG_STATE_HOME");
    let grant = home.grant();
    let line = format!(
        "umask 000; $FBSYNC auth --import-refresh-token && unset FBSYNC_REFRESH_TOKEN && $FBSYNC sync --db {DB} \
         && $FBSYNC export access --db {DB} -o access.csv && $FBSYNC export --db {DB} --out new/ev"
    );
    home.run(home.shell(&line).env("FBSYNC_REFRESH_TOKEN", grant)).succeeds();
    for file in [DB, "audit.sqlite.lock", "access.csv"] {
        assert_eq!(mode_of(&home.path(file)), 0o600, "{file}");
    }
    assert_eq!(mode_of(&home.path("new")), 0o700);
    for folder in [DEFAULT_STATE, "new/ev"] {
        assert_eq!(mode_of(&home.path(folder)), 0o700, "{folder}");
        for entry in fs::read_dir(home.path(folder)).expect("a folder").flatten() {
            assert_eq!(mode_of(&entry.path()), 0o600, "{}", entry.path().display());
        }
    }
}

#[test]
fn forty_columns_are_enough_to_read_the_help() {
    if !has(&["script"]) {
        return;
    }
    let home = Home::new().with("COLUMNS", "40").with("TERM", "dumb");
    for command in ["fbsync --help", "fbsync sync -h"] {
        let run = home.run(
            home.on_a_terminal(&command.replace("fbsync", "$FBSYNC"))
                .env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")),
        );
        let words = ["Usage:", "Common options:", "--profile"];
        assert!(words.iter().all(|word| run.stdout.contains(word)), "{command}: {run}");
    }
}

#[test]
fn a_narrow_terminal_does_not_cut_the_address_to_open() {
    let home = Home::new().with("COLUMNS", "40");
    // `begin_auth` finds the address only if it stands whole on one line.
    let mut auth = home.begin_auth(&["--paste"], Stdio::piped());
    auth.type_in("not an address");
    home.finish(auth).exits(2);
}

#[test]
fn closed_standard_streams_are_no_failure() {
    let home = Home::reading(World::many(1, 2));
    home.run(&mut home.shell(&format!("$FBSYNC sync --db {DB} -v 2>&-"))).succeeds();
    home.run(&mut home.shell(&format!("$FBSYNC verify --db {DB} 2>&-"))).succeeds();
    // The exit code is all that is left to tell by.
    home.run(&mut home.shell("$FBSYNC verify --db nowhere.sqlite 2>&-")).exits(9);
    home.run(&mut home.shell(&format!("$FBSYNC export access --db {DB} | head -0"))).succeeds();
    home.run(&mut home.shell(&format!("$FBSYNC sync --db {DB} <&- >&- 2>&-"))).succeeds();
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots WHERE status = 'complete'"), 2);
    // A full disk is not a reader that left.
    home.run(&mut home.shell(&format!("$FBSYNC export access --db {DB} >/dev/full"))).exits(9);
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    if !has(&["script"]) {
        return;
    }
    let home = Home::new();
    let fails = "$FBSYNC verify --db nowhere.sqlite";
    let colours = |home: &Home, line: &str| {
        let run = home.run(home.on_a_terminal(line).env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")));
        assert!(run.stdout.contains("error:"), "{run}");
        run.stdout.contains('\x1b')
    };
    let home = home.with("TERM", "xterm-256color");
    assert!(colours(&home, fails));
    assert!(!colours(&home, &format!("NO_COLOR=1 {fails}")));
    assert!(colours(&home, &format!("NO_COLOR= {fails}")), "an empty NO_COLOR says nothing");
    assert!(!colours(&home, &format!("TERM=dumb {fails}")));
    assert!(!colours(&home, &format!("{fails} --color never")));
    assert!(colours(&home, &format!("TERM=dumb {fails} --color always")));
    assert!(!home.fbsync(&["verify", "--db", "nowhere.sqlite"]).stderr.contains('\x1b'));
}
