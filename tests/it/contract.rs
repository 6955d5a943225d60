//! The database's names, columns and order, and that nothing in it can be changed.

use fbsync::sandbox::World;

use crate::harness::{DB, Home};
use crate::tables::Tables;

const TABLES: [(&str, &str); 10] = [
    (
        "snapshots",
        "id, started_at, finished_at, status, source, tool_version, identity_id, identity_uuid, identity_email, \
         identity_name, scopes, parameters, note, os_user, host, server_date_first, server_date_last, businesses, \
         accounts, memberships, requests, joined, left, changed, hash_layout, content_sha256, previous_sha256",
    ),
    (
        "businesses",
        "snapshot_id, business_id, business_uuid, account_id, name, own_role, active, status, \
         subscription_status, timezone, record_sha256",
    ),
    (
        "accounts",
        "snapshot_id, account_key, identity_id, identity_uuid, email, emails, first_name, last_name, full_name, \
         businesses",
    ),
    ("roles", "snapshot_id, role, role_label, role_class, memberships"),
    (
        "memberships",
        "snapshot_id, business_id, account_key, role, role_label, role_class, member_uuid, email, first_name, \
         last_name, active, state, invitation_accepted_at, member_created_at, member_updated_at, job_title, \
         last_login_at, logins, flags, sources, record_sha256",
    ),
    (
        "coverage",
        "snapshot_id, business_id, resource, outcome, http_status, expected, received, distinct_rows, pages, \
         attempts, message",
    ),
    ("requests", "snapshot_id, seq, method, url, status, received_at, bytes, sha256, attempts, request_id"),
    ("records", "sha256, body"),
    ("access", ACCESS),
    ("latest_access", ACCESS),
];

pub(crate) const ACCESS: &str = "row_key, snapshot_id, as_of, business_id, business_uuid, business_name, account_id, account_key, identity_id, \
     full_name, first_name, last_name, email, email_domain, role, role_label, role_class, active, state, \
     invitation_accepted_at, member_created_at, member_updated_at, last_login_at, last_login_status, is_external, \
     businesses_count, flags, sources, record_sha256";

fn synced() -> Home {
    let home = Home::reading(World::many(2, 3));
    home.sync().succeeds();
    home
}

#[test]
fn tables_have_the_columns_of_the_contract_in_its_order() {
    let tables = synced().tables();
    for (table, columns) in TABLES {
        assert_eq!(tables.columns(table).join(", "), columns, "{table}");
    }
}

#[test]
fn the_file_says_what_it_is() {
    let tables = synced().tables();
    assert_eq!(tables.number("PRAGMA application_id"), 0x4642_5359);
    assert_eq!(tables.number("PRAGMA user_version"), 1);
    assert_eq!(tables.one("PRAGMA journal_mode"), "delete");
    let loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0
         AND name NOT LIKE 'sqlite_%'";
    assert_eq!(tables.rows(loose), [""; 0]);
    assert_eq!(tables.one("PRAGMA integrity_check"), "ok");
    assert_eq!(tables.rows("PRAGMA foreign_key_check"), [""; 0]);
}

#[test]
fn times_are_utc_in_whole_seconds_and_an_unreadable_one_is_null() {
    let mut world = World::many(1, 3);
    world.businesses[0].members[1].created_at = Some("2024-05-06T07:08:09.987+02:00".to_owned());
    world.businesses[0].members[2].created_at = Some("0000-00-00".to_owned());
    let home = Home::reading(world);
    home.sync().succeeds();
    let times = home.tables().rows("SELECT member_created_at FROM memberships ORDER BY member_uuid");
    assert_eq!(times, ["2024-01-01T09:30:00Z", "2024-05-06T05:08:09Z", ""]);
    let odd = "SELECT count(*) FROM snapshots WHERE finished_at NOT LIKE '____-__-__T__:__:__Z'";
    assert_eq!(home.tables().number(odd), 0);
}

fn base_tables(tables: &Tables) -> Vec<String> {
    tables.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
}

#[track_caller]
fn refused(tables: &Tables, sql: &str) {
    let refusal = tables.refusal(sql);
    assert!(refusal.contains("evidence is append-only"), "{sql}: {refusal}");
}

#[test]
fn no_table_lets_a_row_be_changed_removed_or_replaced() {
    let home = synced();
    let tables = Tables::open_for_writing(&home.path(DB));
    let names = base_tables(&tables);
    assert_eq!(names.len(), 13);
    // A statement that touches no row is refused by nobody.
    let is_filled = |table: &String| tables.number(&format!("SELECT EXISTS (SELECT 1 FROM {table})")) == 1;
    for table in names.into_iter().filter(is_filled) {
        let column = &tables.columns(&table)[0];
        refused(&tables, &format!("UPDATE {table} SET {column} = {column}"));
        refused(&tables, &format!("UPDATE OR REPLACE {table} SET {column} = {column}"));
        refused(&tables, &format!("DELETE FROM {table}"));
        refused(&tables, &format!("INSERT INTO {table} SELECT * FROM {table}"));
        refused(&tables, &format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
        refused(&tables, &format!("INSERT OR IGNORE INTO {table} SELECT * FROM {table}"));
    }
}

#[test]
fn nothing_can_be_slipped_into_what_is_finished() {
    let home = synced();
    let tables = Tables::open_for_writing(&home.path(DB));
    for insert in [
        "coverage SELECT 1, 77, 'staff', 'ok', 200, 0, 0, 0, 1, 1, NULL",
        "requests SELECT 1, 77, 'GET', 'http://x', 200, NULL, 0, NULL, 1, NULL",
        "snapshot_listings SELECT 1, 77, 1, 1, 1",
        "erasable SELECT 1, 'x'",
        // A row may not take another's place under a key of its own.
        "listings SELECT 1, 'records', x'00', '[]'",
        "account_rows SELECT 1, x'00', 1, 'email:eve', NULL, NULL, '', '', '', '', '', 1",
    ] {
        refused(&tables, &format!("INSERT OR REPLACE INTO {insert}"));
    }
    assert_eq!(tables.rows("SELECT DISTINCT status FROM snapshots"), ["complete"]);
    home.fbsync(&["verify", "--db", DB]).succeeds();
}
