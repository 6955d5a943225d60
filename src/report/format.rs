//! One report into one file, whatever the format, and what was done to the data on the way.

use std::io::Write;

use super::csv::Csv;
use super::jsonl::{JsonArray, JsonLines};
use super::table::picked;
use super::xlsx::Workbook;
use super::{Cell, Column, Report, View};
use crate::error::{Error, Kind, Result};
use crate::format::{Format, Guard};

/// How rows become bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    pub(crate) format: Format,
    pub(crate) guard: Guard,
    /// A byte order mark, for spreadsheets that take UTF-8 for something else without one.
    pub(crate) bom: bool,
    /// Whether the other reports lie beside it: a workbook then says which of them were not made.
    pub(crate) in_folder: bool,
    /// For a terminal: what a cell holds neither ends its line nor changes what is around it.
    pub(crate) printable: bool,
}

/// What a file holds, and where it differs from the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<String>,
    /// Cells that a spreadsheet would have run, each as `row key/column`.
    pub(crate) changed: Vec<String>,
    /// Cells that are longer than a spreadsheet takes, named alike.
    pub(crate) cut: Vec<String>,
}

/// Writes the report, which has to be one that can be made of the view.
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

/// Rows → lines of text: CSV, JSON Lines or one JSON array. Rows of a view go through [`write`]; those that come from
/// elsewhere are handed on one by one.
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

    /// Ends the file and tells which cells differ from the data.
    pub(crate) fn finish(self) -> Result<Vec<String>> {
        match self {
            Lines::Csv(csv) => csv.finish(),
            Lines::Jsonl(lines) => lines.finish().map(|()| Vec::new()),
            Lines::Json(array) => array.finish().map(|()| Vec::new()),
        }
    }
}

/// A cell by the values of the row's key and the column.
pub(super) fn cell_name(key: &[usize], cells: &[Cell], column: &Column) -> String {
    let key: Vec<String> = key.iter().map(|at| cells[*at].to_string()).collect();
    format!("{}/{}", key.join("/"), column.name)
}

/// Where the columns lie that name a row.
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
