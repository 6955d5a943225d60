//! A profile of Classic's: what `refresh`, `status` and `logout` make of it, and that it is never taken for another.

use fbsync::sandbox::classic::System;
use fbsync::sandbox::{World, browser};
use serde_json::{Value, json};

use super::{SYSTEM, home, signed_in_to};
use crate::harness::{DB, Home};

fn signed_in() -> Home {
    signed_in_to(System::default())
}

#[test]
fn there_is_nothing_to_refresh() {
    let home = signed_in();
    let (before, asked) = (home.stored(), home.sandbox.requests().len());
    home.fbsync(&["refresh"]).succeeds().says("do not expire");
    home.fbsync(&["refresh", "--if-expires-within", "30m"]).succeeds();
    let answer = home.fbsync(&["refresh", "--json"]).succeeds().json();
    let expected = json!({
        "profile": "default", "rotated": false, "expires_at": null, "expires_in_seconds": null, "scopes": null,
    });
    assert_eq!((answer, home.stored(), home.sandbox.requests().len()), (expected, before, asked));
}

#[test]
fn status_shows_it_and_asks_classic_whether_it_works() {
    let home = signed_in();
    let asked = home.sandbox.requests().len();
    let run = home.fbsync(&["status"]).succeeds();
    for part in ["ingrid@harbourlight.example", "ready, does not expire (Classic: harbourlight)"] {
        assert!(run.stdout.contains(part), "{run}");
    }
    let shown = home.fbsync(&["status", "--json"]).succeeds().json()["profiles"][0].clone();
    assert_eq!((&shown["state"], &shown["classic"]), (&json!("ready"), &json!(SYSTEM)));
    assert_eq!((&shown["expires_at"], &shown["origin"]), (&Value::Null, &json!(home.sandbox.origin())));
    assert_eq!(home.sandbox.requests().len(), asked);

    home.fbsync(&["status", "--check"]).succeeds();
    home.sandbox.revoke_all();
    let run = home.fbsync(&["status", "--check"]).exits(4).says("rejects the sign-in (token_rejected)");
    run.says("fbsync auth --classic harbourlight");
}

#[test]
fn logout_forgets_and_says_that_classic_cannot_revoke() {
    let home = signed_in();
    let asked = home.sandbox.requests().len();
    home.fbsync(&["logout"])
        .succeeds()
        .says("FreshBooks Classic cannot revoke a token")
        .says("forgotten here");
    assert_eq!((home.store().exists(), home.sandbox.requests().len()), (false, asked));
    let home = signed_in();
    home.fbsync(&["logout", "--all"]).succeeds().says("cannot revoke");
    assert!(!home.store().exists());
}

#[test]
fn one_freshbooks_does_not_take_the_place_of_the_other() {
    let home = signed_in();
    let before = home.stored();
    for arguments in [&["auth"][..], &["auth", "--import-refresh-token"]] {
        home.fbsync(arguments)
            .exits(3)
            .says("already has a sign-in to FreshBooks Classic (harbourlight)")
            .says("logout");
    }
    assert_eq!(home.stored(), before);
    let usual = Home::with_sign_in();
    let before = usual.stored();
    usual.fbsync(&["auth", "--classic", SYSTEM]).exits(3).says("already has a sign-in to FreshBooks\n");
    assert_eq!(usual.stored(), before);
    // A second profile beside it is what the hint says.
    let auth = home.begin_auth(&["--classic", SYSTEM, "--profile", "second"], std::process::Stdio::null());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
    assert_eq!(
        home.fbsync(&["status", "--json"]).succeeds().json()["profiles"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_token_goes_to_the_origin_that_issued_it_only() {
    let home = signed_in();
    let elsewhere = Home::in_world(World::empty());
    let origin = elsewhere.sandbox.origin();
    let home = home.with("FRESHBOOKS_CLASSIC_URL", &origin);
    for arguments in [&["sync", "--db", DB][..], &["status", "--check"]] {
        let run = home.fbsync(arguments);
        assert!(matches!(run.code, Some(3)), "{run}");
    }
    let shown = home.fbsync(&["status", "--json"]).succeeds().json()["profiles"][0]["state"].clone();
    assert_eq!((shown, elsewhere.sandbox.requests().len()), (json!("not_usable_here"), 0));
}

#[test]
fn a_damaged_or_newer_profile_is_left_alone() {
    let home = signed_in();
    home.edit_store(|store| store["system"] = json!("evil.example/x"));
    home.fbsync(&["refresh"]).exits(3).says("is damaged");
    home.edit_store(|store| store["kind"] = json!("something else"));
    home.fbsync(&["refresh"]).exits(3).says("another version");
    home.edit_store(|store| store["version"] = json!(2));
    home.fbsync(&["auth", "--classic", SYSTEM]).exits(3).says("another version");
}

#[test]
fn a_bare_access_token_comes_first_and_is_never_one_to_classic() {
    let home = signed_in().with_bare_token();
    home.sync().succeeds();
    assert_eq!(home.tables().number("SELECT count(*) FROM memberships WHERE role LIKE 'classic%'"), 0);
    let nothing = home.without("FBSYNC_ACCESS_TOKEN");
    nothing.sync().exits(3).says("belongs to");
}

#[test]
fn nothing_is_stored_where_nothing_was() {
    home().fbsync(&["refresh"]).exits(4).says("nobody is signed in");
}
