//! `demo --classic`: FreshBooks Classic in four steps, against the sandbox's double of it.

use std::path::Path;
use std::time::Duration;

use super::{click_allow, steps};
use crate::app::{self, App};
use crate::classic::System;
use crate::commands::auth::{self, Paste, classic};
use crate::commands::sync;
use crate::credentials;
use crate::error::{Error, Kind, Result};
use crate::oauth::Client;
use crate::sandbox::Sandbox;
use crate::secret::Secret;
use crate::shell;

/// The sandbox answers for any name.
const SYSTEM: &str = "harbourlight";

/// Shows Classic from the sign-in to a verified database; `app` is pointed at the sandbox.
pub(super) fn run(app: &App, sandbox: &Sandbox, dir: &Path, redirect_uri: String) -> Result<()> {
    let (db, csv) = (dir.join("audit.sqlite"), dir.join("access.csv"));
    let step = |text: &str| app.ui.instruct(format_args!("— {text}"));
    app.ui
        .instruct("everything here happens on this machine: a built-in FreshBooks Classic, invented people");
    step("sign in with OAuth 1.0a: the sandbox plays the person who agrees, the listener is the real one");
    sign_in(app, sandbox, redirect_uri)?;
    step("sync: the system, its staff and its contractors, reconciled with Classic's own totals");
    let args = steps::syncing(&db, "FreshBooks Classic");
    let profile = credentials::classic::stored(app)?
        .ok_or_else(|| Error::new(Kind::Unexpected, "the demo's sign-in is gone"))?;
    sync::from_classic(app, &args, &profile)?;
    step("export: who has access to what, as CSV");
    steps::export_access(app, &db, &csv)?;
    step("verify: every hash of the database recomputed");
    steps::verify_database(app, &db)?;
    let (program, db) = (app::program(), shell::path(&db));
    app.ui.instruct(format_args!("— look at it: {program} export access --db {db}"));
    app.ui.instruct(format_args!("  the real thing: {program} auth --classic SYSTEM"));
    Ok(())
}

fn sign_in(app: &App, sandbox: &Sandbox, redirect_uri: String) -> Result<()> {
    let (id, secret) = sandbox.change(|world| {
        (world.classic.consumer_key.clone(), Secret::new(world.classic.consumer_secret.clone()))
    });
    let request = auth::Request {
        client: Client { id, secret, redirect_uri },
        scope: String::new(),
        pkce: false,
        timeout: Duration::from_secs(60),
        certificate: None,
        paste: Paste::Never,
    };
    let system = System::parse(SYSTEM)?;
    let person = classic::sign_in(app, &system, &request, &|url| click_allow(app, url))?;
    classic::tell(app, &system, None, person.as_ref());
    Ok(())
}
