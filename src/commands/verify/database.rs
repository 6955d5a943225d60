//! Checks a database against its own hashes, and against hashes that were kept elsewhere.

use std::path::Path;

use serde_json::json;

use super::{NEVER_PROVED, problems};
use crate::app::App;
use crate::error::Result;
use crate::store::{CheckReport, Finding, Reader};

pub(super) fn verify(app: &App, path: &Path, expected: &[(String, String)]) -> Result<()> {
    let report = check(&Reader::open(app, path)?, expected)?;
    let mut limits = limits(&report, expected);
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
        return Err(problems(app.ui, findings, &path.display().to_string()));
    }
    let CheckReport { snapshots, rows, records, head, .. } = &report;
    let snapshots = if *snapshots == 1 { "1 snapshot".to_owned() } else { format!("{snapshots} snapshots") };
    let reviews = match report.links.iter().filter(|link| link.name().starts_with("review-")).count() {
        0 => String::new(),
        1 => "1 review, ".to_owned(),
        reviews => format!("{reviews} reviews, "),
    };
    app.ui.note(format_args!(
        "ok: {snapshots}, {reviews}{rows} rows and {records} records agree with their hashes"
    ));
    if let Some(head) = head {
        app.ui.note(format_args!("newest: {head}, content_sha256 {}", head.sha256));
    }
    limits.iter().for_each(|limit| app.ui.note(limit));
    Ok(())
}

pub(super) fn check(reader: &Reader, expected: &[(String, String)]) -> Result<CheckReport> {
    let mut report = reader.check()?;
    let unexpected: Vec<Finding> =
        expected.iter().filter_map(|(name, hash)| unexpected(&report, name, hash)).collect();
    report.findings.extend(unexpected);
    Ok(report)
}

/// What is wrong with a snapshot or review whose hash was kept elsewhere.
fn unexpected(report: &CheckReport, name: &str, hash: &str) -> Option<Finding> {
    let found = report.links.iter().find(|link| link.name() == name);
    let what = in_words(name);
    match (found, &report.head) {
        (Some(found), _) if found.sha256 == hash => None,
        (Some(found), _) => {
            Some(Finding(format!("{what} has the hash {}, not the expected {hash}", found.sha256)))
        }
        (None, Some(head)) => Some(Finding(format!("{what} is missing: the chain ends with {head}"))),
        (None, None) => Some(Finding(format!("{what} is missing"))),
    }
}

/// The name of a link in the chain, in words.
fn in_words(name: &str) -> String {
    match name.strip_prefix("review-") {
        Some(id) => format!("review {id}"),
        None => format!("snapshot {name}"),
    }
}

/// What this check of a database does not prove.
pub(super) fn limits(report: &CheckReport, expected: &[(String, String)]) -> Vec<String> {
    let mut limits = vec![match expected.last().map(|(name, _)| name) {
        None => "not proved: that nobody rebuilt the whole file, or removed snapshots or reviews from its end; to rule that out, keep \
                 what `fbsync snapshots --head` prints in another place and pass it as --expect ID:HEX"
            .to_owned(),
        Some(newest) => format!(
            "proved up to {}, whose hash was kept elsewhere; not proved: that nothing recorded later was \
             changed or removed",
            in_words(newest)
        ),
    }];
    if report.pruned > 0 {
        limits.push(format!(
            "not proved: what {} pruned snapshot{} contained; only times, counts and hashes are left",
            report.pruned,
            if report.pruned == 1 { "" } else { "s" }
        ));
    }
    limits
}
