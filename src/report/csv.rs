//! Rows as CSV: RFC 4180, comma, CRLF, UTF-8.
//!
//! Names and addresses in FreshBooks are typed by other people: an outsider who is invited may call
//! himself `=HYPERLINK(…)`, and a spreadsheet would run it. Such text gets a `'` in front, which
//! changes the evidence, so every changed cell is counted, and numbers, dates and ids are never
//! touched (OWASP, "CSV Injection"). SQLite keeps the original.

use std::borrow::Cow;
use std::io::Write;

use super::{Cell, Report, Type, Written};
use crate::cli::FormulaGuard;
use crate::error::{Error, Kind, Result};

/// What starts a formula in some spreadsheet, its full-width twins included.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub(crate) struct CsvReport<W: Write> {
    report: Report,
    guard: FormulaGuard,
    writer: csv::Writer<W>,
    written: Written,
}

impl<W: Write> CsvReport<W> {
    /// Begins the file with its header.
    pub(crate) fn begin(report: Report, guard: FormulaGuard, out: W) -> Result<Self> {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let mut begun = CsvReport { report, guard, writer, written: Written::default() };
        begun.record(report.columns.iter().map(|column| column.name))?;
        Ok(begun)
    }

    /// Adds a row: one cell a column.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        for (column, cell) in self.report.columns.iter().zip(cells) {
            let text = match cell {
                Cell::Empty => Cow::Borrowed(""),
                Cell::Text(text) if column.kind == Type::Text => self.guarded(text)?,
                Cell::Text(text) => Cow::Borrowed(text.as_ref()),
                Cell::Integer(value) => Cow::Owned(value.to_string()),
                Cell::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            };
            self.writer.write_field(text.as_bytes()).map_err(write_failed)?;
        }
        self.written.rows += 1;
        self.writer.write_record(None::<&[u8]>).map_err(write_failed)
    }

    /// Ends the file. Dropping the writer instead would hide a failed write.
    pub(crate) fn finish(mut self) -> Result<Written> {
        self.writer.flush().map_err(|error| write_failed(error.into()))?;
        Ok(self.written)
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> Result<()> {
        self.writer.write_record(fields).map_err(write_failed)
    }

    fn guarded<'a>(&mut self, text: &'a str) -> Result<Cow<'a, str>> {
        if !text.starts_with(FORMULA_STARTS) || self.guard == FormulaGuard::Off {
            return Ok(Cow::Borrowed(text));
        }
        if self.guard == FormulaGuard::Fail {
            return Err(Error::new(Kind::Config, format!("a spreadsheet would run the cell `{text}`"))
                .hint("--formula-guard quote puts a ' in front, --formula-guard off leaves it"));
        }
        self.written.guarded_cells += 1;
        Ok(Cow::Owned(format!("'{text}")))
    }
}

/// csv hides the I/O error inside its own, where a closed pipe would no longer be seen as one.
fn write_failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Error::new(Kind::ClosedPipe, "the output was closed")
        }
        csv::ErrorKind::Io(error) => Error::new(Kind::Storage, "cannot write the report").because(error),
        other => Error::new(Kind::Unexpected, format!("cannot write the report: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Column;
    use super::*;

    const SAMPLE: Report = Report {
        name: "sample",
        columns: &[
            Column { name: "name", kind: Type::Text },
            Column { name: "id", kind: Type::Id },
            Column { name: "n", kind: Type::Integer },
            Column { name: "active", kind: Type::Bool },
        ],
    };

    fn csv(guard: FormulaGuard, names: &[&'static str]) -> Result<(String, Written)> {
        let mut out = Vec::new();
        let mut report = CsvReport::begin(SAMPLE, guard, &mut out)?;
        for name in names {
            report.row(&[
                Cell::Text((*name).into()),
                Cell::Text("=id".into()),
                Cell::Integer(-5),
                Cell::Bool(true),
            ])?;
        }
        let written = report.finish()?;
        Ok((String::from_utf8(out).expect("UTF-8"), written))
    }

    #[test]
    fn only_text_is_guarded_and_every_change_is_counted() {
        let (text, written) =
            csv(FormulaGuard::Quote, &["=1+1", "Zoë, \"Z\"", "＝x", "a=b"]).expect("written");
        let expected = "name,id,n,active\r\n'=1+1,=id,-5,true\r\n\"Zoë, \"\"Z\"\"\",=id,-5,true\r\n'＝x,=id,-5,true\r\na=b,=id,-5,true\r\n";
        assert_eq!(text, expected);
        assert_eq!(written, Written { rows: 4, guarded_cells: 2 });
    }

    #[test]
    fn the_guard_can_be_off_or_refuse() {
        let (text, written) = csv(FormulaGuard::Off, &["@x"]).expect("written");
        assert!(text.contains("\r\n@x,") && written.guarded_cells == 0, "{text}");
        assert!(csv(FormulaGuard::Fail, &["-x"]).is_err());
        assert!(csv(FormulaGuard::Fail, &["x"]).is_ok());
    }
}
