//! The hash of a snapshot, and the chain that links each to the one before.
//!
//! A snapshot's hash covers the hash of what pruning erases, and the columns that it leaves. So it
//! stays what it is when the content goes, and the columns of a tombstone cannot be changed either.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::field::Field;
use super::hash::{Hasher, Layout};
use super::shape::{self, Kind, Part, Storage};
use crate::model::reading::Digest;

/// The newest snapshot in the chain and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: i64,
    pub(crate) finished_at: String,
    pub(crate) sha256: String,
}

/// The newest link; `None` before the first snapshot.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<Link>> {
    let newest = "SELECT id, finished_at, content_sha256 FROM snapshots ORDER BY id DESC LIMIT 1";
    let link = |row: &Row| Ok(Link { id: row.get(0)?, finished_at: row.get(1)?, sha256: row.get(2)? });
    connection.query_row(newest, [], link).optional()
}

/// The hash of a snapshot: its own columns, those that pruning erases by their hash only.
pub(super) fn content(snapshot: &Kind, layout: Layout, own: &[Field], erasable: &Digest) -> Digest {
    let covered = snapshot.of_layout(layout).filter(|(_, column)| column.part == Part::Shown);
    let fields: Vec<&Field> = covered.map(|(at, _)| &own[at]).collect();
    let mut hasher = Hasher::default();
    hasher.head(snapshot.name, 2);
    hasher.row(fields.into_iter());
    hasher.digests([erasable]);
    hasher.finish()
}

/// The hash of what pruning erases of the snapshot whose own row this is: who read it and how, what
/// it points to, and its lines.
pub(super) fn erasable(
    connection: &Connection,
    snapshot: &Kind,
    layout: Layout,
    own: &[Field],
) -> rusqlite::Result<Digest> {
    let lines: Vec<Kind> =
        shape::kinds().into_iter().filter(|kind| matches!(kind.storage, Storage::Line { .. })).collect();
    let mut hasher = Hasher::default();
    hasher.head("erasable", 2 + lines.len());

    let erased = snapshot.of_layout(layout).filter(|(_, column)| matches!(column.part, Part::Erased(_)));
    let fields: Vec<&Field> = erased.map(|(at, _)| &own[at]).collect();
    hasher.head("provenance", fields.len());
    hasher.row(fields.into_iter());

    let listings = listings(connection, &own[0])?;
    hasher.head("listings", listings.len());
    listings.iter().for_each(|hashes| hasher.digests(hashes));
    for kind in &lines {
        hash_lines(connection, kind, layout, &own[0], &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// For each position of a snapshot the hashes that it points to: of a business its row, its memberships
/// and its further records; of the identity its record.
fn listings(connection: &Connection, snapshot_id: &Field) -> rusqlite::Result<Vec<Vec<Digest>>> {
    let mut statement = connection.prepare_cached(
        "SELECT b.sha256, m.sha256, r.sha256 FROM snapshot_listings s
         LEFT JOIN business_rows b ON b.id = s.business_row LEFT JOIN listings m ON m.id = s.memberships
         LEFT JOIN listings r ON r.id = s.records WHERE s.snapshot_id = ?1 ORDER BY s.position",
    )?;
    let hashes = statement.query_map([snapshot_id], |row| {
        let hashes: [Option<Digest>; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        Ok(hashes.into_iter().flatten().collect())
    })?;
    hashes.collect()
}

fn hash_lines(
    connection: &Connection,
    kind: &Kind,
    layout: Layout,
    snapshot_id: &Field,
    hasher: &mut Hasher,
) -> rusqlite::Result<()> {
    let Storage::Line { key } = kind.storage else { return Ok(()) };
    let (table, covered) = (kind.table, kind.names("", |column| column.since <= layout));
    let count = format!("SELECT count(*) FROM {table} WHERE snapshot_id = ?1");
    let count: i64 = connection.prepare_cached(&count)?.query_row([snapshot_id], |row| row.get(0))?;
    hasher.head(table, usize::try_from(count).unwrap_or(usize::MAX));
    let select = format!("SELECT {covered} FROM {table} WHERE snapshot_id = ?1 ORDER BY {key}");
    let mut select = connection.prepare_cached(&select)?;
    let columns = select.column_count();
    let mut lines = select.query([snapshot_id])?;
    while let Some(line) = lines.next()? {
        hasher.row(fields(line, 0..columns)?.into_iter());
    }
    Ok(())
}

/// The values of some columns. One of a type that no column of ours has is an error.
pub(super) fn fields<'a>(row: &'a Row, columns: std::ops::Range<usize>) -> rusqlite::Result<Vec<Field<'a>>> {
    let field = |at| {
        let value: ValueRef<'a> = row.get_ref(at)?;
        let foreign = || rusqlite::Error::InvalidColumnType(at, String::new(), value.data_type());
        Field::from_sql(value).ok_or_else(foreign)
    };
    columns.map(field).collect()
}
