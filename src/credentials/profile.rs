//! One stored sign-in: what the file holds, and what can be told from it without asking anybody.
//!
//! The file is JSON with a version in front, so that a person can read it and an older fbsync can
//! refuse it. It is the one place where secrets are serialized.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{place, text};
use crate::app::Endpoints;
use crate::freshbooks::Person;
use crate::oauth::{Client, TokenSet};
use crate::secret::Secret;
use crate::time::Timestamp;

/// The layout written by this version.
pub(super) const VERSION: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(super) version: u32,
    pub(super) client_id: String,
    #[serde(with = "text::secret")]
    pub(super) client_secret: Secret,
    pub(super) redirect_uri: String,
    /// The tokens go to these two and to no other.
    pub(super) api_origin: String,
    pub(super) auth_origin: String,
    /// What was granted; `None` until FreshBooks has said.
    pub(crate) scopes: Option<String>,
    /// `None` for a seed that was never rotated.
    #[serde(with = "text::optional_secret")]
    pub(super) access_token: Option<Secret>,
    #[serde(with = "text::secret")]
    pub(super) refresh_token: Secret,
    /// By this machine's clock.
    #[serde(with = "text::moment")]
    pub(crate) expires_at: Timestamp,
    pub(crate) identity: Option<StoredIdentity>,
    pub(super) place: Option<String>,
    /// Fingerprint of the refresh token from the environment that this sign-in began with.
    pub(super) seed: Option<String>,
    /// Fingerprint of the refresh token that was spent for this pair; `None` for the first pair of
    /// a sign-in.
    pub(super) replaced: Option<String>,
    pub(super) in_flight: Option<InFlight>,
    /// Why FreshBooks takes this sign-in no more.
    pub(crate) dead: Option<String>,
}

/// Whose sign-in it is, as FreshBooks last said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredIdentity {
    pub(crate) identity_id: Option<i64>,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) businesses: Vec<StoredBusiness>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredBusiness {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// A refresh that began and whose end is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InFlight {
    /// Of the refresh token that was sent.
    pub(super) fingerprint: String,
    #[serde(with = "text::moment")]
    pub(crate) started_at: Timestamp,
    pub(crate) pid: u32,
    pub(super) place: Option<String>,
}

impl Profile {
    /// A sign-in that has a refresh token and nothing else yet.
    pub(super) fn seeded(client: Client, endpoints: &Endpoints, refresh_token: Secret) -> Self {
        Profile {
            version: VERSION,
            client_id: client.id,
            client_secret: client.secret,
            redirect_uri: client.redirect_uri,
            api_origin: endpoints.api.to_string(),
            auth_origin: endpoints.auth.to_string(),
            scopes: None,
            access_token: None,
            refresh_token,
            expires_at: Timestamp::EPOCH,
            identity: None,
            place: None,
            seed: None,
            replaced: None,
            in_flight: None,
            dead: None,
        }
    }

    /// This sign-in with the pair that a refresh brought.
    pub(super) fn rotated(&self, tokens: &TokenSet) -> Self {
        Profile {
            replaced: Some(fingerprint(self.refresh_token.expose())),
            refresh_token: tokens.refresh.clone().unwrap_or_else(|| self.refresh_token.clone()),
            access_token: Some(tokens.access.clone()),
            scopes: tokens.scope.clone().or_else(|| self.scopes.clone()),
            expires_at: tokens.expires_at,
            in_flight: None,
            dead: None,
            ..self.clone()
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client {
            id: self.client_id.clone(),
            secret: self.client_secret.clone(),
            redirect_uri: self.redirect_uri.clone(),
        }
    }

    /// Whether the tokens may go to where this process is pointed.
    pub(crate) fn belongs_to(&self, endpoints: &Endpoints) -> bool {
        self.api_origin == endpoints.api.to_string() && self.auth_origin == endpoints.auth.to_string()
    }

    /// Where it is from, for a sentence.
    pub(crate) fn origins(&self) -> String {
        match self.api_origin == self.auth_origin {
            true => self.api_origin.clone(),
            false => format!("{} and {}", self.api_origin, self.auth_origin),
        }
    }

    pub(crate) fn stored_elsewhere(&self, here: Option<&str>) -> bool {
        !place::same(self.place.as_deref(), here)
    }

    pub(crate) fn access_token(&self) -> Option<&Secret> {
        self.access_token.as_ref()
    }

    pub(crate) fn refresh_token(&self) -> &Secret {
        &self.refresh_token
    }

    /// The access token, if it lives that much longer.
    pub(super) fn access_good_for(&self, margin: Duration, now: Timestamp) -> Option<&Secret> {
        self.access_token.as_ref().filter(|_| self.expires_at > now.saturating_add(margin))
    }

    /// The refresh whose answer was never saved, if there is one.
    pub(crate) fn interrupted(&self) -> Option<&InFlight> {
        let current = fingerprint(self.refresh_token.expose());
        self.in_flight.as_ref().filter(|mark| mark.fingerprint == current)
    }

    /// A mark for sending this sign-in's refresh token now.
    pub(super) fn mark(&self, now: Timestamp, here: Option<&str>) -> InFlight {
        InFlight {
            fingerprint: fingerprint(self.refresh_token.expose()),
            started_at: now,
            pid: std::process::id(),
            place: here.map(str::to_owned),
        }
    }

    /// Whether this takes the place of `older`: a new sign-in does, and so does what became of
    /// `older` when its refresh token was spent.
    pub(super) fn follows(&self, older: Option<&Profile>) -> bool {
        let spent = older.map(|older| fingerprint(older.refresh_token.expose()));
        self.replaced.is_none() || self.replaced == spent
    }
}

impl From<&Person> for StoredIdentity {
    fn from(person: &Person) -> Self {
        let businesses = person.businesses.iter();
        StoredIdentity {
            identity_id: person.identity_id,
            email: person.email.clone(),
            name: person.name.clone(),
            businesses: businesses.map(|(id, name)| StoredBusiness { id: *id, name: name.clone() }).collect(),
        }
    }
}

/// Six bytes of SHA-256 in hex: enough to tell tokens apart, no help to whoever wants one.
pub(crate) fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
