//! `export`: a report to standard output or a file, or the evidence folder.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use serde_json::json;

use crate::app::App;
use crate::cli::{ExportArgs, Import};
use crate::error::{Context, Error, Kind, Result};
use crate::evidence::check::{self, files_known};
use crate::evidence::compare::same_evidence;
use crate::evidence::split::{self, Order, Split};
use crate::evidence::{self, Choice, Demand, Plan, Sealed, Source, Stamp};
use crate::fsutil::{self, Pending, PendingFolder};
use crate::report::{self, Format, Guard, Options, REPORTS, Report, Scope, Style, View, Written};
use crate::store::{self, Reader};
use crate::ui::output_failed;

/// The longest file of addresses that is read.
const LARGEST_PEOPLE_FILE: u64 = 4 << 20;

pub(crate) fn run(app: &App, args: &ExportArgs) -> Result<()> {
    if args.list {
        return list(app);
    }
    if args.split_by.is_some() && args.out.is_none() {
        return Err(Error::new(Kind::Usage, "--split-by writes folders, and needs --out")
            .hint("fbsync export --split-by business --out DIR …"));
    }
    let work = Work::of(app, args)?;
    match (&args.out, chosen_report(args)?) {
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

/// The column contract: every report, with its columns.
fn list(app: &App) -> Result<()> {
    if app.json {
        let column = |column: &report::Column| json!({ "name": column.name, "type": column.kind.as_str(), "heading": column.heading, "meaning": column.meaning });
        let report = |report: &Report| {
            let columns: Vec<_> = report.fixed_columns().map(column).collect();
            json!({
                "name": report.name, "title": report.title, "about": report.about, "key": report.key,
                "columns": columns, "column_per_business": report.per_business,
            })
        };
        return app.ui.json(&json!(REPORTS.iter().map(report).collect::<Vec<_>>()));
    }
    let mut data = app.ui.data();
    let mut print = |text: String| writeln!(data, "{text}").map_err(output_failed);
    for (at, report) in REPORTS.iter().enumerate() {
        print(format!("{}{}: {}", if at > 0 { "\n" } else { "" }, report.name, report.about))?;
        for column in report.fixed_columns() {
            print(format!("  {:<24}{:<12}{}", column.name, column.kind.as_str(), column.meaning))?;
        }
        if report.per_business {
            print("  and a column for each business, `<business_id> <name>`".to_owned())?;
        }
    }
    data.done()
}

fn chosen_report(args: &ExportArgs) -> Result<Option<&'static Report>> {
    match (&args.report, args.import) {
        (_, Some(Import::Vanta)) => Ok(Some(&report::VANTA)),
        (_, Some(Import::ConductorOne)) => Ok(Some(&report::CONDUCTORONE)),
        (None, None) => Ok(None),
        (Some(name), None) => report::find(name).map(Some).ok_or_else(|| {
            let names: Vec<&str> = REPORTS.iter().map(|report| report.name).collect();
            Error::new(Kind::Usage, format!("there is no report `{name}`"))
                .hint(format!("fbsync export REPORT …, where REPORT is one of: {}", names.join(", ")))
        }),
    }
}

fn options(args: &ExportArgs) -> Result<Options> {
    let mut own_domains = Vec::new();
    for domain in &args.own_domain {
        let domain = domain.trim().trim_start_matches('@').to_lowercase();
        if domain.is_empty() || domain.contains(['@', ' ', '/']) {
            let problem = format!("--own-domain `{domain}` is no domain");
            return Err(Error::new(Kind::Usage, problem).hint("--own-domain example.com"));
        }
        own_domains.push(domain);
    }
    own_domains.sort();
    own_domains.dedup();
    Ok(Options { own_domains, max_privileged: args.max_privileged, people: people(&args.people)? })
}

/// Addresses as typed, and those in files: one a line, or the first column that holds an `@`.
fn people(given: &[String]) -> Result<Vec<String>> {
    let mut people = Vec::new();
    for one in given {
        let path = Path::new(one);
        if !path.is_file() {
            if !one.contains('@') {
                return Err(Error::new(
                    Kind::Usage,
                    format!("`{one}` is neither a file nor an e-mail address"),
                )
                .hint("--people ann@example.com, or --people FILE with an address on each line"));
            }
            people.push(one.trim().to_lowercase());
            continue;
        }
        let text = fsutil::read_text(path, LARGEST_PEOPLE_FILE)
            .context(Kind::Config, || format!("cannot read {}", path.display()))?;
        let cells = |line: &str| {
            let mut cells =
                line.split([',', ';', '\t']).map(|cell| cell.trim_matches(['"', ' ']).to_lowercase());
            cells.find(|cell| cell.contains('@'))
        };
        let before = people.len();
        people.extend(text.trim_start_matches('\u{feff}').lines().filter_map(cells));
        if people.len() == before {
            return Err(Error::new(Kind::Usage, format!("{} holds no e-mail address", path.display()))
                .hint("one address on each line"));
        }
    }
    people.sort();
    people.dedup();
    Ok(people)
}

/// One run of the command.
struct Work<'a> {
    app: &'a App,
    args: &'a ExportArgs,
    db: std::path::PathBuf,
    options: Options,
}

impl<'a> Work<'a> {
    fn of(app: &'a App, args: &'a ExportArgs) -> Result<Self> {
        let Some(db) = &args.db else {
            return Err(
                Error::new(Kind::Usage, "which database?").hint("fbsync export access --db audit.sqlite")
            );
        };
        Ok(Work { app, args, db: app.database(db)?, options: options(args)? })
    }

    /// One report, to standard output or a file.
    fn one(&self, report: &Report) -> Result<()> {
        let args = self.args;
        let style = self.style(args.output.as_deref())?;
        if style.format == Format::Xlsx && args.output.is_none() && io::stdout().is_terminal() {
            return Err(Error::new(Kind::Usage, "a workbook is nothing for a terminal")
                .hint(format!("fbsync export {} … -o {}.xlsx", report.name, report.name)));
        }
        if report.needs == report::Needs::OwnDomain && self.options.own_domains.is_empty() {
            return Err(Error::new(
                Kind::Usage,
                format!("`{}` has to know which domains are yours", report.name),
            )
            .hint(format!("fbsync export {} --own-domain example.com …", report.name)));
        }
        let reader = Reader::open(&self.db, self.app.ui)?;
        let (_, demand) = self.choose(&reader)?;
        let source = Source::open(&reader, &demand)?;
        let view = source.view(self.options.clone(), &self.app.stop)?;
        self.tell_about(&view);
        if let Some(reason) = report.not_made(&view) {
            self.app.ui.warn(format_args!("`{}` was not made: {reason}", report.name));
        }
        let written = match &args.output {
            None => {
                if style.guard == Guard::Fail {
                    // A stream cannot be taken back: whether all of it may go out is found out first.
                    report::write(report, &view, style, &mut io::sink())?;
                }
                let mut data = self.app.ui.data();
                let written = report::write(report, &view, style, &mut data)?;
                data.done()?;
                written
            }
            Some(file) => self.to_file(report, &view, style, file)?,
        };
        if !written.changed.is_empty() {
            self.app.ui.note(format_args!(
                "{} begin like a formula and got a ' in front (--formula-guard off leaves them)",
                cells(written.changed.len())
            ));
        }
        let snapshot = &view.snapshot;
        self.app.ui.result(format_args!(
            "{} rows of snapshot {} ({}, {})",
            written.rows, snapshot.id, snapshot.status, snapshot.finished_at
        ));
        if args.output.is_some() {
            self.app.ui.next(format_args!("fbsync verify --db '{}'", self.db.display()));
        }
        Ok(())
    }

    /// The format that was asked for, or that the name of the file says.
    fn style(&self, file: Option<&Path>) -> Result<Style> {
        let args = self.args;
        let extension =
            file.and_then(Path::extension).map(|extension| extension.to_string_lossy().to_lowercase());
        let named = [Format::Csv, Format::Xlsx, Format::Jsonl]
            .into_iter()
            .find(|format| extension.as_deref() == Some(format.extension()));
        let format = match (args.format, named) {
            (Some(asked), Some(named)) if asked != named => {
                let (asked, named) = (asked.extension(), named.extension());
                let problem =
                    format!("--format {asked} contradicts the name of the file, which says {named}");
                return Err(Error::new(Kind::Usage, problem).hint("leave --format out, or rename the file"));
            }
            (asked, named) => asked.or(named).unwrap_or_default(),
        };
        if args.bom && format != Format::Csv {
            return Err(Error::new(Kind::Usage, "--bom is for CSV").hint("leave --bom out"));
        }
        Ok(Style { format, guard: args.formula_guard, bom: args.bom })
    }

    /// Writes beside the target and renames, so that a file is whole or not there.
    fn to_file(&self, report: &Report, view: &View, style: Style, file: &Path) -> Result<Written> {
        let shown = file.display();
        let failed = || format!("cannot write {shown}");
        let mut pending = Pending::beside(file).context(Kind::Storage, failed)?;
        let mut out = BufWriter::new(&mut pending);
        let written = report::write(report, view, style, &mut out)?;
        out.flush().context(Kind::Storage, failed)?;
        drop(out);
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

    /// The evidence folder, or a folder for each business; and its seal.
    fn folder(&self, target: &Path) -> Result<(Sealed, String)> {
        let style = self.style(None)?;
        let reader = Reader::open(&self.db, self.app.ui)?;
        let (choice, demand) = self.choose(&reader)?;
        let stamp = Stamp::of_this_run(&self.app.clock)?;
        let pending = PendingFolder::beside(target)?;
        let sealed = match self.args.split_by {
            Some(_) => {
                let order = Order {
                    reader: &reader,
                    snapshot_id: demand.snapshot_id,
                    options: self.options.clone(),
                    style,
                    choice: &choice,
                    stamp: &stamp,
                    stop: &self.app.stop,
                };
                let Split { firm, folders } = split::write(pending.path(), &order)?;
                self.app.ui.result(format_args!("{folders} folders of businesses, and {}", split::FIRM));
                firm
            }
            None => {
                let source = Source::open(&reader, &demand)?;
                let view = source.view(self.options.clone(), &self.app.stop)?;
                self.tell_about(&view);
                let plan = Plan { style, choice: &choice, stamp: &stamp, part: None, index: None };
                evidence::write(pending.path(), &view, &plan)?
            }
        };
        let seal = self.put_in_place(pending, target)?.unwrap_or_else(|| sealed.seal.clone());
        Ok((sealed, seal))
    }

    /// Gives the folder its name. Where the same evidence is there already, it stays, and its seal is
    /// returned: that one may have been noted.
    fn put_in_place(&self, pending: PendingFolder, target: &Path) -> Result<Option<String>> {
        let shown = target.display();
        let failed = || format!("cannot write {shown}");
        let occupied =
            target.is_dir() && !fsutil::files_below(target).context(Kind::Config, failed)?.is_empty();
        if occupied && same_evidence(target, pending.path()) {
            let there = check::check(target, None, None, &self.app.stop)?;
            if there.findings.is_empty() {
                self.app.ui.note(format_args!("{shown} holds that evidence already; it was left as it is"));
                return Ok(Some(there.seal));
            }
        }
        if occupied && self.args.force {
            let known = files_known(target);
            let files = fsutil::files_below(target).context(Kind::Config, failed)?;
            if let Some(foreign) = files.iter().find(|file| !known.contains(*file)) {
                let foreign = foreign.display();
                return Err(Error::new(
                    Kind::Config,
                    format!("{shown} holds {foreign}, which fbsync did not write"),
                )
                .hint("move it, or name another folder with --out; nothing was replaced"));
            }
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

    fn tell_sealed(&self, target: &Path, sealed: &Sealed, seal: &str) -> Result<()> {
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
                "changed_cells": sealed.changed_cells, "not_made": not_made,
            }))?;
        }
        for (report, reason) in &sealed.not_made {
            ui.detail(1, format_args!("{report} was not made: {reason}"));
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
        ui.next(format_args!("fbsync verify '{shown}' --db '{}' --seal {seal}", self.db.display()));
        if self.app.json {
            return Ok(());
        }
        let mut data = ui.data();
        writeln!(data, "seal: {seal}").map_err(output_failed)?;
        data.done()
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

    /// The snapshot that was asked for, if it may be used.
    fn choose(&self, reader: &Reader) -> Result<(Choice, Demand)> {
        let args = self.args;
        let mut businesses = args.business.clone();
        businesses.sort_unstable();
        businesses.dedup();
        let id = match (businesses.as_slice(), args.snapshot.as_str()) {
            ([], "latest") if args.split_by.is_none() => self.latest(reader)?,
            (businesses, "latest") => self.latest_of(reader, businesses)?,
            (businesses, id) => self.by_id(reader, id, businesses)?,
        };
        let scope = if businesses.is_empty() { Scope::Whole } else { Scope::Alone(businesses) };
        Ok((Choice { asked: args.snapshot.clone(), chosen: id }, Demand { snapshot_id: id, scope }))
    }

    fn latest(&self, reader: &Reader) -> Result<i64> {
        let newest = store::latest_snapshot(reader, true)?;
        let Some(chosen) = store::latest_snapshot(reader, self.args.allow_partial)? else {
            return Err(partial_only("no snapshot is complete".to_owned()));
        };
        if let Some(newest) = newest.filter(|newest| newest.id > chosen.id) {
            self.app.ui.note(format_args!(
                "snapshot {} is newer but partial; snapshot {} is the last complete one",
                newest.id, chosen.id
            ));
        }
        Ok(chosen.id)
    }

    /// The newest snapshot in which these businesses, or with a split any, can be used.
    fn latest_of(&self, reader: &Reader, businesses: &[i64]) -> Result<i64> {
        if let Some(id) = store::latest_covering(reader, businesses, self.args.allow_partial)? {
            return Ok(id);
        }
        match store::latest_covering(reader, businesses, true)? {
            Some(_) => Err(partial_only("no snapshot holds these businesses whole".to_owned())),
            None => Err(Error::new(
                Kind::Usage,
                format!("no snapshot holds all of these businesses: {businesses:?}"),
            )
            .hint(format!(
                "sqlite3 '{}' \"SELECT DISTINCT business_id, name FROM businesses\"",
                self.db.display()
            ))),
        }
    }

    fn by_id(&self, reader: &Reader, id: &str, businesses: &[i64]) -> Result<i64> {
        let id = id.parse().map_err(|_| {
            Error::new(Kind::Usage, format!("`{id}` is not a snapshot's id"))
                .hint("fbsync snapshots --db FILE")
        })?;
        let snapshot = store::snapshot_by_id(reader, id)?;
        if snapshot.status == "pruned" {
            return Err(Error::new(Kind::Usage, format!("the content of snapshot {id} was pruned")));
        }
        if self.args.allow_partial || self.args.split_by.is_some() {
            return Ok(id);
        }
        // Of some businesses, their own coverage decides.
        let demand = Demand { snapshot_id: id, scope: Scope::Alone(businesses.to_vec()) };
        let partial = match businesses {
            [] => snapshot.status == "partial",
            _ => Source::open(reader, &demand)?.is_partial(),
        };
        match partial {
            true => Err(partial_only(format!("snapshot {id} is partial"))),
            false => Ok(id),
        }
    }
}

fn partial_only(problem: String) -> Error {
    Error::new(Kind::Partial, problem)
        .hint("--allow-partial exports it all the same; the table `coverage` says what is missing")
}

fn cells(n: usize) -> String {
    format!("{n} {}", if n == 1 { "cell" } else { "cells" })
}
