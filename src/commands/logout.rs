//! `fbsync logout`: revokes the tokens at FreshBooks if possible, and always deletes them here.
//!
//! A person who logs out wants the secrets off this machine, and a network failure is no reason to keep
//! them. What happened at FreshBooks is reported, so that nobody believes a live token dead.

use crate::app::App;
use crate::cli::LogoutArgs;
use crate::credentials::{Profile, Store, Stored};
use crate::error::Result;
use crate::http::Http;
use crate::oauth::{Revoked, revoke};

pub(crate) fn run(app: &App, args: &LogoutArgs) -> Result<()> {
    let stores = match args.all {
        true => Store::all(app)?,
        false => vec![Store::new(app)?],
    };
    if stores.is_empty() {
        app.ui.note("nobody is signed in");
    }
    let http = Http::new(app)?;
    let mut failed = None;
    for store in &stores {
        // One sign-in that cannot be deleted must not keep the others.
        if let Err(error) = log_out(app, &http, store) {
            match &failed {
                None => failed = Some(error),
                Some(_) => app.ui.error(&error),
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

fn log_out(app: &App, http: &Http, store: &Store) -> Result<()> {
    let name = store.name();
    if !store.exists() {
        app.ui.note(format_args!("{name}: nobody is signed in"));
        return Ok(());
    }
    let _lock = store.lock()?;
    let revoked = match store.load_any() {
        Ok(Some(Stored::Classic(profile))) => Revoked::No(format!(
            "FreshBooks Classic cannot revoke a token through its API; remove the app in the settings of {}",
            profile.system
        )),
        _ => revoke_usual(app, http, store),
    };
    store.forget()?;
    match revoked {
        Revoked::Yes => app.ui.note(format_args!("{name}: revoked at FreshBooks and forgotten here")),
        Revoked::No(why) => {
            app.ui.warn(format_args!("{name}: forgotten here, but not revoked at FreshBooks: {why}"));
        }
    }
    Ok(())
}

fn revoke_usual(app: &App, http: &Http, store: &Store) -> Revoked {
    match store.load_completed() {
        Ok(Some(profile)) => revoke_both(app, http, store, &profile),
        Ok(None) if store.exists() => {
            Revoked::No("an interrupted run left tokens that belong to no stored sign-in".to_owned())
        }
        Ok(None) => Revoked::No("another fbsync has just logged out".to_owned()),
        Err(error) => Revoked::No(error.to_string()),
    }
}

/// Revokes both tokens, the longer-lived one first. A token that is revoked along with the other counts
/// as revoked (RFC 7009 section 2.2).
fn revoke_both(app: &App, http: &Http, store: &Store, profile: &Profile) -> Revoked {
    if !profile.belongs_to(&app.endpoints) {
        return Revoked::No(format!("it is from {}, but this run uses another server", profile.origins()));
    }
    if store.is_copied(profile) {
        return Revoked::No("it is a copy from another machine, which may still use it".to_owned());
    }
    let (client, api) = (profile.client(), &app.endpoints.api);
    let refresh = revoke(http, api, &client, &profile.refresh_token);
    let access =
        profile.access_token.as_ref().map_or(Revoked::Yes, |token| revoke(http, api, &client, token));
    match refresh {
        Revoked::Yes => access,
        no => no,
    }
}
