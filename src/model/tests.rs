//! The rules on people and roles as tables: what the sources say, and the rows that come of it.

use super::marks::LastLogin;
use super::people::People;
use super::reading::{GroupMember, Member, OwnMembership};
use super::texts::Parts;
use super::*;
use crate::time::Timestamp;

fn me() -> Identity {
    Identity {
        id: 1,
        uuid: Some("me-uuid".to_owned()),
        email: "Me@x.example".to_owned(),
        first_name: "Me".to_owned(),
        last_name: "Lee".to_owned(),
    }
}

/// The words of a line; `-` stands for one that is not there.
fn words<const N: usize>(line: &str) -> [&str; N] {
    let words: Vec<&str> = line.split(' ').map(|word| if word == "-" { "" } else { word }).collect();
    words.try_into().unwrap_or_else(|_| panic!("{N} words: {line}"))
}

/// `uuid identity email name role`, all of it but the uuid and the role optional.
fn member(line: &str) -> Membership {
    let [uuid, identity, email, first_name, role] = words(line);
    Membership::from_member(Member {
        texts: Parts { member_uuid: uuid, email, first_name, ..Parts::default() },
        identity_id: identity.parse().ok(),
        role: role::kept(role),
        active: true,
        invitation_accepted_at: None,
        created_at: None,
        updated_at: None,
        record: [7; 32],
    })
}

/// `identity email name role`.
fn named(line: &str) -> GroupMember {
    let [identity, email, first_name, role] = words(line);
    GroupMember {
        identity_id: identity.parse().ok(),
        identity_uuid: identity.parse::<i64>().ok().map(|id| format!("uuid-{id}")),
        email: email.to_owned(),
        first_name: first_name.to_owned(),
        last_name: String::new(),
        role: role.to_owned(),
        active: Some(true),
        record: [8; 32],
    }
}

fn business(id: i64, members: &[&str], group: &[&str]) -> BusinessReading {
    let read = |resource| Coverage::unread(resource, Outcome::Ok, None);
    BusinessReading {
        business: Business {
            id,
            uuid: None,
            account_id: None,
            name: format!("B{id}"),
            active: None,
            status: None,
            subscription_status: None,
            timezone: None,
            own: Vec::new(),
        },
        members: members.iter().map(|line| member(line)).collect(),
        group: group.iter().map(|line| named(line)).collect(),
        staff: Vec::new(),
        coverage: vec![read(Resource::TeamMembers), read(Resource::BusinessGroup)],
    }
}

/// The rows of all businesses, in order: `business account_key role sources flags`.
fn rows(readings: Vec<BusinessReading>) -> Vec<String> {
    let shown = |(id, row): (i64, &Membership)| {
        format!("{id} {} {} {} {}", row.account_key, row.role, row.sources, row.flags).trim_end().to_owned()
    };
    relate::rows(&relate(&me(), readings)).map(shown).collect()
}

#[track_caller]
fn check(businesses: &[(&[&str], &[&str])], expected: &[&str]) {
    let readings = (1..).zip(businesses).map(|(id, (members, group))| business(id, members, group));
    assert_eq!(rows(readings.collect()), expected);
}

#[test]
fn an_address_is_that_of_its_only_identity() {
    let (ann, invited) = ("u1 7 ann@x.example Ann client", "u2 - ANN@x.example Ann owner");
    check(
        &[(&[ann], &[]), (&[invited], &[])],
        &["1 identity:7 client team_members", "2 identity:7 owner team_members"],
    );
    // The identity that signed in and those of a group count as well.
    check(&[(&["u1 - me@X.example Me client"], &[])], &["1 identity:1 client team_members"]);
    check(
        &[(&[], &["9 bo@x.example Bo owner"]), (&["u1 - bo@x.example Bo client"], &[])],
        &["1 identity:9 owner business_group", "2 identity:9 client team_members"],
    );
    // Of two identities nobody can tell.
    let other = "u3 8 ann@x.example Ann client";
    check(
        &[(&[ann, other], &[]), (&[invited], &[])],
        &[
            "1 identity:7 client team_members",
            "1 identity:8 client team_members",
            "2 email:ann@x.example owner team_members",
        ],
    );
    // Without an address, each record is somebody of its own.
    check(
        &[(&["u1 - - Cy client", "u2 - - Cy client"], &[])],
        &["1 member:u1 client team_members", "1 member:u2 client team_members"],
    );
}

#[test]
fn an_address_under_two_names_is_flagged() {
    let flagged = |first: &str, second: &str| -> bool {
        let lines = [format!("u1 - o@x.example {first} client"), format!("u2 - O@x.example {second} owner")];
        let rows = rows(vec![business(1, &[&lines[0], &lines[1]], &[])]);
        let flags: Vec<bool> = rows.iter().map(|row| row.ends_with(" shared_email")).collect();
        assert_eq!(flags[0], flags[1], "{rows:?}");
        flags[0]
    };
    assert!(flagged("Ann", "Bo"));
    for (first, second) in
        [("Ann", "Ann"), ("Ann", "ANN"), ("Zoe\u{308}", "Zo\u{eb}"), ("Ann", "-"), ("-", "Ann")]
    {
        assert!(!flagged(first, second), "{first} {second}");
    }
    // What the group calls somebody does not count.
    check(
        &[(&["u1 7 a@x.example Ann client"], &["7 a@x.example Annie client"])],
        &["1 identity:7 client team_members+business_group"],
    );
}

#[test]
fn sources_are_merged_where_account_and_role_agree() {
    let ann = "u1 7 ann@x.example Ann client";
    check(
        &[(&[ann], &["7 ann@x.example Ann client", "7 ann@x.example Ann owner", "7 - - owner"])],
        &["1 identity:7 client team_members+business_group", "1 identity:7 owner business_group"],
    );
    // Two records of one person stay two rows, and both are named by the group.
    check(
        &[(&[ann, "u2 7 ann@x.example Ann client"], &["7 ann@x.example Ann client"])],
        &[
            "1 identity:7 client team_members+business_group",
            "1 identity:7 client team_members+business_group",
        ],
    );
    // The identity's own role, alone and with a record.
    let mut own = business(1, &["u1 1 me@x.example Me client"], &["1 me@x.example Me owner"]);
    let role = |role: &str| OwnMembership { role: role.to_owned(), record: [9; 32] };
    own.business.own = vec![role("owner"), role("contractor"), role("client"), role("dreamer")];
    let listing = relate(&me(), vec![own]).remove(0);
    let shown: Vec<String> = listing
        .memberships
        .iter()
        .map(|row| format!("{} {} {} {:?}", row.role, row.sources, row.flags, row.identity_uuid.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            r#"contractor identity  Some("me-uuid")"#,
            r#"dreamer identity unknown_role Some("me-uuid")"#,
            r#"client identity+team_members  Some("me-uuid")"#,
            r#"owner identity+business_group  Some("uuid-1")"#,
        ]
    );
    assert_eq!(listing.records, [[8; 32], [9; 32]]);
}

#[test]
fn what_was_not_read_is_flagged_on_every_row() {
    let with = |coverage: &[(Resource, Outcome)]| {
        let mut reading = business(1, &["u1 7 a@x.example Ann client"], &[]);
        let line = |(resource, outcome): &(Resource, Outcome)| Coverage::unread(*resource, *outcome, None);
        reading.coverage = coverage.iter().map(line).collect();
        rows(vec![reading]).remove(0)
    };
    let (list, group) = (Resource::TeamMembers, Resource::BusinessGroup);
    for (coverage, expected) in [
        (&[(list, Outcome::Ok), (group, Outcome::Ok)][..], ""),
        (&[(list, Outcome::Mismatch), (group, Outcome::Ok)], "listing_incomplete"),
        (&[(list, Outcome::Ok), (group, Outcome::Denied)], "owners_not_checked"),
        (&[(list, Outcome::Ok)], ""),
        (&[(list, Outcome::Skipped)], "listing_incomplete;owners_not_checked"),
        (&[], "listing_incomplete"),
    ] {
        let row = format!("1 identity:7 client team_members {expected}");
        assert_eq!(with(coverage), row.trim_end(), "{coverage:?}");
    }
}

#[test]
fn sign_ins_are_joined_by_address() {
    let moment = |day: u32| Timestamp::parse(&format!("2026-01-0{day}T00:00:00Z"));
    let person = |email: &str, last_login_at, logins| StaffMember {
        id: None,
        email: email.to_owned(),
        last_login_at,
        logins,
        record: [6; 32],
    };
    let members = [
        "u1 - a@x.example Ann client",
        "u2 - b@x.example Bo client",
        "u3 - c@x.example Cy client",
        "u4 - d@x.example Di client",
        "u5 - - Em client",
    ];
    let mut reading = business(1, &members, &[]);
    let not_asked = relate(&me(), vec![reading.clone()]);
    assert!(not_asked[0].memberships.iter().all(|row| row.last_login == LastLogin::NotRequested));
    reading.staff = vec![
        person("A@x.example", moment(1), Some(3)),
        person("a@x.example", moment(2), Some(4)),
        person("a@x.example", None, Some(5)),
        person("b@x.example", None, Some(0)),
        person("c@x.example", None, Some(2)),
        person("", moment(3), Some(9)),
    ];
    reading.coverage.push(Coverage::unread(Resource::Staff, Outcome::Ok, None));
    let listing = relate(&me(), vec![reading]).remove(0);
    let shown = |row: &Membership| {
        let at = row.last_login.moment().map(|at| at.to_string()[8..10].to_owned()).unwrap_or_default();
        format!("{} {at} {:?} {}", row.last_login.status(), row.logins, row.sources)
    };
    assert_eq!(
        listing.memberships.iter().map(shown).collect::<Vec<_>>(),
        [
            "known 02 Some(4) team_members+staff",
            "never  Some(0) team_members+staff",
            "not_provided_by_source  Some(2) team_members+staff",
            "not_provided_by_source  None team_members",
            "not_provided_by_source  None team_members",
        ]
    );
    assert_eq!(listing.records, [[6; 32]]);
}

#[test]
fn rows_are_in_the_order_of_every_report() {
    let mut second = business(
        2,
        &["u1 - - Ann client", "u2 - Zed@x.example Z client", "u3 - alf@x.example A client"],
        &[],
    );
    second.business.name = "alpha".to_owned();
    let mut first = business(1, &["u4 7 - Bo owner", "u5 7 bo@x.example Bo client"], &[]);
    first.business.name = "Beta".to_owned();
    assert_eq!(
        rows(vec![first, second]),
        [
            "2 email:alf@x.example client team_members",
            "2 email:zed@x.example client team_members",
            "2 member:u1 client team_members",
            "1 identity:7 client team_members",
            "1 identity:7 owner team_members",
        ]
    );
}

#[test]
fn the_newest_record_speaks_for_its_account() {
    let dated = |line: &str, updated: &str| Membership {
        member_updated_at: Timestamp::parse(updated),
        ..member(line)
    };
    let (old, new) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let mut first = business(1, &[], &[]);
    first.members = vec![
        dated("u1 7 old@x.example Annie client", old),
        dated("u2 7 - - owner", new),
        dated("u3 1 other@x.example Other client", new),
    ];
    let mut second = business(2, &[], &["7 group@x.example Anne contractor"]);
    second.members = vec![dated("u4 7 new@x.example Ann client", new), dated("u5 8 - - client", "")];
    let me = me();
    let listings = relate(&me, vec![first, second]);
    let mut accounts: Vec<String> = People::of(&me, relate::rows(&listings))
        .accounts()
        .map(|one| {
            let (uuid, n) = (one.identity_uuid.unwrap_or_default(), one.businesses);
            format!(
                "{} {} {} {} {} {uuid} {n}",
                one.key, one.email, one.emails, one.first_name, one.full_name
            )
        })
        .collect();
    accounts.sort();
    assert_eq!(
        accounts,
        [
            "identity:1 Me@x.example me@x.example;other@x.example Me Me Lee me-uuid 1",
            "identity:7 new@x.example group@x.example;new@x.example;old@x.example Ann Ann uuid-7 2",
            "identity:8      1",
        ]
    );
}

#[test]
fn what_is_related_again_knows_nothing_of_elsewhere() {
    let (ann, invited) = ("u1 7 ann@x.example Ann client", "u2 - ann@x.example Bo owner");
    let mut listings = relate(&me(), vec![business(1, &[ann], &[]), business(2, &[invited], &[])]);
    listings.remove(0);
    relate_again(&me(), &mut listings);
    let row = &listings[0].memberships[0];
    assert_eq!(
        (row.account_key.to_string(), row.flags.to_string()),
        ("email:ann@x.example".to_owned(), String::new())
    );
}

#[test]
fn a_state_follows_from_the_record() {
    let accepted = Timestamp::parse("2026-01-01T00:00:00Z");
    for (active, identity, accepted_at, role, expected) in [
        (true, Some(7), None, "client", "active "),
        (true, None, accepted, "client", "active "),
        (true, None, None, "client", "invited "),
        (true, None, None, "no_seat_employee", "no_login "),
        (true, Some(7), None, "no_seat_employee", "active "),
        (false, Some(7), None, "client", "inactive "),
        (false, None, accepted, "client", "inactive "),
        (false, None, None, "client", "inactive never_accepted"),
        (true, Some(7), None, "dreamer", "active unknown_role"),
    ] {
        let row = Membership::from_member(Member {
            texts: Parts { member_uuid: "u1", ..Parts::default() },
            identity_id: identity,
            role: role::kept(role),
            active,
            invitation_accepted_at: accepted_at,
            created_at: None,
            updated_at: None,
            record: [7; 32],
        });
        assert_eq!(format!("{} {}", row.state, row.flags), expected, "{active} {identity:?} {role}");
    }
}

#[test]
fn what_suffices_for_a_complete_snapshot() {
    for (outcome, reason, suffices, is_whole) in [
        (Outcome::Ok, None, true, true),
        (Outcome::Skipped, None, true, false),
        (Outcome::Denied, None, false, false),
        (Outcome::Denied, Some("known"), true, true),
        (Outcome::Mismatch, Some("known"), true, true),
        (Outcome::Failed, Some("known"), false, false),
    ] {
        let mut list = Coverage::unread(Resource::TeamMembers, outcome, None);
        reason.into_iter().for_each(|reason| list.accept(reason));
        assert_eq!((list.suffices(), list.is_whole_list()), (suffices, is_whole), "{outcome} {reason:?}");
    }
}

#[test]
fn a_row_differs_from_its_record_in_a_field() {
    let record = member("u1 7 ann@x.example Ann client");
    assert_eq!(record.differs_from(&record), None);
    for (line, expected) in [
        ("u2 7 ann@x.example Ann client", "member_uuid"),
        ("u1 8 ann@x.example Ann client", "identity_id"),
        ("u1 - ann@x.example Ann client", "state"),
        ("u1 7 bo@x.example Ann client", "email"),
        ("u1 7 ann@x.example Bo client", "first_name"),
        ("u1 7 ann@x.example Ann owner", "role"),
    ] {
        assert_eq!(member(line).differs_from(&record), Some(expected), "{line}");
    }
    // Another source can tell whose it is.
    let unknown = Membership { state: record.state, ..member("u1 - ann@x.example Ann client") };
    assert_eq!(record.differs_from(&unknown), None);
}

#[test]
fn a_role_outranks_those_that_can_do_less() {
    let order = ["owner", "business_partner", "business_manager", "contractor", "client"];
    for (at, role) in order.iter().enumerate() {
        for (other_at, other) in order.iter().enumerate() {
            assert_eq!(role::outranks(role, other), at < other_at, "{role} {other}");
        }
        assert!(!role::outranks(role, "dreamer") && !role::outranks("dreamer", role), "{role}");
    }
    for (text, role) in
        [("Admin", "business_partner"), ("OWNER", "owner"), ("client", "client"), ("Boss", "Boss")]
    {
        assert_eq!(role::named(text), role);
    }
    assert_eq!((role::label("dreamer"), role::class("dreamer")), ("dreamer", "unknown"));
    assert!(role::assignable("classic_staff").contains(&"classic_contractor"));
    assert!(role::assignable("client").contains(&"owner") && role::is_owner("systemless_owner"));
}
