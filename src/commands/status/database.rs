//! What a database holds, as far as `status` tells and judges it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::report::left_out::LeftOut;
use crate::shell;
use crate::store::{Reader, Snapshot, Usable};
use crate::time::spoken;

/// The last snapshots of a database.
pub(super) struct Holding {
    path: PathBuf,
    last: Option<Snapshot>,
    complete: Option<Snapshot>,
    /// What the complete one was told to leave out.
    left_out: Option<LeftOut>,
}

impl Holding {
    /// A database that is not there yet holds nothing.
    pub(super) fn read(app: &App, path: &Path) -> Result<Self> {
        let nothing = Holding { path: path.to_owned(), last: None, complete: None, left_out: None };
        if !path.exists() {
            return Ok(nothing);
        }
        let Some(reader) = Reader::open_if_begun(app, path)? else { return Ok(nothing) };
        let any = Usable { allow_partial: true, ..Usable::default() };
        let complete = reader.newest_snapshot(Usable::default(), None)?;
        let left_out = match &complete {
            Some(complete) => LeftOut::of_snapshot(&reader, complete)?,
            None => None,
        };
        Ok(Holding { path: path.to_owned(), last: reader.newest_snapshot(any, None)?, complete, left_out })
    }

    pub(super) fn json(&self, app: &App) -> Value {
        let line = |line: &Snapshot| {
            json!({
                "id": line.id, "finished_at": line.finished_at.to_string(), "status": line.status.as_str(),
                "seconds_old": app.clock.now().since(line.finished_at).as_secs(),
            })
        };
        json!({
            "path": self.path.display().to_string(),
            "last_snapshot": self.last.as_ref().map(line),
            "last_complete_snapshot": self.complete.as_ref().map(line),
        })
    }

    pub(super) fn words(&self, app: &App) -> String {
        let shown = self.path.display();
        let old = |line: &Snapshot| {
            let age = spoken(app.clock.now().since(line.finished_at));
            format!("snapshot {} ({}, {}, {age} ago)", line.id, line.status, line.finished_at)
        };
        match (&self.last, &self.complete) {
            (None, _) => format!("{shown}: no snapshot yet"),
            (Some(last), None) => format!("{shown}: {}, none complete", old(last)),
            (Some(last), Some(complete)) if last.id != complete.id => {
                format!("{shown}: {}; last complete: {}", old(last), old(complete))
            }
            (Some(last), Some(_)) => format!("{shown}: {}", old(last)),
        }
    }

    /// Whether the last complete snapshot is young enough.
    pub(super) fn judge(&self, app: &App, limit: Duration) -> Result<()> {
        if let (Some(complete), Some(left_out)) = (&self.complete, &self.left_out) {
            app.ui.note(left_out.covers(complete.id));
        }
        let shown = self.path.display();
        let problem = match &self.complete {
            None => format!("{shown} holds no complete snapshot"),
            Some(line) => match app.clock.now().since(line.finished_at) {
                age if age <= limit => return Ok(()),
                _ => format!(
                    "the last complete snapshot in {shown} is older than {}: {} of {}",
                    spoken(limit),
                    line.id,
                    line.finished_at
                ),
            },
        };
        let sync = app.command(&format!("sync --db {}", shell::path(&self.path)));
        Err(Error::new(Kind::No, problem).hint(sync).answering_no())
    }
}
