//! `fbsync refresh`: rotate the tokens now, or when they are due.

use serde_json::json;

use crate::app::App;
use crate::cli::RefreshArgs;
use crate::credentials::{ClassicProfile, Profile, Session, classic};
use crate::error::Result;
use crate::http::Http;
use crate::time::spoken;

pub(crate) fn run(app: &App, args: &RefreshArgs) -> Result<()> {
    if let Some(profile) = classic::stored(app)? {
        return nothing_to_rotate(app, &profile);
    }
    let session = Session::open(app, &Http::new(app)?, args.adopt)?;
    let rotated = session.rotate(args.if_expires_within)?;
    let Profile { expires_at, scopes, .. } = session.profile();
    let left = expires_at.since(app.clock.now());
    if app.json {
        return app.ui.json(&json!({
            "profile": app.profile,
            "rotated": rotated,
            "expires_at": expires_at,
            "expires_in_seconds": left.as_secs(),
            "scopes": scopes,
        }));
    }
    let what = if rotated { "new access token" } else { "access token not due" };
    app.ui.result(format_args!("{what}, expires {expires_at} (in {})", spoken(left)));
    Ok(())
}

/// Not an error, so that a job can refresh all its profiles.
fn nothing_to_rotate(app: &App, profile: &ClassicProfile) -> Result<()> {
    if app.json {
        let none = serde_json::Value::Null;
        return app.ui.json(&json!({
            "profile": app.profile,
            "rotated": false,
            "expires_at": none,
            "expires_in_seconds": none,
            "scopes": none,
        }));
    }
    let system = &profile.system;
    app.ui.note(format_args!(
        "tokens of FreshBooks Classic ({system}) do not expire; there is nothing to rotate"
    ));
    Ok(())
}
