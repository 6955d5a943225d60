//! CSV as spreadsheets save it.

use super::book::Book;
use super::{Refusal, Sheet, Value};
use crate::delimited::{Delimited, Problem, decoded};

impl From<Problem> for Refusal {
    fn from(Problem { what, hint }: Problem) -> Self {
        Refusal { what, hint }
    }
}

pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    let text = decoded(bytes)?;
    let table = Delimited::of(&text);
    if table.has_open_quote() {
        return Err(Refusal::new("a quote is opened but not closed", "save it again, or as XLSX"));
    }
    for separator in &table.separators {
        let mut book = Book::new(file);
        book.begin(None);
        for row in table.rows(*separator) {
            book.row(row.number, row.cells.iter().map(|cell| Value::text(cell)).enumerate().collect())?;
        }
        let sheets = book.finish()?;
        if !sheets.is_empty() {
            return Ok(sheets);
        }
    }
    Ok(Vec::new())
}
