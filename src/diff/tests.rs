//! Every change there is, and what must not be taken for one.

use super::*;

pub(super) const ALL: &[&str] = &["team_members", "business_group"];

pub(super) fn row(uuid: &str, account: &str, role: &str, state: &str, sources: &str) -> Row {
    let email = account.strip_prefix("email:").unwrap_or_default();
    Row {
        member_uuid: (!uuid.is_empty()).then(|| uuid.to_owned()),
        account_key: AccountKey::parse(account).expect("a key"),
        email: email.to_owned(),
        full_name: "N".to_owned(),
        role: role.to_owned(),
        state: State::parse(state).expect("a state"),
        sources: Sources::parse(sources),
        shown_email: email.to_owned(),
        shown_name: "N".to_owned(),
    }
}

fn listed(uuid: &str, role: &str, state: &str) -> Row {
    row(uuid, "identity:1", role, state, "team_members")
}

fn grouped(role: &str) -> Row {
    row("", "identity:1", role, "active", "business_group")
}

fn side(rows: &[Row], read: &[&str]) -> Side {
    let mut known = Read::default();
    read.iter().for_each(|source| known.add(Sources::parse(source)));
    Side { rows: rows.to_vec(), read: known }
}

fn kinds_where(before: &[Row], read_before: &[&str], after: &[Row], read_after: &[&str]) -> Vec<Kind> {
    let changes = changes(side(before, read_before), side(after, read_after));
    changes.into_iter().map(|change| change.kind).collect()
}

fn kinds(before: &[Row], after: &[Row]) -> Vec<Kind> {
    kinds_where(before, ALL, after, ALL)
}

#[test]
fn one_person_one_change() {
    let owner = &[listed("u1", "owner", "active")];
    let inactive = &[listed("u1", "owner", "inactive")];
    assert_eq!(kinds(owner, owner), []);
    assert_eq!(kinds(owner, &[listed("u1", "client", "active")]), [Kind::RoleChanged]);
    assert_eq!(kinds(owner, inactive), [Kind::Deactivated]);
    assert_eq!(kinds(inactive, owner), [Kind::Activated]);
    assert_eq!(kinds(owner, &[]), [Kind::Left]);
    assert_eq!(kinds(&[], owner), [Kind::Joined]);
    let renamed = Row { full_name: "M".to_owned(), ..owner[0].clone() };
    assert_eq!(kinds(owner, &[renamed]), [Kind::Renamed]);
    let moved = Row { email: "Ö@x.example".to_owned(), ..owner[0].clone() };
    assert_eq!(kinds(owner, std::slice::from_ref(&moved)), [Kind::EmailChanged]);
    let again = Row { email: " ö@X.example".to_owned(), ..moved.clone() };
    assert_eq!(kinds(&[moved], &[again]), []);
}

#[test]
fn an_accepted_invitation_is_told_once() {
    for state in ["invited", "inactive", "no_login"] {
        let invited = row("u1", "email:a@x.example", "owner", state, "team_members");
        let accepted = Row { full_name: "M".to_owned(), ..listed("u1", "owner", "active") };
        assert_eq!(kinds(&[invited], &[accepted]), [Kind::InvitationAccepted], "{state}");
    }
    let (invited, accepted) = (listed("u1", "owner", "invited"), listed("u1", "owner", "active"));
    assert_eq!(kinds(&[invited], &[accepted]), [Kind::InvitationAccepted]);
}

#[test]
fn a_role_that_changed_with_the_acceptance_is_told_as_well() {
    let invited = row("u1", "email:a@x.example", "business_employee", "invited", "team_members");
    let accepted = listed("u1", "business_partner", "active");
    let mut kinds = kinds(&[invited], &[accepted]);
    kinds.sort();
    assert_eq!(kinds, [Kind::InvitationAccepted, Kind::RoleChanged]);
}

#[test]
fn an_identity_learnt_from_another_business_is_no_acceptance() {
    let invited = row("u1", "email:a@x.example", "owner", "invited", "team_members");
    let known = Row { account_key: AccountKey::Identity(1), ..invited.clone() };
    assert_eq!(kinds(&[invited], &[known]), []);
}

#[test]
fn a_login_that_is_gone_is_told() {
    let active = &[listed("u1", "owner", "active")];
    assert_eq!(kinds(active, &[listed("u1", "owner", "invited")]), [Kind::Deactivated]);
}

#[test]
fn a_new_record_is_a_new_membership_and_a_second_source_is_not() {
    let (first, second) = (listed("u1", "owner", "active"), listed("u2", "owner", "active"));
    let told = changes(side(std::slice::from_ref(&first), ALL), side(&[second], ALL));
    let told: Vec<_> = told.iter().map(|change| (change.kind, change.again)).collect();
    let again = Some(Again::Reinvited);
    assert_eq!(told, [(Kind::Left, again), (Kind::Joined, again)]);
    assert_eq!(kinds(&[grouped("owner")], &[first]), []);
}

#[test]
fn a_record_without_a_uuid_is_found_again_by_its_person() {
    let hashed = |hash, role| row(hash, "identity:1", role, "active", "team_members");
    assert_eq!(kinds(&[hashed("record:aa", "client")], &[hashed("record:bb", "owner")]), [Kind::RoleChanged]);
}

#[test]
fn one_role_replaced_by_one_other_is_a_change_and_more_are_not() {
    assert_eq!(kinds(&[grouped("client")], &[grouped("owner")]), [Kind::RoleChanged]);
    let two = [grouped("client"), grouped("contractor")];
    assert_eq!(kinds(&two, &[grouped("client"), grouped("owner")]), [Kind::RoleChanged]);
    assert_eq!(kinds(&two, &[grouped("owner")]), [Kind::Left, Kind::Left, Kind::Joined]);
    assert_eq!(kinds(&two, &[grouped("client")]), [Kind::Left]);
}

#[test]
fn what_an_unread_source_alone_named_cannot_be_judged() {
    let owner = &[grouped("owner")];
    assert_eq!(kinds_where(owner, ALL, &[], &["team_members"]), [Kind::NotComparable]);
    assert_eq!(kinds_where(&[], &["team_members"], owner, ALL), [Kind::NotComparable]);
    assert_eq!(kinds(owner, &[]), [Kind::Left]);
    let by_both =
        Row { sources: Sources::parse("team_members+business_group"), ..listed("u1", "owner", "active") };
    assert_eq!(kinds_where(&[by_both], ALL, &[], &["team_members"]), [Kind::Left]);
    // The owner of the group did not become the manager of the list.
    let manager = &[listed("u1", "manager", "active")];
    let told = kinds_where(owner, ALL, manager, &["team_members"]);
    assert_eq!(told, [Kind::NotComparable, Kind::Joined]);
}

#[test]
fn one_address_of_two_people_joins_nobody_to_another() {
    let shared = |uuid, key: &str, name: &str| Row {
        email: "office@x.example".to_owned(),
        full_name: name.to_owned(),
        ..row(uuid, key, "client", "active", "team_members")
    };
    let before = [shared("", "member:1", "Ann"), shared("", "member:2", "Bob")];
    let after = [shared("", "member:3", "Cid"), shared("", "member:4", "Dee")];
    let told = kinds(&before, &after);
    assert_eq!(told.iter().filter(|kind| **kind == Kind::Joined).count(), 2, "{told:?}");
}

#[test]
fn the_order_does_not_depend_on_the_order_of_rows() {
    let people: Vec<Row> = ["b", "a", "c"]
        .iter()
        .map(|name| {
            row(&format!("u{name}"), &format!("email:{name}@x.example"), "client", "active", "team_members")
        })
        .collect();
    let names = |rows: &[Row]| -> Vec<String> {
        let told = changes(side(&[], ALL), side(rows, ALL));
        told.iter().filter_map(|change| change.row()).map(|row| row.email.clone()).collect()
    };
    let reversed: Vec<Row> = people.iter().rev().cloned().collect();
    assert_eq!(names(&people), names(&reversed));
    assert_eq!(names(&people)[0], "a@x.example");
}

#[test]
fn another_identity_under_one_record_is_another_person() {
    let (first, second) =
        (listed("u1", "owner", "active"), row("u1", "identity:2", "owner", "active", "team_members"));
    let told = changes(side(std::slice::from_ref(&first), ALL), side(std::slice::from_ref(&second), ALL));
    let told: Vec<_> = told.iter().map(|change| (change.kind, change.again)).collect();
    let again = Some(Again::AnotherIdentity);
    assert_eq!(told, [(Kind::Left, again), (Kind::Joined, again)]);
    // An identity that becomes known is no other one.
    let invited = row("u1", "email:a@x.example", "owner", "invited", "team_members");
    assert_eq!(kinds(&[invited], &[second]), [Kind::InvitationAccepted]);
}

#[test]
fn the_form_of_an_accent_is_no_change() {
    let named = |name: &str, email: &str| Row {
        full_name: name.to_owned(),
        email: email.to_owned(),
        ..listed("u1", "owner", "active")
    };
    let before = named("Zo\u{eb}", "zo\u{eb}@m\u{fc}nchen.example");
    let after = named("Zoe\u{308}", "zoe\u{308}@xn--mnchen-3ya.example");
    assert_eq!(kinds(&[before], &[after]), []);
}

#[test]
fn a_list_that_becomes_readable_makes_nobody_join() {
    let listed_and_grouped =
        Row { sources: Sources::parse("team_members+business_group"), ..listed("u1", "client", "active") };
    let told = kinds_where(&[], &["business_group"], &[listed_and_grouped], ALL);
    assert_eq!(told, [Kind::NotComparable]);
}

#[test]
fn what_became_of_a_row() {
    let check = |before: &Row, after: Option<(&[Row], &[&str])>, expected: Fate| {
        let after = after.map(|(rows, read)| side(rows, read));
        let fates = fates(side(std::slice::from_ref(before), ALL), after);
        assert_eq!(fates, [(before.clone(), expected)]);
    };
    let manager = listed("u1", "manager", "active");
    let client = listed("u1", "client", "active");
    check(&manager, None, Fate::Unknown);
    check(&manager, Some((&[], ALL)), Fate::Gone);
    check(&manager, Some((&[], &["business_group"])), Fate::Unknown);
    check(&manager, Some((std::slice::from_ref(&manager), ALL)), Fate::There(manager.clone()));
    check(&manager, Some((std::slice::from_ref(&client), ALL)), Fate::There(client.clone()));
    // Somebody else came; the same person came under another record.
    let other = row("u2", "identity:2", "manager", "active", "team_members");
    check(&manager, Some((&[other], ALL)), Fate::Gone);
    let again = listed("u2", "manager", "invited");
    check(&manager, Some((std::slice::from_ref(&again), ALL)), Fate::Reinvited(again.clone()));
    // A record of somebody else under the same uuid is not the same access.
    let another = row("u1", "identity:2", "manager", "active", "team_members");
    check(&manager, Some((&[another], ALL)), Fate::Gone);
    let group = grouped("owner");
    check(&group, Some((&[], &["team_members"])), Fate::Unknown);
    check(&group, Some((&[], ALL)), Fate::Gone);
}

#[test]
fn a_row_is_named_by_its_record_else_by_who_holds_which_role() {
    assert_eq!(listed("u1", "owner", "active").key(7), "7/u1");
    assert_eq!(grouped("owner").key(7), "7/identity:1/owner");
}

#[test]
fn a_change_is_told_by_what_it_is_a_change_of() {
    let (before, after) = (
        Row { email: "a@x.example".to_owned(), ..listed("u1", "client", "inactive") },
        Row { email: "b@x.example".to_owned(), full_name: "M".to_owned(), ..listed("u1", "owner", "active") },
    );
    let told = changes(side(std::slice::from_ref(&before), ALL), side(std::slice::from_ref(&after), ALL));
    let told: Vec<_> = told.iter().map(|change| (change.kind, change.values())).collect();
    assert_eq!(
        told,
        [
            (Kind::RoleChanged, (Some("client"), Some("owner"))),
            (Kind::Activated, (Some("inactive"), Some("active"))),
            (Kind::Renamed, (Some("N"), Some("M"))),
            (Kind::EmailChanged, (Some("a@x.example"), Some("b@x.example"))),
        ]
    );
    let left = changes(side(&[before], ALL), side(&[], ALL)).remove(0);
    assert_eq!((left.values(), left.kind.is_change()), ((Some("inactive"), None), true));
    let unknown = changes(side(&[after], ALL), side(&[], &[])).remove(0);
    assert_eq!((unknown.kind, unknown.kind.is_change()), (Kind::NotComparable, false));
}

#[test]
fn every_state_becomes_every_other() {
    let (none, lost, gained) = ([].as_slice(), [Kind::Deactivated].as_slice(), [Kind::Activated].as_slice());
    let accepted = [Kind::InvitationAccepted].as_slice();
    for (was, is, expected) in [
        ("active", "inactive", lost),
        ("active", "invited", lost),
        ("active", "no_login", lost),
        ("inactive", "active", gained),
        ("inactive", "invited", gained),
        ("inactive", "no_login", gained),
        ("invited", "active", accepted),
        ("invited", "inactive", lost),
        ("invited", "no_login", none),
        ("no_login", "active", gained),
        ("no_login", "inactive", lost),
        ("no_login", "invited", none),
    ] {
        let told = kinds(&[listed("u1", "owner", was)], &[listed("u1", "owner", is)]);
        assert_eq!(told, expected, "{was} → {is}");
    }
}

#[test]
fn what_one_source_leaves_out_is_no_change_and_what_its_record_loses_is() {
    let called = |row: Row, name: &str, email: &str| Row {
        full_name: name.to_owned(),
        email: email.to_owned(),
        ..row
    };
    let (record, group) = (listed("u1", "owner", "active"), grouped("owner"));
    for (before, after, expected) in [
        (called(record.clone(), "N", "a@x.example"), called(group.clone(), "", ""), &[][..]),
        (called(group.clone(), "", ""), called(record.clone(), "N", "a@x.example"), &[]),
        (
            called(group, "M", "b@x.example"),
            called(record.clone(), "N", "a@x.example"),
            &[Kind::Renamed, Kind::EmailChanged],
        ),
        (
            called(record.clone(), "N", "a@x.example"),
            called(record, "", ""),
            &[Kind::Renamed, Kind::EmailChanged],
        ),
    ] {
        assert_eq!(kinds(&[before], &[after]), expected);
    }
}

#[test]
fn an_address_is_one_person_and_no_address_is_nobody() {
    let at = |uuid: &str, key: &str, email: &str| Row {
        email: email.to_owned(),
        ..row(uuid, key, "client", "active", "team_members")
    };
    // Without records, by account, and by address where accounts differ; never by an address that is not there.
    for (email, other, expected) in [
        ("a@x.example", "A@x.example", &[][..]),
        ("a@x.example", "b@x.example", &[Kind::Left, Kind::Joined]),
        ("", "", &[Kind::Left, Kind::Joined]),
    ] {
        let mut told = kinds(&[at("", "member:1", email)], &[at("", "member:2", other)]);
        told.sort();
        assert_eq!(told, expected, "{email:?} {other:?}");
    }
    // Another record of the same person is an invitation once more; of another person it is not.
    for (email, other, expected) in [
        ("a@x.example", "A@x.example", Some(Again::Reinvited)),
        ("a@x.example", "b@x.example", None),
        ("", "", None),
    ] {
        let told =
            changes(side(&[at("u1", "member:1", email)], ALL), side(&[at("u2", "member:2", other)], ALL));
        assert!(told.iter().all(|change| change.again == expected), "{email:?} {other:?}");
    }
}

#[test]
fn which_of_two_records_goes_on_does_not_depend_on_their_order() {
    let invited = |uuid| row(uuid, "email:a@x.example", "owner", "active", "team_members");
    let by_group = row("", "email:a@x.example", "owner", "active", "business_group");
    let left = |rows: &[Row]| {
        let told = changes(side(rows, ALL), side(std::slice::from_ref(&by_group), ALL));
        told.iter().map(|change| (change.kind, change.before.clone())).collect::<Vec<_>>()
    };
    let (first, second) = (invited("u2"), invited("u3"));
    let expected = [(Kind::Left, Some(second.clone()))];
    assert_eq!(left(&[first.clone(), second.clone()]), expected);
    assert_eq!(left(&[second, first]), expected);
}
