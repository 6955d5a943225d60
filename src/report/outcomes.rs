//! `decisions` and `outcomes`: what reviewers decided about a snapshot, and what became of it since.

use std::collections::{BTreeMap, HashMap};

use super::columns::{Column, Type, column};
use super::shared;
use super::{Cell, Take, View};
use crate::diff::Fate;
use crate::error::Result;
use crate::model::marks::{State, Verdict};
use crate::model::words::words;
use crate::store::{Decision, Reader, Review, Side, Snapshot, Usable};

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
        /// It was gone or switched off, and has access again.
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

/// A decision that counts: the last one about its row.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) review: Review,
    pub(crate) decision: Decision,
}

/// What became of a decision to remove or change, and in which snapshot that was first seen.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) standing: Standing,
    pub(crate) outcome: Outcome,
    pub(crate) seen: Option<Snapshot>,
    /// The role and state that were last seen.
    pub(crate) role: Option<String>,
    pub(crate) state: Option<State>,
}

/// The decisions that count about a snapshot, by business and row.
pub(crate) fn standing(reader: &Reader, snapshot_id: i64) -> Result<Vec<Standing>> {
    let mut by_row: BTreeMap<(i64, String), Standing> = BTreeMap::new();
    for review in reader.reviews_of(snapshot_id)? {
        for decision in reader.decisions(review.id)? {
            let key = (decision.business_id, decision.row_key.clone());
            by_row.insert(key, Standing { review: review.clone(), decision });
        }
    }
    Ok(by_row.into_values().collect())
}

/// What became of every decision to remove or change, in the complete snapshots since.
pub(crate) fn follow(reader: &Reader, snapshot: &Snapshot) -> Result<Vec<Followed>> {
    let asked: Vec<Standing> = standing(reader, snapshot.id)?
        .into_iter()
        .filter(|standing| matches!(standing.decision.decision, Verdict::Remove | Verdict::Change))
        .collect();
    let mut histories: HashMap<String, Vec<(Snapshot, Fate)>> = HashMap::new();
    let mut later = reader.neighbour(Usable::default(), snapshot, Side::After)?;
    while let Some(next) = later.filter(|_| !asked.is_empty()) {
        let mut businesses: Vec<i64> = asked.iter().map(|standing| standing.decision.business_id).collect();
        businesses.dedup();
        for business in businesses {
            for (row_key, fate) in reader.fates(snapshot.id, next.id, business)? {
                histories.entry(row_key).or_default().push((next.clone(), fate));
            }
        }
        later = reader.neighbour(Usable::default(), &next, Side::After)?;
    }
    let follow = |standing: Standing| {
        let history = histories.remove(&standing.decision.row_key).unwrap_or_default();
        let (outcome, seen) = judge(&standing.decision, history.iter().map(|(_, fate)| fate));
        let last = history.iter().rev().find_map(|(_, fate)| match fate {
            Fate::There(row) => Some((row.role.clone(), row.state)),
            Fate::Gone | Fate::Unknown => None,
        });
        let (role, state) = last.unzip();
        let seen = seen.and_then(|at| history.get(at)).map(|(snapshot, _)| snapshot.clone());
        Followed { standing, outcome, seen, role, state }
    };
    Ok(asked.into_iter().map(follow).collect())
}

/// The outcome of a decision by what was seen of its row, oldest first, and since which of these it has
/// been so. Where nothing was seen since, the row is still there.
fn judge<'f>(decision: &Decision, history: impl Iterator<Item = &'f Fate>) -> (Outcome, Option<usize>) {
    let mut current: Option<(Outcome, usize)> = None;
    let mut was_gone = false;
    for (at, fate) in history.enumerate() {
        let outcome = match fate {
            Fate::Gone => Outcome::Gone,
            // What was known before is known still; only a first look can tell nothing at all.
            Fate::Unknown if current.is_some() => continue,
            Fate::Unknown => Outcome::CannotTell,
            Fate::There(row) if row.state == State::Inactive => Outcome::Inactive,
            Fate::There(_) if was_gone => Outcome::BackAgain,
            Fate::There(row) if decision.change_to.as_deref() == Some(&row.role) => Outcome::Changed,
            Fate::There(row) if row.role != decision.role => Outcome::ChangedOtherwise,
            Fate::There(_) => Outcome::StillThere,
        };
        was_gone |= matches!(outcome, Outcome::Gone | Outcome::Inactive);
        match current {
            Some((known, _)) if known == outcome => {}
            _ => current = Some((outcome, at)),
        }
    }
    match current {
        Some((outcome, at)) => (outcome, Some(at)),
        None => (Outcome::StillThere, None),
    }
}

pub(super) const DECISIONS: &[Column] = &[
    column("row_key", Type::Id, "Row key", "the row of the review sheet"),
    column("snapshot_id", Type::NumericId, "Snapshot", "the snapshot that was reviewed"),
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    shared::ACCOUNT_KEY,
    shared::FULL_NAME,
    column("email", Type::Text, "E-mail", "the person's address"),
    shared::ROLE,
    column("state", Type::Id, "Status", "when it was reviewed"),
    column("decision", Type::Id, "Decision", "keep, remove, change or ask"),
    column("change_to", Type::Id, "Change to", "the role it should become"),
    column("reviewer", Type::Text, "Reviewer", "who decided"),
    column("reviewer_email", Type::Text, "Reviewer e-mail", "the reviewer's address"),
    column("reviewed_at", Type::Date, "Reviewed on", "the day of the decision"),
    column("justification", Type::Text, "Reason", "why the access is right or wrong"),
    column("ticket", Type::Text, "Ticket", "where the change was requested"),
    column(
        "findings",
        Type::Id,
        "Findings",
        "what an auditor would ask, ;-joined: self_review, own_access_unreviewed, late, decided_within_a_minute",
    ),
    column("review_id", Type::NumericId, "Review", "the recorded review that holds the decision"),
    column("recorded_at", Type::Time, "Recorded (UTC)", "when that review was recorded"),
];

pub(super) const OUTCOME: &[Column] = &[
    column(
        "outcome",
        Type::Id,
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
    column("days", Type::Integer, "Days", "whole days from the review's record to that snapshot"),
    column("role_now", Type::Text, "Role now", "the role that was last seen"),
    column("state_now", Type::Id, "Status now", "the status that was last seen"),
];

pub(super) fn decisions(view: &View, take: &mut Take) -> Result<()> {
    standing(view.reader, view.snapshot.id)?.iter().try_for_each(|standing| take(&decision_cells(standing)))
}

pub(super) fn outcomes(view: &View, take: &mut Take) -> Result<()> {
    for followed in follow(view.reader, &view.snapshot)? {
        let mut cells = decision_cells(&followed.standing);
        let seen = followed.seen.as_ref();
        let recorded_at = followed.standing.review.recorded_at;
        let days = seen.map(|seen| seen.finished_at.since(recorded_at).as_secs() / 86_400);
        cells.extend([
            Cell::text(followed.outcome.as_str()),
            Cell::count(seen.map(|seen| seen.id)),
            seen.map_or(Cell::Empty, |seen| Cell::text(seen.finished_at.to_string())),
            Cell::count(days.and_then(|days| i64::try_from(days).ok())),
            Cell::optional(followed.role.as_deref()),
            Cell::optional(followed.state.map(State::as_str)),
        ]);
        take(&cells)?;
    }
    Ok(())
}

fn decision_cells(Standing { review, decision }: &Standing) -> Vec<Cell<'_>> {
    let text = |text: &'_ str| match text {
        "" => Cell::Empty,
        text => Cell::text(text.to_owned()),
    };
    vec![
        text(&decision.row_key),
        Cell::Integer(review.snapshot_id),
        Cell::Integer(decision.business_id),
        text(&decision.business_name),
        text(&decision.account_key),
        text(&decision.full_name),
        text(&decision.email),
        text(&decision.role),
        text(&decision.state),
        Cell::text(decision.decision.as_str()),
        text(decision.change_to.as_deref().unwrap_or_default()),
        text(&decision.reviewer),
        text(&decision.reviewer_email),
        text(&decision.reviewed_at),
        text(&decision.justification),
        text(&decision.ticket),
        text(&decision.findings),
        Cell::Integer(review.id),
        Cell::text(review.recorded_at.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Row;
    use crate::model::keys::AccountKey;
    use crate::model::marks::Sources;

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

    /// One word a snapshot: `-` gone, `?` not read, else the role, with `!` where it is switched off.
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
            role => match role.strip_suffix('!') {
                Some(role) => Fate::There(row(role, State::Inactive)),
                None => Fate::There(row(role, State::Active)),
            },
        }
    }

    #[test]
    fn what_became_of_a_decision() {
        let check = |change_to: Option<&str>, history: &str, expected: Outcome, since: Option<usize>| {
            let verdict = if change_to.is_some() { Verdict::Change } else { Verdict::Remove };
            let fates: Vec<Fate> = history.split_whitespace().map(fate).collect();
            let judged = judge(&decision(verdict, change_to), fates.iter());
            assert_eq!(judged, (expected, since), "{change_to:?}: {history}");
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
        check(Some("client"), "client manager", Outcome::StillThere, Some(1));
    }

    #[test]
    fn what_is_open() {
        let open: Vec<&Outcome> = Outcome::ALL.iter().filter(|outcome| outcome.is_open()).collect();
        assert_eq!(open, [&Outcome::StillThere, &Outcome::BackAgain, &Outcome::CannotTell]);
    }
}
