//! The chain of hashes, recomputed from what the file holds.
//!
//! Rows, listings and records are each hashed again once, whatever number of snapshots share them;
//! then every snapshot's content, and its link to the one before. A file can agree with itself and
//! still be a forgery made from scratch: that needs a hash kept elsewhere, which is the caller's to say.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Row};
use sha2::{Digest as _, Sha256};

use super::cells::Cells;
use super::layout::{self, Field};
use super::{Reader, chain, schema, storage_error};
use crate::error::Result;
use crate::model::reading::{Digest, hex};

/// Something in the database that is not as fbsync wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding(pub(crate) String);

/// What was checked, and what was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) snapshots: i64,
    pub(crate) rows: i64,
    pub(crate) records: i64,
    /// Snapshots whose content was let go.
    pub(crate) pruned: i64,
    pub(crate) head: Option<(i64, String)>,
    /// The version of an older file, whose own triggers and views nobody has looked at.
    pub(crate) older: Option<i32>,
    pub(crate) findings: Vec<Finding>,
}

/// Checks everything. An error means that the file could not be read at all.
pub(crate) fn check(reader: &Reader) -> Result<Report> {
    Ok(Report { older: reader.older, ..check_connection(reader.connection())? })
}

pub(super) fn check_connection(connection: &Connection) -> Result<Report> {
    let mut report = Report::default();
    let steps: [(&str, Step); 7] = [
        ("the file", integrity),
        ("the schema", objects),
        ("the records", records),
        ("the rows", rows),
        ("the listings", listings),
        ("what belongs together", references),
        ("the chain of snapshots", chain::follow),
    ];
    for (what, step) in steps {
        match step(connection, &mut report) {
            Err(error) if is_damage(&error) => report.find(format!("{what} cannot be checked: {error}")),
            done => done.map_err(|error| storage_error(error, "read the database to its end"))?,
        }
    }
    Ok(report)
}

type Step = fn(&Connection, &mut Report) -> rusqlite::Result<()>;

/// Whether the file itself is wrong (a table that is gone, a value of another type, a page that makes
/// no sense), and not the disk or the moment.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::Unknown),
        None => true,
    }
}

impl Report {
    pub(super) fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(Finding(finding.into()));
    }
}

/// SQLite's own view of the file, and rows that point to nothing.
fn integrity(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
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

/// Triggers and views are as this version creates them.
fn objects(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let there: HashMap<String, String> = schema::objects(connection)?.into_iter().collect();
    let expected = schema::expected_objects()?;
    for (name, sql) in &expected {
        match there.get(name) {
            None => report.find(format!("{name} is missing from the schema")),
            Some(found) if found != sql => report.find(format!("{name} is not as fbsync defined it")),
            Some(_) => {}
        }
    }
    let strangers = there.keys().filter(|name| !expected.iter().any(|(known, _)| known == *name));
    for name in strangers {
        report.find(format!("{name} is not part of fbsync's schema"));
    }
    Ok(())
}

fn records(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT sha256, body FROM records")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (sha256, body): (String, String) = (row.get(0)?, row.get(1)?);
        if hex(Sha256::digest(&body)) != sha256 {
            report.find(format!("record {sha256} has been changed"));
        }
        report.records += 1;
    }
    Ok(())
}

fn rows(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    for (table, kind) in
        [("business_rows", "business"), ("account_rows", "account"), ("membership_rows", "membership")]
    {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        let mut cells = Cells::default();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let sha256: Vec<u8> = row.get(1)?;
            cells.clear();
            let fields = fields(row, 2..columns)?;
            let is_ours = fields.is_some_and(|fields| {
                fields.iter().for_each(|field| cells.field(field));
                cells.sha256(kind)[..] == sha256
            });
            if !is_ours {
                report.find(format!("{kind} row {id} has been changed"));
            }
            report.rows += 1;
        }
    }
    Ok(())
}

fn listings(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut listings = connection.prepare("SELECT id, sha256, rows FROM listings")?;
    let mut members = connection.prepare(
        "SELECT m.sha256 FROM listings l CROSS JOIN json_each(l.membership_rows) e
         CROSS JOIN membership_rows m ON m.id = e.value WHERE l.id = ?1",
    )?;
    let mut accounts = connection.prepare(
        "SELECT a.sha256 FROM listing_accounts l JOIN account_rows a ON a.id = l.row
         WHERE l.listing = ?1 ORDER BY l.account_key",
    )?;
    let mut records =
        connection.prepare("SELECT sha256 FROM listing_records WHERE listing = ?1 ORDER BY sha256")?;
    let mut found = listings.query([])?;
    while let Some(row) = found.next()? {
        let (id, sha256, count): (i64, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut hashes: Vec<Digest> =
            members.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for further in [&mut accounts, &mut records] {
            for hash in further.query_map([id], |row| row.get(0))? {
                hashes.push(hash?);
            }
        }
        if layout::listing(&hashes)[..] != sha256 || i64::try_from(hashes.len()) != Ok(count) {
            report.find(format!("listing {id} has been changed"));
        }
    }
    Ok(())
}

/// Rows without their record, and rows that no snapshot leads to: the triggers cannot refuse what is
/// added to nothing.
fn references(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut missing = connection.prepare(
        "SELECT record_sha256 FROM (SELECT record_sha256 FROM membership_rows UNION
                                    SELECT record_sha256 FROM business_rows UNION
                                    SELECT lower(hex(sha256)) FROM listing_records)
         WHERE record_sha256 <> '' AND record_sha256 NOT IN (SELECT sha256 FROM records)",
    )?;
    for sha256 in missing.query_map([], |row| row.get::<_, String>(0))? {
        report.find(format!("record {} is missing", sha256?));
    }
    // The rows' hashes do not cover under which name a listing finds them.
    let renamed: i64 = connection.query_row(
        "SELECT count(*) FROM listing_accounts l JOIN account_rows a ON a.id = l.row
         WHERE l.account_key <> a.account_key",
        [],
        |row| row.get(0),
    )?;
    if renamed > 0 {
        report.find(format!("{renamed} accounts are listed under a key that is not theirs"));
    }
    const STRAYS: [(&str, &str); 6] = [
        ("membership_rows", "id NOT IN (SELECT e.value FROM listings, json_each(membership_rows) e)"),
        ("account_rows", "id NOT IN (SELECT row FROM listing_accounts)"),
        ("business_rows", "id NOT IN (SELECT business_row FROM snapshot_businesses)"),
        ("listings", UNUSED_LISTING),
        ("coverage", "snapshot_id NOT IN (SELECT id FROM snapshots)"),
        ("requests", "snapshot_id NOT IN (SELECT id FROM snapshots)"),
    ];
    for (table, stray) in STRAYS {
        let sql = format!("SELECT count(*) FROM {table} WHERE {stray}");
        let n: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if n > 0 {
            report.find(format!("{n} of the rows in {table} belong to no snapshot"));
        }
    }
    Ok(())
}

const UNUSED_LISTING: &str =
    "id NOT IN (SELECT listing FROM snapshot_businesses UNION SELECT listing FROM snapshot_accounts
                UNION SELECT listing FROM snapshot_records)";

/// The values of some columns; `None` where one is of a type that no column of ours has.
pub(super) fn fields<'a>(
    row: &'a Row,
    columns: std::ops::Range<usize>,
) -> rusqlite::Result<Option<Vec<Field<'a>>>> {
    let values: Vec<ValueRef<'a>> = columns.map(|at| row.get_ref(at)).collect::<rusqlite::Result<_>>()?;
    Ok(values.into_iter().map(Field::from_sql).collect())
}
