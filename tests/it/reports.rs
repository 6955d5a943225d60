//! Every report to the byte, and back again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fbsync::sandbox::{Business, Member, World};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

use crate::harness::Home;

/// Those that one snapshot is enough for.
pub(crate) const REPORTS: [&str; 15] = [
    "access",
    "accounts",
    "roles",
    "role-matrix",
    "privileged",
    "inactive",
    "pending",
    "external",
    "own-people",
    "multi-business",
    "attention",
    "coverage",
    "history",
    "trend",
    "review",
];

const DAY: &str = "2026-06-30T12:00:00Z";

/// Noon of that day.
const CLOCK: &str = "1782820800";

/// The demo's businesses, the large one cut to a handful so that a person can read what is expected.
pub(crate) fn world() -> World {
    let mut world = World::demo();
    let kestrel = world.business(48_204).expect("Kestrel");
    kestrel.members.truncate(8);
    let known: Vec<_> = kestrel.members.iter().map(|member| member.identity_id).collect();
    kestrel.group.retain(|row| known.contains(&row.identity_id));
    world
}

pub(crate) fn synced(world: World) -> Home {
    let home = Home::signed_in_to(world).with("FBSYNC_TEST_CLOCK", CLOCK).with("FBSYNC_DB", "audit.sqlite");
    home.fbsync(&["sync"]);
    home
}

/// When the last reading ended; a busy machine may take a second longer than the test's clock says.
fn as_of(home: &Home) -> String {
    let lines = home.fbsync(&["snapshots", "--json"]).succeeds().json();
    lines[0]["finished_at"].as_str().expect("a time").to_owned()
}

/// Compares with the file under `fixtures`, or rewrites that.
pub(crate) fn expect(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, found).expect("written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} is not as expected; look at it, then UPDATE_FIXTURES=1:\n{found}");
}

#[test]
fn every_report_is_as_expected_to_the_byte() {
    let home = synced(world());
    let as_of = as_of(&home);
    for report in REPORTS {
        // Another test holds the two formats against each other.
        let both = ["access", "attention"].contains(&report);
        for format in if both { &["csv", "jsonl"][..] } else { &["csv"] } {
            let run = home
                .fbsync(&["export", report, "--format", format, "--own-domain", "harbourlight.example"])
                .succeeds();
            let found = run.stdout.replace(&as_of, DAY);
            assert!(!found.contains(&home.port.to_string()) && !found.contains("127.0.0.1:"));
            expect(&format!("expected/{report}.{format}"), &found);
        }
    }
    for product in ["vanta", "conductorone", "lumos", "accessowl"] {
        let run = home.fbsync(&["export", "--for", product]).succeeds();
        expect(&format!("expected/for-{product}.csv"), &run.stdout);
    }
    expect("expected/list.json", &home.fbsync(&["export", "--list", "--json"]).succeeds().stdout);
}

#[test]
fn with_a_list_that_cannot_be_read_the_reports_say_so() {
    let mut world = world();
    let business = world.business(48_203).expect("Möbius");
    business.team_list = fbsync::sandbox::Reading::Refused(403);
    business.group_read = fbsync::sandbox::Reading::Refused(403);
    let home = synced(world);
    home.fbsync(&["export", "access"]).exits(7).says("--allow-partial");
    let as_of = as_of(&home);
    for report in ["attention", "own-people", "coverage"] {
        let arguments = ["export", report, "--allow-partial", "--own-domain", "harbourlight.example"];
        let run = home.fbsync(&arguments).succeeds().says("not covered: Möbius Werkstatt GmbH (48203)");
        expect(&format!("expected/{report}.partial.csv"), &run.stdout.replace(&as_of, DAY));
    }
    // Of the businesses that were read nothing is missing.
    home.fbsync(&["export", "access", "--business", "48201"]).succeeds();
    home.fbsync(&["export", "access", "--business", "48203"]).exits(7);
}

#[test]
fn coverage_ties_the_rows_to_freshbooks_totals() {
    let home = synced(World::demo());
    let rows = |report: &str| -> Vec<Value> {
        let run = home.fbsync(&["export", report, "--format", "jsonl"]).succeeds();
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let access = rows("access");
    let mut sum = 0;
    for line in rows("coverage") {
        let n = |name: &str| line[name].as_i64().expect("a number");
        let parts = n("rows_team_members") + n("rows_business_group_only") + n("rows_identity_only");
        assert_eq!(parts, n("rows_in_access"), "{line}");
        if line["resource"] == "team_members" {
            assert_eq!(n("rows_team_members"), n("expected"), "{line}");
            let of_business = access.iter().filter(|row| row["business_id"] == line["business_id"]).count();
            assert_eq!(i64::try_from(of_business).expect("a count"), n("rows_in_access"), "{line}");
            sum += of_business;
        }
    }
    assert_eq!(sum, access.len());
}

#[test]
fn what_the_flags_contradict_is_refused() {
    let home = synced(world());
    for (arguments, problem) in [
        (&["export", "external"][..], "has to know which domains are yours"),
        (&["export", "offboarding"], "has to know who leaves"),
        (&["export", "access", "--since", "1"], "`access` is not compared with an earlier snapshot"),
        (&["export", "changes", "--since", "1"], "snapshot 1 is not before snapshot 1"),
        (&["export", "changes", "--since", "soon"], "`soon` "),
        (&["export", "access", "--format", "csv", "-o", "a.xlsx"], "contradicts the name of the file"),
        (&["export", "access", "--bom", "-o", "a.xlsx"], "--bom is for CSV"),
        (&["export", "nothing"], "there is no report `nothing`"),
        (&["export"], "which report, or which folder?"),
        (&["export", "access", "--people", "nobody"], "neither a file nor an e-mail address"),
        (&["export", "access", "--business", "7"], "no snapshot contains all of these businesses: [7]"),
        (&["export", "access", "--snapshot", "9"], "there is no snapshot 9"),
        (&["export", "access", "--split-by", "business"], "--out"),
    ] {
        home.fbsync(arguments).exits(2).says(problem);
    }
    let run = home.fbsync(&["export", "access", "--formula-guard", "fail"]).exits(3);
    assert_eq!(run.stdout, "", "half a listing is no listing");
    run.says("a spreadsheet would run `@SUM(A1) Atwood` in 48201/").says("/full_name");
    let run = home.fbsync(&["export", "access", "--bom"]).succeeds();
    assert!(run.stdout.starts_with("\u{feff}row_key,"));
}

#[test]
fn people_are_found_by_any_address_and_the_missing_are_named() {
    let home = synced(world());
    fs::write(home.path("people.csv"), "name,address\r\nNoor,NOOR.haddad@ledgerworks.example\r\n")
        .expect("written");
    let arguments = ["export", "access", "--people", "people.csv", "--people", "ghost@x.example"];
    let run = home.fbsync(&arguments).exits(10).says("no snapshot knows the address ghost@x.example");
    assert_eq!(run.stdout.lines().count(), 4, "{run}");
    assert!(run.stdout.lines().skip(1).all(|line| line.contains("Noor Haddad")));
}

#[test]
fn of_one_business_nothing_depends_on_the_others() {
    let home = synced(world());
    let run = home.fbsync(&["export", "access", "--business", "48201", "--format", "jsonl"]).succeeds();
    for line in run.stdout.lines() {
        let row: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(row["businesses_count"], 1, "{line}");
        assert_eq!(row["business_id"], 48_201);
    }
    let run = home.fbsync(&["export", "multi-business", "--business", "48201"]).succeeds();
    assert_eq!(run.stdout.lines().count(), 1);
    let both = ["export", "multi-business", "--business", "48201", "--business", "48202"];
    assert_eq!(home.fbsync(&both).succeeds().stdout.lines().count(), 3);
}

/// Somebody who uses the same address as others do.
pub(crate) fn at_one_address(uuid: &str, first_name: &str, identity_id: Option<i64>) -> Member {
    let member = Member::new(first_name, "Lee", "ann@x.example", "contractor");
    Member { uuid: Some(uuid.to_owned()), identity_id, ..member }
}

#[test]
fn an_identity_learned_elsewhere_is_not_known_here() {
    // In the second business the address comes with an identity, in the first without.
    let mut world = World::many(2, 1);
    world.businesses[0].members.push(at_one_address("u-here", "Ann", None));
    world.businesses[1].members.push(at_one_address("u-there", "Bo", Some(77)));
    let home = synced(world);
    let key = |arguments: &[&str]| -> (String, String) {
        let run = home.fbsync(&[&["export", "access", "--format", "jsonl"], arguments].concat()).succeeds();
        let rows = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let row = rows.into_iter().find(|row| row["row_key"] == "9001/u-here").expect("Ann");
        (
            row["account_key"].as_str().expect("text").to_owned(),
            row["flags"].as_str().expect("text").to_owned(),
        )
    };
    assert_eq!(key(&[]), ("identity:77".to_owned(), "shared_email".to_owned()));
    assert_eq!(key(&["--business", "9001"]), ("email:ann@x.example".to_owned(), String::new()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Whatever people call themselves: the CSV reads back as the rows, the guard undone where the
    /// manifest names it.
    #[test]
    fn every_csv_reads_back(names in prop::collection::vec("[-=+@a-z,;\"' \té＝＠\r\n]{0,9}", 8)) {
        let mut world = World::many(1, 1);
        let business: &mut Business = &mut world.businesses[0];
        for (at, pair) in names.chunks(2).enumerate() {
            let email = format!("{at}@x.example");
            let member = Member::new(&pair[0], &pair[1], &email, "contractor");
            business.members.push(Member { uuid: Some(format!("u{at}")), identity_id: None, ..member });
        }
        let home = synced(world);
        home.fbsync(&["export", "--out", "csv", "--own-domain", "x.example"]).succeeds();
        home.fbsync(&["export", "--out", "jsonl", "--format", "jsonl", "--own-domain", "x.example"]).succeeds();
        let manifest: Value =
            serde_json::from_slice(&fs::read(home.path("csv/manifest.json")).expect("a manifest")).expect("JSON");
        let list = home.fbsync(&["export", "--list", "--json"]).succeeds().json();
        let list = list.as_array().expect("reports").clone();
        for file in manifest["files"].as_array().expect("files").iter().filter(|file| file["report"].is_string()) {
            let path = file["path"].as_str().expect("a path");
            if path.ends_with(".html") {
                continue;
            }
            let mut there = csv_rows(&home.path("csv").join(path));
            let cells = file["formula_guard"]["cells"].as_array().expect("cells");
            let report = list.iter().find(|report| report["name"] == file["report"]).expect("listed");
            let key: Vec<&str> = report["key"].as_array().expect("a key").iter().filter_map(Value::as_str).collect();
            let mut undone = 0;
            let raw = json_rows(&home.path("jsonl").join(path.replace(".csv", ".jsonl")));
            for (row, raw) in there.iter_mut().zip(&raw) {
                let row_key = key.iter().map(|name| raw[*name].as_str()).collect::<Vec<_>>().join("/");
                for (column, cell) in row.iter_mut() {
                    let named = Value::from(format!("{row_key}/{column}"));
                    if cells.contains(&named) {
                        prop_assert!(cell.starts_with('\''), "{named} was not changed: {cell:?}");
                        cell.remove(0);
                        undone += 1;
                    }
                }
            }
            prop_assert_eq!(undone, cells.len(), "{}", path);
            prop_assert_eq!(there, raw, "{}", path);
        }
    }
}

fn csv_rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("a file");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn json_rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).expect("a file");
    let plain = |value: Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    let row = |line: &str| {
        let row: BTreeMap<String, Value> = serde_json::from_str(line).expect("JSON");
        row.into_iter().map(|(name, value)| (name, plain(value))).collect()
    };
    text.lines().map(row).collect()
}
