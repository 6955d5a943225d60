//! Records, rows and listings, each against its own hash.

use std::collections::HashMap;

use rusqlite::{Connection, Row};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::CheckReport;
use crate::model::reading::{Digest, Hex, hex, unhex};
use crate::store::chain::fields;
use crate::store::field::Field;
use crate::store::hash::{Hasher, Layout};
use crate::store::kind::{RowKind, Storage};
use crate::store::shape::{ACCOUNT, MEMBERSHIP};

/// A record is a JSON object, which is what keeps its hash apart from any other thing's.
pub(super) fn records(
    connection: &Connection,
    _: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT sha256, body FROM records")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (sha256, body) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        if hex(Sha256::digest(body)) != sha256 || !body.starts_with('{') {
            report.find(format!("record {sha256} has been changed"));
        }
        report.records += 1;
    }
    Ok(())
}

pub(super) fn rows(
    connection: &Connection,
    kinds: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    for kind in kinds.iter().filter(|kind| kind.storage == Storage::Once) {
        let mut check = RowCheck::of(kind);
        let mut statement = connection.prepare(&check.select())?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            check.check(row, report)?;
        }
    }
    missing_records(connection, report)
}

/// Holds rows of a kind against their hashes.
pub(super) struct RowCheck<'k> {
    kind: &'k RowKind,
    hasher: Hasher,
}

impl<'k> RowCheck<'k> {
    pub(super) fn of(kind: &'k RowKind) -> Self {
        RowCheck { kind, hasher: Hasher::default() }
    }

    /// The statement whose rows [`RowCheck::check`] takes.
    pub(super) fn select(&self) -> String {
        let names = self.kind.names("", |_| true);
        format!("SELECT id, sha256, layout, {names} FROM {}", self.kind.table)
    }

    /// Returns the hash that the row bears.
    pub(super) fn check(&mut self, row: &Row, report: &mut CheckReport) -> rusqlite::Result<Digest> {
        let kind = self.kind;
        let (id, sha256): (i64, Digest) = (row.get(0)?, row.get(1)?);
        let layout = Layout(row.get(2)?);
        let own = fields(row, 3..3 + kind.columns.len())?;
        if !is_of_layout(kind, layout, &own) {
            report.find(format!("{} row {id} has values that its layout does not know", kind.name));
        }
        let covered: Vec<Field> = kind.of_layout(layout).map(|(at, _)| own[at].clone()).collect();
        if self.hasher.of_row(kind.name, &covered) != sha256 {
            report.find(format!("{} row {id} has been changed", kind.name));
        }
        report.rows += 1;
        Ok(sha256)
    }
}

/// A row has no value in a column that came with a later layout: no hash would cover it.
pub(super) fn is_of_layout(kind: &RowKind, layout: Layout, own: &[Field]) -> bool {
    let later = kind.columns.iter().zip(own).filter(|(column, _)| column.since > layout);
    layout.0 >= LAYOUT_OF_THE_FIRST_RELEASE && later.into_iter().all(|(_, field)| *field == Field::Null)
}

const LAYOUT_OF_THE_FIRST_RELEASE: i64 = 1;

fn missing_records(connection: &Connection, report: &mut CheckReport) -> rusqlite::Result<()> {
    let mut missing = connection.prepare(
        "SELECT record_sha256 FROM (
            SELECT record_sha256 FROM membership_rows UNION SELECT record_sha256 FROM business_rows
            UNION SELECT e.value FROM listings l, json_each(l.rows) e WHERE l.kind = 'records')
         WHERE record_sha256 <> '' AND record_sha256 NOT IN (SELECT sha256 FROM records)",
    )?;
    for sha256 in missing.query_map([], |row| row.get::<_, String>(0))? {
        report.find(format!("record {} is missing", sha256?));
    }
    Ok(())
}

pub(super) fn listings(
    connection: &Connection,
    _: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let hashes = Hashes {
        memberships: by_id(connection, MEMBERSHIP.kind().table)?,
        accounts: by_id(connection, ACCOUNT.kind().table)?,
    };
    let mut statement = connection.prepare("SELECT id, kind, sha256, rows FROM listings")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let (id, sha256): (i64, Digest) = (row.get(0)?, row.get(2)?);
        let (kind, rows) = (row.get_ref(1)?.as_str()?, row.get_ref(3)?.as_str()?);
        let expected = match kind {
            "memberships" => hashes.of_memberships(rows),
            "records" => of_records(rows),
            _ => None,
        };
        if expected != Some(sha256) {
            report.find(format!("listing {id} has been changed"));
        }
    }
    Ok(())
}

/// The hash of every row that a listing can point to.
pub(super) struct Hashes {
    pub(super) memberships: HashMap<i64, Digest>,
    pub(super) accounts: HashMap<i64, Digest>,
}

fn by_id(connection: &Connection, table: &str) -> rusqlite::Result<HashMap<i64, Digest>> {
    let mut statement = connection.prepare(&format!("SELECT id, sha256 FROM {table}"))?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

impl Hashes {
    /// The hash of a listing of memberships; `None` where its JSON is not the text that fbsync writes,
    /// or points to nothing.
    pub(super) fn of_memberships(&self, rows: &str) -> Option<Digest> {
        let entries = entries(rows)?;
        let mut hasher = Hasher::default();
        hasher.head("memberships", entries.len());
        for (row, holder) in &entries {
            hasher.digests([self.memberships.get(&id(row)?)?, self.accounts.get(&id(holder)?)?]);
        }
        // Two rows of one id would be one to whoever reads JSON strictly.
        let distinct: Map<String, Value> = serde_json::from_str(rows).ok()?;
        (distinct.len() == entries.len() && !rows.ends_with(",}")).then(|| hasher.finish())
    }
}

/// The rows of a listing of memberships, each with its account: their ids, as they are written there.
pub(super) fn entries(rows: &str) -> Option<Vec<(&str, &str)>> {
    let entries = rows.strip_prefix('{')?.strip_suffix('}')?.split_terminator(',');
    entries.map(|entry| entry.strip_prefix('"')?.split_once("\":")).collect()
}

/// An id as fbsync writes it.
pub(super) fn id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id: &i64| *id > 0 && id.to_string() == text)
}

fn of_records(rows: &str) -> Option<Digest> {
    let records: Vec<String> = serde_json::from_str(rows).ok()?;
    let records: Vec<Digest> = records.iter().map(|record| unhex(record)).collect::<Option<_>>()?;
    let written: Vec<String> = records.iter().map(|record| format!("\"{}\"", Hex::of(record))).collect();
    let mut hasher = Hasher::default();
    hasher.head("records", records.len());
    records.iter().for_each(|record| hasher.digests([record]));
    (rows == format!("[{}]", written.join(","))).then(|| hasher.finish())
}

/// Gives every listing the hash of what it holds, as a forger would.
#[cfg(test)]
pub(super) fn rehash_listings(connection: &Connection) -> rusqlite::Result<()> {
    let hashes = Hashes {
        memberships: by_id(connection, MEMBERSHIP.kind().table)?,
        accounts: by_id(connection, ACCOUNT.kind().table)?,
    };
    let mut statement = connection.prepare("SELECT id, kind, rows FROM listings")?;
    let listings: Vec<(i64, String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, kind, rows) in listings {
        let sha256 = if kind == "records" { of_records(&rows) } else { hashes.of_memberships(&rows) };
        if let Some(sha256) = sha256 {
            connection.execute("UPDATE listings SET sha256 = ?2 WHERE id = ?1", (id, sha256))?;
        }
    }
    Ok(())
}
