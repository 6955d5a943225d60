//! What a sync says at its end: the line for a person, the object for a script, the gaps for both.

use std::path::Path;

use serde_json::json;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::model::{BusinessReading, Outcome, Reading, Resource, Status};
use crate::shell;
use crate::store::Recorded;

/// How many odd lists are named on the way.
const ODDITIES: usize = 3;

/// A business whose list was not read, or not to agreement, and was not accepted as such.
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

/// Warns of what is odd about lists that were read whole: nobody is missing, and somebody should know.
pub(super) fn oddities(app: &App, reading: &Reading) {
    let of = |read: &BusinessReading| {
        let read_whole = read.coverage.iter().filter(|list| list.outcome == Outcome::Ok);
        let told = read_whole.filter_map(|list| list.message.as_ref());
        told.map(|told| format!("{} ({}): {told}", read.business.name, read.business.id)).collect::<Vec<_>>()
    };
    let told: Vec<String> = reading.businesses.iter().flat_map(of).collect();
    for told in told.iter().take(ODDITIES) {
        app.ui.warn(told);
    }
    if let Some(more) = told.len().checked_sub(ODDITIES).filter(|more| *more > 0) {
        app.ui.warn(format_args!("{more} more lists hold odd entries; the coverage report names them"));
    }
}

/// Tells what was recorded; an error of kind `Partial` where something is missing.
/// `again` is the command for another try.
pub(super) fn tell(app: &App, recorded: &Recorded, gaps: &[Gap], db: &Path, again: &str) -> Result<()> {
    if app.json {
        app.ui.json(&summary(recorded, gaps))?;
    }
    for gap in gaps {
        app.ui.warn(&gap.told);
    }
    let id = recorded.snapshot.id;
    if recorded.snapshot.status == Status::Complete {
        app.ui.result(format_args!("snapshot {id}: {}", totals(recorded)));
        app.ui.next(format_args!("fbsync export access --db {} -o access.csv", shell::path(db)));
        return Ok(());
    }
    let lists = counted(i64::try_from(gaps.len()).unwrap_or(i64::MAX), "list", "lists");
    let message =
        format!("snapshot {id} is partial: {lists} could not be read whole; recorded: {}", totals(recorded));
    let acceptable: Vec<String> = gaps
        .iter()
        .filter(|gap| gap.acceptable)
        .map(|gap| format!("--accept-gap {}=REASON", gap.business_id))
        .collect();
    let hint = match acceptable.is_empty() {
        true => format!("run it again: {again}"),
        false => format!("if this is expected and permanent: {again} {}", acceptable.join(" ")),
    };
    Err(Error::new(Kind::Partial, message).hint(hint))
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
