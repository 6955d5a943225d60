//! What the database looks like, and how it refuses to be changed.
//!
//! Stored the way git stores things: a row once, by the hash of its content; a *listing* (the
//! memberships of one business, or the records that no row names) once, by the hash of its rows'
//! hashes; a snapshot points to listings. A business in which nothing changed costs one small row, and
//! a row's text can be erased one day while its hash keeps the chain whole. The tables that people
//! query are views over these.
//!
//! `erasable` holds for each snapshot the hash of what pruning erases of it, which stays.
//!
//! `listings.rows` is JSON, since a table row for each would double the work. Of memberships it is an
//! object: the id of each membership's row, in order, and the id of the row of the account that holds
//! it. Of records it is an array of their hashes.
//!
//! Everything is append-only, by triggers. What belongs to a snapshot is written before its own row,
//! so that the presence of that row means "finished"; foreign keys are checked at the commit.

use rusqlite::Connection;

use super::kind::{Part, RowKind, Spec, Storage};
use super::shape::{self, ACCOUNT, BUSINESS, MEMBERSHIP, REVIEW, SNAPSHOT};
use crate::model::Status;

/// "FBSY", in the file's header, so that `file` and others can tell what it is.
pub(super) const APPLICATION_ID: i32 = 0x4642_5359;

/// In `user_version`. Nothing is released yet: the first version may still change with the code.
pub(super) const VERSION: i32 = 1;

/// What is no row of the model, but points to rows or is pointed to.
const LISTS: &str = "
CREATE TABLE records (sha256 TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE listings (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('memberships', 'records')),
    sha256 BLOB NOT NULL, rows TEXT NOT NULL
) STRICT;
CREATE TABLE snapshot_listings (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    business_row INTEGER REFERENCES business_rows DEFERRABLE INITIALLY DEFERRED,
    memberships INTEGER REFERENCES listings DEFERRABLE INITIALLY DEFERRED,
    records INTEGER NOT NULL REFERENCES listings DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (snapshot_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE erasable (
    snapshot_id INTEGER PRIMARY KEY REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED, sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX listings_by_hash ON listings (sha256);
CREATE INDEX business_rows_by_hash ON business_rows (sha256);
CREATE INDEX membership_rows_by_business ON membership_rows (business_id);
";

/// From the listings `l` to memberships `m` and the accounts `a` that hold them, in order.
pub(super) const MEMBERS: &str = "CROSS JOIN json_each(l.rows) e
    CROSS JOIN membership_rows m ON m.id = e.key CROSS JOIN account_rows a ON a.id = e.value";

/// The address of a membership: its own, else its account's.
pub(super) const EMAIL: &str = "CASE WHEN m.email <> '' THEN m.email ELSE a.email END";

/// The name of a membership: its own, else its account's.
pub(super) const FULL_NAME: &str = "CASE WHEN trim(m.first_name || m.last_name) <> ''
    THEN trim(trim(m.first_name) || ' ' || trim(m.last_name)) ELSE a.full_name END";

/// The listing that reviewers work from. `is_external` needs to know whose domains are one's own, which
/// the database does not. `further` columns of the same tables stand behind its own.
pub(super) fn access(further: &str) -> String {
    let own_or_account = |column: &str| {
        format!("CASE WHEN trim(m.first_name || m.last_name) <> '' THEN m.{column} ELSE a.{column} END")
    };
    format!(
        "SELECT CASE WHEN m.member_uuid IS NOT NULL THEN m.business_id || '/' || m.member_uuid
                     ELSE m.business_id || '/' || m.account_key || '/' || m.role END AS row_key,
                s.id AS snapshot_id, s.finished_at AS as_of,
                b.business_id, b.business_uuid, b.name AS business_name, b.account_id,
                m.account_key, a.identity_id, {FULL_NAME} AS full_name,
                {} AS first_name, {} AS last_name, {EMAIL} AS email,
                lower(trim(substr({EMAIL}, nullif(instr({EMAIL}, '@'), 0) + 1))) AS email_domain,
                m.role, m.role_label, m.role_class, m.active, m.state,
                m.invitation_accepted_at, m.member_created_at, m.member_updated_at,
                m.last_login_at, m.last_login_status, NULL AS is_external,
                a.businesses AS businesses_count, m.flags, m.sources, m.record_sha256{further}
         FROM snapshots s JOIN snapshot_listings sl ON sl.snapshot_id = s.id
         JOIN business_rows b ON b.id = sl.business_row JOIN listings l ON l.id = sl.memberships {MEMBERS}",
        own_or_account("first_name"),
        own_or_account("last_name"),
    )
}

/// The order of every listing, by the tables that [`access`] names. `json_each` goes through the rows
/// of a listing in their order; to sort by it would be to hold them all.
pub(super) const ACCESS_ORDER: &str = "ORDER BY sl.position";

/// The newest complete snapshot, as `SELECT id`.
pub(super) fn newest_complete() -> String {
    let complete = Status::Complete;
    format!("SELECT id FROM snapshots WHERE status = '{complete}' ORDER BY finished_at DESC, id DESC LIMIT 1")
}

/// The tables as people know them.
fn views() -> String {
    let shown = |kind: RowKind| kind.names("r.", |column| column.part != Part::Internal);
    let listings =
        "snapshot_listings s JOIN listings l ON l.id = s.memberships CROSS JOIN json_each(l.rows) e";
    format!(
        "CREATE VIEW businesses AS SELECT s.snapshot_id, {}
         FROM snapshot_listings s JOIN business_rows r ON r.id = s.business_row;
         CREATE VIEW memberships AS SELECT s.snapshot_id, {}
         FROM {listings} CROSS JOIN membership_rows r ON r.id = e.key;
         CREATE VIEW accounts AS SELECT held.snapshot_id, {}
         FROM (SELECT DISTINCT s.snapshot_id, e.value AS id FROM {listings}) held
         CROSS JOIN account_rows r ON r.id = held.id;
         CREATE VIEW roles AS SELECT snapshot_id, role, role_label, role_class, count(*) AS memberships
         FROM memberships GROUP BY snapshot_id, role, role_label, role_class;
         CREATE VIEW access AS {};
         CREATE VIEW latest_access AS SELECT * FROM access WHERE snapshot_id = ({});",
        shown(BUSINESS.kind()),
        shown(MEMBERSHIP.kind()),
        shown(ACCOUNT.kind()),
        access(""),
        newest_complete(),
    )
}

/// The definition of a kind's table.
fn table(kind: &RowKind) -> String {
    let columns: Vec<String> = kind.columns.iter().map(column).collect();
    let columns = columns.join(", ");
    let table = kind.table;
    match kind.storage {
        Storage::Once => format!(
            "CREATE TABLE {table} (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, layout INTEGER NOT NULL,
             {columns}) STRICT;\n"
        ),
        Storage::Line { of, id, key } => format!(
            "CREATE TABLE {table} ({id} INTEGER NOT NULL REFERENCES {of} DEFERRABLE INITIALLY DEFERRED,
             {columns}, PRIMARY KEY ({id}, {key})) STRICT, WITHOUT ROWID;\n"
        ),
        Storage::Head => format!("CREATE TABLE {table} ({columns}) STRICT;\n"),
    }
}

fn column(column: &Spec) -> String {
    let Spec { name, sql, words, .. } = column;
    match words {
        [] => format!("\"{name}\" {sql}"),
        _ => format!("\"{name}\" {sql} CHECK (\"{name}\" IN ('{}'))", words.join("', '")),
    }
}

/// Each table, and the condition under which a new row would replace or join something finished. An
/// id that SQLite is left to give is not positive here, and never one that is taken.
fn guarded(kinds: &[RowKind]) -> Vec<(&'static str, String)> {
    let is_taken = |table: &str, id: &str| format!("EXISTS (SELECT 1 FROM {table} WHERE {id} = NEW.{id})");
    let has_head = |of: &str, id: &str| format!("EXISTS (SELECT 1 FROM {of} WHERE id = NEW.{id})");
    let mut guarded = vec![
        ("records", is_taken("records", "sha256")),
        ("listings", format!("NEW.id > 0 AND {}", is_taken("listings", "id"))),
        ("snapshot_listings", has_head("snapshots", "snapshot_id")),
        ("erasable", has_head("snapshots", "snapshot_id")),
    ];
    guarded.extend(kinds.iter().map(|kind| {
        let condition = match kind.storage {
            Storage::Once => format!("NEW.id > 0 AND {}", is_taken(kind.table, "id")),
            Storage::Line { of, id, .. } => has_head(of, id),
            Storage::Head => format!("NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM {})", kind.table),
        };
        (kind.table, condition)
    }));
    guarded
}

/// The triggers: no change, no removal, nothing slipped into what is finished. The last also stops
/// INSERT OR REPLACE, which removes rows without telling the delete trigger.
///
/// ROLLBACK and not ABORT, here and in what inserts, and ids that SQLite gives: otherwise it would keep
/// a journal of each statement, a fifth of the work of a large snapshot, to go back to a state nobody
/// wants.
fn triggers(kinds: &[RowKind]) -> String {
    let refusal = |table: &str, event: &str, condition: &str| {
        let name = event.to_lowercase();
        format!(
            "CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} {condition}
             BEGIN SELECT RAISE(ROLLBACK, '{table}: evidence is append-only'); END;\n"
        )
    };
    let of_table = |(table, finished): (&str, String)| {
        refusal(table, "UPDATE", "")
            + &refusal(table, "DELETE", "")
            + &refusal(table, "INSERT", &format!("WHEN {finished}"))
    };
    guarded(kinds).into_iter().map(of_table).collect()
}

/// Everything that makes an empty file a database of this version, but for the triggers: they come
/// with [`create_triggers`], in the same transaction, once the first rows are there.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&tables_and_views(&shape::kinds()))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// Lets everything be changed until [`create_triggers`], inside one transaction.
pub(super) fn drop_triggers(connection: &Connection) -> rusqlite::Result<()> {
    let names = guarded(&shape::kinds()).into_iter().flat_map(|(table, _)| {
        ["update", "delete", "insert"].map(|event| format!("DROP TRIGGER {table}_no_{event};"))
    });
    connection.execute_batch(&names.collect::<String>())
}

pub(super) fn create_triggers(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&triggers(&shape::kinds()))
}

fn tables_and_views(kinds: &[RowKind]) -> String {
    let tables: String = kinds.iter().map(table).collect();
    format!("{tables}{LISTS}{}", views())
}

/// What no snapshot leads to, table by table as a condition, in the order in which it falls away.
pub(super) fn unreached(kinds: &[RowKind]) -> Vec<(&'static str, String)> {
    let reviews = kinds.iter().filter(|kind| kind.is_line_of(REVIEW.kind().table)).map(|kind| kind.table);
    let lines = kinds.iter().filter(|kind| kind.is_line_of(SNAPSHOT.kind().table));
    let tables = lines.map(|kind| kind.table).chain(["snapshot_listings"]);
    let gone = format!("snapshot_id NOT IN (SELECT id FROM snapshots WHERE status <> '{}')", Status::Pruned);
    let mut unreached: Vec<(&str, String)> = tables.map(|table| (table, gone.clone())).collect();
    let entries = |what: &str, kind: &str| {
        format!("SELECT {what} FROM listings l, json_each(l.rows) e WHERE l.kind = '{kind}'")
    };
    let memberships = entries("CAST(e.key AS INTEGER)", "memberships");
    let (accounts, records) = (entries("e.value", "memberships"), entries("e.value", "records"));
    unreached.extend(reviews.map(|table| (table, "review_id NOT IN (SELECT id FROM reviews)".to_owned())));
    unreached.extend([
        ("erasable", "snapshot_id NOT IN (SELECT id FROM snapshots)".to_owned()),
        (
            "listings",
            "id NOT IN (SELECT memberships FROM snapshot_listings WHERE memberships IS NOT NULL
            UNION SELECT records FROM snapshot_listings)"
                .to_owned(),
        ),
        ("membership_rows", format!("id NOT IN ({memberships})")),
        ("account_rows", format!("id NOT IN ({accounts})")),
        (
            "business_rows",
            "id NOT IN (SELECT business_row FROM snapshot_listings
            WHERE business_row IS NOT NULL)"
                .to_owned(),
        ),
        (
            "records",
            format!(
                "sha256 NOT IN (SELECT record_sha256 FROM membership_rows
            UNION SELECT record_sha256 FROM business_rows UNION {records})"
            ),
        ),
    ]);
    unreached
}

/// Name and text of every table, index, view and trigger of a schema with these kinds.
pub(super) fn expected_objects(kinds: &[RowKind]) -> rusqlite::Result<Vec<(String, String)>> {
    let fresh = Connection::open_in_memory()?;
    fresh.execute_batch(&(tables_and_views(kinds) + &triggers(kinds)))?;
    objects(&fresh)
}

/// Name and text of every object that a file has.
pub(super) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement =
        connection.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// What a tombstone has in the columns that pruning erases, as the assignments of an UPDATE.
pub(super) fn tombstone(snapshot: &RowKind) -> String {
    let blank = |column: &Spec| match column.part {
        Part::Erased(blank) => Some(format!("\"{}\" = {blank}", column.name)),
        _ => None,
    };
    snapshot.columns.iter().filter_map(blank).collect::<Vec<_>>().join(", ")
}
