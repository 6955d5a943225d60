//! `verify`: whether an evidence folder, or a database, is as fbsync wrote it; and what that does not
//! prove.

use std::path::Path;

use serde_json::json;

use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::evidence::check::{self, Verdict};
use crate::store::{Finding, Reader, Report};
use crate::ui::Ui;

/// By no check of a file, ever.
const NEVER_PROVED: &str = "not proved: that what FreshBooks answered was true";

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<()> {
    let database = args.db.as_deref().map(|db| app.database(db)).transpose()?;
    match (&args.folder, database) {
        (Some(folder), database) => verify_folder(app, folder, args, database.as_deref()),
        (None, Some(database)) => verify_database(app, &database, &args.expect),
        (None, None) => Err(Error::new(Kind::Usage, "verify what?")
            .hint("fbsync verify DIR, or fbsync verify --db audit.sqlite")),
    }
}

fn verify_folder(app: &App, folder: &Path, args: &VerifyArgs, database: Option<&Path>) -> Result<()> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Error::new(Kind::Usage, format!("there is no folder {shown}")));
    }
    let reader = database.map(|path| Reader::open(app, path)).transpose()?;
    let mut verdict = check::check(folder, args.seal.as_deref(), reader.as_ref(), &app.stop)?;
    let mut limits = vec![folder_limits(args.seal.is_some(), reader.is_some()).to_owned()];
    if let Some(reader) = &reader {
        let report = check_database(reader, &args.expect)?;
        limits.extend(database_limits(&report, &args.expect));
        let own = report.findings.into_iter();
        verdict.findings.extend(own.map(|finding| format!("the database: {}", finding.0)));
    }
    limits.push(NEVER_PROVED.to_owned());
    let Verdict { folders, files, seal, written_by, pruned, not_compared, strays, findings } = &verdict;
    if app.json {
        app.ui.json(&json!({
            "ok": findings.is_empty(), "folders": folders, "files": files, "seal": seal,
            "rederived": reader.is_some(), "written_by": written_by, "pruned": pruned,
            "not_compared": not_compared, "strays": strays, "findings": findings, "not_proved": limits,
        }))?;
    }
    for stray in strays {
        app.ui.note(format_args!(
            "{stray} was left there by a system; it is no evidence and was not looked at"
        ));
    }
    if !findings.is_empty() {
        return Err(tell_findings(app.ui, findings.iter().map(String::as_str), &shown.to_string()));
    }
    app.ui.note(format_args!("ok: {files} files in {shown} are as they were written"));
    if reader.is_some() {
        app.ui.note(match (written_by, pruned) {
            (None, None) => "ok: made anew from the database, every byte is the same".to_owned(),
            (Some(version), _) => format!("ok: same content, written by {version}"),
            (None, Some(_)) => "ok: same content, as far as it can be made anew".to_owned(),
        });
    }
    if let Some(id) = pruned {
        app.ui.warn(format_args!("snapshot {id}, which `changes` starts from, was pruned since"));
    }
    for file in not_compared {
        app.ui.warn(format_args!("{file} could not be compared with the database"));
    }
    app.ui.note(format_args!("seal: {seal}"));
    limits.iter().for_each(|limit| app.ui.note(limit));
    Ok(())
}

fn verify_database(app: &App, path: &Path, expected: &[(String, String)]) -> Result<()> {
    let report = check_database(&Reader::open(app, path)?, expected)?;
    let mut limits = database_limits(&report, expected);
    limits.push(NEVER_PROVED.to_owned());
    let findings = report.findings.iter().map(|finding| finding.0.as_str());
    if app.json {
        app.ui.json(&json!({
            "ok": report.findings.is_empty(), "snapshots": report.snapshots, "pruned": report.pruned,
            "rows": report.rows, "records": report.records,
            "head": report.head.as_ref().map(|head| json!({ "id": head.json_name(), "content_sha256": head.sha256 })),
            "findings": findings.clone().collect::<Vec<_>>(), "not_proved": limits,
        }))?;
    }
    if !report.findings.is_empty() {
        return Err(tell_findings(app.ui, findings, &path.display().to_string()));
    }
    let Report { snapshots, rows, records, head, .. } = &report;
    app.ui.note(format_args!(
        "ok: {snapshots} snapshots, {rows} rows and {records} records are as they were written"
    ));
    if let Some(head) = head {
        app.ui.note(format_args!("newest: {head}, content_sha256 {}", head.sha256));
    }
    limits.iter().for_each(|limit| app.ui.note(limit));
    Ok(())
}

/// The database against itself, and against hashes that were kept elsewhere.
fn check_database(reader: &Reader, expected: &[(String, String)]) -> Result<Report> {
    let mut report = reader.check()?;
    let unexpected: Vec<Finding> =
        expected.iter().filter_map(|(name, hash)| unexpected(&report, name, hash)).collect();
    report.findings.extend(unexpected);
    Ok(report)
}

/// What is wrong about a snapshot or a review whose hash was kept elsewhere.
fn unexpected(report: &Report, name: &str, hash: &str) -> Option<Finding> {
    let found = report.links.iter().find(|link| link.name() == name);
    let what = match name.strip_prefix("review-") {
        Some(id) => format!("review {id}"),
        None => format!("snapshot {name}"),
    };
    match (found, &report.head) {
        (Some(found), _) if found.sha256 == hash => None,
        (Some(found), _) => {
            Some(Finding(format!("{what} has the hash {}, not the expected {hash}", found.sha256)))
        }
        (None, Some(head)) => Some(Finding(format!("{what} is not there: the chain ends with {head}"))),
        (None, None) => Some(Finding(format!("{what} is not there"))),
    }
}

/// What the agreement of a folder does not prove.
fn folder_limits(sealed: bool, rederived: bool) -> &'static str {
    match (sealed, rederived) {
        (true, _) => {
            "proved: the folder is the one that was sealed; not proved: what FreshBooks' interface cannot show \
             (README.txt)"
        }
        (false, true) => {
            "not proved: that nobody rebuilt both the folder and the database; for that, note the seal in \
             another place and give it as --seal"
        }
        (false, false) => {
            "not proved: that nobody wrote the whole folder anew; for that, note the seal in another place and \
             give it as --seal"
        }
    }
}

/// What the agreement of a database does not prove.
fn database_limits(report: &Report, expected: &[(String, String)]) -> Vec<String> {
    let mut limits = vec![match expected.last().map(|(name, _)| name) {
        None => "not proved: that nobody rebuilt the whole file, or cut snapshots off its end; for that, keep what \
                 `fbsync snapshots --head` prints in another place and give it as --expect ID:HEX"
            .to_owned(),
        Some(newest) => format!(
            "proved up to {newest}, whose hash was kept elsewhere; not proved: that nothing recorded later was \
             changed or cut off"
        ),
    }];
    if report.pruned > 0 {
        limits.push(format!(
            "not proved: the times and counts of {} pruned snapshots; their hashes hold the chain together",
            report.pruned
        ));
    }
    limits
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
