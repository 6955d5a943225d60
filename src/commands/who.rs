//! `who`: everything about one person, in every snapshot up to the one that is chosen.

use super::choose::choose;
use crate::app::App;
use crate::cli::{WhoArgs, WhoFormat};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Deciding, Demand, Source};
use crate::model::persons::{Person, Persons};
use crate::report::{Cell, Column, Lines, Options, Scope, Style, Table, View, WHO, picked, places};
use crate::shell;
use crate::store::Reader;

pub(crate) fn run(app: &App, args: &WhoArgs) -> Result<()> {
    let form = Form::of(app, args)?;
    let asked = args.person.join(" ");
    let reader = Reader::open(app, &app.database(&args.database.db)?)?;
    let choice = choose(app, &reader, &args.choosing, Deciding::All)?;
    let demand = Demand { snapshot_id: choice.chosen.id, scope: Scope::Whole, past: true, horizon: None };
    let source = Source::open(&reader, &demand)?;
    let persons = reader.persons()?;
    let person = the_one(app, args, &persons, &asked)?;
    let keys = person.iter().flat_map(|person| &person.keys).map(ToString::to_string).collect();
    let options = Options { people: vec![asked.clone()], accounts: Some(keys), ..Options::default() };
    let view = source.view(options, &app.stop)?;
    if let Some(left_out) = view.left_out() {
        app.ui.note(left_out.covers(view.snapshot.id));
    }
    let Some(person) = person else {
        return Err(nobody(args, format!("no snapshot knows `{asked}`"), &view));
    };
    let found = print(app, &view, form, &args.columns)?;
    if found == 0 {
        return Err(nobody(args, format!("`{asked}` is only in later snapshots"), &view));
    }
    let snapshot = &view.snapshot;
    let memberships = if found == 1 { "1 membership".to_owned() } else { format!("{found} memberships") };
    app.ui.result(format_args!(
        "{}: {memberships} up to snapshot {} ({})",
        described(person),
        snapshot.id,
        snapshot.finished_at
    ));
    Ok(())
}

/// How the rows are printed: on a terminal the columns that a person reads, else all of them.
enum Form {
    Table,
    Csv,
    Jsonl,
    Json,
}

impl Form {
    fn of(app: &App, args: &WhoArgs) -> Result<Self> {
        match (args.format, app.json) {
            (Some(_), true) => {
                Err(Error::new(Kind::Usage, "--json and --format contradict each other")
                    .hint("leave one out"))
            }
            (Some(WhoFormat::Csv), false) => Ok(Form::Csv),
            (Some(WhoFormat::Jsonl), false) => Ok(Form::Jsonl),
            (None, true) => Ok(Form::Json),
            (None, false) if app.ui.width.is_some() => Ok(Form::Table),
            (None, false) => Ok(Form::Csv),
        }
    }
}

/// The person who was asked for; of several, nobody knows which.
fn the_one<'p>(app: &App, args: &WhoArgs, persons: &'p Persons, asked: &str) -> Result<Option<&'p Person>> {
    let found = persons.find(asked);
    let [first, _, ..] = found.as_slice() else { return Ok(found.first().copied()) };
    for person in &found {
        app.ui.instruct(described(person));
    }
    let (key, db) = (shell::word(&first.name_of_account()), shell::path(&args.database.db));
    let problem = format!("{} people match `{asked}`", found.len());
    Err(Error::new(Kind::Usage, problem).hint(format!("fbsync who {key} --db {db}")))
}

/// Key, names and addresses, in one line.
fn described(person: &Person) -> String {
    let names: Vec<&str> = person.names.iter().map(String::as_str).collect();
    let addresses: Vec<&str> = person.addresses.iter().map(String::as_str).collect();
    let texts = [names.join(", "), addresses.join(", ")];
    let known: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    format!("{} ({})", person.name_of_account(), known.join("; "))
}

/// Prints the rows, and tells how many of them are of a membership.
fn print(app: &App, view: &View, form: Form, names: &[String]) -> Result<usize> {
    let all: Vec<Column> = WHO.fixed_columns().cloned().collect();
    let shown = places(&all, names)?;
    let columns = || shown.iter().map(|at| &all[*at]).collect::<Vec<&Column>>();
    let mut lines = match form {
        Form::Table => {
            let mut table = Table::begin(&app.ui, &WHO, &all, names)?;
            let found = each(view, |cells| table.row(cells))?;
            table.finish()?;
            return Ok(found);
        }
        Form::Csv => {
            let style = Style { printable: app.ui.width.is_some(), ..Style::default() };
            Lines::csv(&WHO, columns(), style, app.ui.data())?
        }
        Form::Jsonl => Lines::jsonl(columns(), app.ui.data()),
        Form::Json => Lines::json(columns(), app.ui.data()),
    };
    let found = each(view, |cells| lines.row(&picked(cells, &shown)))?;
    let changed = lines.finish()?.len();
    if changed > 0 {
        app.ui.note(format_args!("{changed} cells begin like a formula and got a ' in front"));
    }
    Ok(found)
}

fn each(view: &View, mut take: impl FnMut(&[Cell]) -> Result<()>) -> Result<usize> {
    let account = WHO.fixed_columns().position(|column| column.name == "account_key").unwrap_or_default();
    let mut found = 0;
    (WHO.rows)(view, &mut |cells| {
        found += usize::from(cells[account] != Cell::Empty);
        take(cells)
    })?;
    Ok(found)
}

fn nobody(args: &WhoArgs, problem: String, view: &View) -> Error {
    let db = shell::path(&args.database.db);
    Error::new(Kind::No, format!("{problem}{}", view.and_unread()))
        .hint(format!("fbsync export accounts --db {db} lists everybody"))
}
