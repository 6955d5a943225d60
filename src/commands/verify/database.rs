//! A database against itself, and against hashes that were kept elsewhere.

use std::path::Path;

use serde_json::json;

use super::{NEVER_PROVED, problems};
use crate::app::App;
use crate::error::Result;
use crate::store::{Finding, Link, Reader, Report};

pub(super) fn verify(app: &App, path: &Path, expected: &[(i64, String)]) -> Result<()> {
    let report = check(&Reader::open(app, path)?, expected)?;
    let mut limits = limits(&report, expected);
    limits.push(NEVER_PROVED.to_owned());
    let findings = report.findings.iter().map(|finding| finding.0.as_str());
    if app.json {
        app.ui.json(&json!({
            "ok": report.findings.is_empty(), "snapshots": report.snapshots, "pruned": report.pruned,
            "rows": report.rows, "records": report.records,
            "head": report.head.as_ref().map(|Link { id, sha256, .. }| json!({ "id": id, "content_sha256": sha256 })),
            "findings": findings.clone().collect::<Vec<_>>(), "not_proved": limits,
        }))?;
    }
    if !report.findings.is_empty() {
        return Err(problems(app.ui, findings, &path.display().to_string()));
    }
    let Report { snapshots, rows, records, head, .. } = &report;
    app.ui.note(format_args!(
        "ok: {snapshots} snapshots, {rows} rows and {records} records agree with their hashes"
    ));
    if let Some(Link { id, sha256, .. }) = head {
        app.ui.note(format_args!("newest: snapshot {id}, content_sha256 {sha256}"));
    }
    limits.iter().for_each(|limit| app.ui.note(limit));
    Ok(())
}

pub(super) fn check(reader: &Reader, expected: &[(i64, String)]) -> Result<Report> {
    let mut report = reader.check()?;
    for (id, hash) in expected {
        report.findings.extend(unexpected(reader, &report, *id, hash)?);
    }
    Ok(report)
}

/// What is wrong about a snapshot whose hash was kept elsewhere.
fn unexpected(reader: &Reader, report: &Report, id: i64, hash: &str) -> Result<Option<Finding>> {
    let head = report.head.as_ref().map_or(0, |head| head.id);
    let found = reader.find_snapshot(id)?.map(|snapshot| snapshot.content_sha256);
    Ok(match found {
        Some(found) if found == hash => None,
        Some(found) => Some(Finding(format!("snapshot {id} has the hash {found}, not the expected {hash}"))),
        None if id > head => {
            Some(Finding(format!("snapshot {id} is not there: the chain was cut off after snapshot {head}")))
        }
        None => Some(Finding(format!("snapshot {id} is not there"))),
    })
}

/// What the agreement of a database does not prove.
pub(super) fn limits(report: &Report, expected: &[(i64, String)]) -> Vec<String> {
    let mut limits = vec![match expected.iter().map(|(id, _)| id).max() {
        None => "not proved: that nobody rebuilt the whole file, or cut snapshots off its end; to rule that out, keep \
                 what `fbsync snapshots --head` prints in another place and pass it as --expect ID:HEX"
            .to_owned(),
        Some(newest) => format!(
            "proved up to snapshot {newest}, whose hash was kept elsewhere; not proved: that no later snapshots were \
             changed or cut off"
        ),
    }];
    if report.pruned > 0 {
        limits.push(format!(
            "not proved: what {} pruned snapshot{} held; times, counts and hashes are all that is left",
            report.pruned,
            if report.pruned == 1 { "" } else { "s" }
        ));
    }
    limits
}
