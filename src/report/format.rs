//! Writes one report to one file in any format, and keeps track of changes to the data.

use std::io::Write;

use super::csv::Csv;
use super::jsonl::{JsonArray, JsonLines};
use super::table::picked;
use super::xlsx::Workbook;
use super::{Cell, Column, Report, View};
use crate::error::{Error, Kind, Result};
use crate::format::{Format, Guard};

/// How rows are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    pub(crate) format: Format,
    pub(crate) guard: Guard,
    /// Whether to write a byte order mark, without which some spreadsheets do not recognize UTF-8.
    pub(crate) bom: bool,
    /// Whether the other reports are in the same folder: a workbook then says which of them were not
    /// made.
    pub(crate) in_folder: bool,
    /// For a terminal: makes every cell printable on one line.
    pub(crate) printable: bool,
}

/// What a file contains, and where it differs from the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<String>,
    /// Cells that a spreadsheet would have run as a formula, each as `row key/column`.
    pub(crate) changed: Vec<String>,
    /// Cells that are too long for a spreadsheet, named the same way.
    pub(crate) cut: Vec<String>,
}

/// Writes the report, which must be one that can be made from the view.
pub(crate) fn write(report: &Report, view: &View, style: Style, out: &mut dyn Write) -> Result<Written> {
    if let Some(page) = report.page {
        return Ok(Written { rows: page(view, out)?, ..Written::default() });
    }
    let all = report.all_columns(view);
    if style.format != Format::Xlsx {
        let shown: Vec<usize> = (0..all.len()).filter(|at| !all[*at].sheet_only).collect();
        return write_lines(report, view, style, &all, &shown, out);
    }
    let mut written =
        Written { columns: all.iter().map(|column| column.name.to_string()).collect(), ..Written::default() };
    let mut workbook = Workbook::begin(report, view, style, &all)?;
    (report.rows)(view, &mut |cells| {
        written.rows += 1;
        workbook.row(cells)
    })?;
    written.cut = workbook.finish(out)?;
    Ok(written)
}

/// Writes the columns that lie at these places of `all`, in this order, as CSV or JSON Lines.
pub(crate) fn write_lines(
    report: &Report,
    view: &View,
    style: Style,
    all: &[Column],
    shown: &[usize],
    out: &mut dyn Write,
) -> Result<Written> {
    let columns: Vec<&Column> = shown.iter().map(|at| &all[*at]).collect();
    let mut written = Written {
        columns: columns.iter().map(|column| column.name.to_string()).collect(),
        ..Written::default()
    };
    let everything = shown.iter().copied().eq(0..all.len());
    let mut lines = match style.format {
        Format::Jsonl => Lines::jsonl(columns, out),
        Format::Csv | Format::Xlsx => Lines::csv(report, columns, style, out)?,
    };
    (report.rows)(view, &mut |cells| {
        written.rows += 1;
        if everything {
            return lines.row(cells);
        }
        lines.row(&picked(cells, shown))
    })?;
    written.changed = lines.finish()?;
    Ok(written)
}

/// Rows as lines of text: CSV, JSON Lines or one JSON array. Rows of a view go through [`write`];
/// others are passed in one by one.
pub(crate) enum Lines<'a, W: Write> {
    Csv(Box<Csv<'a, W>>),
    Jsonl(JsonLines<'a, W>),
    Json(JsonArray<'a, W>),
}

impl<'a, W: Write> Lines<'a, W> {
    pub(crate) fn csv(report: &Report, columns: Vec<&'a Column>, style: Style, out: W) -> Result<Self> {
        Ok(Lines::Csv(Box::new(Csv::begin(report, columns, style, out)?)))
    }

    pub(crate) fn jsonl(columns: Vec<&'a Column>, out: W) -> Self {
        Lines::Jsonl(JsonLines::new(columns, out))
    }

    pub(crate) fn json(columns: Vec<&'a Column>, out: W) -> Self {
        Lines::Json(JsonArray::new(columns, out))
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match self {
            Lines::Json(array) => array.row(cells),
            Lines::Csv(csv) => csv.row(cells),
            Lines::Jsonl(lines) => lines.row(cells),
        }
    }

    /// Ends the file and returns the cells that differ from the data.
    pub(crate) fn finish(self) -> Result<Vec<String>> {
        match self {
            Lines::Csv(csv) => csv.finish(),
            Lines::Jsonl(lines) => lines.finish().map(|()| Vec::new()),
            Lines::Json(array) => array.finish().map(|()| Vec::new()),
        }
    }
}

/// The name of a cell: the values of the row's key, and the column.
pub(super) fn cell_name(key: &[usize], cells: &[Cell], column: &Column) -> String {
    let key: Vec<String> = key.iter().map(|at| cells[*at].to_string()).collect();
    format!("{}/{}", key.join("/"), column.name)
}

/// The indexes of the key columns.
pub(super) fn key_places<'c>(
    report: &Report,
    columns: impl Iterator<Item = &'c Column> + Clone,
) -> Vec<usize> {
    let place = |name: &&str| columns.clone().position(|column| column.name == *name);
    report.key.iter().filter_map(place).collect()
}

pub(super) fn write_failed(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Error::new(Kind::ClosedPipe, "the output was closed"),
        _ => Error::new(Kind::Storage, "cannot write the report").because(error),
    }
}
