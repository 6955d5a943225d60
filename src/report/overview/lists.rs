//! What to look at first, changes, decisions and everybody: the rows of reports, as many as a page can
//! hold. A row is its cells, in the order that the template names them in.

use std::collections::{BTreeMap, HashSet};

use super::rows::{Listed, Shown};
use super::{MOST_BUSINESSES, command};
use crate::diff::Kind;
use crate::error::Result;
use crate::model::marks::{State, Verdict};
use crate::model::role;
use crate::report::columns::{ACCESS, REASON, WHY_REVIEW, places};
use crate::report::outcomes::{self, Outcome};
use crate::report::{Cell, View, attention, changes, decisions, review};
use crate::store::Snapshot;

/// Rows of everybody: what a browser lays out and searches at once.
const MOST_PEOPLE: usize = 5_000;
const MOST_CHANGES: usize = 200;
/// Rows for each reason to look.
const MOST_FOR_A_REASON: usize = 10;

/// Everything that `attention` says for one reason.
pub(super) struct Group {
    pub(super) severity: Shown,
    pub(super) reason: Shown,
    pub(super) meaning: Shown,
    /// Name, e-mail, role, business; of a business, that alone.
    pub(super) rows: Listed<[Shown; 4]>,
}

const ATTENTION: [usize; 7] = places(
    &[REASON, ACCESS],
    ["severity", "reason", "meaning", "full_name", "email", "role_label", "business_name"],
);

/// By reason, the most serious first.
pub(super) fn attention(view: &View) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    attention::rows(view, &mut |cells| {
        let [severity, reason, meaning, row @ ..] = ATTENTION.map(|at| &cells[at]);
        let reason = Shown::from(reason);
        let at = groups.iter().position(|group| group.reason == reason).unwrap_or_else(|| {
            let rows = Listed::new(MOST_FOR_A_REASON, command(view, "attention"));
            groups.push(Group { severity: severity.into(), reason, meaning: meaning.into(), rows });
            groups.len() - 1
        });
        groups[at].rows.push(|| row.map(Shown::from));
        Ok(())
    })?;
    Ok(groups)
}

pub(super) struct Changes {
    pub(super) since: Snapshot,
    pub(super) counts: Vec<(Shown, usize)>,
    /// Role, before, after; change, name, e-mail, business, note.
    pub(super) rows: Listed<([Shown; 3], [Shown; 5])>,
}

const CHANGES: [usize; 8] = places(
    &[changes::COLUMNS],
    ["role", "before", "after", "change", "full_name", "email", "business_name", "note"],
);

impl Changes {
    /// Nothing where there is no earlier snapshot.
    pub(super) fn gather(view: &View) -> Result<Option<Self>> {
        let Some(since) = view.earlier.clone() else { return Ok(None) };
        let mut rows = Listed::new(MOST_CHANGES, command(view, "changes"));
        let mut counts: BTreeMap<Option<Kind>, (Shown, usize)> = BTreeMap::new();
        changes::rows(view, &mut |cells| {
            let [role, before, after, row @ ..] = CHANGES.map(|at| &cells[at]);
            let kind = Kind::parse(&row[0].to_string());
            counts.entry(kind).or_insert_with(|| (row[0].into(), 0)).1 += 1;
            rows.push(|| ([label(role), said(kind, before), said(kind, after)], row.map(Shown::from)));
            Ok(())
        })?;
        Ok(Some(Changes { since, counts: counts.into_values().collect(), rows }))
    }
}

/// What it was or is, in the words of whatever changed.
fn said(kind: Option<Kind>, value: &Cell) -> Shown {
    let text = value.to_string();
    match (kind, State::parse(&text)) {
        (Some(Kind::RoleChanged), _) => label(value),
        (Some(Kind::Renamed | Kind::EmailChanged | Kind::BusinessRenamed), _) | (_, None) => {
            Shown::new(&text)
        }
        (_, Some(state)) => Shown::new(state.in_words()),
    }
}

fn label(role: &Cell) -> Shown {
    match role {
        Cell::Text(role) => Shown::new(role::label(role)),
        _ => Shown::default(),
    }
}

/// What was decided about the snapshot, and what is still to do.
pub(super) struct Reviews {
    pub(super) decided: usize,
    pub(super) counts: BTreeMap<String, usize>,
    /// Questions, and decisions that are not carried out: the role to change to, the outcome; name, e-mail,
    /// business, decision.
    pub(super) to_do: Listed<([Shown; 2], [Shown; 4])>,
}

const DECIDED: [usize; 5] =
    places(&[decisions::COLUMNS], ["change_to", "full_name", "email", "business_name", "decision"]);
const BECAME: [usize; 2] =
    places(&[decisions::COLUMNS, outcomes::COLUMNS], ["outcome", "outcome_snapshot_id"]);

impl Reviews {
    /// Nothing where none was recorded. A listing of some people says nothing about a whole review.
    pub(super) fn gather(view: &View) -> Result<Option<Self>> {
        if view.reviews.is_empty() || !view.options.people.is_empty() {
            return Ok(None);
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut to_do = Listed::new(MOST_BUSINESSES, command(view, "outcomes"));
        let row = |cells: &[Cell], outcome: &str| {
            let [change_to, row @ ..] = DECIDED.map(|at| &cells[at]);
            ([label(change_to), Shown::new(outcome)], row.map(Shown::from))
        };
        decisions::rows(view, &mut |cells| {
            let decision = cells[DECIDED[4]].to_string();
            if decision == Verdict::Ask.as_str() {
                to_do.push(|| row(cells, "not_answered"));
            }
            *counts.entry(decision).or_default() += 1;
            Ok(())
        })?;
        outcomes::rows(view, &mut |cells| {
            let [became, seen] = BECAME.map(|at| &cells[at]);
            let became = became.to_string();
            let told = if *seen == Cell::Empty { "not_read_since" } else { &became };
            if Outcome::parse(&became).is_some_and(Outcome::is_open) {
                to_do.push(|| row(cells, told));
            }
            Ok(())
        })?;
        Ok(Some(Reviews { decided: counts.values().sum(), counts, to_do }))
    }
}

pub(super) struct Everybody {
    /// Status; business id, class, name, e-mail, business, role, when it was added, why to review it.
    pub(super) rows: Listed<(State, [Shown; 8])>,
    /// Distinct accounts.
    pub(super) people: usize,
}

const PEOPLE: [usize; 10] = places(
    &[ACCESS, WHY_REVIEW],
    [
        "account_key",
        "state",
        "business_id",
        "role_class",
        "full_name",
        "email",
        "business_name",
        "role_label",
        "member_created_at",
        "why_review",
    ],
);

impl Everybody {
    pub(super) fn gather(view: &View) -> Result<Self> {
        let mut rows = Listed::new(MOST_PEOPLE, command(view, "access"));
        let mut people = HashSet::new();
        review::rows(view, &mut |cells| {
            let [key, state, row @ ..] = PEOPLE.map(|at| &cells[at]);
            people.insert(key.to_string());
            let state = State::parse(&state.to_string()).unwrap_or(State::Active);
            rows.push(|| (state, row.map(Shown::from)));
            Ok(())
        })?;
        Ok(Everybody { rows, people: people.len() })
    }
}
