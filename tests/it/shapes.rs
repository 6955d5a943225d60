//! Answers in other shapes than the documented one: what can be understood is, and the record keeps
//! the rest.

use fbsync::sandbox::{ABSENT, Extra, Fault, GroupMember, Member, Trouble, World};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::Home;

fn extra(fields: Value) -> Extra {
    fields.as_object().cloned().expect("an object")
}

/// One business, and in it the owner and this member.
fn with_member(fields: Value) -> Home {
    let mut world = World::with_members(1);
    let member = Member::new("Ife", "Okafor", "ife@b9001.example", "business_employee");
    let member = Member { uuid: Some("ife-1".to_owned()), identity_id: Some(7), ..member };
    world.businesses[0].members.push(Member { extra: extra(fields), ..member });
    let home = Home::reading(world);
    home.sync().succeeds();
    home
}

const IFE: &str = "SELECT account_key, role, email, active, state, member_created_at FROM memberships
     WHERE member_uuid IS NOT NULL AND account_key <> 'identity:6100001'";

#[test]
fn ids_that_come_as_text_are_the_same_ids() {
    let mut world = World::with_members(3);
    world.me.extra = extra(json!({ "id": "6100001", "identity_id": "6100001" }));
    let business = &mut world.businesses[0];
    business.extra = extra(json!({ "id": "9001" }));
    for (at, member) in business.members.iter_mut().enumerate() {
        let (id, active) = (member.identity_id.map(|id| id.to_string()), ["true", "1"][at % 2]);
        member.extra = extra(json!({ "identity_id": id, "business_id": "9001", "active": active }));
    }
    let home = Home::reading(world);
    home.sync().succeeds();
    let rows =
        home.tables().rows("SELECT business_id, account_key, active, state FROM memberships ORDER BY 2");
    let expected = [
        "9001|identity:6100001|1|active",
        "9001|identity:9001000001|1|active",
        "9001|identity:9001000002|1|active",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn ids_beyond_what_a_float_can_hold_are_exact() {
    let home = with_member(json!({ "identity_id": 9_007_199_254_740_993_i64 }));
    assert_eq!(
        home.tables().one(IFE),
        "identity:9007199254740993|business_employee|ife@b9001.example|1|active|2024-01-01T09:30:00Z"
    );
}

#[test]
fn an_identity_that_has_only_an_id_is_that_id() {
    let mut world = World::with_members(1);
    world.me.extra = extra(json!({ "identity_id": ABSENT, "identity_uuid": ABSENT }));
    let home = Home::reading(world);
    home.sync().succeeds();
    assert_eq!(home.tables().one("SELECT identity_id, identity_uuid FROM snapshots"), "6100001|");
}

#[test]
fn a_member_of_whom_hardly_anything_is_said_is_kept() {
    let absent =
        |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), json!(ABSENT))).collect::<Extra>();
    let fields = absent(&[
        "email",
        "first_name",
        "last_name",
        "business_role_name",
        "active",
        "identity_id",
        "created_at",
        "updated_at",
        "invitation_date_accepted",
        "job_title",
    ]);
    let home = with_member(Value::Object(fields));
    assert_eq!(home.tables().one(IFE), "member:ife-1|||1|invited|");
}

#[test]
fn values_of_a_wrong_type_cost_the_value_and_not_the_member() {
    let home = with_member(json!({
        "email": { "work": "ife@b9001.example" }, "first_name": 12, "business_role_name": null,
        "identity_id": "none yet", "created_at": "last Tuesday", "active": "perhaps",
    }));
    assert_eq!(home.tables().one(IFE), "member:ife-1|||1|active|");
    let record = "SELECT body ->> '$.created_at', body ->> '$.email.work' FROM records
         JOIN memberships ON record_sha256 = sha256 WHERE member_uuid = 'ife-1'";
    assert_eq!(home.tables().one(record), "last Tuesday|ife@b9001.example");
}

#[test]
fn fields_that_nobody_has_heard_of_stay_in_the_record() {
    let home = with_member(json!({ "seat_tier": { "name": "gold", "since": 2027 }, "mfa": true }));
    let record = "SELECT body -> '$.seat_tier', body -> '$.mfa' FROM records
         JOIN memberships ON record_sha256 = sha256 WHERE member_uuid = 'ife-1'";
    assert_eq!(home.tables().one(record), r#"{"name":"gold","since":2027}|true"#);
}

#[test]
fn a_record_without_uuid_is_known_by_its_hash() {
    let home = with_member(json!({ "uuid": ABSENT, "identity_id": null, "email": null }));
    let row = home.tables().one(
        "SELECT account_key = 'member:' || member_uuid, member_uuid = 'record:' || record_sha256, body
         FROM memberships JOIN records ON sha256 = record_sha256 WHERE first_name = 'Ife'",
    );
    let (compared, body) = row.split_at("1|1|".len());
    assert_eq!(compared, "1|1|");
    let sha256: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let found = format!("SELECT count(*) FROM access WHERE row_key = '9001/record:{sha256}'");
    assert_eq!(home.tables().number(&found), 1);
}

#[test]
fn two_records_without_uuid_that_are_the_same_to_the_letter_are_a_mismatch() {
    let mut world = World::with_members(1);
    let member = Member::new("Ife", "Okafor", "ife@b9001.example", "business_employee");
    world.businesses[0].members.extend([member.clone(), member]);
    let home = Home::reading(world);
    home.sync().exits(7).says("3 rows received, of which 2 are distinct");
}

#[test]
fn names_with_escapes_and_control_characters_are_kept_and_shown_harmless() {
    let mut world = World::with_members(1);
    world.businesses[0].name = Some("Eve\u{1b}[2J\u{202e}\n\"Ltd\", \u{0}".to_owned());
    world.businesses[0].team_list = fbsync::sandbox::Reading::Refused(403);
    let home = Home::reading(world);
    home.sync().exits(7).says("Eve\\u{1b}[2J\\u{202e}").does_not_say("\u{1b}").does_not_say("\u{202e}");
    let name = home.tables().one("SELECT name FROM businesses");
    assert_eq!(name, "Eve\u{1b}[2J\u{202e}\n\"Ltd\", \u{0}");
}

#[test]
fn a_business_group_row_of_an_unknown_person_is_a_membership_of_its_own() {
    let mut world = World::with_members(2);
    let known = world.businesses[0].members[1].clone();
    world.businesses[0].group.extend([
        // By address alone the second member's, in another role.
        GroupMember {
            role: Some("owner".to_owned()),
            email: known.email,
            active: true,
            ..GroupMember::default()
        },
        // Nobody knows who.
        GroupMember {
            id: 5,
            role: Some("business_partner".to_owned()),
            active: false,
            ..GroupMember::default()
        },
    ]);
    let home = Home::reading(world);
    home.sync().succeeds();
    let rows = home.tables().rows(
        "SELECT account_key LIKE 'member:record:%' OR account_key, role, active, state FROM memberships
         WHERE sources = 'business_group' ORDER BY role",
    );
    assert_eq!(rows, ["1|business_partner|0|inactive", "0|owner|1|active"]);
    let owner = home
        .tables()
        .one("SELECT account_key FROM memberships WHERE role = 'owner' AND email LIKE '%b9001%'");
    assert_eq!(owner, "identity:9001000001");
}

#[test]
fn a_number_that_ends_the_list_early_is_noticed() {
    let home = Home::reading(World::with_members(150));
    let odd =
        Trouble::edit(|answer| answer["meta"] = json!({ "page": "1", "per_page": "100", "total": "150" }));
    home.sandbox.arm(Fault::on("/team_members").query_contains("page=1&").times(2).then(odd));
    home.sync().succeeds();
    let expected =
        home.tables().one("SELECT expected, received FROM coverage WHERE resource = 'team_members'");
    assert_eq!(expected, "150|150");
}
