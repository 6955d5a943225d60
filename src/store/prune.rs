//! Lets the content of snapshots go. What stays of each is its id, its times, its counts and its
//! hashes, so that the chain can still be followed past it.
//!
//! A database that does not agree with its hashes is not touched: the triggers are made anew here, and that
//! would cover the traces. Text is overwritten as it is deleted, and the file is written anew at the
//! end, so that nothing of it is left in free pages.

use std::collections::BTreeSet;
use std::fs;

use rusqlite::{Connection, TransactionBehavior};

use super::kind::Storage;
use super::shape::{self, SNAPSHOT};
use super::{Writer, check, read, schema, storage_error};
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
        let newest = read::newest_complete(&transaction).map_err(failed)?;
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
        let findings = check::check(connection, &shape::kinds())?.findings;
        let Some(first) = findings.first() else { return Ok(()) };
        let shown = self.path.display();
        Err(Error::new(
            Kind::No,
            format!("{shown} does not agree with its hashes ({}); nothing was pruned", first.0),
        )
        .hint(format!("fbsync verify --db {}", shell::path(&self.path))))
    }
}

/// Returns how many rows and records went.
pub(super) fn erase(connection: &Connection, ids: &[i64]) -> rusqlite::Result<(usize, usize)> {
    let kinds = shape::kinds();
    schema::drop_triggers(connection)?;
    let tombstone = format!("UPDATE snapshots SET {} WHERE id = ?1", schema::tombstone(&SNAPSHOT.kind()));
    for id in ids.iter().collect::<BTreeSet<_>>() {
        connection.execute(&tombstone, [id])?;
    }
    let (mut rows, mut records) = (0, 0);
    for (table, unreached) in schema::unreached(&kinds) {
        let deleted = connection.execute(&format!("DELETE FROM {table} WHERE {unreached}"), [])?;
        match table {
            "records" => records += deleted,
            _ if kinds.iter().any(|kind| kind.table == table && kind.storage == Storage::Once) => {
                rows += deleted
            }
            _ => {}
        }
    }
    schema::create_triggers(connection)?;
    Ok((rows, records))
}
