//! The deprecated staff list, where it is asked for: when somebody last signed in, and how often.

use std::fs;

use fbsync::sandbox::{Business, Fault, Member, Reading, Staff, Trouble, World};
use serde_json::json;

use crate::harness::{DB, Home, NEW_DB, Run};

const STAFFS: &str = "/accounting/account/aC9001/users/staffs";

/// One business of the signed-in owner, Ada, Bea, Cem and Dan, and what the staff list has of them.
fn world() -> World {
    let mut world = World::empty();
    let mut business = Business::new(9001, "Harbour Light").owned_by(&world.me);
    for (n, name) in ["Ada", "Bea", "Cem", "Dan"].iter().enumerate() {
        let email = format!("{}@staff.example", name.to_lowercase());
        let member = Member::new(name, "Ito", &email, "business_employee");
        let uuid = Some(format!("00009001-0000-4000-8000-00000000010{n}"));
        business.members.push(Member { uuid, identity_id: Some(7_000_001 + n as i64), ..member });
    }
    let staff = |id, name: &str, email: &str| Staff::new(id, name, "Ito", email);
    // The same hour of the clock in winter and in summer, under an address written another way.
    let winter = "2026-01-15T17:00:00Z".parse().ok();
    business.staff.push(Staff {
        last_login: winter,
        num_logins: 31,
        ..staff(2, "Ada", " ADA@Staff.example ")
    });
    business.staff.push(Staff { last_login: None, num_logins: 0, ..staff(3, "Bea", "bea@staff.example") });
    business.staff.push(Staff { last_login: None, num_logins: 4, ..staff(4, "Cem", "cem@staff.example") });
    world.businesses.push(business);
    world
}

fn sync(home: &Home) -> Run {
    home.fbsync(&["sync", "--db", DB, "--include", "staff"])
}

fn coverage(home: &Home) -> String {
    home.tables().one(
        "SELECT status, outcome, http_status, expected, received, pages, attempts, message
         FROM coverage JOIN snapshots ON id = snapshot_id WHERE resource = 'staff' AND business_id = 9001",
    )
}

/// Address, moment, number and status of every row of the newest snapshot.
fn logins(home: &Home) -> Vec<String> {
    home.tables().rows(
        "SELECT m.email, m.last_login_at, m.logins, a.last_login_status, m.sources FROM memberships m
         JOIN access a USING (snapshot_id, business_id, email)
         WHERE snapshot_id = (SELECT max(id) FROM snapshots) ORDER BY m.email",
    )
}

#[test]
fn logins_are_told_in_utc_and_what_is_not_known_is_told_apart() {
    let home = Home::reading(world());
    assert_eq!(sync(&home).succeeds().stderr, NEW_DB);
    assert_eq!(coverage(&home), "complete|ok|200|4|4|1|1|");
    assert_eq!(
        logins(&home),
        [
            "ada@staff.example|2026-01-15T17:00:00Z|31|known|team_members+staff",
            "bea@staff.example||0|never|team_members+staff",
            "cem@staff.example||4|not_provided_by_source|team_members+staff",
            "dan@staff.example|||not_provided_by_source|team_members",
            "ingrid@harbourlight.example|2026-07-01T16:00:00Z|7|known|identity+team_members+business_group+staff",
        ]
    );
    let sent = home.sandbox.requests().into_iter().find(|seen| seen.path == STAFFS).expect("a request");
    assert_eq!(sent.query, "page=1&per_page=100");
    assert_eq!(home.tables().one("SELECT parameters -> 'include' FROM snapshots"), r#"["staff"]"#);
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn who_did_not_ask_is_told_so_and_nothing_is_asked() {
    let home = Home::reading(world());
    home.sync().succeeds();
    assert_eq!(home.sandbox.count("GET", "staffs"), 0);
    assert_eq!(home.tables().number("SELECT count(*) FROM coverage WHERE resource = 'staff'"), 0);
    let rows = logins(&home);
    assert!(rows.len() == 5 && rows.iter().all(|row| row.contains("|||not_requested|")), "{rows:#?}");
    assert_eq!(home.tables().one("SELECT parameters -> 'include' FROM snapshots"), "[]");
}

#[test]
fn the_token_of_a_staff_member_is_nowhere_in_the_database() {
    let home = Home::reading(world());
    sync(&home).succeeds();
    for name in home.files().iter().filter(|name| name.starts_with(DB)) {
        let bytes = fs::read(home.path(name)).expect("a file");
        for secret in ["api_token", "SECRET-classic"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {name}");
        }
    }
    let kept = "SELECT count(*) FROM records WHERE body LIKE '%num_logins%' AND body LIKE '%last_login%'";
    assert_eq!(home.tables().number(kept), 4);
    let dropped =
        "SELECT count(*) FROM records WHERE body LIKE '%rate%95.00%' OR body LIKE '%Sample Street%'";
    assert_eq!(home.tables().number(dropped), 0);
}

#[test]
fn a_refused_list_is_told_and_the_snapshot_complete_all_the_same() {
    for status in [200, 401, 403, 404] {
        let mut world = world();
        world.business(9001).expect("a business").staff_list = Reading::Refused(status);
        let home = Home::signed_in_to(world);
        assert_eq!(sync(&home).succeeds().stderr, NEW_DB, "{status}");
        let told = coverage(&home);
        assert!(told.starts_with(&format!("complete|denied|{status}||0|0|")), "{told}");
        assert!(told.contains("Permission Denied"), "{told}");
        let rows = logins(&home);
        assert!(rows.iter().all(|row| row.contains("|||not_provided_by_source|")), "{rows:#?}");
        assert!(rows.iter().all(|row| !row.contains("staff|") && !row.contains("+staff")), "{rows:#?}");
    }
}

#[test]
fn a_list_that_keeps_failing_is_told_and_the_snapshot_complete_all_the_same() {
    let home = Home::reading(world());
    home.sandbox.arm(Fault::on(STAFFS).times(usize::MAX).then(Trouble::Json200(json!({ "response": {} }))));
    home.fbsync(&["sync", "--db", DB, "--include", "staff", "-v"])
        .succeeds()
        .says("retrying /accounting/account/aC9001/users/staffs in");
    assert_eq!(coverage(&home), "complete|failed|200||0|0|5|HTTP 200: the answer has no `result`");
}

#[test]
fn a_list_of_several_pages_is_read_to_its_end() {
    let many = || {
        let mut world = World::with_members(230);
        let business = world.business(9001).expect("a business");
        let members = business.members.iter().skip(1).zip(2..);
        let staff =
            members.map(|(member, id)| Staff::new(id, "A", "B", member.email.as_deref().unwrap_or("")));
        business.staff.extend(staff.collect::<Vec<_>>());
        world
    };
    let home = Home::reading(many());
    sync(&home).succeeds();
    assert_eq!(coverage(&home), "complete|ok|200|230|230|3|3|");
    let known = "SELECT count(*) FROM access WHERE last_login_status = 'known' AND sources LIKE '%+staff'";
    assert_eq!(home.tables().number(known), 230);
    // A server that names no number of pages, and one whose later page does not come.
    let home = Home::reading(many());
    let silent = Trouble::edit(|body| {
        let result = body["response"]["result"].as_object_mut().expect("a result");
        result.remove("pages");
    });
    home.sandbox.arm(Fault::on(STAFFS).times(3).then(silent));
    sync(&home).succeeds();
    assert_eq!(coverage(&home), "complete|ok|200|230|230|3|3|");

    let home = Home::reading(many());
    let second = Fault::on(STAFFS).query_contains("page=2&").times(usize::MAX);
    home.sandbox.arm(second.then(Trouble::forbidden()));
    sync(&home).succeeds();
    assert!(coverage(&home).starts_with("complete|denied|403|230|100|1|2|"), "{}", coverage(&home));
    assert_eq!(home.tables().number(known), 100);
}

#[test]
fn a_list_whose_numbers_do_not_agree_is_a_mismatch_that_leaves_the_snapshot_complete() {
    let home = Home::reading(world());
    let more = Trouble::edit(|body| body["response"]["result"]["total"] = 9.into());
    home.sandbox.arm(Fault::on(STAFFS).times(usize::MAX).then(more));
    sync(&home).succeeds();
    let told = "complete|mismatch|200|9|4|1|1|FreshBooks reported 9; 4 rows received, 4 of them distinct";
    assert_eq!(coverage(&home), told);
}

#[test]
fn a_business_without_accounting_or_left_out_is_not_asked() {
    let mut world = world();
    let none = Business { account_id: None, ..Business::new(9002, "No Books").owned_by(&world.me) };
    let out = Business::new(9003, "Out").owned_by(&world.me);
    world.businesses.extend([none, out]);
    let home = Home::reading(world);
    home.fbsync(&["sync", "--db", DB, "--include", "staff", "--skip-business", "9003"]).succeeds();
    let lines = "SELECT business_id, outcome, message FROM coverage WHERE resource = 'staff' ORDER BY 1";
    assert_eq!(
        home.tables().rows(lines),
        [
            "9001|ok|",
            "9002|skipped|the business has no accounting account",
            "9003|skipped|skipped on request"
        ]
    );
    assert_eq!(home.sandbox.count("GET", "staffs"), 1);
}
