//! Rows against the records that they were read from: what somebody wrote into both a row and every hash
//! still has to be what FreshBooks said.

use rusqlite::{Connection, Row};

use super::Report;
use crate::freshbooks::Recorded;
use crate::model::marks::Sources;
use crate::model::reading::unhex;
use crate::model::{Business, Membership, from_group, role};
use crate::store::alone::{read_business, read_membership};
use crate::store::kind::Kind;
use crate::store::shape::{BUSINESS, MEMBERSHIP};

pub(super) fn rows(connection: &Connection, _: &[Kind], report: &mut Report) -> rusqlite::Result<()> {
    each(connection, &MEMBERSHIP.kind(), report, |row, record| {
        let business_id = row.get("business_id")?;
        Ok(membership(business_id, &read_membership(row)?, record))
    })?;
    each(connection, &BUSINESS.kind(), report, |row, record| Ok(business(&read_business(row)?, record)))
}

/// Finds every row of a kind in which `differs` names a field.
fn each(
    connection: &Connection,
    kind: &Kind,
    report: &mut Report,
    differs: impl Fn(&Row, &Recorded) -> rusqlite::Result<Option<&'static str>>,
) -> rusqlite::Result<()> {
    // One without a record is another step's to find.
    let sql = format!(
        "SELECT t.*, r.body FROM {} t CROSS JOIN records r ON r.sha256 = t.record_sha256",
        kind.table
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let sha256: String = row.get("record_sha256")?;
        let sha256 = unhex(&sha256).unwrap_or_default();
        let field = match Recorded::parse(row.get_ref("body")?.as_str()?, sha256) {
            Some(record) => differs(row, &record)?,
            None => Some("record_sha256"),
        };
        if let Some(field) = field {
            report.find(format!("{} row {id}: {field} is not what its record says", kind.name));
        }
    }
    Ok(())
}

/// The record is the team list's where that names the row, else the group's, else the identity's own.
fn membership(business_id: i64, row: &Membership, record: &Recorded) -> Option<&'static str> {
    if role::is_classic(&row.role) {
        return None;
    }
    if row.sources.has(Sources::TEAM_MEMBERS) {
        return row.differs_from(&record.member());
    }
    if row.sources.has(Sources::BUSINESS_GROUP) {
        return row.differs_from(&from_group(record.group_member()));
    }
    let Some(business) = record.business() else { return Some("record_sha256") };
    match () {
        () if business.id != business_id => Some("business_id"),
        () if business.own.iter().all(|own| own.role != row.role) => Some("role"),
        () if !row.active => Some("active"),
        () => None,
    }
}

fn business(row: &Business, record: &Recorded) -> Option<&'static str> {
    // The row has all of the identity's roles here, the record the first.
    let own_role = row.own.first().map_or("", |own| own.role.as_str()).split(';').next();
    if own_role.is_some_and(role::is_classic) {
        return None;
    }
    let Some(record) = record.business() else { return Some("record_sha256") };
    let same = [
        ("business_id", row.id == record.id),
        ("business_uuid", row.uuid == record.uuid),
        ("account_id", row.account_id == record.account_id),
        ("name", row.name == record.name),
        ("own_role", own_role == record.own.first().map(|own| own.role.as_str())),
        ("active", row.active == record.active),
        ("timezone", row.timezone == record.timezone),
        // Where the record is silent, `users/me` can have told elsewhere.
        ("status", record.status.is_none() || row.status == record.status),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}
