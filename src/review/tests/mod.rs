//! Tests from sheets to decisions and findings.

mod files;
mod hostile;
mod properties;
mod rules;

use super::sheet::{self, Sheet};
use super::*;

/// A snapshot's row from its cells.
fn asked(cells: &[(&str, &str)], emails: &[&str]) -> Asked {
    let name = |name: &str| columns().find(|column| column.name == name).unwrap().name.as_ref();
    Asked {
        cells: cells.iter().map(|(column, text)| (name(column), (*text).into())).collect(),
        emails: emails.iter().map(|email| (*email).to_owned()).collect(),
    }
}

fn question(rows: &[Asked]) -> Question<'_> {
    let day = |text| Day::parse(text).unwrap();
    Question {
        snapshot_id: 2,
        taken_on: day("2026-11-25"),
        today: day("2027-01-31"),
        reviewer: None,
        part: false,
        rows,
        earlier: HashMap::new(),
    }
}

fn parsed(file: &str, bytes: &[u8]) -> Vec<Sheet> {
    sheet::parse(file, bytes).unwrap_or_else(|error| panic!("{error} {:?}", error.hint_text()))
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}

/// A decision as a line of CSV.
fn line(decision: &Decision) -> Vec<String> {
    let Decision {
        row_key, decision: verdict, change_to, reviewer, reviewed_at, justification, ticket, ..
    } = decision;
    let (name, email, findings) = (&reviewer.name, &reviewer.email, decision.findings());
    let day = reviewed_at.to_string();
    [row_key, verdict.as_str(), change_to, name, email, &day, justification, ticket, &findings]
        .map(str::to_owned)
        .to_vec()
}
