//! Some snapshots only, as far as reports show them: for whoever is about to hand them on.
//!
//! The whole chain is followed, link by link; what the links hold is looked at for these snapshots and
//! every review. Each row is hashed once, however many of the snapshots and businesses share it. The bodies of records
//! are left alone: no report shows them, and no hash of a row depends on them.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::content::{self, Hashes, id};
use super::{CheckReport, Finding, checked, links, objects};
use crate::error::Result;
use crate::model::reading::Digest;
use crate::store::kind::RowKind;
use crate::store::shape::{self, ACCOUNT, BUSINESS, MEMBERSHIP};
use crate::store::{Reader, compare};

impl Reader {
    /// What does not agree with its hash among these snapshots, and those that a comparison of them reads
    /// in their place. Empty where all of it does.
    pub(crate) fn recheck(&self, ids: &BTreeSet<i64>) -> Result<Vec<Finding>> {
        let mut report = CheckReport::default();
        let damage = checked("the content", || check(self.connection(), ids, &mut report))?;
        report.findings.extend(damage.map(Finding));
        Ok(report.findings)
    }
}

pub(super) fn check(
    connection: &Connection,
    ids: &BTreeSet<i64>,
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let kinds = shape::kinds();
    objects(connection, &kinds, report)?;
    if report.strange {
        return Ok(());
    }
    let mut ids = ids.clone();
    for id in ids.clone() {
        ids.extend(compare::read_in_place_of(connection, id)?);
    }
    links::chain(connection, &kinds, report)?;
    let listed: Vec<String> = ids.iter().map(i64::to_string).collect();
    links::reviews(connection, &kinds, report)?;
    links::snapshots_where(connection, &kinds, &format!("id IN ({})", listed.join(", ")), report)?;
    rows(connection, &ids, report)
}

/// The rows that the snapshots lead to, and the listings that lead there.
fn rows(connection: &Connection, ids: &BTreeSet<i64>, report: &mut CheckReport) -> rusqlite::Result<()> {
    let wanted = serde_json::json!(ids).to_string();
    let list = |sql: &str| -> rusqlite::Result<BTreeSet<i64>> {
        let mut statement = connection.prepare(sql)?;
        statement.query_map([&wanted], |row| row.get(0))?.collect()
    };
    let of = "FROM snapshot_listings WHERE snapshot_id IN (SELECT value FROM json_each(?1)) AND";
    let businesses = list(&format!("SELECT DISTINCT business_row {of} business_row IS NOT NULL"))?;
    let listings = list(&format!("SELECT DISTINCT memberships {of} memberships IS NOT NULL"))?;
    hashes(connection, &BUSINESS.kind(), &businesses, report)?;

    // One listing is held at a time: there can be hundreds, each of a hundred thousand rows.
    let mut listing = connection.prepare("SELECT sha256, rows FROM listings WHERE id = ?1")?;
    let mut read =
        |at: &i64| listing.query_row([at], |row| Ok((row.get::<_, Digest>(0)?, row.get::<_, String>(1)?)));
    let (mut memberships, mut accounts) = (BTreeSet::new(), BTreeSet::new());
    for at in &listings {
        let (_, rows) = read(at)?;
        for (row, holder) in content::entries(&rows).into_iter().flatten() {
            memberships.extend(id(row));
            accounts.extend(id(holder));
        }
    }
    let hashes = Hashes {
        memberships: hashes(connection, &MEMBERSHIP.kind(), &memberships, report)?,
        accounts: hashes(connection, &ACCOUNT.kind(), &accounts, report)?,
    };
    for at in &listings {
        let (sha256, rows) = read(at)?;
        if hashes.of_memberships(&rows) != Some(sha256) {
            report.find(format!("listing {at} has been changed"));
        }
    }
    Ok(())
}

/// The hash of each of these rows, each held against what it is the hash of.
fn hashes(
    connection: &Connection,
    kind: &RowKind,
    ids: &BTreeSet<i64>,
    report: &mut CheckReport,
) -> rusqlite::Result<HashMap<i64, Digest>> {
    let mut checker = content::RowCheck::of(kind);
    let mut statement = connection.prepare(&format!("{} WHERE id = ?1", checker.select()))?;
    let mut hashes = HashMap::with_capacity(ids.len());
    for at in ids {
        let mut found = statement.query([at])?;
        if let Some(row) = found.next()? {
            hashes.insert(*at, checker.check(row, report)?);
        }
    }
    Ok(hashes)
}
