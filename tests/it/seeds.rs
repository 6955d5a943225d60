//! Sign-ins from the environment: a refresh token to begin with, or an access token alone.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use fbsync::sandbox::{CLIENT_ID, CLIENT_SECRET, Fault, Trouble, World};
use serde_json::Value;

use crate::harness::{DB, Home};

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

/// Something around a value, as editors, spreadsheets and `echo | base64` leave it.
const AROUND: [(&str, &str); 5] =
    [("", "\n"), (" ", "\r\n"), ("\u{feff}", ""), ("\t", " \n\n"), ("\u{200b}", "\u{a0}")];

#[test]
fn what_surrounds_a_value_is_dropped_wherever_it_is_from() {
    for (before, after) in AROUND {
        let around = |value: &str| format!("{before}{value}{after}");
        let home = Home::new();
        let seed = home.grant();
        let redirect = home.value("FBSYNC_REDIRECT_URI");
        let home = home
            .with("FBSYNC_CLIENT_ID", &around(CLIENT_ID))
            .with("FBSYNC_CLIENT_SECRET", &around(CLIENT_SECRET))
            .with("FBSYNC_REDIRECT_URI", &around(&redirect));
        let home = home.with("FBSYNC_REFRESH_TOKEN", &around(&seed));
        home.fbsync(&["refresh"]).succeeds();
        let stored = home.stored();
        assert_eq!(stored["client_id"], CLIENT_ID);
        assert_eq!(stored["redirect_uri"], redirect);

        // From files, standard input and flags.
        let access = home.sandbox.grant().0;
        let home =
            home.without("FBSYNC_CLIENT_SECRET").without("FBSYNC_CLIENT_ID").without("FBSYNC_REDIRECT_URI");
        fs::write(home.path("fbsync-client-secret"), around(CLIENT_SECRET)).expect("a file");
        fs::write(home.path("token"), around(&home.grant())).expect("a file");
        let home = home.without("FBSYNC_REFRESH_TOKEN");
        let auth = |from: &str| {
            let id = around(CLIENT_ID);
            let uri = around(&redirect);
            let line = format!(
                "\"$FBSYNC\" auth --import-refresh-token --client-id '{id}' --redirect-uri '{uri}' {from}"
            );
            let mut command = home.shell(&line);
            fs::write(home.path("token"), around(&home.grant())).expect("a file");
            command.env("CREDENTIALS_DIRECTORY", home.path(""));
            home.run(&mut command).succeeds();
        };
        auth("< token");
        auth("--client-secret-file fbsync-client-secret < token");

        let home = home.with("FBSYNC_ACCESS_TOKEN", &around(&access));
        home.fbsync(&["sync", "--db", "a.sqlite"]).succeeds();
    }
}

#[test]
fn what_cannot_be_a_secret_is_refused_by_name_before_anything_is_sent() {
    let home = Home::new();
    let seed = home.grant();
    let home = home.with("FBSYNC_REFRESH_TOKEN", &seed);
    for (name, value) in [
        ("FBSYNC_ACCESS_TOKEN", "eyJhbGciOiJSUzI1NiJ9.t\u{f6}ken"),
        ("FBSYNC_ACCESS_TOKEN", "two\nlines"),
        ("FBSYNC_CLIENT_SECRET", "secr\u{e9}t"),
        ("FBSYNC_REFRESH_TOKEN", "ref\u{200b}resh"),
    ] {
        let run = home.run(home.command(&["sync", "--db", "a.sqlite"]).env(name, value));
        run.exits(3).says(name).says("cannot be part of one").says("hint: ").does_not_say(value);
    }
    assert_eq!(home.sandbox.requests(), []);
    // Nothing but blanks is nothing at all.
    let mut blank = home.command(&["sync", "--db", "a.sqlite"]);
    home.run(blank.env("FBSYNC_ACCESS_TOKEN", " \n")).succeeds();
}

#[test]
fn a_bare_token_that_one_list_refuses_is_asked_for_at_users_me() {
    for trouble in [Trouble::unauthenticated(), Trouble::status(403, "invalid_token")] {
        let home = Home::reading(World::many(3, 2));
        home.sandbox.arm(Fault::on("/9002/team_members").times(usize::MAX).then(trouble));
        home.sync().exits(7).says("Business 0002 (9002): denied: ");
        let outcomes = "SELECT outcome FROM coverage WHERE resource = 'team_members' ORDER BY business_id";
        assert_eq!(home.tables().rows(outcomes), ["ok", "denied", "ok"]);
    }
    // One that has died meanwhile is not taken for a refusal of lists.
    let home = Home::reading(World::many(3, 2));
    let tomorrow = home.sandbox.now() + Duration::from_secs(86_400);
    let expire = Trouble::hook(move |world| world.clock = Some(tomorrow));
    home.sandbox.arm(Fault::on("/users/me").then(expire));
    home.sync().exits(4).says("FreshBooks rejects the access token in FBSYNC_ACCESS_TOKEN");
    assert!(!home.path(DB).exists());
}
