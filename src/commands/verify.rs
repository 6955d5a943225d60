//! `verify`: whether a database is as fbsync wrote it.

use serde_json::json;

use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::store::{self, Finding, Reader, Report};
use crate::ui::Ui;

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<()> {
    let path = app.database(&args.database.db)?;
    let reader = Reader::open(&path, app.ui)?;
    let mut report = store::check(&reader)?;
    for (id, hash) in &args.expect {
        report.findings.extend(unexpected(&reader, &report, *id, hash)?);
    }
    let limits = limits(&report, &args.expect);
    if app.json {
        let findings: Vec<&str> = report.findings.iter().map(|finding| finding.0.as_str()).collect();
        app.ui.json(&json!({
            "ok": findings.is_empty(), "snapshots": report.snapshots, "pruned": report.pruned,
            "rows": report.rows, "records": report.records,
            "head": report.head.as_ref().map(|(id, hash)| json!({ "id": id, "content_sha256": hash })),
            "findings": findings, "not_proved": limits,
        }))?;
    }
    if !report.findings.is_empty() {
        return Err(tell_findings(app.ui, &report, &path.display().to_string()));
    }
    let Report { snapshots, rows, records, head, .. } = &report;
    app.ui.note(format_args!(
        "ok: {snapshots} snapshots, {rows} rows and {records} records are as they were written"
    ));
    if let Some((id, hash)) = head {
        app.ui.note(format_args!("newest: snapshot {id}, content_sha256 {hash}"));
    }
    limits.iter().for_each(|limit| app.ui.note(limit));
    Ok(())
}

/// What is wrong about a snapshot whose hash was kept elsewhere.
fn unexpected(reader: &Reader, report: &Report, id: i64, hash: &str) -> Result<Option<Finding>> {
    let head = report.head.as_ref().map_or(0, |(head, _)| *head);
    let found = store::content_sha256(reader, id)?;
    Ok(match found {
        Some(found) if found == hash => None,
        Some(found) => Some(Finding(format!("snapshot {id} has the hash {found}, not the expected {hash}"))),
        None if id > head => {
            Some(Finding(format!("snapshot {id} is not there: the chain was cut off after snapshot {head}")))
        }
        None => Some(Finding(format!("snapshot {id} is not there"))),
    })
}

/// What agreement does not prove.
fn limits(report: &Report, expected: &[(i64, String)]) -> Vec<String> {
    let mut limits = vec![match expected.iter().map(|(id, _)| id).max() {
        None => "not proved: that nobody rebuilt the whole file, or cut snapshots off its end; for that, keep what \
                 `fbsync snapshots --head` prints in another place and give it as --expect ID:HEX"
            .to_owned(),
        Some(newest) => format!(
            "proved up to snapshot {newest}, whose hash was kept elsewhere; not proved: that no later snapshots were \
             changed or cut off"
        ),
    }];
    if report.pruned > 0 {
        limits.push(format!(
            "not proved: the times and counts of {} pruned snapshots; their hashes hold the chain together",
            report.pruned
        ));
    }
    limits.push("not proved: that what FreshBooks answered was true".to_owned());
    limits
}

fn tell_findings(ui: Ui, report: &Report, path: &str) -> Error {
    for finding in &report.findings {
        ui.warn(&finding.0);
    }
    let n = report.findings.len();
    let things = if n == 1 { "1 thing is".to_owned() } else { format!("{n} things are") };
    Error::new(Kind::No, format!("{path} is not as fbsync wrote it: {things} wrong"))
        .hint("go back to a copy whose hashes you know; the file was not changed by this check")
}
