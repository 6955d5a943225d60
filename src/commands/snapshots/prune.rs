//! `snapshots prune`: erases the content of old snapshots and keeps a record that they existed.
//!
//! All `--keep-…` rules together decide what is kept; `--older-than` limits what can be erased. The
//! newest complete snapshot always stays.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::cli::{PruneArgs, PruneRules};
use crate::error::Result;
use crate::model::Status;
use crate::shell;
use crate::store::{self, Freed, Reader, Snapshot, Writer};
use crate::time::{Timestamp, Zone};

pub(crate) fn run(app: &App, path: &Path, zone: &Zone, args: &PruneArgs) -> Result<()> {
    let snapshots = Reader::open(app, path)?.snapshots(None)?;
    let lines: Vec<Dated> = snapshots.iter().map(Dated::of).collect();
    let doomed = doomed(&lines, &args.rules, zone, app.clock.now());
    let (Some(first), Some(last)) = (doomed.first(), doomed.last()) else {
        if app.json {
            app.ui.json(&json!({ "pruned": [] }))?;
        }
        app.ui.note("these rules prune no snapshot");
        return Ok(());
    };
    let there = lines.iter().filter(|line| line.status != Status::Pruned).count();
    let shown = path.display();
    if !args.yes {
        let question = format!(
            "erase the content of {} of {there} snapshots ({} of {} to {} of {}) in {shown}, for good? [y/N]",
            doomed.len(),
            first.id,
            first.finished_at,
            last.id,
            last.finished_at
        );
        let answer =
            app.ui.ask(&app.stop, &question).map_err(|error| error.hint("--yes skips the question"))?;
        if !matches!(answer.as_str(), "y" | "yes") {
            app.ui.note("nothing was erased");
            return Ok(());
        }
    }
    let ids: Vec<i64> = doomed.iter().map(|line| line.id).collect();
    let writer = Writer::claim(app, path)?;
    writer.bring_up_to_date(app.ui)?;
    let freed = writer.prune(&ids)?;
    tell(app, &ids, &freed)?;
    for backup in store::backups(path) {
        let remove = shell::path(&backup);
        app.ui.warn(format_args!("{} still contains what was erased; rm {remove}", backup.display()));
    }
    Ok(())
}

fn tell(app: &App, ids: &[i64], freed: &Freed) -> Result<()> {
    let Freed { rows, records, bytes_before, bytes_after } = freed;
    if app.json {
        app.ui.json(&json!({
            "pruned": ids, "rows": rows, "records": records, "bytes_before": bytes_before, "bytes_after": bytes_after,
        }))?;
    }
    let n = if ids.len() == 1 { "1 snapshot".to_owned() } else { format!("{} snapshots", ids.len()) };
    app.ui.note(format_args!(
        "erased the content of {n}: {rows} rows and {records} records that no other snapshot needs; the file went from {} to {} KiB",
        bytes_before / 1024,
        bytes_after / 1024
    ));
    Ok(())
}

/// What the rules need to know about a snapshot.
#[derive(Clone, Copy, Debug)]
struct Dated {
    id: i64,
    finished_at: Timestamp,
    status: Status,
}

impl Dated {
    fn of(snapshot: &Snapshot) -> Self {
        Dated { id: snapshot.id, finished_at: snapshot.finished_at, status: snapshot.status }
    }
}

/// The snapshots to erase, oldest first.
fn doomed<'a>(lines: &'a [Dated], rules: &PruneRules, zone: &Zone, now: Timestamp) -> Vec<&'a Dated> {
    let there: Vec<&Dated> = lines.iter().filter(|line| line.status != Status::Pruned).collect();
    let complete = |line: &&&Dated| line.status == Status::Complete;
    let mut kept: HashSet<i64> = there.iter().rev().find(complete).map(|line| line.id).into_iter().collect();
    if let Some(n) = rules.keep_last {
        // Partial ones do not count, so that a week of problems does not push out the last good ones.
        let oldest = there.iter().rev().filter(complete).nth(n.saturating_sub(1) as usize);
        kept.extend(
            there.iter().filter(|line| oldest.is_none_or(|oldest| line.id >= oldest.id)).map(|line| line.id),
        );
    }
    let day = |moment| zone.day_of(moment);
    let month = |moment| zone.day_of(moment).chars().take(7).collect();
    keep_one_each(&there, rules.keep_daily, now, day, &mut kept);
    keep_one_each(&there, rules.keep_monthly, now, month, &mut kept);
    let old = |line: &Dated| rules.older_than.is_none_or(|limit| now.since(line.finished_at) > limit);
    there.into_iter().filter(|line| old(line) && !kept.contains(&line.id)).collect()
}

/// For each day or month within `span`, keeps the last complete snapshot, or the last of any kind if
/// none is complete.
fn keep_one_each(
    there: &[&Dated],
    span: Option<Duration>,
    now: Timestamp,
    bucket: impl Fn(Timestamp) -> String,
    kept: &mut HashSet<i64>,
) {
    let Some(span) = span else { return };
    for status in [Status::Complete, Status::Partial] {
        let mut seen: HashSet<String> = there
            .iter()
            .filter(|line| status == Status::Partial && line.status == Status::Complete)
            .map(|line| bucket(line.finished_at))
            .collect();
        for line in there.iter().rev().filter(|line| line.status == status) {
            if now.since(line.finished_at) <= span && seen.insert(bucket(line.finished_at)) {
                kept.insert(line.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64, day: &str, status: &str) -> Dated {
        let finished_at = Timestamp::parse(&format!("{day}T03:00:00Z")).expect("a moment");
        Dated { id, finished_at, status: Status::parse(status).expect("a status") }
    }

    fn ids(lines: &[Dated], rules: PruneRules) -> Vec<i64> {
        let now = Timestamp::parse("2026-06-30T03:00:00Z").expect("a moment");
        doomed(lines, &rules, &Zone::utc(), now).iter().map(|line| line.id).collect()
    }

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn the_newest_complete_one_stays_whatever_the_rule() {
        let lines = [line(1, "2019-01-01", "complete"), line(2, "2019-01-02", "partial")];
        assert_eq!(ids(&lines, PruneRules { older_than: Some(DAY), ..PruneRules::default() }), [2]);
    }

    #[test]
    fn the_last_complete_ones_stay_with_those_in_between() {
        let lines: Vec<_> =
            [(1, "complete"), (2, "pruned"), (3, "complete"), (4, "partial"), (5, "complete")]
                .map(|(id, status)| line(id, &format!("2026-06-0{id}"), status))
                .into();
        let keep = |n| PruneRules { keep_last: Some(n), ..PruneRules::default() };
        assert_eq!(ids(&lines, keep(1)), [1, 3, 4]);
        assert_eq!(ids(&lines, keep(2)), [1]);
        assert_eq!(ids(&lines, keep(9)), [0; 0]);
    }

    #[test]
    fn daily_then_monthly() {
        let days = ["2026-01-05", "2026-01-20", "2026-02-10", "2026-06-28", "2026-06-29", "2026-06-29"];
        let mut lines: Vec<_> = (1..).zip(days).map(|(id, day)| line(id, day, "complete")).collect();
        lines.push(line(7, "2026-06-30", "partial"));
        let rules =
            PruneRules { keep_daily: Some(7 * DAY), keep_monthly: Some(366 * DAY), ..PruneRules::default() };
        assert_eq!(ids(&lines, rules), [1, 5]);
        assert_eq!(
            ids(&lines, PruneRules { keep_daily: Some(7 * DAY), ..PruneRules::default() }),
            [1, 2, 3, 5]
        );
    }
}
