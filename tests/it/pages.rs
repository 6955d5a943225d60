//! No member is lost after page one, and a list whose numbers do not agree says so.

use fbsync::sandbox::{Fault, Trouble, World};
use serde_json::json;

use crate::harness::{DB, Home, Run};

const TEAM: &str = "/team_members";

/// What coverage says of the only business's team list.
fn coverage(home: &Home) -> String {
    let columns = "outcome, expected, received, distinct_rows, pages";
    home.tables().one(&format!(
        "SELECT {columns} FROM coverage WHERE resource = 'team_members' ORDER BY snapshot_id DESC LIMIT 1"
    ))
}

fn message(home: &Home) -> String {
    home.tables().one("SELECT message FROM coverage WHERE resource = 'team_members'")
}

fn pages_asked(home: &Home) -> Vec<String> {
    let asked = home.sandbox.requests().into_iter().filter(|seen| seen.path.ends_with(TEAM));
    let mut asked: Vec<String> = asked.map(|seen| seen.query).collect();
    // In which order several workers ask is nobody's business.
    asked.sort();
    asked
}

fn reads(world: World) -> Home {
    let home = Home::reading(world);
    home.sync().succeeds();
    home
}

fn mismatches(home: &Home) -> Run {
    home.sync().exits(7).says("error: snapshot 1 is partial: 1 list could not be read completely;")
}

#[test]
fn every_member_is_read_whatever_the_number() {
    for (members, pages, requests) in [(0, 1, 1), (1, 1, 1), (100, 1, 1), (101, 2, 3), (250, 3, 4)] {
        let home = reads(World::with_members(members));
        assert_eq!(coverage(&home), format!("ok|{members}|{members}|{members}|{pages}"));
        assert_eq!(home.sandbox.count("GET", TEAM), requests, "{members} members");
        // The owner is named by the identity too, so nobody is added where the list has its owner.
        let rows = home.tables().number("SELECT count(*) FROM memberships");
        assert_eq!(rows, i64::try_from(members.max(1)).expect("small"));
    }
}

#[test]
fn pages_are_asked_for_a_hundred_at_a_time_and_the_first_once_more() {
    let home = reads(World::with_members(250));
    let expected =
        ["page=1&per_page=100", "page=1&per_page=100", "page=2&per_page=100", "page=3&per_page=100"];
    assert_eq!(pages_asked(&home), expected);
    // Every page is in `requests`; the second look at page 1 as well.
    let recorded =
        "SELECT count(*), sum(status = 200), sum(attempts) FROM requests WHERE url LIKE '%team_members%'";
    assert_eq!(home.tables().one(recorded), "4|4|4");
}

#[test]
fn a_server_that_cuts_per_page_is_followed() {
    let home = reads(World { per_page_cap: 30, ..World::with_members(250) });
    assert_eq!(coverage(&home), "ok|250|250|250|9");
}

#[test]
fn a_list_without_a_total_is_read_until_a_page_is_empty() {
    for (members, pages) in [(0, 1), (99, 2), (100, 2), (101, 3), (250, 4)] {
        let home = reads(World { meta_has_total: false, ..World::with_members(members) });
        assert_eq!(coverage(&home), format!("ok||{members}|{members}|{pages}"));
    }
}

#[test]
fn a_list_that_tells_its_pages_is_read_alike() {
    let home = reads(World { meta_has_pages: true, ..World::with_members(250) });
    assert_eq!(coverage(&home), "ok|250|250|250|3");
    let home = reads(World { meta_has_pages: true, meta_has_total: false, ..World::with_members(250) });
    assert_eq!(coverage(&home), "ok||250|250|4");
}

#[test]
fn no_meta_at_all_is_survived() {
    let home = Home::reading(World::with_members(130));
    let no_meta = |answer: &mut serde_json::Value| drop(answer.as_object_mut().map(|o| o.remove("meta")));
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::edit(no_meta)));
    home.sync().succeeds();
    assert_eq!(coverage(&home), "ok||130|130|3");
}

#[test]
fn a_total_that_promises_more_is_a_mismatch_with_the_numbers() {
    let home = Home::reading(World::with_members(250));
    let lie = Trouble::edit(|answer| answer["meta"]["total"] = json!(260));
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(lie));
    mismatches(&home)
        .says("Business 0001 (9001): mismatch: FreshBooks reported 260, but 250 rows were received");
    assert_eq!(coverage(&home), "mismatch|260|250|250|3");
    assert_eq!(message(&home), "FreshBooks reported 260, but 250 rows were received; read 3 times");
    // What came is kept, and says that it is not all.
    let rows = "SELECT count(*), sum(flags LIKE '%listing_incomplete%') FROM memberships";
    assert_eq!(home.tables().one(rows), "250|250");
    assert_eq!(home.tables().one("SELECT status FROM snapshots"), "partial");
}

#[test]
fn a_total_that_promises_less_is_a_mismatch_with_the_numbers() {
    let home = Home::reading(World::with_members(250));
    let lie = Trouble::edit(|answer| answer["meta"]["total"] = json!(240));
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(lie));
    mismatches(&home);
    assert_eq!(coverage(&home), "mismatch|240|250|250|3");
}

#[test]
fn a_total_that_hides_whole_pages_is_a_mismatch() {
    let home = Home::reading(World { meta_has_pages: true, ..World::with_members(250) });
    let lie = Trouble::edit(|answer| answer["meta"]["total"] = json!(50));
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(lie));
    mismatches(&home);
    assert_eq!(coverage(&home), "mismatch|50|250|250|3");
}

#[test]
fn a_total_that_moves_while_the_list_is_read_is_read_again() {
    let home = Home::reading(World::with_members(250));
    let lie = Trouble::edit(|answer| answer["meta"]["total"] = json!(251));
    home.sandbox.arm(Fault::on(TEAM).query_contains("page=2&").then(lie));
    home.sync().succeeds();
    assert_eq!(coverage(&home), "ok|250|250|250|3");
}

#[test]
fn a_repeated_page_is_a_mismatch_and_not_an_endless_list() {
    let home = Home::reading(World::with_members(250));
    // A server that ignores `page`, and says so honestly or not.
    let first_page = json!({
        "response": [{ "uuid": "a", "first_name": "Ada", "active": true, "business_role_name": "owner" }],
        "meta": { "per_page": 1, "total": 1_000_000 },
    });
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::Json200(first_page)));
    mismatches(&home).says("rows received, of which 1 are distinct");
    let asked = home.sandbox.count("GET", TEAM);
    assert!(asked < 100, "{asked} pages asked for");
}

#[test]
fn another_page_than_the_one_asked_for_is_a_mismatch() {
    let home = Home::reading(World::with_members(150));
    let lie = Trouble::edit(|answer| answer["meta"]["page"] = json!(1));
    home.sandbox.arm(Fault::on(TEAM).query_contains("page=2&").times(usize::MAX).then(lie));
    mismatches(&home).says("page 2 was requested but page 1 was received; read 3 times");
}

#[test]
fn a_member_on_two_pages_is_one_row_and_a_mismatch() {
    let home = Home::reading(World::with_members(150));
    let twice = Trouble::edit(|answer| {
        let rows = answer["response"].as_array_mut().expect("rows");
        rows[0]["uuid"] = json!("00002329-0000-4000-8000-000000000007");
    });
    home.sandbox.arm(Fault::on(TEAM).query_contains("page=2&").times(usize::MAX).then(twice));
    mismatches(&home).says("150 rows received, of which 149 are distinct");
    assert_eq!(coverage(&home), "mismatch|150|150|149|2");
    assert_eq!(home.tables().number("SELECT count(*) FROM memberships"), 149);
}

#[test]
fn a_page_that_stays_empty_though_more_were_promised_ends_the_list() {
    let home = Home::reading(World::with_members(250));
    let empty = Trouble::edit(|answer| answer["response"] = json!([]));
    home.sandbox.arm(Fault::on(TEAM).query_contains("page=3&").times(usize::MAX).then(empty));
    mismatches(&home).says("FreshBooks reported 250, but 200 rows were received");
}

#[test]
fn pages_past_the_end_are_empty_and_do_no_harm() {
    let home = Home::reading(World::with_members(250));
    let lie = Trouble::edit(|answer| answer["meta"]["pages"] = json!(9));
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(lie));
    home.sync().succeeds();
    assert!(coverage(&home).starts_with("ok|250|250|250|"), "{}", coverage(&home));
}

#[test]
fn somebody_who_leaves_between_two_pages_is_noticed_though_the_count_stays() {
    let home = Home::reading(World::with_members(150));
    // The second member leaves, so the 101st slides onto page 1; a newcomer keeps the total steady.
    let slide = Trouble::hook(|world| {
        let members = &mut world.businesses[0].members;
        let mut newcomer = members.remove(1);
        newcomer.uuid = Some("newcomer".to_owned());
        members.push(newcomer);
    });
    home.sandbox.arm(Fault::on(TEAM).query_contains("page=1&").then(slide));
    home.sync().succeeds();
    assert_eq!(coverage(&home), "ok|150|150|150|2");
    // Two readings of two pages, each with a second look at page 1.
    assert_eq!(home.sandbox.count("GET", TEAM), 6);
    let slid = "SELECT count(*) FROM memberships WHERE member_uuid = '00002329-0000-4000-8000-000000000064'";
    assert_eq!(home.tables().number(slid), 1);
}

#[test]
fn a_list_that_never_rests_is_a_mismatch_after_three_readings() {
    let home = Home::reading(World::with_members(150));
    let stir = Trouble::hook(|world| {
        let members = &mut world.businesses[0].members;
        members.rotate_left(1);
    });
    home.sandbox.arm(Fault::on(TEAM).query_contains("page=2&").times(usize::MAX).then(stir));
    mismatches(&home).says("the first page changed while the list was read; read 3 times");
    assert_eq!(home.sandbox.count("GET", TEAM), 9);
}

#[test]
fn the_number_of_workers_does_not_change_what_is_read() {
    let contents: Vec<Vec<String>> = ["1", "4", "16"]
        .into_iter()
        .map(|jobs| {
            let home = Home::reading(World::demo());
            home.fbsync(&["sync", "--db", DB, "--jobs", jobs]).succeeds();
            home.tables().rows("SELECT sha256 FROM listings ORDER BY id")
        })
        .collect();
    assert_eq!(contents[0], contents[1]);
    assert_eq!(contents[0], contents[2]);
}
