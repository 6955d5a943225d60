//! Stored sign-ins: rotation without loss, and everything that can be wrong with the files.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fbsync::sandbox::{Fault, Sandbox, Trouble, World};
use serde_json::Value;

use crate::harness::{Home, Run};

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
    assert!(status.stdout.contains("needs sign-in: an earlier refresh"), "{status}");
}

#[test]
fn killed_between_write_and_rename_the_pair_is_put_in_place() {
    let home = Home::with_sign_in();
    let (posts, ()) = home.posts_of(|| died(&home, "before-rename"));
    assert_eq!((posts, home.mode("default.next")), (1, 0o600));
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.succeeds().says("put a pair of tokens in its place");
    assert_eq!(posts, 1);
    assert!(!home.state().join("default.next").exists());
}

#[test]
fn a_first_pair_survives_as_well() {
    let home = Home::new();
    let seed = home.grant();
    let mut import = home.command(&["auth", "--import-refresh-token"]);
    import.env("FBSYNC_REFRESH_TOKEN", seed).env("FBSYNC_TEST_DIE_AT", "before-rename");
    assert_eq!(home.run(&mut import).signal, Some(9));
    let (posts, run) = home.posts_of(|| home.fbsync(&["status", "--check"]));
    assert_eq!(posts, 0, "{run}");
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_full_disk_is_found_before_the_token_is_spent() {
    let home = Home::with_sign_in();
    let before = home.stored();
    let fbsync = env!("CARGO_BIN_EXE_fbsync");
    // With the signal ignored, a write beyond the limit fails as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f 0; exec '{fbsync}' refresh 2>/dev/full");
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
        run.exits(3).says("it was not begun");
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
    run.exits(3).says("it was not begun").says("the tokens are as they were");
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
    home.fbsync(&["refresh"]).succeeds().says("put a pair of tokens in its place");
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

#[test]
fn a_lost_answer_is_asked_for_once_more_then_kept_then_told() {
    let home = Home::with_sign_in();
    let before = home.stored();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::AnswerLost));
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(5).says("the answer to the refresh was lost").says("they are kept");
    assert_eq!(posts, 2);
    let stored = home.stored();
    assert_eq!(stored["refresh_token"], before["refresh_token"]);
    assert_ne!(stored["in_flight"], Value::Null);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(4).says("an earlier refresh");
    assert_eq!(posts, 1);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(4);
    assert_eq!(posts, 0);
}

#[test]
fn a_connection_that_breaks_before_the_server_acted_costs_nothing() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Drop));
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.succeeds().says("asking once more in 2 s");
    assert_eq!(posts, 2);
}

#[test]
fn an_overload_is_waited_for() {
    for (trouble, times, posts_expected, code) in [
        (Trouble::too_many("1"), 2, 3, 0),
        (Trouble::unavailable(), 2, 3, 0),
        (Trouble::unavailable(), usize::MAX, 5, 5),
    ] {
        let home = Home::with_sign_in();
        let before = home.stored();
        home.sandbox.arm(Fault::on(TOKEN).times(times).then(trouble));
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        run.exits(code).says("the tokens are kept");
        assert_eq!(posts, posts_expected);
        assert_eq!(home.stored()["refresh_token"] == before["refresh_token"], code != 0);
    }
}

#[test]
fn nobody_listening_loses_nothing() {
    let home = Home::with_sign_in();
    let closed = format!("http://127.0.0.1:{}", crate::harness::free_port());
    home.edit_store(|store| {
        store["api_origin"] = closed.as_str().into();
        store["auth_origin"] = closed.as_str().into();
    });
    let mut command = home.command(&["refresh"]);
    command.env("FRESHBOOKS_API_URL", &closed).env("FRESHBOOKS_AUTH_URL", &closed);
    home.run(&mut command).exits(5).says("nothing was sent, nothing is lost");
    assert_eq!(home.stored()["in_flight"], Value::Null);
}

#[test]
fn a_revoked_sign_in_is_marked_and_not_asked_again() {
    let home = Home::with_sign_in();
    home.sandbox.revoke_all();
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(4).says("rejects the refresh token").does_not_say("an earlier refresh");
    assert_eq!(posts, 1);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(4).says("hint: fbsync auth");
    assert_eq!(posts, 0);
    assert_ne!(home.stored()["refresh_token"], Value::Null);
}

#[test]
fn oauth_errors_count_by_their_word_and_not_by_their_status() {
    for status in [400, 401] {
        let home = Home::with_sign_in();
        home.sandbox.arm(Fault::on(TOKEN).then(Trouble::status(status, "invalid_grant")));
        home.fbsync(&["refresh"]).exits(4).says("a new sign-in is needed");
    }
    let home = Home::with_sign_in();
    let body = serde_json::json!({ "error": "invalid_grant" });
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Json200(body)));
    home.fbsync(&["refresh"]).exits(4);
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).times(2).then(Trouble::Json200(serde_json::json!({ "scope": "x" }))));
    home.fbsync(&["refresh"]).exits(5).says("holds no access token");
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn invalid_grant_while_somebody_put_a_newer_pair_there() {
    let home = Home::with_sign_in();
    let newer = fs::read(home.store()).expect("a store");
    home.edit_store(|store| store["refresh_token"] = "spent-long-ago-by-another".into());
    let (store, put_back) = (home.store(), newer.clone());
    let hook = Trouble::hook(move |_| fs::write(&store, &put_back).expect("a store"));
    home.sandbox.arm(Fault::on(TOKEN).then(hook));
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh", "--json"]));
    assert_eq!((posts, &run.succeeds().json()["rotated"]), (1, &Value::Bool(false)));
    assert_eq!(fs::read(home.store()).expect("a store"), newer);
}

#[test]
fn ten_processes_share_one_seed() {
    let home = Home::new();
    let seed = home.grant();
    let home = home.with("FBSYNC_REFRESH_TOKEN", &seed);
    let children: Vec<_> = (0..10)
        .map(|_| home.command(&IF_DUE).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts"))
        .collect();
    for child in children {
        home.read(child.wait_with_output().expect("ends")).succeeds();
    }
    assert_eq!(home.posts(), 1);
}

#[test]
#[ignore = "waits out the minute that a waiting process allows"]
fn a_lock_that_is_never_freed_is_exit_8() {
    let home = Home::with_sign_in();
    let lock = fs::File::options().write(true).open(home.state().join("default.lock")).expect("the lock");
    lock.lock().expect("locked");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(8).says("has held").says("hint: fuser");
    assert_eq!(posts, 0);
}

#[test]
fn a_wrong_secret_leaves_the_tokens_alone() {
    let home = Home::with_sign_in();
    let before = home.stored();
    home.edit_store(|store| store["client_secret"] = "of-another-app".into());
    home.fbsync(&["refresh"])
        .exits(4)
        .says("FreshBooks rejects the client id or secret")
        .says("--client-secret-file");
    home.edit_store(|store| store["client_secret"] = before["client_secret"].clone());
    assert_eq!(home.stored(), before);
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn an_answer_without_refresh_token_keeps_the_old_one() {
    let mut world = World::demo();
    world.rotate_refresh_token = false;
    let home = Home::in_world(world);
    let granted = home.grant();
    home.run(home.command(&["auth", "--import-refresh-token"]).env("FBSYNC_REFRESH_TOKEN", &granted))
        .succeeds();
    let forget =
        |answer: &mut Value| drop(answer.as_object_mut().and_then(|fields| fields.remove("refresh_token")));
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::edit(forget)));
    home.fbsync(&["refresh"]).succeeds();
    assert_eq!(home.stored()["refresh_token"], granted.as_str());
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_refresh_that_is_early_may_fail() {
    let home = Home::with_due_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).times(usize::MAX).then(Trouble::unavailable()));
    home.fbsync(&["status", "--check"]).succeeds().says("going on with the access token");
}

#[test]
fn a_refused_access_token_is_replaced_once() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on("/users/me").then(Trouble::unauthenticated()));
    let (posts, run) = home.posts_of(|| home.fbsync(&["status", "--check"]));
    run.succeeds();
    assert_eq!(posts, 1);
    home.sandbox.arm(Fault::on("/users/me").times(2).then(Trouble::unauthenticated()));
    home.fbsync(&["status", "--check"]).exits(4).says("no longer accepted");
}

#[test]
fn a_store_that_others_can_read_is_refused() {
    let home = Home::with_sign_in();
    for (mode, said) in [(0o644, "chmod 600 '"), (0o660, "fsGroup"), (0o604, "can be read by others")] {
        fs::set_permissions(home.store(), fs::Permissions::from_mode(mode)).expect("chmod");
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        run.exits(3).says(said);
        assert_eq!(posts, 0);
        home.fbsync(&["status"]).succeeds().says("chmod 600");
    }
}

#[test]
fn a_store_that_is_a_link_is_refused() {
    let home = Home::with_sign_in();
    let elsewhere = home.state().with_file_name("elsewhere.json");
    fs::rename(home.store(), &elsewhere).expect("renamed");
    symlink(&elsewhere, home.store()).expect("a link");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(3).says("symbolic link");
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
fn tokens_stay_with_their_origin() {
    let home = Home::with_sign_in();
    let stranger = Sandbox::start(World::demo()).expect("a sandbox");
    let mut command = home.command(&["refresh"]);
    command.env("FRESHBOOKS_API_URL", stranger.origin()).env("FRESHBOOKS_AUTH_URL", stranger.origin());
    home.run(&mut command).exits(3).says("its tokens are not sent there");
    assert!(stranger.requests().is_empty());
}

#[test]
fn addresses_that_are_not_what_they_seem_get_nothing() {
    let home = Home::with_sign_in();
    let stranger = Sandbox::start(World::demo()).expect("a sandbox");
    let port = stranger.origin().rsplit_once(':').expect("a port").1.to_owned();
    for attack in [
        format!("https://api.freshbooks.com@127.0.0.1:{port}"),
        format!("http://api.freshbooks.com:x@127.0.0.1:{port}"),
        format!("http://api.freshbooks.com.localhost:{port}"),
        format!("http://127.0.0.1.nip.example:{port}"),
        format!("http://localhost.evil.example:{port}"),
        format!("http://0.0.0.0:{port}"),
        format!("http://127.0.0.1:{port}/api"),
        format!("http://127.0.0.1:{port}?x"),
        format!("http://127.0.0.1:{port}"),
        format!("//127.0.0.1:{port}"),
        format!("ftp://127.0.0.1:{port}"),
        "http://api.freshbooks.com".to_owned(),
        "https://api.freshbooks.com.evil.example".to_owned(),
        "https://api.freshbooks.com:8443".to_owned(),
    ] {
        for name in ["FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"] {
            home.run(home.command(&["refresh"]).env(name, &attack)).exits(3);
        }
    }
    assert!(stranger.requests().is_empty());
}

#[test]
fn a_redirect_is_not_followed() {
    let home = Home::with_sign_in();
    let stranger = Sandbox::start(World::demo()).expect("a sandbox");
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Redirect(format!("{}{TOKEN}", stranger.origin()))));
    home.fbsync(&["refresh"]).exits(6).says("a redirect, which is not followed");
    home.sandbox.arm(Fault::on("/users/me").then(Trouble::Redirect(format!("{}/x", stranger.origin()))));
    home.fbsync(&["status", "--check"]).exits(6);
    assert!(stranger.requests().is_empty());
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
fn a_seed_is_taken_once_and_a_new_one_revives() {
    let home = Home::new();
    let seed = home.grant();
    let home = home.with("FBSYNC_REFRESH_TOKEN", &seed);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.succeeds();
    assert_eq!(posts, 1);
    // The next nights: the store has moved on, the seed in the environment is spent.
    for _ in 0..2 {
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        run.succeeds();
        assert_eq!(posts, 1);
    }
    home.sandbox.revoke_all();
    home.fbsync(&["refresh"]).exits(4);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(4);
    assert_eq!(posts, 0);
    let seed = home.grant();
    let home = home.with("FBSYNC_REFRESH_TOKEN", &seed);
    home.fbsync(&["refresh"]).succeeds();
    assert_eq!(home.stored()["dead"], Value::Null);
}

#[test]
fn while_the_stored_sign_in_lives_the_store_wins() {
    let home = Home::with_sign_in();
    let before = home.stored();
    let seed = home.grant();
    let home = home.with("FBSYNC_REFRESH_TOKEN", &seed);
    home.fbsync(&["status"]).succeeds().says("FBSYNC_REFRESH_TOKEN is set and not used");
    home.fbsync(&["status", "--check"]).succeeds();
    assert_eq!(home.stored()["refresh_token"], before["refresh_token"]);
}

#[test]
fn a_seed_with_a_mistyped_secret_can_be_put_right() {
    let home = Home::new();
    let seed = home.grant();
    let home = home.with("FBSYNC_REFRESH_TOKEN", &seed);
    let mut mistyped = home.command(&["refresh"]);
    home.run(mistyped.env("FBSYNC_CLIENT_SECRET", "mistyped-secret")).exits(4).says("client id or secret");
    home.run(home.command(&["refresh"]).env_remove("FBSYNC_CLIENT_ID"))
        .exits(3)
        .says("FBSYNC_CLIENT_ID is not");
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_clock_that_is_off_is_told_and_does_not_matter() {
    let home = Home::with_sign_in();
    let now = home.sandbox.now().as_second();
    let home = home.with("FBSYNC_TEST_CLOCK", &(now + 7200).to_string());
    let run = home.fbsync(&["refresh", "--json"]).succeeds().says("clock is 2 h");
    let left = run.json()["expires_in_seconds"].as_i64().expect("a number");
    assert!((43_190..=43_201).contains(&left), "{run}");
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
fn a_killed_holder_frees_the_lock_and_the_waiter_tells_the_truth() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_secs(20))));
    let mut hung = home.command(&["refresh"]).spawn().expect("starts");
    while home.posts() < 2 {
        thread::sleep(Duration::from_millis(10));
    }
    let waiting =
        home.command(&["refresh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    thread::sleep(Duration::from_millis(200));
    hung.kill().expect("killed");
    hung.wait().expect("ended");
    // Its request had reached the server: the pair is gone, and the waiter says so.
    let run = home.read(waiting.wait_with_output().expect("ends"));
    run.exits(4).says("an earlier refresh (process ");
}

#[test]
fn a_signal_waits_for_the_end_of_the_rotation() {
    let home = Home::with_sign_in();
    let before = home.stored();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_millis(500))));
    let child =
        home.command(&["refresh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    while home.posts() < 2 {
        thread::sleep(Duration::from_millis(10));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    home.read(child.wait_with_output().expect("ends"));
    let stored = home.stored();
    assert_ne!(stored["refresh_token"], before["refresh_token"]);
    assert_eq!(stored["in_flight"], Value::Null);
}

#[test]
fn a_bare_access_token_runs_sync_and_is_stored_nowhere() {
    let home = Home::new();
    let access = home.sandbox.grant().0;
    let home = home.with("FBSYNC_ACCESS_TOKEN", &access);
    home.fbsync(&["sync", "--db", "a.sqlite"]).succeeds();
    assert!(!home.state().exists());
    home.sandbox.revoke_all();
    home.fbsync(&["sync", "--db", "a.sqlite"]).exits(4);
    assert_eq!(home.posts(), 0);
}

#[test]
fn a_burst_of_refusals_costs_one_rotation() {
    let home = Home::with_sign_in();
    home.sandbox.change(|world| world.latency = Duration::from_millis(30));
    // The access token ends between the first request and the many.
    let tomorrow = home.sandbox.now() + Duration::from_secs(24 * 60 * 60);
    home.sandbox.arm(Fault::on("/users/me").then(Trouble::hook(move |world| world.clock = Some(tomorrow))));
    let sync = ["sync", "--db", "a.sqlite", "--jobs", "8"];
    let (posts, run) = home.posts_of(|| home.fbsync(&sync));
    run.succeeds();
    assert_eq!(posts, 1);
    let refused = home.sandbox.requests().iter().filter(|seen| seen.status == Some(401)).count();
    assert!(refused > 1, "no burst: {refused}");
}

#[test]
fn a_burst_of_refusals_on_a_dead_sign_in_asks_once() {
    let home = Home::with_sign_in();
    home.sandbox.change(|world| world.latency = Duration::from_millis(30));
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::status(400, "invalid_grant")));
    home.sandbox.arm(Fault::on("/team_members").times(usize::MAX).then(Trouble::unauthenticated()));
    let sync = ["sync", "--db", "a.sqlite", "--jobs", "8"];
    let (posts, run) = home.posts_of(|| home.fbsync(&sync));
    assert_ne!(run.code, Some(0), "{run}");
    assert_eq!(posts, 1);
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
fn nothing_said_holds_a_secret_however_much_is_said() {
    let home = Home::with_sign_in();
    home.fbsync(&["refresh", "-vvv"]).succeeds().says("form [redacted]");
    home.fbsync(&["status", "--check", "-vvv"]).succeeds().says("Authorization: Bearer [redacted]");
    home.fbsync(&["status", "--json", "-vvv"]).succeeds();
    home.fbsync(&["sync", "--db", "a.sqlite", "-vvv"]).succeeds().says("Authorization: Bearer [redacted]");
    let database = fs::read(home.state().with_file_name("a.sqlite")).expect("a database");
    for name in ["access_token", "refresh_token", "client_secret"] {
        let secret = home.stored()[name].as_str().expect("a secret").to_owned();
        let found = database.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "the database holds the {name}");
    }
    // A server that quotes the request in its complaint.
    let refresh = home.stored()["refresh_token"].as_str().expect("a token").to_owned();
    let body = format!(r#"{{"error":"invalid_request","error_description":"no such token {refresh}"}}"#);
    let trouble = Trouble::Status { code: 400, headers: Vec::new(), body };
    home.sandbox.arm(Fault::on(TOKEN).then(trouble));
    home.fbsync(&["refresh", "-vvv"]).exits(6).says("no such token [redacted]");
    home.fbsync(&["logout", "-vvv"]).succeeds().says("form [redacted]");
}
