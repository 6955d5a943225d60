//! `review`: every membership, and room for a decision.

use super::attention::why_look;
use super::columns::DECISION;
use super::{Cell, Take, View, access};
use crate::error::Result;

/// The order for a reviewer.
pub(super) const LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role_label",
    "state",
    "why_look",
    "decision",
    "change_to",
    "justification",
    "reviewer",
    "reviewer_email",
    "reviewed_at",
    "ticket",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    view.access_rows(|row| {
        let mut cells = access::cells(view, row)?;
        cells.push(Cell::text(why_look(view, row)?));
        cells.extend(DECISION.iter().map(|_| Cell::Empty));
        take(&cells)
    })
}
