//! What becomes of memberships over many readings.

use std::convert::Infallible;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::diff::tests::{ALL, row};
use crate::diff::{Side, changes};

const LIST: &[&str] = &["team_members"];
const GROUP: &[&str] = &["business_group"];

fn read(sources: &[&str]) -> Read {
    let mut read = Read::default();
    sources.iter().for_each(|source| read.add(Sources::parse(source)));
    read
}

/// Follows readings; a row is stored once, as in the database.
fn follow(readings: &[(&[&str], Vec<Row>)], now: usize) -> Vec<Tenure> {
    let mut stored: Vec<Row> = Vec::new();
    let mut tenures = Tenures::default();
    for (reading, (sources, rows)) in readings.iter().enumerate() {
        let entries: Vec<Entry> = rows
            .iter()
            .map(|row| {
                let at = stored.iter().position(|known| known == row).unwrap_or_else(|| {
                    stored.push(row.clone());
                    stored.len() - 1
                });
                Entry { membership: i64::try_from(at).expect("few"), account: 0 }
            })
            .collect();
        let row = |entry: &Entry| stored[entry.membership as usize].clone();
        let load = |entries: &[Entry]| Ok::<_, Infallible>(entries.iter().map(row).collect());
        tenures.follow(reading, read(sources), &entries, load).expect("no failure");
    }
    tenures.finish(now)
}

/// Key, first and last reading, whether it is there, roles and states.
fn told(tenure: &Tenure) -> String {
    let course = |values: Vec<(usize, &str)>| {
        values.iter().map(|(at, value)| format!("{at}:{value}")).collect::<Vec<_>>().join(",")
    };
    let Tenure { first, last, seen, row, .. } = tenure;
    format!(
        "{} {first}-{last} {seen} {} {}",
        row.account_key,
        course(tenure.roles()),
        course(tenure.states())
    )
}

#[track_caller]
fn check(readings: &[(&[&str], Vec<Row>)], expected: &[&str]) -> Vec<Tenure> {
    let tenures = follow(readings, readings.len() - 1);
    assert_eq!(tenures.iter().map(told).collect::<Vec<_>>(), expected);
    tenures
}

fn ann(role: &str, state: &str) -> Row {
    row("u1", "identity:1", role, state, "team_members+business_group")
}

fn in_group(key: &str, role: &str) -> Row {
    row("", key, role, "active", "business_group")
}

fn invited(email: &str) -> Row {
    row("u2", &format!("email:{email}"), "client", "invited", "team_members")
}

#[test]
fn a_membership_goes_through_roles_and_states() {
    let owner = || vec![ann("owner", "active")];
    check(&[(ALL, owner()), (ALL, owner())], &["identity:1 0-1 yes 0:owner 0:active"]);
    let tenures = check(
        &[
            (ALL, vec![]),
            (ALL, owner()),
            (ALL, vec![ann("client", "active")]),
            (ALL, vec![ann("client", "inactive")]),
            (ALL, vec![]),
        ],
        &["identity:1 1-3 no 1:owner,2:client 1:active,3:inactive,4:absent"],
    );
    assert_eq!(tenures[0].gone(), Some(4));
    let kinds: Vec<_> = tenures[0].changes().iter().map(|(at, change)| (*at, change.kind)).collect();
    assert_eq!(kinds, [(2, Kind::RoleChanged), (3, Kind::Deactivated), (4, Kind::Left)]);
}

#[test]
fn the_same_record_that_is_back_is_the_same_membership_and_a_new_one_is_not() {
    let tenures = check(
        &[(ALL, vec![ann("owner", "active")]), (ALL, vec![]), (ALL, vec![ann("client", "active")])],
        &["identity:1 0-2 yes 0:owner,2:client 0:active,1:absent,2:active"],
    );
    assert_eq!(tenures[0].gone(), None);
    let again = row("u9", "identity:1", "owner", "active", "team_members");
    check(
        &[(ALL, vec![ann("owner", "active")]), (ALL, vec![]), (ALL, vec![again])],
        &["identity:1 0-0 no 0:owner 0:active,1:absent", "identity:1 2-2 yes 2:owner 2:active"],
    );
    // Under the same record, another identity is another person.
    let other = row("u1", "identity:2", "owner", "active", "team_members");
    check(
        &[(ALL, vec![ann("owner", "active")]), (ALL, vec![other])],
        &["identity:1 0-0 no 0:owner 0:active,1:absent", "identity:2 1-1 yes 1:owner 1:active"],
    );
}

#[test]
fn an_address_that_becomes_an_identity_is_the_same_person() {
    let accepted = Row {
        email: "b@x.example".to_owned(),
        ..row("u2", "identity:2", "client", "active", "team_members")
    };
    check(
        &[(ALL, vec![invited("a@x.example")]), (ALL, vec![invited("b@x.example")]), (ALL, vec![accepted])],
        &["identity:2 0-2 yes 0:client 0:invited,2:active"],
    );
}

#[test]
fn a_list_that_was_not_read_ends_nothing_and_begins_nothing() {
    let (owner, client) =
        (|| ann("owner", "active"), || row("u3", "identity:3", "client", "inactive", "team_members"));
    // In between, nobody can tell; at the end, nobody can tell either.
    check(
        &[(ALL, vec![owner(), client()]), (&[], vec![]), (ALL, vec![owner(), client()])],
        &["identity:1 0-2 yes 0:owner 0:active", "identity:3 0-2 yes 0:client 0:inactive"],
    );
    check(
        &[(ALL, vec![owner()]), (&[], vec![]), (&[], vec![])],
        &["identity:1 0-0 cannot_tell 0:owner 0:active"],
    );
    let tenures = check(
        &[(ALL, vec![owner()]), (&[], vec![]), (ALL, vec![])],
        &["identity:1 0-0 no 0:owner 0:active,2:absent"],
    );
    assert_eq!(tenures[0].gone(), Some(2));
    // What the group says meanwhile of somebody in the list replaces nothing, and is no leave.
    let group = || in_group("identity:3", "client");
    check(
        &[(ALL, vec![client()]), (GROUP, vec![group()]), (GROUP, vec![group()]), (ALL, vec![client()])],
        &["identity:3 0-3 yes 0:client 0:inactive"],
    );
    let tenures = follow(&[(ALL, vec![client()]), (GROUP, vec![group()])], 1);
    assert!(tenures[0].by_another && tenures[0].last == 1);
    // Once the list is read again and does not have him, the group's word counts.
    check(
        &[(ALL, vec![client()]), (GROUP, vec![group()]), (ALL, vec![group()])],
        &["identity:3 0-2 yes 0:client 0:inactive,2:active"],
    );
    let tenures = follow(&[(GROUP, vec![]), (ALL, vec![owner(), client()])], 1);
    assert!(tenures.iter().all(|tenure| tenure.perhaps_earlier && tenure.first == 1));
    let tenures = follow(&[(ALL, vec![]), (GROUP, vec![]), (LIST, vec![owner()])], 2);
    assert!(!tenures[0].perhaps_earlier);
}

#[test]
fn nobody_left_a_business_that_is_gone() {
    let tenures = follow(&[(ALL, vec![ann("owner", "active")])], 3);
    assert_eq!(told(&tenures[0]), "identity:1 0-0 cannot_tell 0:owner 0:active");
}

/// Whether a reading has it.
fn has(tenure: &Tenure, reading: usize) -> bool {
    let steps = tenure.steps.iter().filter(|(at, _)| *at <= reading);
    let mut there = tenure.first <= reading;
    for (_, step) in steps {
        there = match step {
            Step::Changed(_) => there,
            Step::Gone => false,
            Step::Back => true,
        };
    }
    there
}

/// A reading as the sources give it: a record once, and without a record nothing that has one.
fn reading() -> impl Strategy<Value = Vec<Row>> {
    let accounts = ["identity:1", "identity:2", "email:a@x.example", "email:b@x.example"];
    let one = (
        prop::sample::select(vec!["", "u1", "u2", "u3", "u4"]),
        prop::sample::select(accounts.to_vec()),
        prop::sample::select(vec!["owner", "client"]),
        prop::sample::select(vec!["active", "inactive", "invited"]),
    );
    prop::collection::vec(one, 0..5).prop_map(|rows| {
        let mut reading: Vec<Row> = Vec::new();
        for (uuid, account, role, state) in rows {
            let source = if uuid.is_empty() { "business_group" } else { "team_members" };
            let row = row(uuid, account, role, state, source);
            let clashes = |known: &Row| match (&known.member_uuid, &row.member_uuid) {
                (Some(known), Some(uuid)) => known == uuid,
                _ => (&known.account_key, &known.role) == (&row.account_key, &row.role),
            };
            if !reading.iter().any(clashes) {
                reading.push(row);
            }
        }
        reading
    })
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn tenures_say_what_the_comparisons_of_all_neighbours_say(readings in prop::collection::vec(reading(), 1..6)) {
        let with_sources: Vec<(&[&str], Vec<Row>)> = readings.iter().map(|rows| (ALL, rows.clone())).collect();
        let tenures = follow(&with_sources, readings.len() - 1);
        for (at, rows) in readings.iter().enumerate() {
            prop_assert_eq!(tenures.iter().filter(|tenure| has(tenure, at)).count(), rows.len());
        }
        for (at, pair) in readings.windows(2).enumerate() {
            let side = |rows: &Vec<Row>| Side { rows: rows.clone(), read: read(ALL) };
            let told = changes(side(&pair[0]), side(&pair[1]));
            let count = |kind| told.iter().filter(|change| change.kind == kind).count();
            let left = tenures.iter().filter(|tenure| has(tenure, at) && !has(tenure, at + 1)).count();
            let joined = tenures.iter().filter(|tenure| !has(tenure, at) && has(tenure, at + 1)).count();
            prop_assert_eq!((left, joined), (count(Kind::Left), count(Kind::Joined)));
        }
    }

    #[test]
    fn readings_of_nothing_in_between_change_nothing(readings in prop::collection::vec(reading(), 1..5)) {
        let whole: Vec<(&[&str], Vec<Row>)> = readings.iter().map(|rows| (ALL, rows.clone())).collect();
        let mut with_gaps: Vec<(&[&str], Vec<Row>)> = Vec::new();
        for reading in &whole {
            with_gaps.extend([(&[][..], Vec::new()), reading.clone()]);
        }
        let summed = |tenures: &[Tenure], step: usize| -> Vec<String> {
            let one = |tenure: &Tenure| {
                let states: Vec<_> = tenure.states().iter().map(|(at, state)| format!("{} {state}", at / step)).collect();
                format!("{} {} {} {states:?}", tenure.row.account_key, tenure.first / step, tenure.seen)
            };
            let mut all: Vec<String> = tenures.iter().map(one).collect();
            all.sort();
            all
        };
        let (plain, gaps) = (follow(&whole, whole.len() - 1), follow(&with_gaps, with_gaps.len() - 1));
        prop_assert_eq!(summed(&plain, 1), summed(&gaps, 2));
    }
}
