//! Lets the content of snapshots go. What stays of each is its id, its times, its counts and its
//! hashes, so that the chain can still be followed past it.
//!
//! A database that is not as fbsync wrote it is not touched: the triggers are made anew here, and that
//! would cover the traces. Text is overwritten as it is deleted, and the file is written anew at the
//! end, so that nothing of it is left in free pages.

use std::collections::BTreeSet;
use std::fs;

use rusqlite::{Connection, TransactionBehavior};

use super::{Writer, check, query, schema, storage_error};
use crate::app::die_if_chosen;
use crate::error::{Error, Kind, Result};
use crate::shell;

/// What pruning removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Freed {
    pub(crate) rows: usize,
    pub(crate) records: usize,
    pub(crate) bytes_before: u64,
    pub(crate) bytes_after: u64,
}

/// What belongs to a snapshot alone.
const PARTS: [&str; 5] =
    ["snapshot_businesses", "snapshot_accounts", "snapshot_records", "coverage", "requests"];

/// Every column that could tell of a person, or of what was read.
const TOMBSTONE: &str = "UPDATE snapshots SET status = 'pruned', identity_id = 0, identity_uuid = NULL,
    identity_email = NULL, identity_name = NULL, scopes = NULL, parameters = '{}', note = NULL,
    os_user = NULL, host = NULL WHERE id = ?1";

/// Content that nothing points to, in the order in which it falls away.
const UNUSED_LISTINGS: [&str; 3] = [
    "DELETE FROM listings WHERE id NOT IN
        (SELECT listing FROM snapshot_businesses UNION SELECT listing FROM snapshot_accounts
         UNION SELECT listing FROM snapshot_records)",
    "DELETE FROM listing_accounts WHERE listing NOT IN (SELECT id FROM listings)",
    "DELETE FROM listing_records WHERE listing NOT IN (SELECT id FROM listings)",
];
const UNUSED_ROWS: [&str; 3] = [
    "DELETE FROM membership_rows WHERE id NOT IN (SELECT e.value FROM listings, json_each(membership_rows) e)",
    "DELETE FROM account_rows WHERE id NOT IN (SELECT row FROM listing_accounts)",
    "DELETE FROM business_rows WHERE id NOT IN (SELECT business_row FROM snapshot_businesses)",
];
const UNUSED_RECORDS: &str = "DELETE FROM records WHERE sha256 NOT IN
    (SELECT record_sha256 FROM membership_rows UNION SELECT record_sha256 FROM business_rows
     UNION SELECT lower(hex(sha256)) FROM listing_records)";

impl Writer {
    /// Erases the content of these snapshots. On any failure the database is as it was.
    pub(crate) fn prune(&self, ids: &[i64]) -> Result<Freed> {
        let shown = self.path.display();
        let failed = |error| storage_error(error, &format!("prune {shown}"));
        let size = || fs::metadata(&self.path).map_or(0, |found| found.len());
        let bytes_before = size();
        let mut connection = self.connect()?;
        // References are looked at once, at the end: row by row they would cost a scan each.
        connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
        connection.pragma_update(None, "secure_delete", true).map_err(failed)?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        self.refuse_if_altered(&transaction)?;
        let newest = query::last_complete(&transaction).map_err(failed)?;
        if newest.is_some_and(|newest| ids.contains(&newest)) {
            return Err(Error::new(Kind::Usage, "the newest complete snapshot is never pruned"));
        }
        let (rows, records) = erase(&transaction, ids).map_err(failed)?;
        die_if_chosen("commit");
        transaction.commit().map_err(failed)?;
        die_if_chosen("vacuum");
        let written_anew = connection.execute_batch("VACUUM");
        written_anew.map_err(|error| {
            storage_error(error, &format!("give the freed space of {shown} back; the snapshots are pruned"))
        })?;
        Ok(Freed { rows, records, bytes_before, bytes_after: size() })
    }

    fn refuse_if_altered(&self, connection: &Connection) -> Result<()> {
        let findings = check::check_connection(connection)?.findings;
        let Some(first) = findings.first() else { return Ok(()) };
        let shown = self.path.display();
        Err(Error::new(
            Kind::No,
            format!("{shown} is not as fbsync wrote it ({}); nothing was pruned", first.0),
        )
        .hint(format!("fbsync verify --db {}", shell::path(&self.path))))
    }
}

/// Returns how many rows and records went.
fn erase(connection: &Connection, ids: &[i64]) -> rusqlite::Result<(usize, usize)> {
    schema::drop_triggers(connection)?;
    for id in ids.iter().collect::<BTreeSet<_>>() {
        for table in PARTS {
            connection.execute(&format!("DELETE FROM {table} WHERE snapshot_id = ?1"), [id])?;
        }
        connection.execute(TOMBSTONE, [id])?;
    }
    let delete = |statements: &[&str]| -> rusqlite::Result<usize> {
        statements.iter().map(|statement| connection.execute(statement, [])).sum()
    };
    delete(&UNUSED_LISTINGS)?;
    let rows = delete(&UNUSED_ROWS)?;
    let records = delete(&[UNUSED_RECORDS])?;
    schema::create_triggers(connection)?;
    Ok((rows, records))
}
