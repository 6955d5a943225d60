//! The demo plays the reviewer: fills in the sheet, records it and follows up.

use std::path::Path;

use crate::app::App;
use crate::cli::{self, RecordArgs, ReviewArgs, ReviewStatusArgs, ReviewVerb};
use crate::commands::review;
use crate::error::{Context, Error, Kind, Result};
use crate::evidence::{Demand, Source};
use crate::fsutil;
use crate::report::{self, Options, Scope, Style};
use crate::store::Reader;
use crate::time::Zone;

/// Leaves in the quarter that follows.
const LEAVES: &str = "lars.holm@harbourlight.example";

/// Fills in the review sheet of a snapshot and records it. Everyone is kept except one person.
pub(super) fn decide(app: &App, db: &Path, snapshot_id: i64, sheet: &Path) -> Result<()> {
    let filled = filled(app, db, snapshot_id)?;
    fsutil::replace_private(sheet, &filled)
        .context(Kind::Storage, || format!("cannot write {}", sheet.display()))?;
    let verb = ReviewVerb::Record(RecordArgs {
        files: vec![sheet.to_owned()],
        database: cli::Database { db: db.to_owned() },
        reviewer: None,
        part: false,
        note: Some("the demo played the reviewer".to_owned()),
        dry_run: false,
        timezone: Zone::utc(),
    });
    review::run(app, &ReviewArgs { verb })
}

/// Shows what was decided, and the outcome.
pub(super) fn follow_up(app: &App, db: &Path) -> Result<()> {
    let database = cli::Database { db: db.to_owned() };
    let verb = ReviewVerb::Status(ReviewStatusArgs {
        database,
        snapshot: None,
        timezone: Zone::utc(),
        columns: Vec::new(),
    });
    review::run(app, &ReviewArgs { verb })
}

fn filled(app: &App, db: &Path, snapshot_id: i64) -> Result<Vec<u8>> {
    let reader = Reader::open(app, db)?;
    let demand = Demand { snapshot_id, scope: Scope::Whole, past: false, horizon: None };
    let source = Source::open(&reader, &demand)?;
    let view = source.view(Options::default(), &app.stop)?;
    let mut sheet = Vec::new();
    if let Some(report) = report::find("review") {
        report::write(report, &view, Style::default(), &mut sheet)?;
    }
    fill(&sheet, &app.clock.now().to_string()).map_err(|error| {
        Error::new(Kind::Unexpected, "cannot fill in the demo's review sheet").because(error)
    })
}

/// The sheet with a decision in every row, all made at the same time.
fn fill(sheet: &[u8], now: &str) -> csv::Result<Vec<u8>> {
    let mut rows = csv::Reader::from_reader(sheet);
    let headings = rows.headers()?.clone();
    let mut filled = csv::Writer::from_writer(Vec::new());
    filled.write_record(&headings)?;
    for row in rows.records() {
        let row = row?;
        let leaves = headings.iter().zip(&row).any(|cell| cell == ("email", LEAVES));
        let cell = |(heading, cell)| match (heading, leaves) {
            ("decision", true) => "remove",
            ("decision", false) => "keep",
            ("justification", true) => "leaves at the end of the month",
            ("reviewer", _) => "Owen Tran",
            ("reviewer_email", _) => "owen@auditors.example",
            ("reviewed_at", _) => now,
            _ => cell,
        };
        filled.write_record(headings.iter().zip(&row).map(cell))?;
    }
    filled.into_inner().map_err(|error| error.into_error().into())
}
