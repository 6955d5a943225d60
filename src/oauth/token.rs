//! The token endpoint and the revocation endpoint: one POST each, sorted by what it means.
//!
//! A refresh token works once, so what matters about a failure is whether the token may have been
//! spent. [`TokenProblem`] keeps that apart; nothing in this file asks twice.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Client;
use crate::http::{Answer, Failure, Http, complaint, oauth_error};
use crate::origin::Origin;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What FreshBooks documents; taken where an answer leaves `expires_in` out, as RFC 6749 section
/// 5.1 lets it.
const DOCUMENTED_LIFETIME: u64 = 12 * 60 * 60;

/// What an access token request brings (RFC 6749 section 5.1).
pub(crate) struct TokenSet {
    pub(crate) access: Secret,
    /// `None` means that the one asked with stays good (RFC 6749 section 6).
    pub(crate) refresh: Option<Secret>,
    /// What was granted, which may be less than was asked for.
    pub(crate) scope: Option<String>,
    /// By this machine's clock.
    pub(crate) expires_at: Timestamp,
    pub(crate) clock: ClockOffset,
}

/// How far this machine's clock is from FreshBooks', as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClockOffset {
    pub(crate) behind: Duration,
    pub(crate) ahead: Duration,
}

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum TokenProblem {
    /// Nothing was sent; whatever was asked with is as good as before.
    NotSent(String),
    /// The server's certificate is not believed: nothing was sent.
    Distrusted(String),
    /// Something may have been acted on, and the answer was not seen or cannot be used.
    Lost(String),
    /// 429, or a 5xx, after which a token may be spent or not.
    Busy { status: u16, why: String, retry_after: Option<Duration> },
    /// `invalid_client`: the app's id or secret is wrong, and nothing was looked at.
    Client(String),
    /// `invalid_grant`: the code or refresh token does not count, or no longer.
    Grant(String),
    /// Another refusal.
    Refused { status: u16, why: String },
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenProblem::NotSent(why)
            | TokenProblem::Distrusted(why)
            | TokenProblem::Lost(why)
            | TokenProblem::Client(why)
            | TokenProblem::Grant(why) => f.write_str(why),
            TokenProblem::Busy { status, why, .. } | TokenProblem::Refused { status, why } => {
                write!(f, "HTTP {status}: {why}")
            }
        }
    }
}

/// Trades the code that the browser brought for tokens (RFC 6749 section 4.1.3, RFC 7636 section
/// 4.5).
pub(crate) fn exchange(
    http: &Http,
    api: &Origin,
    client: &Client,
    code: &Secret,
    verifier: Option<&Secret>,
) -> Result<TokenSet, TokenProblem> {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code.expose())];
    if let Some(verifier) = verifier {
        form.push(("code_verifier", verifier.expose()));
    }
    request(http, api, client, form)
}

/// Trades a refresh token for the next pair (RFC 6749 section 6). The old one is spent by it.
pub(crate) fn refresh(
    http: &Http,
    api: &Origin,
    client: &Client,
    token: &Secret,
) -> Result<TokenSet, TokenProblem> {
    request(http, api, client, vec![("grant_type", "refresh_token"), ("refresh_token", token.expose())])
}

/// What became of a token that was to be revoked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Revoked {
    Yes,
    /// Why not.
    No(String),
}

/// Takes a token out of use (RFC 7009 section 2.1). An unknown one is answered like a revoked one
/// (section 2.2).
pub(crate) fn revoke(http: &Http, api: &Origin, client: &Client, token: &Secret) -> Revoked {
    let form = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.expose()),
        ("token", token.expose()),
    ];
    match http.post_form(&api.url(&["auth", "oauth", "revoke"]), &form) {
        Ok(answer) if answer.status == 200 => Revoked::Yes,
        Ok(answer) => Revoked::No(format!("HTTP {}: {}", answer.status, said(&answer, &form))),
        Err(failure) => Revoked::No(failure.to_string()),
    }
}

fn request<'a>(
    http: &Http,
    api: &Origin,
    client: &'a Client,
    mut form: Vec<(&str, &'a str)>,
) -> Result<TokenSet, TokenProblem> {
    // FreshBooks wants the client in the body, and the redirect URI with a refresh as well.
    form.extend([
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.expose()),
        ("redirect_uri", client.redirect_uri.as_str()),
    ]);
    match http.post_form(&api.url(&["auth", "oauth", "token"]), &form) {
        Ok(answer) => read(&answer, &form),
        Err(Failure::NotSent(why)) => Err(TokenProblem::NotSent(why)),
        Err(Failure::Distrusted(why)) => Err(TokenProblem::Distrusted(why)),
        Err(other) => Err(TokenProblem::Lost(other.to_string())),
    }
}

/// The shape of RFC 6749 section 5.1, and what FreshBooks adds. Numbers have been seen as text
/// elsewhere.
#[derive(Deserialize)]
struct Wire {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    expires_in: Option<Value>,
    #[serde(default)]
    created_at: Option<Value>,
}

fn read(answer: &Answer, form: &[(&str, &str)]) -> Result<TokenSet, TokenProblem> {
    let status = answer.status;
    let why = || said(answer, form);
    if status == 429 || status >= 500 {
        return Err(TokenProblem::Busy { status, why: why(), retry_after: answer.retry_after });
    }
    // FreshBooks' server once answered every OAuth error with 401, and old paths with 200: `error`
    // decides.
    match (oauth_error(&answer.body).as_deref(), status) {
        (Some("invalid_grant"), 200 | 400 | 401) => return Err(TokenProblem::Grant(why())),
        (Some("invalid_client"), 200 | 400 | 401) => return Err(TokenProblem::Client(why())),
        (Some(_), _) => return Err(TokenProblem::Refused { status, why: why() }),
        (None, 200) => {}
        (None, _) => return Err(TokenProblem::Refused { status, why: why() }),
    }
    match serde_json::from_slice::<Wire>(&answer.body) {
        Ok(wire) if !wire.access_token.is_empty() => Ok(tokens(wire, answer)),
        _ => Err(TokenProblem::Lost("the answer (HTTP 200) holds no access token".to_owned())),
    }
}

fn tokens(wire: Wire, answer: &Answer) -> TokenSet {
    let now = answer.received_at;
    let server_now = answer.server_date.unwrap_or(now);
    let began = wire.created_at.as_ref().and_then(whole_number).and_then(Timestamp::from_unix);
    let lifetime = wire.expires_in.as_ref().and_then(whole_number);
    let lifetime = lifetime.map_or(DOCUMENTED_LIFETIME, |seconds| u64::try_from(seconds).unwrap_or(0));
    // What is left is reckoned by the server's clock alone, and only then laid upon ours.
    let ends = began.unwrap_or(server_now).saturating_add(Duration::from_secs(lifetime));
    let not_empty = |text: &String| !text.is_empty();
    TokenSet {
        access: Secret::new(wire.access_token),
        refresh: wire.refresh_token.filter(not_empty).map(Secret::new),
        scope: wire.scope.filter(not_empty),
        expires_at: now.saturating_add(ends.since(server_now)),
        clock: ClockOffset { behind: server_now.since(now), ahead: now.since(server_now) },
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// What the server complains of. It may quote the request, so every value that was sent is taken
/// out first.
fn said(answer: &Answer, form: &[(&str, &str)]) -> String {
    let secret = |name: &str| !matches!(name, "grant_type" | "client_id" | "redirect_uri");
    let mut text = String::from_utf8_lossy(&answer.body).into_owned();
    for (_, value) in form.iter().filter(|(name, value)| secret(name) && !value.is_empty()) {
        text = text.replace(value, "[redacted]");
    }
    complaint(answer.status, text.as_bytes())
}
