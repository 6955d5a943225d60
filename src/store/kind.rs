//! What describes a kind of row: its columns, how its rows are kept, how they are taken from the model.

use super::field::Field;
use super::hash::{LAYOUT, Layout};

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// Type and constraints, as CREATE TABLE has them.
    pub(super) sql: &'static str,
    /// The only words that it can hold; empty: any.
    pub(super) words: &'static [&'static str],
    /// The first layout whose hashes cover it.
    pub(super) since: Layout,
    pub(super) part: Part,
}

impl Spec {
    /// Whether hashes of `layout` cover it.
    pub(super) fn is_of(&self, layout: Layout) -> bool {
        self.since <= layout && !matches!(self.part, Part::Hash | Part::Bytes)
    }
}

/// What part a column has in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// In the public view, and covered by the hash.
    Shown,
    /// The same, but for the program's own use: not in the public view.
    Internal,
    /// Pruning puts this in its place, an SQL expression.
    Erased(&'static str),
    /// The hash that covers the others.
    Hash,
    /// Bytes that another column has the hash of.
    Bytes,
}

/// How the rows of a kind are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Each content once, found by its hash, and pointed to by its id.
    Once,
    /// A line of what another table has the head of: `id` names it there, and with `key` is unique.
    Line { of: &'static str, id: &'static str, key: &'static str },
    /// The own row of something that has lines. It comes last: its presence means that it is complete.
    Head,
}

/// A kind of row.
#[derive(Clone, Debug)]
pub(super) struct RowKind {
    /// The word for it in hashes and in findings.
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    pub(super) storage: Storage,
    pub(super) columns: Vec<Spec>,
}

impl RowKind {
    /// The columns that hashes of `layout` cover, with their positions.
    pub(super) fn of_layout(&self, layout: Layout) -> impl Iterator<Item = (usize, &Spec)> {
        self.columns.iter().enumerate().filter(move |(_, column)| column.is_of(layout))
    }

    /// Whether its rows are lines of this table's.
    pub(super) fn is_line_of(&self, head: &str) -> bool {
        matches!(self.storage, Storage::Line { of, .. } if of == head)
    }

    /// The names of some columns, each behind `prefix`.
    pub(super) fn names(&self, prefix: &str, keep: impl Fn(&Spec) -> bool) -> String {
        let names = self.columns.iter().filter(|column| keep(column));
        names.map(|column| format!("{prefix}\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
    }

    /// The statement that adds a row, its columns behind those named first.
    pub(super) fn insert(&self, first: &[&str]) -> String {
        let names = self.columns.iter().map(|column| format!("\"{}\"", column.name));
        let names: Vec<String> = first.iter().map(|name| (*name).to_owned()).chain(names).collect();
        let places = vec!["?"; names.len()].join(", ");
        format!("INSERT OR ROLLBACK INTO {} ({}) VALUES ({places})", self.table, names.join(", "))
    }
}

/// A kind of row, and how each column is taken from a value of the model.
pub(super) struct Shape<T: 'static> {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    pub(super) storage: Storage,
    pub(super) columns: &'static [Column<T>],
}

/// The value of a column. The number is that of the business which something belongs to, or of a
/// request.
type Take<T> = for<'a> fn(i64, &'a T) -> Field<'a>;

pub(super) struct Column<T> {
    spec: Spec,
    take: Take<T>,
}

impl<T> Shape<T> {
    pub(super) fn kind(&self) -> RowKind {
        let columns = self.columns.iter().map(|column| column.spec).collect();
        RowKind { name: self.name, table: self.table, storage: self.storage, columns }
    }

    /// The values of the columns, in order.
    pub(super) fn fields<'a>(&self, number: i64, of: &'a T) -> impl Iterator<Item = Field<'a>> {
        self.columns.iter().map(move |column| (column.take)(number, of))
    }
}

pub(super) const fn column<T>(name: &'static str, sql: &'static str, take: Take<T>) -> Column<T> {
    Column { spec: Spec { name, sql, words: &[], since: LAYOUT, part: Part::Shown }, take }
}

pub(super) const fn text<T>(name: &'static str, take: Take<T>) -> Column<T> {
    column(name, "TEXT NOT NULL", take)
}

pub(super) const fn text_or_null<T>(name: &'static str, take: Take<T>) -> Column<T> {
    column(name, "TEXT", take)
}

pub(super) const fn integer<T>(name: &'static str, take: Take<T>) -> Column<T> {
    column(name, "INTEGER NOT NULL", take)
}

pub(super) const fn integer_or_null<T>(name: &'static str, take: Take<T>) -> Column<T> {
    column(name, "INTEGER", take)
}

/// Text that is one word of a fixed vocabulary.
pub(super) const fn word<T>(name: &'static str, words: &'static [&'static str], take: Take<T>) -> Column<T> {
    let mut column = text(name, take);
    column.spec.words = words;
    column
}

pub(super) const fn part<T>(mut column: Column<T>, part: Part) -> Column<T> {
    column.spec.part = part;
    column
}

pub(super) const fn internal<T>(column: Column<T>) -> Column<T> {
    part(column, Part::Internal)
}

pub(super) const fn erased<T>(blank: &'static str, column: Column<T>) -> Column<T> {
    part(column, Part::Erased(blank))
}

pub(super) const fn hash<T>(column: Column<T>) -> Column<T> {
    part(column, Part::Hash)
}

pub(super) const fn bytes<T>(name: &'static str, take: Take<T>) -> Column<T> {
    part(column(name, "BLOB NOT NULL", take), Part::Bytes)
}
