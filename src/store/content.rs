//! Rows and listings on their way into the database: each once, found by its hash.

use rusqlite::{Connection, OptionalExtension, Statement, ToSql, params, params_from_iter};

use super::layout::{self, Field};
use super::rows;
use crate::model::Account;
use crate::model::reading::Digest;

/// A row or listing that is in the database, whether it was before or not.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) sha256: Digest,
}

/// The accounts of a snapshot.
pub(super) struct Accounts {
    pub(super) count: usize,
    pub(super) listing: Stored,
}

/// A business's row and listing.
pub(super) struct Written {
    pub(super) business: Stored,
    pub(super) listing: Stored,
}

/// Writes businesses in the order given: for each the fields of its own row, and those of its
/// memberships.
pub(super) fn insert_listings<'a, F, M>(
    connection: &Connection,
    businesses: impl Iterator<Item = (F, M)>,
) -> rusqlite::Result<Vec<Written>>
where
    F: AsRef<[Field<'a>]>,
    M: Iterator<Item = F>,
{
    let mut business_rows = Rows::of(connection, "business")?;
    let mut membership_rows = Rows::of(connection, "membership")?;
    let insert_one = |(business, members): (F, M)| {
        let business = business_rows.store(business.as_ref())?;
        let members = members.map(|row| membership_rows.store(row.as_ref()));
        let members: Vec<Stored> = members.collect::<rusqlite::Result<_>>()?;
        let listing =
            find_or_insert_listing(connection, members.iter().map(|row| &row.sha256), |listing_id| {
                let mut insert = connection
                    .prepare_cached("INSERT OR ROLLBACK INTO listing_memberships VALUES (?1, ?2, ?3)")?;
                for (position, row) in members.iter().enumerate() {
                    insert.execute(params![listing_id, count(position), row.id])?;
                }
                Ok(())
            })?;
        Ok(Written { business, listing })
    };
    businesses.map(insert_one).collect()
}

/// Writes the accounts of a snapshot, in the order of their keys.
pub(super) fn insert_accounts(
    connection: &Connection,
    accounts: impl Iterator<Item = Account>,
) -> rusqlite::Result<Accounts> {
    let mut table = Rows::of(connection, "account")?;
    let stored = accounts.map(|account| table.store(&rows::account(&account)));
    let stored: Vec<Stored> = stored.collect::<rusqlite::Result<_>>()?;
    let listing = find_or_insert_listing(connection, stored.iter().map(|row| &row.sha256), |listing_id| {
        // The key once more, in the order of which the listing can be searched.
        let mut insert = connection.prepare_cached(
            "INSERT OR ROLLBACK INTO listing_accounts SELECT ?1, account_key, id FROM account_rows WHERE id = ?2",
        )?;
        for row in &stored {
            insert.execute([listing_id, row.id])?;
        }
        Ok(())
    })?;
    Ok(Accounts { count: stored.len(), listing })
}

/// Writes which records there were that rows do not name, sorted.
pub(super) fn insert_records(connection: &Connection, records: &[Digest]) -> rusqlite::Result<Stored> {
    find_or_insert_listing(connection, records, |listing_id| {
        let mut insert =
            connection.prepare_cached("INSERT OR ROLLBACK INTO listing_records VALUES (?1, ?2)")?;
        for sha256 in records {
            insert.execute(params![listing_id, sha256])?;
        }
        Ok(())
    })
}

/// Says that a snapshot consists of these listings.
pub(super) fn attach(
    connection: &Connection,
    snapshot_id: i64,
    businesses: &[Written],
    accounts: &Stored,
) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT OR ROLLBACK INTO snapshot_businesses VALUES (?1, ?2, ?3, ?4)")?;
    for (position, written) in businesses.iter().enumerate() {
        insert.execute(params![snapshot_id, count(position), written.business.id, written.listing.id])?;
    }
    let mut insert =
        connection.prepare_cached("INSERT OR ROLLBACK INTO snapshot_accounts VALUES (?1, ?2)")?;
    insert.execute([snapshot_id, accounts.id])?;
    Ok(())
}

/// Adds a row of a table that a snapshot has for itself: one field a column.
pub(super) fn insert(connection: &Connection, table: &str, fields: &[Field]) -> rusqlite::Result<()> {
    let places = vec!["?"; fields.len()].join(", ");
    let sql = format!("INSERT OR ROLLBACK INTO {table} VALUES ({places})");
    connection.prepare_cached(&sql)?.execute(params_from_iter(fields))?;
    Ok(())
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A table of rows that are stored once by hash.
struct Rows<'c> {
    kind: &'static str,
    find: Statement<'c>,
    insert: Statement<'c>,
    next_id: i64,
    /// The rows of one snapshot differ from each other, so in a table that was empty nothing needs
    /// to be looked for.
    was_empty: bool,
}

impl<'c> Rows<'c> {
    fn of(connection: &'c Connection, kind: &'static str) -> rusqlite::Result<Self> {
        let last = format!("SELECT coalesce(max(id), 0) FROM {kind}_rows");
        let last: i64 = connection.query_row(&last, [], |row| row.get(0))?;
        let columns = connection.prepare(&format!("SELECT * FROM {kind}_rows"))?.column_count();
        let places = vec!["?"; columns].join(", ");
        Ok(Rows {
            kind,
            find: connection.prepare(&format!("SELECT id FROM {kind}_rows WHERE sha256 = ?1"))?,
            insert: connection.prepare(&format!("INSERT OR ROLLBACK INTO {kind}_rows VALUES ({places})"))?,
            next_id: last + 1,
            was_empty: last == 0,
        })
    }

    fn store(&mut self, fields: &[Field]) -> rusqlite::Result<Stored> {
        let sha256 = layout::row(self.kind, fields);
        if let Some(id) = self.known(&sha256)? {
            return Ok(Stored { id, sha256 });
        }
        let id = self.next_id;
        self.next_id += 1;
        let ours: [&dyn ToSql; 2] = [&id, &sha256];
        let values = fields.iter().map(|field| field as &dyn ToSql);
        self.insert.execute(params_from_iter(ours.into_iter().chain(values)))?;
        Ok(Stored { id, sha256 })
    }

    fn known(&mut self, sha256: &Digest) -> rusqlite::Result<Option<i64>> {
        if self.was_empty {
            return Ok(None);
        }
        self.find.query_row([sha256], |row| row.get(0)).optional()
    }
}

/// A listing that is known costs nothing more; a new one is written rows first.
fn find_or_insert_listing<'a>(
    connection: &Connection,
    hashes: impl IntoIterator<Item = &'a Digest, IntoIter: ExactSizeIterator>,
    write_rows: impl FnOnce(i64) -> rusqlite::Result<()>,
) -> rusqlite::Result<Stored> {
    let hashes = hashes.into_iter();
    let rows = hashes.len();
    let sha256 = layout::listing(hashes);
    let mut find = connection.prepare_cached("SELECT id FROM listings WHERE sha256 = ?1")?;
    if let Some(id) = find.query_row([sha256], |row| row.get(0)).optional()? {
        return Ok(Stored { id, sha256 });
    }
    let id: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM listings", [], |row| row.get(0))?;
    write_rows(id)?;
    let mut insert = connection.prepare_cached("INSERT OR ROLLBACK INTO listings VALUES (?1, ?2, ?3)")?;
    insert.execute(params![id, sha256, count(rows)])?;
    Ok(Stored { id, sha256 })
}
