//! `outcomes`: what became of each decision to remove or change access, in the later complete
//! snapshots.

use std::collections::HashMap;

use super::columns::{Column, Type, column, role_column};
use super::course::Course;
pub(crate) use super::course::Outcome;
use super::decisions::{self, Standing, standing};
use super::{Cell, Take, View};
use crate::diff::{self, Fate, Read, Row, Side};
use crate::error::Result;
use crate::model::keys::AccountKey;
use crate::model::marks::{Sources, State, Verdict};
use crate::store::{Decision, Place, Reader, Review, Snapshot, Usable};

/// What became of a decision to remove or change access.
#[derive(Clone, Debug)]
pub(crate) struct Followed<'r> {
    pub(crate) standing: Standing<'r>,
    pub(crate) outcome: Outcome,
    /// The snapshot that first shows it; `None` if there is no later complete one.
    pub(crate) seen: Option<Snapshot>,
    /// The role and state last seen.
    pub(crate) role: Option<String>,
    pub(crate) state: Option<State>,
}

/// What became of every decision to remove or change access in the given reviews of a snapshot, in the
/// later complete snapshots up to the one with id `last`.
pub(crate) fn follow<'r>(
    reader: &Reader,
    snapshot: &Snapshot,
    reviews: &'r [Review],
    last: i64,
) -> Result<Vec<Followed<'r>>> {
    let reviewed = reader.places(snapshot.id)?;
    let (mut asked, mut trails) = (Vec::new(), Vec::new());
    standing(reader, reviews, |business_id, decided| {
        let open =
            |standing: &Standing| matches!(standing.decision.decision, Verdict::Remove | Verdict::Change);
        if !decided.iter().any(open) {
            return Ok(());
        }
        let rows = match reviewed.of(business_id) {
            Some(place) => reader.side(place)?,
            None => remembered(decided.iter().map(|standing| &standing.decision)),
        };
        trails.push(Trail { business_id, rows, last: None });
        asked.extend(decided.into_iter().filter(open));
        Ok(())
    })?;
    let mut courses: HashMap<String, Course> = asked
        .iter()
        .map(|standing| (standing.decision.row_key.clone(), Course::of(&standing.decision)))
        .collect();
    let later =
        if asked.is_empty() { Vec::new() } else { reader.later(Usable::default(), snapshot, last)? };
    for (at, next) in later.iter().enumerate() {
        let places = reader.places(next.id)?;
        for trail in &mut trails {
            for (row_key, fate) in trail.fates(reader, places.whole(trail.business_id))? {
                courses.entry(row_key).and_modify(|course| course.meet(at, &fate));
            }
        }
    }
    let followed = |standing: Standing<'r>| {
        let course = courses.remove(&standing.decision.row_key).unwrap_or_default();
        let (outcome, at) = course.outcome();
        let seen = at.and_then(|at| later.get(at)).cloned();
        Followed { standing, outcome, seen, role: course.role, state: course.state }
    };
    Ok(asked.into_iter().map(followed).collect())
}

/// A business at the time of the review, and as last compared since then.
struct Trail {
    business_id: i64,
    rows: Side,
    last: Option<Option<Place>>,
}

impl Trail {
    /// What became of its rows; nothing if the later reading is identical to the last one.
    fn fates(&mut self, reader: &Reader, later: Option<&Place>) -> Result<Vec<(String, Fate)>> {
        let is_same = match (&self.last, later) {
            (Some(Some(last)), Some(later)) => last.is_same_reading(later),
            (Some(None), None) => true,
            _ => false,
        };
        if is_same {
            return Ok(Vec::new());
        }
        self.last = Some(later.cloned());
        let fates = diff::fates(self.rows.clone(), later.map(|place| reader.side(place)).transpose()?);
        Ok(fates.into_iter().map(|(row, fate)| (row.key(self.business_id), fate)).collect())
    }
}

/// The reviewed rows, as far as the decisions record them: for a snapshot whose content was pruned.
pub(super) fn remembered<'d>(decisions: impl Iterator<Item = &'d Decision>) -> Side {
    let row = |decision: &Decision| {
        let key = decision.row_key.split_once('/').map_or("", |(_, key)| key);
        let is_record = key != format!("{}/{}", decision.account_key, decision.role);
        Row {
            member_uuid: is_record.then(|| key.to_owned()),
            account_key: AccountKey::parse(&decision.account_key)
                .unwrap_or_else(|| AccountKey::of(None, &decision.email, key)),
            email: decision.email.clone(),
            full_name: decision.full_name.clone(),
            role: decision.role.clone(),
            state: State::parse(&decision.state).unwrap_or(State::Active),
            sources: if is_record { Sources::TEAM_MEMBERS } else { Sources::BUSINESS_GROUP },
            shown_email: decision.email.clone(),
            shown_name: decision.full_name.clone(),
        }
    };
    let mut read = Read::default();
    read.add(Sources::TEAM_MEMBERS);
    read.add(Sources::BUSINESS_GROUP);
    Side { rows: decisions.map(row).collect(), read }
}

pub(crate) const COLUMNS: &[Column] = &[
    column(
        "outcome",
        Type::Word,
        "Outcome",
        "gone, inactive, changed, changed_otherwise, still_there, back_again or cannot_tell",
    ),
    column(
        "outcome_snapshot_id",
        Type::NumericId,
        "Seen in snapshot",
        "the first complete snapshot that shows it",
    ),
    column("outcome_at", Type::Time, "Seen (UTC)", "when that snapshot was finished"),
    column("days", Type::Integer, "Days", "whole days between the two snapshots"),
    role_column("role_now", Type::Text, "Role now", "the role last seen"),
    column("state_now", Type::Word, "Status now", "the status last seen"),
];

/// The columns of an outcome that a spreadsheet shows first.
pub(super) const LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role",
    "decision",
    "change_to",
    "reviewer",
    "reviewed_at",
    "outcome",
    "outcome_at",
    "days",
    "role_now",
    "state_now",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let followed = follow(view.reader, &view.snapshot, &view.reviews, view.horizon.snapshot)?;
    let mut followed = followed.iter().filter(|followed| followed.standing.is_of(view));
    followed.try_for_each(|followed| take(&cells(followed, &view.snapshot)))
}

pub(crate) fn cells<'a>(followed: &'a Followed, reviewed: &Snapshot) -> Vec<Cell<'a>> {
    let mut cells = decisions::cells(&followed.standing);
    let seen = followed.seen.as_ref();
    cells.extend([
        Cell::text(followed.outcome.as_str()),
        Cell::count(seen.map(|seen| seen.id)),
        seen.map_or(Cell::Empty, |seen| Cell::text(seen.finished_at.to_string())),
        Cell::count(followed.days(reviewed)),
        Cell::optional(followed.role.as_deref()),
        Cell::optional(followed.state.map(State::as_str)),
    ]);
    cells
}

impl Followed<'_> {
    /// Whole days from the reviewed snapshot to the one that first shows the outcome.
    pub(crate) fn days(&self, reviewed: &Snapshot) -> Option<i64> {
        let between = self.seen.as_ref()?.finished_at.since(reviewed.finished_at);
        i64::try_from(between.as_secs() / 86_400).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::course::tests::decision;

    #[test]
    fn a_decision_records_the_row_it_is_about() {
        let of = |row_key: &str| Decision { row_key: row_key.to_owned(), ..decision(Verdict::Keep, None) };
        for (row_key, uuid) in [
            ("1/u", Some("u")),
            ("1/record:ab", Some("record:ab")),
            ("1/identity:7/manager", None),
            ("1/identity:7/owner", Some("identity:7/owner")),
        ] {
            let side = remembered([of(row_key)].iter());
            assert_eq!(side.rows[0].member_uuid.as_deref(), uuid, "{row_key}");
            assert_eq!(side.rows[0].key(1), row_key);
        }
    }
}
