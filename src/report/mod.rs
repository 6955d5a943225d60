//! Reports: their names, their columns, and where their rows come from.
//!
//! A report is described once ([`Report`]) and listed once ([`catalogue`]); a new one is one entry. Its
//! rows are passed on one by one, so a format does not need to know where they come from. Column names
//! are a contract: none is renamed, and new ones are added at the end.
//!
//! - [`columns`], [`shared`]: what a column is, and the columns of `access`, which most reports share.
//! - [`decisions`], [`outcomes`]: what reviewers decided, and what became of it ([`course`]);
//!   [`last_time`]: the same for an earlier review, for the review sheet.
//! - [`view`]: a snapshot, or part of it, as the reports see it; [`narrow`]: which people and which
//!   rows of the lists belong to it.
//! - [`access`], [`people`], [`roles`], [`coverage`], [`changes`], [`attention`], [`review`]: the rows;
//!   [`holdings`]: who has which role, for the reports about people.
//! - [`roster`], [`expected`]: lists that others keep; [`remarks`]: what they say about a row.
//! - [`history`], [`trend`], [`offboarding`]: reports over time; [`presence`]: since when and until
//!   when somebody has a membership.
//! - [`census`]: people and their roles as plain values; [`presets`], [`baton`]: files for other
//!   products, made from it.
//! - [`format`](mod@format): rows → a file, using [`csv`], [`jsonl`] or [`xlsx`]; [`table`]: rows → a
//!   terminal.
//! - [`summary`]: what the cover, the overview and README.txt have in common.
//! - [`overview`]: a page made from the other reports.

mod access;
mod attention;
pub(crate) mod baton;
mod catalogue;
mod census;
mod changes;
mod columns;
mod course;
mod coverage;
mod csv;
pub(crate) mod decisions;
mod expected;
mod format;
mod history;
mod holdings;
mod jsonl;
mod last_time;
pub(crate) mod left_out;
mod narrow;
mod offboarding;
pub(crate) mod outcomes;
mod overview;
mod people;
mod presence;
mod presets;
mod remarks;
mod review;
mod roles;
mod roster;
mod shared;
pub(crate) mod summary;
mod table;
mod trend;
mod view;
mod xlsx;

use std::borrow::Cow;
use std::io::Write;

pub(crate) use access::ROW_KEY;
pub(crate) use catalogue::{DIFF, REPORTS, WHO, find};
pub(crate) use changes::cells as change_cells;
pub(crate) use columns::{ACCESS as ACCESS_COLUMNS, Column, Type, column, in_words};
pub(crate) use expected::{Approval, Expected};
pub(crate) use format::{Lines, Style, Written, write, write_lines};
pub(crate) use presets::{ACCESSOWL, CONDUCTORONE, LUMOS, VANTA};
pub(crate) use roster::{Entry, Roster};
pub(crate) use table::{Table, picked, places};
pub(crate) use view::{Options, Scope, View};
pub(crate) use xlsx::LONGEST_CELL;

use crate::error::Result;
use crate::format::Format;
use crate::model::Status;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Integer(i64),
    Bool(bool),
}

impl<'a> Cell<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Cell::Text(text.into())
    }

    pub(crate) fn optional(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Empty, Cell::text)
    }

    pub(crate) fn count(value: Option<i64>) -> Self {
        value.map_or(Cell::Empty, Cell::Integer)
    }
}

/// As plain text; nothing for an empty cell.
impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::Text(text) => f.write_str(text),
            Cell::Integer(value) => write!(f, "{value}"),
            Cell::Bool(value) => write!(f, "{value}"),
        }
    }
}

/// Writes a view as a page and returns the number of memberships on it.
pub(crate) type Page = fn(&View, &mut dyn Write) -> Result<u64>;

/// Receives the rows one by one.
pub(crate) type Take<'t> = dyn FnMut(&[Cell]) -> Result<()> + 't;

/// What a report needs beyond a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    OwnDomain,
    People,
    EarlierSnapshot,
    CompleteSnapshot,
    Review,
}

/// The reports that cannot be made from this view, and why.
pub(crate) fn not_made(view: &View) -> Vec<(&'static str, String)> {
    REPORTS.iter().filter_map(|report| Some((report.name, report.not_made(view)?))).collect()
}

/// Which snapshots the rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Only the view's.
    One,
    /// The view's and the earlier one that it is compared with.
    Earlier,
    /// All snapshots up to the view's.
    Past,
}

#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// One sentence that says which rows.
    pub(crate) about: &'static str,
    /// Groups of columns, in order.
    pub(crate) columns: &'static [&'static [Column]],
    /// Whether one column per business follows.
    pub(crate) per_business: bool,
    /// The columns that together identify a row.
    pub(crate) key: &'static [&'static str],
    /// The columns that a spreadsheet shows first; the last of those that stay visible is the name. The
    /// others follow, grouped and collapsed. If empty, the order is the same as in the other formats.
    pub(crate) lead: &'static [&'static str],
    /// The columns that a terminal shows, if none are chosen.
    pub(crate) glance: &'static [&'static str],
    pub(crate) needs: Needs,
    pub(crate) reads: Reads,
    pub(crate) rows: fn(&View, &mut Take) -> Result<()>,
    /// Writes the report as a page, whatever the format, and returns the number of memberships on it.
    /// No rows are used.
    pub(crate) page: Option<Page>,
    /// What the file leaves out or changes, as messages for the user.
    pub(crate) remarks: fn(&View) -> Result<Vec<String>>,
}

impl Report {
    /// Whether people fill in some of its columns.
    pub(crate) fn is_filled_in(&self) -> bool {
        self.name == "review"
    }

    /// Whether its rows also come from later snapshots.
    pub(crate) fn looks_ahead(&self) -> bool {
        matches!(self.name, "outcomes" | "overview")
    }

    /// Whether its rows also come from other snapshots.
    pub(crate) fn looks_back(&self) -> bool {
        self.reads != Reads::One
    }

    /// The columns that all formats have, without those for businesses.
    pub(crate) fn fixed_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().copied().flatten().filter(|column| !column.sheet_only)
    }

    /// All columns for this view, including those only in a spreadsheet.
    pub(crate) fn all_columns(&self, view: &View) -> Vec<Column> {
        self.columns_for(view.businesses.iter().map(|business| (business.id, business.name.as_str())))
    }

    /// The same for a snapshot of which only the ids and names of the businesses are known.
    fn columns_for<'b>(&self, businesses: impl Iterator<Item = (i64, &'b str)>) -> Vec<Column> {
        let of_business = businesses.filter(|_| self.per_business).map(|(id, name)| Column {
            name: format!("{id} {name}").into(),
            kind: Type::Text,
            heading: format!("{name} ({id})").into(),
            meaning: "the person's roles in this business; not active ones are marked".into(),
            sheet_only: false,
            is_role: false,
        });
        self.columns.iter().copied().flatten().cloned().chain(of_business).collect()
    }

    /// The extension of its file name.
    pub(crate) fn extension(&self, style: Style) -> &'static str {
        if self.page.is_some() { "html" } else { style.format.extension() }
    }

    /// The names of the columns in a file of this format.
    pub(crate) fn names<'b>(
        &self,
        format: Format,
        businesses: impl Iterator<Item = (i64, &'b str)>,
    ) -> Vec<String> {
        let columns = self.columns_for(businesses).into_iter();
        let shown = columns.filter(|column| format == Format::Xlsx || !column.sheet_only);
        shown.map(|column| column.name.into_owned()).collect()
    }

    /// Why the report cannot be made from this view, if so.
    pub(crate) fn not_made(&self, view: &View) -> Option<String> {
        match self.needs {
            Needs::OwnDomain if view.options.own_domains.is_empty() => {
                Some("--own-domain was not given".to_owned())
            }
            Needs::People if view.options.people.is_empty() => Some("--people was not given".to_owned()),
            Needs::EarlierSnapshot if view.earlier.is_none() => {
                Some("there is no earlier complete snapshot".to_owned())
            }
            Needs::CompleteSnapshot if view.past.iter().all(|past| past.status != Status::Complete) => {
                Some("there is no complete snapshot".to_owned())
            }
            Needs::Review if view.reviews.is_empty() => {
                Some("no review of this snapshot was recorded".to_owned())
            }
            _ => None,
        }
    }
}
