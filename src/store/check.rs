//! The chain of hashes, recomputed from what the file holds.
//!
//! Rows, listings and records are each hashed again once, whatever number of snapshots share them;
//! then every snapshot's content, and its link to the one before. A file can agree with itself and
//! still be a forgery made from scratch: that needs a hash kept elsewhere, which is the caller's to say.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sha2::{Digest as _, Sha256};

use super::layout::{self, Content, Field};
use super::{Reader, schema, storage_error};
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
    pub(crate) head: Option<(i64, String)>,
    pub(crate) findings: Vec<Finding>,
}

/// Checks everything. An error means that the file could not be read at all.
pub(crate) fn check(reader: &Reader) -> Result<Report> {
    check_connection(reader.connection())
}

pub(super) fn check_connection(connection: &Connection) -> Result<Report> {
    let mut report = Report::default();
    let steps = [integrity, objects, records, rows, listings, chain];
    let checked = steps.into_iter().try_for_each(|step| step(connection, &mut report));
    checked.map_err(|error| storage_error(error, "read the database to its end"))?;
    Ok(report)
}

impl Report {
    fn find(&mut self, finding: impl Into<String>) {
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
        if hex(&Sha256::digest(&body)) != sha256 {
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
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let sha256: Vec<u8> = row.get(1)?;
            let fields = fields(row, 2..columns)?;
            if fields.is_none_or(|fields| layout::row(kind, &fields)[..] != sha256) {
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
        "SELECT m.sha256 FROM listing_memberships l JOIN membership_rows m ON m.id = l.row
         WHERE l.listing = ?1 ORDER BY l.position",
    )?;
    let mut accounts = connection.prepare(
        "SELECT a.sha256 FROM listing_accounts l JOIN account_rows a ON a.id = l.row
         WHERE l.listing = ?1 ORDER BY l.account_key",
    )?;
    let mut found = listings.query([])?;
    while let Some(row) = found.next()? {
        let (id, sha256, count): (i64, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut hashes: Vec<Digest> =
            members.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for hash in accounts.query_map([id], |row| row.get(0))? {
            hashes.push(hash?);
        }
        if layout::listing(&hashes)[..] != sha256 || i64::try_from(hashes.len()) != Ok(count) {
            report.find(format!("listing {id} has been changed"));
        }
    }
    Ok(())
}

/// Every snapshot's content against its hash, and its link to the snapshot before.
fn chain(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT * FROM snapshots ORDER BY id")?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let at = |name: &str| columns.iter().position(|column| column == name).unwrap_or(0);
    let (content_at, previous_at, status_at) = (at("content_sha256"), at("previous_sha256"), at("status"));
    let mut rows = statement.query([])?;
    let mut previous: Option<(i64, String)> = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let content_sha256: String = row.get(content_at)?;
        let expected_id = previous.as_ref().map_or(1, |(id, _)| id + 1);
        if id != expected_id {
            report.find(format!("snapshot {expected_id} is missing: the next one there is {id}"));
        }
        let link: Option<String> = row.get(previous_at)?;
        if link.as_deref() != previous.as_ref().map(|(_, hash)| hash.as_str()) {
            report.find(format!("snapshot {id} does not follow from the snapshot before it"));
        }
        let status: String = row.get(status_at)?;
        if status != "pruned"
            && content_hash(connection, id, row, content_at)? != Some(content_sha256.clone())
        {
            report.find(format!("snapshot {id} has been changed"));
        }
        previous = Some((id, content_sha256));
        report.snapshots += 1;
    }
    report.head = previous;
    Ok(())
}

/// The hash of a snapshot by layout `fbsync-1`; `None` where a value cannot be one of ours.
fn content_hash(
    connection: &Connection,
    id: i64,
    row: &Row,
    content_at: usize,
) -> rusqlite::Result<Option<String>> {
    let mut content = Content::default();
    let Some(mut own) = fields(row, 0..row.as_ref().column_count())? else { return Ok(None) };
    own.remove(content_at);
    content.line("snapshot", &own);

    let mut businesses = connection.prepare_cached(
        "SELECT lower(hex(b.sha256)), lower(hex(l.sha256)) FROM snapshot_businesses s
         JOIN business_rows b ON b.id = s.business_row JOIN listings l ON l.id = s.listing
         WHERE s.snapshot_id = ?1 ORDER BY s.position",
    )?;
    let mut accounts = connection.prepare_cached(
        "SELECT lower(hex(l.sha256)) FROM snapshot_accounts s JOIN listings l ON l.id = s.listing
         WHERE s.snapshot_id = ?1",
    )?;
    let mut coverage = connection
        .prepare_cached("SELECT * FROM coverage WHERE snapshot_id = ?1 ORDER BY business_id, resource")?;
    let mut requests =
        connection.prepare_cached("SELECT * FROM requests WHERE snapshot_id = ?1 ORDER BY seq")?;
    let parts = [
        ("business", 0, &mut businesses),
        ("accounts", 0, &mut accounts),
        ("coverage", 1, &mut coverage),
        ("request", 1, &mut requests),
    ];
    for (kind, first_column, statement) in parts {
        let columns = statement.column_count();
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let Some(fields) = fields(row, first_column..columns)? else { return Ok(None) };
            content.line(kind, &fields);
        }
    }
    Ok(Some(hex(&content.finish())))
}

/// The values of some columns; `None` where one is of a type that no column of ours has.
fn fields<'a>(row: &'a Row, columns: std::ops::Range<usize>) -> rusqlite::Result<Option<Vec<Field<'a>>>> {
    let values: Vec<ValueRef<'a>> = columns.map(|at| row.get_ref(at)).collect::<rusqlite::Result<_>>()?;
    Ok(values.into_iter().map(Field::from_sql).collect())
}
