//! A sign-in to FreshBooks Classic. Its token does not expire and cannot be revoked through the API, so
//! it needs no rotation, drafts, or check for copies on other machines.

use serde::{Deserialize, Serialize};

use super::profile::{VERSION, exposed};
use super::store::{Store, Stored, encode};
use crate::app::{App, Endpoints};
use crate::classic::{Classic, Signer, System, Token};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::Person;
use crate::http::Http;
use crate::oauth::Client;
use crate::secret::Secret;

/// Marks its file. Files of other sign-ins have no `kind`.
pub(super) const KIND: &str = "classic";

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ClassicProfile {
    version: u32,
    kind: String,
    pub(crate) system: System,
    /// The only origin that the token is sent to.
    pub(crate) origin: String,
    client_id: String,
    #[serde(serialize_with = "exposed")]
    client_secret: Secret,
    redirect_uri: String,
    #[serde(serialize_with = "exposed")]
    access_token: Secret,
    #[serde(serialize_with = "exposed")]
    access_token_secret: Secret,
    pub(crate) identity: Option<Person>,
}

impl ClassicProfile {
    fn new(app: &App, system: System, consumer: Client, token: Token) -> Self {
        ClassicProfile {
            version: VERSION,
            kind: KIND.to_owned(),
            system,
            origin: app.endpoints.api.to_string(),
            client_id: consumer.id,
            client_secret: consumer.secret,
            redirect_uri: consumer.redirect_uri,
            access_token: token.value,
            access_token_secret: token.secret,
            identity: None,
        }
    }

    pub(crate) fn consumer(&self) -> Client {
        Client {
            id: self.client_id.clone(),
            secret: self.client_secret.clone(),
            redirect_uri: self.redirect_uri.clone(),
        }
    }

    pub(crate) fn belongs_to(&self, endpoints: &Endpoints) -> bool {
        self.origin == endpoints.api.to_string()
    }

    /// A client for this sign-in; `app` as returned by [`System::app`].
    pub(crate) fn open(&self, app: &App, http: Http) -> Result<Classic> {
        if !self.belongs_to(&app.endpoints) {
            let message = format!(
                "the sign-in `{}` is from {}, but this run uses {}: its token is not sent there",
                app.profile, self.origin, app.endpoints.api
            );
            return Err(Error::new(Kind::Config, message)
                .hint("unset FRESHBOOKS_CLASSIC_URL, or use another --profile with it"));
        }
        let token = Token { value: self.access_token.clone(), secret: self.access_token_secret.clone() };
        let signer = Signer { consumer: self.consumer(), token: Some(token) };
        Ok(Classic::new(http, app, self.system.clone(), signer))
    }
}

/// The stored sign-in of `app.profile`, if it is a Classic one.
pub(crate) fn stored(app: &App) -> Result<Option<ClassicProfile>> {
    match Store::new(app)?.load_any()? {
        Some(Stored::Classic(profile)) => Ok(Some(profile)),
        Some(Stored::Usual(_)) | None => Ok(None),
    }
}

/// The sign-in that a new Classic one replaces. A sign-in to FreshBooks itself is never replaced.
pub(crate) fn to_replace(store: &Store) -> Result<Option<ClassicProfile>> {
    match store.load_any()? {
        Some(Stored::Classic(profile)) => Ok(Some(profile)),
        Some(Stored::Usual(_)) => Err(store.taken_by("FreshBooks")),
        None => Ok(None),
    }
}

/// Stores the sign-in that `exchange` returns. The verifier is used only once the lock is held, and
/// from then on no signal can separate the token from the disk.
pub(crate) fn store_sign_in(
    app: &App,
    system: &System,
    consumer: &Client,
    exchange: impl FnOnce() -> Result<Token>,
) -> Result<ClassicProfile> {
    let store = Store::new(app)?;
    let _lock = store.lock()?;
    to_replace(&store)?;
    let _shield = app.stop.shield();
    let profile = ClassicProfile::new(app, system.clone(), consumer.clone(), exchange()?);
    store.replace(&encode(&profile)?)?;
    Ok(profile)
}

/// Adds the person to the stored sign-in.
pub(crate) fn remember(app: &App, person: &Person) -> Result<()> {
    let store = Store::new(app)?;
    let _lock = store.lock()?;
    match store.load_any()? {
        Some(Stored::Classic(stored)) => {
            store.replace(&encode(&ClassicProfile { identity: Some(person.clone()), ..stored })?)
        }
        Some(Stored::Usual(_)) | None => Ok(()),
    }
}
