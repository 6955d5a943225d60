//! The hashes of snapshots and reviews, and the one chain that links each to what was recorded before.
//!
//! A snapshot's hash covers the hash of what pruning erases, and the columns that it leaves. So it
//! stays what it is when the content goes, and the columns of a tombstone cannot be changed either.

use std::fmt;

use rusqlite::{Connection, Row};

use super::field::Field;
use super::hash::{Hasher, Layout};
use super::kind::{Part, RowKind, Storage};
use super::shape::{REVIEW, SNAPSHOT, kinds};
use crate::model::reading::Digest;

/// A snapshot or a review as a link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) what: What,
    pub(crate) id: i64,
    /// When the snapshot ended, or the review was recorded.
    pub(crate) at: String,
    pub(crate) sha256: String,
    pub(super) previous: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Snapshot,
    Review,
}

impl Link {
    /// What it is called where a link has to be named: `12`, or `review-3`.
    pub(crate) fn name(&self) -> String {
        match self.what {
            What::Snapshot => self.id.to_string(),
            What::Review => format!("review-{}", self.id),
        }
    }

    /// The same in JSON, where a snapshot's id is a number as everywhere.
    pub(crate) fn json_name(&self) -> serde_json::Value {
        match self.what {
            What::Snapshot => self.id.into(),
            What::Review => self.name().into(),
        }
    }
}

/// As a sentence has it: `snapshot 12`, `review 3`.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Snapshot => SNAPSHOT.kind().name,
            What::Review => REVIEW.kind().name,
        };
        write!(f, "{what} {}", self.id)
    }
}

/// Every link: snapshots, then reviews, each by id.
pub(super) fn links(connection: &Connection) -> rusqlite::Result<Vec<Link>> {
    let of = |what, sql| -> rusqlite::Result<Vec<Link>> {
        let link = |row: &Row| {
            Ok(Link { what, id: row.get(0)?, at: row.get(1)?, sha256: row.get(2)?, previous: row.get(3)? })
        };
        connection.prepare(sql)?.query_map([], link)?.collect()
    };
    let snapshots = "SELECT id, finished_at, content_sha256, previous_sha256 FROM snapshots ORDER BY id";
    let reviews = "SELECT id, recorded_at, content_sha256, previous_sha256 FROM reviews ORDER BY id";
    let mut links = of(What::Snapshot, snapshots)?;
    links.extend(of(What::Review, reviews)?);
    Ok(links)
}

/// The newest link, which none follows; `None` before the first snapshot.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<Link>> {
    let links = links(connection)?;
    let is_followed = |link: &Link| links.iter().any(|next| next.previous.as_ref() == Some(&link.sha256));
    // Of an altered file any will do: its check tells.
    let newest = links.iter().rposition(|link| !is_followed(link));
    Ok(newest.map(|at| links[at].clone()))
}

/// The hash of a snapshot: its own columns, those that pruning erases by their hash only.
pub(super) fn content(snapshot: &RowKind, layout: Layout, own: &[Field], erasable: &Digest) -> Digest {
    let mut hasher = Hasher::default();
    hasher.head(snapshot.name, 2);
    hash_own(snapshot, layout, own, |part| part == Part::Shown, &mut hasher);
    hasher.digests([erasable]);
    hasher.finish()
}

/// The hash of what pruning erases of the snapshot whose own row this is: who read it and how, what
/// it points to, and its lines.
pub(super) fn erasable(
    connection: &Connection,
    snapshot: &RowKind,
    layout: Layout,
    own: &[Field],
) -> rusqlite::Result<Digest> {
    let lines: Vec<RowKind> = kinds().into_iter().filter(|kind| kind.is_line_of(snapshot.table)).collect();
    let mut hasher = Hasher::default();
    hasher.head("erasable", 2 + lines.len());
    let erased = |part| matches!(part, Part::Erased(_));
    hasher.head("provenance", snapshot.of_layout(layout).filter(|(_, column)| erased(column.part)).count());
    hash_own(snapshot, layout, own, erased, &mut hasher);
    let listings = listings(connection, &own[0])?;
    hasher.head("listings", listings.len());
    listings.iter().for_each(|hashes| hasher.digests(hashes));
    for kind in &lines {
        hash_lines(connection, kind, layout, &own[0], &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// The hash of a review: its own columns and its lines.
pub(super) fn review(
    connection: &Connection,
    review: &RowKind,
    layout: Layout,
    own: &[Field],
) -> rusqlite::Result<Digest> {
    let lines: Vec<RowKind> = kinds().into_iter().filter(|kind| kind.is_line_of(review.table)).collect();
    let mut hasher = Hasher::default();
    hasher.head(review.name, 1 + lines.len());
    hash_own(review, layout, own, |part| part == Part::Shown, &mut hasher);
    for kind in &lines {
        hash_lines(connection, kind, layout, &own[0], &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// The columns of an own row that play one of these parts.
fn hash_own(
    kind: &RowKind,
    layout: Layout,
    own: &[Field],
    which: impl Fn(Part) -> bool,
    hasher: &mut Hasher,
) {
    let covered = kind.of_layout(layout).filter(|(_, column)| which(column.part));
    hasher.row(covered.map(|(at, _)| &own[at]));
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

/// The section of one kind of line.
fn hash_lines(
    connection: &Connection,
    kind: &RowKind,
    layout: Layout,
    of: &Field,
    hasher: &mut Hasher,
) -> rusqlite::Result<()> {
    let Storage::Line { id, key, .. } = kind.storage else { return Ok(()) };
    let (table, covered) = (kind.table, kind.names("", |column| column.is_of(layout)));
    let count = format!("SELECT count(*) FROM {table} WHERE {id} = ?1");
    let count: i64 = connection.prepare_cached(&count)?.query_row([of], |row| row.get(0))?;
    hasher.head(table, usize::try_from(count).unwrap_or(usize::MAX));
    let select = format!("SELECT {covered} FROM {table} WHERE {id} = ?1 ORDER BY {key}");
    let mut select = connection.prepare_cached(&select)?;
    let columns = select.column_count();
    let mut lines = select.query([of])?;
    while let Some(line) = lines.next()? {
        hasher.row(fields(line, 0..columns)?.into_iter());
    }
    Ok(())
}

/// The values of some columns. One of a type that no column of ours has is an error.
pub(super) fn fields<'a>(row: &'a Row, columns: std::ops::Range<usize>) -> rusqlite::Result<Vec<Field<'a>>> {
    let field = |at| {
        let value = row.get_ref(at)?;
        let foreign = || rusqlite::Error::InvalidColumnType(at, String::new(), value.data_type());
        Field::from_sql(value).ok_or_else(foreign)
    };
    columns.map(field).collect()
}
