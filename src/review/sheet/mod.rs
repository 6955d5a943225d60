//! A filled sheet's bytes → rows under our headings, whichever program wrote it.
//!
//! The content decides what a file is, not its name. Of several sheets every one counts that has our
//! headings, wherever they stand and however it is called; other columns are read over.
//!
//! - [`text`]: CSV in the encodings and with the separators that spreadsheets write.
//! - [`archive`]: what XLSX and ODS have in common, and how large they may become; [`xlsx`] and [`ods`].
//! - [`book`]: rows as they come → sheets; where the headings are found, and the limits kept.

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

/// The largest file that is read, and the most text that is kept of it.
pub(crate) const LARGEST: usize = 64 << 20;

/// What a cell holds.
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
    /// Without the blanks around it; line breaks of every kind are one.
    fn text(text: &str) -> Self {
        match text.trim() {
            "" => Value::Empty,
            text => Value::Text(text.replace("\r\n", "\n").into()),
        }
    }
}

/// As a person reads it, nothing for an empty one.
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
    /// As the program shows it, the first being 1.
    pub(crate) number: u32,
    /// By our name of the column; those of other columns are not here, nor are empty ones.
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
    /// A CSV file has none.
    pub(crate) name: Option<String>,
    /// Our columns that it has.
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

/// Reads every sheet of the file that has our headings; `file` is what it is called in findings.
///
/// # Errors
///
/// [`Kind::Config`] if it is no such file, or has no such sheet.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>> {
    let refused = |Refusal { what, hint }| {
        Error::new(Kind::Config, format!("cannot read the review sheet {file}: {what}")).hint(hint)
    };
    let sheets = read(file, bytes).map_err(refused)?;
    if sheets.is_empty() {
        let what = format!("no sheet has the headings {}", book::NEEDED.join(", "));
        return Err(refused(Refusal::new(what, "fill in a copy of what `fbsync export review` makes")));
    }
    Ok(sheets)
}

fn read(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    const SAVE_AS: &str = "save it as XLSX, ODS or CSV";
    if bytes.len() > LARGEST {
        return Err(Refusal::new("it is larger than 64 MiB", "take out pictures, or save it as CSV"));
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
        Archive::Other => return Err(Refusal::new("it is no XLSX or ODS workbook", SAVE_AS)),
    }
    book.finish()
}
