//! One report, to standard output or a file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Work, asked, cells, somebody_is_unknown};
use crate::app::die_if_chosen;
use crate::commands::outputs;
use crate::error::{Context, Error, Kind, Result};
use crate::evidence::{Demand, Source, recheck};
use crate::format::{Format, Guard};
use crate::fsutil::{Pending, is_standard_output};
use crate::report::{self, Column, LONGEST_CELL, Needs, Reads, Report, Style, Table, View, Written};
use crate::shell;
use crate::store::Reader;

impl Work<'_> {
    pub(super) fn one(&self, report: &Report) -> Result<()> {
        let args = self.args;
        let output = self.output();
        let on_a_terminal = output.is_none() && self.app.ui.width.is_some();
        let style = match report.page {
            Some(_) => asked::page(args, report, output)?,
            None => asked::style(args, output)?,
        };
        let style = Style { printable: on_a_terminal, ..style };
        let is_for_a_terminal = style.format != Format::Xlsx && report.page.is_none();
        if on_a_terminal && !is_for_a_terminal {
            let (name, extension) = (report.name, report.extension(style));
            return Err(Error::new(
                Kind::Usage,
                format!("a terminal cannot show {}", extension.to_uppercase()),
            )
            .hint(format!("fbsync export {name} … -o {name}.{extension}")));
        }
        if !args.columns.is_empty() && !is_for_a_terminal {
            let extension = report.extension(style);
            return Err(Error::new(
                Kind::Usage,
                format!("--columns does not apply to {}", extension.to_uppercase()),
            )
            .hint("leave --columns out; CSV and JSON Lines take it"));
        }
        self.refuse_without_its_flag(report)?;
        let compares = report.reads == Reads::Earlier || report.page.is_some();
        if args.since.is_some() && !compares {
            let name = report.name;
            return Err(Error::new(
                Kind::Usage,
                format!("`{name}` is not compared with an earlier snapshot"),
            )
            .hint("leave --since out, or fbsync export changes --since ID …"));
        }
        let reader = Reader::open(self.app, &self.db)?;
        let (_, demand) = self.choose(&reader)?;
        let demand = Demand { past: demand.past || report.looks_back(), ..demand };
        let source = Source::open(&reader, &demand)?;
        let view = source.view(self.options_for(&reader, &demand)?, &self.app.stop)?;
        self.tell_about(&view);
        if let Some(reason) = report.not_made(&view) {
            // A file with a header alone would read as "none".
            return Err(Error::new(Kind::No, format!("`{}` was not made: {reason}", report.name))
                .hint("fbsync snapshots --all --db FILE shows what there is"));
        }
        // A workbook's first sheet carries the snapshot's hash, and another product trusts its file. A plain
        // text claims nothing.
        if style.format == Format::Xlsx || report::find(report.name).is_none() {
            recheck(&reader, &view.shown(report.reads)?)?;
        }
        let written = match output {
            None if on_a_terminal && self.is_a_table(report) => self.as_a_table(report, &view)?,
            None => {
                if style.guard == Guard::Fail {
                    // A stream cannot be taken back: whether all of it may go out is found out first.
                    self.write(report, &view, style, &mut io::sink())?;
                }
                let mut data = self.app.ui.data();
                let written = self.write(report, &view, style, &mut data)?;
                data.done()?;
                written
            }
            Some(file) => self.to_file(file, |out| self.write(report, &view, style, out))?,
        };
        if !written.changed.is_empty() {
            self.app.ui.note(format_args!(
                "{} begin like a formula and got a ' in front (--formula-guard off leaves them)",
                cells(written.changed.len())
            ));
        }
        for cell in &written.cut {
            self.app.ui.warn(format_args!(
                "{cell} is longer than a spreadsheet takes: cut at {LONGEST_CELL} characters"
            ));
        }
        for remark in (report.remarks)(&view)? {
            self.app.ui.note(remark);
        }
        let snapshot = &view.snapshot;
        let rows = if written.rows == 1 { "1 row".to_owned() } else { format!("{} rows", written.rows) };
        self.app.ui.result(format_args!(
            "{rows} of snapshot {} ({}, {})",
            snapshot.id, snapshot.status, snapshot.finished_at
        ));
        let db = shell::path(&self.db);
        match &output {
            Some(sheet) if report.is_filled_in() => {
                self.app.ui.next(format_args!("fbsync review record {} --db {db}", shell::path(sheet)));
            }
            Some(_) => self.app.ui.next(format_args!("fbsync verify --db {db}")),
            None => {}
        }
        somebody_is_unknown(view.unknown_people())
    }

    /// Whether a terminal is shown a table: any asked-for format is printed as it is, and what another
    /// product imports has one of its own.
    fn is_a_table(&self, report: &Report) -> bool {
        let is_a_report = report::find(report.name).is_some();
        is_a_report && self.args.format.is_none() && !self.args.bom && !self.app.json
    }

    fn as_a_table(&self, report: &Report, view: &View) -> Result<Written> {
        let all = report.all_columns(view);
        let mut table = Table::begin(&self.app.ui, report, &all, &self.args.columns)?;
        let mut written = Written::default();
        (report.rows)(view, &mut |cells| {
            written.rows += 1;
            table.row(cells)
        })?;
        let (shown, all) = (table.finish()?, report.fixed_columns().count());
        match (self.args.columns.len(), report.name) {
            (0, name) if shown < all => self.app.ui.result(format_args!(
                "{shown} of {all} columns; --columns chooses others (see `export --list {name}`)"
            )),
            (chosen, _) if shown < chosen => self.app.ui.result(format_args!(
                "{shown} of the {chosen} columns fit; a wider terminal shows more, --format csv all of them"
            )),
            _ => {}
        }
        Ok(written)
    }

    fn write(&self, report: &Report, view: &View, style: Style, out: &mut dyn Write) -> Result<Written> {
        let names = &self.args.columns;
        if names.is_empty() {
            return report::write(report, view, style, out);
        }
        let all: Vec<Column> =
            report.all_columns(view).into_iter().filter(|column| !column.sheet_only).collect();
        let shown = report::places(&all, names)?;
        report::write_lines(report, view, style, &all, &shown, out)
    }

    fn refuse_without_its_flag(&self, report: &Report) -> Result<()> {
        let (problem, flag) = match report.needs {
            Needs::OwnDomain if self.options.own_domains.is_empty() => {
                ("which domains are yours", "--own-domain example.com")
            }
            Needs::People if self.options.people.is_empty() => ("who leaves", "--people ann@example.com"),
            _ => return Ok(()),
        };
        let name = report.name;
        Err(Error::new(Kind::Usage, format!("`{name}` has to know {problem}"))
            .hint(format!("fbsync export {name} {flag} …")))
    }

    /// The file that is to be written, if not standard output.
    pub(super) fn output(&self) -> Option<&Path> {
        self.args.output.as_deref().filter(|file| !is_standard_output(file))
    }

    /// Writes beside the target and renames, so that a file is whole or not there.
    pub(super) fn to_file<T>(
        &self,
        file: &Path,
        fill: impl FnOnce(&mut dyn Write) -> Result<T>,
    ) -> Result<T> {
        outputs::check(self.app, &self.db, file)?;
        let shown = file.display();
        let failed = || format!("cannot write {shown}");
        let mut pending = Pending::beside(file).context(Kind::Storage, failed)?;
        let mut out = BufWriter::new(&mut pending);
        let written = fill(&mut out)?;
        out.flush().context(Kind::Storage, failed)?;
        drop(out);
        die_if_chosen("export-file");
        if pending.same_as_target() {
            self.app.ui.result(format_args!("{shown} is already that, byte for byte"));
            return Ok(written);
        }
        match pending.commit(self.args.force) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::new(
                Kind::Config,
                format!("{shown} exists and is different; it was left as it is"),
            )
            .hint("--force replaces it")),
            committed => committed.map(|()| written).context(Kind::Storage, failed),
        }
    }
}
