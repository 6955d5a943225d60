//! Rows as they arrive → the sheets that have our headings.

use std::collections::HashMap;

use super::{LARGEST, Refusal, Row, Sheet, Value};
use crate::report::Column;
use crate::review::cells::Cells;
use crate::review::columns;
use crate::review::same::plain;

/// A sheet without these is not one of ours.
pub(super) const NEEDED: [&str; 3] = ["row_key", "snapshot_id", "decision"];

/// Titles and notes can be above the headings.
const HEADINGS_WITHIN: u32 = 100;

/// Twice as many as in the largest snapshot ever measured.
const MOST_ROWS: usize = 200_000;

/// No sheet of ours comes close; programs that repeat a cell up to the edge of the sheet do.
pub(super) const MOST_COLUMNS: usize = 1024;

/// The longest text of a cell in Excel, at up to four bytes per character.
const LONGEST_TEXT: usize = 4 * 32_767;

pub(super) struct Book<'f> {
    file: &'f str,
    sheets: Vec<Sheet>,
    /// The indexes of our columns in the current sheet; `None` until its headings are found.
    places: Option<HashMap<usize, &'static str>>,
    /// How many more bytes of text are accepted.
    room: usize,
}

impl<'f> Book<'f> {
    pub(super) fn new(file: &'f str) -> Self {
        Book { file, sheets: Vec::new(), places: None, room: LARGEST }
    }

    pub(super) fn begin(&mut self, name: Option<String>) {
        self.drop_without_headings();
        let sheet = Sheet { file: self.file.to_owned(), name, columns: Vec::new(), rows: Vec::new() };
        self.sheets.push(sheet);
    }

    /// Adds a row of the current sheet: its number, and its cells with their indexes.
    pub(super) fn row(&mut self, number: u32, cells: Vec<(usize, Value)>) -> Result<(), Refusal> {
        let Some(sheet) = self.sheets.last_mut() else { return Ok(()) };
        let Some(places) = &self.places else {
            if number <= HEADINGS_WITHIN {
                self.places = headings(&cells)?;
            }
            return Ok(());
        };
        let ours = cells.into_iter().filter(|(_, value)| *value != Value::Empty);
        let cells: Cells<Value> = ours.filter_map(|(at, value)| Some((*places.get(&at)?, value))).collect();
        // Spreadsheets keep formats for a million rows below the last one.
        if cells.is_empty() {
            return Ok(());
        }
        let bytes: usize = cells.values().map(length).sum();
        self.room = self.room.checked_sub(bytes).ok_or_else(too_large)?;
        if sheet.rows.len() >= MOST_ROWS {
            return Err(too_large());
        }
        sheet.rows.push(Row { number, cells });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<Sheet>, Refusal> {
        self.drop_without_headings();
        Ok(self.sheets)
    }

    fn drop_without_headings(&mut self) {
        let Some(mut sheet) = self.sheets.pop() else { return };
        if let Some(places) = self.places.take() {
            sheet.columns = places.into_values().collect();
            sheet.columns.sort_unstable();
            self.sheets.push(sheet);
        }
    }
}

/// A cell's text, unless it is longer than any spreadsheet allows: a small file can repeat a long text
/// many times.
pub(super) fn checked(text: &str) -> Result<&str, Refusal> {
    if text.len() > LONGEST_TEXT { Err(too_large()) } else { Ok(text) }
}

fn too_large() -> Refusal {
    Refusal::new("it contains more than a review sheet can", "fill in a sheet from `fbsync export review`")
}

fn length(value: &Value) -> usize {
    if let Value::Text(text) = value { text.len() } else { 0 }
}

/// The indexes of our columns, if this row contains the headings.
fn headings(cells: &[(usize, Value)]) -> Result<Option<HashMap<usize, &'static str>>, Refusal> {
    let mut places = HashMap::new();
    for (at, value) in cells {
        if let Some(column) = column(&plain(&value.to_string())) {
            places.insert(*at, column);
        }
    }
    let count = |name: &str| places.values().filter(|found| **found == name).count();
    if NEEDED.iter().any(|name| count(name) == 0) {
        return Ok(None);
    }
    match places.values().find(|name| count(name) > 1) {
        Some(twice) => {
            Err(Refusal::new(format!("two columns are called `{twice}`"), "rename the one that you added"))
        }
        None => Ok(Some(places)),
    }
}

/// Our column with this heading: its name or its words, in any case. Both `role` and `Role` are ours,
/// so an exact match comes first.
fn column(heading: &str) -> Option<&'static str> {
    let exact = |column: &&Column| column.name == heading || column.heading == heading;
    let lower = heading.to_lowercase();
    let loose = |column: &&Column| column.heading.to_lowercase() == lower || column.name == lower;
    let found = columns().find(exact).or_else(|| columns().find(loose))?;
    Some(found.name.as_ref())
}
