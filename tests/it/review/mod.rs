//! The review from outside: the sheet, what is recorded of it, what became of it.

mod evidence;
mod record;
mod sheet;
mod status;

use std::collections::BTreeMap;
use std::fs;

use fbsync::sandbox::{Member, World};

use crate::harness::{Home, Run};

/// Noon of 30 June 2026.
pub(crate) const NOON: i64 = 1_782_820_800;

pub(crate) const DAY: i64 = 86_400;

const REVIEWER: [&str; 2] = ["--reviewer", "Owen Tran <owen@auditors.example>"];

/// A row of a sheet by the names of its columns.
pub(crate) type Row = BTreeMap<String, String>;

/// Two businesses of three people each, read at noon of a day.
pub(crate) fn read_once() -> Home {
    let home = Home::reading(World::many(2, 3)).with("FBSYNC_DB", "audit.sqlite");
    on_day(home, 0, |home| drop(home.fbsync(&["sync"]).succeeds()))
}

/// Lets the program do something so many days later.
pub(crate) fn on_day(home: Home, days: i64, act: impl FnOnce(&Home)) -> Home {
    let home = home.with("FBSYNC_TEST_CLOCK", &(NOON + days * DAY).to_string());
    act(&home);
    home
}

/// The review sheet of the newest snapshot.
pub(crate) fn sheet(home: &Home, more: &[&str]) -> Vec<Row> {
    rows(&home.fbsync(&[&["export", "review", "--formula-guard", "off"], more].concat()).succeeds())
}

/// What a run printed as CSV.
pub(crate) fn rows(run: &Run) -> Vec<Row> {
    csv::Reader::from_reader(run.stdout.as_bytes()).deserialize().collect::<Result<_, _>>().expect("CSV")
}

/// Writes the sheet with the decisions that `decide` fills in.
pub(crate) fn fill(home: &Home, name: &str, mut decide: impl FnMut(&mut Row)) {
    let mut rows = sheet(home, &[]);
    rows.iter_mut().for_each(&mut decide);
    write(home, name, &rows);
}

pub(crate) fn write(home: &Home, name: &str, rows: &[Row]) {
    let mut writer = csv::Writer::from_path(home.path(name)).expect("a file");
    for row in rows {
        if row == &rows[0] {
            writer.write_record(row.keys()).expect("written");
        }
        writer.write_record(row.values()).expect("written");
    }
    writer.flush().expect("written");
}

pub(crate) fn set(row: &mut Row, values: &[(&str, &str)]) {
    for (column, value) in values {
        let cell = row.get_mut(*column).expect(column);
        (*value).clone_into(cell);
    }
}

pub(crate) fn keep(row: &mut Row) {
    set(row, &[("decision", "keep")]);
}

/// Keeps everybody but one: `email` is to be removed.
pub(crate) fn remove(email: &str) -> impl FnMut(&mut Row) {
    let email = email.to_owned();
    move |row| match row["email"] == email {
        true => set(row, &[("decision", "remove"), ("justification", "left")]),
        false => keep(row),
    }
}

pub(crate) fn record(home: &Home, files: &[&str], more: &[&str]) -> Run {
    home.fbsync(&[&["review", "record"], files, &REVIEWER, more].concat())
}

/// The first person of a business who is not the one signed in.
pub(crate) fn somebody(home: &Home, business: usize) -> Member {
    home.sandbox.change(|world| world.businesses[business].members[1].clone())
}

pub(crate) fn email(member: &Member) -> String {
    member.email.clone().expect("an address")
}

/// What lies in a file of `fixtures/review/`.
pub(crate) fn fixture(name: &str) -> String {
    format!("{}/fixtures/review/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn fixtures() -> Vec<String> {
    let entries = fs::read_dir(fixture("")).expect("fixtures").flatten();
    let names = entries.map(|entry| entry.file_name().into_string().expect("UTF-8"));
    let others = ["asked.csv", "decisions.csv", "README.md", "make.py"];
    let mut names: Vec<String> = names.filter(|name| !others.contains(&name.as_str())).collect();
    names.sort();
    names
}
