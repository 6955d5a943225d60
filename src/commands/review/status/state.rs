//! The state of the review of one snapshot.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::super::asked;
use crate::error::Result;
use crate::model::Status;
use crate::model::marks::Verdict;
use crate::report::decisions::{self, Standing, standing};
use crate::report::outcomes::{self, Followed, follow};
use crate::report::{Cell, Column};
use crate::review::Asked;
use crate::store::{Decision, Horizon, Reader, Review, Snapshot};

pub(super) struct State<'r> {
    pub(super) snapshot: &'r Snapshot,
    pub(super) decided: usize,
    pub(super) by_verdict: BTreeMap<Verdict, usize>,
    pub(super) by_reviewer: BTreeMap<String, usize>,
    /// The decisions to remove or change access.
    pub(super) followed: Vec<Followed<'r>>,
    /// The rows that a reviewer had a question about.
    pub(super) asked: Vec<Standing<'r>>,
    pub(super) undecided: usize,
    /// Only what the snapshot still contains.
    pub(super) undecided_rows: Vec<Asked>,
}

impl<'r> State<'r> {
    pub(super) fn of(
        reader: &Reader,
        snapshot: &'r Snapshot,
        reviews: &'r [Review],
        horizon: Horizon,
    ) -> Result<Self> {
        let (mut by_verdict, mut by_reviewer) = (BTreeMap::new(), BTreeMap::new());
        let (mut known, mut asked) = (HashSet::new(), Vec::new());
        standing(reader, reviews, |_, decided| {
            for standing in decided {
                let decision = &standing.decision;
                *by_verdict.entry(decision.decision).or_default() += 1;
                *by_reviewer.entry(reviewer(decision)).or_default() += 1;
                known.insert(decision.row_key.clone());
                if decision.decision == Verdict::Ask {
                    asked.push(standing);
                }
            }
            Ok(())
        })?;
        let rows = usize::try_from(snapshot.memberships).unwrap_or_default();
        let undecided = rows.saturating_sub(known.len());
        let undecided_rows = match snapshot.status {
            Status::Pruned => Vec::new(),
            _ if undecided == 0 => Vec::new(),
            _ => asked::rows(reader, snapshot, |row_key| !known.contains(row_key))?,
        };
        Ok(State {
            snapshot,
            decided: known.len(),
            by_verdict,
            by_reviewer,
            followed: follow(reader, snapshot, reviews, horizon.snapshot)?,
            asked,
            undecided,
            undecided_rows,
        })
    }

    /// How many rows still need a decision, an action or a check.
    pub(super) fn open(&self) -> usize {
        let followed = self.followed.iter().filter(|followed| followed.outcome.is_open()).count();
        self.undecided + self.asked.len() + followed
    }

    /// The rows, in the columns of `outcomes`.
    pub(super) fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        let followed = self.followed.iter().map(|followed| outcomes::cells(followed, self.snapshot));
        let asked = self.asked.iter().map(decisions::cells);
        let rest = asked.chain(self.undecided_rows.iter().map(undecided_cells));
        followed.chain(rest.map(|mut cells| {
            cells.resize(decisions::COLUMNS.len() + outcomes::COLUMNS.len(), Cell::Empty);
            cells
        }))
    }

    pub(super) fn as_json(&self) -> Value {
        let outcome = |followed: &Followed| {
            let decision = &followed.standing.decision;
            json!({
                "row_key": decision.row_key, "decision": decision.decision.as_str(), "change_to": decision.change_to,
                "outcome": followed.outcome.as_str(), "reviewed_snapshot_id": self.snapshot.id,
                "outcome_snapshot_id": followed.seen.as_ref().map(|seen| seen.id), "days": followed.days(self.snapshot),
            })
        };
        let by_decision: BTreeMap<&str, usize> =
            Verdict::ALL.iter().map(|verdict| (verdict.as_str(), self.count(*verdict))).collect();
        let asked: Vec<&str> = self.asked.iter().map(|standing| standing.decision.row_key.as_str()).collect();
        let undecided: Vec<&str> = self.undecided_rows.iter().map(|row| row.get("row_key")).collect();
        json!({
            "snapshot": self.snapshot.id, "finished_at": self.snapshot.finished_at.to_string(),
            "memberships": self.snapshot.memberships, "decided": self.decided, "undecided": self.undecided,
            "by_decision": by_decision, "by_reviewer": self.by_reviewer, "open": self.open(),
            "outcomes": self.followed.iter().map(outcome).collect::<Vec<_>>(),
            "asked_rows": asked, "undecided_rows": undecided,
        })
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.by_verdict.get(&verdict).copied().unwrap_or_default()
    }
}

/// The cells that a decision about the row would have.
fn undecided_cells(row: &Asked) -> Vec<Cell<'_>> {
    let cell = |column: &Column| Cell::optional(Some(row.get(&column.name)).filter(|text| !text.is_empty()));
    decisions::COLUMNS.iter().map(cell).collect()
}

fn reviewer(decision: &Decision) -> String {
    match decision.reviewer.as_str() {
        "" => decision.reviewer_email.clone(),
        name => name.to_owned(),
    }
}
