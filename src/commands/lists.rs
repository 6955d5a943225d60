//! Lists that people keep beside FreshBooks, as CSV with headings: accepted gaps, a roster, what access
//! is expected.
//!
//! What is not clear is refused, with its row: a quote that is never closed would swallow the rows below
//! it, a reason cut at a comma would stand in the evidence, and a gap whose `until` is misspelt would
//! never end.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::delimited::{Delimited, Problem, Row, decoded};
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::model::reading::hex;
use crate::review::moment::{self, Doubt, Order};
use crate::time::Day;

/// A hundred thousand rows fit in.
const LARGEST: u64 = 16 << 20;

/// What a list has to look like.
pub(super) struct Form {
    /// What is in it; completes "cannot read …".
    pub(super) what: &'static str,
    /// Comma-separated. A heading in other capitals, or with blanks or hyphens, is the same.
    pub(super) columns: &'static str,
    /// How many of these have to be there, the first ones.
    pub(super) needed: usize,
    /// Whether columns of other names are allowed; they are not read.
    pub(super) others: bool,
    /// Which column holds dates.
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
    /// Of the file.
    pub(super) sha256: String,
    lines: Vec<Line>,
    /// Headings of columns that mean nothing here.
    pub(super) unused: Vec<String>,
}

pub(super) struct Line {
    form: &'static Form,
    number: u32,
    /// In the order of the form's columns.
    cells: Vec<String>,
    /// Whether the file's dates begin with the day or the month.
    order: Option<Order>,
}

impl Line {
    /// The text in a column; empty where there is none.
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

    /// The date in a column, in any form that leaves no doubt.
    pub(super) fn day(&self, column: &str) -> Result<Option<Day>, Problem> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        let what = match moment::read(text, self.order) {
            Ok(moment) => return Ok(Some(moment.day())),
            Err(Doubt::NoDate) => format!("`{text}` is not a date"),
            Err(Doubt::Ambiguous) => format!("`{text}` can be two dates"),
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

    /// What each line says.
    pub(super) fn parsed<T>(&self, entry: impl Fn(&Line) -> Result<T, Problem>) -> Result<Vec<T>> {
        let parsed =
            |line: &Line| entry(line).map_err(|problem| refusal(&self.file, Some(line.number), problem));
        self.lines.iter().map(parsed).collect()
    }
}

fn refusal(file: &str, row: Option<u32>, Problem { what, hint }: Problem) -> Error {
    let row = row.map_or_else(String::new, |row| format!(", row {row}"));
    // Within quotes there may be ends of lines, and an error is one line.
    Error::new(Kind::Config, format!("{file}{row}: {}", what.replace('\n', "\\n"))).hint(hint)
}

/// A problem, and the row that it is in.
type Misread = (u32, Problem);

/// The lines below the headings, and the headings that mean nothing here. The separator is the one that
/// gives the headings.
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

/// What the columns of a file are.
struct Headings {
    form: &'static Form,
    columns: Vec<Column>,
    strange: Vec<String>,
}

enum Column {
    /// By its place in the form.
    Known(usize),
    Strange,
    /// Spreadsheets leave such columns behind: nothing, as long as nothing is in them.
    Headless,
}

impl Headings {
    fn of(head: &Row, form: &'static Form) -> Self {
        let column = |heading: &String| {
            let place = form.columns.split(',').position(|known| plain(known) == plain(heading));
            match place {
                Some(place) => Column::Known(place),
                None if heading.is_empty() => Column::Headless,
                None => Column::Strange,
            }
        };
        let columns: Vec<Column> = head.cells.iter().map(column).collect();
        let strange = head.cells.iter().zip(&columns).filter(|(_, column)| matches!(column, Column::Strange));
        let strange = strange.map(|(heading, _)| heading.clone()).collect();
        Headings { form, columns, strange }
    }

    fn count(&self, place: usize) -> usize {
        self.columns.iter().filter(|column| matches!(column, Column::Known(known) if *known == place)).count()
    }

    /// The first column that is needed and not there.
    fn missing(&self) -> Option<&'static str> {
        let needed = self.form.columns.split(',').take(self.form.needed).enumerate();
        needed.into_iter().find(|(place, _)| self.count(*place) == 0).map(|(_, name)| name)
    }

    fn check(&self) -> Result<(), Problem> {
        let refused = |what| Err(Problem::new(what, self.form.columns));
        let twice = self.form.columns.split(',').enumerate().find(|(place, _)| self.count(*place) > 1);
        let misspelt = |strange: &&String| {
            let absent =
                self.form.columns.split(',').enumerate().filter(|(place, _)| self.count(*place) == 0);
            absent.into_iter().any(|(_, name)| is_slip(&plain(strange), &plain(name)))
        };
        match (self.strange.iter().find(|strange| !self.form.others || misspelt(strange)), twice) {
            (Some(strange), _) => refused(format!("there is a column `{strange}`, which means nothing here")),
            (_, Some((_, name))) => refused(format!("there are two columns `{name}`")),
            _ => Ok(()),
        }
    }

    /// The line that a row is; nothing where its cells are blank.
    fn line(&self, row: Row) -> Result<Option<Line>, Problem> {
        let mut cells = vec![String::new(); self.form.columns.split(',').count()];
        for (at, cell) in row.cells.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            match self.columns.get(at) {
                Some(Column::Known(place)) => cells[*place] = cell,
                Some(Column::Strange) => {}
                Some(Column::Headless) | None => {
                    let hint =
                        "put a text that holds the separator in quotes: 9001,\"moved, ask Eve\",2026-12-31";
                    return Err(Problem::new("there are more fields than columns", hint));
                }
            }
        }
        let blank = cells.iter().all(String::is_empty);
        Ok((!blank).then_some(Line { form: self.form, number: row.number, cells, order: None }))
    }
}

/// A heading as it is compared: its letters and digits, in lower case.
fn plain(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether one word is the other with one letter too many, missing, wrong, or exchanged with its
/// neighbour.
fn is_slip(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let rest = |word: &str| word.chars().skip(same).collect::<Vec<_>>();
    let (mut a, mut b) = (rest(a), rest(b));
    while a.last().is_some_and(|last| b.last() == Some(last)) {
        (_, _) = (a.pop(), b.pop());
    }
    match (a.as_slice(), b.as_slice()) {
        ([a, b], [c, d]) => (a, b) == (d, c),
        (a, b) => a.len().max(b.len()) <= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_slip_of_the_keyboard_is_no_other_column() {
        let check = |a, expected| assert_eq!(is_slip(a, "until"), expected, "{a}");
        for a in ["untill", "unil", "untik", "unitl", "ntil", "xuntil", "until"] {
            check(a, true);
        }
        for a in ["unti11", "untli1", "unt", "litnu", ""] {
            check(a, false);
        }
        let told = told("id,daay,phone\n", &OPEN);
        assert_eq!(told, "1: there is a column `daay`, which means nothing here");
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        let check = |text: &str, expected: &str| assert_eq!(told(text, &STRICT), expected, "{text:?}");
        check("\nday;note\n1;2\n", "2: there is no column `id`");
        check("id,daay\n1,2\n", "1: there is a column `daay`, which means nothing here");
        check("id,day,Day\n", "1: there are two columns `day`");
        check("id,note\n1,moved, ask Eve\n", "2: there are more fields than columns");
        check("id,note,\n1,moved, ask Eve\n", "2: there are more fields than columns");
        check("id,note\n1,x\n2,\"moved\n3,y\n", "3: a quote is opened and not closed");
        check("id,note\n1,\"moved\n2,\"y\"\n", "2: something stands behind a closing quote");
        check("id,note\n1, \"moved, ask Eve\"\n", "2: a blank stands before a quote");
    }
}
