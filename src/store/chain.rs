//! Every snapshot's content against its hash, and its link to the one before.

use rusqlite::{Connection, Row};

use super::check::{Report, fields};
use super::layout::Content;
use crate::model::reading::hex;

/// Follows the chain from its beginning, ids without gaps.
pub(super) fn follow(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT * FROM snapshots ORDER BY id")?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let at = |name: &str| columns.iter().position(|column| column == name).unwrap_or(0);
    let (content_at, previous_at, status_at) = (at("content_sha256"), at("previous_sha256"), at("status"));
    let mut rows = statement.query([])?;
    let mut previous: Option<(i64, String)> = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let content_sha256: String = row.get(content_at)?;
        let expected_id = previous.as_ref().map_or(1, |(id, _)| id + 1);
        if id != expected_id {
            report.find(format!("snapshot {expected_id} is missing: the next one there is {id}"));
        }
        let link: Option<String> = row.get(previous_at)?;
        if link.as_deref() != previous.as_ref().map(|(_, hash)| hash.as_str()) {
            report.find(format!("snapshot {id} does not follow from the snapshot before it"));
        }
        let status: String = row.get(status_at)?;
        match status.as_str() {
            "pruned" => {
                report.pruned += 1;
                if !is_tombstone(connection, id)? {
                    report.find(format!("snapshot {id} is marked as pruned, and its content is there"));
                }
            }
            _ if content_hash(connection, id, row, content_at)? != Some(content_sha256.clone()) => {
                report.find(format!("snapshot {id} has been changed"));
            }
            _ => {}
        }
        previous = Some((id, content_sha256));
        report.snapshots += 1;
    }
    report.head = previous;
    Ok(())
}

/// Whether nothing is left of a snapshot but its id, times, counts and hashes.
fn is_tombstone(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    let mut bare = connection.prepare_cached(
        "SELECT identity_id = 0 AND parameters = '{}'
                AND coalesce(identity_uuid, identity_email, identity_name, scopes, note, os_user, host) IS NULL
                AND NOT EXISTS (SELECT 1 FROM snapshot_businesses WHERE snapshot_id = ?1)
                AND NOT EXISTS (SELECT 1 FROM snapshot_accounts WHERE snapshot_id = ?1)
                AND NOT EXISTS (SELECT 1 FROM snapshot_records WHERE snapshot_id = ?1)
                AND NOT EXISTS (SELECT 1 FROM coverage WHERE snapshot_id = ?1)
                AND NOT EXISTS (SELECT 1 FROM requests WHERE snapshot_id = ?1)
         FROM snapshots WHERE id = ?1",
    )?;
    bare.query_row([id], |row| row.get(0))
}

/// The hash of a snapshot by layout `fbsync-1`; `None` where a value cannot be one of ours.
fn content_hash(
    connection: &Connection,
    id: i64,
    row: &Row,
    content_at: usize,
) -> rusqlite::Result<Option<String>> {
    let mut content = Content::default();
    let Some(mut own) = fields(row, 0..row.as_ref().column_count())? else { return Ok(None) };
    own.remove(content_at);
    content.line("snapshot", &own);

    let mut businesses = connection.prepare_cached(
        "SELECT lower(hex(b.sha256)), lower(hex(l.sha256)) FROM snapshot_businesses s
         JOIN business_rows b ON b.id = s.business_row JOIN listings l ON l.id = s.listing
         WHERE s.snapshot_id = ?1 ORDER BY s.position",
    )?;
    let mut accounts = connection.prepare_cached(
        "SELECT lower(hex(l.sha256)) FROM snapshot_accounts s JOIN listings l ON l.id = s.listing
         WHERE s.snapshot_id = ?1",
    )?;
    let mut records = connection.prepare_cached(
        "SELECT lower(hex(l.sha256)) FROM snapshot_records s JOIN listings l ON l.id = s.listing
         WHERE s.snapshot_id = ?1 ORDER BY s.position",
    )?;
    let mut coverage = connection
        .prepare_cached("SELECT * FROM coverage WHERE snapshot_id = ?1 ORDER BY business_id, resource")?;
    let mut requests =
        connection.prepare_cached("SELECT * FROM requests WHERE snapshot_id = ?1 ORDER BY seq")?;
    let parts = [
        ("business", 0, &mut businesses),
        ("accounts", 0, &mut accounts),
        ("records", 0, &mut records),
        ("coverage", 1, &mut coverage),
        ("request", 1, &mut requests),
    ];
    for (kind, first_column, statement) in parts {
        let columns = statement.column_count();
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let Some(fields) = fields(row, first_column..columns)? else { return Ok(None) };
            content.line(kind, &fields);
        }
    }
    Ok(Some(hex(content.finish())))
}
