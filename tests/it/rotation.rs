//! Rotation without loss: however it is cut short, and wherever the pair cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fbsync::sandbox::{Fault, Trouble};
use serde_json::Value;

use crate::harness::{Home, Run, names_in};

const TOKEN: &str = "/auth/oauth/token";
const IF_DUE: [&str; 3] = ["refresh", "--if-expires-within", "30m"];

fn died(home: &Home, step: &str) {
    let run = home.run(home.command(&["refresh"]).env("FBSYNC_TEST_DIE_AT", step));
    assert_eq!(run.signal, Some(9), "{run}");
}

#[test]
fn thirty_processes_rotate_once() {
    let home = Home::with_due_sign_in();
    home.sandbox.change(|world| world.token_lifetime = Duration::from_secs(43_200));
    let (posts, runs) = home.posts_of(|| {
        let children: Vec<_> = (0..30)
            .map(|_| {
                let mut command = home.command(&IF_DUE);
                command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts")
            })
            .collect();
        children
            .into_iter()
            .map(|child| home.read(child.wait_with_output().expect("ends")))
            .collect::<Vec<Run>>()
    });
    let rotated = runs.into_iter().filter(|run| run.json()["rotated"] == true).count();
    assert_eq!((posts, rotated), (1, 1));
}

#[test]
fn a_plain_refresh_rotates_each_time_and_prints_no_token() {
    let home = Home::with_sign_in();
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]).succeeds());
    assert_eq!((posts, run.stdout.as_str(), run.stderr.as_str()), (1, "", ""));
    home.fbsync(&["refresh", "-v"]).succeeds().says("new access token, expires ");
    let (posts, run) =
        home.posts_of(|| home.fbsync(&["refresh", "--if-expires-within", "30m", "--json"]).succeeds());
    assert_eq!((posts, &run.json()["rotated"]), (0, &Value::Bool(false)));
}

#[test]
fn killed_before_the_post_nothing_is_lost() {
    let home = Home::with_sign_in();
    let (posts, ()) = home.posts_of(|| died(&home, "before-post"));
    assert_eq!(posts, 0);
    let status = home.fbsync(&["status"]).succeeds();
    assert!(status.stdout.contains("a refresh was interrupted (process "), "{status}");
    home.fbsync(&["refresh"]).succeeds();
    assert_eq!(home.stored()["in_flight"], Value::Null);
}

#[test]
fn killed_after_the_server_rotated_the_next_run_tells_the_truth() {
    let home = Home::with_sign_in();
    let (posts, ()) = home.posts_of(|| died(&home, "after-post"));
    assert_eq!(posts, 1);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    let run =
        run.exits(4).says("an earlier refresh (process ").says("was interrupted before its answer was saved");
    run.says("hint: fbsync auth");
    assert_eq!(posts, 1);
    // Dead is dead: cron may run it every minute, FreshBooks is not asked.
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(4).says("was interrupted before its answer was saved");
    assert_eq!(posts, 0);
    let status = home.fbsync(&["status"]).succeeds();
    assert!(status.stdout.contains("needs sign-in\n"), "{status}");
    status.says("default needs a sign-in: an earlier refresh");
}

#[test]
fn a_sign_in_that_is_dead_is_told_while_its_access_token_still_lives() {
    let home = Home::with_sign_in().with("FBSYNC_PROFILE", "night");
    let grant = home.grant();
    let mut import = home.command(&["auth", "--import-refresh-token"]);
    home.run(import.env("FBSYNC_REFRESH_TOKEN", grant)).succeeds();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::status(400, "invalid_grant")));
    home.fbsync(&["refresh"]).exits(4);
    let expires = home.fbsync(&["status", "--json"]).json();
    let expires = expires["profiles"][1]["expires_at"].as_str().expect("a time").to_owned();
    let told = format!(
        "warning: FreshBooks no longer renews this sign-in; it expires at {expires}; before that: fbsync auth --profile night\n"
    );
    home.fbsync(&["sync", "--db", "a.sqlite"]).succeeds();
    for arguments in [&["sync", "--db", "a.sqlite"][..], &["-q", "sync", "--db", "a.sqlite"], &IF_DUE] {
        assert_eq!(home.fbsync(arguments).succeeds().stderr, told, "{arguments:?}");
    }
    assert_eq!(home.with("FBSYNC_PROFILE", "default").fbsync(&IF_DUE).succeeds().stderr, "");
}

#[test]
fn killed_between_write_and_rename_the_pair_is_put_in_place() {
    let home = Home::with_sign_in();
    let (posts, ()) = home.posts_of(|| died(&home, "before-rename"));
    assert_eq!((posts, home.mode("default.next")), (1, 0o600));
    let status = home.fbsync(&["status"]).succeeds();
    assert!(status.stdout.contains("  ready, expires in "), "{status}");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.succeeds().says("completed the write of a token pair");
    assert_eq!(posts, 1);
    assert!(!home.state().join("default.next").exists());
}

/// A home whose first sign-in was killed on the way to its place.
fn with_a_draft_alone() -> Home {
    let home = Home::new();
    let seed = home.grant();
    let mut import = home.command(&["auth", "--import-refresh-token"]);
    import.env("FBSYNC_REFRESH_TOKEN", seed).env("FBSYNC_TEST_DIE_AT", "before-rename");
    assert_eq!(home.run(&mut import).signal, Some(9));
    assert_eq!(names_in(&home.state()), ["default.lock", "default.next"]);
    home
}

#[test]
fn a_first_pair_that_is_not_in_its_place_yet_is_told_and_left_there() {
    let home = with_a_draft_alone();
    let status = home.fbsync(&["status"]).succeeds().does_not_say("nobody is signed in");
    assert!(
        status.stdout.contains("\ndefault ") && status.stdout.contains("  ready, expires in "),
        "{status}"
    );
    let profiles = home.fbsync(&["status", "--json"]).succeeds().json()["profiles"].clone();
    assert_eq!((&profiles[0]["profile"], &profiles[0]["state"]), (&"default".into(), &"ready".into()));
    assert_eq!(names_in(&home.state()), ["default.lock", "default.next"]);
    home.fbsync(&["logout", "--all"]).succeeds().says("default: revoked at FreshBooks and forgotten here");
    assert_eq!(names_in(&home.state()), ["default.lock"]);
}

#[test]
fn a_pair_whose_sign_in_is_gone_is_told_and_forgotten() {
    let home = Home::with_sign_in();
    died(&home, "before-rename");
    fs::remove_file(home.store()).expect("a store");
    home.fbsync(&["refresh"]).exits(4).says("nobody is signed in");
    let status = home.fbsync(&["status"]).succeeds().says("hint: default: fbsync auth\n");
    assert!(status.stdout.contains("needs sign-in\n"), "{status}");
    status.says("warning: default needs a sign-in: an interrupted run left ").says("belongs to no sign-in");
    home.fbsync(&["logout", "--all"]).succeeds().says("an interrupted run left tokens that belong to no");
    assert_eq!(names_in(&home.state()), ["default.lock"]);
}

#[test]
fn a_first_pair_survives_as_well() {
    let home = with_a_draft_alone();
    let (posts, run) = home.posts_of(|| home.fbsync(&["status", "--check"]));
    assert_eq!(posts, 0, "{run}");
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_full_disk_is_found_before_the_token_is_spent() {
    let home = Home::with_sign_in();
    let before = home.stored();
    let fbsync = env!("CARGO_BIN_EXE_fbsync");
    // A write beyond the limit fails as on a full disk.
    let script = format!("ulimit -f 0; exec '{fbsync}' refresh 2>/dev/full");
    let (posts, code) = home.posts_of(|| {
        let given = home.command(&[]);
        let mut limited = Command::new("bash");
        limited.args(["-c", &script]).env_clear().stdin(Stdio::null());
        limited.envs(given.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited.status().expect("bash starts").code()
    });
    assert_eq!((posts, code), (0, Some(9)));
    assert_eq!(home.stored(), before);
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_the_token_is_spent() {
    if !rustix::process::geteuid().is_root() {
        let home = Home::with_sign_in();
        fs::set_permissions(home.state(), fs::Permissions::from_mode(0o500)).expect("chmod");
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        fs::set_permissions(home.state(), fs::Permissions::from_mode(0o700)).expect("chmod");
        run.exits(3).says("it was not started");
        assert_eq!(posts, 0);
        return;
    }
    // Root may write anywhere, so root becomes nobody for this.
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let home = Home::with_sign_in();
    let top = home.state().parent().expect("a home").to_owned();
    for path in [top.clone(), home.state(), home.store(), home.state().join("default.lock")] {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("chown");
    }
    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o500)).expect("chmod");
    let (posts, run) = home.posts_of(|| home.run(home.command(&["refresh"]).uid(NOBODY).gid(NOBODY)));
    run.exits(3).says("it was not started").says("the tokens are unchanged");
    assert_eq!(posts, 0);
}

#[test]
fn a_write_that_fails_after_the_rotation_is_rescued_beside() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_millis(700))));
    let before = fs::read(home.store()).expect("a store");
    let run = thread::scope(|scope| {
        let refreshing = scope.spawn(|| home.command(&["refresh"]).output().expect("fbsync ends"));
        while home.posts() < 2 {
            thread::sleep(Duration::from_millis(10));
        }
        // A folder of that name cannot be replaced by a file.
        fs::remove_file(home.store()).expect("removed");
        fs::create_dir(home.store()).expect("a folder");
        fs::write(home.store().join("x"), "").expect("a file");
        home.read(refreshing.join().expect("no panic"))
    });
    run.exits(9).says("they are kept in").says("default.next");
    assert_eq!(home.mode("default.next"), 0o600);
    // The way is cleared: the store is what it was before the refresh, and the next run completes
    // it.
    fs::remove_dir_all(home.store()).expect("removed");
    fs::write(home.store(), before).expect("a store");
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o600)).expect("chmod");
    home.fbsync(&["refresh"]).succeeds().says("completed the write of a token pair");
}

#[test]
fn a_folder_that_goes_away_after_the_rotation_sends_the_pair_to_another_place() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_millis(700))));
    let aside = home.state().with_file_name("aside");
    let run = thread::scope(|scope| {
        let refreshing = scope.spawn(|| home.command(&["refresh"]).output().expect("fbsync ends"));
        while home.posts() < 2 {
            thread::sleep(Duration::from_millis(10));
        }
        fs::rename(home.state(), &aside).expect("renamed");
        home.read(refreshing.join().expect("no panic"))
    });
    let run = run.exits(9).says("they are kept in").says("hint: make ");
    let hint = run.stderr.lines().find_map(|line| line.split_once("then: ")).expect("a command").1;
    fs::rename(&aside, home.state()).expect("renamed");
    assert!(Command::new("sh").args(["-c", hint]).status().expect("sh").success(), "{hint}");
    assert_eq!(home.mode("default.json"), 0o600);
    home.fbsync(&["refresh"]).succeeds();
}
