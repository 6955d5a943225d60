//! What the database looks like, and how it refuses to be changed.
//!
//! Stored the way git stores things: a row once, by the hash of its content; a *listing* (the rows of
//! one business, the accounts of one snapshot, or the records that rows do not name) once, by the hash
//! of its rows' hashes; a snapshot points to listings. A business in which nothing changed costs one
//! small row, and a row's text can be erased one day while its hash keeps the chain whole. The tables
//! that people query are views over these.
//!
//! Most people have one membership, which tells all there is to know of them: an account is a row of
//! its own only where several memberships, or the sign-in, make it more than that.
//!
//! Everything is append-only, by triggers. What belongs to a snapshot or a listing is written before
//! the row that stands for it, so that the presence of that row means "finished"; foreign keys are
//! checked at the commit.

use rusqlite::Connection;

/// "FBSY", in the file's header, so that `file` and others can tell what it is.
pub(crate) const APPLICATION_ID: i32 = 0x4642_5359;

/// In `user_version`. Nothing is released yet: the first version may still change with the code.
pub(crate) const VERSION: i32 = 1;

/// Finished snapshots, and for each what it consists of.
const SNAPSHOTS: &str = r#"
CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('complete', 'partial', 'pruned')),
    source TEXT NOT NULL, tool_version TEXT NOT NULL,
    identity_id INTEGER NOT NULL, identity_uuid TEXT, identity_email TEXT, identity_name TEXT,
    scopes TEXT, parameters TEXT NOT NULL, note TEXT, os_user TEXT, host TEXT,
    server_date_first TEXT, server_date_last TEXT,
    businesses INTEGER NOT NULL, accounts INTEGER NOT NULL, memberships INTEGER NOT NULL,
    requests INTEGER NOT NULL, joined INTEGER, "left" INTEGER, changed INTEGER,
    hash_layout TEXT NOT NULL, content_sha256 TEXT NOT NULL, previous_sha256 TEXT
) STRICT;
CREATE TABLE snapshot_businesses (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    business_row INTEGER NOT NULL REFERENCES business_rows DEFERRABLE INITIALLY DEFERRED,
    listing INTEGER NOT NULL REFERENCES listings DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (snapshot_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot_accounts (
    snapshot_id INTEGER PRIMARY KEY REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED,
    listing INTEGER NOT NULL REFERENCES listings DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE snapshot_records (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    listing INTEGER NOT NULL REFERENCES listings DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (snapshot_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE coverage (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED,
    business_id INTEGER NOT NULL,
    resource TEXT NOT NULL CHECK (resource IN ('team_members', 'business_group', 'staff')),
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'denied', 'failed', 'mismatch', 'skipped')),
    http_status INTEGER, expected INTEGER, received INTEGER NOT NULL, distinct_rows INTEGER NOT NULL,
    pages INTEGER NOT NULL, attempts INTEGER NOT NULL, message TEXT,
    PRIMARY KEY (snapshot_id, business_id, resource)
) STRICT, WITHOUT ROWID;
CREATE TABLE requests (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots DEFERRABLE INITIALLY DEFERRED,
    seq INTEGER NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL, status INTEGER, received_at TEXT,
    bytes INTEGER, sha256 TEXT, attempts INTEGER NOT NULL, request_id TEXT,
    PRIMARY KEY (snapshot_id, seq)
) STRICT, WITHOUT ROWID;
"#;

/// Rows and records, each once, and the listings made of them. A listing's `membership_rows` are the
/// ids of its rows in order, as a JSON array: a row for each would be as much work again.
const CONTENT: &str = "
CREATE TABLE records (sha256 TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE business_rows (
    id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,
    business_id INTEGER NOT NULL, business_uuid TEXT, account_id TEXT, name TEXT NOT NULL,
    own_role TEXT NOT NULL, active INTEGER, status TEXT, subscription_status TEXT, timezone TEXT,
    record_sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE account_rows (
    id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,
    account_key TEXT NOT NULL, identity_id INTEGER, identity_uuid TEXT, email TEXT NOT NULL,
    emails TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL, full_name TEXT NOT NULL,
    businesses INTEGER NOT NULL
) STRICT;
CREATE TABLE membership_rows (
    id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,
    business_id INTEGER NOT NULL, account_key TEXT NOT NULL,
    role TEXT NOT NULL, role_label TEXT NOT NULL, role_class TEXT NOT NULL, member_uuid TEXT,
    email TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
    active INTEGER NOT NULL, state TEXT NOT NULL,
    invitation_accepted_at TEXT, member_created_at TEXT, member_updated_at TEXT, job_title TEXT,
    last_login_at TEXT, logins INTEGER, flags TEXT NOT NULL, sources TEXT NOT NULL,
    record_sha256 TEXT NOT NULL,
    identity_id INTEGER, identity_uuid TEXT, last_login_status TEXT NOT NULL
) STRICT;
CREATE TABLE listings (
    id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, rows INTEGER NOT NULL,
    membership_rows TEXT NOT NULL
) STRICT;
CREATE INDEX business_rows_by_hash ON business_rows (sha256);
CREATE INDEX account_rows_by_hash ON account_rows (sha256);
CREATE INDEX membership_rows_by_business ON membership_rows (business_id);
CREATE INDEX listings_by_hash ON listings (sha256);
CREATE TABLE listing_records (
    listing INTEGER NOT NULL REFERENCES listings DEFERRABLE INITIALLY DEFERRED,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (listing, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE listing_accounts (
    listing INTEGER NOT NULL REFERENCES listings DEFERRABLE INITIALLY DEFERRED,
    account_key TEXT NOT NULL,
    row INTEGER NOT NULL REFERENCES account_rows DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (listing, account_key)
) STRICT, WITHOUT ROWID;
";

/// The tables as people know them.
const VIEWS: &str = "
CREATE VIEW businesses AS
SELECT s.snapshot_id, b.business_id, b.business_uuid, b.account_id, b.name, b.own_role, b.active, b.status,
       b.subscription_status, b.timezone, b.record_sha256
FROM snapshot_businesses s JOIN business_rows b ON b.id = s.business_row;

CREATE VIEW memberships AS
SELECT s.snapshot_id, m.business_id, m.account_key, m.role, m.role_label, m.role_class, m.member_uuid,
       m.email, m.first_name, m.last_name, m.active, m.state, m.invitation_accepted_at, m.member_created_at,
       m.member_updated_at, m.job_title, m.last_login_at, m.logins, m.flags, m.sources, m.record_sha256
FROM snapshot_businesses s JOIN listings l ON l.id = s.listing
CROSS JOIN json_each(l.membership_rows) e CROSS JOIN membership_rows m ON m.id = e.value;

CREATE VIEW roles AS
SELECT snapshot_id, role, role_label, role_class, count(*) AS memberships
FROM memberships GROUP BY snapshot_id, role, role_label, role_class;
";

/// The accounts of a snapshot `s` that are rows of their own.
pub(crate) const OWN_ACCOUNTS: &str = "snapshot_accounts s JOIN listing_accounts o ON o.listing = s.listing JOIN account_rows a ON a.id = o.row";

/// Those that are one membership and nothing more, with a condition that further ones can join.
pub(crate) const SINGLE_ACCOUNTS: &str = "snapshot_accounts s
    JOIN snapshot_businesses b ON b.snapshot_id = s.snapshot_id JOIN listings l ON l.id = b.listing
    CROSS JOIN json_each(l.membership_rows) e CROSS JOIN membership_rows m ON m.id = e.value
    WHERE NOT EXISTS (SELECT 1 FROM listing_accounts o WHERE o.listing = s.listing AND o.account_key = m.account_key)";

/// What such a membership says of its account.
pub(crate) const SINGLE: &str =
    "m.account_key, m.identity_id, m.identity_uuid, m.email, lower(m.email) AS emails,
    m.first_name, m.last_name, trim(m.first_name || ' ' || m.last_name) AS full_name, 1 AS businesses";

/// The listing that reviewers work from. Names and e-mail are the membership's own, else the
/// account's. `is_external` needs to know whose domains are one's own, which the database does not.
pub(crate) const ACCESS: &str = "
SELECT CASE WHEN m.member_uuid IS NOT NULL THEN m.business_id || '/' || m.member_uuid
            ELSE m.business_id || '/' || m.account_key || '/' || m.role END AS row_key,
       s.id AS snapshot_id, s.finished_at AS as_of,
       b.business_id, b.business_uuid, b.name AS business_name, b.account_id,
       m.account_key, CASE WHEN a.id IS NULL THEN m.identity_id ELSE a.identity_id END AS identity_id,
       CASE WHEN trim(m.first_name || m.last_name) <> ''
            THEN trim(trim(m.first_name) || ' ' || trim(m.last_name)) ELSE coalesce(a.full_name, '') END AS full_name,
       CASE WHEN trim(m.first_name || m.last_name) <> '' THEN m.first_name ELSE coalesce(a.first_name, '') END AS first_name,
       CASE WHEN trim(m.first_name || m.last_name) <> '' THEN m.last_name ELSE coalesce(a.last_name, '') END AS last_name,
       CASE WHEN m.email <> '' THEN m.email ELSE coalesce(a.email, '') END AS email,
       lower(trim(substr(CASE WHEN m.email <> '' THEN m.email ELSE coalesce(a.email, '') END,
             nullif(instr(CASE WHEN m.email <> '' THEN m.email ELSE coalesce(a.email, '') END, '@'), 0) + 1))) AS email_domain,
       m.role, m.role_label, m.role_class, m.active, m.state,
       m.invitation_accepted_at, m.member_created_at, m.member_updated_at,
       m.last_login_at, m.last_login_status, NULL AS is_external,
       coalesce(a.businesses, 1) AS businesses_count, m.flags, m.sources, m.record_sha256
FROM snapshots s
JOIN snapshot_accounts sa ON sa.snapshot_id = s.id
JOIN snapshot_businesses sb ON sb.snapshot_id = s.id
JOIN business_rows b ON b.id = sb.business_row
JOIN listings l ON l.id = sb.listing
CROSS JOIN json_each(l.membership_rows) e CROSS JOIN membership_rows m ON m.id = e.value
LEFT JOIN listing_accounts la ON la.listing = sa.listing AND la.account_key = m.account_key
LEFT JOIN account_rows a ON a.id = la.row
";

/// The order of every listing, by the tables that `ACCESS` names. Within one, `json_each` goes through
/// the rows in their order, and to sort by it would be to hold them all.
pub(crate) const ACCESS_ORDER: &str = "ORDER BY sb.position";

/// Each table, and the condition under which a new row would replace or join something finished. An
/// id that SQLite is left to give is not positive here, and never one that is taken.
const GUARDED: [(&str, &str); 13] = [
    ("snapshots", "NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM snapshots)"),
    ("snapshot_businesses", FINISHED_SNAPSHOT),
    ("snapshot_accounts", FINISHED_SNAPSHOT),
    ("snapshot_records", FINISHED_SNAPSHOT),
    ("coverage", FINISHED_SNAPSHOT),
    ("requests", FINISHED_SNAPSHOT),
    ("records", "EXISTS (SELECT 1 FROM records WHERE sha256 = NEW.sha256)"),
    ("business_rows", "NEW.id > 0 AND EXISTS (SELECT 1 FROM business_rows WHERE id = NEW.id)"),
    ("account_rows", "NEW.id > 0 AND EXISTS (SELECT 1 FROM account_rows WHERE id = NEW.id)"),
    ("membership_rows", "NEW.id > 0 AND EXISTS (SELECT 1 FROM membership_rows WHERE id = NEW.id)"),
    ("listings", "NEW.id > 0 AND EXISTS (SELECT 1 FROM listings WHERE id = NEW.id)"),
    ("listing_accounts", FINISHED_LISTING),
    ("listing_records", FINISHED_LISTING),
];

const FINISHED_SNAPSHOT: &str = "EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.snapshot_id)";
const FINISHED_LISTING: &str = "EXISTS (SELECT 1 FROM listings WHERE id = NEW.listing)";

/// ROLLBACK and not ABORT, here and in what inserts, and ids that SQLite gives: otherwise it would keep
/// a journal of each statement, a fifth of the work of a large snapshot, to go back to a state nobody
/// wants.
///
/// The triggers of one table: no change, no removal, nothing slipped into what is finished. The
/// last also stops INSERT OR REPLACE, which removes rows without telling the delete trigger.
fn triggers((table, finished): &(&str, &str)) -> String {
    let refusal = |event: &str, condition: &str| {
        let name = event.to_lowercase();
        format!(
            "CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} {condition}
             BEGIN SELECT RAISE(ROLLBACK, '{table}: evidence is append-only'); END;\n"
        )
    };
    refusal("UPDATE", "") + &refusal("DELETE", "") + &refusal("INSERT", &format!("WHEN {finished}"))
}

/// Everything that makes an empty file a database of this version. Runs inside a transaction.
pub(crate) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&definition())?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// Lets everything be changed until [`create_triggers`]. For inside a transaction alone.
pub(crate) fn drop_triggers(connection: &Connection) -> rusqlite::Result<()> {
    let events = ["update", "delete", "insert"];
    let names = GUARDED.iter().flat_map(|(table, _)| events.map(|event| format!("{table}_no_{event}")));
    connection.execute_batch(&names.map(|name| format!("DROP TRIGGER {name};")).collect::<String>())
}

pub(crate) fn create_triggers(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&GUARDED.iter().map(triggers).collect::<String>())
}

fn definition() -> String {
    let triggers: String = GUARDED.iter().map(triggers).collect();
    format!(
        "{SNAPSHOTS}{CONTENT}{VIEWS}
         CREATE VIEW accounts AS
         SELECT s.snapshot_id, a.account_key, a.identity_id, a.identity_uuid, a.email, a.emails, a.first_name,
                a.last_name, a.full_name, a.businesses FROM {OWN_ACCOUNTS}
         UNION ALL SELECT s.snapshot_id, {SINGLE} FROM {SINGLE_ACCOUNTS};
         CREATE VIEW access AS {ACCESS};
         CREATE VIEW latest_access AS SELECT * FROM access WHERE snapshot_id =
             (SELECT id FROM snapshots WHERE status = 'complete' ORDER BY id DESC LIMIT 1);
         {triggers}"
    )
}

/// Name and text of every table, index, view and trigger of this version, for comparing with a file's.
pub(crate) fn expected_objects() -> rusqlite::Result<Vec<(String, String)>> {
    let fresh = Connection::open_in_memory()?;
    create(&fresh)?;
    objects(&fresh)
}

/// Name and text of every object that a file has.
pub(crate) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement =
        connection.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
