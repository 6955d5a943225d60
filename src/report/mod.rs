//! Reports: what each one is called, its columns, and cells on their way to a file.
//!
//! A report is described once ([`Report`]) and its rows are handed on one by one, so that a format
//! needs to know nothing of where they come from. Column names are a contract: none is renamed, new
//! ones come last.

mod access;
mod changes;
mod csv;

use std::borrow::Cow;

pub(crate) use access::{ACCESS, access_cells};
pub(crate) use changes::{CHANGES, change_cells};
pub(crate) use csv::CsvReport;

/// What a column holds, which decides how a format may treat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Written by people, so a spreadsheet may take it for a formula.
    Text,
    /// A key, a hash, a word of a fixed vocabulary: never altered.
    Id,
    Integer,
    Bool,
    /// RFC 3339, UTC, whole seconds.
    Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
}

/// Every report there is.
pub(crate) const REPORTS: &[Report] = &[ACCESS];

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Integer(i64),
    Bool(bool),
}

/// What a format did to the data on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    /// Cells that got a `'` in front.
    pub(crate) guarded_cells: u64,
}
