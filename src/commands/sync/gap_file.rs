//! A file of accepted gaps, as people and spreadsheets write it: CSV (RFC 4180), with blanks about
//! the commas if they like.
//!
//! What is not clear is refused, with its line: a quote that is never closed would swallow the gaps
//! below it, a reason cut at a comma would stand in the evidence, and a gap whose `until` is misspelt
//! would never end.

use std::mem;
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::time::Timestamp;

/// Thousands of gaps fit in.
const LARGEST: u64 = 1 << 20;

const COLUMNS: &str = "business_id,reason,until";

pub(super) struct Entry {
    pub(super) business_id: i64,
    pub(super) reason: Option<String>,
    /// The last day that it counts, as `YYYY-MM-DD`; for ever where there is none.
    pub(super) until: Option<String>,
}

pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = fsutil::read_text(path, LARGEST)
        .map_err(fsutil::failing(|| format!("cannot read the accepted gaps in {}", path.display())))?;
    entries(&text).map_err(|Problem { line, what, hint }| {
        // Within quotes there may be ends of lines, and an error is one line.
        let what = what.replace('\n', "\\n");
        Error::new(Kind::Config, format!("{}, line {line}: {what}", path.display())).hint(hint)
    })
}

/// What is wrong with a line, and how it should be written.
struct Problem {
    line: usize,
    what: String,
    hint: &'static str,
}

impl Problem {
    fn new(line: usize, what: impl Into<String>, hint: &'static str) -> Self {
        Problem { line, what: what.into(), hint }
    }
}

fn entries(text: &str) -> Result<Vec<Entry>, Problem> {
    let mut rows = rows(text)?.into_iter();
    let Some(heading) = rows.next() else { return Ok(Vec::new()) };
    let column = |name| heading.cells.iter().position(|cell| cell == name);
    let Some(business_id) = column("business_id") else {
        return Err(Problem::new(heading.line, "there is no column `business_id`", COLUMNS));
    };
    check_headings(&heading)?;
    let (reason, until) = (column("reason"), column("until"));
    let entry = |Row { line, cells }: Row| {
        let headless = |at: usize| heading.cells.get(at).is_none_or(String::is_empty);
        if cells.iter().enumerate().any(|(at, cell)| !cell.is_empty() && headless(at)) {
            let hint = "put a reason that holds commas in quotes: 9001,\"moved, ask Eve\",2026-12-31";
            return Err(Problem::new(line, "there are more fields than columns", hint));
        }
        let cell = |at: usize| cells.get(at).filter(|cell| !cell.is_empty()).cloned();
        let id = cell(business_id).unwrap_or_default();
        let Ok(business_id) = id.parse() else {
            return Err(Problem::new(line, format!("`{id}` is no id of a business"), COLUMNS));
        };
        let until = until.and_then(cell);
        if let Some(day) = until.as_deref().filter(|day| !is_day(day)) {
            return Err(Problem::new(line, format!("`{day}` is no day"), "write it as YYYY-MM-DD"));
        }
        Ok(Entry { business_id, reason: reason.and_then(cell), until })
    };
    rows.map(entry).collect()
}

/// Spreadsheets leave columns without a heading, which are nothing as long as nothing is in them.
fn check_headings(heading: &Row) -> Result<(), Problem> {
    let named = || heading.cells.iter().filter(|cell| !cell.is_empty());
    let known = || COLUMNS.split(',');
    if let Some(strange) = named().find(|cell| known().all(|name| name != *cell)) {
        let what = format!("there is a column `{strange}`, which means nothing here");
        return Err(Problem::new(heading.line, what, COLUMNS));
    }
    match known().find(|name| named().filter(|cell| cell == name).count() > 1) {
        Some(name) => Err(Problem::new(heading.line, format!("there are two columns `{name}`"), COLUMNS)),
        None => Ok(()),
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_some()
}

/// Fields without the blanks about them, and the line they begin on.
struct Row {
    line: usize,
    cells: Vec<String>,
}

/// Where the reader of [`rows`] is.
#[derive(Clone, Copy)]
enum At {
    /// Before a field, or in the blanks that lead to it.
    Start,
    Plain,
    Quoted,
    /// Behind a quote that closes, unless another follows.
    Quote,
    /// In the blanks behind a closing quote.
    Behind,
}

/// Every line that holds something.
fn rows(text: &str) -> Result<Vec<Row>, Problem> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let (mut rows, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut at, mut line, mut began, mut opened) = (At::Start, 1, 1, 1);
    for c in text.chars().chain(['\n']) {
        match (at, c) {
            (At::Quoted, '"') => at = At::Quote,
            (At::Quoted, _) => cell.push(c),
            (At::Quote, '"') => {
                cell.push('"');
                at = At::Quoted;
            }
            (_, ',' | '\n') => {
                cells.push(mem::take(&mut cell).trim().to_owned());
                at = At::Start;
                if c == '\n' {
                    rows.push(Row { line: began, cells: mem::take(&mut cells) });
                    began = line + 1;
                }
            }
            (At::Start, '"') => (at, opened) = (At::Quoted, line),
            (At::Start, ' ' | '\t') => {}
            (At::Quote | At::Behind, ' ' | '\t') => at = At::Behind,
            (At::Quote | At::Behind, _) => {
                let hint = "write a quote within quotes twice: \"the \"\"old\"\" books\"";
                return Err(Problem::new(line, "something stands behind a closing quote", hint));
            }
            (At::Start | At::Plain, _) => {
                cell.push(c);
                at = At::Plain;
            }
        }
        line += usize::from(c == '\n');
    }
    if let At::Quoted = at {
        return Err(Problem::new(
            opened,
            "a quote is opened and not closed",
            "put a quote at the end of its text",
        ));
    }
    rows.retain(|row| row.cells.iter().any(|cell| !cell.is_empty()));
    Ok(rows)
}
