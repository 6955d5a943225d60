//! Filled-in review sheets: what they say, and whether it can serve as evidence.
//!
//! A pure function: from the bytes of sheets and the rows of the snapshot that they were made from to
//! decisions and everything that is wrong with them, at once. Nothing is decided for a reviewer, and a
//! sheet that was edited where it should not be is not accepted as what the reviewer saw.
//!
//! - [`sheet`]: an XLSX, ODS or CSV file → rows under our headings.
//! - [`moment`]: days and times as spreadsheets write them.
//! - [`same`]: whether a cell still says what the snapshot says.
//! - [`answer`]: one row of a sheet → what its reviewer decided, or what is wrong with it.
//! - [`cells`]: a row's cells, in little room.
//! - [`judge`](mod@judge): all rows together → decisions and findings.
//! - [`earlier`]: decisions that were recorded before, and what becomes of them.
//! - [`folded`]: the same finding about many rows → one line.

mod answer;
mod cells;
mod earlier;
mod folded;
mod judge;
pub(crate) mod moment;
mod same;
pub(crate) mod sheet;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::model::addresses::normalized;
use crate::model::marks::Concern;
pub(crate) use crate::model::marks::Verdict;
use crate::report::{self, Column};
pub(crate) use cells::Cells;
pub(crate) use earlier::Earlier;
pub(crate) use folded::folded;
pub(crate) use judge::{judge, snapshot_named};
pub(crate) use moment::Day;

/// A row of the snapshot that a reviewer was asked about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The columns of `access` by name, formatted as in CSV, without a formula guard.
    pub(crate) cells: Cells<Box<str>>,
    /// Every address on any record of the person.
    pub(crate) emails: Vec<String>,
}

impl Asked {
    /// A cell's text; empty if there is none.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", Box::as_ref)
    }

    /// Whose access, and to what.
    fn person(&self) -> String {
        let (name, email) = (self.get("full_name").to_owned(), self.get("email").to_owned());
        let person = Reviewer { name, email }.to_string();
        let person = if person.is_empty() { self.get("account_key").to_owned() } else { person };
        format!("{person} in {}", self.get("business_name"))
    }
}

/// What the sheets are compared with.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) snapshot_id: i64,
    /// The day on which the snapshot ended, and today, in the time zone used for days.
    pub(crate) taken_on: Day,
    pub(crate) today: Day,
    /// Who decided if a row does not say so. If set, the date defaults to today.
    pub(crate) reviewer: Option<Reviewer>,
    /// Rows can be undecided or missing.
    pub(crate) part: bool,
    /// In report order.
    pub(crate) rows: &'a [Asked],
    /// The decisions that count so far, by row key.
    pub(crate) earlier: HashMap<String, Earlier>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reviewer {
    pub(crate) name: String,
    pub(crate) email: String,
}

impl Reviewer {
    /// Reads `NAME <EMAIL>`, an address or a name.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let (name, email) = match text.split_once('<') {
            Some((name, rest)) => (name, rest.trim_end().strip_suffix('>').unwrap_or(rest)),
            None if text.contains('@') => ("", text),
            None => (text, ""),
        };
        Reviewer { name: name.trim().to_owned(), email: email.trim().to_owned() }
    }

    /// Whether this is the person of the row: by any address, or by name if there is no address.
    fn is(&self, asked: &Asked) -> bool {
        if self.email.is_empty() {
            return !self.name.is_empty() && self.key() == asked.get("full_name").trim().to_lowercase();
        }
        let known = asked.emails.iter().map(String::as_str).chain([asked.get("email")]);
        known.map(normalized).any(|known| known == self.key())
    }

    /// A key that is the same however the reviewer is written.
    fn key(&self) -> String {
        match self.email.is_empty() {
            true => self.name.to_lowercase(),
            false => normalized(&self.email).into_owned(),
        }
    }
}

/// `NAME <EMAIL>`, or the part that is known.
impl fmt::Display for Reviewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.email.as_str()) {
            (name, "") => f.write_str(name),
            ("", email) => f.write_str(email),
            (name, email) => write!(f, "{name} <{email}>"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) row_key: String,
    pub(crate) decision: Verdict,
    /// FreshBooks' own word for the role; empty unless it is a change.
    pub(crate) change_to: String,
    pub(crate) reviewer: Reviewer,
    pub(crate) reviewed_at: Day,
    pub(crate) justification: String,
    pub(crate) ticket: String,
    pub(crate) findings: BTreeSet<Concern>,
}

impl Decision {
    /// The findings, `;`-joined and sorted.
    pub(crate) fn findings(&self) -> String {
        let words: Vec<&str> = self.findings.iter().map(|concern| concern.as_str()).collect();
        words.join(";")
    }
}

/// The position of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) sheet: Option<String>,
    pub(crate) row: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet {sheet}")?;
        }
        write!(f, ", row {}", self.row)
    }
}

/// A problem, or something worth knowing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    /// `None` if it is not about a single row of a sheet.
    pub(crate) place: Option<Place>,
    /// Name, address and business; empty if it is about several.
    pub(crate) person: String,
    pub(crate) what: String,
    /// How to fix it.
    pub(crate) fix: String,
}

/// One line: position, person, what is wrong; how to fix it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.person.is_empty() {
            write!(f, "{}: ", self.person)?;
        }
        f.write_str(&self.what)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; {}", self.fix) }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// In the order of the snapshot's rows. To be recorded only if there are no errors.
    pub(crate) decisions: Vec<Decision>,
    /// Rows of the snapshot without a decision.
    pub(crate) undecided: usize,
    pub(crate) errors: Vec<Finding>,
    /// The findings on the decisions, and the earlier decisions that they replace, for the person who records
    /// them.
    pub(crate) warnings: Vec<Finding>,
    /// What could not be checked.
    pub(crate) notes: Vec<String>,
}

/// The columns of the review sheet.
fn columns() -> impl Iterator<Item = &'static Column> {
    report::find("review").into_iter().flat_map(|review| review.columns.iter().copied().flatten())
}
