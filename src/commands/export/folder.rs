//! The evidence folder, or a folder for each business.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::{Work, asked, cells};
use crate::app::die_if_chosen;
use crate::commands::outputs;
use crate::error::{Context, Error, Kind, Result};
use crate::evidence::check;
use crate::evidence::compare::same_evidence;
use crate::evidence::split::{self, Order, Split};
use crate::evidence::{self, Demand, Plan, Sealed, Source, Stamp};
use crate::fsutil::{self, PendingFolder};
use crate::report::LONGEST_CELL;
use crate::shell;
use crate::store::Reader;
use crate::ui::output_failed;

impl Work<'_> {
    /// Writes it, and returns what was sealed and the seal.
    pub(super) fn folder(&self, target: &Path) -> Result<(Sealed, String)> {
        let style = asked::style(self.args, None)?;
        outputs::check(self.app, &self.db, target)?;
        let reader = Reader::open(self.app, &self.db)?;
        let (choice, demand) = self.choose(&reader)?;
        let demand = Demand { past: true, ..demand };
        let stamp = Stamp::of_this_run(&self.app.clock, &choice)?;
        let pending = PendingFolder::beside(target)?;
        // The files are named as they lie in the folder; which folder that is, only we know.
        let failed = |error: Error| match error.kind() {
            Kind::Storage => {
                let hints = error.hints().to_vec();
                let whole = Error::new(Kind::Storage, format!("cannot write {}", target.display()));
                hints.into_iter().fold(whole.because(error), Error::hint)
            }
            _ => error,
        };
        let sealed = match self.args.split_by {
            Some(_) => {
                let order = Order {
                    reader: &reader,
                    demand: demand.clone(),
                    options: self.options_for(&reader, &demand)?,
                    style,
                    choice: &choice,
                    stamp: &stamp,
                    stop: &self.app.stop,
                };
                let source = Source::open(&reader, &demand)?;
                self.tell_about(&source.view(order.options.clone(), &self.app.stop)?);
                let Split { firm, folders } = split::write(pending.path(), &order).map_err(failed)?;
                self.app.ui.result(format_args!("{folders} folders of businesses, and {}", split::FIRM));
                firm
            }
            None => {
                let source = Source::open(&reader, &demand)?;
                let view = source.view(self.options_for(&reader, &demand)?, &self.app.stop)?;
                self.tell_about(&view);
                let plan = Plan { style, choice: &choice, stamp: &stamp, part: None, index: None };
                evidence::write(pending.path(), &view, &plan).map_err(failed)?
            }
        };
        sealed.recheck(&reader)?;
        die_if_chosen("export-folder");
        let seal = self.put_in_place(pending, target)?.unwrap_or_else(|| sealed.seal.clone());
        Ok((sealed, seal))
    }

    /// Gives the folder its name. Where the same evidence is there already, it stays, and its seal is
    /// returned: that one may have been noted.
    fn put_in_place(&self, pending: PendingFolder, target: &Path) -> Result<Option<String>> {
        let shown = target.display();
        let failed = || format!("cannot write {shown}");
        let occupied =
            target.is_dir() && !fsutil::files_below(target).map_err(fsutil::failing(failed))?.is_empty();
        if occupied && same_evidence(target, pending.path())? {
            let there = check::check(target, None, None, &self.app.stop)?;
            if there.findings.is_empty() {
                self.app.ui.note(format_args!("{shown} holds that evidence already; it was left as it is"));
                return Ok(Some(there.seal));
            }
        }
        if occupied
            && self.args.force
            && let Some(foreign) = check::strangers(target)?.first()
        {
            let foreign = foreign.display();
            return Err(Error::new(
                Kind::Config,
                format!("{shown} holds {foreign}, which fbsync did not write"),
            )
            .hint("move it, or name another folder with --out; nothing was replaced"));
        }
        match pending.commit(self.args.force) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::new(
                Kind::Config,
                format!("{shown} exists and is different; it was left as it is"),
            )
            .hint("--force replaces an earlier evidence folder")),
            committed => committed.map(|()| None).context(Kind::Storage, failed),
        }
    }

    pub(super) fn tell_sealed(&self, target: &Path, sealed: &Sealed, seal: &str) -> Result<()> {
        let ui = self.app.ui;
        let shown = target.display();
        if self.app.json {
            let not_made: Vec<_> = sealed
                .not_made
                .iter()
                .map(|(report, reason)| json!({ "report": report, "reason": reason }))
                .collect();
            ui.json(&json!({
                "folder": shown.to_string(), "seal": seal, "files": sealed.files, "rows": sealed.rows,
                "changed_cells": sealed.changed_cells, "cut_cells": sealed.cut_cells, "not_made": not_made,
            }))?;
        }
        for (report, reason) in &sealed.not_made {
            ui.detail(1, format_args!("{report} was not made: {reason}"));
        }
        if sealed.cut_cells > 0 {
            ui.warn(format_args!(
                "{} longer than a spreadsheet takes: cut at {LONGEST_CELL} characters; the manifest names each",
                cells(sealed.cut_cells)
            ));
        }
        if sealed.changed_cells > 0 {
            ui.detail(
                1,
                format_args!(
                    "{} begin like a formula and got a ' in front; the manifest names each",
                    cells(sealed.changed_cells)
                ),
            );
        }
        ui.result(format_args!("{} files and {} memberships in {shown}", sealed.files, sealed.rows));
        let (typed, db) = (shell::path(target), shell::path(&self.db));
        ui.next(format_args!("fbsync verify {typed} --db {db} --seal {seal}"));
        if self.app.json {
            return Ok(());
        }
        let mut data = ui.data();
        writeln!(data, "seal: {seal}").map_err(output_failed)?;
        data.done()
    }
}
