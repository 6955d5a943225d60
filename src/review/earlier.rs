//! A decision about a row that was decided before: the later one counts, and nobody overturns a decision
//! without being told.

use std::fmt;

use super::judge::Settled;
use super::{Day, Decision, Finding, Question, Reviewer, Verdict};
use crate::model::role;

/// A decision that was recorded and counts so far.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    pub(crate) review_id: i64,
    pub(crate) decision: Verdict,
    /// As in [`Decision`].
    pub(crate) change_to: String,
    pub(crate) reviewer: Reviewer,
    pub(crate) reviewed_at: Day,
}

/// The earlier decisions that these replace by another one. An open one is not replaced by a sheet that is
/// older than it: that would undo what is still to be done, by accident.
pub(super) fn replaced(question: &Question, settled: &[Settled]) -> (Vec<Finding>, Vec<Finding>) {
    let mut found = (Vec::new(), Vec::new());
    for Settled { place, asked, decision, .. } in settled {
        let Some(earlier) = question.earlier.get(&decision.row_key).filter(|one| one.differs(decision))
        else {
            continue;
        };
        let (to, on) = (in_words(decision.decision, &decision.change_to), decision.reviewed_at);
        let is_open = earlier.decision != Verdict::Keep;
        let finding = |what: String, fix: &str| Finding {
            place: Some(place.clone()),
            person: asked.person(),
            what,
            fix: fix.to_owned(),
        };
        match is_open && on < earlier.reviewed_at {
            true => found.0.push(finding(
                format!("`{to}` of {on} is older than the recorded decision {earlier}"),
                "leave out the older sheet, or correct the date",
            )),
            false => found.1.push(finding(format!("`{to}` replaces {earlier}"), "")),
        }
    }
    found
}

impl Earlier {
    fn differs(&self, decision: &Decision) -> bool {
        (self.decision, &self.change_to) != (decision.decision, &decision.change_to)
    }
}

/// "`remove` by Ann Ray on 2026-07-02 (review 1)".
impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Earlier { review_id, decision, change_to, reviewer, reviewed_at } = self;
        let from = in_words(*decision, change_to);
        write!(f, "`{from}` by {reviewer} on {reviewed_at} (review {review_id})")
    }
}

/// The decision, and the role to change to.
fn in_words(decision: Verdict, change_to: &str) -> String {
    match change_to {
        "" => decision.as_str().to_owned(),
        role => format!("{} to {}", decision.as_str(), role::label(role)),
    }
}
