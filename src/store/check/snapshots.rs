//! Every snapshot's content against its hash, its link to the one before, its times and its counts.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Report, content};
use crate::model::reading::{hex, unhex};
use crate::model::{Resource, Status};
use crate::store::chain::{self, Link, fields};
use crate::store::field::Field;
use crate::store::hash::{LAYOUT, Layout};
use crate::store::read::whole;
use crate::store::schema;
use crate::store::shape::{Kind, Part, SNAPSHOT, Storage};
use crate::time::Timestamp;

/// How far FreshBooks' clock and the times of a snapshot can lie apart. A larger difference between the
/// clocks is corrected when a snapshot is written; what is left is rounding and the way of an answer.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(90);

/// Follows the chain from its beginning, ids without gaps.
pub(super) fn chain(connection: &Connection, kinds: &[Kind], report: &mut Report) -> rusqlite::Result<()> {
    let Some(kind) = kinds.iter().find(|kind| kind.table == SNAPSHOT.kind().table) else { return Ok(()) };
    let sql = format!("SELECT {} FROM snapshots ORDER BY id", kind.names("", |_| true));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let link = follow(connection, (kinds, kind), row, report)?;
        report.head = Some(link);
        report.snapshots += 1;
    }
    Ok(())
}

/// Checks one snapshot, and its link to the one before.
pub(super) fn follow(
    connection: &Connection,
    (kinds, kind): (&[Kind], &Kind),
    row: &Row,
    report: &mut Report,
) -> rusqlite::Result<Link> {
    let id: i64 = row.get("id")?;
    let before = report.head.take();
    let expected_id = before.as_ref().map_or(1, |link| link.id + 1);
    if id != expected_id {
        report.find(format!("snapshot {expected_id} is missing: the next one is {id}"));
    }
    let previous: Option<String> = row.get("previous_sha256")?;
    if previous != before.as_ref().map(|link| link.sha256.clone()) {
        report.find(format!("snapshot {id} does not follow from the snapshot before it"));
    }
    let link = Link { id, finished_at: row.get("finished_at")?, sha256: row.get("content_sha256")? };
    if before.is_some_and(|before| before.finished_at > link.finished_at) {
        report.find(format!("snapshot {id} ended before the snapshot that it follows"));
    }
    let own = fields(row, 0..kind.columns.len())?;
    let layout =
        Layout::named(&row.get::<_, String>("hash_layout")?).filter(|layout| *layout <= newest(kind));
    let Some(layout) = layout.filter(|layout| content::is_of_layout(kind, *layout, &own)) else {
        report.find(format!("snapshot {id} has a layout of hashes that this version does not know"));
        return Ok(link);
    };
    let erasable = "SELECT sha256 FROM erasable WHERE snapshot_id = ?1";
    let erasable: Option<String> = connection.query_row(erasable, [id], |row| row.get(0)).optional()?;
    let erasable = erasable.and_then(|text| unhex(&text)).unwrap_or_default();
    if hex(chain::content(kind, layout, &own, &erasable)) != link.sha256 {
        report.find(format!("snapshot {id} has been changed"));
    }
    match row.get("status")? {
        Status::Pruned => {
            report.pruned += 1;
            if !is_blank(kind, &own, connection)? {
                report.find(format!("snapshot {id} is marked as pruned and still tells what was erased"));
            }
        }
        Status::Complete | Status::Partial => {
            if chain::erasable(connection, kind, layout, &own)? != erasable {
                report.find(format!("the content of snapshot {id} has been changed"));
            }
            lines(connection, kinds, layout, id, report)?;
            times(id, row, report)?;
        }
    }
    Ok(link)
}

/// A snapshot's lines have no value in a column that came with a later layout.
fn lines(
    connection: &Connection,
    kinds: &[Kind],
    layout: Layout,
    id: i64,
    report: &mut Report,
) -> rusqlite::Result<()> {
    for kind in kinds.iter().filter(|kind| matches!(kind.storage, Storage::Line { .. })) {
        let later = kind.names("", |column| column.since > layout);
        if later.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE snapshot_id = ?1 AND coalesce({later}, NULL) IS NOT NULL)",
            kind.table
        );
        if connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0))? {
            report.find(format!("{} of snapshot {id} has values that its layout does not know", kind.table));
        }
    }
    Ok(())
}

/// The newest layout that the columns know.
fn newest(kind: &Kind) -> Layout {
    kind.columns.iter().map(|column| column.since).max().unwrap_or(LAYOUT)
}

/// Whether the columns that pruning erases hold what it puts in their place.
fn is_blank(kind: &Kind, own: &[Field], connection: &Connection) -> rusqlite::Result<bool> {
    for (column, field) in kind.columns.iter().zip(own) {
        if let Part::Erased(blank) = column.part {
            let is: bool =
                connection.query_row(&format!("SELECT ?1 IS {blank}"), [field], |row| row.get(0))?;
            if !is {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Times go forward, and agree with those that FreshBooks' answers bore.
fn times(id: i64, row: &Row, report: &mut Report) -> rusqlite::Result<()> {
    let (started, finished): (Timestamp, Timestamp) = (row.get("started_at")?, row.get("finished_at")?);
    if finished < started {
        report.find(format!("snapshot {id} ended before it began"));
    }
    let dates: [Option<Timestamp>; 2] = [row.get("server_date_first")?, row.get("server_date_last")?];
    let within = started.saturating_sub(CLOCK_TOLERANCE)..=finished.saturating_add(CLOCK_TOLERANCE);
    if dates.into_iter().flatten().any(|date| !within.contains(&date)) {
        report.find(format!("the times of snapshot {id} do not agree with the dates of FreshBooks' answers"));
    }
    Ok(())
}

/// What a snapshot says of itself against what it points to.
pub(super) fn counts(connection: &Connection, _: &[Kind], report: &mut Report) -> rusqlite::Result<()> {
    let members = schema::MEMBERS;
    let list = format!("c.snapshot_id = s.id AND c.resource = '{}'", Resource::TeamMembers);
    let checks = [
        ("the number of businesses", "s.businesses <> (SELECT count(business_row) FROM snapshot_listings WHERE snapshot_id = s.id)".to_owned()),
        ("the order of the businesses", "EXISTS (SELECT 1 FROM snapshot_listings WHERE snapshot_id = s.id
            GROUP BY snapshot_id HAVING min(position) <> 0 OR max(position) <> s.businesses
            OR sum(business_row IS NULL OR memberships IS NULL) <> 1)".to_owned()),
        ("the number of memberships and accounts", format!("(s.memberships, s.accounts) <> (
            SELECT count(*), count(DISTINCT a.id) FROM snapshot_listings sl JOIN listings l ON l.id = sl.memberships
            {members} WHERE sl.snapshot_id = s.id)")),
        ("the number of requests", "s.requests <> (SELECT count(*) FROM requests WHERE snapshot_id = s.id)".to_owned()),
        ("what was read of each business", format!("s.businesses <> (
            SELECT count(*) FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN coverage c ON {list} AND c.business_id = b.business_id WHERE sl.snapshot_id = s.id)
            OR s.businesses <> (SELECT count(*) FROM coverage c WHERE {list})")),
        ("the number of members of a business", format!("EXISTS (
            SELECT 1 FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN listings l ON l.id = sl.memberships JOIN coverage c ON {list} AND c.business_id = b.business_id
            WHERE sl.snapshot_id = s.id AND c.distinct_rows <> (
                SELECT count(*) FROM json_each(l.rows) e CROSS JOIN membership_rows m ON m.id = e.key
                WHERE instr(m.sources, 'team_members') > 0))")),
        ("whether it is complete", format!("(s.status = '{}') <> NOT EXISTS (
            SELECT 1 FROM coverage c WHERE {list} AND c.outcome <> 'skipped' AND NOT ({}))", Status::Complete, whole())),
        ("the business of a membership", format!("EXISTS (
            SELECT 1 FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN listings l ON l.id = sl.memberships {members}
            WHERE sl.snapshot_id = s.id AND (m.business_id <> b.business_id OR m.account_key <> a.account_key))")),
    ];
    for (what, differs) in checks {
        let sql =
            format!("SELECT s.id FROM snapshots s WHERE s.status <> '{}' AND ({differs})", Status::Pruned);
        let mut statement = connection.prepare(&sql)?;
        for id in statement.query_map([], |row| row.get::<_, i64>(0))? {
            report.find(format!("snapshot {}: {what} does not agree with its content", id?));
        }
    }
    Ok(())
}
