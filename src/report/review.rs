//! `review`: every membership, what to look at first, and space for a decision. No decision is ever
//! filled in.
//!
//! Rows with a reason to look at them come first, then those that changed, then the others. The listing
//! is read once for each of these groups, and one byte per row is kept in memory.

use super::columns::DECISION;
use super::last_time::LastTime;
use super::{Cell, Take, View, access, attention};
use crate::error::Result;
use crate::store::AccessRow;

/// The column order for a reviewer.
pub(super) const LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role_label",
    "state",
    "why_review",
    "decision",
    "change_to",
    "justification",
    "reviewer",
    "reviewer_email",
    "reviewed_at",
    "ticket",
];

/// The group of rows that a row belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    Reason,
    Change,
    Rest,
}

/// Why a row should be looked at, in words, and its group.
struct Why {
    rank: Rank,
    words: Vec<String>,
}

impl Why {
    fn of(view: &View, last_time: &LastTime, row: &AccessRow) -> Result<Self> {
        let mut words = attention::in_short(view, row)?;
        words.extend(last_time.left_over(row)?.map(str::to_owned));
        let reasons = words.len();
        words.extend(last_time.what_changed(row)?);
        let rank = match words.len() {
            0 => Rank::Rest,
            _ if reasons == 0 => Rank::Change,
            _ => Rank::Reason,
        };
        words.extend(attention::unanswered(view, row)?.map(str::to_owned));
        Ok(Why { rank, words })
    }
}

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let last_time = LastTime::of(view)?;
    let mut ranks = Vec::new();
    view.access_rows(|row| {
        let why = Why::of(view, &last_time, row)?;
        ranks.push(why.rank);
        if why.rank == Rank::Reason { take(&cells(view, &last_time, row, &why)?) } else { Ok(()) }
    })?;
    for rank in [Rank::Change, Rank::Rest] {
        if !ranks.contains(&rank) {
            continue;
        }
        let mut known = ranks.iter();
        view.access_rows(|row| match known.next() == Some(&rank) {
            true => take(&cells(view, &last_time, row, &Why::of(view, &last_time, row)?)?),
            false => Ok(()),
        })?;
    }
    Ok(())
}

fn cells<'a>(view: &View, last_time: &'a LastTime, row: &'a AccessRow, why: &Why) -> Result<Vec<Cell<'a>>> {
    let mut cells = access::cells(view, row)?;
    cells.push(Cell::text(why.words.join("; ")));
    cells.extend(DECISION.iter().map(|_| Cell::Empty));
    cells.extend(last_time.cells(row)?);
    Ok(cells)
}
