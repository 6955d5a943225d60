//! Which snapshot is meant, and how it was chosen: the rule, for whoever chooses and for whoever checks
//! the choice later.
//!
//! Everything about a choice is a value, so that a person can be told it and a manifest can keep it: what
//! was asked, what was chosen, how far before, and which one comes after.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::manifest::{OptionsEntry, Stamp};
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
    /// What changes are told since, as it was asked for.
    pub(crate) since: Option<String>,
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
            since: None,
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

    /// The same, with what changes are told since.
    pub(crate) fn since(self, asked: Option<&str>, zone: &Zone) -> Result<Self> {
        let Some(text) = asked else { return Ok(self) };
        let is_date = matches!(Asked::parse(text, zone)?, Asked::At(_));
        let timezone = self.timezone.or_else(|| is_date.then(|| zone.name().to_owned()));
        Ok(Choice { since: Some(text.to_owned()), timezone, ..self })
    }

    /// Chooses once more, of the snapshots that were there at the time of the export for certain, and
    /// returns what the manifest has to say; a usage error where what was asked leads to no snapshot.
    pub(super) fn again(&self, reader: &Reader, options: &OptionsEntry, export: &Stamp) -> Result<Choice> {
        let deciding = options.deciding();
        let strict = self.again_of(reader, deciding.usable(false), export)?;
        // Whether a partial one was allowed is not recorded, and nothing else depends on it.
        let choice = match strict {
            Some(choice) if choice == *self => choice,
            strict => self.again_of(reader, deciding.usable(true), export)?.or(strict).ok_or_else(|| {
                Error::new(Kind::Usage, format!("`{}` does not match any snapshot", self.asked))
            })?,
        };
        // Changes are compared business by business: a partial one will do.
        let usable = deciding.usable(!matches!(deciding, Deciding::All));
        match (&self.since, options.since) {
            (None, None) => Ok(choice),
            (Some(text), Some(id)) if self.leads_to(reader, usable, text, id, export)? => Ok(choice),
            (Some(text), Some(id)) if self.leads_to(reader, deciding.usable(true), text, id, export)? => {
                Ok(choice)
            }
            (text, id) => {
                let [text, id] = [format!("{text:?}"), format!("{id:?}")];
                Err(Error::new(Kind::Usage, format!("changes since {text} are not those since {id}")))
            }
        }
    }

    fn again_of(&self, reader: &Reader, usable: Usable, export: &Stamp) -> Result<Option<Choice>> {
        let Some(found) = self.find(reader, usable, (&self.asked, self.chosen.id), export)? else {
            return Ok(None);
        };
        let choice = Choice::of(reader, &self.asked, &self.zone()?, usable, &found)?;
        let choice = choice.since(self.since.as_deref(), &self.zone()?)?;
        let next = self.next_as_it_was(reader, choice.next.clone(), export)?;
        Ok(Some(Choice { next, ..choice }))
    }

    fn leads_to(&self, reader: &Reader, usable: Usable, text: &str, id: i64, export: &Stamp) -> Result<bool> {
        Ok(self.find(reader, usable, (text, id), export)?.is_some_and(|found| found.id == id))
    }

    /// The snapshot that `text` leads to: the recorded one, unless there is a better.
    fn find(
        &self,
        reader: &Reader,
        usable: Usable,
        (text, recorded): (&str, i64),
        export: &Stamp,
    ) -> Result<Option<Snapshot>> {
        let recorded = reader.find_snapshot(recorded)?;
        let until = match Asked::parse(text, &self.zone()?)? {
            Asked::Id(id) => return reader.find_snapshot(id),
            Asked::At(moment) => Some(moment),
            Asked::Latest => recorded.as_ref().map(|recorded| recorded.finished_at).max(known_until(export)),
        };
        let recorded = recorded.filter(|known| until.is_none_or(|until| known.finished_at <= until));
        let newest = reader.newest_snapshot(usable, until)?;
        // One that ended in the same second can have come later.
        Ok(newest
            .filter(|newest| recorded.as_ref().is_none_or(|known| newest.finished_at > known.finished_at))
            .or(recorded))
    }

    fn zone(&self) -> Result<Zone> {
        let zone = self.timezone.as_deref().map(Zone::named).transpose();
        Ok(zone.map_err(|problem| Error::new(Kind::Usage, problem))?.unwrap_or_else(Zone::utc))
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
