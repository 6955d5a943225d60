//! Stored sign-ins, and the access tokens obtained with them.
//!
//! Start reading at [`tokens`], and at [`Session`], which replaces a token that is due or was refused.
//! `rotation` is the critical section in which tokens are replaced, `store` the files, `draft` the one that
//! is not in its place yet, `profile` what is in them, `inputs` what is handed in, `place` why a copied store
//! is not rotated. This file is how a sign-in begins, and what is said when one cannot be used. `classic` is a
//! sign-in to FreshBooks Classic, which needs none of that.
//!
//! Secrets are exposed only here, in `oauth` and in `http`. No token goes to another origin than the one
//! it is from.

pub(crate) mod classic;
mod draft;
pub(crate) mod inputs;
mod place;
mod profile;
mod rotation;
mod session;
mod store;

use std::sync::Arc;

use crate::app::{App, environment};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::{Person, Tokens};
use crate::http::Http;
use crate::oauth::{Client, TokenProblem, TokenSet};
use crate::secret::Secret;
use profile::fingerprint;

pub(crate) use classic::ClassicProfile;
pub(crate) use inputs::Seed;
pub(crate) use profile::Profile;
pub(crate) use session::Session;
pub(crate) use store::{Store, Stored};

/// The tokens that commands ask with: the bare one in the environment, or those of the stored sign-in.
pub(crate) fn tokens(app: &App, http: &Http, adopt: bool) -> Result<Arc<dyn Tokens>> {
    match environment::access_token()? {
        Some(token) => Ok(Arc::new(Bare { token, sign_in: app.command("auth") })),
        None => Ok(Arc::new(Session::open(app, http, adopt)?)),
    }
}

/// FBSYNC_ACCESS_TOKEN: nothing is stored, nothing can be replaced.
struct Bare {
    token: Secret,
    /// What to type for a sign-in that is stored.
    sign_in: String,
}

impl Tokens for Bare {
    fn bearer(&self) -> Result<Secret> {
        Ok(self.token.clone())
    }

    fn can_replace(&self) -> bool {
        false
    }

    fn replace(&self, _refused: &Secret) -> Result<Option<Secret>> {
        let message = "FreshBooks rejects the access token in FBSYNC_ACCESS_TOKEN";
        let hint = format!("set a new one, or unset it and sign in with: {}", self.sign_in);
        Err(Error::new(Kind::SignIn, message).hint(hint))
    }
}

/// Stores the sign-in that `exchange` brings, in place of whatever was there. The code is spent only when the
/// lock is held, and then no signal comes between the tokens and the disk.
pub(crate) fn store_sign_in(
    app: &App,
    client: Client,
    exchange: impl FnOnce(&Client) -> Result<TokenSet>,
) -> Result<Profile> {
    let store = Store::new(app)?;
    // A seed left in the environment must not come back when this sign-in ends one day.
    let seed = Seed::from_environment()?.map(|seed| seed.fingerprint());
    let _lock = store.lock()?;
    let _shield = app.stop.shield();
    let spare = store.spare_handles()?;
    let tokens = exchange(&client)?;
    drop(spare);
    let refresh_token = tokens.refresh.clone().ok_or_else(|| {
        Error::new(Kind::Refused, "FreshBooks gave no refresh token, so nothing was stored")
            .hint("check the app's settings at FreshBooks, then run the command again")
    })?;
    let profile = Profile { seed, ..Profile::seeded(client, &app.endpoints, refresh_token) };
    begin(&store, &profile, &tokens)
}

/// Rotates a refresh token that was obtained elsewhere, at once, so that nobody else can use it, and stores
/// the pair. Until the pair has arrived, the old sign-in stays. Whoever handed the token in still has it, so
/// there is nothing to mark as in flight.
pub(crate) fn import(app: &App, http: &Http, client: Client, refresh_token: Secret) -> Result<Profile> {
    let store = Store::new(app)?;
    let seed = Some(fingerprint(refresh_token.expose()));
    let profile = Profile { seed, ..Profile::seeded(client, &app.endpoints, refresh_token) };
    let _lock = store.lock()?;
    store.prove_writable()?;
    let _shield = app.stop.shield();
    let spare = store.spare_handles()?;
    let tokens = rotation::ask(&store, http, &profile).map_err(|problem| {
        let state = match problem {
            TokenProblem::Lost(_) => "nothing was stored, and the token may be spent",
            _ => "nothing was stored",
        };
        problem.into_error(&app.typed(), "cannot import the refresh token", state)
    })?;
    drop(spare);
    begin(&store, &profile, &tokens)
}

/// Stores the first pair of a sign-in, which follows nothing that was stored.
fn begin(store: &Store, profile: &Profile, tokens: &TokenSet) -> Result<Profile> {
    rotation::keep(store, Profile { replaced: None, ..profile.rotated(tokens) }, tokens)
}

/// Keeps who it is with a sign-in just stored.
pub(crate) fn remember(app: &App, person: &Person) -> Result<()> {
    let store = Store::new(app)?;
    let _lock = store.lock()?;
    match store.load()? {
        Some(stored) => store.save(&Profile { identity: Some(person.clone()), ..stored }),
        None => Ok(()),
    }
}

/// The stored sign-in of `app.profile`, if it may be used from here.
pub(crate) fn stored(app: &App) -> Result<Option<Profile>> {
    let store = Store::new(app)?;
    let stored = store.load()?;
    stored.iter().try_for_each(|profile| check_origin(&store, profile))?;
    Ok(stored)
}

fn check_origin(store: &Store, profile: &Profile) -> Result<()> {
    let endpoints = &store.app.endpoints;
    if profile.belongs_to(endpoints) {
        return Ok(());
    }
    let message = format!(
        "the sign-in `{}` is from {}, and this run is pointed at {endpoints}: its tokens are not sent there",
        store.name(),
        profile.origins(),
    );
    Err(Error::new(Kind::Config, message)
        .hint("unset FRESHBOOKS_API_URL and FRESHBOOKS_AUTH_URL, or use another --profile with them"))
}

fn not_signed_in(store: &Store) -> Error {
    let message = format!("nobody is signed in (profile `{}`)", store.name());
    Error::new(Kind::SignIn, message).hint(store.command("auth"))
}

/// The error for a sign-in that was found dead, now or by an earlier run.
fn dead(store: &Store, reason: &str) -> Error {
    Error::new(Kind::SignIn, format!("a new sign-in is needed: {reason}")).hint(store.command("auth"))
}

/// What to do about a sign-in that was stored in another place.
pub(crate) fn instead_of_a_copy(store: &Store) -> String {
    let (new, same) = (store.command("auth"), store.command("refresh --adopt"));
    format!("{new} for a sign-in of its own; {same} if the other is no longer used")
}
