//! Sign-ins from the environment: a refresh token to begin with, or an access token alone.

use std::process::Stdio;

use serde_json::Value;

use crate::harness::Home;

const IF_DUE: [&str; 3] = ["refresh", "--if-expires-within", "30m"];

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
