//! The files of the stored sign-ins: whose they are, what is in them, where they may be used.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use fbsync::sandbox::{Fault, Trouble};
use serde_json::Value;

use crate::harness::{Home, skip};

#[test]
fn what_is_made_is_private_whatever_the_umask() {
    let home = Home::new();
    let grant = home.grant();
    let mut import = home.shell("umask 000; exec \"$FBSYNC\" auth --import-refresh-token");
    home.run(import.env("FBSYNC_REFRESH_TOKEN", grant)).succeeds();
    assert_eq!([home.mode("."), home.mode("default.json"), home.mode("default.lock")], [0o700, 0o600, 0o600]);
    let mut refresh = home.shell("umask 000; exec \"$FBSYNC\" refresh");
    assert_eq!(home.run(refresh.env("FBSYNC_TEST_DIE_AT", "before-rename")).signal, Some(9));
    assert_eq!(home.mode("default.next"), 0o600);
}

#[test]
fn a_store_that_others_can_read_is_refused() {
    let home = Home::with_sign_in();
    for (mode, said) in [(0o644, "chmod 600 '"), (0o660, "fsGroup"), (0o604, "can be read by others")] {
        fs::set_permissions(home.store(), fs::Permissions::from_mode(mode)).expect("chmod");
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        run.exits(3).says(said);
        assert_eq!(posts, 0);
        let status = home.fbsync(&["status"]).succeeds().says("chmod 600");
        assert!(status.stdout.contains("permissions wrong"), "{status}");
    }
}

#[test]
fn a_folder_that_others_can_write_to_is_refused_and_the_hint_puts_it_right() {
    for mode in [0o777, 0o770, 0o720, 0o702] {
        let home = Home::with_sign_in();
        fs::set_permissions(home.state(), fs::Permissions::from_mode(mode)).expect("chmod");
        for arguments in
            [&["refresh"][..], &["sync", "--db", "a.sqlite"], &["auth", "--paste"], &["status", "--check"]]
        {
            let (posts, run) = home.posts_of(|| home.fbsync(arguments));
            run.exits(3).says("others can write to the folder");
            assert_eq!(posts, 0);
        }
        let status = home.fbsync(&["status"]).succeeds();
        assert!(status.stdout.contains("permissions wrong"), "{status}");
        let said = home.fbsync(&["refresh"]).stderr;
        let hint = said.lines().find_map(|line| line.strip_prefix("hint: ")).expect("a hint");
        assert!(hint.starts_with("chmod go-w '"), "{hint}");
        assert!(std::process::Command::new("sh").args(["-c", hint]).status().expect("sh").success());
        home.fbsync(&["refresh"]).succeeds();
        assert_eq!(home.mode("."), mode & 0o755, "only what was the cause was changed");
    }
    for mode in [0o700, 0o750, 0o755, 0o711] {
        let home = Home::with_sign_in();
        fs::set_permissions(home.state(), fs::Permissions::from_mode(mode)).expect("chmod");
        home.fbsync(&["refresh"]).succeeds();
    }
}

#[test]
fn nothing_is_to_be_taken_from_a_folder_that_is_not_at_fault() {
    // Everybody writes to a folder such as /tmp, and has to be able to go on.
    let home = Home::with_sign_in();
    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o1777)).expect("chmod");
    for arguments in [&["refresh"][..], &["sync", "--db", "a.sqlite"]] {
        let run = home.fbsync(arguments).exits(3).does_not_say("chmod");
        run.says("others can write to the folder").says("a folder within it");
    }
    // A folder where the sign-in should be is no sign-in with any mode.
    let home = Home::new();
    fs::create_dir_all(home.store()).expect("a folder");
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o755)).expect("chmod");
    home.fbsync(&["refresh"]).exits(3).does_not_say("chmod").says("is not a regular file").says("hint: mv '");
    home.fbsync(&["status"]).succeeds().does_not_say("chmod").says("hint: default: mv '");
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a folder away");
        return;
    }
    let home = Home::with_sign_in();
    std::os::unix::fs::chown(home.state(), Some(65_534), Some(65_534)).expect("chown");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(3).says("belongs to another user (uid 65534)").says("hint: sudo chown \"$(id -u)\" '");
    assert_eq!(posts, 0);
}

#[test]
fn a_lock_that_cannot_be_had_says_what_to_do() {
    let home = Home::with_sign_in();
    fs::remove_file(home.state().join("default.lock")).expect("removed");
    symlink("/dev/null", home.state().join("default.lock")).expect("a link");
    home.fbsync(&["refresh"]).exits(3).says("error: cannot lock ").says("hint: rm '");
}

#[test]
fn a_store_of_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a file away");
        return;
    }
    let home = Home::with_sign_in();
    std::os::unix::fs::chown(home.store(), Some(65_534), Some(65_534)).expect("chown");
    for arguments in [["refresh"].as_slice(), &["sync", "--db", "a.sqlite"], &["auth", "--paste"]] {
        let (posts, run) = home.posts_of(|| home.fbsync(arguments));
        run.exits(3).says("belongs to another user (uid 65534)").says("hint: sudo chown \"$(id -u)\" '");
        assert_eq!(posts, 0);
    }
    let status = home.fbsync(&["status"]).succeeds().says("hint: default: sudo chown");
    assert!(status.stdout.contains("permissions wrong"), "{status}");
}

#[test]
fn a_store_that_is_a_link_is_refused() {
    let home = Home::with_sign_in();
    let elsewhere = home.state().with_file_name("elsewhere.json");
    fs::rename(home.store(), &elsewhere).expect("renamed");
    symlink(&elsewhere, home.store()).expect("a link");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(3).says("symbolic link").says("hint: rm '");
    assert_eq!(posts, 0);
}

#[test]
fn a_store_that_cannot_be_read_is_left_alone() {
    let home = Home::with_sign_in();
    let whole = fs::read(home.store()).expect("a store");
    let newer = String::from_utf8_lossy(&whole).replace("\"version\": 1", "\"version\": 2");
    let odd = String::from_utf8_lossy(&whole).replace("\"expires_at\": \"", "\"expires_at\": \"soon");
    for (bytes, said) in [
        (&whole[..whole.len() / 2], "is damaged"),
        (b"".as_slice(), "is damaged"),
        (odd.as_bytes(), "is damaged"),
        (newer.as_bytes(), "another version of fbsync"),
    ] {
        fs::write(home.store(), bytes).expect("a store");
        for arguments in [["refresh"].as_slice(), &["auth", "--paste"], &["status", "--check"]] {
            let run = home.fbsync(arguments).exits(3);
            assert!(run.stderr.contains(said) || run.stdout.contains(said), "{run}");
        }
        assert_eq!(fs::read(home.store()).expect("a store"), bytes);
    }
}

#[test]
fn a_copied_store_is_not_rotated_unless_adopted() {
    let home = Home::with_sign_in().with("FBSYNC_INSTANCE", "there");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(3).says("stored on instance here and this is instance there").says("refresh --adopt");
    assert_eq!(posts, 0);
    let status = home.fbsync(&["status"]).succeeds();
    assert!(status.stdout.contains("stored on another machine"), "{status}");
    home.fbsync(&["refresh", "--adopt"]).succeeds();
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn sync_refreshes_first_and_takes_over_only_when_told() {
    let home = Home::with_due_sign_in().with("FBSYNC_INSTANCE", "there");
    let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", "a.sqlite"]));
    run.exits(3).says("--adopt");
    assert_eq!(posts, 0);
    let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", "a.sqlite", "--adopt"]));
    run.succeeds();
    assert_eq!(posts, 1);
}

#[test]
fn a_container_goes_on_under_a_new_host_name() {
    let home = Home::with_sign_in().without("FBSYNC_INSTANCE").with("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    for night in ["pod-1", "pod-2"] {
        home.edit_store(|store| store["place"] = format!("host {night}").into());
        home.fbsync(&["refresh"]).succeeds();
    }
}

#[test]
fn logging_out_a_copy_does_not_end_the_original() {
    let home = Home::with_sign_in().with("FBSYNC_INSTANCE", "there");
    home.fbsync(&["logout"]).succeeds().says("not revoked at FreshBooks: it is a copy");
    assert_eq!(home.sandbox.count("POST", "revoke"), 0);
    assert!(!home.store().exists());
}

#[test]
fn ten_profiles_stand_side_by_side() {
    let home = Home::new();
    for n in 0..10 {
        let (name, seed) = (format!("firm-{n}"), home.grant());
        home.run(home.command(&["refresh", "--profile", &name]).env("FBSYNC_REFRESH_TOKEN", seed)).succeeds();
    }
    let run = home.fbsync(&["status", "--json", "--check"]).succeeds();
    let profiles = run.json()["profiles"].as_array().expect("a list").clone();
    assert_eq!(profiles.len(), 10);
    for profile in profiles {
        assert_eq!((&profile["state"], &profile["check"]), (&"ready".into(), &"ok".into()), "{run}");
        assert_eq!(profile["identity"]["businesses"].as_array().map(Vec::len), Some(7), "{run}");
    }
    home.fbsync(&["logout", "--all"]).succeeds().says("firm-9: revoked at FreshBooks and forgotten here");
    assert_eq!(home.sandbox.count("POST", "revoke"), 20);
    home.fbsync(&["status"]).succeeds().says("nobody is signed in");
}

#[test]
fn logout_forgets_even_when_freshbooks_is_away() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on("revoke").times(2).then(Trouble::unavailable()));
    home.fbsync(&["logout"]).succeeds().says("forgotten here, but not revoked at FreshBooks: HTTP 503");
    assert!(!home.store().exists());
    home.fbsync(&["logout"]).succeeds().says("nobody is signed in");
    home.fbsync(&["refresh"]).exits(4).says("nobody is signed in").says("hint: fbsync auth");
    let home = Home::with_sign_in();
    fs::write(home.store(), "{").expect("a store");
    home.fbsync(&["logout"]).succeeds().says("forgotten here, but not revoked");
    assert!(!home.store().exists());
}

#[test]
fn status_tells_how_each_sign_in_stands() {
    let home = Home::with_sign_in();
    let dying = home.run(home.command(&["refresh"]).env("FBSYNC_TEST_DIE_AT", "before-post"));
    assert_eq!(dying.signal, Some(9), "{dying}");
    let interrupted = home.stored();
    let mut whole = interrupted.clone();
    whole["in_flight"] = Value::Null;
    let put = |name: &str, field: &str, value: Value, mode: u32| {
        let (path, mut store) = (home.state().join(format!("{name}.json")), whole.clone());
        store[field] = value;
        fs::write(&path, store.to_string()).expect("a store");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
    };
    put("ready", "seed", Value::Null, 0o600);
    put("refresh_due", "expires_at", "2020-01-01T00:00:00Z".into(), 0o600);
    put("refresh_interrupted", "in_flight", interrupted["in_flight"].clone(), 0o600);
    put("sign_in_needed", "dead", "it was revoked".into(), 0o600);
    put("not_usable_here", "place", "instance there".into(), 0o600);
    put("permissions_wrong", "seed", Value::Null, 0o640);
    put("unusable", "version", 9.into(), 0o600);
    fs::remove_file(home.store()).expect("removed");
    let run = home.fbsync(&["status", "--json"]).succeeds();
    let profiles = run.json()["profiles"].as_array().expect("a list").clone();
    assert_eq!(profiles.len(), 7, "{run}");
    for profile in profiles {
        assert_eq!(profile["state"], profile["profile"], "{run}");
    }
    let run = home.fbsync(&["status"]).succeeds();
    for line in
        ["ready, refreshes at the next use", "refresh interrupted", "needs sign-in", "not usable here"]
    {
        assert!(run.stdout.contains(&format!("  {line}\n")), "{line}: {run}");
    }
    let run = run.says("hint: sign_in_needed: fbsync auth --profile sign_in_needed");
    run.says("fbsync refresh --adopt --profile not_usable_here").says("hint: permissions_wrong: chmod 600 '");
    // Nothing was asked, and a service that only looks changes nothing.
    assert_eq!(home.posts(), 1);
}
