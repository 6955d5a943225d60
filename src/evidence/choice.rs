//! Which snapshot is meant, and how it was chosen: the rule, for whoever chooses and for whoever checks
//! the choice later.
//!
//! Everything about a choice is a value, so that a person can be told it and a manifest can keep it: what
//! was asked, what was chosen, how far before, and which one comes after.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::manifest::Stamp;
use crate::error::{Error, Kind, Result};
use crate::model::Status;
use crate::store::{Reader, Side, Snapshot, Usable};
use crate::time::{Timestamp, Zone};

/// How long before an export a snapshot has to have ended for the export to have known of it. Snapshots
/// go by FreshBooks' clock, exports by the machine's.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

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

impl<'a> Deciding<'a> {
    pub(crate) fn usable(self, allow_partial: bool) -> Usable<'a> {
        match self {
            Deciding::All => Usable { allow_partial, businesses: &[] },
            Deciding::These(businesses) => Usable { allow_partial, businesses },
            Deciding::Each => Usable { allow_partial: true, businesses: &[] },
        }
    }
}

/// How the snapshot was chosen. Nothing in it depends on when that was; but the next one after a date
/// can come later than the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// As it was asked for: `latest`, an id, or a date.
    pub(crate) asked: String,
    /// Whose days a date is meant in.
    pub(crate) timezone: Option<String>,
    /// The moment that a date stands for.
    pub(crate) moment: Option<String>,
    pub(crate) chosen: Chosen,
    /// How long before the moment it was finished.
    pub(crate) seconds_before: Option<u64>,
    /// The one after the moment that could have been used as well.
    pub(crate) next: Option<Chosen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub(crate) id: i64,
    pub(crate) finished_at: String,
}

impl Chosen {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        Chosen { id: snapshot.id, finished_at: snapshot.finished_at.to_string() }
    }
}

impl Choice {
    /// Everything about a choice that was made.
    pub(crate) fn of(
        reader: &Reader,
        text: &str,
        zone: &Zone,
        usable: Usable,
        chosen: &Snapshot,
    ) -> Result<Self> {
        let plain = Choice {
            asked: text.to_owned(),
            timezone: None,
            moment: None,
            chosen: Chosen::of(chosen),
            seconds_before: None,
            next: None,
        };
        Ok(match Asked::parse(text, zone)? {
            Asked::Latest | Asked::Id(_) => plain,
            Asked::At(moment) => Choice {
                timezone: Some(zone.name().to_owned()),
                moment: Some(moment.to_string()),
                seconds_before: Some(moment.since(chosen.finished_at).as_secs()),
                next: reader.neighbour(usable, chosen, Side::After)?.as_ref().map(Chosen::of),
                ..plain
            },
        })
    }

    /// Chooses once more, of the snapshots that were there at the time of the export for certain, and
    /// returns what the manifest has to say; a usage error where what was asked leads to no snapshot.
    pub(super) fn again(&self, reader: &Reader, deciding: Deciding, export: &Stamp) -> Result<Choice> {
        let strict = self.again_of(reader, deciding.usable(false), export)?;
        // Whether a partial one was allowed is not recorded, and nothing else depends on it.
        Ok(match strict {
            Some(choice) if choice == *self => choice,
            strict => self.again_of(reader, deciding.usable(true), export)?.or(strict).ok_or_else(|| {
                Error::new(Kind::Usage, format!("`{}` does not match any snapshot", self.asked))
            })?,
        })
    }

    fn again_of(&self, reader: &Reader, usable: Usable, export: &Stamp) -> Result<Option<Choice>> {
        let zone = self.timezone.as_deref().map(Zone::named).transpose();
        let zone = zone.map_err(|problem| Error::new(Kind::Usage, problem))?.unwrap_or_else(Zone::utc);
        let recorded = Timestamp::parse(&self.chosen.finished_at);
        let found = match Asked::parse(&self.asked, &zone)? {
            Asked::Id(id) => reader.find_snapshot(id)?,
            Asked::At(moment) => self.newest_again(reader, usable, Some(moment))?,
            Asked::Latest => self.newest_again(reader, usable, recorded.max(known_until(export)))?,
        };
        let Some(found) = found else { return Ok(None) };
        let choice = Choice::of(reader, &self.asked, &zone, usable, &found)?;
        let next = self.next_as_it_was(reader, choice.next.clone(), export)?;
        Ok(Some(Choice { next, ..choice }))
    }

    /// The newest snapshot that ended at or before `until`: the one that was chosen, unless there is a newer.
    fn newest_again(
        &self,
        reader: &Reader,
        usable: Usable,
        until: Option<Timestamp>,
    ) -> Result<Option<Snapshot>> {
        let chosen = reader.find_snapshot(self.chosen.id)?;
        let chosen = chosen.filter(|chosen| until.is_none_or(|until| chosen.finished_at <= until));
        let newest = reader.newest_snapshot(usable, until)?;
        // One that ended in the same second can have come later.
        Ok(newest
            .filter(|newest| chosen.as_ref().is_none_or(|chosen| newest.finished_at > chosen.finished_at))
            .or(chosen))
    }

    /// The next snapshot as it was at the time of the export: it can have come later, or been pruned since.
    fn next_as_it_was(&self, reader: &Reader, now: Option<Chosen>, export: &Stamp) -> Result<Option<Chosen>> {
        let Some(recorded) = &self.next else {
            let finished = |next: &Chosen| Timestamp::parse(&next.finished_at);
            return Ok(now.filter(|next| finished(next) <= known_until(export)));
        };
        let pruned = reader.find_snapshot(recorded.id)?.filter(|found| found.status == Status::Pruned);
        let after = |found: &Snapshot| Chosen::of(found).finished_at >= self.chosen.finished_at;
        Ok(pruned.filter(after).as_ref().map(Chosen::of).or(now))
    }
}

/// Until when snapshots have to have ended that were there at the time of the export for certain; `None`
/// where that time is not known.
pub(super) fn known_until(export: &Stamp) -> Option<Timestamp> {
    export.exported_at().map(|time| time.saturating_sub(CLOCK_TOLERANCE))
}
