//! What a manifest says of decisions that a later review replaced.

use serde::{Deserialize, Serialize};

use super::review::{FindingEntry, person};
use crate::model::role;
use crate::report::decisions::Standing;
use crate::store::Decision;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct ReplacedFindingEntry {
    pub(in crate::evidence) review_id: i64,
    #[serde(flatten)]
    pub(in crate::evidence) found: FindingEntry,
}

/// A decision that a later one about the same row replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct ChangedEntry {
    pub(in crate::evidence) person: String,
    pub(in crate::evidence) business: String,
    pub(in crate::evidence) from: DecidedEntry,
    pub(in crate::evidence) to: DecidedEntry,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct DecidedEntry {
    /// `keep`, `remove`, `change to …` or `ask`.
    pub(in crate::evidence) decision: String,
    pub(in crate::evidence) reviewer: String,
    pub(in crate::evidence) reviewed_at: String,
    pub(in crate::evidence) review_id: i64,
}

/// Where the decisions about one row, oldest first, differ from the one before.
pub(super) fn changes(of_row: &[Standing]) -> impl Iterator<Item = ChangedEntry> {
    of_row.windows(2).filter_map(|pair| {
        let [from, to] = [&pair[0], &pair[1]].map(DecidedEntry::of);
        let decision = &pair[1].decision;
        (from.decision != to.decision).then(|| ChangedEntry {
            person: person(&decision.full_name, &decision.email),
            business: decision.business_name.clone(),
            from,
            to,
        })
    })
}

impl DecidedEntry {
    fn of(Standing { review, decision }: &Standing) -> Self {
        DecidedEntry {
            decision: in_words(decision),
            reviewer: person(&decision.reviewer, &decision.reviewer_email),
            reviewed_at: decision.reviewed_at.clone(),
            review_id: review.id,
        }
    }
}

/// `remove`, or `change to …`.
pub(super) fn in_words(decision: &Decision) -> String {
    match &decision.change_to {
        Some(role) => format!("change to {}", role::label(role)),
        None => decision.decision.to_string(),
    }
}
