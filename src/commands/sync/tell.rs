//! What a sync prints at its end: a line for people, an object for scripts, and the gaps for both.

use std::path::Path;

use serde_json::json;

use super::{again, gap_file};
use crate::app::App;
use crate::cli::SyncArgs;
use crate::error::{Error, Kind, Result};
use crate::fetch;
use crate::model::{BusinessReading, Outcome, Reading, Resource, Status};
use crate::shell;
use crate::store::Recorded;
use crate::ui::few_of;

/// How many odd lists are named.
const ODDITIES: usize = 3;

/// A business whose list was not read, or whose counts did not agree, without an accepted gap.
pub(super) struct Gap {
    business_id: i64,
    told: String,
    acceptable: bool,
}

/// The gaps that make a snapshot partial.
pub(super) fn gaps(reading: &Reading) -> Vec<Gap> {
    reading.businesses.iter().filter_map(gap).collect()
}

fn gap(read: &BusinessReading) -> Option<Gap> {
    use Outcome::{Denied, Mismatch};
    let list = read.coverage_of(Resource::TeamMembers).filter(|list| !list.suffices())?;
    let (name, id) = (&read.business.name, read.business.id);
    let why = list.message.as_deref().unwrap_or("no reason known");
    let told = format!("{name} ({id}): {}: {why}", list.outcome.as_str());
    Some(Gap { business_id: id, told, acceptable: matches!(list.outcome, Denied | Mismatch) })
}

/// Warns of odd entries in lists that were read completely: nobody is missing, but somebody should
/// know.
pub(super) fn oddities(app: &App, reading: &Reading) {
    let of = |read: &BusinessReading| {
        let read_whole = read.coverage.iter().filter(|list| list.outcome == Outcome::Ok);
        let told = read_whole.filter_map(|list| list.message.as_ref());
        told.map(|told| format!("{} ({}): {told}", read.business.name, read.business.id)).collect::<Vec<_>>()
    };
    let told = reading.businesses.iter().flat_map(of);
    // Nothing is wrong, and a nightly job has nothing to report.
    let (usual, told): (Vec<String>, Vec<String>) = told.partition(|told| told.ends_with(fetch::ZONELESS));
    usual.iter().for_each(|told| app.ui.result(told));
    for told in told.iter().take(ODDITIES) {
        app.ui.warn(told);
    }
    if let Some(more) = told.len().checked_sub(ODDITIES).filter(|more| *more > 0) {
        app.ui.warn(format_args!("{more} more lists contain odd entries; see the coverage report"));
    }
}

/// Reports accepted gaps that are no longer gaps.
pub(super) fn readable_again(app: &App, sentences: &[String]) {
    let (told, more) = few_of(sentences);
    told.iter().for_each(|sentence| app.ui.note(sentence));
    if more > 0 {
        app.ui.note(format_args!("and {more} more accepted gaps are no longer needed"));
    }
}

/// Reports what was recorded; the error is of kind `Partial` if something is missing.
pub(super) fn tell(app: &App, args: &SyncArgs, recorded: &Recorded, gaps: &[Gap], db: &Path) -> Result<()> {
    if app.json {
        app.ui.json(&summary(recorded, gaps))?;
    }
    let id = recorded.snapshot.id;
    let totals = totals(recorded);
    if recorded.snapshot.status == Status::Complete {
        match args.every {
            Some(_) => app.ui.note(format_args!("snapshot {id}: {totals}")),
            None => {
                app.ui.result(format_args!("snapshot {id}: {totals}"));
                app.ui.next(format_args!("fbsync export access --db {} -o access.csv", shell::path(db)));
            }
        }
        return Ok(());
    }
    let (told, more) = few_of(gaps);
    told.iter().for_each(|gap| app.ui.warn(&gap.told));
    if more > 0 {
        let all = format!("fbsync export coverage --db {} --allow-partial", shell::path(db));
        app.ui.warn(format_args!("and {more} more businesses; all of them: {all}"));
    }
    let lists = counted(i64::try_from(gaps.len()).unwrap_or(i64::MAX), "list", "lists");
    let error = Error::new(
        Kind::Partial,
        format!("snapshot {id} is partial: {lists} could not be read completely; recorded: {totals}"),
    );
    let acceptable: Vec<i64> = gaps.iter().filter(|gap| gap.acceptable).map(|gap| gap.business_id).collect();
    let again = again::command(app, args, db);
    if acceptable.is_empty() {
        return Err(error.hint(format!("run it again: {again}")));
    }
    let to_do = args.write_gaps.as_deref().and_then(|file| write_gaps(app, file, &acceptable));
    Err(how_to_accept(error, &acceptable, &again, args, to_do))
}

/// Writes the acceptable gaps to a file, and returns what is left to do with it, unless that failed. The
/// snapshot is already recorded, and the error is that it is partial, so a problem with the file is only a
/// warning.
fn write_gaps(app: &App, file: &Path, acceptable: &[i64]) -> Option<&'static str> {
    match gap_file::write(file, acceptable) {
        Ok(missing) if missing.is_empty() => Some("fill in the reasons in"),
        Ok(missing) => {
            let shown = file.display();
            app.ui.warn(format_args!("{shown} exists and was left as it is; it lacks these rows:"));
            missing.iter().for_each(|id| app.ui.instruct(format_args!("{id},REASON,")));
            Some("add these rows, with the reasons, to")
        }
        Err(error) => {
            app.ui.warn(error.with_causes());
            None
        }
    }
}

/// One by one if they are few, and always in a file.
fn how_to_accept(
    error: Error,
    acceptable: &[i64],
    again: &str,
    args: &SyncArgs,
    to_do: Option<&str>,
) -> Error {
    const PERMANENT: &str = "if this is expected and permanent";
    if let (Some(file), Some(to_do)) = (&args.write_gaps, to_do) {
        let option = match args.accept_gaps.contains(file) {
            true => String::new(),
            false => format!(" --accept-gaps {}", shell::path(file)),
        };
        return error.hint(format!("{PERMANENT}, {to_do} {}: {again}{option}", file.display()));
    }
    let in_a_file = format!("{again} --write-gaps gaps.csv");
    match few_of(acceptable) {
        (few, 0) => {
            let options: Vec<String> = few.iter().map(|id| format!("--accept-gap {id}=REASON")).collect();
            error
                .hint(format!("{PERMANENT}: {again} {}", options.join(" ")))
                .hint(format!("or in a file to fill in, for --accept-gaps: {in_a_file}"))
        }
        _ => error
            .hint(format!("{PERMANENT}: {in_a_file}"))
            .hint(format!("then fill in the reasons: {again} --accept-gaps gaps.csv")),
    }
}

fn summary(recorded: &Recorded, gaps: &[Gap]) -> serde_json::Value {
    let Recorded { snapshot, since } = recorded;
    json!({
        "snapshot": snapshot.id,
        "status": snapshot.status.as_str(),
        "businesses": snapshot.businesses,
        "accounts": snapshot.accounts,
        "memberships": snapshot.memberships,
        "since": since,
        "joined": snapshot.joined,
        "left": snapshot.left,
        "changed": snapshot.changed,
        "gaps": gaps.iter().map(|gap| json!({ "business_id": gap.business_id, "problem": gap.told })).collect::<Vec<_>>(),
    })
}

fn totals(recorded: &Recorded) -> String {
    let Recorded { snapshot, since } = recorded;
    let totals = format!(
        "{}, {}, {}",
        counted(snapshot.businesses, "business", "businesses"),
        counted(snapshot.accounts, "account", "accounts"),
        counted(snapshot.memberships, "membership", "memberships")
    );
    let [joined, left, changed] =
        [snapshot.joined, snapshot.left, snapshot.changed].map(Option::unwrap_or_default);
    match since {
        None => totals,
        Some(since) => {
            let changed = if changed > 0 { format!(", {changed} changed") } else { String::new() };
            format!("{totals} ({joined} joined, {left} left{changed} since snapshot {since})")
        }
    }
}

fn counted(n: i64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
