//! `review status`: what is decided about each reviewed snapshot, what is left to do, and what has been
//! carried out since.

mod state;

use super::counted;
use crate::app::App;
use crate::cli::ReviewStatusArgs;
use crate::error::{Error, Kind, Result};
use crate::evidence;
use crate::model::marks::Verdict;
use crate::model::role;
use crate::report::outcomes::{self, Followed};
use crate::report::{Column, Lines, Report, Style, Table, decisions, in_words, picked, places};
use crate::review::Asked;
use crate::shell;
use crate::store::{Decision, Reader, Snapshot, Usable};
use crate::ui;
use state::State;

pub(super) fn run(app: &App, args: &ReviewStatusArgs) -> Result<()> {
    let path = app.database(&args.database.db)?;
    let reader = Reader::open(app, &path)?;
    let horizon = reader.horizon(None)?;
    let mut reviewed = Vec::new();
    for snapshot in asked_for(&reader, args)? {
        reviewed.push((reader.reviews_of(snapshot.id, horizon.review)?, snapshot));
    }
    let states = reviewed.iter().map(|(reviews, snapshot)| State::of(&reader, snapshot, reviews, horizon));
    let states = states.collect::<Result<Vec<_>>>()?;
    if app.json {
        app.ui.json(&states.iter().map(State::as_json).collect())?;
    }
    if states.is_empty() {
        app.ui.note("no review has been recorded yet");
        return Ok(());
    }
    states.iter().for_each(|state| app.ui.note(headline(state)));
    match app.ui.width {
        _ if app.json => {}
        Some(_) if args.columns.is_empty() => table(app, &states)?,
        Some(_) => chosen(app, &states, &args.columns)?,
        None => csv(app, &states, &args.columns)?,
    }
    let open: usize = states.iter().map(State::open).sum();
    if open == 0 {
        return Ok(());
    }
    let message = format!("{} still open", counted(open, "row is", "rows are"));
    let sync = format!("fbsync sync --db {}", shell::path(&path));
    Err(Error::new(Kind::No, message)
        .hint(format!("record or carry out what is left, then {sync}"))
        .answering_no())
}

/// The reviewed snapshots, or the requested one.
fn asked_for(reader: &Reader, args: &ReviewStatusArgs) -> Result<Vec<Snapshot>> {
    let mut ids: Vec<i64> = reader.reviews()?.iter().map(|review| review.snapshot_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if let Some(asked) = &args.snapshot {
        let wanted = match evidence::Asked::parse(asked, &args.timezone)? {
            evidence::Asked::Id(id) => Some(reader.snapshot(id)?),
            evidence::Asked::Latest => reader.newest_snapshot(Usable::default(), None)?,
            evidence::Asked::At(moment) => reader.newest_snapshot(Usable::default(), Some(moment))?,
        };
        let id = wanted.map_or(0, |snapshot| snapshot.id);
        ids.retain(|known| *known == id);
        if ids.is_empty() {
            return Err(Error::new(Kind::No, format!("no review of snapshot `{asked}` was recorded"))
                .hint("fbsync review list --db FILE"));
        }
    }
    ids.into_iter().map(|id| reader.snapshot(id)).collect()
}

/// "snapshot 2 (…): 44 rows decided (41 keep, 3 remove), 0 undecided; by Ingrid Solheim 40, Owen Tran 4".
fn headline(state: &State) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    let by_verdict = joined(state.by_verdict.iter().map(|(verdict, n)| format!("{n} {verdict}")).collect());
    let by_reviewer =
        joined(state.by_reviewer.iter().map(|(reviewer, n)| format!("{reviewer} {n}")).collect());
    format!(
        "snapshot {} ({}): {} decided ({by_verdict}), {} undecided; by {by_reviewer}",
        state.snapshot.id,
        state.snapshot.finished_at,
        counted(state.decided, "row", "rows"),
        state.undecided,
    )
}

/// The columns for programs: what was to be carried out, the open questions, then undecided rows.
const ROWS: Report = Report {
    name: "status",
    columns: &[decisions::COLUMNS, outcomes::COLUMNS],
    key: &["row_key"],
    ..crate::report::REPORTS[0]
};

fn csv(app: &App, states: &[State], names: &[String]) -> Result<()> {
    let all: Vec<Column> = ROWS.fixed_columns().cloned().collect();
    let shown = places(&all, names)?;
    let columns = shown.iter().map(|at| &all[*at]).collect();
    let mut lines = Lines::csv(&ROWS, columns, Style::default(), app.ui.data())?;
    states.iter().flat_map(State::rows).try_for_each(|row| lines.row(&picked(&row, &shown)))?;
    lines.finish().map(|_| ())
}

/// The columns of the same that were asked for, for a person.
fn chosen(app: &App, states: &[State], names: &[String]) -> Result<()> {
    let all: Vec<Column> = ROWS.fixed_columns().cloned().collect();
    let mut table = Table::begin(&app.ui, &ROWS, &all, names)?;
    states.iter().flat_map(State::rows).try_for_each(|row| table.row(&row))?;
    table.finish().map(|_| ())
}

const TABLE: [ui::Column; 8] = [
    ui::Column::whole("snapshot", 6),
    ui::Column::cut("business", 4),
    ui::Column::cut("who", 1),
    ui::Column::term("role", 3),
    ui::Column::whole("decision", 0),
    ui::Column::whole("outcome", 0),
    ui::Column::whole("seen in", 5),
    ui::Column::whole("days", 7),
];

/// The table for people: the same in words, with one line per business for undecided rows.
fn table(app: &App, states: &[State]) -> Result<()> {
    let mut rows = Vec::new();
    for state in states {
        let lines = state.followed.iter().map(|followed| carried_out(followed, state.snapshot));
        let lines = lines.chain(state.asked.iter().map(|asked| of_decision(&asked.decision)));
        let lines = lines.chain(state.undecided_rows.chunk_by(same_business).map(undecided));
        rows.extend(lines.map(|line| std::iter::once(state.snapshot.id.to_string()).chain(line).collect()));
    }
    app.ui.table(&TABLE, &rows)
}

fn of_decision(decision: &Decision) -> [String; 7] {
    let who = if decision.full_name.is_empty() { &decision.email } else { &decision.full_name };
    let asked = match &decision.change_to {
        Some(role) => format!("change to {}", role::label(role)),
        None => decision.decision.to_string(),
    };
    let open = if decision.decision == Verdict::Ask { "no answer yet" } else { "" };
    [&decision.business_name, who, role::label(&decision.role), &asked, open, "", ""].map(str::to_owned)
}

fn carried_out(followed: &Followed, reviewed: &Snapshot) -> [String; 7] {
    let [business, who, role, asked, ..] = of_decision(&followed.standing.decision);
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let seen = followed.seen.as_ref().map(|seen| seen.id);
    let outcome = match seen {
        Some(_) => in_words(followed.outcome.as_str()),
        None => "not read since".to_owned(),
    };
    [business, who, role, asked, outcome, number(seen), number(followed.days(reviewed))]
}

fn same_business(a: &Asked, b: &Asked) -> bool {
    a.get("business_id") == b.get("business_id")
}

fn undecided(rows: &[Asked]) -> [String; 7] {
    let rest = counted(rows.len(), "row", "rows");
    let (who, business) = match rows {
        [one] if !one.get("full_name").is_empty() => (one.get("full_name"), one.get("business_name")),
        _ => (rest.as_str(), rows.first().map_or("", |row| row.get("business_name"))),
    };
    [business, who, "", "undecided", "", "", ""].map(str::to_owned)
}
