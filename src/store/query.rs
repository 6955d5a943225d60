//! What the reading commands ask a database for.

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Reader, storage_error};
use crate::diff;
use crate::error::{Error, Kind, Result};
use crate::model::rows::full_name;

/// Whose readings a database holds.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) source: String,
    pub(crate) identity_id: i64,
    pub(crate) email: String,
}

pub(super) fn owner(connection: &Connection) -> Result<Option<Owner>> {
    let newest = "SELECT source, identity_id, identity_email FROM snapshots ORDER BY id DESC LIMIT 1";
    let owner = connection.query_row(newest, [], |row| {
        let email: Option<String> = row.get(2)?;
        Ok(Owner { source: row.get(0)?, identity_id: row.get(1)?, email: email.unwrap_or_default() })
    });
    owner.optional().map_err(|error| storage_error(error, "read whose database it is"))
}

/// A snapshot as `snapshots` lists it.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotLine {
    pub(crate) id: i64,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
    pub(crate) status: String,
    pub(crate) businesses: i64,
    pub(crate) accounts: i64,
    pub(crate) memberships: i64,
    pub(crate) joined: Option<i64>,
    pub(crate) left: Option<i64>,
    pub(crate) changed: Option<i64>,
    pub(crate) content_sha256: String,
}

const SNAPSHOT_COLUMNS: &str = r#"id, started_at, finished_at, status, businesses, accounts, memberships,
    joined, "left", changed, content_sha256"#;

fn snapshot_line(row: &Row) -> rusqlite::Result<SnapshotLine> {
    Ok(SnapshotLine {
        id: row.get(0)?,
        started_at: row.get(1)?,
        finished_at: row.get(2)?,
        status: row.get(3)?,
        businesses: row.get(4)?,
        accounts: row.get(5)?,
        memberships: row.get(6)?,
        joined: row.get(7)?,
        left: row.get(8)?,
        changed: row.get(9)?,
        content_sha256: row.get(10)?,
    })
}

/// The newest `limit` snapshots, oldest first.
pub(crate) fn snapshots(reader: &Reader, limit: Option<i64>) -> Result<Vec<SnapshotLine>> {
    let sql = format!("SELECT {SNAPSHOT_COLUMNS} FROM snapshots ORDER BY id DESC LIMIT ?1");
    let read = || -> rusqlite::Result<Vec<SnapshotLine>> {
        let mut statement = reader.connection().prepare(&sql)?;
        // SQLite takes a negative limit as none.
        let rows = statement.query_map([limit.unwrap_or(-1)], snapshot_line)?;
        rows.collect()
    };
    let mut lines = read().map_err(|error| storage_error(error, "list the snapshots"))?;
    lines.reverse();
    Ok(lines)
}

/// The newest complete snapshot, or with `allow_partial` the newest of either kind.
pub(crate) fn latest_snapshot(reader: &Reader, allow_partial: bool) -> Result<Option<SnapshotLine>> {
    let sql = format!(
        "SELECT {SNAPSHOT_COLUMNS} FROM snapshots
         WHERE status = 'complete' OR (?1 AND status = 'partial') ORDER BY id DESC LIMIT 1"
    );
    let line = reader.connection().query_row(&sql, [allow_partial], snapshot_line).optional();
    line.map_err(|error| storage_error(error, "find the latest snapshot"))
}

pub(crate) fn snapshot_by_id(reader: &Reader, id: i64) -> Result<SnapshotLine> {
    let sql = format!("SELECT {SNAPSHOT_COLUMNS} FROM snapshots WHERE id = ?1");
    let line = reader.connection().query_row(&sql, [id], snapshot_line).optional();
    let line = line.map_err(|error| storage_error(error, "find the snapshot"))?;
    line.ok_or_else(|| {
        Error::new(Kind::Usage, format!("there is no snapshot {id}")).hint("fbsync snapshots --all --db FILE")
    })
}

pub(super) fn last_complete(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let newest = "SELECT id FROM snapshots WHERE status = 'complete' ORDER BY id DESC LIMIT 1";
    connection.query_row(newest, [], |row| row.get(0)).optional()
}

/// A business's listing in an earlier snapshot, and what that one could not read.
pub(super) struct WholeListing {
    pub(super) listing: i64,
    pub(super) unread: Vec<&'static str>,
}

/// The newest reading of a business in which its team list was whole.
pub(super) fn last_whole_listing(
    connection: &Connection,
    business_id: i64,
) -> rusqlite::Result<Option<WholeListing>> {
    let mut newest = connection.prepare_cached(
        "SELECT sb.listing, EXISTS (SELECT 1 FROM coverage g WHERE g.snapshot_id = c.snapshot_id
                 AND g.business_id = c.business_id AND g.resource = 'business_group' AND g.outcome = 'ok')
         FROM snapshots s
         JOIN coverage c ON c.snapshot_id = s.id AND c.business_id = ?1 AND c.resource = 'team_members'
         JOIN snapshot_businesses sb ON sb.snapshot_id = s.id
         JOIN business_rows b ON b.id = sb.business_row AND b.business_id = ?1
         WHERE c.outcome = 'ok' AND s.status <> 'pruned' ORDER BY s.id DESC LIMIT 1",
    )?;
    let found = newest.query_row([business_id], |row| {
        let group_read: bool = row.get(1)?;
        let unread = if group_read { Vec::new() } else { vec!["business_group"] };
        Ok(WholeListing { listing: row.get(0)?, unread })
    });
    found.optional()
}

/// The rows of a listing, as far as comparing goes.
pub(super) fn diff_rows(connection: &Connection, listing: i64) -> rusqlite::Result<Vec<diff::Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT m.member_uuid, m.account_key, m.email, m.first_name, m.last_name, m.role, m.state, m.sources
         FROM listing_memberships l JOIN membership_rows m ON m.id = l.row
         WHERE l.listing = ?1 ORDER BY l.position",
    )?;
    let rows = statement.query_map([listing], |row| {
        let (first_name, last_name): (String, String) = (row.get(3)?, row.get(4)?);
        Ok(diff::Row {
            member_uuid: row.get(0)?,
            account_key: row.get(1)?,
            email: row.get(2)?,
            full_name: full_name(&first_name, &last_name),
            role: row.get(5)?,
            state: row.get(6)?,
            sources: row.get(7)?,
        })
    })?;
    rows.collect()
}
