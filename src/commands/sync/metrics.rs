//! `sync --metrics`: figures for node_exporter's textfile collector, in Prometheus' text format
//! (prometheus.io, "Exposition formats", version 0.0.4).
//!
//! Two things are kept separate: the run that has just ended, successful or not, and the newest
//! snapshots in the database, from whichever run. So a failed run never looks like access that
//! vanished. Every series is always present, with 0 if there is nothing to count: alerts cannot be set
//! on one that comes and goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::app::App;
use crate::cli::SyncArgs;
use crate::commands::outputs;
use crate::error::{Context, Kind, Result};
use crate::fsutil;
use crate::model::marks::State;
use crate::model::{Outcome, Status, role};
use crate::store::{People, Reader, Snapshot, Usable};
use crate::time::Timestamp;

/// Runs `work`, then writes the file if requested, even after an error or a panic.
pub(super) fn around<T>(app: &App, args: &SyncArgs, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let Some(file) = args.metrics.clone() else { return work() };
    let db = app.database(&args.database.db)?;
    outputs::check(app, &db, &file)?;
    let mut ending = Ending { app, file, db, began: Instant::now(), exit_code: Kind::Unexpected.exit_code() };
    let done = work();
    ending.exit_code = done.as_ref().err().map_or(0, |error| error.kind().exit_code());
    done
}

/// Writes the file when it is dropped.
struct Ending<'a> {
    app: &'a App,
    file: PathBuf,
    db: PathBuf,
    began: Instant,
    exit_code: u8,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let run = Run {
            profile: &self.app.profile,
            db: &self.db,
            ended_at: self.app.clock.now(),
            took: self.began.elapsed(),
            exit_code: self.exit_code,
        };
        // The run itself reports why a database cannot be read.
        let found = Found::read(self.app, &self.db).unwrap_or_default();
        let written = fsutil::replace_shared(&self.file, text(&run, &found).as_bytes());
        let written =
            written.context(Kind::Storage, || format!("cannot write the metrics to {}", self.file.display()));
        if let Err(error) = written {
            self.app.ui.warn(error.with_causes());
        }
    }
}

/// The run that has just ended.
struct Run<'a> {
    profile: &'a str,
    db: &'a Path,
    ended_at: Timestamp,
    took: Duration,
    exit_code: u8,
}

/// What the database contains.
#[derive(Default)]
struct Found {
    newest: Option<Newest>,
    /// When the last complete snapshot ended.
    complete: Option<Timestamp>,
}

struct Newest {
    snapshot: Snapshot,
    /// By outcome of their team lists.
    businesses: Vec<Outcome>,
    /// By role class and state.
    memberships: BTreeMap<(&'static str, State), u64>,
}

impl Found {
    fn read(app: &App, db: &Path) -> Result<Self> {
        let Some(reader) = Reader::open_again(app, db)? else { return Ok(Found::default()) };
        let complete = reader.newest_snapshot(Usable::default(), None)?;
        let complete = complete.map(|snapshot| snapshot.finished_at);
        let Some(snapshot) = reader.snapshots(Some(1))?.pop() else {
            return Ok(Found { newest: None, complete });
        };
        let coverage = reader.coverage(snapshot.id)?;
        let businesses = coverage.iter().filter(|line| line.is_team_list()).map(|line| line.read.outcome);
        let mut memberships = BTreeMap::new();
        reader.holdings(snapshot.id, &People::default(), |one| {
            let class = role::CLASSES.into_iter().find(|class| *class == one.role_class);
            *memberships.entry((class.unwrap_or(role::UNKNOWN), one.state)).or_default() += 1;
        })?;
        Ok(Found {
            newest: Some(Newest { businesses: businesses.collect(), memberships, snapshot }),
            complete,
        })
    }
}

/// The whole file.
fn text(run: &Run, found: &Found) -> String {
    let mut page = Page::of(run);
    page.one(
        "run_timestamp_seconds",
        "When the last sync ended, in seconds since 1970.",
        run.ended_at.unix(),
    );
    page.one("run_duration_seconds", "How long the last sync took.", run.took.as_secs_f64());
    page.one("run_exit_code", "The exit code of the last sync; 0 is a complete snapshot.", run.exit_code);
    if let Some(complete) = found.complete {
        let help = "When the last complete snapshot ended, in seconds since 1970.";
        page.one("complete_snapshot_timestamp_seconds", help, complete.unix());
    }
    let Some(Newest { snapshot, businesses, memberships }) = &found.newest else { return page.text };
    let took = snapshot.finished_at.since(snapshot.started_at).as_secs();
    let is_complete = u8::from(snapshot.status == Status::Complete);
    page.one("snapshot_id", "The number of the newest snapshot.", snapshot.id);
    page.one("snapshot_complete", "1 if the newest snapshot is complete, 0 if it is partial.", is_complete);
    let help = "When the newest snapshot ended, in seconds since 1970.";
    page.one("snapshot_timestamp_seconds", help, snapshot.finished_at.unix());
    page.one("snapshot_duration_seconds", "How long reading the newest snapshot took.", took);
    page.one("snapshot_requests", "Requests that the newest snapshot took.", snapshot.requests);
    page.one("snapshot_accounts", "People in the newest snapshot.", snapshot.accounts);
    for (name, count) in [("joined", snapshot.joined), ("left", snapshot.left), ("changed", snapshot.changed)]
    {
        let help =
            format!("Memberships that {name} between the complete snapshot before and the newest one.");
        page.one(&format!("snapshot_{name}"), &help, count.unwrap_or(0));
    }
    page.family("snapshot_businesses", "Businesses of the newest snapshot, by how reading their lists went.");
    for outcome in Outcome::ALL {
        let count = businesses.iter().filter(|one| *one == outcome).count();
        page.sample(&[("outcome", outcome.as_str())], count);
    }
    page.family("snapshot_memberships", "Memberships in the newest snapshot, by class of role and state.");
    for class in role::CLASSES {
        for state in State::ALL {
            let count = memberships.get(&(class, *state)).copied().unwrap_or(0);
            page.sample(&[("role_class", class), ("state", state.as_str())], count);
        }
    }
    page.text
}

/// The text so far.
struct Page {
    text: String,
    /// The labels that every sample has.
    labels: String,
    /// The metric that the next samples belong to.
    name: String,
}

impl Page {
    fn of(run: &Run) -> Self {
        let labels = [("profile", run.profile.to_owned()), ("db", run.db.display().to_string())];
        let labels = labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(&value))).join(",");
        Page { text: String::new(), labels, name: String::new() }
    }

    /// Starts a metric. All are gauges, because each file is independent of earlier ones.
    fn family(&mut self, name: &str, help: &str) {
        self.name = format!("fbsync_{name}");
        self.text += &format!("# HELP {0} {help}\n# TYPE {0} gauge\n", self.name);
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let further: String =
            labels.iter().map(|(name, value)| format!(",{name}=\"{}\"", escaped(value))).collect();
        self.text += &format!("{}{{{}{further}}} {value}\n", self.name, self.labels);
    }

    /// A metric with a single sample.
    fn one(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, help);
        self.sample(&[], value);
    }
}

/// A label's value, escaped for use between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
