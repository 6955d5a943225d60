//! `verify`: whether a database is as fbsync wrote it.

use serde_json::json;

use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::store::{self, Reader, Report};
use crate::ui::Ui;

/// What agreement with oneself cannot prove.
const LIMITS: &str = "this shows that the file agrees with itself; that nobody rebuilt the whole of it, or cut \
                      snapshots off its end, shows only against a hash that was kept elsewhere";

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<()> {
    let path = app.database(&args.database.db)?;
    let report = store::check(&Reader::open(&path, app.ui)?)?;
    if app.json {
        let findings: Vec<&str> = report.findings.iter().map(|finding| finding.0.as_str()).collect();
        app.ui.json(&json!({
            "snapshots": report.snapshots, "rows": report.rows, "records": report.records,
            "head": report.head.as_ref().map(|(id, hash)| json!({ "id": id, "content_sha256": hash })),
            "findings": findings,
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
    app.ui.note(LIMITS);
    Ok(())
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
