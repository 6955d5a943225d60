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
        .says("not proved: that nobody rebuilt the whole file, or cut snapshots off its end");
    let json = home.fbsync(&["verify", "--db", DB, "--json"]).succeeds().json();
    assert_eq!((&json["snapshots"], &json["findings"]), (&3.into(), &serde_json::json!([])));
}

#[test]
fn every_changed_row_is_found() {
    for (change, found) in [
        ("UPDATE membership_rows SET role = 'client' WHERE role = 'owner'", "membership row "),
        ("UPDATE membership_rows SET flags = 'x' WHERE id = 5", "membership row 5 has been changed"),
        ("UPDATE account_rows SET full_name = 'Nobody' WHERE id = 2", "account row 2 has been changed"),
        ("UPDATE business_rows SET name = 'Mine' WHERE id = 1", "business row 1 has been changed"),
        ("UPDATE records SET body = '{}' WHERE rowid = 3", " has been changed"),
        (
            "UPDATE coverage SET outcome = 'ok', expected = 9 WHERE snapshot_id = 2",
            "snapshot 2 has been changed",
        ),
        ("UPDATE requests SET status = 500 WHERE snapshot_id = 1 AND seq = 2", "snapshot 1 has been changed"),
        ("UPDATE snapshots SET note = 'signed' WHERE id = 1", "snapshot 1 has been changed"),
        (
            "UPDATE snapshots SET finished_at = '2020-01-01T00:00:00Z' WHERE id = 3",
            "snapshot 3 has been changed",
        ),
        ("UPDATE snapshots SET status = 'pruned' WHERE id = 2", "snapshot 2 is marked as pruned"),
        ("UPDATE snapshots SET content_sha256 = 'ff' WHERE id = 2", "snapshot 3 does not follow"),
        ("UPDATE snapshot_businesses SET listing = 1 WHERE snapshot_id = 2", "snapshot 2 has been changed"),
        ("DELETE FROM coverage WHERE snapshot_id = 1 AND business_id = 9001", "snapshot 1 has been changed"),
        ("DELETE FROM listing_memberships WHERE listing = 1 AND position = 0", "listing 1 has been changed"),
        ("DELETE FROM listing_accounts WHERE account_key LIKE 'identity:9001%'", " has been changed"),
    ] {
        let home = three_snapshots();
        Tables::open_for_writing(&home.path(DB)).tamper(change);
        verify(&home).exits(10).says(found).says("error: audit.sqlite is not as fbsync wrote it");
    }
}

#[test]
fn a_removed_snapshot_is_found_wherever_it_stood() {
    for (id, found) in [(1, "snapshot 1 is missing"), (2, "snapshot 2 is missing: the next one there is 3")] {
        let home = three_snapshots();
        let parts = ["coverage", "requests", "snapshot_businesses", "snapshot_accounts"];
        let parts: String =
            parts.iter().map(|table| format!("DELETE FROM {table} WHERE snapshot_id = {id};")).collect();
        Tables::open_for_writing(&home.path(DB))
            .tamper(&format!("{parts} DELETE FROM snapshots WHERE id = {id}"));
        verify(&home).exits(10).says(found).says("does not follow from the snapshot before it");
    }
}

#[test]
fn snapshots_that_were_renumbered_are_found() {
    let home = three_snapshots();
    let parts = ["coverage", "requests", "snapshot_businesses", "snapshot_accounts"];
    let shift = |table: &&str| {
        format!(
            "DELETE FROM {table} WHERE snapshot_id = 2; UPDATE {table} SET snapshot_id = 2 WHERE snapshot_id = 3;"
        )
    };
    let parts: String = parts.iter().map(shift).collect();
    let snapshots = "DELETE FROM snapshots WHERE id = 2; UPDATE snapshots SET id = 2 WHERE id = 3";
    Tables::open_for_writing(&home.path(DB)).tamper(&format!("{parts} {snapshots}"));
    verify(&home).exits(10).says("snapshot 2 does not follow").says("snapshot 2 has been changed");
}

#[test]
fn a_missing_or_weakened_guard_is_found() {
    for (change, found) in [
        ("DROP TRIGGER snapshots_no_update", "snapshots_no_update is missing from the schema"),
        ("DROP VIEW latest_access", "latest_access is missing from the schema"),
        ("DROP VIEW roles; CREATE VIEW roles AS SELECT 1", "roles is not as fbsync defined it"),
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
    verify(&home).exits(10);
}
