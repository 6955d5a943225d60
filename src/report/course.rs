//! What became of one decision to remove or change access, followed from snapshot to snapshot.

use crate::diff::{Fate, Row};
use crate::model::marks::State;
use crate::model::words::words;
use crate::store::Decision;

words! {
    /// What became of a row that was to be removed or changed.
    Outcome {
        Gone = "gone",
        /// Switched off.
        Inactive = "inactive",
        /// Changed as decided.
        Changed = "changed",
        ChangedOtherwise = "changed_otherwise",
        StillThere = "still_there",
        /// It was gone or switched off, and the person has access again.
        BackAgain = "back_again",
        /// The business's list has not been readable since.
        CannotTell = "cannot_tell",
    }
}

impl Outcome {
    /// Whether somebody still has to act or check.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Outcome::StillThere | Outcome::BackAgain | Outcome::CannotTell)
    }
}

/// What is known about a decision's row, updated snapshot by snapshot.
#[derive(Default)]
pub(super) struct Course {
    /// The role and state last seen.
    pub(super) role: Option<String>,
    pub(super) state: Option<State>,
    reviewed_role: String,
    change_to: Option<String>,
    was_gone: bool,
    /// The outcome, and the snapshot that first shows it.
    current: Option<(Outcome, usize)>,
}

impl Course {
    pub(super) fn of(decision: &Decision) -> Self {
        let Decision { change_to, role, .. } = decision.clone();
        Course { change_to, reviewed_role: role, ..Course::default() }
    }

    pub(super) fn meet(&mut self, at: usize, fate: &Fate) {
        let outcome = match fate {
            Fate::Gone => Outcome::Gone,
            // An unreadable list leaves the last outcome in place; it matters only if it comes first.
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

    /// If nothing has been seen since, the row counts as still there.
    pub(super) fn outcome(&self) -> (Outcome, Option<usize>) {
        match self.current {
            Some((outcome, at)) => (outcome, Some(at)),
            None => (Outcome::StillThere, None),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::keys::AccountKey;
    use crate::model::marks::{Sources, Verdict};

    pub(in crate::report) fn decision(verdict: Verdict, change_to: Option<&str>) -> Decision {
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

    /// One word per snapshot: `-` gone, `?` not read, otherwise the role, with `!` if it is switched
    /// off and `+` if the person was invited again.
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
    fn what_is_open() {
        let open: Vec<&Outcome> = Outcome::ALL.iter().filter(|outcome| outcome.is_open()).collect();
        assert_eq!(open, [&Outcome::StillThere, &Outcome::BackAgain, &Outcome::CannotTell]);
    }
}
