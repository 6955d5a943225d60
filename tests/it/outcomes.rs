//! What FreshBooks may answer to a refresh, or not answer, and what each costs.

use std::fs;

use fbsync::sandbox::{Fault, Trouble, World};
use serde_json::Value;

use crate::harness::Home;

const TOKEN: &str = "/auth/oauth/token";

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
fn a_clock_that_is_off_is_told_and_does_not_matter() {
    let home = Home::with_sign_in();
    let now = home.sandbox.now().as_second();
    let home = home.at_another_time(now + 7230);
    let run = home.fbsync(&["refresh", "--json"]).succeeds().says("clock is 2 h");
    let left = run.json()["expires_in_seconds"].as_i64().expect("a number");
    assert!((43_190..=43_201).contains(&left), "{run}");
    // What is less than a minute is nobody's fault.
    let home = home.at_another_time(now + 30);
    home.fbsync(&["refresh"]).succeeds().does_not_say("clock");
}
