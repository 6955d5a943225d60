//! The reviews recorded for the snapshot, and what is still to do.

use std::collections::BTreeMap;

use super::shown::{Listed, Shown, spaced};
use super::{MOST_BUSINESSES, command};
use crate::error::Result;
use crate::model::marks::Verdict;
use crate::model::role;
use crate::report::columns::places;
use crate::report::outcomes::{self, Outcome};
use crate::report::{Cell, View, decisions};

pub(super) struct Reviews {
    pub(super) decided: usize,
    pub(super) rows: i64,
    /// How many were decided which way, in words.
    pub(super) counts: String,
    pub(super) to_do: Listed<ToDo>,
}

/// A question, or a decision that is not carried out.
pub(super) struct ToDo {
    pub(super) who: Shown,
    pub(super) business: Shown,
    pub(super) decision: Shown,
    pub(super) outcome: Shown,
}

const ASKED: [usize; 5] =
    places(&[decisions::COLUMNS], ["decision", "full_name", "email", "business_name", "change_to"]);
const BECAME: usize = places(&[decisions::COLUMNS, outcomes::COLUMNS], ["outcome"])[0];

impl Reviews {
    /// Nothing where none was recorded. A listing of some people says nothing about a whole review.
    pub(super) fn gather(view: &View) -> Result<Option<Self>> {
        if view.reviews.is_empty() || !view.options.people.is_empty() {
            return Ok(None);
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut to_do = Listed::new(MOST_BUSINESSES, command(view, "outcomes"));
        decisions::rows(view, &mut |cells| {
            let decision = cells[ASKED[0]].to_string();
            if decision == Verdict::Ask.as_str() {
                to_do.push(|| ToDo::of(cells, "Not answered"));
            }
            *counts.entry(decision).or_default() += 1;
            Ok(())
        })?;
        outcomes::rows(view, &mut |cells| {
            let became = cells[BECAME].to_string();
            if Outcome::parse(&became).is_some_and(Outcome::is_open) {
                to_do.push(|| ToDo::of(cells, &spaced(&became)));
            }
            Ok(())
        })?;
        let counted: Vec<String> = counts.iter().map(|(decision, n)| format!("{n} {decision}")).collect();
        Ok(Some(Reviews {
            decided: counts.values().sum(),
            rows: view.snapshot.memberships,
            counts: counted.join(", "),
            to_do,
        }))
    }
}

impl ToDo {
    fn of(cells: &[Cell], outcome: &str) -> Self {
        let [decision, name, email, business, change_to] = ASKED.map(|at| &cells[at]);
        let decision = match change_to {
            Cell::Text(role) => format!("change to {}", role::label(role)),
            _ => decision.to_string(),
        };
        ToDo {
            who: Shown::filled(name).unwrap_or_else(|| email.into()),
            business: business.into(),
            decision: Shown::new(&spaced(&decision)),
            outcome: Shown::new(outcome),
        }
    }
}
