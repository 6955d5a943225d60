//! A sign-in handed over in the environment, as a container platform's secrets are.
//!
//! A seed is spent by its first rotation, yet stays in the environment for ever. So it is taken
//! once: when there is no sign-in, or the one there is dead, and only if it is not the seed that
//! one began with. While the stored sign-in lives, the store wins.

use super::Store;
use super::inputs;
use super::profile::{Profile, fingerprint};
use crate::app::environment;
use crate::error::{Error, Kind, Result};
use crate::oauth::{Client, DEFAULT_REDIRECT};
use crate::secret::Secret;

/// The refresh token in the environment.
pub(crate) struct Seed(Secret);

impl Seed {
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        Ok(environment::refresh_token()?.map(Seed))
    }

    /// Whether this seed is to be taken in place of what is stored.
    pub(super) fn is_due(&self, stored: Option<&Profile>) -> bool {
        stored.is_none_or(|stored| match stored.dead {
            Some(_) => !self.was_taken(stored),
            // Never rotated: whatever was wrong with it (a mistyped secret) may have been put right
            // since.
            None => stored.access_token.is_none() && stored.in_flight.is_none(),
        })
    }

    pub(super) fn fingerprint(&self) -> String {
        fingerprint(self.0.expose())
    }

    /// Whether the stored sign-in began with this seed.
    pub(crate) fn was_taken(&self, stored: &Profile) -> bool {
        stored.seed == Some(self.fingerprint())
    }

    /// The sign-in it stands for. Nothing has been asked yet: it is due for rotation at once.
    fn sprout(self, store: &Store) -> Result<Profile> {
        let missing = |name: &str| {
            let message = format!(
                "FBSYNC_REFRESH_TOKEN is set, and {name} is not: a refresh token works with its app alone"
            );
            let sign_in = store.command("auth");
            Error::new(Kind::Config, message).hint(format!("set {name}, or sign in with: {sign_in}"))
        };
        let client = Client {
            id: environment::client_id()?.ok_or_else(|| missing("FBSYNC_CLIENT_ID"))?,
            secret: inputs::client_secret(None)?.ok_or_else(|| missing("FBSYNC_CLIENT_SECRET"))?,
            redirect_uri: environment::redirect_uri()?.unwrap_or_else(|| DEFAULT_REDIRECT.to_owned()),
        };
        let (seed, place) = (Some(self.fingerprint()), store.here.clone());
        Ok(Profile { seed, place, ..Profile::seeded(client, &store.app.endpoints, self.0) })
    }
}

/// Writes a seed into the store, unless another process was quicker.
pub(super) fn plant(store: &Store, seed: Seed) -> Result<Profile> {
    let _lock = store.lock()?;
    match store.load()? {
        Some(stored) if !seed.is_due(Some(&stored)) => Ok(stored),
        _ => {
            let profile = seed.sprout(store)?;
            store.save(&profile)?;
            store.app.ui.detail(1, "took the sign-in in FBSYNC_REFRESH_TOKEN");
            Ok(profile)
        }
    }
}
