//! One stored sign-in: the content of its file, and what it shows without a request.
//!
//! The file is JSON that starts with a version, so that a person can read it and an older fbsync can
//! refuse it. This is the only place where secrets are serialized.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

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
    #[serde(serialize_with = "exposed")]
    pub(super) client_secret: Secret,
    pub(super) redirect_uri: String,
    /// The only two origins that the tokens are sent to.
    pub(super) api_origin: String,
    pub(super) auth_origin: String,
    /// The granted scopes; `None` until FreshBooks has reported them.
    pub(crate) scopes: Option<String>,
    /// `None` for a seed that was never rotated.
    #[serde(serialize_with = "exposed")]
    pub(crate) access_token: Option<Secret>,
    #[serde(serialize_with = "exposed")]
    pub(crate) refresh_token: Secret,
    /// By this machine's clock.
    pub(crate) expires_at: Timestamp,
    /// Who signed in, as FreshBooks last reported.
    pub(crate) identity: Option<Person>,
    pub(super) place: Option<String>,
    /// Fingerprint of the refresh token in the environment that this sign-in started with.
    pub(super) seed: Option<String>,
    /// Fingerprint of the refresh token that was spent for this pair; `None` for the first pair of a
    /// sign-in.
    pub(super) replaced: Option<String>,
    pub(super) in_flight: Option<InFlight>,
    /// Why FreshBooks no longer accepts this sign-in.
    pub(crate) dead: Option<String>,
}

/// A refresh that was started and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InFlight {
    /// The fingerprint of the refresh token that was sent.
    pub(super) fingerprint: String,
    pub(crate) started_at: Timestamp,
    pub(crate) pid: u32,
    pub(super) place: Option<String>,
}

impl Profile {
    /// A sign-in that so far has only a refresh token.
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

    /// This sign-in with the pair from a refresh.
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

    /// Whether this run's endpoints are those that the tokens belong to.
    pub(crate) fn belongs_to(&self, endpoints: &Endpoints) -> bool {
        self.api_origin == endpoints.api.to_string() && self.auth_origin == endpoints.auth.to_string()
    }

    /// The origins, for a message.
    pub(crate) fn origins(&self) -> String {
        match self.api_origin == self.auth_origin {
            true => self.api_origin.clone(),
            false => format!("{} and {}", self.api_origin, self.auth_origin),
        }
    }

    /// Whether there is an access token that is valid for longer than `margin`.
    pub(super) fn lives_for(&self, margin: Duration, now: Timestamp) -> bool {
        self.access_token.is_some() && self.expires_at > now.saturating_add(margin)
    }

    /// The refresh whose answer was never saved, if any.
    pub(crate) fn interrupted(&self) -> Option<&InFlight> {
        let current = fingerprint(self.refresh_token.expose());
        self.in_flight.as_ref().filter(|mark| mark.fingerprint == current)
    }

    /// A mark that this sign-in's refresh token is sent now.
    pub(super) fn mark(&self, now: Timestamp, here: Option<&str>) -> InFlight {
        InFlight {
            fingerprint: fingerprint(self.refresh_token.expose()),
            started_at: now,
            pid: std::process::id(),
            place: here.map(str::to_owned),
        }
    }

    /// Whether this replaces `older`: a new sign-in does, and so does the result of spending the
    /// refresh token of `older`.
    pub(super) fn follows(&self, older: Option<&Profile>) -> bool {
        let spent = older.map(|older| fingerprint(older.refresh_token.expose()));
        self.replaced.is_none() || self.replaced == spent
    }
}

/// The only place where a [`Secret`] becomes text that is stored.
pub(super) fn exposed<'a, S: Serializer>(
    secret: impl Into<Option<&'a Secret>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.into().map(Secret::expose).serialize(serializer)
}

/// Six bytes of SHA-256 in hex: enough to tell tokens apart, useless to an attacker.
pub(crate) fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oauth::DEFAULT_REDIRECT;
    use crate::origin::Origin;

    /// A sign-in that so far has only a refresh token.
    pub(in crate::credentials) fn begun(refresh_token: &str) -> Profile {
        let origin = Origin::parse("https://api.freshbooks.com").expect("an origin");
        let redirect_uri = DEFAULT_REDIRECT.to_owned();
        let client = Client { id: "id".to_owned(), secret: Secret::new("secret"), redirect_uri };
        Profile::seeded(client, &Endpoints { api: origin.clone(), auth: origin }, Secret::new(refresh_token))
    }

    #[test]
    fn a_pair_replaces_only_the_one_that_was_spent_for_it() {
        let pair = |refresh: &str, spent: Option<&str>| Profile {
            replaced: spent.map(fingerprint),
            ..begun(refresh)
        };
        let table = [
            (pair("2", Some("1")), Some("1"), true),
            (pair("2", Some("1")), Some("0"), false),
            (pair("3", Some("2")), Some("1"), false),
            (pair("2", Some("1")), Some("2"), false),
            (pair("2", Some("1")), None, false),
            (pair("1", None), Some("0"), true),
            (pair("1", None), None, true),
        ];
        for (newer, stored, expected) in table {
            let found = newer.follows(stored.map(begun).as_ref());
            assert_eq!(found, expected, "{:?} after {stored:?}", newer.replaced);
        }
    }

    #[test]
    fn a_profile_survives_being_written_and_read() {
        let profile = Profile {
            access_token: Some(Secret::new("access")),
            in_flight: Some(begun("refresh").mark(Timestamp::EPOCH, Some("host a"))),
            ..begun("refresh")
        };
        let text = serde_json::to_string(&profile).expect("JSON");
        let read: Profile = serde_json::from_str(&text).expect("what was written");
        assert_eq!(serde_json::to_string(&read).expect("JSON"), text);
        assert!(read.access_token == profile.access_token && read.refresh_token == profile.refresh_token);
        assert_eq!(read.interrupted(), profile.in_flight.as_ref());
        for missing in ["client_secret", "refresh_token", "expires_at"] {
            let renamed = text.replace(missing, "something_else");
            assert!(serde_json::from_str::<Profile>(&renamed).is_err(), "{missing}");
        }
    }
}
