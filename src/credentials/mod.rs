//! Stored sign-ins, and the access tokens that come of them.
//!
//! Start reading at [`Session`]: commands ask it for a token and hand back one that was refused.
//! `keeper` does so for a stored sign-in, `rotation` is the section in which tokens are replaced
//! and `aftermath` its end, `store` the files, `draft` the one that is not in its place yet,
//! `profile` what is in them, `seed` and `inputs` what the environment hands in, `import` what a
//! person does, `place` why a copied store is not rotated. `classic` is a sign-in to FreshBooks
//! Classic, which needs none of that.
//!
//! Secrets are exposed here, in `oauth` and in `http` alone. No token goes to another origin than
//! the one it is from.

mod aftermath;
pub(crate) mod classic;
mod draft;
mod import;
pub(crate) mod inputs;
mod keeper;
pub(crate) mod place;
mod profile;
mod rotation;
mod seed;
mod session;
mod store;
mod text;

use crate::app::{App, Endpoints};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::Person;
use crate::oauth::{Client, TokenSet};
use aftermath::tell_skew;

pub(crate) use classic::ClassicProfile;
pub(crate) use import::import;
pub(crate) use profile::{Profile, StoredIdentity};
pub(crate) use rotation::instead_of_a_copy;
pub(crate) use seed::Seed;
pub(crate) use session::Session;
pub(crate) use store::{Store, Stored};

/// Stores the sign-in that `exchange` brings, in place of whatever was there. The code is spent once the
/// lock is held, and then no signal comes between the tokens and the disk.
pub(crate) fn store_sign_in(
    app: &App,
    client: Client,
    exchange: impl FnOnce(&Client) -> Result<TokenSet>,
) -> Result<Profile> {
    let store = Store::new(app, &app.profile)?;
    let place = place::here()?;
    // A seed left in the environment shall not come back when this sign-in ends one day.
    let seed = Seed::from_environment()?.map(|seed| seed.fingerprint());
    let _lock = store.lock()?;
    let _shield = app.stop.shield();
    let spare = store.spare_handles()?;
    let tokens = exchange(&client)?;
    drop(spare);
    tell_skew(app.ui, tokens.skew);
    let Some(refresh_token) = tokens.refresh.clone() else {
        return Err(Error::new(Kind::Refused, "FreshBooks gave no refresh token, so nothing was stored")
            .hint("check the app's settings at FreshBooks, then run the command again"));
    };
    let seeded = Profile::seeded(client, &app.endpoints, refresh_token);
    let profile = Profile { place, seed, replaced: None, ..seeded.rotated(&tokens) };
    aftermath::put_away(&store, &app.clock, &profile)?;
    Ok(profile)
}

/// Keeps who it is with a sign-in just stored.
pub(crate) fn remember(app: &App, person: &Person) -> Result<()> {
    let store = Store::new(app, &app.profile)?;
    let _lock = store.lock()?;
    match store.load()? {
        Some(stored) => store.save(&Profile { identity: Some(person.into()), ..stored }),
        None => Ok(()),
    }
}

/// The stored sign-in of `app.profile`, if it may be used from here.
pub(crate) fn stored(app: &App) -> Result<Option<Profile>> {
    let store = Store::new(app, &app.profile)?;
    let stored = store.load()?;
    if let Some(profile) = &stored {
        check_origin(&store, profile, &app.endpoints)?;
    }
    Ok(stored)
}

fn not_signed_in(store: &Store) -> Error {
    let message = format!("nobody is signed in (profile `{}`)", store.name());
    Error::new(Kind::SignIn, message).hint(store.command("auth"))
}

fn check_origin(store: &Store, profile: &Profile, endpoints: &Endpoints) -> Result<()> {
    if profile.belongs_to(endpoints) {
        return Ok(());
    }
    let message = format!(
        "the sign-in `{}` is from {}, and this run is pointed at {}: its tokens are not sent there",
        store.name(),
        profile.origins(),
        match endpoints.api == endpoints.auth {
            true => endpoints.api.to_string(),
            false => format!("{} and {}", endpoints.api, endpoints.auth),
        }
    );
    Err(Error::new(Kind::Config, message)
        .hint("unset FRESHBOOKS_API_URL and FRESHBOOKS_AUTH_URL, or use another --profile with them"))
}
