//! Rows as CSV: RFC 4180, comma, CRLF, UTF-8.
//!
//! Other people type the names and addresses in FreshBooks: somebody who is invited can call themselves
//! `=HYPERLINK(…)`, and a spreadsheet would run it. Such text gets a `'` in front. This changes the
//! evidence, so every changed cell is listed, and numbers, dates and ids are never changed (OWASP, "CSV
//! Injection"). The other formats keep the original.

use std::borrow::Cow;
use std::io::Write;

use super::format::{cell_name, key_places, write_failed};
use super::{Cell, Column, Report, Style, Type};
use crate::error::{Error, Kind, Result};
use crate::format::Guard;
use crate::ui::printable;

/// Characters that start a formula in some spreadsheet, including the full-width forms.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(crate) struct Csv<'a, W: Write> {
    columns: Vec<&'a Column>,
    /// The indexes of the key columns.
    key: Vec<usize>,
    guard: Guard,
    printable: bool,
    writer: csv::Writer<W>,
    number: String,
    changed: Vec<String>,
}

impl<'a, W: Write> Csv<'a, W> {
    /// Starts the file with its header.
    pub(super) fn begin(report: &Report, columns: Vec<&'a Column>, style: Style, mut out: W) -> Result<Self> {
        if style.bom {
            out.write_all(BYTE_ORDER_MARK).map_err(write_failed)?;
        }
        let key = key_places(report, columns.iter().copied());
        // A terminal would show the carriage return, or act on it.
        let end = if style.printable { csv::Terminator::Any(b'\n') } else { csv::Terminator::CRLF };
        let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(out);
        for column in &columns {
            let name =
                if style.printable { printable(&column.name) } else { Cow::Borrowed(column.name.as_ref()) };
            writer.write_field(name.as_bytes()).map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)?;
        let Style { guard, printable, .. } = style;
        Ok(Csv { columns, key, guard, printable, writer, number: String::new(), changed: Vec::new() })
    }

    /// Adds a row, one cell per column.
    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        for at in 0..self.columns.len() {
            let bytes = match &cells[at] {
                Cell::Empty => Cow::Borrowed(""),
                Cell::Text(text) if self.runs(at, text) => Cow::Owned(self.guarded(at, text, cells)?),
                Cell::Text(text) => Cow::Borrowed(text.as_ref()),
                Cell::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
                Cell::Integer(value) => {
                    self.number.clear();
                    // Writing to a string does not fail.
                    let _ = std::fmt::Write::write_fmt(&mut self.number, format_args!("{value}"));
                    self.writer.write_field(&self.number).map_err(failed)?;
                    continue;
                }
            };
            let bytes = if self.printable { Cow::Owned(printable(&bytes).into_owned()) } else { bytes };
            self.writer.write_field(bytes.as_bytes()).map_err(failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(failed)
    }

    /// Ends the file. Dropping the writer instead would hide a failed write.
    pub(super) fn finish(mut self) -> Result<Vec<String>> {
        self.writer.flush().map_err(write_failed)?;
        Ok(self.changed)
    }

    fn runs(&self, at: usize, text: &str) -> bool {
        self.columns[at].kind == Type::Text && text.starts_with(FORMULA_STARTS) && self.guard != Guard::Off
    }

    fn guarded(&mut self, at: usize, text: &str, cells: &[Cell]) -> Result<String> {
        let cell = cell_name(&self.key, cells, self.columns[at]);
        if self.guard == Guard::Fail {
            return Err(Error::new(Kind::Config, format!("a spreadsheet would run `{text}` in {cell}"))
                .hint("--formula-guard quote puts a ' in front, --formula-guard off leaves it unchanged"));
        }
        self.changed.push(cell);
        Ok(format!("'{text}"))
    }
}

/// Unwraps the I/O error inside csv's own, so that a closed pipe is recognized.
fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => write_failed(error),
        other => Error::new(Kind::Unexpected, format!("cannot write the report: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::column;
    use super::super::{Needs, REPORTS};
    use super::*;

    const COLUMNS: &[Column] = &[
        column("name", Type::Text, "Name", ""),
        column("id", Type::Id, "Id", ""),
        column("n", Type::Integer, "N", ""),
        column("active", Type::Bool, "Active", ""),
    ];

    fn csv(guard: Guard, names: &[&'static str]) -> Result<(String, Vec<String>)> {
        let report = Report { columns: &[COLUMNS], key: &["id"], needs: Needs::Nothing, ..REPORTS[0] };
        let mut out = Vec::new();
        let style = Style { guard, ..Style::default() };
        let mut csv = Csv::begin(&report, COLUMNS.iter().collect(), style, &mut out)?;
        for name in names {
            csv.row(&[Cell::text(*name), Cell::text("=id"), Cell::Integer(-5), Cell::Bool(true)])?;
        }
        let changed = csv.finish()?;
        Ok((String::from_utf8(out).expect("UTF-8"), changed))
    }

    #[test]
    fn only_text_is_guarded_and_every_change_is_listed() {
        let (text, changed) = csv(Guard::Quote, &["=1+1", "Zoë, \"Z\"", "＝x", "a=b"]).expect("written");
        let expected = "name,id,n,active\r\n'=1+1,=id,-5,true\r\n\"Zoë, \"\"Z\"\"\",=id,-5,true\r\n'＝x,=id,-5,true\r\na=b,=id,-5,true\r\n";
        assert_eq!(text, expected);
        assert_eq!(changed, ["=id/name", "=id/name"]);
    }

    #[test]
    fn on_a_terminal_no_cell_ends_its_line() {
        let columns = [column("a\u{1b}name", Type::Text, "", "")];
        let (mut out, style) = (Vec::new(), Style { printable: true, ..Style::default() });
        let mut csv = Csv::begin(&REPORTS[0], columns.iter().collect(), style, &mut out).expect("begun");
        csv.row(&[Cell::text("Eve\r\nforged,\u{202e}row\t")]).expect("written");
        csv.finish().expect("written");
        let expected = "a\\u{1b}name\n\"Eve\\u{d}\\u{a}forged,\\u{202e}row\\u{9}\"\n";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    }

    #[test]
    fn the_guard_can_be_off_or_refuse() {
        let (text, changed) = csv(Guard::Off, &["@x"]).expect("written");
        assert!(text.contains("\r\n@x,") && changed.is_empty(), "{text}");
        assert!(csv(Guard::Fail, &["-x"]).is_err());
        assert!(csv(Guard::Fail, &["x"]).is_ok());
    }
}
