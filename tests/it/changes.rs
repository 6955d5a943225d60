//! The report `changes`: what `diff` tells, in every export, and of one business alone.

use std::fs;

use fbsync::sandbox::{Reading, World, changes};
use serde_json::Value;

use crate::harness::{DB, Home, Run};
use crate::reports::{at_one_address, synced, world};

const HEADER: &str = "change,business_id,business_name,account_key,email,full_name,role,before,after,\
                      from_snapshot_id,to_snapshot_id,note,from_finished_at,to_finished_at\r\n";

fn two_readings() -> Home {
    let home = synced(world());
    home.sandbox.change(changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    home
}

fn report(home: &Home, more: &[&str]) -> Run {
    home.fbsync(&[&["export", "changes"], more].concat()).succeeds()
}

/// What a manifest says of `changes`, made or not, and of the choice.
fn manifest(home: &Home, folder: &str) -> (Value, Value) {
    let bytes = fs::read(home.path(folder).join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&bytes).expect("JSON");
    let told = ["files", "not_made"].map(|list| manifest[list].as_array().expect("a list").clone()).concat();
    let changes = told.into_iter().find(|one| one["report"] == "changes").expect("changes");
    (changes, manifest["choice"].clone())
}

#[test]
fn the_report_is_what_diff_prints() {
    let home = two_readings();
    let printed = home.fbsync(&["diff", "--format", "csv"]).succeeds().stdout;
    let reported = report(&home, &[]).stdout;
    assert_eq!(reported.lines().count(), printed.lines().count());
    let times = home.tables().rows("SELECT finished_at FROM snapshots ORDER BY id");
    for (line, printed) in reported.lines().zip(printed.lines()).skip(1) {
        assert_eq!(line, format!("{printed},{},{}", times[0], times[1]));
    }
    // Of the first there is nothing before.
    let run = home.fbsync(&["export", "changes", "--snapshot", "1", "-o", "c.csv"]).exits(10);
    run.says("`changes` was not made: there is no earlier complete snapshot");
    assert!(!home.path("c.csv").exists());
}

#[test]
fn the_folder_holds_it_and_is_made_anew_with_it() {
    let home = two_readings();
    home.fbsync(&["export", "--out", "e"]).succeeds();
    let (changes, _) = manifest(&home, "e");
    assert_eq!((&changes["status"], &changes["rows"]), (&"ok".into(), &8.into()));
    home.fbsync(&["verify", "e"]).succeeds().says("byte-for-byte identical");
    home.fbsync(&["export", "--out", "first", "--snapshot", "1"]).succeeds();
    let (changes, _) = manifest(&home, "first");
    assert_eq!(
        (&changes["status"], &changes["reason"]),
        (&"not_made".into(), &"there is no earlier complete snapshot".into())
    );
    assert!(!home.path("first/changes.csv").exists());
    home.fbsync(&["verify", "first"]).succeeds();
}

#[test]
fn what_was_pruned_since_is_told_and_no_tampering() {
    let home = two_readings();
    home.fbsync(&["export", "--out", "e"]).succeeds();
    home.fbsync(&["export", "--out", "first", "--snapshot", "1"]).succeeds();
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes"]).succeeds();
    let run = home.fbsync(&["verify", "e"]).exits(7);
    run.says("the content of snapshot 1 was pruned since")
        .says("not compared: changes.csv, history.csv, trend.csv, review.csv, overview.html\n");
    let run = home.fbsync(&["verify", "first"]).exits(7).says("the content of snapshot 1 was pruned since");
    run.says("error: first: no problems found, but not everything could be compared")
        .says("hint: a copy of the database");
    // The others are compared all the same.
    let access = home.path("e/access.csv");
    let text = fs::read_to_string(&access).expect("a file");
    fs::write(&access, text.replacen("privileged", "limited", 1)).expect("written");
    home.fbsync(&["verify", "e"]).exits(10).says("access.csv is not what the database gives");
}

#[test]
fn only_some_people_s_changes() {
    let home = two_readings();
    let run = report(&home, &["--people", "amara.okonjo@harbourlight.example"]);
    assert_eq!(run.stdout.lines().count(), 2, "{run}");
    // Who left is nobody in the later snapshot, and still the one who was asked for.
    let run = report(&home, &["--people", "Lars.Holm@harbourlight.example"]);
    assert!(run.stdout.contains("\r\nleft,48201,") && run.stdout.lines().count() == 2, "{run}");
}

/// Two businesses. In the second an identity comes to stand behind an address that the first has as well.
fn an_identity_appears_elsewhere() -> Home {
    let mut world = World::many(2, 3);
    world.businesses[0].members.push(at_one_address("u-here", "Ann", None));
    let home = synced(world);
    home.sandbox.change(|world| world.businesses[1].members.push(at_one_address("u-there", "Ann", Some(77))));
    home.fbsync(&["sync"]).succeeds();
    home
}

#[test]
fn of_one_business_what_was_learned_elsewhere_is_no_change() {
    let home = an_identity_appears_elsewhere();
    let whole = report(&home, &[]).stdout;
    assert!(whole.contains("9001,") && whole.contains("joined,9002,"), "{whole}");
    assert_eq!(report(&home, &["--business", "9001"]).stdout, HEADER);
    let other = report(&home, &["--business", "9002"]).stdout;
    assert!(other.contains("joined,9002,") && other.lines().count() == 2, "{other}");

    home.fbsync(&["export", "--out", "s", "--split-by", "business"]).succeeds();
    let first = fs::read_dir(home.path("s")).expect("folders").flatten().map(|entry| entry.path());
    let first = first.filter(|path| path.to_string_lossy().contains("/9001-")).max().expect("a folder");
    let name = first.file_name().expect("a name").to_string_lossy().into_owned();
    let (changes, choice) = manifest(&home, &format!("s/{name}"));
    assert_eq!((&changes["status"], &changes["rows"]), (&"empty".into(), &0.into()));
    // Nothing of how the others stood.
    assert!(!choice.to_string().contains("complete"), "{choice}");
    home.fbsync(&["verify", "s"]).succeeds();
}

#[test]
fn of_one_business_the_reading_before_is_the_one_in_which_its_list_was_read() {
    let home = synced(World::many(2, 3));
    let step = |change: fn(&mut World)| {
        home.sandbox.change(change);
        home.fbsync(&["sync"])
    };
    step(|world| {
        world.businesses[1].team_list = Reading::Refused(403);
        drop(world.businesses[0].members.pop());
    })
    .exits(7);
    step(|world| {
        world.businesses[0].team_list = Reading::Refused(403);
        world.businesses[1].team_list = Reading::Allowed;
    })
    .exits(7);
    step(|world| {
        world.businesses[0].team_list = Reading::Allowed;
        drop(world.businesses[0].members.pop());
    })
    .succeeds();
    // Of the whole, snapshot 1 is the last complete one before; of each business a later one is.
    let whole = report(&home, &[]).stdout;
    assert_eq!(whole.matches("left,9001,").count(), 2, "{whole}");
    let first = report(&home, &["--business", "9001"]).stdout;
    assert_eq!((first.matches("left,9001,").count(), first.matches(",2,4,").count()), (1, 1), "{first}");
    // What could not be read says so, and is compared with what was read last.
    let third = report(&home, &["--business", "9001", "--snapshot", "3", "--allow-partial"]).stdout;
    assert!(third.contains("not_comparable,9001,") && third.contains("not read since snapshot 2"), "{third}");
    home.fbsync(&["export", "--out", "e", "--business", "9001", "--snapshot", "3", "--allow-partial"])
        .succeeds();
    home.fbsync(&["verify", "e"]).succeeds();
}

#[test]
fn a_business_that_came_later_is_added_whole() {
    let home = synced(World::many(1, 3));
    home.sandbox.change(|world| world.businesses.push(World::many(2, 3).businesses.remove(1)));
    home.fbsync(&["sync"]).succeeds();
    let run = report(&home, &["--business", "9002"]);
    assert!(run.stdout.contains("business_added,9002,") && run.stdout.lines().count() == 2, "{run}");
}

#[test]
fn the_manifest_says_how_the_snapshot_was_chosen() {
    let home = two_readings();
    let choice = |folder: &str, more: &[&str]| {
        home.fbsync(&[&["export", "--out", folder], more].concat()).succeeds();
        home.fbsync(&["verify", folder]).succeeds();
        manifest(&home, folder).1
    };
    let latest = choice("latest", &[]);
    assert_eq!((&latest["asked"], &latest["chosen"]["id"]), (&"latest".into(), &2.into()));
    assert!(["timezone", "moment", "seconds_before", "next"].iter().all(|name| latest[name].is_null()));
    let day = choice("day", &["--snapshot", "2026-06-30", "--timezone", "Europe/Oslo"]);
    assert_eq!(day["asked"], "2026-06-30");
    assert_eq!(day["timezone"], "Europe/Oslo");
    assert_eq!(day["moment"], "2026-06-30T21:59:59Z");
    assert_eq!((&day["chosen"]["id"], &day["next"]), (&2.into(), &Value::Null));
    assert!(
        day["seconds_before"].as_i64().is_some_and(|seconds| (35_000..36_000).contains(&seconds)),
        "{day}"
    );
}

#[test]
fn only_the_lists_of_the_businesses_asked_for_decide() {
    let home = synced(World::many(2, 3));
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    home.fbsync(&["sync"]).exits(7);
    let export = |more: &[&str]| home.fbsync(&[&["export", "access", "--format", "jsonl"], more].concat());
    let of = |run: Run| run.stdout.lines().next().map(|line| line.contains("\"snapshot_id\":2"));
    assert_eq!(of(export(&["--business", "9001"]).succeeds()), Some(true));
    let run = export(&["--business", "9002"])
        .succeeds()
        .says("snapshot 2 is newer but does not cover these businesses completely");
    assert_eq!(of(run), Some(false));
    export(&["--business", "9001", "--snapshot", "2"]).succeeds();
    export(&["--business", "9002", "--snapshot", "2"])
        .exits(7)
        .says("does not cover these businesses completely");
    export(&["--business", "7", "--snapshot", "2"]).exits(2).says("snapshot 2 holds no business 7");
    // A gap that was accepted beforehand counts as read.
    home.fbsync(&["sync", "--accept-gap", "9002=left to the client"]).succeeds();
    assert_eq!(of(export(&["--business", "9002"]).succeeds()), Some(false));
    home.fbsync(&["export", "access", "--business", "9002", "--snapshot", "3"]).succeeds();
}

#[test]
fn a_hash_kept_elsewhere_is_asked_of_the_database() {
    let home = two_readings();
    home.fbsync(&["export", "--out", "e"]).succeeds();
    let head = home.fbsync(&["snapshots", "--head"]).succeeds().stdout;
    let words: Vec<&str> = head.split_whitespace().collect();
    let (right, wrong) = (format!("{}:{}", words[0], words[2]), format!("2:{}", "0".repeat(64)));
    home.fbsync(&["verify", "e", "--expect", &right]).succeeds().says("proved up to snapshot 2");
    home.fbsync(&["verify", "e", "--expect", &wrong]).exits(10).says("not the expected");
    let mut without = home.command(&["verify", "e", "--expect", &right]);
    home.run(without.env_remove("FBSYNC_DB")).exits(2).says("--db");
    assert!(home.path(DB).is_file());
}
