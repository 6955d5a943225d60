//! Rows for a person at a terminal: the columns that answer the report's question, or those that were
//! chosen; times as days, terms in words.

use std::collections::HashMap;

use super::{Cell, Column, Report, Type, in_words};
use crate::error::{Error, Kind, Result};
use crate::model::role;
use crate::ui::{self, Ui};

/// The columns that leave last where there is too little room, the first of them last of all.
const KEPT_LONGEST: [&str; 17] = [
    "full_name",
    "role_label",
    "role",
    "decision",
    "outcome",
    "severity",
    "change",
    "seen",
    "business_name",
    "reason",
    "why_review",
    "change_to",
    "after",
    "before",
    "email",
    "state",
    "flags",
];

/// Terms that a report has as text, since FreshBooks may have any.
const TERMS: [&str; 5] = ["role", "role_label", "before", "after", "change_to"];

/// As much as a person has to see of a name, an address and another text before all columns are shown.
const LEAST: [(&str, usize); 2] = [("full_name", 16), ("email", 20)];
const LEAST_TEXT: usize = 12;

/// Where the columns lie that were chosen by name; all of them if none was.
pub(crate) fn places(columns: &[Column], names: &[String]) -> Result<Vec<usize>> {
    if names.is_empty() {
        return Ok((0..columns.len()).collect());
    }
    let known: HashMap<&str, usize> =
        columns.iter().zip(0..).map(|(column, at)| (&*column.name, at)).collect();
    let place = |name: &String| {
        known.get(name.as_str()).copied().ok_or_else(|| {
            let all: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
            Error::new(Kind::Usage, format!("there is no column `{name}`"))
                .hint(format!("--columns takes any of: {}", all.join(", ")))
        })
    };
    let mut places = Vec::new();
    for name in names {
        let at = place(name)?;
        if !places.contains(&at) {
            places.push(at);
        }
    }
    Ok(places)
}

/// The cells of a row that lie at these places.
pub(crate) fn picked<'c>(cells: &[Cell<'c>], places: &[usize]) -> Vec<Cell<'c>> {
    places.iter().map(|at| cells[*at].clone()).collect()
}

pub(crate) struct Table {
    /// Where each column lies in a row, and how it is shown.
    shown: Vec<(usize, As)>,
    printed: ui::Table,
}

/// How a cell is shown.
#[derive(Clone, Copy)]
enum As {
    Itself,
    Day,
    Words,
    /// As FreshBooks' own pages call it.
    Role,
}

impl Table {
    /// The columns at a glance, or those that are named.
    pub(crate) fn begin(ui: &Ui, report: &Report, columns: &[Column], names: &[String]) -> Result<Self> {
        let fixed: usize = report.columns.iter().map(|group| group.len()).sum();
        let places = match names {
            [] => {
                let glance = report.glance.iter();
                let lead = glance.filter_map(|name| columns.iter().position(|column| column.name == *name));
                // Those of the businesses come last.
                lead.chain(fixed.min(columns.len())..columns.len()).collect()
            }
            names => places(columns, names)?,
        };
        let heads =
            (0..).zip(&places).map(|(place, at)| of_screen(&columns[*at], place, *at >= fixed)).collect();
        let shown = places.iter().map(|at| (*at, shown_as(&columns[*at], names.is_empty()))).collect();
        Ok(Table { shown, printed: ui.begin_table(heads) })
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let shown = self.shown.iter().map(|(at, shown_as)| {
            let text = match &cells[*at] {
                Cell::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
                cell => cell.to_string(),
            };
            match shown_as {
                As::Itself => text,
                As::Day => text.chars().take("2026-06-30".len()).collect(),
                As::Words => in_words(&text),
                As::Role if text.is_empty() => text,
                As::Role => role::label(&text).to_owned(),
            }
        });
        self.printed.row(shown.collect())
    }

    /// Ends the table and tells how many of the columns there was room for.
    pub(crate) fn finish(self) -> Result<usize> {
        self.printed.finish()
    }
}

/// Who chooses a column gets what it holds; at a glance, a day and a word are enough.
fn shown_as(column: &Column, at_a_glance: bool) -> As {
    match column.kind {
        _ if !at_a_glance => As::Itself,
        Type::Time => As::Day,
        Type::Word => As::Words,
        Type::Text if TERMS.contains(&&*column.name) => As::Role,
        _ => As::Itself,
    }
}

/// A column as a terminal shows it, the `place`th of them.
fn of_screen(column: &Column, place: usize, of_business: bool) -> ui::Column {
    let name = &*column.name;
    let rank = KEPT_LONGEST.iter().position(|known| *known == name).unwrap_or(KEPT_LONGEST.len() + place);
    let rank = u8::try_from(rank).unwrap_or(u8::MAX);
    let heading = [" (UTC)", " (raw)"]
        .iter()
        .fold(&*column.heading, |heading, unsaid| heading.strip_suffix(unsaid).unwrap_or(heading));
    // A business is called as it is called.
    let heading = if of_business { heading.to_owned() } else { heading.to_lowercase() };
    let least = LEAST.iter().find(|(known, _)| *known == name).map_or(LEAST_TEXT, |(_, least)| *least);
    let made = match column.kind {
        _ if of_business => ui::Column::term,
        Type::Word if name != "flags" => ui::Column::term,
        Type::Text | Type::Id | Type::Word => ui::Column::cut,
        _ => ui::Column::whole,
    };
    made("", rank).at_least(least).headed(heading)
}

#[cfg(test)]
mod tests {
    use super::super::columns::ACCESS;
    use super::super::{REPORTS, WHO};
    use super::*;

    #[test]
    fn every_table_has_columns_that_are_there() {
        for report in REPORTS.iter().chain([&WHO]).filter(|report| report.page.is_none()) {
            let names = report.glance;
            let known: Vec<&str> =
                report.columns.iter().copied().flatten().map(|column| &*column.name).collect();
            assert!(!names.is_empty(), "{}", report.name);
            assert!(names.iter().all(|name| known.contains(name)), "{}: {names:?}", report.name);
        }
    }

    #[test]
    fn columns_are_chosen_by_name_and_an_unknown_one_lists_what_there_is() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(places(ACCESS, &names(&["email", "row_key", "email"])).expect("known"), [12, 0]);
        let problem = places(ACCESS, &names(&["email", "e-mail"])).expect_err("an unknown one");
        assert_eq!((problem.kind(), problem.message()), (Kind::Usage, "there is no column `e-mail`"));
        assert!(problem.hint_text().is_some_and(|hint| hint.contains("full_name, first_name")));
    }
}
