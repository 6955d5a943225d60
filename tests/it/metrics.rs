//! `sync --metrics`: what node_exporter's textfile collector is given, whatever becomes of the sync.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use fbsync::sandbox::{Fault, Reading, Trouble, World};

use crate::harness::{DB, Home, NEW_DB, Run, mode_of};
use crate::sync::{ME, TEAM, three};

/// Samples by name and labels.
type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// A strict reader of Prometheus' text format, version 0.0.4: a HELP and a TYPE line before the samples of
/// each metric, metrics in one piece, no sample twice.
fn parse(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line has no end");
    let (mut samples, mut metrics, mut current) = (Samples::new(), Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a sentence");
            assert!(is_name(name) && help.ends_with('.') && !metrics.contains(&name), "{line}");
            assert_eq!(lines.next(), Some(format!("# TYPE {name} gauge").as_str()));
            metrics.push(name);
            current = name.to_owned();
            continue;
        }
        let (name, rest) = line.split_once('{').expect("labels");
        assert_eq!(name, current, "{line}");
        let (labels, value) = labels(rest);
        let value = value.strip_prefix(' ').and_then(|value| value.parse().ok()).expect("a number");
        assert_eq!(samples.insert((name.to_owned(), labels), value), None, "twice: {line}");
    }
    samples
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    loop {
        let (name, quoted) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name), "{name}");
        let (mut value, mut escaped, mut end) = (String::new(), false, None);
        for (at, c) in quoted.char_indices() {
            match (escaped, c) {
                (false, '\\') => escaped = true,
                (false, '"') => {
                    end = Some(at);
                    break;
                }
                (false, c) => value.push(c),
                (true, '\\' | '"') => (value, escaped) = (format!("{value}{c}"), false),
                (true, 'n') => (value, escaped) = (format!("{value}\n"), false),
                (true, c) => panic!("\\{c} is not an escape"),
            }
        }
        labels.insert(name.to_owned(), value);
        rest = &quoted[end.expect("a closing quote") + 1..];
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return (labels, rest.strip_prefix('}').expect("a closing brace")),
        }
    }
}

const FILE: &str = "fbsync.prom";

/// A sync, and its metrics: by name, and the values of the labels that not all of them have.
fn sync(home: &Home, options: &[&str]) -> (Run, BTreeMap<String, f64>) {
    let run = home.fbsync(&[&["sync", "--db", DB, "--metrics", FILE], options].concat());
    let samples = parse(&fs::read_to_string(home.path(FILE)).expect("metrics"));
    let short = |((name, labels), value): ((String, BTreeMap<String, String>), f64)| {
        assert_eq!((labels["profile"].as_str(), labels["db"].as_str()), ("default", DB));
        let further = labels.into_iter().filter(|(name, _)| name != "profile" && name != "db");
        let further: String = further.map(|(_, value)| format!(" {value}")).collect();
        (format!("{}{further}", name.strip_prefix("fbsync_").expect("our name")), value)
    };
    (run, samples.into_iter().map(short).collect())
}

#[test]
fn a_sync_tells_itself_and_the_newest_snapshot() {
    let home = Home::reading(World::demo()).with("FBSYNC_TEST_CLOCK", "1782820800");
    let (run, metrics) = sync(&home, &[]);
    let run = run.succeeds();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", NEW_DB));
    let tables = home.tables();
    let counted = |sql: &str| tables.number(sql) as f64;
    for (name, expected) in [
        ("run_exit_code", 0.0),
        ("snapshot_id", 1.0),
        ("snapshot_complete", 1.0),
        ("snapshot_joined", 0.0),
        ("snapshot_businesses ok", 7.0),
        ("snapshot_businesses failed", 0.0),
        ("snapshot_memberships unknown inactive", 0.0),
        ("snapshot_memberships unknown active", 2.0),
        ("snapshot_accounts", counted("SELECT accounts FROM snapshots")),
        ("snapshot_requests", counted("SELECT count(*) FROM requests")),
    ] {
        assert_eq!(metrics.get(name), Some(&expected), "{name}: {metrics:#?}");
    }
    for row in tables.rows("SELECT role_class, state, count(*) FROM memberships GROUP BY 1, 2") {
        let [class, state, count] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
        assert_eq!(metrics[&format!("snapshot_memberships {class} {state}")].to_string(), count);
    }
    for name in ["run_timestamp_seconds", "complete_snapshot_timestamp_seconds", "snapshot_timestamp_seconds"]
    {
        assert!((1_782_820_800.0..1_782_820_900.0).contains(&metrics[name]), "{name}: {}", metrics[name]);
    }
    // For whoever collects them; a mode that somebody chose stays.
    assert_eq!(mode_of(&home.path(FILE)), 0o644);
    fs::set_permissions(home.path(FILE), fs::Permissions::from_mode(0o640)).expect("a mode");

    home.sandbox.change(fbsync::sandbox::changes::quarter_later);
    let (run, metrics) = sync(&home, &[]);
    run.succeeds();
    let changes = ["joined", "left", "changed"].map(|name| metrics[&format!("snapshot_{name}")]);
    assert_eq!((changes, metrics["snapshot_id"]), ([1.0, 3.0, 4.0], 2.0));
    assert_eq!(mode_of(&home.path(FILE)), 0o640);
    assert!(home.files().iter().all(|name| !name.starts_with(".fbsync-")), "{:?}", home.files());
}

#[test]
fn a_run_that_fails_tells_so_and_what_is_still_there() {
    let home = Home::reading(three());
    // Before there is a database.
    home.sandbox.arm(Fault::on(ME).times(usize::MAX).then(Trouble::unauthenticated()));
    let (run, metrics) = sync(&home, &[]);
    run.exits(4);
    assert_eq!(metrics["run_exit_code"], 4.0);
    assert!(metrics.keys().all(|name| name.starts_with("run_")), "{metrics:#?}");

    let home = Home::reading(three());
    let (run, first) = sync(&home, &[]);
    run.succeeds();
    home.sandbox.change(|world| {
        world.business(9002).expect("a business").team_list = Reading::Refused(403);
    });
    let (run, partial) = sync(&home, &[]);
    run.exits(7);
    let told = ["run_exit_code", "snapshot_complete", "snapshot_businesses denied", "snapshot_id"];
    assert_eq!(told.map(|name| partial[name]), [7.0, 0.0, 1.0, 2.0]);
    let complete = "complete_snapshot_timestamp_seconds";
    assert_eq!(partial[complete], first[complete]);

    for (options, code) in [(&["--business", "4711"][..], 2.0), (&["--accept-gaps", "no.csv"], 3.0)] {
        let (run, metrics) = sync(&home, options);
        assert_eq!(run.code.map(f64::from), Some(code), "{run}");
        assert_eq!(["run_exit_code", "snapshot_id"].map(|name| metrics[name]), [code, 2.0]);
    }
    let lock = fs::File::open(home.path("audit.sqlite.lock")).expect("a lock file");
    lock.lock().expect("nobody holds it");
    let (run, metrics) = sync(&home, &[]);
    run.exits(8);
    assert_eq!(["run_exit_code", "snapshot_id"].map(|name| metrics[name]), [8.0, 2.0]);
}

#[test]
fn a_panic_is_a_run_that_failed() {
    let home = Home::reading(three()).with("FBSYNC_TEST_DIE_AT", "panic:commit");
    let (run, metrics) = sync(&home, &[]);
    run.exits(1);
    assert_eq!(metrics["run_exit_code"], 1.0);
}

#[test]
fn every_round_of_a_service_is_told() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(ME).skip(2).times(usize::MAX).then(Trouble::unauthenticated()));
    let (run, metrics) = sync(&home, &["--every", "6h"]);
    run.exits(4);
    assert_eq!(["run_exit_code", "snapshot_id"].map(|name| metrics[name]), [4.0, 2.0]);
}

#[test]
fn labels_are_escaped() {
    let home = Home::reading(three());
    let db = "a \"quoted\" \\ b\nc.sqlite";
    home.fbsync(&["sync", "--db", db, "--metrics", FILE]).succeeds();
    let samples = parse(&fs::read_to_string(home.path(FILE)).expect("metrics"));
    assert!(samples.len() > 30 && samples.keys().all(|(_, labels)| labels["db"] == db), "{samples:#?}");
}

#[test]
fn metrics_that_cannot_be_written_cost_no_snapshot() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(TEAM).then(Trouble::unavailable()));
    let run = home.fbsync(&["sync", "--db", DB, "--metrics", "no/fbsync.prom"]).succeeds();
    run.says("warning: cannot write the metrics to no/fbsync.prom: ");
    assert_eq!(home.tables().one("SELECT status FROM snapshots"), "complete");
}

#[test]
fn nothing_of_ours_is_overwritten() {
    let home = Home::reading(three());
    home.sync().succeeds();
    let before = home.database_bytes();
    for option in ["--metrics", "--write-gaps"] {
        for name in [DB, "audit.sqlite.lock"] {
            let run = home.fbsync(&["sync", "--db", DB, option, name]).exits(3);
            run.says("is the database, or belongs to it; it was left as it is");
        }
    }
    assert!(home.database_bytes() == before);
}
