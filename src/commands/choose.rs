//! Which snapshot a command works from, and why that one.
//!
//! `latest` is the last complete one; a date stands for the end of that day in a named time zone, and
//! takes the last complete snapshot at or before it. Everything about the choice is a value, so that it
//! can be told to a person and kept in a manifest: what was asked, what was chosen, how far before, and
//! which one comes after.

use std::time::Duration;

use crate::app::App;
use crate::cli::Choosing;
use crate::error::{Error, Kind, Result};
use crate::evidence::{Choice, Chosen};
use crate::model::Status;
use crate::store::{Reader, Side, Snapshot, Usable};
use crate::time::{Timestamp, Zone, spoken};

/// A snapshot as a person names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Latest,
    Id(i64),
    At(Timestamp),
}

impl Asked {
    pub(crate) fn parse(text: &str, zone: &Zone) -> Result<Self> {
        if text == "latest" {
            return Ok(Asked::Latest);
        }
        if let Ok(id) = text.parse() {
            return Ok(Asked::Id(id));
        }
        let moment = zone.end_of_day(text).or_else(|| Timestamp::parse_exact(text));
        moment.map(Asked::At).ok_or_else(|| {
            Error::new(Kind::Usage, format!("`{text}` does not match any snapshot"))
                .hint("give its id, or a date like 2026-06-30 or 2026-06-30T18:00:00+02:00, or `latest`")
        })
    }
}

/// Whose team lists decide whether a snapshot can be used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deciding<'a> {
    /// Those of all businesses.
    All,
    /// Those of these alone, whatever became of the others.
    These(&'a [i64]),
    /// Each for itself: no snapshot is refused as a whole.
    Each,
}

/// Chooses, and says what a person should know about the choice.
pub(crate) fn choose(app: &App, reader: &Reader, wanted: &Choosing, deciding: Deciding) -> Result<Choice> {
    let usable = match deciding {
        Deciding::All => Usable { allow_partial: wanted.allow_partial, businesses: &[] },
        Deciding::These(businesses) => Usable { allow_partial: wanted.allow_partial, businesses },
        Deciding::Each => Usable { allow_partial: true, businesses: &[] },
    };
    match Asked::parse(&wanted.snapshot, &wanted.timezone)? {
        Asked::Id(id) => by_id(reader, wanted, usable, id),
        Asked::Latest => latest(app, reader, wanted, usable),
        Asked::At(moment) => at(app, reader, wanted, usable, moment),
    }
}

fn by_id(reader: &Reader, wanted: &Choosing, usable: Usable, id: i64) -> Result<Choice> {
    if wanted.within.is_some() {
        return Err(Error::new(
            Kind::Usage,
            "--within says how old a date's snapshot may be; an id needs none",
        ));
    }
    let snapshot = with_content(reader.snapshot(id)?)?;
    // One that does not know a business at all is not partial: who reads it says what it lacks.
    if !reader.is_usable(usable, id)? && reader.is_usable(or_partial(usable), id)? {
        return Err(partial_only(format!("snapshot {id} {}", lacks(usable))));
    }
    Ok(choice(wanted, &snapshot))
}

/// A snapshot whose content is still there.
pub(crate) fn with_content(snapshot: Snapshot) -> Result<Snapshot> {
    match snapshot.status {
        Status::Pruned => {
            Err(Error::new(Kind::Usage, format!("the content of snapshot {} was pruned", snapshot.id))
                .hint("fbsync snapshots --all --db FILE"))
        }
        Status::Complete | Status::Partial => Ok(snapshot),
    }
}

fn latest(app: &App, reader: &Reader, wanted: &Choosing, usable: Usable) -> Result<Choice> {
    let newest = reader.newest_snapshot(or_partial(usable), None)?;
    let Some(chosen) = reader.newest_snapshot(usable, None)? else {
        return Err(match (newest, usable.businesses) {
            (None, [_, ..]) => unknown_businesses(usable),
            (_, []) => partial_only("no snapshot is complete".to_owned()),
            _ => partial_only("no snapshot holds these businesses whole".to_owned()),
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
    Ok(choice(wanted, &chosen))
}

fn at(app: &App, reader: &Reader, wanted: &Choosing, usable: Usable, moment: Timestamp) -> Result<Choice> {
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
    let next = reader.neighbour(usable, &chosen, Side::After)?;
    let before = moment.since(chosen.finished_at);
    let Snapshot { id, finished_at, status, .. } = &chosen;
    let then = match &next {
        Some(next) => format!("the next one is snapshot {} of {}", next.id, next.finished_at),
        None => "there is none after it".to_owned(),
    };
    app.ui.note(format_args!(
        "snapshot {id} ({status}, {finished_at}) is the last one at {moment}, {} before it{pruned}; {then}",
        spoken(before)
    ));
    Ok(Choice {
        timezone: Some(wanted.timezone.name().to_owned()),
        moment: Some(moment.to_string()),
        seconds_before: Some(before.as_secs()),
        next: next.as_ref().map(named),
        ..choice(wanted, &chosen)
    })
}

/// The complete snapshot that a date means.
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

/// The end of a sentence about what was found for a moment: that a later one, up to that moment, was
/// pruned. Whether that was complete is not known any more.
fn pruned(reader: &Reader, found: Option<&Snapshot>, moment: Timestamp) -> Result<String> {
    let nearer = reader.newest_pruned(moment)?.filter(|pruned| {
        found.is_none_or(|found| (pruned.finished_at, pruned.id) > (found.finished_at, found.id))
    });
    Ok(nearer.map_or_else(String::new, |Snapshot { id, finished_at, .. }| {
        format!("; snapshot {id} of {finished_at} was pruned")
    }))
}

fn choice(wanted: &Choosing, snapshot: &Snapshot) -> Choice {
    Choice {
        asked: wanted.snapshot.clone(),
        since: None,
        timezone: None,
        moment: None,
        chosen: named(snapshot),
        seconds_before: None,
        next: None,
    }
}

fn named(snapshot: &Snapshot) -> Chosen {
    Chosen { id: snapshot.id, finished_at: snapshot.finished_at.to_string() }
}

fn or_partial(usable: Usable) -> Usable {
    Usable { allow_partial: true, ..usable }
}

/// What is wrong with a snapshot that could be used if partial ones were taken.
fn lacks(usable: Usable) -> &'static str {
    match usable.businesses {
        [] => "is partial",
        _ => "does not hold these businesses whole",
    }
}

fn unknown_businesses(usable: Usable) -> Error {
    let message = format!("no snapshot holds all of these businesses: {:?}", usable.businesses);
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
        "the last snapshot at {moment} is {id} of {finished_at}, {age} before it; asked was within {within}{pruned}"
    );
    Err(none(message))
}

fn partial_only(problem: String) -> Error {
    Error::new(Kind::Partial, problem)
        .hint("--allow-partial takes a partial one all the same; the table `coverage` says what is missing")
}
