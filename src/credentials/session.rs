//! A signed-in session: hands out access tokens, and replaces those that are due or refused.
//!
//! It is cloned into every worker; what the clones share is in `keeper`. What failed for good is
//! not tried again: one round of work sees one failure. A service that stays opens a new session
//! for each round.

use std::sync::Arc;
use std::time::Duration;

use super::inputs;
use super::keeper::Keeper;
use super::rotation::Unless;
use crate::app::{App, Typed};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::{Person, Tokens};
use crate::http::Http;
use crate::secret::Secret;
use crate::time::Timestamp;

/// An access token lives twelve hours; one that ends sooner than this is replaced before work
/// begins.
const MARGIN: Duration = Duration::from_secs(10 * 60);

#[derive(Clone)]
pub(crate) enum Session {
    /// FBSYNC_ACCESS_TOKEN: nothing is stored, nothing can be replaced.
    Bare(Secret, Typed),
    Stored(Arc<Keeper>),
}

impl Session {
    /// The bare token in the environment, or the sign-in of `app.profile`.
    pub(crate) fn open(app: &App, http: &Http) -> Result<Self> {
        match inputs::variable("FBSYNC_ACCESS_TOKEN", "access token")? {
            Some(token) => Ok(Session::Bare(token, app.typed())),
            None => Session::stored(app, http),
        }
    }

    /// The stored sign-in of `app.profile`, which a seed from the environment may begin or revive.
    pub(crate) fn stored(app: &App, http: &Http) -> Result<Self> {
        Ok(Session::Stored(Arc::new(Keeper::open(app, http)?)))
    }

    /// Allows a sign-in that was stored in another place to be rotated here.
    pub(crate) fn adopting(self, adopt: bool) -> Self {
        if let Session::Stored(keeper) = &self {
            keeper.adopt(adopt);
        }
        self
    }

    /// Rotates because it was asked for. `within`: only if the access token ends sooner. Whether it
    /// was rotated.
    pub(crate) fn rotate(&self, within: Option<Duration>) -> Result<bool> {
        let keeper = self.keeper()?;
        match within {
            None => keeper.rotate(|_| Some(Unless::Never)),
            Some(within) => keeper.rotate(|kept| match kept.lives_for(within) {
                true => None,
                false => Some(Unless::Replaced(kept.access_token())),
            }),
        }
    }

    /// Keeps what FreshBooks says of the person, for `status`. A failure is told and no more.
    pub(crate) fn remember(&self, person: &Person) {
        if let Session::Stored(keeper) = self {
            keeper.remember(person);
        }
    }

    /// The granted scopes, where FreshBooks has said.
    pub(crate) fn scopes(&self) -> Option<String> {
        self.keeper().ok()?.look(|profile| profile.scopes.clone())
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        Some(self.keeper().ok()?.look(|profile| profile.expires_at))
    }

    fn keeper(&self) -> Result<&Keeper> {
        match self {
            Session::Stored(keeper) => Ok(keeper),
            Session::Bare(_, typed) => {
                let message = "FreshBooks rejects the access token in FBSYNC_ACCESS_TOKEN";
                let sign_in = typed.command("auth");
                Err(Error::new(Kind::SignIn, message)
                    .hint(format!("set a new one, or unset it and sign in with: {sign_in}")))
            }
        }
    }
}

impl Tokens for Session {
    /// One that is good for ten minutes more, refreshed first if need be.
    fn bearer(&self) -> Result<Secret> {
        match self {
            Session::Bare(token, _) => Ok(token.clone()),
            Session::Stored(keeper) => keeper.good_for(MARGIN),
        }
    }

    fn replace(&self, refused: &Secret) -> Result<Option<Secret>> {
        self.keeper()?.replace(refused)
    }

    fn can_replace(&self) -> bool {
        matches!(self, Session::Stored(_))
    }

    fn was_refused_too(&self, fresh: &Secret) {
        if let Session::Stored(keeper) = self {
            keeper.was_refused_too(fresh);
        }
    }
}
