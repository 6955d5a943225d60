//! A refresh token that was got elsewhere: rotated at once, so that it is ours alone, and stored.
//!
//! Until the new pair has come, the sign-in that was there stays. The token handed in is still in
//! the hands of whoever had it, so there is nothing to mark as in flight.

use super::aftermath::{put_away, tell_skew};
use super::profile::{self, Profile};
use super::rotation::Section;
use super::{Store, place};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::http::Http;
use crate::oauth::{Client, TokenProblem};
use crate::secret::Secret;

pub(crate) fn import(app: &App, http: &Http, client: Client, refresh_token: Secret) -> Result<Profile> {
    let store = Store::new(app, &app.profile)?;
    let here = place::here()?;
    let seed = Some(profile::fingerprint(refresh_token.expose()));
    let seeded = Profile { seed, ..Profile::seeded(client, &app.endpoints, refresh_token) };
    let section = Section {
        store: &store,
        http,
        clock: &app.clock,
        stop: &app.stop,
        ui: app.ui,
        endpoints: &app.endpoints,
        here: here.as_deref(),
        adopt: false,
    };
    let _lock = store.lock()?;
    store.prove_writable()?;
    let _shield = app.stop.shield();
    let spare = store.spare_handles()?;
    let tokens = section.ask(&seeded).map_err(|problem| failed(&store, &problem))?;
    drop(spare);
    tell_skew(app.ui, tokens.skew);
    let place = here.clone();
    // It begins anew and follows nothing that was stored.
    let profile = Profile { place, replaced: None, ..seeded.rotated(&tokens) };
    put_away(&store, &app.clock, &profile)?;
    Ok(profile)
}

fn failed(store: &Store, problem: &TokenProblem) -> Error {
    let message = format!("cannot import the refresh token: {problem}; nothing was stored");
    let sign_in = || store.command("auth");
    match problem {
        TokenProblem::Client(_) => {
            Error::new(Kind::SignIn, message).hint("check the client id and the client secret")
        }
        TokenProblem::Grant(_) => {
            Error::new(Kind::SignIn, message).hint(format!("sign in instead: {}", sign_in()))
        }
        TokenProblem::Refused { .. } => Error::new(Kind::Refused, message),
        TokenProblem::Distrusted(distrust) => Error::new(Kind::Unavailable, message).hint(distrust.hint),
        TokenProblem::NotSent(_) | TokenProblem::Busy { .. } => {
            Error::new(Kind::Unavailable, message).hint("run the command again later")
        }
        TokenProblem::Lost(_) => {
            Error::new(Kind::Unavailable, format!("{message}, and the token may be spent"))
                .hint(format!("run the command again; if the token is rejected then, sign in: {}", sign_in()))
        }
    }
}
