//! The token endpoint and the revocation endpoint: one POST each, with the outcomes told apart.
//!
//! A refresh token works once, so what matters about a failure is whether the token could have been
//! spent. [`TokenProblem`] records this; nothing in this file retries. A pair that has arrived cannot
//! be obtained again, so it is kept whatever else is odd about the answer.

use std::fmt;
use std::time::Duration;

use super::Client;
use super::pair::Pair;
use crate::app::Typed;
use crate::error::{Error, Kind};
use crate::http::{Answer, Distrust, Failure, Http, Meaning, Skew};
use crate::origin::Origin;
use crate::secret::Secret;
use crate::time::Timestamp;

/// FreshBooks' documented lifetime, used if an answer has no `expires_in`, which RFC 6749 section 5.1
/// allows.
const DOCUMENTED_LIFETIME: u64 = 12 * 60 * 60;

/// The result of an access token request (RFC 6749 section 5.1).
pub(crate) struct TokenSet {
    pub(crate) access: Secret,
    /// `None` means that the refresh token that was sent remains valid (RFC 6749 section 6).
    pub(crate) refresh: Option<Secret>,
    /// The granted scopes, which can be fewer than requested.
    pub(crate) scope: Option<String>,
    /// By this machine's clock.
    pub(crate) expires_at: Timestamp,
    /// `None` if the answer does not show FreshBooks' time.
    pub(crate) skew: Option<Skew>,
}

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum TokenProblem {
    /// Nothing was sent; the token or code is as valid as before.
    NotSent(String),
    /// The server's certificate is not trusted: nothing was sent.
    Distrusted(Distrust),
    /// The request could have been acted on, and the answer did not arrive or cannot be used.
    Lost(String),
    /// A temporary problem, or somebody else's answer; the token could have been spent.
    Busy { status: u16, why: String, retry_after: Option<Duration> },
    /// `invalid_client`: the app's id or secret is wrong, and the token was not looked at.
    Client(String),
    /// `invalid_grant`: the code or refresh token is not valid, or no longer.
    Grant(String),
    /// Another refusal.
    Refused { status: u16, why: String },
}

impl TokenProblem {
    /// The error: `what` could not be done, and `state` is what it leaves behind.
    pub(crate) fn into_error(self, typed: &Typed, what: &str, state: &str) -> Error {
        let sign_in = typed.command("auth");
        let (kind, hint) = match &self {
            TokenProblem::NotSent(_) => (
                Kind::Unavailable,
                "check the connection (proxy, firewall, DNS) and run the command again".to_owned(),
            ),
            TokenProblem::Distrusted(distrust) => (Kind::Unavailable, distrust.hint.to_owned()),
            TokenProblem::Busy { .. } => (Kind::Unavailable, "run the command again later".to_owned()),
            TokenProblem::Lost(_) => (Kind::Unavailable, "run the command again".to_owned()),
            TokenProblem::Client(_) => (
                Kind::SignIn,
                format!(
                    "the client secret does not belong to the client id; use the app's current one: {}",
                    typed.command("auth --client-secret-file PATH")
                ),
            ),
            TokenProblem::Grant(_) => (Kind::SignIn, sign_in),
            TokenProblem::Refused { .. } => {
                (Kind::Refused, format!("check the app's settings at FreshBooks, then: {sign_in}"))
            }
        };
        Error::new(kind, format!("{what}: {self}; {state}")).hint(hint)
    }
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenProblem::Distrusted(distrust) => distrust.fmt(f),
            TokenProblem::NotSent(why)
            | TokenProblem::Lost(why)
            | TokenProblem::Client(why)
            | TokenProblem::Grant(why) => f.write_str(why),
            TokenProblem::Busy { status, why, .. } | TokenProblem::Refused { status, why } => {
                write!(f, "HTTP {status}: {why}")
            }
        }
    }
}

/// Exchanges the code that the browser brought for tokens (RFC 6749 section 4.1.3, RFC 7636 section
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

/// Exchanges a refresh token for the next pair (RFC 6749 section 6). This spends the old one.
pub(crate) fn refresh(
    http: &Http,
    api: &Origin,
    client: &Client,
    token: &Secret,
) -> Result<TokenSet, TokenProblem> {
    request(http, api, client, vec![("grant_type", "refresh_token"), ("refresh_token", token.expose())])
}

/// The outcome of a revocation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Revoked {
    Yes,
    /// The reason.
    No(String),
}

/// Revokes a token (RFC 7009 section 2.1). The answer for an unknown token is the same as for a revoked
/// one (section 2.2).
pub(crate) fn revoke(http: &Http, api: &Origin, client: &Client, token: &Secret) -> Revoked {
    let form = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.expose()),
        ("token", token.expose()),
    ];
    match http.post_form(&api.url(&["auth", "oauth", "revoke"]), &form) {
        Ok(answer) if answer.status == 200 && is_empty(&answer) => Revoked::Yes,
        Ok(answer) => {
            let complaint = http.complaint_of(&answer, None);
            Revoked::No(format!("HTTP {}: {}", answer.status, complaint.words()))
        }
        Err(failure) => Revoked::No(failure.to_string()),
    }
}

/// FreshBooks answers a revocation with `{}`. A page with status 200 comes from somebody else.
fn is_empty(answer: &Answer) -> bool {
    matches!(answer.text().trim(), "" | "{}") && answer.broke_off.is_none()
}

fn request<'a>(
    http: &Http,
    api: &Origin,
    client: &'a Client,
    mut form: Vec<(&str, &'a str)>,
) -> Result<TokenSet, TokenProblem> {
    // FreshBooks wants the client in the body, and the redirect URI for a refresh as well.
    form.extend([
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.expose()),
        ("redirect_uri", client.redirect_uri.as_str()),
    ]);
    match http.post_form(&api.url(&["auth", "oauth", "token"]), &form) {
        Ok(answer) => read(http, &answer, &form),
        Err(Failure::NotSent(why)) => Err(TokenProblem::NotSent(why)),
        Err(Failure::Distrusted(distrust)) => Err(TokenProblem::Distrusted(distrust)),
        Err(other) => Err(TokenProblem::Lost(other.to_string())),
    }
}

fn read(http: &Http, answer: &Answer, form: &[(&str, &str)]) -> Result<TokenSet, TokenProblem> {
    let mut pair = Pair::read(&answer.text());
    // A server that echoes the request returns the old token, which is not a new one.
    pair.access = pair.access.filter(|access| form.iter().all(|(_, sent)| !access.matches(sent)));
    let status = answer.status;
    let is_success = (200..300).contains(&status);
    // An answer that ends early could have lost the refresh token, which is not the same as having
    // none.
    let is_whole = is_success && pair.is_whole && answer.broke_off.is_none();
    match pair.access.take() {
        // With a refresh token it is a pair, whatever else is odd.
        Some(access) if is_whole || pair.refresh.is_some() => Ok(tokens(http, access, pair, answer)),
        _ => Err(problem(http, answer)),
    }
}

/// Why an answer contains no token. FreshBooks' server once answered every OAuth error with 401, and
/// old paths with 200, so `error` decides.
fn problem(http: &Http, answer: &Answer) -> TokenProblem {
    let status = answer.status;
    let complaint = http.complaint_of(answer, None);
    let why = complaint.words().to_owned();
    if let Some(broke_off) = &answer.broke_off {
        return TokenProblem::Lost(broke_off.clone());
    }
    match (complaint.error.as_deref(), complaint.meaning) {
        (_, Meaning::Passing) => TokenProblem::Busy { status, why, retry_after: answer.retry_after },
        (_, _) if status >= 500 => TokenProblem::Busy { status, why, retry_after: None },
        (Some("invalid_grant"), _) => TokenProblem::Grant(why),
        (Some("invalid_client"), _) => TokenProblem::Client(why),
        (Some(_), _) => TokenProblem::Refused { status, why },
        (None, _) if (200..300).contains(&status) => {
            TokenProblem::Lost(format!("the answer (HTTP {status}) contains no access token"))
        }
        (None, Meaning::Foreign) => TokenProblem::Busy { status, why, retry_after: None },
        (None, _) => TokenProblem::Refused { status, why },
    }
}

fn tokens(http: &Http, access: Secret, pair: Pair, answer: &Answer) -> TokenSet {
    let now = answer.received_at;
    let server_now = answer.server_date.unwrap_or(now);
    let began = pair.created_at.and_then(Timestamp::from_unix);
    let lifetime = pair.expires_in.map_or(DOCUMENTED_LIFETIME, |seconds| u64::try_from(seconds).unwrap_or(0));
    // The remaining lifetime is computed only with the server's clock and then added to ours.
    let ends = began.unwrap_or(server_now).saturating_add(Duration::from_secs(lifetime));
    [Some(&access), pair.refresh.as_ref()].into_iter().flatten().for_each(|token| http.guard(token));
    TokenSet {
        access,
        refresh: pair.refresh,
        // Shown by `status` and stored with every snapshot, so it must not leak a secret.
        scope: pair.scope.filter(|scope| !http.is_repeated_in(scope)),
        expires_at: now.saturating_add(ends.since(server_now)),
        skew: answer.skew(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_becomes_an_error_with_a_kind_and_a_hint() {
        let why = || "why".to_owned();
        let busy = |status| TokenProblem::Busy { status, why: why(), retry_after: None };
        let table = [
            (TokenProblem::NotSent(why()), Kind::Unavailable, "check the connection"),
            (TokenProblem::Lost(why()), Kind::Unavailable, "run the command again"),
            (busy(429), Kind::Unavailable, "run the command again later"),
            (busy(503), Kind::Unavailable, "run the command again later"),
            (TokenProblem::Client(why()), Kind::SignIn, "fbsync auth --client-secret-file PATH"),
            (TokenProblem::Grant(why()), Kind::SignIn, "fbsync auth"),
            (TokenProblem::Refused { status: 403, why: why() }, Kind::Refused, "then: fbsync auth"),
        ];
        for (problem, kind, hint) in table {
            let shown = format!("{problem:?}");
            let error = problem.into_error(&Typed::default(), "cannot do it", "nothing was stored");
            assert_eq!(error.kind(), kind, "{shown}");
            assert!(error.hint_text().is_some_and(|found| found.contains(hint)), "{shown}: {error:?}");
            let message = error.message();
            assert!(
                message.starts_with("cannot do it: ") && message.ends_with("why; nothing was stored"),
                "{message}"
            );
        }
    }
}
