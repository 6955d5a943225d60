//! Rows against the records that they were read from: what somebody wrote into both a row and every hash
//! still has to be what FreshBooks said.

use rusqlite::{Connection, Row};

use super::CheckReport;
use crate::classic;
use crate::freshbooks::Recorded;
use crate::model::marks::{Sources, State};
use crate::model::reading::{Digest, unhex};
use crate::model::{Business, Membership, from_group, role};
use crate::store::alone::{read_business, read_membership};
use crate::store::kind::RowKind;
use crate::store::shape::{BUSINESS, MEMBERSHIP};

/// The field that differs where the record is not one of what the row is about.
const RECORD: &str = "record_sha256";

pub(super) fn rows(connection: &Connection, _: &[RowKind], report: &mut CheckReport) -> rusqlite::Result<()> {
    each(connection, &MEMBERSHIP.kind(), report, |row, body, sha256| {
        let (label, class): (String, String) = (row.get("role_label")?, row.get("role_class")?);
        let business_id = row.get("business_id")?;
        let row = read_membership(row)?;
        let differs = match role::is_classic(&row.role) {
            true => classic_membership(&row, body, sha256),
            false => membership(business_id, &row, body, sha256),
        };
        Ok(differs.or_else(|| misread_role(&row.role, &label, &class)))
    })?;
    each(connection, &BUSINESS.kind(), report, |row, body, sha256| {
        let row = read_business(row)?;
        // The row has all of the identity's roles here, the record the first.
        let own_role = row.own.first().and_then(|own| own.role.split(';').next()).unwrap_or_default();
        Ok(match role::is_classic(own_role) {
            true => classic_business(&row, body),
            false => business(&row, own_role, body, sha256),
        })
    })
}

/// Finds every row of a kind in which `differs` names a field. It takes the row, and its record's body and
/// hash.
fn each(
    connection: &Connection,
    kind: &RowKind,
    report: &mut CheckReport,
    differs: impl Fn(&Row, &str, Digest) -> rusqlite::Result<Option<&'static str>>,
) -> rusqlite::Result<()> {
    // One without a record is another step's to find.
    let sql = format!(
        "SELECT t.*, r.body FROM {} t CROSS JOIN records r ON r.sha256 = t.record_sha256",
        kind.table
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let sha256 = unhex(row.get_ref("record_sha256")?.as_str()?).unwrap_or_default();
        if let Some(field) = differs(row, row.get_ref("body")?.as_str()?, sha256)? {
            let id: i64 = row.get("id")?;
            report.find(format!("{} row {id}: {field} is not what its record says", kind.name));
        }
    }
    Ok(())
}

/// The record is the team list's where that names the row, else the group's, else the identity's own.
fn membership(business_id: i64, row: &Membership, body: &str, sha256: Digest) -> Option<&'static str> {
    let Some(record) = Recorded::parse(body, sha256) else { return Some(RECORD) };
    if row.sources.has(Sources::TEAM_MEMBERS) {
        return row.differs_from(&record.member());
    }
    if row.sources.has(Sources::BUSINESS_GROUP) {
        return row.differs_from(&from_group(record.group_member()));
    }
    let Some(business) = record.business() else { return Some(RECORD) };
    let same = [
        ("business_id", business.id == business_id),
        ("role", business.own.iter().any(|own| own.role == row.role)),
        ("active", row.active),
        ("state", row.state == State::Active),
    ];
    first_that_differs(same)
}

/// Of the identity's own row Classic's record tells nothing: it is the company's.
fn classic_membership(row: &Membership, body: &str, sha256: Digest) -> Option<&'static str> {
    let Some(record) = classic::Recorded::parse(body) else { return Some(RECORD) };
    if !row.sources.has(Sources::TEAM_MEMBERS) {
        return None;
    }
    let record = record.member(&row.role, sha256);
    let sign_ins =
        [("last_login_at", row.last_login == record.last_login), ("logins", row.logins == record.logins)];
    row.differs_from(&record).or_else(|| first_that_differs(sign_ins))
}

/// A role that was not known yet stands under its own name, in no class.
fn misread_role(role: &str, label: &str, class: &str) -> Option<&'static str> {
    first_that_differs([
        ("role_label", label == role::label(role) || label == role),
        ("role_class", class == role::class(role) || class == role::UNKNOWN),
    ])
}

fn business(row: &Business, own_role: &str, body: &str, sha256: Digest) -> Option<&'static str> {
    let record = Recorded::parse(body, sha256).and_then(|record| record.business());
    let Some(record) = record else { return Some(RECORD) };
    first_that_differs([
        ("business_id", row.id == record.id),
        ("business_uuid", row.uuid == record.uuid),
        ("account_id", row.account_id == record.account_id),
        ("name", row.name == record.name),
        ("own_role", record.own.first().is_some_and(|own| own.role == own_role)),
        ("active", row.active == record.active),
        ("timezone", row.timezone == record.timezone),
        // Where the record is silent, `users/me` can have told elsewhere.
        ("status", record.status.is_none() || row.status == record.status),
    ])
}

/// One without a name is called as its system is.
fn classic_business(row: &Business, body: &str) -> Option<&'static str> {
    let Some(record) = classic::Recorded::parse(body) else { return Some(RECORD) };
    let name = Some(record.company_name()).filter(|name| !name.is_empty());
    first_that_differs([("name", Some(row.name.as_str()) == name.or(row.account_id.as_deref()))])
}

fn first_that_differs<const N: usize>(same: [(&'static str, bool); N]) -> Option<&'static str> {
    same.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}
