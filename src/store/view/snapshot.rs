//! A snapshot's own row.

use rusqlite::{OptionalExtension, Row};

use crate::error::Result;
use crate::store::{Reader, storage_error};

/// A snapshot's own row, as far as evidence tells it.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) id: i64,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
    pub(crate) status: String,
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
    pub(crate) server_date_first: Option<String>,
    pub(crate) server_date_last: Option<String>,
    pub(crate) businesses: i64,
    pub(crate) accounts: i64,
    pub(crate) memberships: i64,
    pub(crate) requests: i64,
    pub(crate) hash_layout: String,
    pub(crate) content_sha256: String,
    pub(crate) previous_sha256: Option<String>,
}

const SNAPSHOT: &str = "SELECT id, started_at, finished_at, status, source, tool_version, identity_id,
    identity_uuid, identity_email, identity_name, scopes, parameters, note, os_user, host, server_date_first,
    server_date_last, businesses, accounts, memberships, requests, hash_layout, content_sha256,
    previous_sha256 FROM snapshots";

fn snapshot_row(row: &Row) -> rusqlite::Result<Snapshot> {
    Ok(Snapshot {
        id: row.get(0)?,
        started_at: row.get(1)?,
        finished_at: row.get(2)?,
        status: row.get(3)?,
        source: row.get(4)?,
        tool_version: row.get(5)?,
        identity_id: row.get(6)?,
        identity_uuid: row.get(7)?,
        identity_email: row.get(8)?,
        identity_name: row.get(9)?,
        scopes: row.get(10)?,
        parameters: row.get(11)?,
        note: row.get(12)?,
        os_user: row.get(13)?,
        host: row.get(14)?,
        server_date_first: row.get(15)?,
        server_date_last: row.get(16)?,
        businesses: row.get(17)?,
        accounts: row.get(18)?,
        memberships: row.get(19)?,
        requests: row.get(20)?,
        hash_layout: row.get(21)?,
        content_sha256: row.get(22)?,
        previous_sha256: row.get(23)?,
    })
}

/// The snapshot `id`; `None` where there is none.
pub(crate) fn find_snapshot(reader: &Reader, id: i64) -> Result<Option<Snapshot>> {
    let found = reader.connection().query_row(&format!("{SNAPSHOT} WHERE id = ?1"), [id], snapshot_row);
    found.optional().map_err(|error| storage_error(error, "read the snapshot"))
}
