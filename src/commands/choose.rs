//! Which snapshot a command works from, and why that one.
//!
//! `latest` is the last complete one; a date stands for the end of that day in a named time zone, and
//! takes the last complete snapshot at or before it. Everything about the choice is a value, so that it
//! can be told to a person and kept in a manifest: what was asked, what was chosen, how far before, and
//! which one comes after.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::App;
use crate::cli::Choosing;
use crate::error::{Error, Kind, Result};
use crate::model::{Timestamp, Zone, spoken};
use crate::store::{self, Reader, Side, SnapshotLine, Usable};

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
            Error::new(Kind::Usage, format!("`{text}` names no snapshot"))
                .hint("give its id, or a date like 2026-06-30 or 2026-06-30T18:00:00+02:00, or `latest`")
        })
    }
}

/// The snapshot that was chosen, and how it stands to what was asked.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// As it was typed.
    pub(crate) asked: String,
    /// The moment that was asked for, where it was one.
    pub(crate) moment: Option<Timestamp>,
    pub(crate) zone: String,
    pub(crate) snapshot: SnapshotLine,
    /// How long before the moment it was finished.
    pub(crate) before: Option<Duration>,
    /// The one after it that would have been usable as well.
    pub(crate) next: Option<SnapshotLine>,
}

impl Choice {
    /// For the manifest.
    #[expect(dead_code, reason = "kept in the manifest of the evidence folder")]
    pub(crate) fn json(&self) -> Value {
        let of = |line: &SnapshotLine| json!({ "id": line.id, "finished_at": line.finished_at, "status": line.status });
        json!({
            "asked": self.asked,
            "timezone": self.moment.map(|_| &self.zone),
            "moment": self.moment.map(|moment| moment.to_string()),
            "chosen": of(&self.snapshot),
            "seconds_before": self.before.map(|before| before.as_secs()),
            "next": self.next.as_ref().map(of),
        })
    }

    /// For the person who gave a date and gets a snapshot.
    fn words(&self) -> Option<String> {
        let (moment, before) = (self.moment?, self.before?);
        let SnapshotLine { id, finished_at, status, .. } = &self.snapshot;
        let next = match &self.next {
            Some(next) => format!("the next one is snapshot {} of {}", next.id, next.finished_at),
            None => "there is none after it".to_owned(),
        };
        Some(format!(
            "snapshot {id} ({status}, {finished_at}) is the last one at {moment}, {} before it; {next}",
            spoken(before)
        ))
    }
}

/// Chooses, and says what a person should know about the choice. `businesses` are those that the
/// command is limited to: then only their team lists decide whether a snapshot can be used.
pub(crate) fn choose(app: &App, reader: &Reader, wanted: &Choosing, businesses: &[i64]) -> Result<Choice> {
    let usable = Usable { allow_partial: wanted.allow_partial, businesses };
    let choice = match Asked::parse(&wanted.snapshot, &wanted.timezone)? {
        Asked::Id(id) => by_id(reader, wanted, usable, id)?,
        Asked::Latest => latest(app, reader, wanted, usable)?,
        Asked::At(moment) => at(reader, wanted, usable, moment)?,
    };
    if let Some(words) = choice.words() {
        app.ui.note(words);
    }
    Ok(choice)
}

fn by_id(reader: &Reader, wanted: &Choosing, usable: Usable, id: i64) -> Result<Choice> {
    if wanted.within.is_some() {
        return Err(Error::new(
            Kind::Usage,
            "--within says how old a date's snapshot may be; an id needs none",
        ));
    }
    let snapshot = with_content(store::snapshot_by_id(reader, id)?)?;
    // The newest that is usable and not newer than itself: itself, if it is.
    let next_lower = store::neighbour(reader, usable, id + 1, Side::Before)?;
    if next_lower.is_none_or(|found| found.id != id) {
        return Err(partial_only(format!("snapshot {id} is partial")));
    }
    choice(reader, wanted, usable, snapshot, None)
}

/// A snapshot whose content is still there.
pub(crate) fn with_content(snapshot: SnapshotLine) -> Result<SnapshotLine> {
    match snapshot.status.as_str() {
        "pruned" => {
            Err(Error::new(Kind::Usage, format!("the content of snapshot {} was pruned", snapshot.id))
                .hint("fbsync snapshots --all --db FILE"))
        }
        _ => Ok(snapshot),
    }
}

fn latest(app: &App, reader: &Reader, wanted: &Choosing, usable: Usable) -> Result<Choice> {
    let Some(chosen) = store::newest_snapshot(reader, usable, None)? else {
        return Err(partial_only("no snapshot is complete".to_owned()));
    };
    let any = Usable { allow_partial: true, ..usable };
    if let Some(newer) = store::newest_snapshot(reader, any, None)?.filter(|newest| newest.id > chosen.id) {
        app.ui.note(format_args!(
            "snapshot {} is newer but partial; snapshot {} is the last complete one",
            newer.id, chosen.id
        ));
    }
    not_older_than(&chosen, app.clock.now(), wanted.within)?;
    choice(reader, wanted, usable, chosen, None)
}

fn at(reader: &Reader, wanted: &Choosing, usable: Usable, moment: Timestamp) -> Result<Choice> {
    if let Some(chosen) = store::newest_snapshot(reader, usable, Some(moment))? {
        not_older_than(&chosen, moment, wanted.within)?;
        return choice(reader, wanted, usable, chosen, Some(moment));
    }
    let any = Usable { allow_partial: true, ..usable };
    Err(match store::newest_snapshot(reader, any, Some(moment))? {
        Some(partial) => {
            let SnapshotLine { id, finished_at, .. } = partial;
            partial_only(format!(
                "at {moment} there is no complete snapshot; the last partial one is {id} of {finished_at}"
            ))
        }
        None => Error::new(Kind::No, format!("there is no snapshot at or before {moment}"))
            .hint("fbsync snapshots --all --db FILE shows what there is"),
    })
}

fn choice(
    reader: &Reader,
    wanted: &Choosing,
    usable: Usable,
    snapshot: SnapshotLine,
    moment: Option<Timestamp>,
) -> Result<Choice> {
    let before = moment.and_then(|moment| age(&snapshot, moment));
    let next = store::neighbour(reader, usable, snapshot.id, Side::After)?;
    let (asked, zone) = (wanted.snapshot.clone(), wanted.timezone.name().to_owned());
    Ok(Choice { asked, moment, zone, snapshot, before, next })
}

fn not_older_than(snapshot: &SnapshotLine, moment: Timestamp, within: Option<Duration>) -> Result<()> {
    let (Some(within), Some(age)) = (within, age(snapshot, moment)) else { return Ok(()) };
    if age <= within {
        return Ok(());
    }
    let SnapshotLine { id, finished_at, .. } = snapshot;
    let (age, within) = (spoken(age), spoken(within));
    let message = format!(
        "the last snapshot at {moment} is {id} of {finished_at}, {age} before it; asked was within {within}"
    );
    Err(Error::new(Kind::No, message).hint("fbsync snapshots --all --db FILE shows what there is"))
}

/// How old a snapshot is at a moment.
pub(crate) fn age(snapshot: &SnapshotLine, moment: Timestamp) -> Option<Duration> {
    Timestamp::parse(&snapshot.finished_at).map(|finished| moment.since(finished))
}

fn partial_only(problem: String) -> Error {
    Error::new(Kind::Partial, problem)
        .hint("--allow-partial takes a partial one all the same; the table `coverage` says what is missing")
}
