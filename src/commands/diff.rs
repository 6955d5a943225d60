//! `diff`: joiners, leavers and changes between two snapshots.

use std::io::Write;

use super::choose::{self, Asked};
use crate::app::App;
use crate::cli::{DiffArgs, DiffFormat};
use crate::diff::Kind as Change;
use crate::error::{Error, Kind, Result};
use crate::report::{CHANGES, Cell, Column, Lines, Style, change_cells, write_object};
use crate::store::{self, Located, Reader, Side, SnapshotLine, Usable};
use crate::ui::{Data, output_failed};

pub(crate) fn run(app: &App, args: &DiffArgs) -> Result<()> {
    let format = format(app, args)?;
    let reader = Reader::open(app, &app.database(&args.database.db)?)?;
    let sides = choose_sides(&reader, args)?;
    let mut out = Output::begin(app, format)?;
    let mut tally = Tally::default();
    if let Some((from, to)) = sides.as_ref().filter(|(from, to)| from.id < to.id) {
        store::changes(&reader, from.id, to.id, |located| {
            app.stop.check()?;
            tally.count(&located);
            out.row(&located)
        })?;
    }
    out.end(app)?;
    match sides {
        None => app.ui.note("nothing to compare yet: it takes two complete snapshots"),
        Some((from, to)) if from.id == to.id => {
            app.ui.note(format_args!("both sides are {}: nothing to compare", spoken(&from)));
        }
        Some((from, to)) => {
            let between = format!("between {} and {}", spoken(&from), spoken(&to));
            if args.exit_code && tally.changes() > 0 {
                return Err(Error::new(Kind::No, format!("access changed {between}: {}", tally.words())));
            }
            app.ui.note(format_args!("{} {between}", tally.words()));
        }
    }
    Ok(())
}

/// `--json` is short for `--format json`.
fn format(app: &App, args: &DiffArgs) -> Result<DiffFormat> {
    match (args.format, app.json) {
        (None, true) => Ok(DiffFormat::Json),
        (None, false) => Ok(DiffFormat::Table),
        (Some(DiffFormat::Csv | DiffFormat::Table), true) => {
            Err(Error::new(Kind::Usage, "--json and --format contradict each other"))
        }
        (Some(format), _) => Ok(format),
    }
}

/// Both sides; nothing where there is no earlier one to compare with.
fn choose_sides(reader: &Reader, args: &DiffArgs) -> Result<Option<(SnapshotLine, SnapshotLine)>> {
    let complete = Usable::default();
    let named = |text: &Option<String>| text.as_deref().map(|text| find(reader, args, text)).transpose();
    let from = named(&args.from)?;
    let to = match named(&args.to)? {
        Some(to) => Some(to),
        None => store::newest_snapshot(reader, complete, None)?,
    };
    let Some(to) = to else { return Ok(None) };
    let from = match from {
        Some(from) => Some(from),
        None => store::neighbour(reader, complete, to.id, Side::Before)?,
    };
    match from {
        Some(from) if from.id > to.id => {
            let message = format!("{} is later than {}", spoken(&from), spoken(&to));
            Err(Error::new(Kind::Usage, message)
                .hint(format!("fbsync diff --from {} --to {} --db FILE", to.id, from.id)))
        }
        Some(from) => Ok(Some((from, to))),
        None => Ok(None),
    }
}

fn find(reader: &Reader, args: &DiffArgs, text: &str) -> Result<SnapshotLine> {
    let missing = |when: String| {
        Error::new(Kind::No, format!("there is no complete snapshot{when}"))
            .hint("fbsync snapshots --all --db FILE shows what there is")
    };
    match Asked::parse(text, &args.timezone)? {
        Asked::Id(id) => choose::with_content(store::snapshot_by_id(reader, id)?),
        Asked::Latest => {
            store::newest_snapshot(reader, Usable::default(), None)?.ok_or_else(|| missing(String::new()))
        }
        Asked::At(moment) => store::newest_snapshot(reader, Usable::default(), Some(moment))?
            .ok_or_else(|| missing(format!(" at or before {moment}"))),
    }
}

fn spoken(snapshot: &SnapshotLine) -> String {
    format!("snapshot {} ({})", snapshot.id, snapshot.finished_at)
}

/// How many of what.
#[derive(Default)]
struct Tally {
    joined: u64,
    left: u64,
    other: u64,
    not_comparable: u64,
}

impl Tally {
    fn count(&mut self, located: &Located) {
        *match located.change.kind {
            Change::Joined => &mut self.joined,
            Change::Left => &mut self.left,
            Change::NotComparable => &mut self.not_comparable,
            _ => &mut self.other,
        } += 1;
    }

    /// What is known to have changed. A list that cannot be read is no change, or a nightly job
    /// would cry every night.
    fn changes(&self) -> u64 {
        self.joined + self.left + self.other
    }

    fn words(&self) -> String {
        let Tally { joined, left, other, not_comparable } = self;
        let mut words = match self.changes() {
            0 => "no changes".to_owned(),
            _ => format!("{joined} joined, {left} left, {other} changed"),
        };
        if *not_comparable > 0 {
            words += &format!(", {not_comparable} not comparable");
        }
        words
    }
}

enum Output<'c> {
    Table(Vec<Vec<String>>),
    Lines(Lines<'c, Data>),
    /// One array, and whether a row of it has been written.
    Array {
        out: Data,
        begun: bool,
    },
}

/// What a person reads, of the columns.
const SHOWN: [&str; 8] = ["change", "business_name", "email", "full_name", "role", "before", "after", "note"];

impl Output<'static> {
    fn begin(app: &App, format: DiffFormat) -> Result<Self> {
        let data = || app.ui.data();
        Ok(match format {
            DiffFormat::Table => Output::Table(Vec::new()),
            DiffFormat::Csv => Output::Lines(Lines::csv(&CHANGES, columns(), Style::default(), data())?),
            DiffFormat::Jsonl => Output::Lines(Lines::jsonl(columns(), data())),
            DiffFormat::Json => Output::Array { out: data(), begun: false },
        })
    }

    fn row(&mut self, located: &Located) -> Result<()> {
        let cells = change_cells(located);
        match self {
            Output::Table(rows) => rows.push(shown(&cells)),
            Output::Lines(lines) => lines.row(&cells)?,
            Output::Array { out, begun } => {
                let separator = if *begun { ",\n" } else { "[\n" };
                *begun = true;
                out.write_all(separator.as_bytes()).map_err(output_failed)?;
                write_object(out, &columns(), &cells)?;
            }
        }
        Ok(())
    }

    fn end(self, app: &App) -> Result<()> {
        match self {
            Output::Table(rows) if rows.is_empty() => Ok(()),
            Output::Table(rows) => app.ui.table(&SHOWN, &rows),
            Output::Lines(lines) => {
                let changed = lines.finish()?.len();
                if changed > 0 {
                    app.ui.note(format_args!("{changed} cells begin like a formula and got a ' in front"));
                }
                Ok(())
            }
            Output::Array { mut out, begun } => {
                let end = if begun { "\n]\n" } else { "[]\n" };
                out.write_all(end.as_bytes()).map_err(output_failed)?;
                out.done()
            }
        }
    }
}

fn columns() -> Vec<&'static Column> {
    CHANGES.fixed_columns().collect()
}

fn shown(cells: &[Cell]) -> Vec<String> {
    let at = |name: &str| CHANGES.fixed_columns().position(|column| column.name == name);
    SHOWN.iter().filter_map(|name| cells.get(at(name)?)).map(Cell::to_string).collect()
}
