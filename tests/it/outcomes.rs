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
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh", "-v"]));
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
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh", "-v"]));
    run.succeeds().says("retrying once in 2 s");
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
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh", "-v"]));
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
    home.run(&mut command).exits(5).says("nothing was sent, and nothing is lost");
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
    home.fbsync(&["refresh"]).exits(5).says("contains no access token");
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
    home.fbsync(&["status", "--check"]).succeeds().says("continuing with the access token");
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

#[test]
fn somebody_elses_page_costs_nothing_and_is_asked_again() {
    for code in [200, 302, 401, 403, 404, 502] {
        let body = "<!DOCTYPE html><title>Just a moment...</title>".to_owned();
        let page = || Trouble::Status { code, headers: Vec::new(), body: body.clone() };
        let home = Home::with_sign_in();
        home.sandbox.arm(Fault::on(TOKEN).then(page()));
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        run.succeeds();
        assert_eq!(posts, 2, "{code}");
        let before = home.stored();
        home.sandbox.arm(Fault::on(TOKEN).times(usize::MAX).then(page()));
        home.fbsync(&["refresh"]).exits(5).says("are kept").says("hint: run the command again");
        let after = home.stored();
        assert_eq!((&after["refresh_token"], &after["dead"]), (&before["refresh_token"], &Value::Null));
        home.sandbox.disarm_all();
        home.fbsync(&["refresh"]).succeeds();
    }
}

#[test]
fn a_page_in_place_of_a_revocation_is_not_one() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on("/auth/oauth/revoke").times(2).then(Trouble::Html200));
    home.fbsync(&["logout"])
        .succeeds()
        .says("forgotten here, but not revoked at FreshBooks: HTTP 200: received a web page");
    assert!(!home.store().exists());
}

#[test]
fn a_token_that_is_refused_in_other_words_is_replaced_once_too() {
    for (code, error) in
        [(401, "unauthenticated"), (403, "unauthenticated"), (403, "invalid_token"), (200, "unauthenticated")]
    {
        for path in ["/users/me", "/team_members", "/users/business/"] {
            let home = Home::with_sign_in();
            home.sandbox.arm(Fault::on(path).then(Trouble::status(code, error)));
            let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", "a.sqlite"]));
            assert_eq!((posts, run.code), (1, Some(0)), "{code} {error} {path}: {run}");
        }
        // Twice is not about the token any more, but it is still a matter of signing in.
        let home = Home::with_sign_in();
        home.sandbox.arm(Fault::on("/users/me").times(2).then(Trouble::status(code, error)));
        let (posts, run) = home.posts_of(|| home.fbsync(&["status", "--check"]));
        run.exits(4);
        assert_eq!(posts, 1);
    }
    // What is refused in yet other words has nothing to do with the token.
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on("/users/me").then(Trouble::status(403, "insufficient_scope")));
    let (posts, run) = home.posts_of(|| home.fbsync(&["status", "--check"]));
    run.exits(6);
    assert_eq!(posts, 0);
}

#[test]
fn many_lists_that_answer_401_to_a_good_token_cost_one_rotation() {
    let home = Home::signed_in_to(World::many(8, 2));
    home.sandbox.arm(Fault::on("/team_members").times(usize::MAX).then(Trouble::unauthenticated()));
    let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", "a.sqlite", "--jobs", "1"]));
    run.exits(7).says("denied: HTTP 401");
    assert_eq!(posts, 1);
}

#[test]
fn a_stored_token_that_cannot_be_one_is_refused_before_anything_is_sent() {
    let home = Home::with_sign_in();
    home.edit_store(|store| store["access_token"] = "t\u{f6}ken-that-was-edited".into());
    let asked = home.sandbox.requests().len();
    let run = home.fbsync(&["status", "--check"]).exits(4);
    run.says("character 2 cannot be part of a token").says("hint: ").says("fbsync refresh");
    assert_eq!(home.sandbox.requests().len(), asked);
    home.fbsync(&["refresh"]).succeeds();
}
