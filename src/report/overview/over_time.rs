//! Members, joiners and leavers over the snapshots, and where the lines of their picture run.

use crate::report::View;
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
    pub(super) newest: Vec<Point>,
}

/// What a snapshot's own row says of it.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) id: i64,
    pub(super) at: Timestamp,
    pub(super) businesses: i64,
    pub(super) people: i64,
    pub(super) memberships: i64,
    /// Joined, left, changed; the first snapshot has none of them, nor does one of some businesses.
    pub(super) moved: [Option<i64>; 3],
}

/// From the oldest point to the newest.
pub(super) struct Chart {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// Memberships: the first, the last, the most.
    pub(super) memberships: [i64; 3],
    /// Where the line runs: from the left, from the top.
    pub(super) line: Vec<[f64; 2]>,
    /// The sums of who joined and who left, and the most of either at a time.
    pub(super) moved: [i64; 3],
    /// Left edge, top, height of a bar.
    pub(super) joined: Vec<[f64; 3]>,
    pub(super) left: Vec<[f64; 3]>,
    pub(super) bar_width: f64,
}

impl OverTime {
    /// The complete snapshots up to this one. Of some people they say nothing.
    pub(super) fn gather(view: &View) -> Option<Self> {
        let points: Vec<Point> = view.complete_past().iter().map(Point::of).collect();
        view.options.people.is_empty().then(|| OverTime::of(&points))
    }

    fn of(points: &[Point]) -> Self {
        let drawn = &points[points.len().saturating_sub(MOST_DRAWN)..];
        let newest: Vec<Point> = points.iter().rev().take(MOST_LISTED).cloned().collect();
        let caption = match (newest.len(), points.len()) {
            (_, 0) => "No complete snapshot yet".to_owned(),
            (_, 1) => "The first complete snapshot".to_owned(),
            (shown, all) if shown < all => format!("The newest {shown} of {all} complete snapshots"),
            (_, all) => format!("All {all} complete snapshots up to this one, the newest first"),
        };
        OverTime { caption, chart: (drawn.len() > 1).then(|| Chart::of(drawn)), newest }
    }
}

impl Point {
    fn of(snapshot: &Snapshot) -> Self {
        Point {
            id: snapshot.id,
            at: snapshot.finished_at,
            businesses: snapshot.businesses,
            people: snapshot.accounts,
            memberships: snapshot.memberships,
            moved: [snapshot.joined, snapshot.left, snapshot.changed],
        }
    }
}

impl Chart {
    /// Of two points or more.
    fn of(points: &[Point]) -> Self {
        let (first, last) = (&points[0], &points[points.len() - 1]);
        let bar_width = (60.0 / points.len() as f64).clamp(0.2, 3.0);
        // By its time; evenly, where all have the same.
        let whole = last.at.since(first.at).as_secs_f64();
        let left_edge = |at: usize| match whole > 0.0 {
            true => points[at].at.since(first.at).as_secs_f64() / whole * (100.0 - bar_width),
            false => at as f64 / (points.len() - 1) as f64 * (100.0 - bar_width),
        };
        let most = points.iter().map(|point| point.memberships).max().unwrap_or(0);
        // The line is as wide as a unit, and stays inside.
        let height = |point: &Point| HEIGHT - 1.0 - (HEIGHT - 2.0) * share(point.memberships, most);
        let place = |(at, point): (usize, &Point)| [left_edge(at) + bar_width / 2.0, height(point)];

        let moved = |which: usize| points.iter().map(move |point| point.moved[which].unwrap_or(0));
        let most_moved = moved(0).chain(moved(1)).max().unwrap_or(0);
        // Who joined stands on the middle, who left hangs from it.
        let bars = |which: usize, stands: f64| {
            let bar = |(at, count): (usize, i64)| {
                let height = HEIGHT / 2.0 * share(count, most_moved);
                [left_edge(at), HEIGHT / 2.0 - height * stands, height]
            };
            moved(which).enumerate().filter(|(_, count)| *count > 0).map(bar).collect()
        };
        Chart {
            from: first.at,
            until: last.at,
            memberships: [first.memberships, last.memberships, most],
            line: points.iter().enumerate().map(place).collect(),
            moved: [moved(0).sum(), moved(1).sum(), most_moved],
            joined: bars(0, 1.0),
            left: bars(1, 0.0),
            bar_width,
        }
    }
}

fn share(count: i64, most: i64) -> f64 {
    count as f64 / most.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day, its memberships, who joined and who left.
    type Line<'a> = (&'a str, i64, Option<i64>, Option<i64>);

    fn points(lines: &[Line]) -> Vec<Point> {
        let point = |(id, (day, memberships, joined, left)): (i64, &Line)| Point {
            id,
            at: Timestamp::parse(&format!("{day}T00:00:00Z")).expect("a day"),
            businesses: 1,
            people: *memberships,
            memberships: *memberships,
            moved: [*joined, *left, None],
        };
        (1..).zip(lines).map(point).collect()
    }

    #[test]
    fn the_line_runs_by_time_from_zero_and_the_bars_from_the_middle() {
        let points = points(&[
            ("2026-01-01", 40, None, None),
            ("2026-01-11", 20, Some(0), Some(20)),
            ("2026-01-21", 30, Some(10), Some(0)),
        ]);
        let chart = Chart::of(&points);
        assert_eq!(chart.line, [[1.5, 1.0], [50.0, 20.0], [98.5, 10.5]]);
        assert_eq!(chart.left, [[48.5, 20.0, 20.0]]);
        assert_eq!(chart.joined, [[97.0, 10.0, 10.0]]);
        assert_eq!((chart.memberships, chart.moved), ([40, 30, 40], [10, 20, 20]));
    }

    #[test]
    fn snapshots_of_one_moment_stand_side_by_side_and_none_divides_by_zero() {
        let line = |lines: &[_]| Chart::of(&points(lines)).line;
        let at_once = ("2026-01-01", 5, None, None);
        assert_eq!(line(&[at_once, at_once, at_once]), [[1.5, 1.0], [50.0, 1.0], [98.5, 1.0]]);
        let nobody = ("2026-01-01", 0, Some(0), Some(0));
        assert_eq!(line(&[nobody, nobody]), [[1.5, 39.0], [98.5, 39.0]]);
    }

    #[test]
    fn what_is_drawn_and_listed_has_an_end() {
        let check = |n: usize, caption: &str, drawn: Option<usize>, listed: usize| {
            let over_time = OverTime::of(&points(&vec![("2026-01-01", 5, None, None); n]));
            assert_eq!(over_time.caption, caption);
            assert_eq!(over_time.chart.map(|chart| chart.line.len()), drawn);
            assert_eq!(over_time.newest.len(), listed);
            assert_eq!(over_time.newest.first().map_or(0, |one| one.id), n as i64);
        };
        check(0, "No complete snapshot yet", None, 0);
        check(1, "The first complete snapshot", None, 1);
        check(2, "All 2 complete snapshots up to this one, the newest first", Some(2), 2);
        check(1000, "The newest 12 of 1000 complete snapshots", Some(366), 12);
    }
}
