//! Reports over many snapshots: `history`, `trend`, `offboarding`, and `changes` since any of them.

use std::fs;

use fbsync::sandbox::{Member, Reading, World, changes};
use serde_json::Value;

use crate::harness::{DB, Home, Run};
use crate::reports::{at_one_address, expect, synced, world};

/// Noon of 30 June and of 30 September 2026.
const QUARTERS: [&str; 2] = ["1782820800", "1790769600"];

/// The demo's world at the end of two quarters.
fn two_quarters() -> Home {
    let home = synced(world()).with("FBSYNC_TEST_CLOCK", QUARTERS[1]);
    home.sandbox.change(changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    home
}

fn jsonl(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn report(home: &Home, arguments: &[&str]) -> Vec<Value> {
    jsonl(&home.fbsync(&[&["export", "--format", "jsonl", "--db", DB], arguments].concat()).succeeds())
}

fn manifest(home: &Home, folder: &str) -> Value {
    let bytes = fs::read(home.path(folder).join("manifest.json")).expect("a manifest");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn every_report_over_time_is_as_expected_to_the_byte() {
    let home = two_quarters();
    let times = home.tables().rows("SELECT finished_at FROM snapshots ORDER BY id");
    for name in ["changes", "history", "trend", "offboarding"] {
        for format in ["csv", "jsonl"] {
            let arguments =
                ["export", name, "--format", format, "--people", "noor.haddad@ledgerworks.example"];
            let arguments = if name == "offboarding" { &arguments[..] } else { &arguments[..4] };
            let found = home.fbsync(arguments).succeeds().stdout;
            let found =
                found.replace(&times[0], "2026-06-30T12:00:00Z").replace(&times[1], "2026-09-30T12:00:00Z");
            expect(&format!("expected/two-quarters/{name}.{format}"), &found);
        }
    }
}

#[test]
fn a_quarters_folder_holds_the_quarters_changes() {
    let home = two_quarters();
    home.sandbox.change(|world| drop(world.businesses[0].members.pop()));
    let home = home.with("FBSYNC_TEST_CLOCK", "1790856000");
    home.fbsync(&["sync"]).succeeds();
    let night = report(&home, &["changes"]);
    let quarter = report(&home, &["changes", "--since", "2026-06-30"]);
    assert!(night.len() < quarter.len(), "{night:?}");
    assert!(quarter.iter().all(|row| row["from_snapshot_id"] == 1 && row["to_snapshot_id"] == 3));
    let finished_at = home.tables().rows("SELECT finished_at FROM snapshots ORDER BY id");
    assert!(
        quarter
            .iter()
            .all(|row| row["from_finished_at"] == finished_at[0] && row["to_finished_at"] == finished_at[2])
    );
    assert_eq!(report(&home, &["changes", "--since", "1"]), quarter);
    assert_eq!(report(&home, &["changes", "--since", "2"]), night);

    home.fbsync(&["export", "--out", "q", "--since", "2026-06-30"]).succeeds();
    let manifest = manifest(&home, "q");
    assert_eq!(
        (&manifest["earlier_snapshot_id"], &manifest["earlier_finished_at"]),
        (&1.into(), &finished_at[0].as_str().into())
    );
    assert_eq!(
        (&manifest["choice"]["since"], &manifest["options"]["since"]),
        (&"2026-06-30".into(), &1.into())
    );
    assert_eq!(
        (&manifest["past"]["complete"], &manifest["past"]["first_complete"]["id"]),
        (&3.into(), &1.into())
    );
    let readme = fs::read_to_string(home.path("q/README.txt")).expect("a README");
    assert!(readme.contains(&format!("Changes since     snapshot 1, {}", finished_at[0])), "{readme}");
    home.fbsync(&["verify", "q"]).succeeds();
    for since in ["3", "2026-10-01", "latest"] {
        home.fbsync(&["export", "changes", "--since", since])
            .exits(2)
            .says("snapshot 3 is not before snapshot 3");
    }
    home.fbsync(&["export", "changes", "--since", "2026-06-01"])
        .exits(10)
        .says("there is no snapshot at or before");
    // Each client's folder has its own changes since then.
    home.fbsync(&["export", "--out", "b", "--business", "48201", "--since", "1"]).succeeds();
    home.fbsync(&["export", "--out", "s", "--split-by", "business", "--since", "1"]).succeeds();
    home.fbsync(&["verify", "s"]).succeeds();
    let folder = fs::read_dir(home.path("s")).expect("folders").flatten().map(|entry| entry.path());
    let folder =
        folder.into_iter().find(|path| path.to_string_lossy().contains("/48201-")).expect("a folder");
    let files = fs::read_dir(folder).expect("files").flatten().map(|entry| entry.path());
    let file =
        files.into_iter().find(|path| path.to_string_lossy().ends_with("-changes.csv")).expect("changes");
    assert!(fs::read_to_string(file).expect("text").contains("amara.okonjo@harbourlight.example"));
    // What was pruned since is no tampering.
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes"]).succeeds();
    for folder in ["q", "b"] {
        home.fbsync(&["verify", folder])
            .exits(7)
            .says("the content of snapshot 1 was pruned since")
            .says("not compared: ")
            .says("changes.csv");
    }
}

/// Two businesses in five snapshots: a member of the first leaves and comes back, a list cannot be read
/// in between, and one joins while it cannot.
fn come_and_gone() -> Home {
    let home = Home::reading(World::many(2, 3));
    let sync = |change: fn(&mut World)| {
        home.sandbox.change(change);
        home.fbsync(&["sync", "--db", DB, "--accept-gap", "9001", "--accept-gap", "9002"]).succeeds();
    };
    sync(|_| {});
    sync(|world| world.businesses[1].team_list = Reading::Refused(403));
    sync(|world| drop(world.businesses[0].members.pop()));
    sync(|world| {
        let back = World::many(2, 3).businesses[0].members.pop().expect("a member");
        world.businesses[0].members.push(Member { role: Some("client".to_owned()), ..back });
        world.businesses[1].members.push(at_one_address("u-new", "Ann", Some(77)));
    });
    sync(|world| world.businesses[1].team_list = Reading::Allowed);
    home
}

#[test]
fn a_membership_is_one_row_whatever_happened_in_between() {
    let home = come_and_gone();
    let history = report(&home, &["history"]);
    let memberships = "SELECT count(*) FROM (SELECT DISTINCT business_id, member_uuid FROM memberships WHERE member_uuid IS NOT NULL)";
    assert_eq!(history.len() as i64, home.tables().number(memberships));
    let told = |uuid: &str| {
        let row = history.iter().find(|row| row["row_key"].as_str().is_some_and(|key| key.ends_with(uuid)));
        let row = row.expect("a row");
        let cells = [
            "seen",
            "first_seen_snapshot_id",
            "last_seen_snapshot_id",
            "gone_snapshot_id",
            "roles",
            "states",
        ];
        cells.map(|name| row[name].to_string().replace('"', "")).join("|")
    };
    let back = World::many(2, 3).businesses[0].members[2].uuid.clone().expect("a uuid");
    assert_eq!(
        told(&back),
        "yes|1|5|null|business_manager (1); client (4)|active (1); absent (3); active (4)"
    );
    // Nobody left a list that was not read, and who joined meanwhile is first seen once it was.
    let there = World::many(2, 3).businesses[1].members[2].uuid.clone().expect("a uuid");
    assert_eq!(told(&there), "yes|1|5|null|business_manager (1)|active (1)");
    assert_eq!(told("u-new"), "yes|5|5|null|contractor (5)|active (5)");
    // What is there is what `access` lists.
    let keys = |rows: &[Value]| {
        let mut keys: Vec<String> = rows.iter().map(|row| row["row_key"].to_string()).collect();
        keys.sort();
        keys
    };
    let there: Vec<Value> = history.iter().filter(|row| row["seen"] == "yes").cloned().collect();
    assert_eq!(keys(&there), keys(&report(&home, &["access"])));
    // As of an earlier snapshot nobody knows the later ones.
    let then = report(&home, &["history", "--snapshot", "3"]);
    assert!(then.iter().all(|row| row["last_seen_snapshot_id"].as_i64() <= Some(3)), "{then:?}");
    assert!(
        then.iter()
            .any(|row| row["seen"] == "cannot_tell" && row["note"] == "team list not read since snapshot 1")
    );
    assert!(then.iter().any(|row| row["seen"] == "no" && row["gone_snapshot_id"] == 3));
}

#[test]
fn the_trend_counts_what_access_lists_and_marks_what_was_not_read() {
    let home = come_and_gone();
    let trend = report(&home, &["trend"]);
    for id in 1..=5 {
        let access = report(&home, &["access", "--snapshot", &id.to_string()]);
        for business in [9001, 9002] {
            let of = |row: &&Value| row["business_id"] == business;
            let counted: i64 = trend
                .iter()
                .filter(of)
                .filter(|row| row["snapshot_id"] == id)
                .map(|row| row["memberships"].as_i64().expect("a count"))
                .sum();
            assert_eq!(counted, access.iter().filter(of).count() as i64, "{business} in {id}");
            let read =
                trend.iter().filter(of).find(|row| row["snapshot_id"] == id).expect("a row")["list_read"]
                    .clone();
            assert_eq!(read, Value::Bool(business == 9001 || id == 1 || id == 5));
        }
        let sums = |row: &Value| {
            ["active", "invited", "no_login", "inactive"]
                .iter()
                .map(|name| row[*name].as_i64().expect("a count"))
                .sum::<i64>()
        };
        assert!(trend.iter().all(|row| Some(sums(row)) == row["memberships"].as_i64()));
    }
    assert_eq!(
        report(&home, &["trend", "--snapshot", "2"]).iter().map(|row| row["snapshot_id"].as_i64()).max(),
        Some(Some(2))
    );
}

#[test]
fn who_leaves_is_listed_with_those_who_can_remove_them() {
    let home = Home::reading(World::many(3, 3));
    home.sandbox.change(|world| {
        for business in [0, 1, 2] {
            let ann = Member {
                role: Some("business_partner".to_owned()),
                ..at_one_address(&format!("u{business}"), "Ann", Some(77))
            };
            world.businesses[business].members.push(ann);
        }
        world.businesses[0]
            .members
            .push(Member { role: Some("client".to_owned()), ..at_one_address("u9", "Ann", Some(77)) });
    });
    home.sync().succeeds();
    home.sandbox.change(|world| {
        world.businesses[1].team_list = Reading::Refused(403);
        world.businesses[2].members.pop();
    });
    home.fbsync(&["sync", "--db", DB, "--accept-gap", "9002"]).succeeds();
    let rows = report(&home, &["offboarding", "--people", "ANN@x.example"]);
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            [
                "seen",
                "business_id",
                "role_label",
                "state",
                "can_be_removed_by",
                "own_role",
                "note",
                "done_on",
                "done_by",
            ]
            .map(|name| row[name].to_string().replace('"', ""))
            .join("|")
        })
        .collect();
    assert_eq!(
        told,
        [
            "yes|9001|Admin; Client|active; active|Ingrid Solheim <ingrid@harbourlight.example>|owner|null|null|null",
            "cannot_tell|9002|Admin|active|Ingrid Solheim <ingrid@harbourlight.example>|owner|team list not read since snapshot 1|null|null",
        ]
    );
    // Of somebody whom no snapshot knows, the businesses that could not be read are told all the same.
    let run = home.fbsync(&["export", "offboarding", "--db", DB, "--people", "ghost@x.example"]).exits(10);
    assert_eq!(run.stdout.lines().count(), 2, "{run}");
    run.says("no snapshot knows the address ghost@x.example; these businesses could not be read: Business 0002 (9002)");
}

#[test]
fn an_old_address_finds_the_person_in_every_report() {
    let home = Home::reading(World::many(1, 2));
    let at = |email: &str| Member { email: Some(email.to_owned()), ..at_one_address("u", "Ann", Some(77)) };
    home.sandbox.change(|world| world.businesses[0].members.push(at("ann@old.example")));
    home.sync().succeeds();
    home.sandbox
        .change(|world| *world.businesses[0].members.last_mut().expect("Ann") = at("ann@new.example"));
    home.sync().succeeds();
    for name in ["access", "accounts", "changes", "history", "offboarding"] {
        assert_eq!(report(&home, &[name, "--people", "Ann@Old.example"]).len(), 1, "{name}");
    }
    home.fbsync(&["export", "--db", DB, "--out", "e", "--people", "ann@old.example"]).succeeds();
    let accounts = manifest(&home, "e")["options"]["accounts"].clone();
    assert_eq!(accounts, serde_json::json!(["identity:77"]));
    home.fbsync(&["verify", "e", "--db", DB]).succeeds();
    // Whose it was is kept with the folder, and does not depend on what is pruned since.
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes", "--db", DB]).succeeds();
    let run = home.fbsync(&["verify", "e", "--db", DB]).exits(7);
    run.says("not compared: changes.csv, history.csv, trend.csv, review.csv, overview.html\n");
    let run = home.fbsync(&["export", "--db", DB, "--out", "f", "--people", "ann@old.example"]).exits(10);
    run.says("no snapshot knows the address ann@old.example");
    assert!(home.path("f/README.txt").is_file());
}

#[test]
fn of_one_business_the_past_tells_nothing_of_the_others() {
    // In the second business an identity comes to stand behind an address that the first has as well.
    let mut world = World::many(2, 3);
    world.businesses[0].members.push(at_one_address("u-here", "Ann", None));
    let home = synced(world);
    home.sandbox.change(|world| world.businesses[1].members.push(at_one_address("u-there", "Ann", Some(77))));
    home.fbsync(&["sync"]).succeeds();
    home.fbsync(&["sync"]).succeeds();
    let ann = |rows: Vec<Value>| rows.into_iter().find(|row| row["row_key"] == "9001/u-here").expect("Ann");
    assert_eq!(ann(report(&home, &["history"]))["account_key"], "identity:77");
    let alone = report(&home, &["history", "--business", "9001"]);
    assert!(alone.iter().all(|row| row["business_id"] == 9001), "{alone:?}");
    let alone = ann(alone);
    assert_eq!((&alone["account_key"], &alone["changes"]), (&"email:ann@x.example".into(), &Value::Null));
    assert_eq!((&alone["first_seen_snapshot_id"], &alone["last_seen_snapshot_id"]), (&1.into(), &3.into()));
    let trend = report(&home, &["trend", "--business", "9001"]);
    let counts = |id| {
        trend
            .iter()
            .filter(|row| row["snapshot_id"] == id)
            .map(|row| row["memberships"].as_i64().expect("a count"))
            .sum::<i64>()
    };
    assert_eq!([1, 2, 3].map(counts), [4, 4, 4]);
}

#[test]
fn a_date_whose_snapshots_were_pruned_is_told_so() {
    let home = two_quarters();
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes"]).succeeds();
    let was = home.tables().one("SELECT finished_at FROM snapshots WHERE id = 1");
    let pruned = format!("; snapshot 1 of {was} was pruned");
    home.fbsync(&["export", "access", "--snapshot", "2026-06-30"]).exits(10).says(&pruned);
    home.fbsync(&["export", "access", "--snapshot", "1"])
        .exits(2)
        .says("the content of snapshot 1 was pruned");
    home.fbsync(&["export", "changes", "--since", "2026-06-30"]).exits(10).says(&pruned);
    home.fbsync(&["export", "changes", "--since", "1"]).exits(2).says("the content of snapshot 1 was pruned");
    home.fbsync(&["diff", "--from", "2026-06-30"]).exits(10).says(&pruned);
    home.fbsync(&["who", "Bram", "--snapshot", "2026-06-30"]).exits(10).says(&pruned);
    home.fbsync(&["snapshots", "--period", "2026-Q2"])
        .exits(10)
        .says("; 1 snapshot from that time was pruned");
    home.fbsync(&["snapshots", "--period", "2026-Q1"]).exits(10).does_not_say("pruned");
    home.fbsync(&["export", "access", "--snapshot", "2026-03-31"]).exits(10).does_not_say("pruned");
}

#[test]
fn a_pruned_snapshot_nearer_to_the_date_is_told() {
    // 30 June, 10 and 30 September; the last one of each month stays.
    let mut home = synced(world());
    for clock in ["1789041600", QUARTERS[1]] {
        home = home.with("FBSYNC_TEST_CLOCK", clock);
        home.fbsync(&["sync"]).succeeds();
    }
    home.fbsync(&["snapshots", "prune", "--keep-monthly", "5y", "--yes"]).succeeds();
    let was = home.tables().one("SELECT finished_at FROM snapshots WHERE id = 2");
    let pruned = format!("snapshot 2 of {was} was pruned");
    let on_the_20th = ["export", "access", "--snapshot", "2026-09-20"];
    home.fbsync(&on_the_20th).succeeds().says("snapshot 1 (complete").says(&pruned);
    home.fbsync(&[&on_the_20th[..], &["--within", "35d"]].concat())
        .exits(10)
        .says("--within allows 35 d")
        .says(&pruned);
    home.fbsync(&["export", "access", "--snapshot", "2026-09-30"]).succeeds().does_not_say("pruned");
}

#[test]
fn a_workbook_says_on_its_first_sheet_what_was_not_made() {
    let home = two_quarters();
    home.fbsync(&["export", "--out", "x", "--format", "xlsx"]).succeeds();
    assert!(!home.path("x/external.xlsx").exists() && home.path("x/history.xlsx").exists());
    let shared = |name: &str| {
        let file = fs::File::open(home.path("x").join(name)).expect("a workbook");
        let mut zip = zip::ZipArchive::new(file).expect("a workbook");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name("xl/sharedStrings.xml").expect("texts"), &mut text)
            .expect("XML");
        text
    };
    let cover = shared("access.xlsx");
    assert!(cover.contains("Not made: external") && cover.contains("--own-domain was not given"), "{cover}");
    assert!(!cover.contains("Not made: changes"));
    // By itself a workbook knows nothing of other reports.
    home.fbsync(&["export", "access", "-o", "x/alone.xlsx"]).succeeds();
    assert!(!shared("alone.xlsx").contains("Not made"));
    assert!(shared("changes.xlsx").contains("Compared with"));
}
