//! What the reading commands ask a database for.

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Reader, storage_error};
use crate::diff;
use crate::error::{Error, Kind, Result};
use crate::model::rows::full_name;
use crate::time::Timestamp;

/// Whose readings a database holds.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) source: String,
    pub(crate) identity_id: i64,
    pub(crate) email: String,
}

pub(super) fn owner(connection: &Connection) -> Result<Option<Owner>> {
    let newest = "SELECT source, identity_id, identity_email FROM snapshots
                  WHERE status <> 'pruned' ORDER BY id DESC LIMIT 1";
    let owner = connection.query_row(newest, [], |row| {
        let email: Option<String> = row.get(2)?;
        Ok(Owner { source: row.get(0)?, identity_id: row.get(1)?, email: email.unwrap_or_default() })
    });
    owner.optional().map_err(|error| storage_error(error, "read whose database it is"))
}

/// A snapshot as `snapshots` lists it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SnapshotLine {
    pub(crate) id: i64,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
    pub(crate) status: String,
    pub(crate) businesses: i64,
    /// Businesses whose team list was read whole.
    pub(crate) read: i64,
    pub(crate) accounts: i64,
    pub(crate) memberships: i64,
    pub(crate) joined: Option<i64>,
    pub(crate) left: Option<i64>,
    pub(crate) changed: Option<i64>,
    pub(crate) content_sha256: String,
}

const SNAPSHOT_COLUMNS: &str = r#"id, started_at, finished_at, status, businesses, accounts, memberships,
    joined, "left", changed, content_sha256,
    (SELECT count(*) FROM coverage WHERE snapshot_id = snapshots.id
            AND resource = 'team_members' AND outcome = 'ok')"#;

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
        read: row.get(11)?,
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

/// When a team list counts as read: to its end, or with a gap that was accepted beforehand. A condition
/// on `coverage`.
pub(super) const WHOLE: &str = "resource = 'team_members' AND (outcome = 'ok'
    OR outcome IN ('denied', 'mismatch') AND coalesce(message, '') LIKE 'accepted: %')";

/// What makes a snapshot one to work from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usable<'a> {
    pub(crate) allow_partial: bool,
    /// Where some are named, their team lists alone decide, and not the whole snapshot's status. All of
    /// them have to be in it.
    pub(crate) businesses: &'a [i64],
}

impl Usable<'_> {
    /// As a condition on `snapshots`. The ids are numbers, so nothing needs quoting.
    fn condition(&self) -> String {
        let list = match (self.allow_partial, self.businesses) {
            (true, []) => return "status <> 'pruned'".to_owned(),
            (false, []) => return "status = 'complete'".to_owned(),
            (true, _) => "resource = 'team_members'",
            (false, _) => WHOLE,
        };
        let read = |id: &i64| {
            format!(
                "EXISTS (SELECT 1 FROM coverage WHERE snapshot_id = snapshots.id AND business_id = {id} AND {list})"
            )
        };
        let read: Vec<String> = self.businesses.iter().map(read).collect();
        format!("status <> 'pruned' AND {}", read.join(" AND "))
    }
}

/// The newest snapshot that can be used, of those finished at or before `until` where that is given.
pub(crate) fn newest_snapshot(
    reader: &Reader,
    usable: Usable,
    until: Option<Timestamp>,
) -> Result<Option<SnapshotLine>> {
    let condition = usable.condition();
    let sql = format!(
        "SELECT {SNAPSHOT_COLUMNS} FROM snapshots
         WHERE {condition} AND (?1 IS NULL OR finished_at <= ?1) ORDER BY id DESC LIMIT 1"
    );
    let until = until.map(|until| until.to_string());
    let line = reader.connection().query_row(&sql, [until], snapshot_line).optional();
    line.map_err(|error| storage_error(error, "find the snapshot"))
}

/// The nearest snapshot before (or after) this one that can be used.
pub(crate) fn neighbour(
    reader: &Reader,
    usable: Usable,
    id: i64,
    side: Side,
) -> Result<Option<SnapshotLine>> {
    let (comparison, order) = match side {
        Side::Before => ("<", "DESC"),
        Side::After => (">", "ASC"),
    };
    let condition = usable.condition();
    let sql = format!(
        "SELECT {SNAPSHOT_COLUMNS} FROM snapshots
         WHERE {condition} AND id {comparison} ?1 ORDER BY id {order} LIMIT 1"
    );
    let line = reader.connection().query_row(&sql, [id], snapshot_line).optional();
    line.map_err(|error| storage_error(error, "find the snapshot"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

pub(crate) fn snapshot_by_id(reader: &Reader, id: i64) -> Result<SnapshotLine> {
    let sql = format!("SELECT {SNAPSHOT_COLUMNS} FROM snapshots WHERE id = ?1");
    let line = reader.connection().query_row(&sql, [id], snapshot_line).optional();
    let line = line.map_err(|error| storage_error(error, "find the snapshot"))?;
    line.ok_or_else(|| {
        Error::new(Kind::Usage, format!("there is no snapshot {id}")).hint("fbsync snapshots --all --db FILE")
    })
}

/// The hash that a snapshot claims; nothing where there is no such snapshot.
pub(crate) fn content_sha256(reader: &Reader, id: i64) -> Result<Option<String>> {
    let claimed =
        reader
            .connection()
            .query_row("SELECT content_sha256 FROM snapshots WHERE id = ?1", [id], |row| row.get(0));
    claimed.optional().map_err(|error| storage_error(error, "find the snapshot"))
}

pub(super) fn last_complete(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let newest = "SELECT id FROM snapshots WHERE status = 'complete' ORDER BY id DESC LIMIT 1";
    connection.query_row(newest, [], |row| row.get(0)).optional()
}

/// The rows of a listing, as far as comparing goes.
pub(super) fn diff_rows(connection: &Connection, listing: i64) -> rusqlite::Result<Vec<diff::Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT m.member_uuid, m.account_key, m.email, m.first_name, m.last_name, m.role, m.state, m.sources
         FROM listings l CROSS JOIN json_each(l.membership_rows) e
         CROSS JOIN membership_rows m ON m.id = e.value WHERE l.id = ?1",
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
