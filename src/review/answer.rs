//! One row of a sheet → the reviewer's decision, or what is wrong with the row.

use std::collections::BTreeSet;

use super::moment::{self, Doubt, Order};
use super::same::{plain, same};
use super::sheet::{Row, Sheet, Value};
use super::{Asked, Day, Decision, Question, Reviewer, Verdict, columns};
use crate::model::role;
use crate::report::{Column, Type};
use crate::time::Timestamp;

/// Derived columns that depend on the options of the export, not only on the snapshot.
const OF_THE_EXPORT: [&str; 3] = ["is_external", "businesses_count", "flags"];

/// Nobody fills these in without having made a decision.
const DETAILS: [&str; 3] = ["change_to", "justification", "ticket"];

/// What is wrong, and how to fix it.
pub(super) type Problem = (String, String);

pub(super) fn problem(what: impl Into<String>, fix: impl Into<String>) -> Problem {
    (what.into(), fix.into())
}

pub(super) enum Answer {
    Undecided,
    Decided {
        decision: Decision,
        /// The moment, if the sheet has a time of day.
        clock: Option<Timestamp>,
    },
}

/// The decision about `asked`, or everything that is wrong with the row.
pub(super) fn read(
    question: &Question,
    sheet: &Sheet,
    row: &Row,
    asked: &Asked,
    order: Option<Order>,
) -> Result<Answer, Vec<Problem>> {
    let mut problems = Vec::from_iter(edited(sheet, row, asked, order));
    let answer = match verdict(row) {
        Ok(None) => Some(Answer::Undecided),
        Ok(Some(verdict)) => decided(question, row, asked, verdict, order, &mut problems),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    answer.filter(|_| problems.is_empty()).ok_or(problems)
}

/// The columns of ours in which the row differs from the snapshot.
fn edited(sheet: &Sheet, row: &Row, asked: &Asked, order: Option<Order>) -> Option<Problem> {
    let differs = |column: &&Column| {
        let name = column.name.as_ref();
        let checked = sheet.columns.contains(&name) && !OF_THE_EXPORT.contains(&name);
        let ours = asked.cells.get(name).filter(|_| checked);
        ours.is_some_and(|ours| !same(column.kind, ours, row.get(name), order))
    };
    let differing: Vec<&Column> = columns().filter(differs).collect();
    let first = differing.first()?;
    let (ours, theirs) = (asked.get(&first.name), row.get(&first.name));
    let others = match differing.len() {
        1 => String::new(),
        n => format!(" (and {} more cells)", n - 1),
    };
    Some(problem(
        format!("{} was edited: `{ours}` in the snapshot, `{theirs}` here{others}", first.heading),
        "put back what was there; if the rows were sorted, sort all the columns together",
    ))
}

fn verdict(row: &Row) -> Result<Option<Verdict>, Problem> {
    let text = plain(&row.get("decision").to_string()).to_lowercase();
    let stray = || DETAILS.iter().find(|name| *row.get(name) != Value::Empty);
    match Verdict::ALL.iter().find(|verdict| verdict.as_str() == text) {
        Some(verdict) => Ok(Some(*verdict)),
        None if !text.is_empty() => Err(problem(
            format!("`{}` is not a decision", row.get("decision")),
            "write keep, remove, change or ask",
        )),
        None => stray().map_or(Ok(None), |name| {
            let what = format!("no decision, but the column {} is filled in", heading(name));
            Err(problem(what, "decide, or clear it"))
        }),
    }
}

fn decided(
    question: &Question,
    row: &Row,
    asked: &Asked,
    decision: Verdict,
    order: Option<Order>,
    problems: &mut Vec<Problem>,
) -> Option<Answer> {
    let text = |name| row.get(name).to_string();
    let justification = text("justification");
    if decision != Verdict::Keep && justification.is_empty() {
        let what = format!("no reason to {}", decision.as_str());
        problems.push(problem(what, format!("fill in the column {}", heading("justification"))));
    }
    let change_to = change_to(row, asked, decision).map_err(|problem| problems.push(problem)).ok();
    let reviewer = reviewer(row).or_else(|| question.reviewer.clone());
    if reviewer.is_none() {
        problems.push(problem("no reviewer", "fill in who decided, or use --reviewer"));
    }
    let when = when(question, row, order).map_err(|problem| problems.push(problem)).ok();
    let (reviewed_at, clock) = when?;
    let decision = Decision {
        row_key: asked.get("row_key").to_owned(),
        decision,
        change_to: change_to?,
        reviewer: reviewer?,
        reviewed_at,
        justification,
        ticket: text("ticket"),
        findings: BTreeSet::new(),
    };
    Some(Answer::Decided { decision, clock })
}

/// The raw name of the role to change to; empty for other decisions.
fn change_to(row: &Row, asked: &Asked, decision: Verdict) -> Result<String, Problem> {
    let wanted = plain(&row.get("change_to").to_string());
    let assignable = role::assignable(asked.get("role"));
    let labels = || assignable.iter().map(|role| role::label(role)).collect::<Vec<_>>();
    let roles = || format!("write one of: {}", labels().join(", "));
    match (decision, role_named(&wanted, assignable)) {
        (Verdict::Change, _) if wanted.is_empty() => {
            Err(problem("the role to change to is missing", roles()))
        }
        (Verdict::Change, None) => Err(problem(format!("`{wanted}` is not a role to change to"), roles())),
        (Verdict::Change, Some(role)) if role == asked.get("role") => {
            let what = format!("the role is already {}", role::label(role));
            Err(problem(what, "decide keep, or write another role"))
        }
        (Verdict::Change, Some(role)) => Ok(role.to_owned()),
        _ if wanted.is_empty() => Ok(String::new()),
        _ => {
            let what = format!("a role to change to, but the decision is {}", decision.as_str());
            Err(problem(what, "decide change, or clear it"))
        }
    }
}

/// Labels take precedence over raw names: somebody who writes "Manager" does not mean the raw role of
/// that name, which FreshBooks no longer assigns.
fn role_named(text: &str, assignable: &'static [&str]) -> Option<&'static str> {
    let text = text.to_lowercase();
    let labelled = |role: &&&str| {
        let label = role::label(role).to_lowercase();
        label == text || label.split(" (").next() == Some(text.as_str())
    };
    let named = assignable.iter().find(labelled);
    named.or_else(|| assignable.iter().find(|role| **role == text)).copied()
}

fn reviewer(row: &Row) -> Option<Reviewer> {
    let mut reviewer = Reviewer::parse(&row.get("reviewer").to_string());
    let email = Reviewer::parse(&row.get("reviewer_email").to_string()).email;
    if !email.is_empty() {
        reviewer.email = email;
    }
    (reviewer != Reviewer::default()).then_some(reviewer)
}

/// The day of the decision, and the moment if the sheet has it.
fn when(question: &Question, row: &Row, order: Option<Order>) -> Result<(Day, Option<Timestamp>), Problem> {
    let moment = match row.get("reviewed_at") {
        Value::Empty if question.reviewer.is_some() => return Ok((question.today, None)),
        Value::Empty => {
            return Err(problem(
                "no date",
                "fill in when it was decided, or use --reviewer to record today's date",
            ));
        }
        Value::Moment(moment) => *moment,
        other => moment::read(&other.to_string(), order).map_err(|doubt| {
            let why = match doubt {
                Doubt::NoDate => "is not a date",
                Doubt::Ambiguous => "could be two different days",
            };
            problem(format!("`{other}` {why}"), "write it as 2026-09-30")
        })?,
    };
    let (day, Question { taken_on, today, .. }) = (moment.day(), question);
    if day < *taken_on {
        let what = format!("decided on {day}, before the snapshot of {taken_on}");
        return Err(problem(what, "correct the date"));
    }
    if day > *today {
        let what = format!("decided on {day}, which is after today, {today}");
        return Err(problem(what, "correct the date; --timezone says where a day begins"));
    }
    Ok((day, moment.clock()))
}

/// A column's heading in words.
fn heading(name: &str) -> &'static str {
    columns().find(|column| column.name == name).map_or("", |column| column.heading.as_ref())
}

/// The order of day and month in a sheet's dates, including those we wrote.
pub(super) fn order_of(sheet: &Sheet) -> Option<Order> {
    let dates = columns().filter(|column| matches!(column.kind, Type::Time | Type::Date));
    let dates: Vec<&str> = dates.map(|column| column.name.as_ref()).collect();
    let cells = sheet.rows.iter().flat_map(|row| dates.iter().map(|name| row.get(name)));
    moment::order(cells.filter_map(|cell| match cell {
        Value::Text(text) => Some(text.as_ref()),
        _ => None,
    }))
}
