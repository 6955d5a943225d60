//! Every trouble, from the client's side of the socket.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Line, ME, TEAM, get, post, start, try_get};
use crate::sandbox::{CLIENT_ID, CLIENT_SECRET, Fault, REDIRECT_URI, Sandbox, Trouble, World, http_date};

fn broken(trouble: Trouble) -> Sandbox {
    let sandbox = start(World::with_members(3));
    sandbox.arm(Fault::on("team_members").then(trouble));
    sandbox
}

fn refresh_form(token: &str) -> String {
    format!(
        "grant_type=refresh_token&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}\
         &redirect_uri={REDIRECT_URI}&refresh_token={token}"
    )
}

#[test]
fn aims() {
    let sandbox = start(World::with_members(3));
    let aim = Fault::on("team_members").method("GET").query_contains("page=2");
    sandbox.arm(aim.skip(1).times(2).then(Trouble::unavailable()));
    sandbox.arm(Fault::on("team_members").skip(3).then(Trouble::forbidden()));
    let asked = ["?page=1", "?page=2", "?page=2", "?page=2", "?page=2", "?page=2"];
    let statuses: Vec<u16> =
        asked.iter().map(|query| get(&sandbox, &format!("{TEAM}{query}")).status).collect();
    // The second fault only counts requests that the first one let by.
    assert_eq!(statuses, [200, 200, 503, 503, 200, 403]);
    assert!(sandbox.complaints().is_empty());
}

#[test]
fn a_fault_nobody_met_is_a_complaint() {
    let sandbox = start(World::empty());
    sandbox.arm(Fault::on("team_members").then(Trouble::Drop));
    assert_eq!(sandbox.complaints(), ["a fault on \"team_members\" was armed and never met"]);
    sandbox.disarm_all();
    assert!(sandbox.complaints().is_empty());
}

#[test]
fn other_answers() {
    let got = get(&broken(Trouble::too_many("7")), TEAM);
    assert_eq!((got.status, got.header("retry-after")), (429, Some("7")));
    let later = http_date("2026-03-01T12:00:00Z".parse().unwrap());
    assert_eq!(get(&broken(Trouble::too_many(&later)), TEAM).header("retry-after"), Some(later.as_str()));
    let got = get(&broken(Trouble::unavailable()), TEAM);
    assert_eq!((got.status, got.body.as_str()), (503, ""));
    assert!(got.header("date").is_some());
    assert_eq!(get(&broken(Trouble::unauthenticated()), TEAM).json()["error"], "unauthenticated");
    let got = get(&broken(Trouble::Html200), TEAM);
    assert_eq!((got.status, got.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(get(&broken(Trouble::Json200(json!({ "a": 1 }))), TEAM).json(), json!({ "a": 1 }));
    assert_eq!(get(&broken(Trouble::Raw(b"{\"response\": [".to_vec())), TEAM).body, "{\"response\": [");
    let got = get(&broken(Trouble::Redirect("https://evil.example/".to_owned())), TEAM);
    assert_eq!((got.status, got.header("location")), (302, Some("https://evil.example/")));
    let got = get(&broken(Trouble::AddHeaders(Vec::new()).header("X-RateLimit-Remaining", "0")), TEAM);
    assert_eq!((got.status, got.header("x-ratelimit-remaining")), (200, Some("0")));
}

#[test]
fn a_connection_that_breaks_ends_at_once() {
    for trouble in [Trouble::Drop, Trouble::AnswerLost, Trouble::CutBody] {
        let cut = matches!(trouble, Trouble::CutBody);
        let sandbox = broken(trouble);
        let began = Instant::now();
        let error = try_get(&sandbox, TEAM, &sandbox.grant().0).err().unwrap();
        assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
        assert!(began.elapsed() < Duration::from_secs(2));
        assert_eq!(sandbox.requests()[0].status, cut.then_some(200));
        assert_eq!(get(&sandbox, TEAM).status, 200);
    }
}

#[test]
fn a_broken_connection_leaves_the_others_alone() {
    let sandbox = broken(Trouble::Drop);
    let head = format!("Authorization: Bearer {}\r\n", sandbox.grant().0);
    let (mut steady, mut unlucky) = (Line::to(&sandbox), Line::to(&sandbox));
    assert_eq!(steady.ask("GET", ME, &head, "").unwrap().status, 200);
    assert_eq!(unlucky.ask("GET", ME, &head, "").unwrap().status, 200);
    assert!(unlucky.ask("GET", TEAM, &head, "").is_err());
    assert_eq!(steady.ask("GET", TEAM, &head, "").unwrap().status, 200);
}

#[test]
fn only_a_lost_answer_spends_the_token() {
    for (trouble, after) in [(Trouble::Drop, 200), (Trouble::AnswerLost, 400)] {
        let sandbox = start(World::empty());
        let (_, token) = sandbox.grant();
        sandbox.arm(Fault::on("/token").method("POST").then(trouble));
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        assert!(Line::to(&sandbox).ask("POST", "/auth/oauth/token", form, &refresh_form(&token)).is_err());
        assert_eq!(post(&sandbox, "/auth/oauth/token", &refresh_form(&token)).status, after);
        assert_eq!(sandbox.requests()[0].form[0], ("grant_type".to_owned(), "refresh_token".to_owned()));
    }
}

#[test]
fn an_edited_answer_lies_with_the_right_length() {
    let sandbox = broken(Trouble::edit(|body| body["meta"]["total"] = json!(4_000_000_000_u64)));
    let body = get(&sandbox, TEAM).json();
    assert_eq!(body["meta"]["total"], 4_000_000_000_u64);
    assert_eq!(body["response"].as_array().unwrap().len(), 3);
}

#[test]
fn a_hook_strikes_between_two_requests() {
    let sandbox = broken(Trouble::hook(|world| drop(world.businesses[0].members.pop())));
    assert_eq!(get(&sandbox, TEAM).json()["meta"]["total"], 3);
    assert_eq!(get(&sandbox, TEAM).json()["meta"]["total"], 2);
}

#[test]
fn a_delay_delays() {
    let sandbox = broken(Trouble::Delay(Duration::from_millis(40)));
    let began = Instant::now();
    assert_eq!(get(&sandbox, TEAM).status, 200);
    assert!(began.elapsed() >= Duration::from_millis(40));
}

#[test]
fn closing_does_not_wait_for_a_delay() {
    let sandbox = broken(Trouble::Delay(Duration::from_secs(600)));
    let (access, _) = sandbox.grant();
    let (began, origin) = (Instant::now(), sandbox.origin());
    let mut line = Line::to(&sandbox);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            assert!(line.ask("GET", TEAM, &format!("Authorization: Bearer {access}\r\n"), "").is_err());
        });
        while sandbox.count("GET", "team_members") == 0 {
            std::thread::yield_now();
        }
        drop(sandbox);
    });
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(std::net::TcpStream::connect(origin.strip_prefix("http://").unwrap()).is_err());
}
