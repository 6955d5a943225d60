//! `export`: a report from a snapshot, to standard output or a file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::choose::choose;
use crate::app::App;
use crate::cli::ExportArgs;
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::Pending;
use crate::report::{self, CsvReport, Report, Written};
use crate::store::{self, Reader, SnapshotLine};

/// Rows between two looks whether a signal came.
const ROWS_PER_LOOK: u64 = 1024;

pub(crate) fn run(app: &App, args: &ExportArgs) -> Result<()> {
    let report = find_report(&args.report)?;
    let path = app.database(&args.database.db)?;
    let reader = Reader::open(&path, app.ui)?;
    let snapshot = choose(app, &reader, &args.choosing, &[])?.snapshot;
    let written = match &args.output {
        None => {
            let data = app.ui.data();
            write_report(app, &reader, report, &snapshot, args, data)?
        }
        Some(file) => to_file(app, &reader, report, &snapshot, args, file)?,
    };
    let Written { rows, guarded_cells } = written;
    if guarded_cells > 0 {
        app.ui.note(format_args!(
            "{guarded_cells} cells begin like a formula and got a ' in front (--formula-guard off leaves them)"
        ));
    }
    let SnapshotLine { id, finished_at, status, .. } = &snapshot;
    app.ui.result(format_args!("{rows} rows of snapshot {id} ({status}, {finished_at})"));
    if args.output.is_some() {
        let db = path.display();
        app.ui.next(format_args!("fbsync verify --db '{db}'"));
    }
    Ok(())
}

fn find_report(name: &str) -> Result<Report> {
    let known = report::REPORTS.iter().find(|report| report.name == name).copied();
    known.ok_or_else(|| {
        let names: Vec<&str> = report::REPORTS.iter().map(|report| report.name).collect();
        Error::new(Kind::Usage, format!("there is no report `{name}`"))
            .hint(format!("fbsync export REPORT …, where REPORT is one of: {}", names.join(", ")))
    })
}

fn write_report(
    app: &App,
    reader: &Reader,
    report: Report,
    snapshot: &SnapshotLine,
    args: &ExportArgs,
    out: impl Write,
) -> Result<Written> {
    let mut csv = CsvReport::begin(report, args.formula_guard, out)?;
    let mut rows = 0;
    store::access_rows(reader, snapshot.id, |row| {
        if rows % ROWS_PER_LOOK == 0 {
            app.stop.check()?;
        }
        rows += 1;
        csv.row(&report::access_cells(row)?)
    })?;
    csv.finish()
}

/// Writes beside the target and renames, so that a file is whole or not there.
fn to_file(
    app: &App,
    reader: &Reader,
    report: Report,
    snapshot: &SnapshotLine,
    args: &ExportArgs,
    file: &Path,
) -> Result<Written> {
    let shown = file.display();
    let mut pending = Pending::beside(file).context(Kind::Storage, || format!("cannot write {shown}"))?;
    let written = write_report(app, reader, report, snapshot, args, BufWriter::new(&mut pending))?;
    if !args.force && pending.same_as_target() {
        app.ui.result(format_args!("{shown} is already that, byte for byte"));
        return Ok(written);
    }
    match pending.commit(args.force) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::new(Kind::Config, format!("{shown} exists and is different; it was left as it is"))
                .hint("--force replaces it"))
        }
        committed => committed.map(|()| written).context(Kind::Storage, || format!("cannot write {shown}")),
    }
}
