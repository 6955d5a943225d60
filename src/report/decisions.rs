//! `decisions`: what reviewers decided about a snapshot, with the last decision about each row.
//!
//! Only one business at a time is kept in memory.

use std::collections::BTreeMap;

use super::columns::{Column, Type, column, role_column};
use super::shared;
use super::{Cell, Take, View};
use crate::error::Result;
use crate::model::rows::collate;
use crate::store::{Decision, Reader, Review};

/// A decision as it was recorded. The last one about its row is in force.
#[derive(Clone, Debug)]
pub(crate) struct Standing<'r> {
    pub(crate) review: &'r Review,
    pub(crate) decision: Decision,
}

impl Standing<'_> {
    /// Whether the decision is about one of the people that the view is limited to.
    pub(crate) fn is_of(&self, view: &View) -> bool {
        view.people.has(&self.decision.account_key)
    }
}

/// Passes on the decisions in force from reviews of one snapshot, given oldest first. They come
/// business by business, in the order of every report.
pub(crate) fn standing<'r>(
    reader: &Reader,
    reviews: &'r [Review],
    mut take: impl FnMut(i64, Vec<Standing<'r>>) -> Result<()>,
) -> Result<()> {
    every(reader, reviews, |business, decided| {
        take(business, decided.into_iter().filter_map(|mut of_row| of_row.pop()).collect())
    })
}

/// The same with those that were superseded: of each row all decisions, oldest first.
pub(crate) fn every<'r>(
    reader: &Reader,
    reviews: &'r [Review],
    mut take: impl FnMut(i64, Vec<Vec<Standing<'r>>>) -> Result<()>,
) -> Result<()> {
    let mut names: BTreeMap<i64, String> = BTreeMap::new();
    for review in reviews {
        names.extend(reader.decided_businesses(review.id)?);
    }
    let mut businesses: Vec<(i64, String)> = names.into_iter().collect();
    // The sort is stable, so businesses with equal names stay ordered by id.
    businesses.sort_by(|(_, a), (_, b)| collate(a, b));
    for (business, _) in businesses {
        let mut by_row: BTreeMap<String, Vec<Standing>> = BTreeMap::new();
        for review in reviews {
            for decision in reader.decisions(review.id, business)? {
                by_row.entry(decision.row_key.clone()).or_default().push(Standing { review, decision });
            }
        }
        let mut decided: Vec<Vec<Standing>> = by_row.into_values().collect();
        decided.sort_by(|a, b| in_order(&a[0].decision, &b[0].decision));
        take(business, decided)?;
    }
    Ok(())
}

fn in_order(a: &Decision, b: &Decision) -> std::cmp::Ordering {
    let by = |text: fn(&Decision) -> &str| collate(text(a), text(b));
    by(|decision| &decision.email)
        .then_with(|| by(|decision| &decision.account_key))
        .then_with(|| by(|decision| &decision.role))
        .then_with(|| by(|decision| &decision.row_key))
}

pub(crate) const COLUMNS: &[Column] = &[
    column("row_key", Type::Id, "Row key", "the row of the review sheet"),
    column("snapshot_id", Type::NumericId, "Snapshot", "the snapshot that was reviewed"),
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    shared::ACCOUNT_KEY,
    shared::FULL_NAME,
    column("email", Type::Text, "E-mail", "the person's address"),
    role_column(
        "role",
        Type::Text,
        "Role",
        "the role at the time of the review; in a workbook as FreshBooks' pages name it",
    ),
    column("state", Type::Word, "Status", "the status at the time of the review"),
    column("decision", Type::Word, "Decision", "keep, remove, change or ask"),
    role_column("change_to", Type::Id, "Change to", "the role to change to"),
    column("reviewer", Type::Text, "Reviewer", "who decided"),
    column("reviewer_email", Type::Text, "Reviewer e-mail", "the reviewer's address"),
    column("reviewed_at", Type::Date, "Reviewed on", "the day of the decision"),
    column("justification", Type::Text, "Reason", "why the access is right or wrong"),
    column("ticket", Type::Text, "Ticket", "the ticket in which the change was requested"),
    column(
        "findings",
        Type::Word,
        "Findings",
        "problems with the review itself, ;-joined: self_review, own_access_unreviewed, late, decided_within_a_minute",
    ),
    column("review_id", Type::NumericId, "Review", "the recorded review with this decision"),
    column("recorded_at", Type::Time, "Recorded (UTC)", "when that review was recorded"),
];

/// The columns of a decision that a spreadsheet shows first.
pub(super) const LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role",
    "state",
    "decision",
    "change_to",
    "justification",
    "reviewer",
    "reviewed_at",
    "ticket",
    "findings",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let mut seen = 0;
    standing(view.reader, &view.reviews, |_, decided| {
        decided.iter().filter(|standing| standing.is_of(view)).try_for_each(|standing| {
            view.look(&mut seen)?;
            take(&cells(standing))
        })
    })
}

pub(crate) fn cells<'a>(Standing { review, decision }: &'a Standing) -> Vec<Cell<'a>> {
    let text = |text: &'a str| if text.is_empty() { Cell::Empty } else { Cell::text(text) };
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
        text(decision.decision.as_str()),
        Cell::optional(decision.change_to.as_deref()),
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
