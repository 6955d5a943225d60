//! The changes as they are printed: for programs in full, for a person at a terminal in words.

use crate::app::App;
use crate::cli::DiffFormat;
use crate::diff::Kind as Change;
use crate::error::Result;
use crate::model::role;
use crate::report::{self, Cell, DIFF, Lines, Style, change_cells};
use crate::store::Located;
use crate::ui::{Column, Data};

pub(super) enum Output<'c> {
    /// For a person, at a terminal or not, which makes the columns.
    Table {
        at_terminal: bool,
        rows: Vec<Vec<String>>,
    },
    Lines(Lines<'c, Data>),
}

/// What a person reads, of the columns.
const IN_FULL: [&str; 8] =
    ["change", "business_name", "email", "full_name", "role", "before", "after", "note"];

/// The same for eyes that have one line a change, in which the role and what became of it stay whole.
const AT_TERMINAL: [Column; 7] = [
    Column::whole("change", 0),
    Column::cut("business", 2),
    Column::cut("who", 1),
    Column::spare("email"),
    Column::term("role", 4),
    Column::term("before → after", 3),
    Column::cut("note", 5),
];

impl Output<'static> {
    pub(super) fn begin(app: &App, format: DiffFormat) -> Result<Self> {
        let data = || app.ui.data();
        Ok(match format {
            DiffFormat::Table => Output::Table { at_terminal: app.ui.width.is_some(), rows: Vec::new() },
            DiffFormat::Csv => {
                let style = Style { printable: app.ui.width.is_some(), ..Style::default() };
                Output::Lines(Lines::csv(&DIFF, columns(), style, data())?)
            }
            DiffFormat::Jsonl => Output::Lines(Lines::jsonl(columns(), data())),
            DiffFormat::Json => Output::Lines(Lines::json(columns(), data())),
        })
    }

    pub(super) fn row(&mut self, located: &Located) -> Result<()> {
        match self {
            Output::Table { at_terminal: true, rows } => rows.push(in_words(located)),
            Output::Table { at_terminal: false, rows } => rows.push(in_full(&change_cells(located))),
            Output::Lines(lines) => lines.row(&change_cells(located))?,
        }
        Ok(())
    }

    pub(super) fn end(self, app: &App) -> Result<()> {
        match self {
            Output::Table { rows, .. } if rows.is_empty() => Ok(()),
            Output::Table { at_terminal: true, rows } => app.ui.table(&AT_TERMINAL, &rows),
            Output::Table { at_terminal: false, rows } => {
                app.ui.table(&IN_FULL.map(|heading| Column::cut(heading, 0)), &rows)
            }
            Output::Lines(lines) => {
                let changed = lines.finish()?.len();
                if changed > 0 {
                    app.ui.note(format_args!("{changed} cells begin like a formula and got a ' in front"));
                }
                Ok(())
            }
        }
    }
}

fn columns() -> Vec<&'static report::Column> {
    DIFF.fixed_columns().collect()
}

fn in_full(cells: &[Cell]) -> Vec<String> {
    let at = |name: &str| DIFF.fixed_columns().position(|column| column.name == name);
    IN_FULL.iter().filter_map(|name| cells.get(at(name)?)).map(Cell::to_string).collect()
}

/// Roles are called as on FreshBooks' own pages: that is shorter, and what the person has seen there.
fn in_words(located: &Located) -> Vec<String> {
    let change = &located.change;
    let (who, email, role) = match change.row() {
        Some(row) if row.full_name.is_empty() => (row.email.as_str(), "", role::label(&row.role)),
        Some(row) => (row.full_name.as_str(), row.email.as_str(), role::label(&row.role)),
        None => ("", "", ""),
    };
    let said = |value: Option<&'_ str>| match change.kind {
        Change::RoleChanged => value.map(role::label).unwrap_or_default().to_owned(),
        _ => value.unwrap_or_default().to_owned(),
    };
    let (before, after) = located.values();
    let turned = match (said(before), said(after)) {
        (before, after) if before.is_empty() && after.is_empty() => String::new(),
        (before, after) => format!("{before} → {after}").trim().to_owned(),
    };
    let note = located.note.as_deref().unwrap_or_default();
    [change.kind.as_str(), &located.business_name, who, email, role, &turned, note]
        .map(str::to_owned)
        .to_vec()
}
