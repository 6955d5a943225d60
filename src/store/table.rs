//! Tables whose rows are stored once, by the hash of their content.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement};

use super::cells::Cells;
use super::rows::Columns;
use crate::model::reading::Digest;

/// A row or listing that is in the database, whether it was before or not.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) sha256: Digest,
}

/// One of the tables `business_rows`, `account_rows`, `membership_rows`.
pub(super) struct Table<'c> {
    kind: &'static str,
    connection: &'c Connection,
    insert: Statement<'c>,
    cells: Cells,
}

impl<'c> Table<'c> {
    pub(super) fn of(connection: &'c Connection, kind: &'static str) -> rusqlite::Result<Self> {
        let every = connection.prepare(&format!("SELECT * FROM {kind}_rows"))?;
        let columns: Vec<&str> = every.column_names().skip(1).collect();
        let (places, columns) = (vec!["?"; columns.len()].join(", "), columns.join(", "));
        let insert = format!("INSERT OR ROLLBACK INTO {kind}_rows ({columns}) VALUES ({places})");
        Ok(Table { kind, connection, insert: connection.prepare(&insert)?, cells: Cells::default() })
    }

    /// Finds the row in the table, or adds it.
    pub(super) fn store(&mut self, row: &impl Columns) -> rusqlite::Result<Stored> {
        let find = format!("SELECT id FROM {}_rows WHERE sha256 = ?1", self.kind);
        let mut find = self.connection.prepare_cached(&find)?;
        self.store_unless(row, |sha256| find.query_row([sha256], |row| row.get(0)).optional())
    }

    /// Adds the row unless `known` knows its id.
    pub(super) fn store_unless(
        &mut self,
        row: &impl Columns,
        known: impl FnOnce(&Digest) -> rusqlite::Result<Option<i64>>,
    ) -> rusqlite::Result<Stored> {
        self.cells.clear();
        row.fill(&mut self.cells);
        let sha256 = self.cells.sha256(self.kind);
        if let Some(id) = known(&sha256)? {
            return Ok(Stored { id, sha256 });
        }
        self.insert.raw_bind_parameter(1, sha256)?;
        for (at, field) in self.cells.fields().enumerate() {
            self.insert.raw_bind_parameter(at + 2, field)?;
        }
        self.insert.raw_execute()?;
        Ok(Stored { id: self.connection.last_insert_rowid(), sha256 })
    }
}

/// The memberships of a business that are in the database, in whatever listing.
pub(super) fn known_memberships(
    connection: &Connection,
    business_id: i64,
) -> rusqlite::Result<HashMap<Digest, i64>> {
    let mut rows =
        connection.prepare_cached("SELECT sha256, id FROM membership_rows WHERE business_id = ?1")?;
    let rows = rows.query_map([business_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
