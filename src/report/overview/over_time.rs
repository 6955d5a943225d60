//! Members, joiners and leavers over the snapshots, and where the lines of their picture run.

use std::fmt::Write as _;

use crate::error::Result;
use crate::model::Status;
use crate::report::{Scope, View};
use crate::store::Snapshot;
use crate::time::Timestamp;

/// Snapshots in the picture: a year of days.
const MOST_DRAWN: usize = 366;

/// Snapshots in the table.
const MOST_LISTED: usize = 12;

/// The picture's height, in its own units; it is 100 wide and drawn to whatever size there is.
const HEIGHT: f64 = 40.0;

pub(super) struct OverTime {
    pub(super) caption: String,
    pub(super) chart: Option<Chart>,
    /// The newest first.
    pub(super) newest: Vec<Line>,
}

pub(super) struct Line {
    pub(super) id: i64,
    pub(super) finished_at: Timestamp,
    /// Businesses, people, memberships; joined, left, changed, which the first snapshot lacks.
    pub(super) counts: [String; 6],
}

pub(super) struct Chart {
    pub(super) most: i64,
    pub(super) most_moved: i64,
    pub(super) line: String,
    pub(super) line_in_words: String,
    pub(super) joined: Vec<Bar>,
    pub(super) left: Vec<Bar>,
    pub(super) flow_in_words: String,
    pub(super) width: String,
    pub(super) from: String,
    pub(super) until: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) height: String,
}

impl OverTime {
    /// The complete snapshots up to this one. Those whose content was pruned count with them: their
    /// numbers are still there, and the page stays the same. Of some businesses or people there are none.
    pub(super) fn gather(view: &View) -> Result<Option<Self>> {
        if view.scope != Scope::Whole || !view.options.people.is_empty() {
            return Ok(None);
        }
        let until = (view.as_of(), view.snapshot.id);
        let mut snapshots = view.reader.snapshots(None)?;
        snapshots.retain(|one| one.status != Status::Partial && (one.finished_at, one.id) <= until);
        let all = snapshots.len();
        let drawn = &snapshots[all.saturating_sub(MOST_DRAWN)..];
        let chart = (drawn.len() > 1).then(|| Chart::of(drawn));
        let newest: Vec<Line> = snapshots.iter().rev().take(MOST_LISTED).map(Line::of).collect();
        let caption = match (newest.len(), all) {
            (_, 0 | 1) => "The first complete snapshot; a line needs two".to_owned(),
            (shown, all) if shown < all => format!("The newest {shown} of {all} complete snapshots"),
            (_, all) => format!("All {all} complete snapshots up to this one, the newest first"),
        };
        Ok(Some(OverTime { caption, chart, newest }))
    }
}

impl Line {
    fn of(one: &Snapshot) -> Self {
        let moved = [one.joined, one.left, one.changed];
        let [joined, left, changed] = moved.map(|n| n.map(|n| n.to_string()).unwrap_or_default());
        let [businesses, people, memberships] =
            [one.businesses, one.accounts, one.memberships].map(|n| n.to_string());
        let counts = [businesses, people, memberships, joined, left, changed];
        Line { id: one.id, finished_at: one.finished_at, counts }
    }
}

impl Chart {
    /// Of two snapshots or more.
    fn of(snapshots: &[Snapshot]) -> Self {
        let moved = |of: fn(&Snapshot) -> Option<i64>| snapshots.iter().map(move |one| of(one).unwrap_or(0));
        let (joined, left) = (|one: &Snapshot| one.joined, |one: &Snapshot| one.left);
        let most = snapshots.iter().map(|one| one.memberships).max().unwrap_or(0);
        let most_moved = moved(joined).chain(moved(left)).max().unwrap_or(0).max(1);
        let width = (60.0 / snapshots.len() as f64).clamp(0.2, 3.0);
        let across = across(snapshots, width);
        let mut line = String::new();
        for (x, one) in across.iter().zip(snapshots) {
            let y = HEIGHT - 1.0 - (HEIGHT - 2.0) * share(one.memberships, most);
            let _ = write!(line, "{:.2},{y:.2} ", x + width / 2.0);
        }
        let bars = |of: fn(&Snapshot) -> Option<i64>, up: bool| {
            let bar = |(x, count): (&f64, i64)| {
                let height = HEIGHT / 2.0 * share(count, most_moved);
                let y = if up { HEIGHT / 2.0 - height } else { HEIGHT / 2.0 };
                Bar { x: format!("{x:.2}"), y: format!("{y:.2}"), height: format!("{height:.2}") }
            };
            across.iter().zip(moved(of)).filter(|(_, count)| *count > 0).map(bar).collect()
        };
        let (first, last) = (&snapshots[0], &snapshots[snapshots.len() - 1]);
        let (from, until) = (first.finished_at.day(), last.finished_at.day());
        Chart {
            most,
            most_moved,
            line: line.trim_end().to_owned(),
            line_in_words: format!(
                "Memberships: {} on {from}, {} on {until}, {most} at most",
                first.memberships, last.memberships
            ),
            joined: bars(joined, true),
            left: bars(left, false),
            flow_in_words: format!(
                "From {from} to {until}, {} joined and {} left",
                moved(joined).sum::<i64>(),
                moved(left).sum::<i64>()
            ),
            width: format!("{width:.2}"),
            from,
            until,
        }
    }
}

/// Where each snapshot stands from left to right, by its time; evenly, where all ended at once.
fn across(snapshots: &[Snapshot], width: f64) -> Vec<f64> {
    let first = snapshots[0].finished_at;
    let seconds = |one: &Snapshot| one.finished_at.since(first).as_secs_f64();
    let whole = seconds(&snapshots[snapshots.len() - 1]);
    let evenly = (snapshots.len() - 1) as f64;
    let place =
        |(at, one): (usize, &Snapshot)| if whole > 0.0 { seconds(one) / whole } else { at as f64 / evenly };
    snapshots.iter().enumerate().map(|one| place(one) * (100.0 - width)).collect()
}

fn share(count: i64, most: i64) -> f64 {
    count as f64 / most.max(1) as f64
}
