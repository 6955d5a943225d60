//! Which snapshots there are, and which can be used. What is newest, last or before goes by the time
//! at which a snapshot ended, then by its id.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::{Error, Kind, Result};
use crate::model::marks::{State, Verdict};
use crate::model::reading::ACCEPTED;
use crate::model::{Outcome, Resource, Status};
use crate::store::shape::SNAPSHOT;
use crate::store::{Reader, schema, storage_error};
use crate::time::Timestamp;

/// A snapshot's own row.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) id: i64,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) status: Status,
    pub(crate) source: String,
    pub(crate) tool_version: String,
    pub(crate) identity_id: i64,
    pub(crate) identity_uuid: Option<String>,
    pub(crate) identity_email: Option<String>,
    pub(crate) identity_name: Option<String>,
    pub(crate) scopes: Option<String>,
    pub(crate) parameters: String,
    pub(crate) note: Option<String>,
    pub(crate) os_user: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) server_date_first: Option<Timestamp>,
    pub(crate) server_date_last: Option<Timestamp>,
    pub(crate) businesses: i64,
    pub(crate) accounts: i64,
    pub(crate) memberships: i64,
    pub(crate) requests: i64,
    pub(crate) joined: Option<i64>,
    pub(crate) left: Option<i64>,
    pub(crate) changed: Option<i64>,
    pub(crate) hash_layout: String,
    pub(crate) content_sha256: String,
    pub(crate) previous_sha256: Option<String>,
}

impl Snapshot {
    fn read(row: &Row) -> rusqlite::Result<Self> {
        Ok(Snapshot {
            id: row.get("id")?,
            started_at: row.get("started_at")?,
            finished_at: row.get("finished_at")?,
            status: row.get("status")?,
            source: row.get("source")?,
            tool_version: row.get("tool_version")?,
            identity_id: row.get("identity_id")?,
            identity_uuid: row.get("identity_uuid")?,
            identity_email: row.get("identity_email")?,
            identity_name: row.get("identity_name")?,
            scopes: row.get("scopes")?,
            parameters: row.get("parameters")?,
            note: row.get("note")?,
            os_user: row.get("os_user")?,
            host: row.get("host")?,
            server_date_first: row.get("server_date_first")?,
            server_date_last: row.get("server_date_last")?,
            businesses: row.get("businesses")?,
            accounts: row.get("accounts")?,
            memberships: row.get("memberships")?,
            requests: row.get("requests")?,
            joined: row.get("joined")?,
            left: row.get("left")?,
            changed: row.get("changed")?,
            hash_layout: row.get("hash_layout")?,
            content_sha256: row.get("content_sha256")?,
            previous_sha256: row.get("previous_sha256")?,
        })
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// Words of the contract, from the columns that hold them.
macro_rules! from_words {
    ($($word:ty),+) => {
        $(impl FromSql for $word {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        })+
    };
}

from_words!(Status, Outcome, Resource, State, Verdict);

/// When a team list counts as read: to its end, or with a gap that was accepted beforehand. A condition
/// on `coverage`.
pub(in crate::store) fn whole() -> String {
    format!(
        "resource = '{}' AND (outcome = '{}'
         OR outcome IN ('{}', '{}') AND coalesce(message, '') LIKE '{ACCEPTED}%')",
        Resource::TeamMembers,
        Outcome::Ok,
        Outcome::Denied,
        Outcome::Mismatch,
    )
}

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
        let (complete, pruned) = (Status::Complete, Status::Pruned);
        let list = match (self.allow_partial, self.businesses) {
            (true, []) => return format!("status <> '{pruned}'"),
            (false, []) => return format!("status = '{complete}'"),
            (true, _) => format!("resource = '{}'", Resource::TeamMembers),
            (false, _) => whole(),
        };
        let read = |id: &i64| {
            format!(
                "EXISTS (SELECT 1 FROM coverage WHERE snapshot_id = snapshots.id AND business_id = {id} AND {list})"
            )
        };
        let read: Vec<String> = self.businesses.iter().map(read).collect();
        format!("status <> '{pruned}' AND {}", read.join(" AND "))
    }
}

/// Which side of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl Reader {
    /// All snapshots, or the newest so many; oldest first.
    pub(crate) fn snapshots(&self, limit: Option<i64>) -> Result<Vec<Snapshot>> {
        // SQLite takes a negative limit as none.
        let mut found = self.select("ORDER BY finished_at DESC, id DESC LIMIT ?1", [limit.unwrap_or(-1)])?;
        found.reverse();
        Ok(found)
    }

    /// The snapshot with this id; `None` where there is none.
    pub(crate) fn find_snapshot(&self, id: i64) -> Result<Option<Snapshot>> {
        Ok(self.select("WHERE id = ?1", [id])?.pop())
    }

    pub(crate) fn snapshot(&self, id: i64) -> Result<Snapshot> {
        self.find_snapshot(id)?.ok_or_else(|| {
            Error::new(Kind::Usage, format!("there is no snapshot {id}"))
                .hint("fbsync snapshots --all --db FILE")
        })
    }

    /// The newest snapshot that can be used, of those that ended at or before `until` where it is given.
    pub(crate) fn newest_snapshot(
        &self,
        usable: Usable,
        until: Option<Timestamp>,
    ) -> Result<Option<Snapshot>> {
        let condition = usable.condition();
        let rest = format!(
            "WHERE {condition} AND (?1 IS NULL OR finished_at <= ?1) ORDER BY finished_at DESC, id DESC LIMIT 1"
        );
        Ok(self.select(&rest, [until.map(|until| until.to_string())])?.pop())
    }

    /// The newest snapshot whose content was erased, of those that ended at or before `until`.
    pub(crate) fn newest_pruned(&self, until: Timestamp) -> Result<Option<Snapshot>> {
        let rest = format!(
            "WHERE status = '{}' AND finished_at <= ?1 ORDER BY finished_at DESC, id DESC LIMIT 1",
            Status::Pruned
        );
        Ok(self.select(&rest, [until.to_string()])?.pop())
    }

    /// The snapshots up to this one and including it whose content is still there; oldest first.
    pub(crate) fn snapshots_until(&self, last: &Snapshot) -> Result<Vec<Snapshot>> {
        let rest = format!(
            "WHERE status <> '{}' AND (finished_at, id) <= (?1, ?2) ORDER BY finished_at, id",
            Status::Pruned
        );
        self.select(&rest, (last.finished_at.to_string(), last.id))
    }

    /// Whether the snapshot is one that can be used.
    pub(crate) fn is_usable(&self, usable: Usable, id: i64) -> Result<bool> {
        let rest = format!("WHERE {} AND id = ?1", usable.condition());
        Ok(!self.select(&rest, [id])?.is_empty())
    }

    /// The nearest snapshot before (or after) this one that can be used.
    pub(crate) fn neighbour(&self, usable: Usable, of: &Snapshot, side: Side) -> Result<Option<Snapshot>> {
        let (comparison, order) = match side {
            Side::Before => ("<", "DESC"),
            Side::After => (">", "ASC"),
        };
        let condition = usable.condition();
        let rest = format!(
            "WHERE {condition} AND (finished_at, id) {comparison} (?1, ?2)
             ORDER BY finished_at {order}, id {order} LIMIT 1"
        );
        Ok(self.select(&rest, (of.finished_at.to_string(), of.id))?.pop())
    }

    /// The snapshots after this one that can be used, up to the one with the id `last`; oldest first.
    pub(crate) fn later(&self, usable: Usable, of: &Snapshot, last: i64) -> Result<Vec<Snapshot>> {
        let rest = format!(
            "WHERE {} AND (finished_at, id) > (?1, ?2) AND id <= ?3 ORDER BY finished_at, id",
            usable.condition()
        );
        self.select(&rest, (of.finished_at.to_string(), of.id, last))
    }

    /// The snapshots before this one that were reviewed, by a review up to `last_review`; newest first.
    pub(crate) fn reviewed_before(&self, of: &Snapshot, last_review: i64) -> Result<Vec<Snapshot>> {
        let rest =
            "WHERE (finished_at, id) < (?1, ?2) AND id IN (SELECT snapshot_id FROM reviews WHERE id <= ?3)
             ORDER BY finished_at DESC, id DESC";
        self.select(rest, (of.finished_at.to_string(), of.id, last_review))
    }

    /// In how many businesses of a snapshot the team list was read to its end.
    pub(crate) fn lists_read(&self, id: i64) -> Result<i64> {
        let sql = format!(
            "SELECT count(*) FROM coverage WHERE snapshot_id = ?1 AND resource = '{}' AND outcome = '{}'",
            Resource::TeamMembers,
            Outcome::Ok
        );
        let read =
            self.connection().prepare_cached(&sql).and_then(|mut sql| sql.query_row([id], |row| row.get(0)));
        read.map_err(|error| storage_error(error, "count the lists that were read"))
    }

    fn select(&self, rest: &str, params: impl Params) -> Result<Vec<Snapshot>> {
        let sql = format!("SELECT {} FROM snapshots {rest}", SNAPSHOT.kind().names("", |_| true));
        let read = || -> rusqlite::Result<Vec<Snapshot>> {
            self.connection().prepare_cached(&sql)?.query_map(params, Snapshot::read)?.collect()
        };
        read().map_err(|error| storage_error(error, "read the snapshots"))
    }
}

/// The newest complete snapshot.
pub(in crate::store) fn newest_complete(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.query_row(&schema::newest_complete(), [], |row| row.get(0)).optional()
}

/// Whose readings a database holds.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) source: String,
    pub(crate) identity_id: i64,
    pub(crate) email: String,
}

/// The identity and origin of the newest snapshot that is not pruned. Every version of the schema tells
/// it in the same columns.
pub(in crate::store) fn owner(connection: &Connection) -> Result<Option<Owner>> {
    let newest = format!(
        "SELECT source, identity_id, identity_email FROM snapshots WHERE status <> '{}' ORDER BY id DESC LIMIT 1",
        Status::Pruned
    );
    let owner = connection.query_row(&newest, [], |row| {
        let email: Option<String> = row.get(2)?;
        Ok(Owner { source: row.get(0)?, identity_id: row.get(1)?, email: email.unwrap_or_default() })
    });
    owner.optional().map_err(|error| storage_error(error, "read whose database it is"))
}
