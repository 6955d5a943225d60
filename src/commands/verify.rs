//! `verify`: whether an evidence folder, or a database, is as fbsync wrote it.

use std::path::Path;

use serde_json::json;

use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::evidence::check::{self, Verdict};
use crate::store::{self, Reader, Report};
use crate::ui::Ui;

/// What agreement with oneself cannot prove.
const LIMITS: &str = "this shows that the file agrees with itself; that nobody rebuilt the whole of it, or cut \
                      snapshots off its end, shows only against a hash that was kept elsewhere";

/// The same of a folder, without a seal and with one.
const FOLDER_LIMITS: &str = "this shows that the folder agrees with itself; that nobody wrote the whole of it anew \
                             shows only against a seal that was noted elsewhere (--seal)";
const DATABASE_LIMITS: &str = "this shows that the folder and the database agree; that nobody rebuilt both shows only \
                               against a seal that was noted elsewhere (--seal)";
const SEALED_LIMITS: &str = "this shows that the folder is the one that was sealed; not that what FreshBooks answered \
                             was right, nor what its interface cannot show (README.txt)";

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<()> {
    let database = args.db.as_deref().map(|db| app.database(db)).transpose()?;
    match (&args.folder, database) {
        (Some(folder), database) => verify_folder(app, folder, args.seal.as_deref(), database.as_deref()),
        (None, Some(database)) => verify_database(app, &database),
        (None, None) => Err(Error::new(Kind::Usage, "verify what?")
            .hint("fbsync verify DIR, or fbsync verify --db audit.sqlite")),
    }
}

fn verify_folder(app: &App, folder: &Path, seal: Option<&str>, database: Option<&Path>) -> Result<()> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Error::new(Kind::Usage, format!("there is no folder {shown}")));
    }
    let reader = database.map(|path| Reader::open(path, app.ui)).transpose()?;
    let mut verdict = check::check(folder, seal, reader.as_ref(), &app.stop)?;
    if let Some(reader) = &reader {
        let own = store::check(reader)?.findings.into_iter();
        verdict.findings.extend(own.map(|finding| format!("the database: {}", finding.0)));
    }
    let Verdict { folders, files, seal: found, written_by, not_compared, findings } = &verdict;
    if app.json {
        app.ui.json(&json!({
            "folders": folders, "files": files, "seal": found, "rederived": reader.is_some(),
            "written_by": written_by, "not_compared": not_compared, "findings": findings,
        }))?;
    }
    if !findings.is_empty() {
        return Err(tell_findings(app.ui, findings.iter().map(String::as_str), &shown.to_string()));
    }
    app.ui.note(format_args!("ok: {files} files in {shown} are as they were written"));
    match (&reader, written_by) {
        (None, _) => {}
        (Some(_), None) => app.ui.note("ok: made anew from the database, every byte is the same"),
        (Some(_), Some(version)) => app.ui.note(format_args!("ok: same content, written by {version}")),
    }
    for file in not_compared {
        app.ui.warn(format_args!(
            "{file} is of another version and of a form that cannot be compared cell by cell"
        ));
    }
    app.ui.note(format_args!("seal: {found}"));
    app.ui.note(match (seal, &reader) {
        (Some(_), _) => SEALED_LIMITS,
        (None, Some(_)) => DATABASE_LIMITS,
        (None, None) => FOLDER_LIMITS,
    });
    Ok(())
}

fn verify_database(app: &App, path: &Path) -> Result<()> {
    let report = store::check(&Reader::open(path, app.ui)?)?;
    if app.json {
        let findings: Vec<&str> = report.findings.iter().map(|finding| finding.0.as_str()).collect();
        app.ui.json(&json!({
            "snapshots": report.snapshots, "rows": report.rows, "records": report.records,
            "head": report.head.as_ref().map(|(id, hash)| json!({ "id": id, "content_sha256": hash })),
            "findings": findings,
        }))?;
    }
    if !report.findings.is_empty() {
        let findings = report.findings.iter().map(|finding| finding.0.as_str());
        return Err(tell_findings(app.ui, findings, &path.display().to_string()));
    }
    let Report { snapshots, rows, records, head, .. } = &report;
    app.ui.note(format_args!(
        "ok: {snapshots} snapshots, {rows} rows and {records} records are as they were written"
    ));
    if let Some((id, hash)) = head {
        app.ui.note(format_args!("newest: snapshot {id}, content_sha256 {hash}"));
    }
    app.ui.note(LIMITS);
    Ok(())
}

fn tell_findings<'f>(ui: Ui, findings: impl ExactSizeIterator<Item = &'f str>, what: &str) -> Error {
    let n = findings.len();
    for finding in findings {
        ui.warn(finding);
    }
    let things = if n == 1 { "1 thing is".to_owned() } else { format!("{n} things are") };
    Error::new(Kind::No, format!("{what} is not as fbsync wrote it: {things} wrong"))
        .hint("go back to a copy whose hashes you know; nothing was changed by this check")
}
