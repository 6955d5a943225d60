//! `demo --serve`: the sandbox stays up, so that every other command can be tried against it.
//!
//! Standard output carries the environment for this, as lines for a shell. They also unset variables that
//! would send a real token to the sandbox.

use std::path::Path;

use serde_json::{Map, Value};

use crate::app::App;
use crate::error::{Context, Kind, Result};
use crate::sandbox::{self, Consent, Sandbox};
use crate::shell;

/// Take precedence over what is stored or printed here, and hold real secrets.
const IN_THE_WAY: [&str; 4] =
    ["FBSYNC_ACCESS_TOKEN", "FBSYNC_REFRESH_TOKEN", "FBSYNC_CLIENT_SECRET_FILE", "CREDENTIALS_DIRECTORY"];

pub(super) fn serve(app: &App, sandbox: &Sandbox, dir: &Path, redirect_uri: &str) -> Result<()> {
    // From here on, a person clicks.
    sandbox.change(|world| world.consent = Consent::Ask);
    let dir =
        std::path::absolute(dir).context(Kind::Config, || "cannot tell where the folder is".to_owned())?;
    let path = |name: &str| dir.join(name).display().to_string();
    let environment = [
        ("FRESHBOOKS_API_URL", sandbox.origin()),
        ("FRESHBOOKS_AUTH_URL", sandbox.origin()),
        ("FBSYNC_CLIENT_ID", sandbox::CLIENT_ID.to_owned()),
        ("FBSYNC_CLIENT_SECRET", sandbox::CLIENT_SECRET.to_owned()),
        ("FBSYNC_REDIRECT_URI", redirect_uri.to_owned()),
        ("FBSYNC_STATE_DIR", path("state")),
        ("FBSYNC_DB", path("audit.sqlite")),
        ("FBSYNC_PROFILE", "default".to_owned()),
    ];
    app.ui.instruct("");
    app.ui.instruct(format_args!(
        "— the sandbox stays up at {}; Ctrl-C ends it. In another terminal, paste these lines first:",
        sandbox.origin()
    ));
    match app.json {
        true => {
            let object: Map<String, Value> =
                environment.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            app.ui.json(&Value::Object(object))?;
        }
        false => {
            app.ui.line_of_data(format_args!("unset {}", IN_THE_WAY.join(" ")))?;
            for (name, value) in environment {
                app.ui.line_of_data(format_args!("export {name}={}", shell::word(&value)))?;
            }
        }
    }
    Err(app.stop.wait())
}
