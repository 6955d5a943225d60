//! Rows as a workbook: a first sheet that says what it is, the report's sheet, and what its columns
//! mean.
//!
//! Every cell is typed: text is a string and never a formula, ids are text and keep their digits, times
//! are real dates. So nothing has to be changed, as it has to be in CSV. Rows are written to a
//! temporary file as they arrive. The bytes depend only on the data: the creation date is the
//! snapshot's.
//!
//! - [`look`]: formats, widths and heights of a report's sheet.
//! - [`cover`]: the first sheet; [`meanings`]: the last.
//! - [`print`](mod@print): the layout of all sheets on paper.

mod cover;
mod look;
mod meanings;
mod print;

use std::borrow::Cow;
use std::io::Write;

use rust_xlsxwriter::{
    DataValidation, DataValidationRule, DocProperties, ExcelDateTime, Format, Worksheet, XlsxError,
};

use super::columns::DECISION;
use super::format::{cell_name, key_places, write_failed};
use super::{Cell, Column, Report, Style, Type, View, in_words};
use crate::app;
use crate::error::{Error, Kind, Result};
use crate::model::marks::Verdict;
use crate::model::role;
use print::print_setup;

/// The longest text that Excel accepts in a cell, in UTF-16 units.
pub(crate) const LONGEST_CELL: usize = 32_767;

pub(super) struct Workbook<'v> {
    report: Report,
    view: &'v View<'v>,
    columns: Vec<Column>,
    /// For each column of the sheet, the index of the report's column.
    order: Vec<usize>,
    /// How many columns are visible; the others are collapsed.
    shown: usize,
    /// The first sheet, created at once; the last one is created at the end.
    cover: Worksheet,
    sheet: Worksheet,
    /// The cell formats, by column.
    formats: Vec<Format>,
    workbook: rust_xlsxwriter::Workbook,
    rows: u32,
    /// The indexes of the key columns.
    key: Vec<usize>,
    /// The cells that were cut.
    cut: Vec<String>,
}

impl<'v> Workbook<'v> {
    pub(super) fn begin(
        report: &Report,
        view: &'v View<'v>,
        style: Style,
        columns: &[Column],
    ) -> Result<Self> {
        let (order, shown) = sheet_order(report, columns);
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let mut properties = DocProperties::new().set_title(report.title).set_author("fbsync");
        if let Some(created) = moment(&view.snapshot.finished_at.to_string()) {
            properties = properties.set_creation_datetime(&created);
        }
        workbook.set_properties(&properties);
        let cover = cover::sheet(report, view, style)?;
        let mut sheet = workbook.new_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(report.name).map_err(failed)?;
        let kinds = order.iter().map(|from| &columns[*from]);
        let is_field =
            |column: &Column| report.is_filled_in() && DECISION.iter().any(|field| field.name == column.name);
        let formats = kinds.map(|column| look::of_cells(column, is_field(column))).collect();
        let mut begun = Workbook {
            report: *report,
            view,
            columns: columns.to_vec(),
            order,
            shown,
            cover,
            sheet,
            formats,
            workbook,
            rows: 0,
            key: key_places(report, columns.iter()),
            cut: Vec::new(),
        };
        tried(|| begun.head())?;
        Ok(begun)
    }

    fn head(&mut self) -> Result<(), XlsxError> {
        self.sheet.set_row_height(0, look::HEADING_HEIGHT)?;
        for (at, from) in (0..).zip(&self.order) {
            let column = &self.columns[*from];
            self.sheet.set_column_width(at, look::width(column))?;
            self.sheet.write_string_with_format(
                0,
                at,
                fitting(&column.heading).as_ref(),
                &look::heading_over(column),
            )?;
        }
        Ok(())
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        for (column, cell) in self.columns.iter().zip(cells) {
            if matches!(cell, Cell::Text(text) if matches!(fitting(text), Cow::Owned(_))) {
                self.cut.push(cell_name(&self.key, cells, column));
            }
        }
        tried(|| self.add(cells))
    }

    fn add(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        self.rows += 1;
        let row = self.rows;
        let shown = self.order[..self.shown].iter().map(|from| (&self.columns[*from], &cells[*from]));
        if let Some(height) = look::height(shown) {
            // Sets the height here, so that no program has to measure the row when it opens the file.
            self.sheet.set_row_height(row, height)?;
        }
        for (at, from) in (0..).zip(&self.order) {
            let format = &self.formats[usize::from(at)];
            match &cells[*from] {
                // The bottom border applies to the visible part of the row.
                Cell::Empty if usize::from(at) < self.shown => {
                    self.sheet.write_blank(row, at, format)?;
                }
                cell => write_cell(&mut self.sheet, row, at, &self.columns[*from], cell, format)?,
            }
        }
        Ok(())
    }

    /// Ends the file and returns the cells that were cut.
    pub(super) fn finish(mut self, out: &mut dyn Write) -> Result<Vec<String>> {
        self.furnish().map_err(failed)?;
        let shown = self.order.iter().map(|from| &self.columns[*from]);
        let meanings = meanings::sheet(shown, self.view).map_err(failed)?;
        let Workbook { mut workbook, cover, sheet, cut, .. } = self;
        for sheet in [cover, sheet, meanings] {
            workbook.push_worksheet(sheet);
        }
        let bytes = tried(|| workbook.save_to_buffer())?;
        out.write_all(&bytes).map_err(write_failed)?;
        Ok(cut)
    }

    /// Sets up everything in the sheet except its rows.
    fn furnish(&mut self) -> Result<(), XlsxError> {
        let last = u16::try_from(self.order.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let shown = u16::try_from(self.shown).unwrap_or(u16::MAX);
        self.sheet.set_freeze_panes(1, self.frozen())?;
        self.sheet.autofilter(0, 0, self.rows, last)?;
        if shown <= last {
            self.sheet.group_columns_collapsed(shown, last)?;
        }
        self.validate()?;
        print_setup(&mut self.sheet, self.report.title, self.view)?;
        self.sheet.set_repeat_rows(0, 0)?;
        Ok(())
    }

    /// How many columns stay visible when scrolling: up to the name, otherwise up to the business.
    fn frozen(&self) -> u16 {
        let place = |name: &str| self.order.iter().position(|from| self.columns[*from].name == name);
        let place = place("full_name").or_else(|| place("business_name")).unwrap_or(0);
        // A name far to the right would leave no room to scroll.
        if place < 4 { u16::try_from(place + 1).unwrap_or(1) } else { 0 }
    }

    /// The drop-down lists and the date check, for a reviewer.
    fn validate(&mut self) -> Result<(), XlsxError> {
        if !self.report.is_filled_in() || self.rows == 0 {
            return Ok(());
        }
        let held = self.view.businesses.first().map_or("", |business| business.own_role.as_str());
        let roles: Vec<&str> = role::assignable(held).iter().map(|role| role::label(role)).collect();
        let earliest = ExcelDateTime::from_ymd(2000, 1, 1)?;
        let fields = [
            (
                "decision",
                DataValidation::new().allow_list_strings(Verdict::WORDS)?,
                "Please choose keep, remove, change or ask.",
            ),
            (
                "change_to",
                DataValidation::new().allow_list_strings(&roles)?,
                "Please choose one of FreshBooks' roles, and only where the decision is change.",
            ),
            (
                "reviewed_at",
                DataValidation::new().allow_date(DataValidationRule::GreaterThanOrEqualTo(earliest)),
                "Please type a date, such as 2026-06-30.",
            ),
        ];
        for (name, validation, problem) in fields {
            let Some(at) = self.order.iter().position(|from| self.columns[*from].name == name) else {
                continue;
            };
            let title = self.columns[self.order[at]].heading.to_string();
            let validation = validation.set_error_title(title)?.set_error_message(problem)?;
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            self.sheet.add_data_validation(1, at, self.rows, at, &validation)?;
        }
        Ok(())
    }
}

/// The order of the columns, and how many are visible: first the leading ones, then those for
/// businesses, then the others.
fn sheet_order(report: &Report, columns: &[Column]) -> (Vec<usize>, usize) {
    if report.lead.is_empty() {
        return ((0..columns.len()).collect(), columns.len());
    }
    let fixed: usize = report.columns.iter().map(|group| group.len()).sum();
    let place = |name: &&str| columns.iter().position(|column| column.name == *name);
    let mut order: Vec<usize> = report.lead.iter().filter_map(place).chain(fixed..columns.len()).collect();
    let shown = order.len();
    order.extend((0..fixed).filter(|at| !report.lead.contains(&columns[*at].name.as_ref())));
    (order, shown)
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    at: u16,
    column: &Column,
    cell: &Cell,
    format: &Format,
) -> Result<(), XlsxError> {
    let text = |sheet: &mut Worksheet, text: &str| {
        sheet.write_string_with_format(row, at, fitting(text).as_ref(), format).map(|_| ())
    };
    match cell {
        Cell::Empty => Ok(()),
        Cell::Bool(value) => text(sheet, if *value { "yes" } else { "no" }),
        Cell::Integer(value) if column.kind == Type::Integer => {
            // No count comes near 2^53, up to which a cell is exact.
            let value = *value as f64;
            sheet.write_number_with_format(row, at, value, format).map(|_| ())
        }
        Cell::Integer(value) => text(sheet, &value.to_string()),
        Cell::Text(value) => match moment(value).filter(|_| matches!(column.kind, Type::Time | Type::Date)) {
            Some(moment) => sheet.write_datetime_with_format(row, at, &moment, format).map(|_| ()),
            None if column.kind == Type::Word => text(sheet, &in_words(value)),
            None if column.is_role => text(sheet, role::label(value)),
            None => text(sheet, value),
        },
    }
}

/// A date that a workbook can store.
fn moment(text: &str) -> Option<ExcelDateTime> {
    ExcelDateTime::parse_from_str(text.strip_suffix('Z').unwrap_or(text)).ok()
}

/// The text, cut if it is too long for a cell.
fn fitting(text: &str) -> Cow<'_, str> {
    cut(text, LONGEST_CELL)
}

/// The text, cut to `room` UTF-16 units, which is how Excel counts.
fn cut(text: &str, room: usize) -> Cow<'_, str> {
    if text.len() <= room || text.encode_utf16().count() <= room {
        return Cow::Borrowed(text);
    }
    let mut left = room.saturating_sub(1);
    let fits = |c: &char| {
        let fits = left >= c.len_utf16();
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    Cow::Owned(text.chars().take_while(fits).chain(['…']).collect())
}

/// Rows go through a temporary file; if it cannot be written, the library panics.
fn tried<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> Result<T> {
    app::expecting_panic(work).map_err(|words| no_room().because(words))?.map_err(failed)
}

fn no_room() -> Error {
    Error::new(Kind::Storage, "cannot write the workbook's temporary file")
        .hint("TMPDIR=/path/with/room fbsync export …; --format csv needs none")
}

pub(super) fn failed(error: XlsxError) -> Error {
    let hint = match &error {
        XlsxError::TempFileError(..) => return no_room().because(error),
        XlsxError::RowColumnLimitError => Some("--format csv has no such limit"),
        _ => None,
    };
    let failed = Error::new(Kind::Storage, "cannot write the workbook").because(error);
    match hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}
