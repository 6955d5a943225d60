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
        ("UPDATE account_rows SET full_name = 'Nobody' WHERE id = 1", "account row 1 has been changed"),
        ("UPDATE business_rows SET name = 'Mine' WHERE id = 1", "business row 1 has been changed"),
        (
            "UPDATE records SET body = '{}' WHERE sha256 = (SELECT max(sha256) FROM records)",
            " has been changed",
        ),
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
        (
            "UPDATE listings SET membership_rows = json_remove(membership_rows, '$[0]') WHERE id = 1",
            "listing 1 has been changed",
        ),
        ("UPDATE listings SET membership_rows = '[1, 2' WHERE id = 1", "the listings cannot be checked"),
        (
            "DELETE FROM listing_accounts WHERE listing = (SELECT min(listing) FROM listing_accounts)",
            " has been changed",
        ),
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
        let parts = ["coverage", "requests", "snapshot_businesses", "snapshot_accounts", "snapshot_records"];
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
    let parts = ["coverage", "requests", "snapshot_businesses", "snapshot_accounts", "snapshot_records"];
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
    verify(&kept.replace("3:", "2:")).exits(10).says("snapshot 2 has the hash ").says("not the expected ");
    for malformed in ["3", "3:abc", "three:", &kept[..40]] {
        verify(malformed).exits(2);
    }
    let parts = ["coverage", "requests", "snapshot_businesses", "snapshot_accounts", "snapshot_records"];
    let parts: String =
        parts.iter().map(|table| format!("DELETE FROM {table} WHERE snapshot_id = 3;")).collect();
    let unused = "DELETE FROM listings WHERE id NOT IN (SELECT listing FROM snapshot_businesses UNION
                  SELECT listing FROM snapshot_accounts UNION SELECT listing FROM snapshot_records);
         DELETE FROM listing_records WHERE listing NOT IN (SELECT id FROM listings);
         DELETE FROM listing_accounts WHERE listing NOT IN (SELECT id FROM listings);
         DELETE FROM membership_rows WHERE id NOT IN (SELECT e.value FROM listings, json_each(membership_rows) e);
         DELETE FROM account_rows WHERE id NOT IN (SELECT row FROM listing_accounts)";
    Tables::open_for_writing(&home.path(DB))
        .tamper(&format!("{parts} DELETE FROM snapshots WHERE id = 3; {unused}"));
    home.fbsync(&["verify", "--db", DB]).succeeds().says("cut snapshots off its end");
    verify(&kept).exits(10).says("snapshot 3 is not there: the chain was cut off after snapshot 2");
}

#[test]
fn what_was_taken_away_or_slipped_in_beside_the_hashes_is_found() {
    for (change, found) in [
        ("DELETE FROM records WHERE sha256 = (SELECT record_sha256 FROM membership_rows WHERE id = 4)", " is missing"),
        ("UPDATE listing_accounts SET account_key = 'x' || account_key", "under a key that is not theirs"),
        (
            "INSERT INTO membership_rows SELECT NULL, zeroblob(32), business_id, account_key, role, role_label,
             role_class, member_uuid, email, first_name, last_name, active, state, invitation_accepted_at,
             member_created_at, member_updated_at, job_title, last_login_at, logins, flags, sources,
             record_sha256, identity_id, identity_uuid, last_login_status FROM membership_rows WHERE id = 1",
            "1 of the rows in membership_rows belong to no snapshot",
        ),
        ("UPDATE snapshots SET status = 'partial' WHERE id = 2", "snapshot 2 has been changed"),
        ("DELETE FROM requests WHERE snapshot_id = 2 AND seq = 3", "snapshot 2 has been changed"),
    ] {
        let home = three_snapshots();
        Tables::open_for_writing(&home.path(DB)).tamper(change);
        verify(&home).exits(10).says(found);
    }
}
