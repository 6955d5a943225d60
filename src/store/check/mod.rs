//! Whether a database agrees with itself: every hash recomputed, every link followed, every count
//! counted again.
//!
//! Rows, listings and records are each hashed once, whatever number of snapshots share them; then each
//! snapshot, and its link to the one before. A file can agree with itself and still be a forgery made
//! from scratch: that takes a hash kept elsewhere, which is the caller's to compare.
//!
//! - [`content`]: records, rows, listings. [`links`]: snapshots and reviews, the chain, times.
//! - [`counts`]: what they say of themselves.
//! - [`told`]: rows against the records that they were read from.
//! - [`some`]: the same for some snapshots only, as far as reports show them.

mod content;
mod counts;
mod links;
mod some;
mod told;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use rusqlite::{Connection, ErrorCode};

use super::chain::Link;
use super::kind::RowKind;
use super::shape;
use super::{Reader, schema, storage_error};
use crate::error::Result;

/// Something in the database that does not agree with the rest of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding(pub(crate) String);

/// What was checked, and what was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckReport {
    pub(crate) snapshots: i64,
    pub(crate) rows: i64,
    pub(crate) records: i64,
    pub(crate) reviews: i64,
    /// Snapshots whose content was erased.
    pub(crate) pruned: i64,
    pub(crate) head: Option<Link>,
    /// Every snapshot and review.
    pub(crate) links: Vec<Link>,
    pub(crate) findings: Vec<Finding>,
    /// Views or tables of somebody else are there. They are not run, not even to look for more.
    strange: bool,
}

impl CheckReport {
    /// Whether the schema is somebody else's, so that nothing in the file can be trusted to be a table.
    pub(crate) fn is_strange(&self) -> bool {
        self.strange
    }

    fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(Finding(finding.into()));
    }
}

impl Reader {
    /// Checks everything. An error means that the file could not be read, not that it was altered.
    pub(crate) fn check(&self) -> Result<CheckReport> {
        check(self.connection(), &shape::kinds())
    }
}

type Step = fn(&Connection, &[RowKind], &mut CheckReport) -> rusqlite::Result<()>;

pub(super) fn check(connection: &Connection, kinds: &[RowKind]) -> Result<CheckReport> {
    let mut report = CheckReport::default();
    let steps: [(&str, Step); 11] = [
        ("the schema", objects),
        ("the file", integrity),
        ("the records", content::records),
        ("the rows", content::rows),
        ("what the records say", told::rows),
        ("the listings", content::listings),
        ("what belongs together", unreached),
        ("the snapshots", links::snapshots),
        ("the reviews", links::reviews),
        ("the chain", links::chain),
        ("the counts", counts::counts),
    ];
    for (what, step) in steps {
        if let Some(damage) = checked(what, || step(connection, kinds, &mut report))? {
            report.find(damage);
        }
        if report.strange {
            report.find("the content was not checked, since the schema is not fbsync's");
            break;
        }
    }
    Ok(report)
}

/// Takes a step. A file that is damaged is a finding; one that cannot be read at the moment is an error.
fn checked(what: &str, step: impl FnOnce() -> rusqlite::Result<()>) -> Result<Option<String>> {
    match step() {
        Err(error) if is_damage(&error) => Ok(Some(format!("{what} cannot be checked: {error}"))),
        done => done.map(|()| None).map_err(|error| storage_error(error, "read the database to its end")),
    }
}

/// Whether the file itself is wrong (a value of another type, a page that makes no sense), and not the
/// disk, the memory or the moment.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::Unknown),
        None => true,
    }
}

/// Tables, triggers and views are as this version creates them.
fn objects(connection: &Connection, kinds: &[RowKind], report: &mut CheckReport) -> rusqlite::Result<()> {
    let there: HashMap<String, String> = schema::objects(connection)?.into_iter().collect();
    let expected = schema::expected_objects(kinds)?;
    for (name, sql) in &expected {
        let is_run = sql.starts_with("CREATE VIEW") || sql.starts_with("CREATE TABLE");
        match there.get(name) {
            None => {
                report.find(format!("{name} is missing from the schema"));
                report.strange |= is_run;
            }
            Some(found) if found != sql => {
                report.find(format!("{name} is not as fbsync defined it"));
                report.strange = true;
            }
            Some(_) => {}
        }
    }
    let strangers = there.keys().filter(|name| !expected.iter().any(|(known, _)| known == *name));
    for name in strangers {
        report.find(format!("{name} is not part of fbsync's schema"));
        report.strange = true;
    }
    Ok(())
}

/// SQLite's own view of the file, and rows that point to nothing.
fn integrity(connection: &Connection, _: &[RowKind], report: &mut CheckReport) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
    let mut lines = statement.query([])?;
    while let Some(line) = lines.next()? {
        let line: String = line.get(0)?;
        if line != "ok" {
            report.find(format!("SQLite: {line}"));
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut broken = statement.query([])?;
    while let Some(row) = broken.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        report.find(format!("a row of {table} points to a row of {parent} that is not there"));
    }
    Ok(())
}

/// What no snapshot leads to: the triggers cannot refuse what is added to nothing.
fn unreached(connection: &Connection, kinds: &[RowKind], report: &mut CheckReport) -> rusqlite::Result<()> {
    for (table, unreached) in schema::unreached(kinds) {
        let sql = format!("SELECT count(*) FROM {table} WHERE {unreached}");
        let n: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if n > 0 {
            report.find(format!("{n} of the rows in {table} belong to no snapshot or review"));
        }
    }
    Ok(())
}
