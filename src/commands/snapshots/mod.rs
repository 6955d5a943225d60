//! `snapshots`: lists the snapshots of a database, newest last, with what was read and how far apart
//! they are.

mod prune;

use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::cli::{SnapshotsArgs, SnapshotsVerb};
use crate::error::{Error, Kind, Result};
use crate::model::Status;
use crate::store::{Link, Reader, Side, Snapshot, Usable};
use crate::time::spoken;
use crate::ui::Column;

/// As many as fit on a screen.
const SHOWN: i64 = 20;

pub(crate) fn run(app: &App, args: &SnapshotsArgs) -> Result<()> {
    let db = args.db.as_deref().ok_or_else(|| {
        Error::new(Kind::Usage, "a database is required").hint("fbsync snapshots --db audit.sqlite")
    })?;
    let path = app.database(db)?;
    if let Some(SnapshotsVerb::Prune(prune)) = &args.verb {
        if args.all || args.head || args.period.is_some() {
            return Err(Error::new(
                Kind::Usage,
                "--all, --head and --period apply to the listing, not to prune",
            ));
        }
        return prune::run(app, &path, &args.timezone, prune);
    }
    let reader = Reader::open(app, &path)?;
    match &args.period {
        _ if args.head => head(app, &reader),
        Some(period) => in_period(app, &reader, args, period),
        None => list(app, &reader, args.all),
    }
}

/// Prints what to keep elsewhere, so that `verify --expect` can prove that nothing was removed from the
/// end.
fn head(app: &App, reader: &Reader) -> Result<()> {
    let newest = reader.head()?.ok_or_else(|| Error::new(Kind::Storage, "there is no snapshot yet"))?;
    let Link { at, sha256, .. } = &newest;
    match app.json {
        true => {
            app.ui.json(&json!({ "id": newest.json_name(), "finished_at": at, "content_sha256": sha256 }))
        }
        false => app.ui.line_of_data(format_args!("{} {at} {sha256}", newest.name())),
    }
}

fn list(app: &App, reader: &Reader, all: bool) -> Result<()> {
    let lines = reader.snapshots((!all).then_some(SHOWN))?;
    let earlier = match lines.len() {
        shown if all || shown < SHOWN as usize => 0,
        shown => reader.snapshots(None)?.len() - shown,
    };
    let longest = show(app, reader, lines)?;
    if let Some(longest) = longest {
        app.ui.result(longest);
    }
    if earlier > 0 {
        app.ui.result(format_args!("{earlier} earlier ones are not shown; --all shows them"));
    }
    Ok(())
}

/// The complete snapshots of a year, quarter or month.
fn in_period(app: &App, reader: &Reader, args: &SnapshotsArgs, period: &str) -> Result<()> {
    let range = args.timezone.period(period).ok_or_else(|| {
        Error::new(Kind::Usage, format!("`{period}` is not a valid period"))
            .hint("use 2026, 2026-Q3 or 2026-09")
    })?;
    let (from, until) = (range.start.to_string(), range.end.to_string());
    let mut lines = reader.snapshots(None)?;
    lines.retain(|line| range.contains(&line.finished_at));
    let pruned = match lines.iter().filter(|line| line.status == Status::Pruned).count() {
        0 => String::new(),
        1 => "; 1 snapshot from that time was pruned".to_owned(),
        pruned => format!("; {pruned} snapshots from that time were pruned"),
    };
    lines.retain(|line| line.status == Status::Complete);
    let n = lines.len();
    let longest = show(app, reader, lines)?;
    let span = format!("{period} ({from} to {until}, {})", args.timezone.name());
    if n == 0 {
        return Err(Error::new(Kind::No, format!("there is no complete snapshot in {span}{pruned}"))
            .hint("fbsync snapshots --all --db FILE shows what there is")
            .answering_no());
    }
    let snapshots = if n == 1 { "1 complete snapshot".to_owned() } else { format!("{n} complete snapshots") };
    app.ui.result(format_args!("{snapshots} in {span}{pruned}"));
    if let Some(longest) = longest {
        app.ui.result(longest);
    }
    Ok(())
}

/// Prints the snapshots and returns a sentence about the longest time without one.
fn show(app: &App, reader: &Reader, lines: Vec<Snapshot>) -> Result<Option<String>> {
    let lines = with_gaps(reader, lines)?;
    match app.json {
        true => app.ui.json(&lines.iter().map(as_json).collect())?,
        false => {
            let rows: Vec<Vec<String>> = lines.iter().map(as_cells).collect();
            app.ui.table(&COLUMNS, &rows)?;
        }
    }
    let gaps = lines.iter().filter_map(|dated| Some((dated.gap.as_ref()?, &dated.line)));
    Ok(gaps.max_by_key(|(gap, _)| **gap).map(|(gap, line)| {
        format!("the longest time between complete ones: {}, before snapshot {}", spoken(*gap), line.id)
    }))
}

/// A snapshot with the number of its lists that were read completely. A complete one also has the time
/// since the previous complete one.
struct Dated {
    line: Snapshot,
    read: i64,
    gap: Option<Duration>,
}

fn with_gaps(reader: &Reader, lines: Vec<Snapshot>) -> Result<Vec<Dated>> {
    let mut previous = match lines.first() {
        Some(first) => reader.neighbour(Usable::default(), first, Side::Before)?,
        None => None,
    }
    .map(|line| line.finished_at);
    let mut dated = |line: Snapshot| {
        let finished = Some(line.finished_at).filter(|_| line.status == Status::Complete);
        let gap = finished.and_then(|finished| Some(finished.since(previous?)));
        previous = finished.or(previous);
        Ok(Dated { read: reader.lists_read(line.id)?, line, gap })
    };
    lines.into_iter().map(&mut dated).collect()
}

/// No cell is cut: half a number is another number, and half a time is useless.
const COLUMNS: [Column; 11] = [
    Column::whole("id", 0),
    Column::whole("finished_at", 1),
    Column::whole("status", 2),
    Column::whole("businesses", 7),
    Column::whole("accounts", 9),
    Column::whole("memberships", 3),
    Column::whole("joined", 4),
    Column::whole("left", 5),
    Column::whole("changed", 6),
    Column::whole("read", 10),
    Column::whole("gap", 8),
];

fn as_cells(Dated { line, read, gap }: &Dated) -> Vec<String> {
    let or_dash = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    vec![
        line.id.to_string(),
        line.finished_at.to_string(),
        line.status.to_string(),
        line.businesses.to_string(),
        line.accounts.to_string(),
        line.memberships.to_string(),
        or_dash(line.joined),
        or_dash(line.left),
        or_dash(line.changed),
        read.to_string(),
        gap.map_or_else(|| "-".to_owned(), spoken),
    ]
}

fn as_json(Dated { line, read, gap }: &Dated) -> serde_json::Value {
    json!({
        "id": line.id,
        "started_at": line.started_at.to_string(),
        "finished_at": line.finished_at.to_string(),
        "status": line.status.as_str(),
        "businesses": line.businesses,
        "businesses_read": read,
        "accounts": line.accounts,
        "memberships": line.memberships,
        "joined": line.joined,
        "left": line.left,
        "changed": line.changed,
        "seconds_since_complete": gap.map(|gap| gap.as_secs()),
        "content_sha256": line.content_sha256,
    })
}
