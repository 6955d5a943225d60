//! Whatever a server answers, the program ends with an error or a snapshot, never with a panic, and
//! the snapshots that were there stay as they were.

use std::cell::Cell;

use fbsync::sandbox::{Fault, Trouble, World};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::harness::{DB, Home};

/// Names that an answer of FreshBooks has, so that arbitrary values come where they are looked for.
const NAMES: [&str; 22] = [
    "id",
    "identity_id",
    "identity_uuid",
    "email",
    "first_name",
    "last_name",
    "business_memberships",
    "business",
    "business_uuid",
    "name",
    "account_id",
    "role",
    "active",
    "uuid",
    "business_role_name",
    "created_at",
    "invitation_date_accepted",
    "business_group",
    "members",
    "page",
    "per_page",
    "total",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec!["", "-1", "1e3", "\u{0}", "a@b", "2024-02-30T25:61:61Z", "true", "owner"])
            .prop_map(Value::from),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 48, 6, |inner| {
        let object = hash_map(select(NAMES.to_vec()), inner.clone(), 0..8);
        let object = object.prop_map(|fields| {
            Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        });
        prop_oneof![vec(inner, 0..5).prop_map(Value::from), object]
    })
}

/// A list of records of which each may be anything.
fn rows() -> impl Strategy<Value = Value> {
    let object = hash_map(select(NAMES.to_vec()), scalar(), 0..12);
    let object = object.prop_map(|fields| {
        Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    });
    vec(prop_oneof![9 => object, 1 => any_json()], 0..6).prop_map(Value::from)
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let text = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        1 => vec(any::<u8>(), 0..300),
        1 => any_json().prop_map(text),
        1 => any_json().prop_map(move |inner| text(json!({ "response": inner }))),
        3 => (rows(), any_json()).prop_map(move |(rows, meta)| text(json!({ "response": rows, "meta": meta }))),
        2 => (rows(), scalar(), scalar()).prop_map(move |(rows, total, pages)| {
            text(json!({ "response": rows, "meta": { "page": 1, "total": total, "pages": pages } }))
        }),
        2 => rows().prop_map(move |rows| text(json!({ "response": { "business_group": { "members": rows } } }))),
        2 => (scalar(), rows()).prop_map(move |(id, rows)| {
            text(json!({ "response": { "id": id, "business_memberships": rows } }))
        }),
        // The right identity, so that what follows is reached.
        2 => rows().prop_map(move |rows| {
            let memberships: Vec<Value> =
                rows.as_array().into_iter().flatten().map(|row| json!({ "business": row })).collect();
            text(json!({ "response": { "id": 6_100_001, "business_memberships": memberships } }))
        }),
    ]
}

#[test]
fn whatever_is_answered_ends_in_an_error_or_a_snapshot() {
    let home = Home::reading(World::many(2, 3));
    home.sync().succeeds();
    let first = home.tables().rows("SELECT * FROM access WHERE snapshot_id = 1");
    let snapshots = Cell::new(1);
    let endpoint = select(vec!["/users/me", "/team_members", "/users/business/"]);
    // A case is a whole run: a quarter of what PROPTEST_CASES asks for.
    let usual = Config::default();
    let config = Config { cases: usual.cases / 4, failure_persistence: None, ..usual };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&(endpoint, answer()), |(endpoint, body)| {
        home.sandbox.arm(Fault::on(endpoint).times(usize::MAX).then(Trouble::Raw(body)));
        let run = home.sync();
        home.sandbox.disarm_all();
        prop_assert!(!run.stderr.contains("panicked"), "{run}");
        let recorded = match run.code {
            Some(0 | 7) => 1,
            // Another identity, or nothing that can be read.
            Some(3 | 5 | 6) => 0,
            _ => return Err(TestCaseError::fail(run.to_string())),
        };
        snapshots.set(snapshots.get() + recorded);
        prop_assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), snapshots.get());
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert_eq!(home.tables().rows("SELECT * FROM access WHERE snapshot_id = 1"), first);
    home.fbsync(&["verify", "--db", DB]).succeeds();
    assert!(snapshots.get() > 10, "only {} of the answers made a snapshot", snapshots.get());
    let exported = home.fbsync(&["export", "access", "--db", DB, "--allow-partial"]).succeeds();
    assert!(exported.stdout.starts_with("row_key,"));
}
