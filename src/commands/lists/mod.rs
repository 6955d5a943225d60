//! Lists that people keep beside FreshBooks, as CSV with headings: accepted gaps, a roster, expected
//! access.
//!
//! Anything unclear is refused, and the error names the row: a quote that is never closed would swallow
//! the rows below it, a reason cut at a comma would end up in the evidence, and a gap whose `until` is
//! misspelt would never end.

mod headings;

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::delimited::{Delimited, Problem, Row, decoded};
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::model::reading::hex;
use crate::review::moment::{self, Doubt, Order};
use crate::time::Day;
use headings::Headings;

/// Large enough for a hundred thousand rows.
const LARGEST: u64 = 16 << 20;

/// The expected layout of a list.
pub(super) struct Form {
    /// What the list contains; completes "cannot read …".
    pub(super) what: &'static str,
    /// Comma-separated. Capitals, blanks and hyphens in a heading do not matter.
    pub(super) columns: &'static str,
    /// How many of the columns are required, counted from the first.
    pub(super) needed: usize,
    /// Whether unknown columns are allowed; they are ignored.
    pub(super) others: bool,
    /// The column that contains dates.
    pub(super) date: &'static str,
}

impl Form {
    fn place(&self, column: &str) -> Option<usize> {
        self.columns.split(',').position(|known| known == column)
    }
}

/// A list as it was read.
pub(super) struct List {
    file: String,
    /// The hash of the file.
    pub(super) sha256: String,
    lines: Vec<Line>,
    /// Unknown headings.
    pub(super) unused: Vec<String>,
}

pub(super) struct Line {
    form: &'static Form,
    number: u32,
    /// In the order of the form's columns.
    cells: Vec<String>,
    /// Whether dates in the file begin with the day or the month.
    order: Option<Order>,
}

impl Line {
    /// The text in a column; empty if there is none.
    pub(super) fn get(&self, column: &str) -> &str {
        let cell = self.form.place(column).and_then(|place| self.cells.get(place));
        cell.map_or("", String::as_str)
    }

    pub(super) fn text(&self, column: &str) -> Option<String> {
        Some(self.get(column).to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn business_id(&self) -> Result<i64, Problem> {
        let id = self.get("business_id");
        id.parse().map_err(|_| Problem::new(format!("`{id}` is not the id of a business"), self.form.columns))
    }

    /// The date in a column, in any unambiguous form.
    pub(super) fn day(&self, column: &str) -> Result<Option<Day>, Problem> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        let what = match moment::read(text, self.order) {
            Ok(moment) => return Ok(Some(moment.day())),
            Err(Doubt::NoDate) => format!("`{text}` is not a date"),
            Err(Doubt::Ambiguous) => format!("`{text}` could be two different dates"),
        };
        Err(Problem::new(what, "write it as YYYY-MM-DD"))
    }
}

impl List {
    pub(super) fn read(path: &Path, form: &'static Form) -> Result<Self> {
        let file = path.display().to_string();
        let bytes = fsutil::read_bytes(path, LARGEST)
            .map_err(fsutil::failing(|| format!("cannot read {} in {file}", form.what)))?;
        let text = decoded(&bytes).map_err(|problem| refusal(&file, None, problem))?;
        let (lines, unused) =
            lines(&text, form).map_err(|(row, problem)| refusal(&file, Some(row), problem))?;
        Ok(List { sha256: hex(Sha256::digest(&bytes)), file, lines, unused })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Converts every line.
    pub(super) fn parsed<T>(&self, mut entry: impl FnMut(&Line) -> Result<T, Problem>) -> Result<Vec<T>> {
        let parsed =
            |line: &Line| entry(line).map_err(|problem| refusal(&self.file, Some(line.number), problem));
        self.lines.iter().map(parsed).collect()
    }
}

fn refusal(file: &str, row: Option<u32>, Problem { what, hint }: Problem) -> Error {
    let row = row.map_or_else(String::new, |row| format!(", row {row}"));
    // Quoted cells can contain line breaks, and an error is one line.
    Error::new(Kind::Config, format!("{file}{row}: {}", what.replace('\n', "\\n"))).hint(hint)
}

/// A problem and its row.
type Misread = (u32, Problem);

/// The lines below the headings, and the unknown headings. The separator is the one with which the
/// headings are found.
fn lines(text: &str, form: &'static Form) -> Result<(Vec<Line>, Vec<String>), Misread> {
    let table = Delimited::of(text);
    let mut missing = None;
    for separator in &table.separators {
        let mut rows = table.rows(*separator);
        let Some(head) = rows.next() else { return Ok((Vec::new(), Vec::new())) };
        let headings = Headings::of(&head, form);
        if let Some(column) = headings.missing() {
            missing.get_or_insert((head.number, format!("there is no column `{column}`")));
            continue;
        }
        headings.check().map_err(|problem| (head.number, problem))?;
        let line = |row: Row| {
            let number = row.number;
            let line = match row.misplaced_quote(*separator) {
                Some(problem) => Err(problem),
                None => headings.line(row),
            };
            line.map_err(|problem| (number, problem)).transpose()
        };
        let mut lines = rows.filter_map(line).collect::<Result<Vec<Line>, _>>()?;
        let order = moment::order(lines.iter().map(|line| line.get(form.date)));
        lines.iter_mut().for_each(|line| line.order = order);
        return Ok((lines, headings.strange));
    }
    let (row, what) = missing.unwrap_or_default();
    Err((row, Problem::new(what, form.columns)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mutated::{mutated, quarters};

    const STRICT: Form = Form { what: "it", columns: "id,day,note", needed: 1, others: false, date: "day" };
    const OPEN: Form = Form { others: true, ..STRICT };

    fn told(text: &str, form: &'static Form) -> String {
        match lines(text, form) {
            Ok((lines, unused)) => {
                let line = |line: &Line| format!("{}:{}", line.number, line.cells.join("|"));
                let lines = lines.iter().map(line).chain(unused.iter().map(|heading| format!("-{heading}")));
                lines.collect::<Vec<_>>().join(" ")
            }
            Err((row, problem)) => format!("{row}: {}", problem.what),
        }
    }

    #[test]
    fn columns_are_found_by_their_headings() {
        for text in [
            "id,day,note\n1,2,x\n",
            "note;id;day\r\nx;1;2\r\n",
            "ID\tDay\tNote\r1\t2\tx",
            "sep=;\nI D;\"day\";n-o_t.e;;\n\" 1\" ; 2;\"x\";;",
        ] {
            assert_eq!(told(text, &STRICT), "2:1|2|x", "{text:?}");
        }
        assert_eq!(told("\nid\n\n1\n", &STRICT), "4:1||");
        assert_eq!(told("id,day\n,\n1,\n", &STRICT), "3:1||");
        assert_eq!(told("id,phone\n1,2\n,3\n", &OPEN), "2:1|| -phone");
        assert_eq!(told("id,note,nota\n1,2,3\n", &OPEN), "2:1||2 -nota");
        for text in ["", "\n\n", "id,note\n"] {
            assert_eq!(told(text, &STRICT), "", "{text:?}");
        }
    }

    #[test]
    fn a_misspelt_heading_is_refused_even_beside_others() {
        assert_eq!(told("id,daay,phone\n", &OPEN), "1: there is an unknown column `daay`");
    }

    #[test]
    fn anything_unclear_is_refused() {
        let check = |text: &str, expected: &str| assert_eq!(told(text, &STRICT), expected, "{text:?}");
        check("\nday;note\n1;2\n", "2: there is no column `id`");
        check("id,daay\n1,2\n", "1: there is an unknown column `daay`");
        check("id,day,Day\n", "1: there are two columns `day`");
        check("id,note\n1,moved, ask Eve\n", "2: there are more fields than columns");
        check("id,note,\n1,moved, ask Eve\n", "2: there are more fields than columns");
        check("id,note\n1,x\n2,\"moved\n3,y\n", "3: a quote is opened but not closed");
        check("id,note\n1,\"moved\n2,\"y\"\n", "2: there is text after a closing quote");
        check("id,note\n1, \"moved, ask Eve\"\n", "2: there is a blank before a quote");
    }

    proptest! {
        #![proptest_config(quarters(8))]

        /// Gap files, rosters and lists of what is expected, in every encoding: lines that are in the file, or a
        /// problem with its row.
        #[test]
        fn no_list_is_too_strange(bytes in mutated(vec![
            b"id,day,note\r\n1,2026-03-31,client only\r\n2,,\"moved, ask Eve\"\r\n3,31.12.2026,\r\n".to_vec(),
            b"\xef\xbb\xbfsep=;\nid;day;note\n1;2026-01-02;x\n".to_vec(),
            [&b"\xff\xfe"[..], &"id\tday\r\n1\t2026-01-02\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat(),
        ])) {
            for form in [&STRICT, &OPEN] {
                let Ok(text) = decoded(&bytes) else { continue };
                let rows = text.split(['\n', '\r']).count();
                match lines(&text, form) {
                    Ok((lines, _)) => {
                        prop_assert!(lines.len() < rows.max(1) && lines.iter().all(|line| (1..=rows as u32).contains(&line.number)));
                        lines.iter().for_each(|line| drop((line.business_id(), line.day("day"))));
                    }
                    Err((row, problem)) => prop_assert!(row as usize <= rows && !problem.what.is_empty(), "{row}: {}", problem.what),
                }
            }
        }
    }
}
