//! What is stored once, by the hash of its content: rows, and the listings made of them.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::field::Field;
use super::hash::{Hasher, LAYOUT};
use super::kind::Shape;
use crate::model::reading::{Digest, Hex};

/// A row or listing that is in the database, whether it was there before or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) sha256: Digest,
}

/// A table of rows that are stored once.
pub(super) struct Table<'c, T: 'static> {
    connection: &'c Connection,
    shape: &'static Shape<T>,
    name: &'static str,
    insert: Statement<'c>,
    hasher: Hasher,
}

impl<'c, T> Table<'c, T> {
    pub(super) fn of(connection: &'c Connection, shape: &'static Shape<T>) -> rusqlite::Result<Self> {
        let kind = shape.kind();
        let insert = connection.prepare(&kind.insert(&["sha256", "layout"]))?;
        Ok(Table { connection, shape, name: kind.name, insert, hasher: Hasher::default() })
    }

    /// Adds the row unless `known` tells its id. `number` is that of its business.
    pub(super) fn store(
        &mut self,
        number: i64,
        row: &T,
        known: impl FnOnce(&Digest) -> rusqlite::Result<Option<i64>>,
    ) -> rusqlite::Result<Stored> {
        let fields: Vec<Field> = self.shape.fields(number, row).collect();
        let sha256 = self.hasher.of_row(self.name, &fields);
        if let Some(id) = known(&sha256)? {
            return Ok(Stored { id, sha256 });
        }
        self.insert.raw_bind_parameter(1, sha256)?;
        self.insert.raw_bind_parameter(2, LAYOUT.0)?;
        for (at, field) in fields.iter().enumerate() {
            self.insert.raw_bind_parameter(at + 3, field)?;
        }
        self.insert.raw_execute()?;
        Ok(Stored { id: self.connection.last_insert_rowid(), sha256 })
    }
}

/// Finds the listing by its hash, or adds it. `rows` is its JSON.
pub(super) fn store_listing(
    connection: &Connection,
    kind: &str,
    sha256: Digest,
    rows: &str,
) -> rusqlite::Result<Stored> {
    let mut find = connection.prepare_cached("SELECT id FROM listings WHERE sha256 = ?1")?;
    if let Some(id) = find.query_row([sha256], |row| row.get(0)).optional()? {
        return Ok(Stored { id, sha256 });
    }
    let insert = "INSERT OR ROLLBACK INTO listings (kind, sha256, rows) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(insert)?.execute(params![kind, sha256, rows])?;
    Ok(Stored { id: connection.last_insert_rowid(), sha256 })
}

/// The listing of records that no row names.
pub(super) fn store_records(connection: &Connection, records: &[Digest]) -> rusqlite::Result<Stored> {
    let mut hasher = Hasher::default();
    hasher.head("records", records.len());
    records.iter().for_each(|record| hasher.digests([record]));
    let rows: Vec<String> = records.iter().map(|record| format!("\"{}\"", Hex::of(record))).collect();
    store_listing(connection, "records", hasher.finish(), &format!("[{}]", rows.join(",")))
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

/// Every account that is in the database. An index by hash would grow everywhere at once, which costs
/// more than reading them.
pub(super) fn known_accounts(connection: &Connection) -> rusqlite::Result<HashMap<Digest, i64>> {
    let mut rows = connection.prepare("SELECT sha256, id FROM account_rows")?;
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
