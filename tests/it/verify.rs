//! `verify` finds what somebody changed behind the triggers' back, and says what it cannot find.

use fbsync::sandbox::World;

use crate::harness::{DB, Home, Run};
use crate::tables::Tables;

fn three_snapshots() -> Home {
    let home = Home::reading(World::many(2, 5));
    for note in ["first", "second", "third"] {
        home.fbsync(&["sync", "--db", DB, "--note", note]).succeeds();
        home.sandbox.change(|world| drop(world.businesses[0].members.pop()));
    }
    home
}

fn verify(home: &Home) -> Run {
    home.fbsync(&["verify", "--db", DB])
}

#[test]
fn an_untouched_database_is_ok_and_its_limits_are_told() {
    let home = three_snapshots();
    let head = home.tables().one("SELECT content_sha256 FROM snapshots WHERE id = 3");
    let run = verify(&home).succeeds();
    assert_eq!(run.stdout, "");
    run.says("ok: 3 snapshots, ")
        .says(&format!("newest: snapshot 3, content_sha256 {head}"))
        .says("not proved: that nobody rebuilt the whole file, or removed snapshots or reviews from its end");
    let json = home.fbsync(&["verify", "--db", DB, "--json"]).succeeds().json();
    assert_eq!((&json["snapshots"], &json["findings"]), (&3.into(), &serde_json::json!([])));
}

#[test]
fn what_was_changed_is_named() {
    for (change, found) in [
        ("UPDATE membership_rows SET flags = 'x' WHERE id = 5", "membership row 5 has been changed"),
        ("UPDATE snapshots SET note = 'signed' WHERE id = 1", "the content of snapshot 1 has been changed"),
        ("UPDATE snapshots SET content_sha256 = 'ff' WHERE id = 2", "snapshot 3 does not follow"),
        ("UPDATE listings SET rows = '[1, 2' WHERE id = 1", "listing 1 has been changed"),
        (
            "DELETE FROM records WHERE sha256 = (SELECT record_sha256 FROM membership_rows WHERE id = 4)",
            " is missing",
        ),
    ] {
        let home = three_snapshots();
        Tables::open_for_writing(&home.path(DB)).tamper(change);
        verify(&home).exits(10).says(found).says("error: audit.sqlite: ").says(" found\n");
    }
}

/// Takes a snapshot away, and everything that it alone leads to.
fn without_snapshot(home: &Home, id: i64) {
    let parts = ["coverage", "requests", "snapshot_listings", "erasable"];
    let parts: String =
        parts.iter().map(|part| format!("DELETE FROM {part} WHERE snapshot_id = {id};")).collect();
    let unused = "DELETE FROM listings WHERE id NOT IN (SELECT memberships FROM snapshot_listings
             WHERE memberships IS NOT NULL UNION SELECT records FROM snapshot_listings);
         DELETE FROM membership_rows WHERE id NOT IN (SELECT CAST(e.key AS INTEGER) FROM listings, json_each(rows) e);
         DELETE FROM account_rows WHERE id NOT IN (SELECT e.value FROM listings, json_each(rows) e)";
    Tables::open_for_writing(&home.path(DB))
        .tamper(&format!("{parts} DELETE FROM snapshots WHERE id = {id}; {unused}"));
}

#[test]
fn a_removed_snapshot_is_found_wherever_it_stood() {
    for (id, found) in [(1, "snapshot 1 is missing"), (2, "snapshot 2 is missing: the next one is 3")] {
        let home = three_snapshots();
        without_snapshot(&home, id);
        verify(&home).exits(10).says(found).says("does not follow from what was recorded before it");
    }
}

#[test]
fn a_missing_or_weakened_guard_is_found() {
    for (change, found) in [
        ("DROP TRIGGER snapshots_no_update", "snapshots_no_update is missing from the schema"),
        ("DROP VIEW latest_access", "latest_access is missing from the schema"),
        ("DROP VIEW roles; CREATE VIEW roles AS SELECT 1", "roles is not as fbsync defined it"),
        ("DROP TABLE coverage", "coverage is missing from the schema"),
        ("CREATE TABLE notes (text TEXT)", "notes is not part of fbsync's schema"),
    ] {
        let home = three_snapshots();
        Tables::open_for_writing(&home.path(DB)).execute(change);
        verify(&home).exits(10).says(found);
    }
}

#[test]
fn a_damaged_file_is_found() {
    let home = three_snapshots();
    let mut bytes = std::fs::read(home.path(DB)).expect("a database");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0x55);
    std::fs::write(home.path(DB), bytes).expect("a database");
    // Where the damage hits the schema, the file cannot even be opened.
    let run = verify(&home);
    assert!(matches!(run.code, Some(9 | 10)), "{run}");
}

#[test]
fn snapshots_cut_off_at_the_end_show_against_a_hash_that_was_kept() {
    let home = three_snapshots();
    let head = home.fbsync(&["snapshots", "--db", DB, "--head"]).succeeds().stdout;
    let kept = format!("3:{}", head.trim_end().rsplit(' ').next().unwrap_or_default());
    let verify = |expected: &str| home.fbsync(&["verify", "--db", DB, "--expect", expected]);
    verify(&kept).succeeds().says("proved up to snapshot 3");
    verify(&kept.to_uppercase()).succeeds();
    verify(&head).succeeds().says("proved up to snapshot 3");
    verify(&kept.replace("3:", "2:")).exits(10).says("snapshot 2 has the hash ").says("not the expected ");
    for malformed in ["3", "3:abc", "three:", &kept[..40]] {
        verify(malformed).exits(2);
    }
    without_snapshot(&home, 3);
    home.fbsync(&["verify", "--db", DB]).succeeds().says("removed snapshots or reviews from its end");
    verify(&kept).exits(10).says("snapshot 3 is missing: the chain ends with snapshot 2");
}
