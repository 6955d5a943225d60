//! `export`: a report to standard output or a file, or the evidence folder.
//!
//! - [`asked`]: what was typed, made sense of.
//! - [`one`]: one report; [`neighbour`]: a file that another product imports.
//! - [`folder`]: the evidence folder, or a folder for each business.
//! - [`list`]: the column contract of every report.

mod asked;
mod folder;
mod list;
mod neighbour;
mod one;

use std::path::{Path, PathBuf};

use super::choose::choose;
use crate::app::App;
use crate::cli::{Choosing, ExportArgs};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Choice, Deciding, Demand};
use crate::report::{Options, Scope, View};
use crate::store::Reader;

pub(crate) fn run(app: &App, args: &ExportArgs) -> Result<()> {
    if args.list {
        return list::run(app);
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
            sealed.unread_is_an_error(folder)
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
    options: Options,
}

impl<'a> Work<'a> {
    fn of(app: &'a App, args: &'a ExportArgs) -> Result<Self> {
        let Some(db) = &args.db else {
            return Err(
                Error::new(Kind::Usage, "which database?").hint("fbsync export access --db audit.sqlite")
            );
        };
        Ok(Work { app, args, db: app.database(db)?, options: asked::options(args)? })
    }

    /// The snapshot that was asked for, and which businesses of it.
    fn choose(&self, reader: &Reader) -> Result<(Choice, Demand)> {
        self.choose_as(reader, &self.args.choosing)
    }

    /// The same for another snapshot than the one that was asked for.
    fn choose_as(&self, reader: &Reader, choosing: &Choosing) -> Result<(Choice, Demand)> {
        let args = self.args;
        let mut businesses = args.business.clone();
        businesses.sort_unstable();
        businesses.dedup();
        let deciding = match businesses.as_slice() {
            _ if args.split_by.is_some() => Deciding::Each,
            [] => Deciding::All,
            these => Deciding::These(these),
        };
        let choice = choose(self.app, reader, choosing, deciding)?;
        let scope = if businesses.is_empty() { Scope::Whole } else { Scope::Alone(businesses) };
        let demand = Demand { snapshot_id: choice.chosen.id, scope, horizon: Some(reader.horizon(None)?) };
        Ok((choice, demand))
    }

    fn tell_about(&self, view: &View) {
        let ui = self.app.ui;
        if let Some(warning) = view.warning() {
            ui.detail(1, warning);
        }
        if view.is_partial() {
            ui.warn(format_args!("snapshot {} is partial: {}", view.snapshot.id, view.extent()));
        }
        if view.not_found.is_empty() {
            return;
        }
        let missing: Vec<String> = view
            .not_covered()
            .iter()
            .map(|business| format!("{} ({})", business.name, business.id))
            .collect();
        let unread = match missing.is_empty() {
            true => String::new(),
            false => format!("; these businesses could not be read: {}", missing.join(", ")),
        };
        ui.warn(format_args!("nobody has the address {}{unread}", view.not_found.join(", ")));
    }
}

fn cells(n: usize) -> String {
    format!("{n} {}", if n == 1 { "cell" } else { "cells" })
}
