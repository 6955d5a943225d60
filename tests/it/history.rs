//! Snapshot after snapshot: what is stored once, what is counted, and how each follows from the
//! one before.

use fbsync::sandbox::{Member, Reading, World, changes};
use serde_json::Value;

use crate::harness::Home;
use crate::tables::Tables;

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
    let listings =
        |home: &Home| home.tables().number("SELECT count(*) FROM listings, json_each(membership_rows)");
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

/// The documented layout `fbsync-1`, written a second time from its description.
mod layout {
    use serde_json::Value;
    use sha2::{Digest as _, Sha256};

    pub(super) fn hex(bytes: impl AsRef<[u8]>) -> String {
        bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn line(kind: &str, cells: &[Value]) -> String {
        let mut array = vec![Value::from(kind)];
        array.extend_from_slice(cells);
        Value::Array(array).to_string()
    }

    pub(super) fn sha256(text: &str) -> String {
        hex(Sha256::digest(text))
    }
}

/// The hash of the listing with this id, from the columns of its rows.
fn listing_hash(tables: &Tables, kind: &str, id: &Value) -> String {
    let rows = tables.values(&match kind {
        "membership" => format!(
            "SELECT r.* FROM listings l, json_each(l.membership_rows) e JOIN membership_rows r ON r.id = e.value
             WHERE l.id = {id} ORDER BY e.key"
        ),
        _ => format!(
            "SELECT r.* FROM listing_accounts l JOIN account_rows r ON r.id = l.row
             WHERE l.listing = {id} ORDER BY l.account_key"
        ),
    });
    let hashes = rows.iter().map(|row| layout::sha256(&layout::line(kind, &row[2..])) + "\n");
    layout::sha256(&hashes.collect::<String>())
}

#[test]
fn the_hash_of_a_snapshot_follows_from_its_documented_layout() {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    home.sandbox.change(changes::quarter_later);
    home.sync().succeeds();
    let tables = home.tables();
    let columns = tables.columns("snapshots");
    let at = columns.iter().position(|name| name == "content_sha256").expect("a column");
    for mut snapshot in tables.values("SELECT * FROM snapshots") {
        let (id, recorded) = (snapshot[0].clone(), snapshot.remove(at));
        let mut lines = vec![layout::line("snapshot", &snapshot)];
        let businesses = tables.values(&format!(
            "SELECT business_row, listing FROM snapshot_businesses WHERE snapshot_id = {id} ORDER BY position"
        ));
        for business in businesses {
            let row = &tables.values(&format!("SELECT * FROM business_rows WHERE id = {}", business[0]))[0];
            let row = layout::sha256(&layout::line("business", &row[2..]));
            let listing = listing_hash(&tables, "membership", &business[1]);
            lines.push(layout::line("business", &[row.into(), listing.into()]));
        }
        let accounts =
            &tables.values(&format!("SELECT listing FROM snapshot_accounts WHERE snapshot_id = {id}"))[0];
        lines.push(layout::line("accounts", &[listing_hash(&tables, "account", &accounts[0]).into()]));
        let records = tables.values(&format!(
            "SELECT listing FROM snapshot_records WHERE snapshot_id = {id} ORDER BY position"
        ));
        for listing in records {
            let hashes = tables.rows(&format!(
                "SELECT sha256 FROM listing_records WHERE listing = {} ORDER BY sha256",
                listing[0]
            ));
            let hashes: String = hashes.into_iter().map(|hash| hash + "\n").collect();
            lines.push(layout::line("records", &[layout::sha256(&hashes).into()]));
        }
        for (kind, table, order) in
            [("coverage", "coverage", "business_id, resource"), ("request", "requests", "seq")]
        {
            let rows =
                tables.values(&format!("SELECT * FROM {table} WHERE snapshot_id = {id} ORDER BY {order}"));
            lines.extend(rows.iter().map(|row| layout::line(kind, &row[1..])));
        }
        let content: String = lines.into_iter().map(|line| line + "\n").collect();
        assert_eq!(recorded, layout::sha256(&content), "snapshot {id}");
    }
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
