//! A sign-in handed over in the environment, as a container platform's secrets are.
//!
//! A seed is spent by its first rotation, yet stays in the environment for ever. So it is taken
//! once: when there is no sign-in, or the one there is dead, and only if it is not the seed that
//! one began with. While the stored sign-in lives, the store wins.

use super::inputs;
use super::profile::{Profile, fingerprint};
use super::{Store, place};
use crate::app::{self, App, Endpoints};
use crate::error::{Error, Kind, Result};
use crate::oauth::{Client, DEFAULT_REDIRECT};
use crate::secret::{Secret, bare};

/// The refresh token in the environment.
pub(crate) struct Seed {
    refresh_token: Secret,
    fingerprint: String,
}

impl Seed {
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        let token = inputs::variable("FBSYNC_REFRESH_TOKEN", "refresh token")?;
        Ok(token.map(|refresh_token| {
            let fingerprint = fingerprint(refresh_token.expose());
            Seed { refresh_token, fingerprint }
        }))
    }

    /// Whether this seed is to be taken in place of what is stored.
    pub(super) fn is_due(&self, stored: Option<&Profile>) -> bool {
        match stored {
            None => true,
            // Never rotated: whatever was wrong with it (a mistyped secret) may have been put right
            // since.
            Some(stored)
                if stored.access_token.is_none() && stored.in_flight.is_none() && stored.dead.is_none() =>
            {
                true
            }
            Some(stored) => stored.dead.is_some() && !self.was_taken(stored),
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// Whether the stored sign-in began with this seed.
    pub(crate) fn was_taken(&self, stored: &Profile) -> bool {
        stored.seed.as_ref() == Some(&self.fingerprint)
    }

    /// The sign-in it stands for. Nothing has been asked yet: it is due for rotation at once.
    pub(super) fn sprout(self, store: &Store, endpoints: &Endpoints) -> Result<Profile> {
        let plain = |name| {
            Ok(app::variable(name)?.map(|text| bare(&text).to_owned()).filter(|text| !text.is_empty()))
        };
        let missing = |name: &str| {
            let message = format!(
                "FBSYNC_REFRESH_TOKEN is set, and {name} is not: a refresh token works with its app alone"
            );
            let sign_in = store.command("auth");
            Error::new(Kind::Config, message).hint(format!("set {name}, or sign in with: {sign_in}"))
        };
        let client = Client {
            id: plain("FBSYNC_CLIENT_ID")?.ok_or_else(|| missing("FBSYNC_CLIENT_ID"))?,
            secret: inputs::client_secret(None)?.ok_or_else(|| missing("FBSYNC_CLIENT_SECRET"))?,
            redirect_uri: plain("FBSYNC_REDIRECT_URI")?.unwrap_or_else(|| DEFAULT_REDIRECT.to_owned()),
        };
        let profile = Profile::seeded(client, endpoints, self.refresh_token);
        Ok(Profile { seed: Some(self.fingerprint), ..profile })
    }
}

/// Writes a seed into the store, unless another process was quicker.
pub(super) fn plant(app: &App, store: &Store, seed: Seed) -> Result<Profile> {
    let _lock = store.lock()?;
    match store.load()? {
        Some(stored) if !seed.is_due(Some(&stored)) => Ok(stored),
        _ => {
            let profile = Profile { place: place::here()?, ..seed.sprout(store, &app.endpoints)? };
            store.save(&profile)?;
            app.ui.detail(1, "took the sign-in in FBSYNC_REFRESH_TOKEN");
            Ok(profile)
        }
    }
}
