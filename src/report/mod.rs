//! Reports: what each one is called, its columns, where its rows come from.
//!
//! A report is described once ([`Report`]) and listed once ([`catalogue`]); a new one is one entry. Its
//! rows are handed on one by one, so that a format needs to know nothing of where they come from.
//! Column names are a contract: none is renamed, new ones come last.
//!
//! - [`columns`], [`shared`]: what a column is, and the columns of `access`, which most reports share.
//! - [`decisions`], [`outcomes`]: what reviewers decided, and what became of it ([`course`]); [`last_time`]: the same of
//!   an earlier review, for the reviewer's sheet.
//! - [`view`]: a snapshot, or some of it, as the reports see it; [`narrow`]: which people and which lines of
//!   the lists belong to it.
//! - [`access`], [`people`], [`roles`], [`coverage`], [`changes`], [`attention`], [`review`]: the rows;
//!   [`holdings`]: who holds what, for those of people.
//! - [`roster`], [`expected`]: lists that others keep; [`remarks`]: what they say of a row.
//! - [`history`], [`trend`], [`offboarding`]: the rows of reports over time; [`presence`]: since
//!   when and until when somebody is there.
//! - [`census`]: people and what they hold, as plain values; [`presets`], [`baton`]: files for other
//!   products, made from it.
//! - [`format`](mod@format): rows → a file, by [`csv`], [`jsonl`] or [`xlsx`]; [`table`]: rows → a terminal.
//! - [`summary`]: what the cover, the overview and the README all tell.
//! - [`overview`]: a page to look at, made of the other reports.

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
pub(crate) use format::{Lines, Style, write};
pub(crate) use presets::{ACCESSOWL, CONDUCTORONE, LUMOS, VANTA};
pub(crate) use roster::{Entry, Roster};
pub(crate) use table::Table;
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

/// As plain text, nothing for an empty one.
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

/// Writes a view as a page, and returns how many memberships that lists.
pub(crate) type Page = fn(&View, &mut dyn Write) -> Result<u64>;

/// Who takes the rows, one by one.
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

/// The reports that cannot be made of this view, and why.
pub(crate) fn not_made(view: &View) -> Vec<(&'static str, String)> {
    REPORTS.iter().filter_map(|report| Some((report.name, report.not_made(view)?))).collect()
}

/// Which snapshots the rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// The view's.
    One,
    /// That and the one that changes are told since.
    Earlier,
    /// Every one up to the view's.
    Past,
}

#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// One sentence: which rows.
    pub(crate) about: &'static str,
    /// Groups of columns, in order.
    pub(crate) columns: &'static [&'static [Column]],
    /// Whether a column for each business follows.
    pub(crate) per_business: bool,
    /// The columns whose values together name a row.
    pub(crate) key: &'static [&'static str],
    /// The columns that a spreadsheet shows first, the name last of those that stay in sight; the
    /// others follow, grouped and collapsed. Empty: as in every other format.
    pub(crate) lead: &'static [&'static str],
    pub(crate) needs: Needs,
    pub(crate) reads: Reads,
    pub(crate) rows: fn(&View, &mut Take) -> Result<()>,
    /// Writes it as a page, whatever the format, and returns how many memberships that lists. Its rows
    /// are never asked for.
    pub(crate) page: Option<Page>,
    /// What the file leaves out or says in other words, for whoever asked for it.
    pub(crate) remarks: fn(&View) -> Result<Vec<String>>,
}

impl Report {
    /// Whether people fill in some of its columns.
    pub(crate) fn is_filled_in(&self) -> bool {
        self.name == "review"
    }

    /// Whether its rows come from later snapshots as well.
    pub(crate) fn looks_ahead(&self) -> bool {
        matches!(self.name, "outcomes" | "overview")
    }

    /// Whether its rows come from other snapshots as well.
    pub(crate) fn looks_back(&self) -> bool {
        self.reads != Reads::One
    }

    /// The columns that every format but a spreadsheet has, without those of the businesses.
    pub(crate) fn fixed_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().copied().flatten().filter(|column| !column.sheet_only)
    }

    /// All columns of this view, those that a spreadsheet alone shows included.
    pub(crate) fn all_columns(&self, view: &View) -> Vec<Column> {
        self.columns_for(view.businesses.iter().map(|business| (business.id, business.name.as_str())))
    }

    /// The same, of a snapshot of which only the businesses are known, each with its id and name.
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

    /// What the name of its file ends with.
    pub(crate) fn extension(&self, style: Style) -> &'static str {
        if self.page.is_some() { "html" } else { style.format.extension() }
    }

    /// The names of the columns that a file of this format has.
    pub(crate) fn names<'b>(
        &self,
        format: Format,
        businesses: impl Iterator<Item = (i64, &'b str)>,
    ) -> Vec<String> {
        let columns = self.columns_for(businesses).into_iter();
        let shown = columns.filter(|column| format == Format::Xlsx || !column.sheet_only);
        shown.map(|column| column.name.into_owned()).collect()
    }

    /// Why the report cannot be made of this view.
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
