//! Checks a folder against itself, against its seal, and against the database.

use std::path::Path;

use serde_json::json;

use super::{NEVER_PROVED, database, problems};
use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::evidence::check::{self, Signature, Verdict};
use crate::shell;
use crate::store::Reader;

/// How many names are listed individually.
const FEW: usize = 5;

pub(super) fn verify(app: &App, folder: &Path, args: &VerifyArgs, database: Option<&Path>) -> Result<()> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Error::new(Kind::Usage, format!("there is no folder {shown}")));
    }
    let reader = database.map(|path| Reader::open(app, path)).transpose()?;
    // Comes first: nothing is rebuilt from a file whose views and triggers could be somebody else's.
    let report = reader.as_ref().map(|reader| database::check(reader, &args.expect)).transpose()?;
    let sound = reader.as_ref().filter(|_| report.as_ref().is_some_and(|report| !report.is_strange()));
    let mut verdict = check::check(folder, args.seal.as_deref(), sound, &app.stop)?;
    let mut limits = limits(args.seal.is_some(), reader.is_some());
    limits.extend(verdict.unchecked.drain(..).map(|what| format!("not checked: {what}")));
    if let Some(report) = &report {
        limits.extend(database::limits(report, &args.expect));
        verdict.findings.extend(report.findings.iter().map(|finding| format!("the database: {}", finding.0)));
    }
    limits.push(NEVER_PROVED.to_owned());
    if app.json {
        app.ui.json(&as_json(&verdict, reader.is_some(), &limits))?;
    }
    for stray in &verdict.strays {
        app.ui.note(format_args!(
            "{stray} was left there by the operating system; it is not evidence and was not checked"
        ));
    }
    for Signature { path, command } in &verdict.signatures {
        app.ui.note(format_args!("{path} was not checked here; in its folder, type: {command}"));
    }
    if !verdict.findings.is_empty() {
        return Err(problems(app.ui, verdict.findings.iter().map(String::as_str), &shown.to_string()));
    }
    let files = verdict.files;
    app.ui.note(format_args!("ok: {files} files in {shown} agree with SHA256SUMS and manifest.json"));
    if reader.is_some() && verdict.is_complete() {
        app.ui.note("ok: rebuilt from the database: byte-for-byte identical");
    }
    for id in &verdict.pruned {
        app.ui
            .warn(format_args!("the content of snapshot {id} was pruned since; its times and hash are left"));
    }
    match verdict.not_compared.as_slice() {
        [] => {}
        few if few.len() <= FEW => app.ui.warn(format_args!("not compared: {}", few.join(", "))),
        many => app.ui.warn(format_args!("not compared: {} of the files", many.len())),
    }
    app.ui.note(format_args!("seal: {}", verdict.seal));
    if args.seal.is_some() {
        app.ui.note("ok: the seal is the expected one");
    }
    limits.iter().for_each(|limit| app.ui.note(limit));
    if verdict.is_complete() { Ok(()) } else { Err(incomplete(folder, verdict.written_by.as_deref())) }
}

/// No problem was found, but not everything could be compared.
fn incomplete(folder: &Path, written_by: Option<&str>) -> Error {
    let hint = match written_by {
        Some(version) => format!("fbsync {version} wrote it, and can compare the rest"),
        None => format!(
            "a copy of the database from before the pruning has the rest: fbsync verify {} --db FILE",
            shell::path(folder)
        ),
    };
    let problem = format!("{}: no problems found, but not everything could be compared", folder.display());
    Error::new(Kind::Partial, problem).hint(hint)
}

fn as_json(verdict: &Verdict, rederived: bool, limits: &[String]) -> serde_json::Value {
    let Verdict {
        folders, files, seal, written_by, pruned, not_compared, strays, signatures, findings, ..
    } = verdict;
    let signatures: Vec<_> =
        signatures.iter().map(|one| json!({ "file": one.path, "check_with": one.command })).collect();
    json!({
        "ok": findings.is_empty() && verdict.is_complete(), "folders": folders, "files": files, "seal": seal,
        "rederived": rederived, "written_by": written_by, "pruned": pruned, "not_compared": not_compared,
        "strays": strays, "signatures": signatures, "findings": findings, "not_proved": limits,
    })
}

/// What this check of a folder does not prove.
fn limits(sealed: bool, rederived: bool) -> Vec<String> {
    let mut limits = Vec::new();
    match (sealed, rederived) {
        (true, _) => {}
        (false, true) => limits.push(
            "not proved: that nobody rebuilt both the folder and the database; to rule that out, keep the seal in \
             another place and pass it as --seal",
        ),
        (false, false) => limits.push(
            "not proved: that nobody rewrote the whole folder; to rule that out, keep the seal in another place and \
             pass it as --seal",
        ),
    }
    if !rederived {
        limits.push("not checked: whether the rows are those of the database; pass it as --db");
    }
    limits
        .push("not checked: who exported it, where and when (`export` in manifest.json): the database does not record it");
    limits.push("not proved: what FreshBooks' API cannot show (README.txt)");
    limits.into_iter().map(str::to_owned).collect()
}
