//! The bytes of a filled-in sheet → rows under our headings, whichever program wrote it.
//!
//! The content decides what a file is, not its name. All sheets with our headings count, wherever the
//! headings are and whatever the sheets are called; other columns are ignored.
//!
//! - [`text`]: CSV in the encodings and with the separators that spreadsheets write.
//! - [`archive`]: what XLSX and ODS have in common, and how large they can become; [`xlsx`] and
//!   [`ods`].
//! - [`book`]: rows as they arrive → sheets; finds the headings and enforces the limits.

mod archive;
mod book;
mod ods;
mod text;
mod xlsx;

use super::cells::Cells;
use super::moment::Moment;
use crate::error::{Error, Kind, Result};
use archive::Archive;
use book::Book;

/// The largest file that is read, and the most text that is kept from it.
pub(crate) const LARGEST: usize = 64 << 20;

/// What a cell contains.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    #[default]
    Empty,
    /// Never blank.
    Text(Box<str>),
    Number(f64),
    Bool(bool),
    Moment(Moment),
}

impl Value {
    /// Without surrounding blanks; every kind of line break becomes one line feed.
    fn text(text: &str) -> Self {
        match text.trim() {
            "" => Value::Empty,
            text => Value::Text(text.replace("\r\n", "\n").into()),
        }
    }
}

/// As a person reads it; nothing for an empty cell.
impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Empty => Ok(()),
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => number.fmt(f),
            Value::Bool(value) => value.fmt(f),
            Value::Moment(moment) => moment.fmt(f),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// As the program shows it, counting from 1.
    pub(crate) number: u32,
    /// By our name of the column; empty cells and other columns are left out.
    pub(crate) cells: Cells<Value>,
}

impl Row {
    pub(crate) fn get(&self, column: &str) -> &Value {
        self.cells.get(column).unwrap_or(&Value::Empty)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sheet {
    pub(crate) file: String,
    /// `None` for a CSV file.
    pub(crate) name: Option<String>,
    /// Which of our columns it has.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
}

/// Why a file cannot be read, and what its owner can do about it.
#[derive(Debug)]
struct Refusal {
    what: String,
    hint: &'static str,
}

impl Refusal {
    fn new(what: impl Into<String>, hint: &'static str) -> Self {
        Refusal { what: what.into(), hint }
    }

    fn damaged(cause: impl std::fmt::Display) -> Self {
        let what = format!("it is damaged, or protected by a password: {cause}");
        Refusal::new(what, "save it again as XLSX, ODS or CSV, without a password")
    }
}

/// Reads every sheet of the file that has our headings; findings refer to it as `file`.
///
/// # Errors
///
/// [`Kind::Config`] if the file cannot be read, or has no such sheet.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>> {
    let refused = |Refusal { what, hint }| {
        Error::new(Kind::Config, format!("cannot read the review sheet {file}: {what}")).hint(hint)
    };
    let sheets = read(file, bytes).map_err(refused)?;
    if sheets.is_empty() {
        let what = format!("no sheet has the headings {}", book::NEEDED.join(", "));
        return Err(refused(Refusal::new(what, "fill in a sheet from `fbsync export review`")));
    }
    Ok(sheets)
}

fn read(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    const SAVE_AS: &str = "save it as XLSX, ODS or CSV";
    if bytes.len() > LARGEST {
        return Err(Refusal::new("it is larger than 64 MiB", "remove pictures, or save it as CSV"));
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Refusal::new("it is an old Excel file, or protected by a password", SAVE_AS));
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return text::read(file, bytes);
    }
    let mut book = Book::new(file);
    match archive::open(bytes)? {
        Archive::Xlsx => xlsx::read(bytes, &mut book)?,
        Archive::Ods { content } => ods::read(&content, &mut book)?,
        Archive::Other => return Err(Refusal::new("it is not an XLSX or ODS workbook", SAVE_AS)),
    }
    book.finish()
}
