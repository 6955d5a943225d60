//! The memberships of one business over all its readings. Pure.
//!
//! Reading by reading, a row continues a membership that was there before, or begins one, by the rules
//! that two readings are compared by. What cannot be judged changes nothing: a list that was not read
//! ends no membership, and what another source meanwhile says of somebody in that list does not replace
//! what the list said.

use std::collections::HashMap;

use super::pairs::{Paired, pair, pair_again};
use super::{Change, Kind, Read, Row, of_pair};
use crate::model::Resource;
use crate::model::marks::Sources;
use crate::model::words::words;

/// A stored membership and the account that holds it, by number. The same numbers are the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) membership: i64,
    pub(crate) account: i64,
}

words! {
    /// Whether a membership is there at the end.
    Seen { Yes = "yes", No = "no", CannotTell = "cannot_tell", }
}

/// One membership, from the first reading that has it. Readings are known by the caller's numbers.
#[derive(Clone, Debug)]
pub(crate) struct Tenure {
    pub(crate) first: usize,
    /// The last reading that has it.
    pub(crate) last: usize,
    pub(crate) seen: Seen,
    /// Whether it may have been there before: what names it was not read until then.
    pub(crate) perhaps_earlier: bool,
    /// Whether another source says that it is there, while the list that told `row` was not read.
    pub(crate) by_another: bool,
    /// What is known of it last.
    pub(crate) row: Row,
    pub(crate) entry: Entry,
    steps: Vec<(usize, Step)>,
}

#[derive(Clone, Debug)]
enum Step {
    /// It became something else; until then it was this.
    Changed(Row),
    Gone,
    Back,
}

/// The word for a time without it, among states.
const ABSENT: &str = "absent";

impl Tenure {
    /// Every role that it had, each with the reading from which on.
    pub(crate) fn roles(&self) -> Vec<(usize, &str)> {
        self.course(|row| &row.role, false)
    }

    /// Every state, and `absent` where it was gone.
    pub(crate) fn states(&self) -> Vec<(usize, &str)> {
        self.course(|row| row.state.as_str(), true)
    }

    /// The reading that showed that it is gone.
    pub(crate) fn gone(&self) -> Option<usize> {
        match self.steps.last() {
            Some((reading, Step::Gone)) => Some(*reading),
            _ => None,
        }
    }

    /// What happened to it after the first reading, in order.
    pub(crate) fn changes(&self) -> Vec<(usize, Change)> {
        let mut rows = self.rows().skip(1);
        let whole = |kind| Change { kind, before: None, after: None, again: None };
        let mut told = Vec::new();
        for (reading, step) in &self.steps {
            let changes = match step {
                Step::Changed(before) => rows.next().map_or_else(Vec::new, |after| of_pair(before, after)),
                Step::Gone => vec![whole(Kind::Left)],
                Step::Back => vec![whole(Kind::Joined)],
            };
            told.extend(changes.into_iter().map(|change| (*reading, change)));
        }
        told
    }

    /// What it was, one after the other.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        let earlier = self.steps.iter().filter_map(|(_, step)| match step {
            Step::Changed(row) => Some(row),
            Step::Gone | Step::Back => None,
        });
        earlier.chain([&self.row])
    }

    fn course(&self, value: fn(&Row) -> &str, with_absence: bool) -> Vec<(usize, &str)> {
        let mut values = self.rows().map(value);
        let mut now = values.next().unwrap_or_default();
        let mut course = vec![(self.first, now)];
        for (reading, step) in &self.steps {
            match step {
                Step::Changed(_) => now = values.next().unwrap_or_default(),
                Step::Gone if with_absence => {
                    course.push((*reading, ABSENT));
                    continue;
                }
                Step::Gone | Step::Back => {}
            }
            course.push((*reading, now));
        }
        course.dedup_by_key(|(_, value)| *value);
        course
    }

    /// The row of a later reading that continues it.
    fn go_on(&mut self, reading: usize, held: Held, read: Read) {
        let ended = self.seen == Seen::No;
        self.seen = Seen::Yes;
        self.by_another =
            !ended && is_of_the_list(&self.row) && !is_of_the_list(&held.row) && !list_was_read(read);
        if self.by_another {
            return;
        }
        if ended {
            self.steps.push((reading, Step::Back));
        }
        let changed = !of_pair(&self.row, &held.row).is_empty();
        let before = std::mem::replace(&mut self.row, held.row);
        self.entry = held.entry;
        if changed {
            self.steps.push((reading, Step::Changed(before)));
        }
    }

    /// A reading does not have it; the one before, `previous`, may have had it.
    fn miss(&mut self, reading: usize, previous: usize, read: Read) {
        if self.seen == Seen::Yes {
            self.last = previous;
        }
        self.seen = match self.row.rests_on_unread(read) {
            true => Seen::CannotTell,
            false => Seen::No,
        };
        if self.seen == Seen::No {
            self.steps.push((reading, Step::Gone));
        }
    }
}

fn is_of_the_list(row: &Row) -> bool {
    row.sources.has(Sources::TEAM_MEMBERS)
}

fn list_was_read(read: Read) -> bool {
    read.includes(Resource::TeamMembers)
}

struct Held {
    entry: Entry,
    row: Row,
}

impl AsRef<Row> for Held {
    fn as_ref(&self) -> &Row {
        &self.row
    }
}

/// A tenure by its place among all of them.
struct Placed<'t>(usize, &'t Tenure);

impl AsRef<Row> for Placed<'_> {
    fn as_ref(&self) -> &Row {
        &self.1.row
    }
}

/// All memberships of a business, while its readings are followed.
#[derive(Default)]
pub(crate) struct Tenures {
    all: Vec<Tenure>,
    /// The place of the tenure of each row of the newest reading.
    present: HashMap<Entry, usize>,
    /// What was ever read.
    known: Read,
    newest: Option<usize>,
}

impl Tenures {
    /// Goes on to a reading that has exactly what the one before has, of the same sources.
    pub(crate) fn unchanged(&mut self, reading: usize) {
        self.newest = Some(reading);
    }

    /// Goes on to the next reading. `load` gives the rows of entries, in their order; it is asked for those
    /// that the reading before does not have.
    pub(crate) fn follow<E>(
        &mut self,
        reading: usize,
        read: Read,
        listing: &[Entry],
        load: impl FnOnce(&[Entry]) -> Result<Vec<Row>, E>,
    ) -> Result<(), E> {
        let mut present = HashMap::with_capacity(listing.len());
        let mut is_there = vec![false; self.all.len()];
        let mut new = Vec::new();
        for entry in listing.iter().copied() {
            match self.present.get(&entry).filter(|at| !list_was_read(read) || self.all[**at].entry == entry)
            {
                Some(at) => {
                    is_there[*at] = true;
                    present.insert(entry, *at);
                }
                None => new.push(entry),
            }
        }
        let rows = load(&new)?;
        let rows = new.into_iter().zip(rows).map(|(entry, row)| Held { entry, row }).collect();
        let open = |(at, tenure): &(usize, &Tenure)| !is_there[*at] && tenure.seen != Seen::No;
        let open = self.all.iter().enumerate().filter(open).map(|(at, tenure)| Placed(at, tenure));
        let Paired { mut pairs, gone, come } = pair(open.collect(), rows, self.known, read);
        let ended = self.all.iter().enumerate().filter(|(_, tenure)| tenure.seen == Seen::No);
        let Paired { pairs: back, come, .. } =
            pair_again(ended.map(|(at, tenure)| Placed(at, tenure)).collect(), come);
        pairs.extend(back);

        let gone: Vec<usize> = gone.into_iter().map(|Placed(at, _)| at).collect();
        let pairs: Vec<(usize, Held)> = pairs.into_iter().map(|(Placed(at, _), held)| (at, held)).collect();
        for at in gone {
            self.all[at].miss(reading, self.newest.unwrap_or(reading), read);
        }
        for (at, held) in pairs {
            present.insert(held.entry, at);
            self.all[at].go_on(reading, held, read);
        }
        for Held { entry, row } in come {
            present.insert(entry, self.all.len());
            let perhaps_earlier = self.newest.is_some() && row.rests_on_unread(self.known);
            self.all.push(Tenure {
                first: reading,
                last: reading,
                seen: Seen::Yes,
                perhaps_earlier,
                by_another: false,
                row,
                entry,
                steps: Vec::new(),
            });
        }
        (self.present, self.newest) = (present, Some(reading));
        self.known.extend(read);
        Ok(())
    }

    /// Every membership there ever was. `now` is the last reading of all: of a business that it does not
    /// have, nobody can tell who is still there.
    pub(crate) fn finish(self, now: usize) -> Vec<Tenure> {
        let Tenures { mut all, newest, .. } = self;
        for tenure in all.iter_mut().filter(|tenure| tenure.seen == Seen::Yes) {
            tenure.last = newest.unwrap_or(now);
            if newest != Some(now) {
                tenure.seen = Seen::CannotTell;
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
