//! Snapshot after snapshot: what is stored once, what is counted, and how each follows from the
//! one before.

use crate::harness::Home;
use fbsync::sandbox::{Member, Reading, World, changes};

fn three_of_five() -> Home {
    let home = Home::reading(World::many(3, 5));
    home.sync().succeeds();
    home
}

#[test]
fn a_second_sync_is_a_second_snapshot_and_stores_nothing_twice() {
    let home = three_of_five();
    const STORED_ONCE: &str =
        "SELECT (SELECT count(*) FROM listings), (SELECT count(*) FROM membership_rows),
         (SELECT count(*) FROM account_rows), (SELECT count(*) FROM records)";
    let before = home.tables().one(STORED_ONCE);
    home.sync().succeeds();
    assert_eq!(home.tables().one(STORED_ONCE), before);
    let tables = home.tables();
    for (table, rows) in
        [("memberships", 15), ("businesses", 3), ("accounts", 13), ("coverage", 6), ("access", 15)]
    {
        let counted = tables.rows(&format!("SELECT snapshot_id, count(*) FROM {table} GROUP BY 1"));
        assert_eq!(counted, [format!("1|{rows}"), format!("2|{rows}")], "{table}");
    }
    assert_eq!(tables.number("SELECT DISTINCT snapshot_id FROM latest_access"), 2);
}

#[test]
fn one_business_that_changed_costs_one_listing() {
    let home = three_of_five();
    let listings = |home: &Home| {
        home.tables().number("SELECT count(*) FROM listings, json_each(rows) WHERE kind = 'memberships'")
    };
    let before = listings(&home);
    home.sandbox.change(|world| world.businesses[1].members[4].active = false);
    home.sync().succeeds();
    assert_eq!(listings(&home) - before, 5);
    assert_eq!(home.tables().one(r#"SELECT joined, "left", changed FROM snapshots WHERE id = 2"#), "0|0|1");
}

#[test]
fn who_joined_left_and_changed_is_counted() {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    let counts = r#"SELECT id, joined, "left", changed FROM snapshots ORDER BY id DESC LIMIT 1"#;
    assert_eq!(home.tables().one(counts), "1|||");
    home.sandbox.change(changes::quarter_later);
    home.sync().succeeds();
    // Amara joined; Lars and two at Kestrel left; Bram, 雪, Sofia and Ελένη changed.
    assert_eq!(home.tables().one(counts), "2|1|3|4");
    let listed = home.fbsync(&["snapshots", "--db", "audit.sqlite", "--json"]).succeeds().json();
    assert_eq!(
        (&listed[1]["joined"], &listed[1]["left"], &listed[1]["changed"]),
        (&1.into(), &3.into(), &4.into())
    );
}

#[test]
fn a_list_that_could_not_be_read_makes_nobody_a_leaver() {
    let home = three_of_five();
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    home.sync().exits(7);
    let counts = r#"SELECT status, joined, "left", changed FROM snapshots ORDER BY id DESC LIMIT 1"#;
    assert_eq!(home.tables().one(counts), "partial|0|0|0");
    // And once it can be read again, nobody who was there all the time has joined.
    home.sandbox.change(|world| {
        world.businesses[1].team_list = Reading::Allowed;
        let member = Member::new("Ife", "Okafor", "ife@b9002.example", "business_employee");
        world.businesses[1].members.push(Member { uuid: Some("new".to_owned()), ..member });
    });
    home.sync().succeeds();
    assert_eq!(home.tables().one(counts), "complete|1|0|0");
}

#[test]
fn every_snapshot_names_the_hash_of_the_one_before() {
    let home = three_of_five();
    home.sync().succeeds();
    home.sync().succeeds();
    let chain = "SELECT b.id FROM snapshots a JOIN snapshots b ON b.previous_sha256 = a.content_sha256
         WHERE b.id = a.id + 1 ORDER BY 1";
    assert_eq!(home.tables().rows(chain), ["2", "3"]);
    assert_eq!(home.tables().one("SELECT previous_sha256 FROM snapshots WHERE id = 1"), "");
}

#[test]
fn every_request_is_recorded_with_the_hash_of_its_body() {
    let home = three_of_five();
    let tables = home.tables();
    assert_eq!(tables.number("SELECT count(*) FROM requests"), 7);
    let whole = "SELECT count(*) FROM requests WHERE status = 200 AND bytes > 0 AND length(sha256) = 64
         AND attempts = 1 AND request_id LIKE 'fb5a0000-%' AND received_at LIKE '____-__-__T__:__:__Z'";
    assert_eq!(tables.number(whole), 7);
    let dates = "SELECT server_date_first <= server_date_last, started_at <= finished_at FROM snapshots";
    assert_eq!(tables.one(dates), "1|1");
}
