//! `diff`: joiners, leavers and changes between two snapshots.

mod output;

use super::choose;
use crate::app::App;
use crate::cli::{DiffArgs, DiffFormat};
use crate::diff::Kind as Change;
use crate::error::{Error, Kind, Result};
use crate::evidence::Asked;
use crate::report::left_out::LeftOut;
use crate::store::{Located, Reader, Side, Snapshot, Usable};
use output::Output;

pub(crate) fn run(app: &App, args: &DiffArgs) -> Result<()> {
    let format = format(app, args)?;
    let reader = Reader::open(app, &app.database(&args.database.db)?)?;
    let sides = choose_sides(&reader, args)?;
    let mut out = Output::begin(app, format)?;
    let mut tally = Tally::default();
    if let Some((from, to)) = sides.as_ref().filter(|(from, to)| precedes(from, to)) {
        reader.changes(from.id, to.id, |located| {
            app.stop.check()?;
            tally.count(&located);
            out.row(&located)
        })?;
    }
    out.end(app)?;
    let mut told: Vec<&Snapshot> = sides.iter().flat_map(|(from, to)| [from, to]).collect();
    told.dedup_by_key(|side| side.id);
    for side in told {
        if let Some(left_out) = LeftOut::of_snapshot(&reader, side)? {
            app.ui.note(left_out.covers(side.id));
        }
    }
    match sides {
        None => app.ui.note("nothing to compare yet: it takes two complete snapshots"),
        Some((from, to)) if from.id == to.id => {
            app.ui.note(format_args!("both sides are {}: nothing to compare", spoken(&from)));
        }
        Some((from, to)) => {
            let between = format!("between {} and {}", spoken(&from), spoken(&to));
            if args.exit_code && tally.changes() > 0 {
                let problem = format!("access changed {between}: {}", tally.words());
                return Err(Error::new(Kind::No, problem).answering_no());
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
fn choose_sides(reader: &Reader, args: &DiffArgs) -> Result<Option<(Snapshot, Snapshot)>> {
    let complete = Usable::default();
    let named = |text: &Option<String>| text.as_deref().map(|text| find(reader, args, text)).transpose();
    let from = named(&args.from)?;
    let to = match named(&args.to)? {
        Some(to) => Some(to),
        None => reader.newest_snapshot(complete, None)?,
    };
    let Some(to) = to else { return Ok(None) };
    let from = match from {
        Some(from) => Some(from),
        None => reader.neighbour(complete, &to, Side::Before)?,
    };
    match from {
        Some(from) if precedes(&to, &from) => {
            let message = format!("{} is later than {}", spoken(&from), spoken(&to));
            Err(Error::new(Kind::Usage, message)
                .hint(format!("fbsync diff --from {} --to {} --db FILE", to.id, from.id)))
        }
        Some(from) => Ok(Some((from, to))),
        None => Ok(None),
    }
}

fn find(reader: &Reader, args: &DiffArgs, text: &str) -> Result<Snapshot> {
    match Asked::parse(text, &args.timezone)? {
        Asked::Id(id) => choose::with_content(reader.snapshot(id)?),
        Asked::Latest => {
            let newest = reader.newest_snapshot(Usable::default(), None)?;
            newest.ok_or_else(|| choose::none("there is no complete snapshot".to_owned()))
        }
        Asked::At(moment) => choose::complete_at(reader, moment),
    }
}

/// In the order of every list of snapshots: by time, then id.
fn precedes(one: &Snapshot, other: &Snapshot) -> bool {
    (one.finished_at, one.id) < (other.finished_at, other.id)
}

fn spoken(snapshot: &Snapshot) -> String {
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
