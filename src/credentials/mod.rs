//! Stored sign-ins, and the access tokens obtained with them.
//!
//! Start reading at [`tokens`], and at [`Session`], which replaces a token that is due or was refused.
//! `rotation` is the critical section in which tokens are replaced, `store` the files, `draft` a pair
//! that is not yet in its place, `profile` the content of the files, `inputs` what is passed in, and
//! `place` prevents the rotation of a copied store. This file starts sign-ins, and explains why one
//! cannot be used. `classic` is a sign-in to FreshBooks Classic, which needs none of that.
//!
//! Secrets are exposed only here, in `oauth` and in `http`. A token is sent only to the origin that
//! issued it.

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

/// The tokens for requests: the one in the environment, or those of the stored sign-in.
pub(crate) fn tokens(app: &App, http: &Http, adopt: bool) -> Result<Arc<dyn Tokens>> {
    match environment::access_token()? {
        Some(token) => Ok(Arc::new(Bare { token, sign_in: app.command("auth") })),
        None => Ok(Arc::new(Session::open(app, http, adopt)?)),
    }
}

/// FBSYNC_ACCESS_TOKEN: nothing is stored, and nothing can be replaced.
struct Bare {
    token: Secret,
    /// The command for a stored sign-in.
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

/// Stores the sign-in that `exchange` returns, replacing any other. The code is used only once the lock
/// is held, and from then on no signal can separate the tokens from the disk.
pub(crate) fn store_sign_in(
    app: &App,
    client: Client,
    exchange: impl FnOnce(&Client) -> Result<TokenSet>,
) -> Result<Profile> {
    let store = Store::new(app)?;
    // Records a seed that is still in the environment, so that it is not used when this sign-in ends
    // one day.
    let seed = Seed::from_environment()?.map(|seed| seed.fingerprint());
    let _lock = store.lock()?;
    let _shield = app.stop.shield();
    let spare = store.spare_handles()?;
    let tokens = exchange(&client)?;
    drop(spare);
    let refresh_token = tokens.refresh.clone().ok_or_else(|| {
        Error::new(Kind::Refused, "FreshBooks issued no refresh token, so nothing was stored")
            .hint("check the app's settings at FreshBooks, then run the command again")
    })?;
    let profile = Profile { seed, ..Profile::seeded(client, &app.endpoints, refresh_token) };
    begin(&store, &profile, &tokens)
}

/// Rotates a refresh token that was obtained elsewhere, at once, so that nobody else can use it, and
/// stores the pair. Until the pair has arrived, the old sign-in stays. Whoever provided the token still
/// has it, so there is no need to mark it as in flight.
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
            TokenProblem::Lost(_) => "nothing was stored, and the token may have been used up",
            _ => "nothing was stored",
        };
        problem.into_error(&app.typed(), "cannot import the refresh token", state)
    })?;
    drop(spare);
    begin(&store, &profile, &tokens)
}

/// Stores the first pair of a sign-in, which replaces no other pair.
fn begin(store: &Store, profile: &Profile, tokens: &TokenSet) -> Result<Profile> {
    rotation::keep(store, Profile { replaced: None, ..profile.rotated(tokens) }, tokens)
}

/// Adds the person to a sign-in that was just stored.
pub(crate) fn remember(app: &App, person: &Person) -> Result<()> {
    let store = Store::new(app)?;
    let _lock = store.lock()?;
    match store.load()? {
        Some(stored) => store.save(&Profile { identity: Some(person.clone()), ..stored }),
        None => Ok(()),
    }
}

/// The stored sign-in of `app.profile`, if it can be used here.
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
        "the sign-in `{}` is from {}, but this run uses {endpoints}: its tokens are not sent there",
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

/// The error for a dead sign-in, whether this run or an earlier one found out.
fn dead(store: &Store, reason: &str) -> Error {
    Error::new(Kind::SignIn, format!("a new sign-in is needed: {reason}")).hint(store.command("auth"))
}

/// The hint for a sign-in that was stored in another place.
pub(crate) fn instead_of_a_copy(store: &Store) -> String {
    let (new, same) = (store.command("auth"), store.command("refresh --adopt"));
    format!("{new} for a separate sign-in; {same} if the other one is no longer used")
}
