//! `export`: a report to standard output or a file, or the evidence folder.
//!
//! - [`asked`]: what was typed, made sense of; [`people`]: whom it names;
//!   [`beside`]: the lists that access is held against.
//! - [`one`]: one report; [`neighbour`]: a file that another product imports.
//! - [`folder`]: the evidence folder, or a folder for each business.
//! - [`list`]: what there is to export, and the column contract of every report.

mod asked;
mod beside;
mod folder;
mod list;
mod neighbour;
mod one;
mod people;

use std::path::{Path, PathBuf};

use super::choose::{choose, with_content};
use crate::app::App;
use crate::cli::{Choosing, ExportArgs};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Choice, Deciding, Demand, LAST_REVIEW};
use crate::model::Status;
use crate::report::{Expected, Options, Scope, View};
use crate::shell;
use crate::store::{Reader, Usable};
use crate::ui::few;

pub(crate) fn run(app: &App, args: &ExportArgs) -> Result<()> {
    if args.list {
        return list::run(app, asked::report(args)?);
    }
    if args.split_by.is_some() && args.out.is_none() && args.import.is_none() {
        return Err(Error::new(Kind::Usage, "--split-by writes folders, and needs --out")
            .hint("fbsync export --split-by business --out DIR …"));
    }
    let work = Work::of(app, args)?;
    if let Some(product) = args.import {
        return work.neighbour(product);
    }
    match (&args.out, asked::report(args)?) {
        (Some(folder), _) => {
            let (sealed, seal) = work.folder(folder)?;
            work.tell_sealed(folder, &sealed, &seal)?;
            sealed.unread_is_an_error(folder)?;
            somebody_is_unknown(sealed.unknown_people)
        }
        (None, Some(report)) => work.one(report),
        (None, None) => Err(Error::new(Kind::Usage, "which report, or which folder?").hint(
            "fbsync export access …, or fbsync export --out DIR …; fbsync export --list shows all reports",
        )),
    }
}

/// Writes the evidence folder and returns its seal.
pub(super) fn to_folder(app: &App, args: &ExportArgs, folder: &Path) -> Result<String> {
    let work = Work::of(app, args)?;
    let (sealed, seal) = work.folder(folder)?;
    app.ui.result(format_args!(
        "{} files and {} memberships in {}",
        sealed.files,
        sealed.rows,
        folder.display()
    ));
    app.ui.result(format_args!("seal: {seal}"));
    Ok(seal)
}

/// One run of the command.
struct Work<'a> {
    app: &'a App,
    args: &'a ExportArgs,
    db: PathBuf,
    /// Only these, sorted; all of them where it is empty.
    businesses: Vec<i64>,
    options: Options,
}

impl<'a> Work<'a> {
    fn of(app: &'a App, args: &'a ExportArgs) -> Result<Self> {
        let Some(db) = &args.db else {
            return Err(
                Error::new(Kind::Usage, "which database?").hint("fbsync export access --db audit.sqlite")
            );
        };
        let mut businesses = args.business.clone();
        businesses.sort_unstable();
        businesses.dedup();
        Ok(Work { app, args, db: app.database(db)?, businesses, options: asked::options(app.ui, args)? })
    }

    /// The snapshot that was asked for, and which businesses of it.
    fn choose(&self, reader: &Reader) -> Result<(Choice, Demand)> {
        let choice = choose(self.app, reader, &self.args.choosing, self.deciding())?;
        self.tell_of_a_partial_one(reader, choice.chosen.id)?;
        let businesses = self.businesses.clone();
        let scope = if businesses.is_empty() { Scope::Whole } else { Scope::Alone(businesses) };
        // People are found by what any snapshot knows of them, those of the lists kept beside too.
        let Options { people, roster, expected, .. } = &self.options;
        let past = !people.is_empty() || roster.is_some() || expected.is_some();
        let horizon = Some(reader.horizon(None)?);
        let demand = Demand { snapshot_id: choice.chosen.id, scope, past, horizon };
        Ok((choice.since(self.args.since.as_deref(), &self.args.choosing.timezone)?, demand))
    }

    /// A split takes the newest snapshot, complete or not. Nobody else does unasked, so it is said.
    fn tell_of_a_partial_one(&self, reader: &Reader, chosen: i64) -> Result<()> {
        let chosen = reader.snapshot(chosen)?;
        if self.args.split_by.is_none() || chosen.status == Status::Complete {
            return Ok(());
        }
        let complete = match reader.newest_snapshot(Usable::default(), Some(chosen.finished_at))? {
            Some(complete) => format!("the last complete one is snapshot {}", complete.id),
            None => "none before it is complete".to_owned(),
        };
        let (id, finished_at) = (chosen.id, chosen.finished_at);
        self.app.ui.note(format_args!(
            "snapshot {id} ({finished_at}) is partial and is used all the same: with --split-by, each business \
             is decided by its own list; {complete}"
        ));
        Ok(())
    }

    fn deciding(&self) -> Deciding<'_> {
        match self.businesses.as_slice() {
            _ if self.args.split_by.is_some() => Deciding::Each,
            [] => Deciding::All,
            these => Deciding::These(these),
        }
    }

    /// The snapshot that `--since` names, which has to come before the one that is exported.
    fn since(&self, reader: &Reader, exported: i64, deciding: Deciding) -> Result<Option<i64>> {
        let Some(since) = &self.args.since else { return Ok(None) };
        if since == LAST_REVIEW {
            return self.last_review(reader, exported).map(Some);
        }
        let choosing = Choosing { snapshot: since.clone(), within: None, ..self.args.choosing.clone() };
        let earlier = choose(self.app, reader, &choosing, deciding)?.chosen.id;
        if earlier >= exported {
            let problem = format!("snapshot {earlier} is not before snapshot {exported}");
            return Err(Error::new(Kind::Usage, problem).hint("--since names the earlier of two snapshots"));
        }
        Ok(Some(earlier))
    }

    fn last_review(&self, reader: &Reader, exported: i64) -> Result<i64> {
        let last_review = reader.horizon(None)?.review;
        let reviewed = reader.reviewed_before(&reader.snapshot(exported)?, last_review)?.into_iter().next();
        let reviewed = reviewed.ok_or_else(|| {
            let db = shell::path(&self.db);
            Error::new(Kind::No, format!("no snapshot before snapshot {exported} was reviewed"))
                .hint(format!("fbsync review list --db {db}"))
        })?;
        with_content(reviewed).map(|reviewed| reviewed.id)
    }

    /// What was asked of the snapshot that is exported, with the one that changes are told since.
    fn options_for(&self, reader: &Reader, demand: &Demand) -> Result<Options> {
        // Changes are compared business by business, each from the newest whole reading at or before it.
        let deciding = match self.deciding() {
            Deciding::All => Deciding::All,
            Deciding::These(_) | Deciding::Each => Deciding::Each,
        };
        Ok(Options { since: self.since(reader, demand.snapshot_id, deciding)?, ..self.options.clone() })
    }

    fn tell_about(&self, view: &View) {
        let ui = self.app.ui;
        if let Some(warning) = view.warning() {
            ui.detail(1, warning);
        }
        if view.is_partial() {
            ui.warn(format_args!("snapshot {} is partial: {}", view.snapshot.id, view.extent_in_short()));
        }
        if let Some(left_out) = view.left_out() {
            ui.note(left_out.covers(view.snapshot.id));
        }
        let named = view.options.expected.as_ref().map(Expected::businesses).unwrap_or_default();
        let known = |id: &i64| view.businesses.iter().any(|business| business.id == *id);
        let unknown: Vec<i64> = named.into_iter().filter(|id| !known(id)).collect();
        if !unknown.is_empty() {
            let (id, unknown) = (view.snapshot.id, few(&unknown));
            ui.warn(format_args!("--expected names businesses that snapshot {id} does not have: {unknown}"));
        }
    }
}

/// An answer, after whatever was written of the others.
fn somebody_is_unknown(problem: Option<String>) -> Result<()> {
    let Some(problem) = problem else { return Ok(()) };
    Err(Error::new(Kind::No, problem).hint("fbsync who NAME --db FILE finds people by their names"))
}

fn cells(n: usize) -> String {
    format!("{n} {}", if n == 1 { "cell" } else { "cells" })
}
