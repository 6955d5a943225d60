//! `--roster` and `--expected`: lists that access is held against.

use std::path::Path;

use crate::commands::lists::{Form, Line, List};
use crate::delimited::Problem;
use crate::error::{Error, Kind, Result};
use crate::model::addresses::normalized;
use crate::model::role;
use crate::report::{Approval, Entry, Expected, Roster};
use crate::ui::{Ui, few};

const ROSTER: Form = Form {
    what: "the roster",
    columns: "email,name,status,end_date,type,manager",
    needed: 1,
    others: true,
    date: "end_date",
};

const EXPECTED: Form = Form {
    what: "the expected access",
    columns: "business_id,email,role,reason,approved_by,until",
    needed: 3,
    others: true,
    date: "until",
};

/// Statuses of people who are there, as lists of personnel have them: without blanks and hyphens.
const HERE: [&str; 16] = [
    "",
    "active",
    "current",
    "employed",
    "hired",
    "here",
    "onleave",
    "leave",
    "parentalleave",
    "probation",
    "onboarding",
    "fulltime",
    "parttime",
    "furloughed",
    "suspended",
    "yes",
];

const LEFT: [&str; 14] = [
    "left",
    "leaver",
    "inactive",
    "terminated",
    "former",
    "resigned",
    "retired",
    "dismissed",
    "ended",
    "offboarded",
    "departed",
    "deactivated",
    "disabled",
    "deceased",
];

/// Types of accounts that nobody signs in to in person.
const SERVICE: [&str; 11] = [
    "service",
    "serviceaccount",
    "system",
    "bot",
    "robot",
    "shared",
    "sharedmailbox",
    "machine",
    "nonhuman",
    "automation",
    "integration",
];

pub(super) fn roster(ui: Ui, path: &Path) -> Result<Roster> {
    let list = read(ui, path, &ROSTER)?;
    let entries = list.parsed(entry)?;
    let without = entries.iter().filter(|entry| entry.emails.is_empty()).count();
    if without > 0 {
        let rows = if without == 1 { "1 row has" } else { &format!("{without} rows have") };
        ui.note(format_args!("{}: {rows} no address, and will match nobody", path.display()));
    }
    Ok(Roster::of(list.sha256, entries))
}

fn entry(line: &Line) -> Result<Entry, Problem> {
    let addresses = line.get("email").split([';', ',', ' ', '\n']).map(normalized);
    let end_date = line.day("end_date")?;
    let status = line.get("status");
    let left = LEFT.contains(&&*word(status));
    if !left && end_date.is_none() && !HERE.contains(&&*word(status)) {
        let what = format!("`{status}` is not a status that is known");
        return Err(Problem::new(what, "write `active` or `left`, or give an end_date"));
    }
    Ok(Entry {
        emails: addresses.filter(|address| address.contains('@')).map(Into::into).collect(),
        accounts: None,
        left,
        end_date,
        service_account: SERVICE.contains(&&*word(line.get("type"))),
        manager: line.text("manager"),
    })
}

pub(super) fn expected(ui: Ui, path: &Path) -> Result<Expected> {
    let list = read(ui, path, &EXPECTED)?;
    Ok(Expected::of(list.sha256.clone(), list.parsed(approval)?))
}

fn approval(line: &Line) -> Result<Approval, Problem> {
    let email = normalized(line.get("email")).into_owned();
    if !email.contains('@') {
        return Err(Problem::new(format!("`{email}` is not an address"), EXPECTED.columns));
    }
    let role = line.get("role");
    if role.is_empty() {
        return Err(Problem::new(
            "there is no role",
            "write it as FreshBooks does: Admin, or business_partner",
        ));
    }
    Ok(Approval {
        business_id: line.business_id()?,
        email,
        accounts: None,
        role: role::named(role).to_owned(),
        reason: line.text("reason"),
        approved_by: line.text("approved_by"),
        until: line.day("until")?,
    })
}

/// Reads a list that has lines; of an empty one, everybody's access would be wrong.
fn read(ui: Ui, path: &Path, form: &'static Form) -> Result<List> {
    let list = List::read(path, form)?;
    if list.is_empty() {
        let problem = format!("{} has no rows", path.display());
        return Err(Error::new(Kind::Config, problem).hint(form.columns));
    }
    if !list.unused.is_empty() {
        ui.note(format_args!("{}: not used: {}", path.display(), few(&list.unused)));
    }
    Ok(list)
}

/// A word as it is compared: its letters, in lower case.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}
