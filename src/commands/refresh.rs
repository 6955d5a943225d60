//! `fbsync refresh`: rotate the tokens now, or when they are due.

use serde_json::json;

use crate::app::App;
use crate::cli::RefreshArgs;
use crate::credentials::Session;
use crate::error::Result;
use crate::http::Http;
use crate::time::{Timestamp, spoken};

pub(crate) fn run(app: &App, args: &RefreshArgs) -> Result<()> {
    let session = Session::stored(app, &Http::new(app)?)?.adopting(args.adopt);
    let rotated = session.rotate(args.if_expires_within)?;
    let expires_at = session.expires_at().unwrap_or(Timestamp::EPOCH);
    let left = expires_at.since(app.clock.now());
    if app.json {
        return app.ui.json(&json!({
            "profile": app.profile,
            "rotated": rotated,
            "expires_at": expires_at.to_string(),
            "expires_in_seconds": left.as_secs(),
            "scopes": session.scopes(),
        }));
    }
    let what = if rotated { "new access token" } else { "access token not due" };
    app.ui.result(format_args!("{what}, expires {expires_at} (in {})", spoken(left)));
    Ok(())
}
