//! `snapshots`: what a database holds, newest last.

use serde_json::json;

use crate::app::App;
use crate::cli::SnapshotsArgs;
use crate::error::Result;
use crate::store::{self, Reader, SnapshotLine};

/// As many as fit on a screen.
const SHOWN: i64 = 20;

pub(crate) fn run(app: &App, args: &SnapshotsArgs) -> Result<()> {
    let path = app.database(&args.database.db)?;
    let reader = Reader::open(&path, app.ui)?;
    let lines = store::snapshots(&reader, (!args.all).then_some(SHOWN))?;
    if app.json {
        let lines: Vec<_> = lines.iter().map(as_json).collect();
        return app.ui.json(&json!(lines));
    }
    let heading =
        ["id", "finished_at", "status", "businesses", "accounts", "memberships", "joined", "left", "changed"];
    let rows: Vec<Vec<String>> = lines.iter().map(as_cells).collect();
    app.ui.table(&heading, &rows)?;
    if let Some(first) = lines.first().filter(|first| first.id > 1) {
        app.ui.result(format_args!("{} earlier ones are not shown; --all shows them", first.id - 1));
    }
    Ok(())
}

fn as_cells(line: &SnapshotLine) -> Vec<String> {
    let or_dash = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    vec![
        line.id.to_string(),
        line.finished_at.clone(),
        line.status.clone(),
        line.businesses.to_string(),
        line.accounts.to_string(),
        line.memberships.to_string(),
        or_dash(line.joined),
        or_dash(line.left),
        or_dash(line.changed),
    ]
}

fn as_json(line: &SnapshotLine) -> serde_json::Value {
    json!({
        "id": line.id,
        "started_at": line.started_at,
        "finished_at": line.finished_at,
        "status": line.status,
        "businesses": line.businesses,
        "accounts": line.accounts,
        "memberships": line.memberships,
        "joined": line.joined,
        "left": line.left,
        "changed": line.changed,
        "content_sha256": line.content_sha256,
    })
}
