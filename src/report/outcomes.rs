//! `outcomes`: what became of each decision to remove or change, in the complete snapshots since.

use std::collections::HashMap;

use super::columns::{Column, Type, column};
use super::decisions::{self, Standing, standing};
use super::{Cell, Take, View};
use crate::diff::{self, Fate, Read, Row, Side};
use crate::error::Result;
use crate::model::keys::AccountKey;
use crate::model::marks::{Sources, State, Verdict};
use crate::model::words::words;
use crate::store::{Decision, Place, Reader, Review, Snapshot, Usable};

words! {
    /// What became of a row that was to be removed or changed.
    Outcome {
        Gone = "gone",
        /// Switched off.
        Inactive = "inactive",
        /// As it was asked for.
        Changed = "changed",
        ChangedOtherwise = "changed_otherwise",
        StillThere = "still_there",
        /// It was gone or switched off, and the person has access again.
        BackAgain = "back_again",
        /// The business's list could not be read since.
        CannotTell = "cannot_tell",
    }
}

impl Outcome {
    /// Whether somebody still has to act, or to look.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Outcome::StillThere | Outcome::BackAgain | Outcome::CannotTell)
    }
}

/// What became of a decision to remove or change.
#[derive(Clone, Debug)]
pub(crate) struct Followed<'r> {
    pub(crate) standing: Standing<'r>,
    pub(crate) outcome: Outcome,
    /// The snapshot that first shows it; none where there is no complete one since.
    pub(crate) seen: Option<Snapshot>,
    /// The role and state that were last seen.
    pub(crate) role: Option<String>,
    pub(crate) state: Option<State>,
}

/// What became of every decision to remove or change of some reviews of a snapshot, in the complete
/// snapshots since, up to the one with the id `last`.
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

/// A business as it was reviewed, and as it was last looked at since.
struct Trail {
    business_id: i64,
    rows: Side,
    last: Option<Option<Place>>,
}

impl Trail {
    /// What became of its rows; nothing where the later reading is the same as the last.
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

/// The rows that were decided about, as far as the decisions tell: for a snapshot whose content was
/// pruned.
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

/// What is known of a decision's row, snapshot by snapshot.
#[derive(Default)]
struct Course {
    role: Option<String>,
    state: Option<State>,
    reviewed_role: String,
    change_to: Option<String>,
    was_gone: bool,
    /// The outcome, and since which snapshot it has been so.
    current: Option<(Outcome, usize)>,
}

impl Course {
    fn of(decision: &Decision) -> Self {
        let Decision { change_to, role, .. } = decision.clone();
        Course { change_to, reviewed_role: role, ..Course::default() }
    }

    fn meet(&mut self, at: usize, fate: &Fate) {
        let outcome = match fate {
            Fate::Gone => Outcome::Gone,
            // What was known before is known still; only a first look can tell nothing at all.
            Fate::Unknown if self.current.is_some() => return,
            Fate::Unknown => Outcome::CannotTell,
            Fate::There(row) | Fate::Reinvited(row) => {
                (self.role, self.state) = (Some(row.role.clone()), Some(row.state));
                self.was_gone |= matches!(fate, Fate::Reinvited(_));
                self.of_row(row)
            }
        };
        self.was_gone |= matches!(outcome, Outcome::Gone | Outcome::Inactive);
        if self.current.is_none_or(|(known, _)| known != outcome) {
            self.current = Some((outcome, at));
        }
    }

    fn of_row(&self, row: &Row) -> Outcome {
        match row {
            _ if row.state == State::Inactive => Outcome::Inactive,
            _ if self.change_to.as_deref() == Some(&row.role) => Outcome::Changed,
            _ if self.was_gone => Outcome::BackAgain,
            _ if row.role != self.reviewed_role => Outcome::ChangedOtherwise,
            _ => Outcome::StillThere,
        }
    }

    /// Where nothing was seen since, the row is still there.
    fn outcome(&self) -> (Outcome, Option<usize>) {
        match self.current {
            Some((outcome, at)) => (outcome, Some(at)),
            None => (Outcome::StillThere, None),
        }
    }
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
        "the complete snapshot that first shows it",
    ),
    column("outcome_at", Type::Time, "Seen (UTC)", "when that snapshot ended"),
    column("days", Type::Integer, "Days", "whole days between the two snapshots"),
    column("role_now", Type::Text, "Role now", "the role that was last seen"),
    column("state_now", Type::Word, "Status now", "the status that was last seen"),
];

/// What a spreadsheet shows of an outcome.
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

    fn decision(verdict: Verdict, change_to: Option<&str>) -> Decision {
        Decision {
            row_key: "1/u".to_owned(),
            decision: verdict,
            change_to: change_to.map(str::to_owned),
            reviewer: "Ann".to_owned(),
            reviewer_email: String::new(),
            reviewed_at: "2026-04-01".to_owned(),
            justification: "left".to_owned(),
            ticket: String::new(),
            findings: String::new(),
            business_id: 1,
            business_name: "B".to_owned(),
            account_key: "identity:7".to_owned(),
            full_name: "Bo".to_owned(),
            email: "bo@x.example".to_owned(),
            role: "manager".to_owned(),
            state: "active".to_owned(),
        }
    }

    /// One word a snapshot: `-` gone, `?` not read, else the role, with `!` where it is switched off and `+`
    /// where the person was invited once more.
    fn fate(word: &str) -> Fate {
        let row = |role: &str, state| Row {
            member_uuid: Some("u".to_owned()),
            account_key: AccountKey::Identity(7),
            email: String::new(),
            full_name: String::new(),
            role: role.to_owned(),
            state,
            sources: Sources::TEAM_MEMBERS,
            shown_email: String::new(),
            shown_name: String::new(),
        };
        match word {
            "-" => Fate::Gone,
            "?" => Fate::Unknown,
            word => match (word.strip_suffix('!'), word.strip_suffix('+')) {
                (Some(role), _) => Fate::There(row(role, State::Inactive)),
                (_, Some(role)) => Fate::Reinvited(row(role, State::Active)),
                _ => Fate::There(row(word, State::Active)),
            },
        }
    }

    #[test]
    fn what_became_of_a_decision() {
        let check = |change_to: Option<&str>, history: &str, expected: Outcome, since: Option<usize>| {
            let verdict = if change_to.is_some() { Verdict::Change } else { Verdict::Remove };
            let mut course = Course::of(&decision(verdict, change_to));
            history.split_whitespace().enumerate().for_each(|(at, word)| course.meet(at, &fate(word)));
            assert_eq!(course.outcome(), (expected, since), "{change_to:?}: {history}");
        };
        check(None, "", Outcome::StillThere, None);
        check(None, "manager", Outcome::StillThere, Some(0));
        check(None, "manager manager -", Outcome::Gone, Some(2));
        check(None, "- - -", Outcome::Gone, Some(0));
        check(None, "manager manager!", Outcome::Inactive, Some(1));
        check(None, "manager! -", Outcome::Gone, Some(1));
        check(None, "- manager", Outcome::BackAgain, Some(1));
        check(None, "manager! manager", Outcome::BackAgain, Some(1));
        check(None, "- manager -", Outcome::Gone, Some(2));
        check(None, "manager+", Outcome::BackAgain, Some(0));
        check(None, "client+", Outcome::BackAgain, Some(0));
        check(None, "- manager+ -", Outcome::Gone, Some(2));
        check(None, "client", Outcome::ChangedOtherwise, Some(0));
        check(None, "?", Outcome::CannotTell, Some(0));
        check(None, "? -", Outcome::Gone, Some(1));
        check(None, "manager ?", Outcome::StillThere, Some(0));
        check(None, "- ?", Outcome::Gone, Some(0));
        check(Some("client"), "client", Outcome::Changed, Some(0));
        check(Some("client"), "manager client client", Outcome::Changed, Some(1));
        check(Some("client"), "manager owner", Outcome::ChangedOtherwise, Some(1));
        check(Some("client"), "manager", Outcome::StillThere, Some(0));
        check(Some("client"), "-", Outcome::Gone, Some(0));
        check(Some("client"), "- client+", Outcome::Changed, Some(1));
        check(Some("client"), "manager! client", Outcome::Changed, Some(1));
        check(Some("client"), "- manager+", Outcome::BackAgain, Some(1));
        check(Some("client"), "client manager", Outcome::StillThere, Some(1));
    }

    #[test]
    fn a_decision_remembers_the_row_that_it_is_about() {
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

    #[test]
    fn what_is_open() {
        let open: Vec<&Outcome> = Outcome::ALL.iter().filter(|outcome| outcome.is_open()).collect();
        assert_eq!(open, [&Outcome::StillThere, &Outcome::BackAgain, &Outcome::CannotTell]);
    }
}
