//! OAuth 2.0 as a native application speaks it to FreshBooks: RFC 6749 with PKCE (RFC 7636),
//! revocation (RFC 7009) and the rules of RFC 9700.
//!
//! Written by hand, because it is only one address and two POSTs, and because FreshBooks has
//! peculiarities: it wants the redirect URI for a refresh too, and the client secret as well as PKCE,
//! and `created_at` says when a token's lifetime began. Nothing here stores anything; `credentials`
//! does.

mod certificate;
mod connection;
mod judge;
mod listener;
mod page;
mod pair;
mod paste;
mod redirect;
mod token;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::error::{Context, Kind, Result};
use crate::origin::Origin;
use crate::secret::Secret;

pub(crate) use certificate::Certificate;
pub(crate) use connection::{Arrival, Reply};
pub(crate) use listener::{Listener, Waiting};
pub(crate) use page::Page;
pub(crate) use paste::read_pasted;
pub(crate) use redirect::{Awaited, DEFAULT_REDIRECT, Outcome, RedirectUri};
pub(crate) use token::{Revoked, TokenProblem, TokenSet, exchange, refresh, revoke};

/// The scope without which no team can be listed (API documentation, "Team Members").
pub(crate) const TEAMS_SCOPE: &str = "user:teams:read";

/// An app as registered at FreshBooks. This includes the redirect URI, which FreshBooks compares
/// character for character at the authorize address and again at the token endpoint (RFC 6749 section
/// 4.1.3).
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) redirect_uri: String,
}

/// The two secret values of one attempt, which are dropped with it.
pub(crate) struct Attempt {
    /// Binds the answer to this process (RFC 9700 section 4.7).
    pub(crate) state: Secret,
    /// Binds the code to this process (RFC 7636 section 4.1).
    pub(crate) verifier: Option<Secret>,
}

impl Attempt {
    pub(crate) fn new(pkce: bool) -> Result<Self> {
        Ok(Attempt { state: unguessable()?, verifier: pkce.then(unguessable).transpose()? })
    }
}

/// The address where the person gives consent (RFC 6749 section 4.1.1). An empty `scope` is left out;
/// the app's own scopes then apply.
pub(crate) fn authorize_url(auth: &Origin, client: &Client, scope: &str, attempt: &Attempt) -> Url {
    let mut url = auth.url(&["oauth", "authorize"]);
    let mut query = url.query_pairs_mut();
    query.append_pair("response_type", "code");
    query.append_pair("client_id", &client.id);
    query.append_pair("redirect_uri", &client.redirect_uri);
    if !scope.is_empty() {
        query.append_pair("scope", scope);
    }
    query.append_pair("state", attempt.state.expose());
    if let Some(verifier) = &attempt.verifier {
        query.append_pair("code_challenge", &challenge(verifier));
        query.append_pair("code_challenge_method", "S256");
    }
    drop(query);
    url
}

/// RFC 7636 section 4.2.
fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()))
}

/// 256 bits from the system, as 43 characters that need no escaping (RFC 7636 section 4.1).
pub(crate) fn unguessable() -> Result<Secret> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .context(Kind::Unexpected, || "the system provides no random numbers".to_owned())?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_matches_the_rfc() {
        // RFC 7636 appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_address_contains_what_freshbooks_compares() {
        let origin = Origin::parse("https://auth.freshbooks.com").expect("a good origin");
        let client = Client {
            id: "f00d&x".to_owned(),
            secret: Secret::new("never in an address"),
            redirect_uri: "https://localhost:8799/callback".to_owned(),
        };
        let attempt = Attempt { state: Secret::new("S"), verifier: None };
        let url = authorize_url(&origin, &client, "user:profile:read user:teams:read", &attempt);
        assert_eq!(
            url.as_str(),
            "https://auth.freshbooks.com/oauth/authorize?response_type=code&client_id=f00d%26x\
             &redirect_uri=https%3A%2F%2Flocalhost%3A8799%2Fcallback\
             &scope=user%3Aprofile%3Aread+user%3Ateams%3Aread&state=S"
        );
        let url = authorize_url(&origin, &client, "", &attempt);
        assert!(!url.as_str().contains("scope"), "{url}");
    }

    #[test]
    fn no_two_attempts_are_alike() {
        let (one, two) = (Attempt::new(true).expect("random"), Attempt::new(true).expect("random"));
        assert_eq!(one.state.expose().len(), 43);
        assert!(one.state != two.state && one.verifier != two.verifier);
    }
}
