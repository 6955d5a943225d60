//! `review`: records reviewers' decisions and shows what is left to do.

mod asked;
mod record;
mod status;

use serde_json::json;

use crate::app::App;
use crate::cli::{Database, ReviewArgs, ReviewVerb};
use crate::error::Result;
use crate::review::Reviewer;
use crate::store::{Reader, Review};
use crate::ui::Column;

pub(crate) fn run(app: &App, args: &ReviewArgs) -> Result<()> {
    match &args.verb {
        ReviewVerb::Record(args) => record::run(app, args),
        ReviewVerb::Status(args) => status::run(app, args),
        ReviewVerb::List(args) => list(app, args),
    }
}

const COLUMNS: [Column; 8] = [
    Column::whole("review", 0),
    Column::whole("snapshot", 1),
    Column::whole("recorded_at", 2),
    Column::whole("decisions", 3),
    Column::whole("undecided", 4),
    Column::whole("files", 5),
    Column::cut("reviewers", 6),
    Column::cut("recorded by", 7),
];

/// All recorded reviews, oldest first.
fn list(app: &App, args: &Database) -> Result<()> {
    let reader = Reader::open(app, &app.database(&args.db)?)?;
    let reviewed = |review: Review| {
        let reviewers = reader.reviewers(review.id)?.into_iter();
        let named = reviewers.map(|(name, email)| Reviewer { name, email }.to_string());
        Ok((review, named.collect()))
    };
    let reviews: Vec<(Review, Vec<String>)> =
        reader.reviews()?.into_iter().map(reviewed).collect::<Result<_>>()?;
    if app.json {
        return app.ui.json(&reviews.iter().map(as_json).collect());
    }
    if reviews.is_empty() {
        app.ui.note("no review has been recorded yet");
        return Ok(());
    }
    let cells = |(review, reviewers): &(Review, Vec<String>)| {
        vec![
            review.id.to_string(),
            review.snapshot_id.to_string(),
            review.recorded_at.to_string(),
            review.decisions.to_string(),
            review.undecided.to_string(),
            review.files.to_string(),
            reviewers.join(", "),
            review.os_user.clone().unwrap_or_default(),
        ]
    };
    app.ui.table(&COLUMNS, &reviews.iter().map(cells).collect::<Vec<_>>())
}

fn as_json((review, reviewers): &(Review, Vec<String>)) -> serde_json::Value {
    json!({
        "id": review.id,
        "snapshot_id": review.snapshot_id,
        "recorded_at": review.recorded_at.to_string(),
        "decisions": review.decisions,
        "undecided": review.undecided,
        "files": review.files,
        "reviewers": reviewers,
        "note": review.note,
        "os_user": review.os_user,
        "content_sha256": review.content_sha256,
    })
}

/// `1 row`, `2 rows`.
fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
