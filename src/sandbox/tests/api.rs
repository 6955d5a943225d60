//! The four reads and what the sandbox complains of.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Line, ME, TEAM, get, start, try_get};
use crate::sandbox::{ABSENT, Business, Reading, Sandbox, World};

const STAFF: &str = "/accounting/account/aC9001/users/staffs";
const GROUP: &str = "/auth/api/v1/users/business/9001";

fn rows(sandbox: &Sandbox, query: &str) -> (usize, Value) {
    let body = get(sandbox, &format!("{TEAM}{query}")).json();
    (body["response"].as_array().unwrap().len(), body["meta"].clone())
}

#[test]
fn a_read_needs_a_live_token() {
    let sandbox = start(World::with_members(1));
    for path in [ME, TEAM, GROUP, STAFF] {
        let got = Line::to(&sandbox).ask("GET", path, "", "").unwrap();
        assert_eq!((got.status, got.json()["error"].as_str().unwrap()), (401, "unauthenticated"));
        assert_eq!(try_get(&sandbox, path, "made-up").unwrap().status, 401);
        assert_eq!(get(&sandbox, path).status, 200);
    }
    let (access, _) = sandbox.grant();
    sandbox.revoke_all();
    assert_eq!(try_get(&sandbox, ME, &access).unwrap().status, 401);
    assert!(sandbox.complaints().is_empty());
}

#[test]
fn a_token_of_another_sandbox_is_a_stranger() {
    let (here, there) = (start(World::empty()), start(World::empty()));
    assert_eq!(try_get(&here, ME, &there.grant().0).unwrap().status, 401);
}

#[test]
fn a_read_needs_its_scope() {
    let sandbox = start(World::with_members(1));
    sandbox.change(|world| world.apps[0].scopes = vec!["user:profile:read".to_owned()]);
    assert_eq!(get(&sandbox, ME).status, 200);
    assert_eq!(get(&sandbox, TEAM).status, 403);
    assert_eq!(get(&sandbox, STAFF).status, 403);
}

#[test]
fn me_has_the_traps() {
    let body = get(&start(World::demo()), ME).json()["response"].clone();
    assert_eq!(body["id"], body["identity_id"]);
    assert_eq!(body["business_memberships"].as_array().unwrap().len(), 8);
    assert!(body["business_memberships"][0]["fasttrack_token"].as_str().unwrap().starts_with("SECRET"));
    assert_eq!(body["business_memberships"][4]["business"]["account_id"], Value::Null);
    assert_eq!(body["groups"].as_array().unwrap().len(), 10);
    assert_eq!(body["roles"][0]["role"], "admin");
    assert_eq!(body["addresses"], json!([null]));
    assert_eq!(body["subscription_statuses"]["0ldM11"], "cancelled");
    let empty = get(&start(World::empty()), ME).json();
    assert_eq!(empty["response"]["business_memberships"], json!([]));
}

#[test]
fn pages() {
    let sandbox = start(World::with_members(250));
    assert_eq!(rows(&sandbox, ""), (15, json!({ "page": 1, "per_page": 15, "total": 250 })));
    assert_eq!(
        rows(&sandbox, "?page=0&per_page=500"),
        (100, json!({ "page": 1, "per_page": 100, "total": 250 }))
    );
    assert_eq!(rows(&sandbox, "?page=3&per_page=100").0, 50);
    assert_eq!(rows(&sandbox, "?page=4&per_page=100").0, 0);
    assert_eq!(rows(&sandbox, "?page=18446744073709551615&per_page=100").0, 0);
    assert_eq!(get(&sandbox, &format!("{TEAM}?page=two")).status, 422);
    assert_eq!(get(&sandbox, &format!("{TEAM}?per_page=0")).status, 422);
    sandbox.change(|world| {
        world.meta_has_pages = true;
        world.meta_has_total = false;
        world.businesses[0].members[7].active = false;
    });
    assert_eq!(rows(&sandbox, "?per_page=100"), (100, json!({ "page": 1, "per_page": 100, "pages": 3 })));
    assert_eq!(rows(&sandbox, "?active=true&page=3&per_page=100").0, 49);
    assert!(sandbox.complaints().is_empty());
}

#[test]
fn strangers_and_refusals() {
    let sandbox = start(World::with_members(3));
    sandbox.change(|world| world.businesses.push(Business::new(77, "Somebody else's")));
    for id in ["77", "78", "aC9001"] {
        assert_eq!(get(&sandbox, &TEAM.replace("9001", id)).status, 404);
        assert_eq!(get(&sandbox, &GROUP.replace("9001", id)).status, 404);
    }
    assert_eq!(get(&sandbox, &STAFF.replace("aC9001", "AC9001")).status, 404);
    for status in [401, 403, 404] {
        sandbox.change(|world| world.businesses[0].team_list = Reading::Refused(status));
        assert_eq!(get(&sandbox, TEAM).status, status);
    }
    sandbox.change(|world| world.businesses[0].staff_list = Reading::Refused(200));
    let got = get(&sandbox, STAFF);
    assert_eq!((got.status, &got.json()["response"]["errors"][0]["errno"]), (200, &json!(1003)));
}

#[test]
fn staff_times_are_eastern() {
    let body = get(&start(World::with_members(1)), STAFF).json();
    let result = &body["response"]["result"];
    assert_eq!(result["staffs"][0]["signup_date"], "2024-01-15 09:30:00");
    assert_eq!(result["staffs"][0]["last_login"], "2026-07-01 12:00:00");
    assert!(result["staffs"][0]["api_token"].as_str().unwrap().starts_with("SECRET"));
    assert_eq!((&result["pages"], &result["per_page"], &result["total"]), (&json!(1), &json!(15), &json!(1)));
}

#[test]
fn extra_lies_over_what_is_rendered() {
    let sandbox = start(World::with_members(1));
    sandbox.change(|world| {
        let extra = &mut world.businesses[0].members[0].extra;
        extra.insert("identity_id".to_owned(), json!("6100001"));
        extra.insert("uuid".to_owned(), json!(ABSENT));
        extra.insert("shoe_size".to_owned(), json!(43));
    });
    let row = get(&sandbox, TEAM).json()["response"][0].clone();
    assert_eq!(row["identity_id"], "6100001");
    assert_eq!(row["shoe_size"], 43);
    assert!(row.get("uuid").is_none());
}

#[test]
fn one_connection_serves_many_requests() {
    let sandbox = start(World::with_members(250));
    let head = format!("Authorization: Bearer {}\r\n", sandbox.grant().0);
    let mut line = Line::to(&sandbox);
    for n in 1..=20 {
        let got = line.ask("GET", &format!("{TEAM}?per_page=100"), &head, "").unwrap();
        assert_eq!(got.header("x-request-id"), Some(format!("fb5a0000-0000-4000-8000-{n:012}").as_str()));
        assert_eq!(got.header("content-type"), Some("application/json; charset=utf-8"));
    }
    assert_eq!(sandbox.count("GET", "team_members"), 20);
    assert_eq!(sandbox.busiest(), 1);
}

#[test]
fn slow_answers_overlap() {
    let sandbox = start(World { latency: Duration::from_secs(600), ..World::with_members(1) });
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let mut line = Line::to(&sandbox);
            scope.spawn(move || assert!(line.ask("GET", ME, "", "").is_err()));
        }
        while sandbox.busiest() < 16 {
            std::thread::yield_now();
        }
        drop(sandbox);
    });
}

#[test]
fn complains_of_a_careless_client() {
    let sandbox = start(World::with_members(1));
    let (access, _) = sandbox.grant();
    let check = |method: &str, target: &str, headers: &str, status: u16, complaint: &str| {
        let before = sandbox.complaints().len();
        let got = Line::to(&sandbox).ask(method, target, headers, "").unwrap();
        assert_eq!(got.status, status, "{method} {target}");
        let complaints = sandbox.complaints();
        assert_eq!(complaints.len(), before + 1, "{complaints:?}");
        assert!(complaints[before].contains(complaint), "{complaints:?}");
    };
    check("GET", "/nowhere", "", 404, "unknown path");
    check("DELETE", ME, "", 405, "method not allowed");
    check("GET", "/auth/oauth/token", "", 405, "method not allowed");
    check("GET", ME, "User-Agent: curl/8\r\n", 401, "User-Agent");
    check("GET", &format!("{TEAM}?search=x"), "", 401, "unknown query parameter \"search\"");
    check("GET", &format!("/oauth/authorize?hint={access}"), "", 500, "access token");
}
