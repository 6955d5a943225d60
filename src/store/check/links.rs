//! The chain of snapshots and reviews: each against its hash, its link to the one before, its times.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest as _, Sha256};

use super::{CheckReport, content};
use crate::model::Status;
use crate::model::reading::{hex, unhex};
use crate::store::chain::{self, Link, What, fields};
use crate::store::field::Field;
use crate::store::hash::{LAYOUT, Layout};
use crate::store::kind::{Part, RowKind, Storage};
use crate::store::shape::{REVIEW, SNAPSHOT};
use crate::time::Timestamp;

/// How far FreshBooks' clock and the times of a snapshot can lie apart. A larger difference between the
/// clocks is corrected when a snapshot is written; what is left is rounding and the way of an answer.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(90);

/// Follows the chain from its beginning: every link once, ids without gaps, times that go forward.
pub(super) fn chain(
    connection: &Connection,
    _: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let links = chain::links(connection)?;
    let mut last: HashMap<&str, &Link> = HashMap::new();
    for link in &links {
        let kind = if link.what == What::Snapshot { "snapshot" } else { "review" };
        let before = last.insert(kind, link);
        let expected = before.map_or(1, |before| before.id + 1);
        if link.id != expected {
            report.find(format!("{kind} {expected} is missing: the next one is {}", link.id));
        }
        if let Some(before) = before.filter(|before| before.at > link.at) {
            report.find(format!("{link} is dated before {before}"));
        }
    }
    let mut loose: Vec<&Link> = links.iter().collect();
    let mut head: Option<&Link> = None;
    while let Some(at) = loose.iter().position(|link| link.previous == head.map(|head| head.sha256.clone())) {
        head = Some(loose.remove(at));
    }
    for link in loose {
        report.find(format!("{link} does not follow from what was recorded before it"));
    }
    report.head = head.cloned();
    report.links = links;
    Ok(())
}

/// Every snapshot's content.
pub(super) fn snapshots(
    connection: &Connection,
    kinds: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    snapshots_where(connection, kinds, "true", report)
}

/// The content of the snapshots that meet a condition.
pub(super) fn snapshots_where(
    connection: &Connection,
    kinds: &[RowKind],
    which: &str,
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let rows = (SNAPSHOT.kind().table, which);
    for_each(connection, kinds, rows, report, |kind, layout, own, row, report| {
        let id: i64 = row.get("id")?;
        let erasable = "SELECT sha256 FROM erasable WHERE snapshot_id = ?1";
        let erasable: Option<String> = connection.query_row(erasable, [id], |row| row.get(0)).optional()?;
        let erasable = erasable.and_then(|text| unhex(&text)).unwrap_or_default();
        if hex(chain::content(kind, layout, own, &erasable)) != row.get::<_, String>("content_sha256")? {
            report.find(format!("snapshot {id} has been changed"));
        }
        report.snapshots += 1;
        if row.get::<_, Status>("status")? == Status::Pruned {
            report.pruned += 1;
            if !is_blank(kind, own, connection)? {
                report.find(format!("snapshot {id} is marked as pruned and still tells what was erased"));
            }
            return Ok(());
        }
        if chain::erasable(connection, kind, layout, own)? != erasable {
            report.find(format!("the content of snapshot {id} has been changed"));
        }
        times(id, row, report)
    })
}

/// Every review: its decisions and the very bytes that they were read from.
pub(super) fn reviews(
    connection: &Connection,
    kinds: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let rows = (REVIEW.kind().table, "true");
    for_each(connection, kinds, rows, report, |kind, layout, own, row, report| {
        let id: i64 = row.get("id")?;
        if hex(chain::review(connection, kind, layout, own)?) != row.get::<_, String>("content_sha256")? {
            report.find(format!("review {id} has been changed"));
        }
        report.reviews += 1;
        Ok(())
    })?;
    let mut files = connection.prepare("SELECT review_id, name, sha256, body FROM review_files")?;
    let mut files = files.query([])?;
    while let Some(file) = files.next()? {
        if hex(Sha256::digest(file.get_ref("body")?.as_blob()?)) != file.get::<_, String>("sha256")? {
            let (id, name): (i64, String) = (file.get("review_id")?, file.get("name")?);
            report.find(format!("the file {name} of review {id} has been changed"));
        }
    }
    Ok(())
}

type OwnRow<'f> = dyn FnMut(&RowKind, Layout, &[Field], &Row, &mut CheckReport) -> rusqlite::Result<()> + 'f;

/// Hands on every own row of a table whose layout is known, with the layout that it was hashed by.
fn for_each(
    connection: &Connection,
    kinds: &[RowKind],
    (table, which): (&str, &str),
    report: &mut CheckReport,
    mut take: impl FnMut(&RowKind, Layout, &[Field], &Row, &mut CheckReport) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let take: &mut OwnRow = &mut take;
    let Some(kind) = kinds.iter().find(|kind| kind.table == table) else { return Ok(()) };
    let sql = format!("SELECT {} FROM {table} WHERE {which} ORDER BY id", kind.names("", |_| true));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let own = fields(row, 0..kind.columns.len())?;
        let name: String = row.get("hash_layout")?;
        let layout = Layout::named(&name).filter(|layout| *layout <= newest(kind));
        match layout.filter(|layout| content::is_of_layout(kind, *layout, &own)) {
            None => report
                .find(format!("{} {id} has a layout of hashes that this version does not know", kind.name)),
            Some(layout) => {
                lines(connection, kinds, (table, id), layout, report)?;
                take(kind, layout, &own, row, report)?;
            }
        }
    }
    Ok(())
}

/// Lines have no value in a column that came with a later layout.
fn lines(
    connection: &Connection,
    kinds: &[RowKind],
    (head, id): (&str, i64),
    layout: Layout,
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    for kind in kinds.iter().filter(|kind| kind.is_line_of(head)) {
        let later = kind.names("", |column| column.since > layout);
        let Storage::Line { id: column, .. } = kind.storage else { continue };
        if later.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE {column} = ?1 AND coalesce({later}, NULL) IS NOT NULL)",
            kind.table
        );
        if connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0))? {
            report.find(format!("{} of {head} {id} have values that their layout does not know", kind.table));
        }
    }
    Ok(())
}

/// The newest layout that the columns know.
fn newest(kind: &RowKind) -> Layout {
    kind.columns.iter().map(|column| column.since).max().unwrap_or(LAYOUT)
}

/// Whether the columns that pruning erases hold what it puts in their place.
fn is_blank(kind: &RowKind, own: &[Field], connection: &Connection) -> rusqlite::Result<bool> {
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
fn times(id: i64, row: &Row, report: &mut CheckReport) -> rusqlite::Result<()> {
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
