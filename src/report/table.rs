//! Rows for a person at a terminal: the columns that a spreadsheet shows first, and times as days.

use std::borrow::Cow;

use super::{Cell, Report, Type, in_words};
use crate::ui;

pub(crate) struct Table {
    /// The index and type of each column shown.
    shown: Vec<(usize, Type)>,
    pub(crate) columns: Vec<ui::Column>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn of(report: &Report) -> Self {
        let mut table = Table { shown: Vec::new(), columns: Vec::new(), rows: Vec::new() };
        for (rank, name) in (0..).zip(report.lead) {
            let found = report.fixed_columns().enumerate().find(|(_, column)| column.name == *name);
            let Some((at, column)) = found else { continue };
            let Cow::Borrowed(heading) = column.heading else { continue };
            let heading = heading.strip_suffix(" (UTC)").unwrap_or(heading);
            table.shown.push((at, column.kind));
            // Less important columns come later and are dropped first.
            table.columns.push(match column.kind {
                Type::Text => ui::Column::cut(heading, rank),
                _ => ui::Column::whole(heading, rank),
            });
        }
        table
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) {
        let shown = self.shown.iter().map(|(at, kind)| match kind {
            Type::Time => cells[*at].to_string().chars().take("2026-06-30".len()).collect(),
            Type::Word => in_words(&cells[*at].to_string()),
            _ => cells[*at].to_string(),
        });
        self.rows.push(shown.collect());
    }
}
