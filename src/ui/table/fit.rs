//! Which columns a table shows, and how wide.
//!
//! If there is too little room, optional columns are dropped first, then others until the rest is
//! readable, and finally cells are cut, as few as possible.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr as _;

use super::{BETWEEN, Column, Yields};

/// A heading over cells that stay whole shows so much where it is cut.
const LEAST_HEADING: usize = 7;

/// A term that is no longer than this stays whole: "Unassigned (no login)" does, an address does not.
const LONGEST_TERM: usize = 32;

/// A column that is shown, and its width. Widths are in terminal columns: a Chinese character takes
/// two, a combining accent none.
pub(super) struct Shown {
    pub(super) at: usize,
    pub(super) width: usize,
    /// Whether a cell that is wider than those measured is printed whole all the same.
    pub(super) spills: bool,
    least: usize,
    rank: u8,
    /// Of its cells, each counted once, the widest last.
    widths: Vec<usize>,
}

impl Shown {
    fn new(at: usize, column: &Column, rows: &[Vec<String>]) -> Self {
        let cells = || rows.iter().skip(1).map(|row| row[at].width());
        // A business that is there in every row is as easily told when it is cut as one that is there once.
        let distinct: BTreeSet<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        let mut widths: Vec<usize> = distinct.iter().map(|cell| cell.width()).collect();
        widths.sort_unstable();
        let width = widths.last().copied().unwrap_or_default();
        let least = match column.yields {
            Yields::Heading => cells().max().unwrap_or_default().max(width.min(LEAST_HEADING)),
            Yields::LongCells => {
                let terms = cells().filter(|cell| *cell <= LONGEST_TERM);
                terms.max().unwrap_or_default().max(width.min(column.least))
            }
            Yields::Cells | Yields::Everything => width.min(column.least),
        };
        let spills = column.yields == Yields::Heading;
        Shown { at, width, spills, least, rank: column.rank, widths }
    }

    /// How many different cells are cut once it is a place narrower.
    fn cost(&self) -> usize {
        self.widths.len() - self.widths.partition_point(|width| *width < self.width)
    }
}

pub(super) fn fitted(columns: &[Column], rows: &[Vec<String>], room: Option<usize>) -> Vec<Shown> {
    let mut all: Vec<Shown> =
        columns.iter().enumerate().map(|(at, column)| Shown::new(at, column, rows)).collect();
    let Some(room) = room.filter(|room| total(&all, |one| one.width) > *room) else { return all };
    let says_something = |at: usize| rows.len() == 1 || rows[1..].iter().any(|row| !row[at].is_empty());
    all.retain(|one| columns[one.at].yields != Yields::Everything && says_something(one.at));
    leave_out(&mut all, room);
    shrink(&mut all, room);
    all
}

fn total(shown: &[Shown], width: fn(&Shown) -> usize) -> usize {
    shown.iter().map(width).sum::<usize>() + BETWEEN * shown.len().saturating_sub(1)
}

/// Drops columns until the others are readable; at least one remains.
fn leave_out(shown: &mut Vec<Shown>, room: usize) {
    while shown.len() > 1 && total(shown, |one| one.least) > room {
        let last = shown.iter().enumerate().max_by_key(|(_, one)| one.rank);
        let Some((place, _)) = last else { return };
        shown.remove(place);
    }
    if let [only] = shown.as_mut_slice()
        && only.least > room
    {
        (only.least, only.spills) = (room, false);
    }
}

/// Narrows the columns step by step where the fewest cells are cut: one long name is cut before a
/// column of short ones is.
fn shrink(shown: &mut [Shown], room: usize) {
    for _ in room..total(shown, |one| one.width) {
        let can = shown.iter_mut().filter(|one| one.width > one.least);
        if let Some(one) = can.min_by_key(|one| (one.cost(), Reverse(one.width))) {
            one.width -= 1;
        }
    }
}
