//! Chooses the snapshot that a command works from, and explains the choice.
//!
//! `latest` is the last complete one. A date stands for the end of that day in a named time zone and
//! selects the last complete snapshot at or before it. The rule itself, and what a manifest records of
//! a choice, are in `evidence`, which repeats the choice to check it.

use std::time::Duration;

use crate::app::App;
use crate::cli::Choosing;
use crate::error::{Error, Kind, Result};
use crate::evidence::{Asked, Choice, Deciding};
use crate::model::Status;
use crate::store::{Reader, Snapshot, Usable};
use crate::time::{Timestamp, spoken};

/// Chooses a snapshot and reports what a person should know about the choice.
pub(crate) fn choose(app: &App, reader: &Reader, wanted: &Choosing, deciding: Deciding) -> Result<Choice> {
    let usable = deciding.usable(wanted.allow_partial);
    let asked = Asked::parse(&wanted.snapshot, &wanted.timezone)?;
    let chosen = match asked {
        Asked::Id(id) => by_id(reader, wanted, usable, id),
        Asked::Latest => latest(app, reader, wanted, usable),
        Asked::At(moment) => at(reader, wanted, usable, moment),
    }?;
    let choice = Choice::of(reader, &wanted.snapshot, &wanted.timezone, usable, &chosen)?;
    if let Asked::At(moment) = asked {
        tell(app, reader, &choice, &chosen, moment)?;
    }
    Ok(choice)
}

fn by_id(reader: &Reader, wanted: &Choosing, usable: Usable, id: i64) -> Result<Snapshot> {
    if wanted.within.is_some() {
        return Err(Error::new(
            Kind::Usage,
            "--within limits the age of the snapshot for a date; it does not apply to an id",
        ));
    }
    let snapshot = with_content(reader.snapshot(id)?)?;
    // A snapshot without one of the businesses is not partial: whoever reads it reports what it lacks.
    if !reader.is_usable(usable, id)? && reader.is_usable(or_partial(usable), id)? {
        return Err(partial_only(format!("snapshot {id} {}", lacks(usable))));
    }
    Ok(snapshot)
}

/// The snapshot, if its content still exists.
pub(crate) fn with_content(snapshot: Snapshot) -> Result<Snapshot> {
    match snapshot.status {
        Status::Pruned => {
            Err(Error::new(Kind::Usage, format!("the content of snapshot {} was pruned", snapshot.id))
                .hint("fbsync snapshots --all --db FILE"))
        }
        Status::Complete | Status::Partial => Ok(snapshot),
    }
}

fn latest(app: &App, reader: &Reader, wanted: &Choosing, usable: Usable) -> Result<Snapshot> {
    let newest = reader.newest_snapshot(or_partial(usable), None)?;
    let Some(chosen) = reader.newest_snapshot(usable, None)? else {
        return Err(match (newest, usable.businesses) {
            (None, [_, ..]) => unknown_businesses(usable),
            (_, []) => partial_only("no snapshot is complete".to_owned()),
            _ => partial_only("no snapshot covers these businesses completely".to_owned()),
        });
    };
    if let Some(newer) = newest.filter(|newest| newest.id > chosen.id) {
        app.ui.note(match usable.businesses {
            [] => format!(
                "snapshot {} is newer but partial; snapshot {} is the last complete one",
                newer.id, chosen.id
            ),
            _ => format!(
                "snapshot {} is newer but {}; snapshot {} is the last that does",
                newer.id,
                lacks(usable),
                chosen.id
            ),
        });
    }
    not_older_than(&chosen, app.clock.now(), wanted.within, "")?;
    Ok(chosen)
}

fn at(reader: &Reader, wanted: &Choosing, usable: Usable, moment: Timestamp) -> Result<Snapshot> {
    let Some(chosen) = reader.newest_snapshot(usable, Some(moment))? else {
        let pruned = pruned(reader, None, moment)?;
        return Err(match reader.newest_snapshot(or_partial(usable), Some(moment))? {
            Some(Snapshot { id, finished_at, .. }) => partial_only(format!(
                "at {moment} there is no complete snapshot; the last partial one is {id} of {finished_at}{pruned}"
            )),
            None => none(format!("there is no snapshot at or before {moment}{pruned}")),
        });
    };
    let pruned = pruned(reader, Some(&chosen), moment)?;
    not_older_than(&chosen, moment, wanted.within, &pruned)?;
    Ok(chosen)
}

/// Reports how far the choice is from the requested moment.
fn tell(app: &App, reader: &Reader, choice: &Choice, chosen: &Snapshot, moment: Timestamp) -> Result<()> {
    let Snapshot { id, finished_at, status, .. } = chosen;
    let pruned = pruned(reader, Some(chosen), moment)?;
    let then = match &choice.next {
        Some(next) => format!("the next one is snapshot {} of {}", next.id, next.finished_at),
        None => "there is none after it".to_owned(),
    };
    app.ui.note(format_args!(
        "snapshot {id} ({status}, {finished_at}) is the last one at {moment}, {} before it{pruned}; {then}",
        spoken(moment.since(*finished_at))
    ));
    Ok(())
}

/// The complete snapshot that a date stands for.
pub(crate) fn complete_at(reader: &Reader, moment: Timestamp) -> Result<Snapshot> {
    match reader.newest_snapshot(Usable::default(), Some(moment))? {
        Some(found) => Ok(found),
        None => {
            let pruned = pruned(reader, None, moment)?;
            Err(none(format!("there is no complete snapshot at or before {moment}{pruned}")))
        }
    }
}

pub(crate) fn none(problem: String) -> Error {
    Error::new(Kind::No, problem).hint("fbsync snapshots --all --db FILE shows what there is")
}

/// The end of a sentence about the snapshot found for a moment: that a later one, up to that moment,
/// was pruned. Whether that one was complete is no longer known.
fn pruned(reader: &Reader, found: Option<&Snapshot>, moment: Timestamp) -> Result<String> {
    let nearer = reader.newest_pruned(moment)?.filter(|pruned| {
        found.is_none_or(|found| (pruned.finished_at, pruned.id) > (found.finished_at, found.id))
    });
    Ok(nearer.map_or_else(String::new, |Snapshot { id, finished_at, .. }| {
        format!("; snapshot {id} of {finished_at} was pruned")
    }))
}

fn or_partial(usable: Usable) -> Usable {
    Usable { allow_partial: true, ..usable }
}

/// Why a snapshot could be used only if partial ones were allowed.
fn lacks(usable: Usable) -> &'static str {
    match usable.businesses {
        [] => "is partial",
        _ => "does not cover these businesses completely",
    }
}

fn unknown_businesses(usable: Usable) -> Error {
    let message = format!("no snapshot contains all of these businesses: {:?}", usable.businesses);
    Error::new(Kind::Usage, message).hint("sqlite3 FILE 'SELECT DISTINCT business_id, name FROM businesses'")
}

fn not_older_than(
    snapshot: &Snapshot,
    moment: Timestamp,
    within: Option<Duration>,
    pruned: &str,
) -> Result<()> {
    let Some(within) = within else { return Ok(()) };
    let age = moment.since(snapshot.finished_at);
    if age <= within {
        return Ok(());
    }
    let Snapshot { id, finished_at, .. } = snapshot;
    let (age, within) = (spoken(age), spoken(within));
    let message = format!(
        "the last snapshot at {moment} is {id} of {finished_at}, {age} before it; --within allows {within}{pruned}"
    );
    Err(none(message))
}

fn partial_only(problem: String) -> Error {
    Error::new(Kind::Partial, problem)
        .hint("--allow-partial accepts a partial one; the table `coverage` says what is missing")
}
