//! One odd entry never costs a list: what can be read is kept, what cannot is counted and named, and a
//! list in which somebody may be missing says so.

use fbsync::sandbox::{Answer, Fault, Trouble, World};
use serde_json::{Value, json};

use crate::harness::{DB, Home, NEW_DB, Run};

const ME: &str = "/users/me";
const TEAM: &str = "/team_members";
const GROUP: &str = "/users/business/";

/// Two businesses of three members; `path` always answers with this change.
fn with(path: &str, edit: impl FnMut(&mut Value) + Send + 'static) -> Home {
    let home = Home::reading(World::many(2, 3));
    home.sandbox.arm(Fault::on(path).times(usize::MAX).then(Trouble::edit(edit)));
    home
}

/// The same with a change of the text, for what no JSON value can hold.
fn with_text(path: &str, old: &'static str, new: &'static str) -> Home {
    let home = Home::reading(World::many(2, 3));
    let rewrite = move |_: &_, answer: &mut Answer| {
        let body = String::from_utf8(std::mem::take(&mut answer.body)).expect("UTF-8");
        assert!(body.contains(old), "{body}");
        answer.body = body.replacen(old, new, 1).into_bytes();
    };
    home.sandbox.arm(Fault::on(path).times(usize::MAX).then(Trouble::rewrite(rewrite)));
    home
}

fn coverage(home: &Home, resource: &str) -> String {
    home.tables().one(&format!(
        "SELECT outcome, expected, received, distinct_rows, attempts, coalesce(message, '') FROM coverage
         WHERE business_id = 9001 AND resource = '{resource}' ORDER BY snapshot_id DESC LIMIT 1"
    ))
}

fn members(home: &Home) -> i64 {
    home.tables().number("SELECT count(*) FROM memberships WHERE sources LIKE '%team_members%'")
}

fn verified(home: &Home, run: &Run) {
    assert!(run.code != Some(1), "{run}");
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn an_entry_that_is_no_record_is_counted_and_the_others_are_kept() {
    for (entry, told) in [
        (json!(null), "is null"),
        (json!("Ife"), "is not an object"),
        (json!(9_223_372_036_854_775_808_u64), "is not an object"),
        (json!([{ "uuid": "a" }]), "is not an object"),
    ] {
        let home = with("/9001/team_members", move |answer| answer["response"][1] = entry.clone());
        let run =
            home.sync().exits(7).says("error: snapshot 1 is partial: 1 list").says("--accept-gap 9001=");
        let message = format!(
            "2 of 3 entries are readable members; 1 entry cannot be read (response[1] {told} on page 1)"
        );
        assert_eq!(coverage(&home, "team_members"), format!("mismatch|3|3|2|1|{message}"));
        assert_eq!(members(&home), 5);
        verified(&home, &run);
        home.fbsync(&["sync", "--db", DB, "--accept-gap", "9001=known"]).succeeds();
    }
}

#[test]
fn an_entry_too_many_is_told_and_nobody_is_missing() {
    let home = with("/9001/team_members", |answer| {
        answer["response"].as_array_mut().expect("rows").insert(1, Value::Null);
    });
    let told = "1 entry cannot be read (response[1] is null on page 1)";
    let run = home.sync().succeeds().says(&format!("warning: Business 0001 (9001): {told}"));
    assert_eq!(coverage(&home, "team_members"), format!("ok|3|4|3|1|{told}"));
    assert_eq!(members(&home), 6);
    verified(&home, &run);
}

#[test]
fn half_an_emoji_is_a_replacement_character() {
    let home = with_text(TEAM, "\"job_title\":null", "\"job_title\":\"Chef \\ud83d\"");
    let run = home.sync().succeeds();
    assert_eq!(run.stderr, NEW_DB);
    let title = home.tables().rows("SELECT DISTINCT job_title FROM memberships WHERE job_title <> ''");
    assert_eq!(title, ["Chef \u{fffd}"]);
    verified(&home, &run);
    let home = with_text(ME, "\"name\":\"Business 0001\"", "\"name\":\"Bakery \\uDC00\"");
    let run = home.sync().succeeds();
    assert_eq!(home.tables().rows("SELECT name FROM businesses"), ["Bakery \u{fffd}", "Business 0002"]);
    verified(&home, &run);
}

#[test]
fn a_key_twice_counts_with_its_last_value() {
    let home =
        with_text(TEAM, "\"first_name\":", "\"first_name\":\"Nobody\",\"email\":\"x\",\"first_name\":");
    let run = home.sync().succeeds();
    assert_eq!(home.tables().number("SELECT count(*) FROM memberships WHERE first_name = 'Nobody'"), 0);
    verified(&home, &run);
    // Also where it is the list itself.
    let home = with_text("/9001/team_members", "\"response\":", "\"response\":null,\"response\":");
    home.sync().succeeds();
    assert_eq!(members(&home), 6);
}

#[test]
fn numbers_that_are_no_ids_cost_the_number_and_are_named() {
    for odd in [json!(9_223_372_036_854_775_808_u64), json!(7701.5), json!("none"), json!([1])] {
        let home =
            with("/9001/team_members", move |answer| answer["response"][1]["identity_id"] = odd.clone());
        let told = "1 `identity_id` cannot be read (response[1] on page 1)";
        let run = home.sync().succeeds().says(told);
        assert_eq!(coverage(&home, "team_members"), format!("ok|3|3|3|1|{told}"));
        verified(&home, &run);
    }
    // No number of any size is an error of JSON.
    let home = with_text(TEAM, "\"identity_id\":", "\"new\":[1e999,-1e999],\"identity_id\":");
    home.sync().succeeds();
    let home = with("/9001/team_members", |answer| {
        for member in answer["response"].as_array_mut().expect("rows") {
            member["identity_id"] = json!(member["identity_id"].as_i64().expect("an id") as f64);
            member["active"] = json!(0.0);
            member["business_id"] = json!(9001.0);
        }
    });
    home.sync().succeeds().does_not_say("cannot be read");
    let inactive = "SELECT count(*) FROM memberships WHERE business_id = 9001 AND state = 'inactive'
         AND account_key LIKE 'identity:9001%'";
    assert_eq!(home.tables().number(inactive), 2);
}

#[test]
fn a_member_of_another_business_is_not_taken_silently() {
    let home = with("/9001/team_members", |answer| {
        answer["response"][0]["business_id"] = json!(9002);
        answer["response"][2]["business_id"] = json!(9_223_372_036_854_775_808_u64);
        answer["response"][1].as_object_mut().expect("a member").remove("business_id");
    });
    let told = "2 entries belong to another business (response[0] on page 1, response[2] on page 1)";
    let run = home.sync().succeeds().says(&format!("warning: Business 0001 (9001): {told}"));
    assert_eq!(coverage(&home, "team_members"), format!("ok|3|3|3|1|{told}"));
    assert_eq!(members(&home), 6);
    verified(&home, &run);
    // Many such lists are not many lines.
    let home = Home::reading(World::many(9, 2));
    let stray = Trouble::edit(|answer| answer["response"][0]["business_id"] = json!(1));
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(stray));
    let run = home.sync().succeeds().says("warning: 6 more lists contain odd entries");
    assert_eq!(run.stderr.replace(NEW_DB, "").lines().count(), 4, "{run}");
}

#[test]
fn the_group_of_another_business_is_not_this_ones() {
    let home = with("/users/business/9001", |answer| answer["response"]["id"] = json!(9002));
    home.sync().succeeds();
    let told = "HTTP 200: the answer is about another business";
    assert_eq!(coverage(&home, "business_group"), format!("failed||0|0|5|{told}"));
    let flags = "SELECT DISTINCT flags FROM memberships WHERE business_id = 9001";
    assert_eq!(home.tables().rows(flags), ["owners_not_checked"]);
}

#[test]
fn a_group_with_an_entry_that_is_no_record_is_a_mismatch_and_its_others_count() {
    let home = with(GROUP, |answer| {
        let members = answer["response"]["business_group"]["members"].as_array_mut().expect("members");
        members.extend([json!(null), json!({ "role": "owner", "email": "new@b.example" })]);
    });
    let run = home.sync().succeeds();
    let told = "1 entry cannot be read (business_group.members[1] is null)";
    assert_eq!(coverage(&home, "business_group"), format!("mismatch||3|2|1|{told}"));
    let new = "SELECT count(*) FROM memberships WHERE email = 'new@b.example' AND role = 'owner'";
    assert_eq!(home.tables().number(new), 2);
    verified(&home, &run);
}

#[test]
fn a_total_that_cannot_be_read_is_a_mismatch() {
    for meta in [
        json!({ "total": "many" }),
        json!({ "total": 9_223_372_036_854_775_808_u64 }),
        json!({ "total": 2.5 }),
        json!({ "total": -1 }),
        json!({ "total": [3] }),
        json!([]),
        json!("3"),
    ] {
        let home = with("/9001/team_members", move |answer| answer["meta"] = meta.clone());
        home.sync().exits(7);
        let told = "FreshBooks' total cannot be read";
        assert_eq!(coverage(&home, "team_members"), format!("mismatch||3|3|2|{told}"));
        assert_eq!(members(&home), 6);
    }
    for meta in [json!(null), json!({}), json!({ "total": null }), json!({ "total": "" })] {
        let home = with("/9001/team_members", move |answer| answer["meta"] = meta.clone());
        home.sync().succeeds();
        assert_eq!(coverage(&home, "team_members"), "ok||3|3|2|");
    }
}

#[test]
fn a_membership_without_a_business_costs_no_other() {
    let business = |odd: Value| {
        move |answer: &mut Value| {
            answer["response"]["business_memberships"][0]["business"] = odd.clone();
        }
    };
    for (odd, told) in [
        (json!(null), "names no business"),
        (json!({ "name": "Nameless" }), "has no readable business id"),
        (json!({ "id": 9_223_372_036_854_775_808_u64 }), "has no readable business id"),
        (json!([]), "is not an object"),
    ] {
        let home = with(ME, business(odd));
        let told = format!("warning: 1 membership is (business_memberships[0] {told}): left out");
        let run = home.sync().succeeds().says(&told);
        assert_eq!(home.tables().rows("SELECT business_id FROM businesses"), ["9002"]);
        let unread = "SELECT parameters -> 'unread_memberships' FROM snapshots";
        assert_eq!(home.tables().one(unread), "1");
        verified(&home, &run);
    }
    // A list that is not there at all is another matter: nobody knows what is missing.
    let home = with(ME, |answer| answer["response"]["business_memberships"] = Value::Null);
    home.sync().exits(5).says("the answer has no `business_memberships`");
    assert!(!home.path(DB).exists());
}

#[test]
fn odd_staff_entries_are_counted_too() {
    let home = with("/users/staffs", |answer| {
        let result = &mut answer["response"]["result"];
        result["staffs"].as_array_mut().expect("rows").push(Value::Null);
        result["total"] = json!(2);
    });
    home.fbsync(&["sync", "--db", DB, "--include", "staff"]).succeeds();
    let told = "1 entry cannot be read (staffs[1] is null on page 1)";
    assert_eq!(coverage(&home, "staff"), format!("mismatch|2|2|1|1|{told}"));
}
