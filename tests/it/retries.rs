//! Troubles that pass are asked again, and counted; troubles that stay are told.

use std::fs;
use std::time::Duration;

use fbsync::sandbox::{Fault, Trouble, World, http_date};
use serde_json::json;

use crate::harness::{DB, Home, NEW_DB};
use crate::sync::{GROUP, ME, TEAM, for_ever, team_outcomes, three};

/// Every fault that passes, by name.
fn passing_troubles() -> Vec<(&'static str, Trouble)> {
    vec![
        ("429", Trouble::too_many("7")),
        ("500", Trouble::status(500, "internal_server_error")),
        ("502", Trouble::Status { code: 502, headers: Vec::new(), body: "<h1>Bad gateway</h1>".to_owned() }),
        ("503", Trouble::unavailable()),
        ("504", Trouble::status(504, "timeout")),
        ("408", Trouble::status(408, "timeout")),
        ("425", Trouble::Status { code: 425, headers: Vec::new(), body: String::new() }),
        ("522", Trouble::Status { code: 522, headers: Vec::new(), body: "error code: 522".to_owned() }),
        ("a bot challenge", page(403)),
        ("a portal's log-in page", page(401)),
        ("a gateway that knows no route", page(404)),
        ("a gateway's JSON", json_of_a_gateway()),
        ("a redirect", Trouble::Redirect("https://portal.example/login".to_owned())),
        ("a method that nobody implements, in HTML", page(501)),
        ("nothing", Trouble::Status { code: 403, headers: Vec::new(), body: String::new() }),
        ("a dropped connection", Trouble::Drop),
        ("a lost answer", Trouble::AnswerLost),
        ("half a body", Trouble::CutBody),
        ("a page of HTML", Trouble::Html200),
        ("JSON without the key", Trouble::Json200(json!({ "data": [] }))),
        ("JSON of another shape", Trouble::Json200(json!({ "response": { "errors": [] } }))),
        ("no body", Trouble::Raw(Vec::new())),
    ]
}

/// Somebody else's page.
fn page(code: u16) -> Trouble {
    let body = "<!DOCTYPE html><title>Just a moment...</title>".to_owned();
    Trouble::Status { code, headers: Vec::new(), body }.header("cf-mitigated", "challenge")
}

fn json_of_a_gateway() -> Trouble {
    let body = json!({ "message": "no Route matched with those values" }).to_string();
    Trouble::Status { code: 404, headers: Vec::new(), body }
}

#[test]
fn troubles_that_pass_are_asked_again_and_counted() {
    for (path, resource) in [(TEAM, "team_members"), (GROUP, "business_group")] {
        for (name, trouble) in passing_troubles() {
            let home = Home::reading(three());
            home.sandbox.arm(Fault::on(path).then(trouble));
            home.fbsync(&["sync", "--db", DB, "-v"]).succeeds().says("; retrying ").says(" in ");
            let attempts = "SELECT c.attempts, r.attempts, r.status FROM coverage c, requests r";
            let of = format!("WHERE business_id = 9002 AND resource = '{resource}' AND url LIKE '%{path}%'");
            assert_eq!(home.tables().one(&format!("{attempts} {of}")), "2|2|200", "{name}");
            assert_eq!(home.tables().number("SELECT count(*) FROM memberships"), 15, "{name}");
        }
    }
}

#[test]
fn troubles_that_stay_are_a_failed_list_after_five_tries() {
    for (name, trouble) in passing_troubles() {
        let (home, run) = for_ever(TEAM, trouble);
        // Nothing that may be accepted: it says nothing of what this sign-in may read.
        run.exits(7)
            .says("warning: Business 0002 (9002): failed: ")
            .says("error: snapshot 1 is partial")
            .does_not_say("--accept-gap");
        let outcomes = team_outcomes(&home);
        assert_eq!((outcomes[0].as_str(), outcomes[2].as_str()), ("9001|ok|200|5|1", "9003|ok|200|5|1"));
        let failed = "SELECT outcome, received, attempts, message <> '' FROM coverage
             WHERE business_id = 9002 AND resource = 'team_members'";
        assert_eq!(home.tables().one(failed), "failed|0|5|1", "{name}");
        assert_eq!(home.sandbox.count("GET", TEAM), 5, "{name}");
    }
}

#[test]
fn a_page_that_fails_keeps_what_the_pages_before_it_brought() {
    let home = Home::reading(World::with_members(250));
    let second = Fault::on("/team_members").query_contains("page=2&").times(usize::MAX);
    home.sandbox.arm(second.then(Trouble::unavailable()));
    home.sync().exits(7).says("failed: HTTP 503");
    let coverage = "SELECT outcome, http_status, expected, received, pages FROM coverage
         WHERE resource = 'team_members'";
    assert_eq!(home.tables().one(coverage), "failed|503|250|150|2");
    assert_eq!(home.tables().number("SELECT count(*) FROM memberships"), 150);
}

#[test]
fn retry_after_is_heard_as_seconds_and_as_a_date() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(TEAM).then(Trouble::too_many("7")));
    let sync = || home.fbsync(&["sync", "--db", DB, "-v"]).succeeds();
    sync().says(" in 7 s");
    let date = http_date(home.sandbox.now() + Duration::from_secs(50));
    home.sandbox.arm(Fault::on(TEAM).then(Trouble::too_many(&date)));
    let said = sync().stderr;
    let waits: Vec<String> = (45..=50).map(|seconds| format!(" in {seconds} s")).collect();
    assert!(waits.iter().any(|wait| said.contains(wait)), "{said}");
}

#[test]
fn without_an_identity_there_is_no_snapshot_and_no_database() {
    for (name, trouble) in passing_troubles() {
        let (home, run) = for_ever(ME, trouble);
        run.exits(5).says("error: cannot read who is signed in: ").says("(5 tries)");
        assert!(!home.path(DB).exists(), "{name}");
    }
    let (home, run) = for_ever(ME, Trouble::forbidden());
    run.exits(6).says("error: cannot read who is signed in: HTTP 403");
    assert!(!home.path(DB).exists());
}

#[test]
fn an_identity_that_cannot_be_read_leaves_the_earlier_snapshots() {
    let home = Home::reading(three());
    home.sync().succeeds();
    let before = fs::read(home.path(DB)).expect("a database");
    home.sandbox.arm(Fault::on(ME).times(usize::MAX).then(Trouble::unavailable()));
    home.sync().exits(5);
    assert_eq!(fs::read(home.path(DB)).expect("a database"), before);
}

#[test]
fn nobody_elses_page_is_a_gap_that_can_be_accepted() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(page(403)));
    let run = home.fbsync(&["sync", "--db", DB, "--accept-gap", "9002=known"]).exits(7);
    run.says("failed: HTTP 403: received a web page instead of FreshBooks' answer")
        .says("hint: run it again: ");
    let gap = "SELECT outcome, message FROM coverage WHERE business_id = 9002 AND resource = 'team_members'";
    assert_eq!(home.tables().one(gap), "failed|HTTP 403: received a web page instead of FreshBooks' answer");
}

#[test]
fn what_freshbooks_itself_refuses_is_not_asked_again() {
    for (code, error, exit) in [
        (400, "invalid_request", 6),
        (402, "payment_required", 6),
        (403, "forbidden", 6),
        (404, "not_found", 6),
        (422, "invalid_resource", 6),
        (501, "not_implemented", 5),
        (505, "not_supported", 5),
    ] {
        let (home, run) = for_ever(ME, Trouble::status(code, error));
        run.exits(exit).says(&format!("HTTP {code}: ")).does_not_say("tries");
        assert_eq!(home.sandbox.count("GET", ME), 1, "{code}");
    }
}

#[test]
fn a_wait_that_ended_well_is_no_news() {
    for (_, trouble) in passing_troubles() {
        let home = Home::reading(three());
        home.sandbox.arm(Fault::on(TEAM).then(trouble));
        let run = home.sync().succeeds();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", NEW_DB));
    }
}
