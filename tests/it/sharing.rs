//! One sign-in, many threads and processes.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use fbsync::sandbox::{Fault, Trouble};

use crate::harness::Home;

const TOKEN: &str = "/auth/oauth/token";

#[test]
fn a_lock_that_is_never_freed_is_exit_8() {
    let home = Home::with_sign_in();
    let lock = fs::File::options().write(true).open(home.state().join("default.lock")).expect("the lock");
    lock.lock().expect("locked");
    let (posts, run) =
        home.posts_of(|| home.run(home.command(&["refresh"]).env("FBSYNC_TEST_PATIENCE", "300")));
    run.exits(8).says("has held").says("hint: fuser");
    assert_eq!(posts, 0);
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
fn work_begun_as_one_person_is_not_finished_as_another() {
    let home = Home::with_sign_in();
    let mut theirs = home.stored();
    theirs["identity"]["identity_id"] = 7.into();
    theirs["access_token"] = "access-token-of-another".into();
    let (store, theirs) = (home.store(), theirs.to_string());
    let put = theirs.clone();
    let sign_in = Trouble::hook(move |_| fs::write(&store, &put).expect("a store"));
    home.sandbox.arm(Fault::on("/users/me").then(sign_in));
    home.sandbox.arm(Fault::on("/team_members").times(usize::MAX).then(Trouble::unauthenticated()));
    let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", "a.sqlite"]));
    run.exits(4)
        .says("somebody else has signed in to this profile in the meantime")
        .says("hint: run the command again");
    assert_eq!((posts, fs::read_to_string(home.store()).expect("a store")), (0, theirs));
    assert!(!home.path("a.sqlite").exists());
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
