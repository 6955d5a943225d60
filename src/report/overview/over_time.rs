//! Members, joiners and leavers over the snapshots, and where the lines of their picture run.

use std::fmt::Write as _;

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

pub(super) struct Chart {
    pub(super) most: i64,
    pub(super) most_moved: i64,
    /// The points of the line, as SVG has them.
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

    fn joined(&self) -> i64 {
        self.moved[0].unwrap_or(0)
    }

    fn left(&self) -> i64 {
        self.moved[1].unwrap_or(0)
    }
}

impl Chart {
    /// Of two points or more.
    fn of(points: &[Point]) -> Self {
        let (first, last) = (&points[0], &points[points.len() - 1]);
        let (from, until) = (first.at.day(), last.at.day());
        let most = points.iter().map(|one| one.memberships).max().unwrap_or(0);
        let most_moved = points.iter().map(|one| one.joined().max(one.left())).max().unwrap_or(0);
        let width = (60.0 / points.len() as f64).clamp(0.2, 3.0);
        let across = across(points, width);
        let mut line = String::new();
        for (x, one) in across.iter().zip(points) {
            // The line is as wide as a unit, and stays inside.
            let y = HEIGHT - 1.0 - (HEIGHT - 2.0) * share(one.memberships, most);
            let _ = write!(line, "{:.2},{y:.2} ", x + width / 2.0);
        }
        let bars = |count: fn(&Point) -> i64, grows: f64| {
            let bar = |(x, one): (&f64, &Point)| {
                let height = HEIGHT / 2.0 * share(count(one), most_moved);
                let y = HEIGHT / 2.0 - height * grows;
                Bar { x: format!("{x:.2}"), y: format!("{y:.2}"), height: format!("{height:.2}") }
            };
            across.iter().zip(points).filter(|(_, one)| count(one) > 0).map(bar).collect()
        };
        let sum = |count: fn(&Point) -> i64| points.iter().map(count).sum::<i64>();
        Chart {
            line_in_words: format!(
                "Memberships: {} on {from}, {} on {until}, {most} at most",
                first.memberships, last.memberships
            ),
            flow_in_words: format!(
                "From {from} to {until}, {} joined and {} left",
                sum(Point::joined),
                sum(Point::left)
            ),
            most,
            most_moved,
            line: line.trim_end().to_owned(),
            joined: bars(Point::joined, 1.0),
            left: bars(Point::left, 0.0),
            width: format!("{width:.2}"),
            from,
            until,
        }
    }
}

/// Where each point stands from left to right, by its time; evenly, where all have the same.
fn across(points: &[Point], width: f64) -> Vec<f64> {
    let (first, last) = (points[0].at, points[points.len() - 1].at);
    let whole = last.since(first).as_secs_f64();
    let evenly = (points.len() - 1) as f64;
    let place = |(at, one): (usize, &Point)| match whole > 0.0 {
        true => one.at.since(first).as_secs_f64() / whole,
        false => at as f64 / evenly,
    };
    points.iter().enumerate().map(|one| place(one) * (100.0 - width)).collect()
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

    fn bar(x: &str, y: &str, height: &str) -> Bar {
        Bar { x: x.to_owned(), y: y.to_owned(), height: height.to_owned() }
    }

    #[test]
    fn the_line_runs_by_time_from_zero_and_the_bars_from_the_middle() {
        let points = points(&[
            ("2026-01-01", 40, None, None),
            ("2026-01-11", 20, Some(0), Some(20)),
            ("2026-01-21", 30, Some(10), Some(0)),
        ]);
        let chart = Chart::of(&points);
        assert_eq!(chart.line, "1.50,1.00 50.00,20.00 98.50,10.50");
        assert_eq!(chart.left, [bar("48.50", "20.00", "20.00")]);
        assert_eq!(chart.joined, [bar("97.00", "10.00", "10.00")]);
        assert_eq!((chart.most, chart.most_moved), (40, 20));
        assert_eq!(chart.line_in_words, "Memberships: 40 on 2026-01-01, 30 on 2026-01-21, 40 at most");
        assert_eq!(chart.flow_in_words, "From 2026-01-01 to 2026-01-21, 10 joined and 20 left");
    }

    #[test]
    fn snapshots_of_one_moment_stand_side_by_side_and_none_divides_by_zero() {
        let line = |lines: &[_]| Chart::of(&points(lines)).line;
        let at_once = ("2026-01-01", 5, None, None);
        assert_eq!(line(&[at_once, at_once, at_once]), "1.50,1.00 50.00,1.00 98.50,1.00");
        let nobody = ("2026-01-01", 0, Some(0), Some(0));
        assert_eq!(line(&[nobody, nobody]), "1.50,39.00 98.50,39.00");
    }

    #[test]
    fn what_is_drawn_and_listed_has_an_end() {
        let check = |n: usize, caption: &str, drawn: Option<usize>, listed: usize| {
            let over_time = OverTime::of(&points(&vec![("2026-01-01", 5, None, None); n]));
            assert_eq!(over_time.caption, caption);
            assert_eq!(over_time.chart.map(|chart| chart.line.split(' ').count()), drawn);
            assert_eq!(over_time.newest.len(), listed);
            assert_eq!(over_time.newest.first().map_or(0, |one| one.id), n as i64);
        };
        check(0, "No complete snapshot yet", None, 0);
        check(1, "The first complete snapshot", None, 1);
        check(2, "All 2 complete snapshots up to this one, the newest first", Some(2), 2);
        check(1000, "The newest 12 of 1000 complete snapshots", Some(366), 12);
    }
}
