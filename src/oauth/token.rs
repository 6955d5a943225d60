//! The token endpoint and the revocation endpoint: one POST each, sorted by what it means.
//!
//! A refresh token works once, so what matters about a failure is whether the token may have been
//! spent. [`TokenProblem`] keeps that apart; nothing in this file asks twice. And a pair that arrived
//! cannot be had again: whatever else is odd about its answer, it is kept.

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
    /// Nothing if the answer does not tell FreshBooks' time.
    pub(crate) skew: Option<Skew>,
}

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum TokenProblem {
    /// Nothing was sent; whatever was asked with is as good as before.
    NotSent(String),
    /// The server's certificate is not believed: nothing was sent.
    Distrusted(Distrust),
    /// Something may have been acted on, and the answer was not seen or cannot be used.
    Lost(String),
    /// Trouble that passes, or somebody else's answer, after which a token may be spent or not.
    Busy { status: u16, why: String, retry_after: Option<Duration> },
    /// `invalid_client`: the app's id or secret is wrong, and nothing was looked at.
    Client(String),
    /// `invalid_grant`: the code or refresh token does not count, or no longer.
    Grant(String),
    /// Another refusal.
    Refused { status: u16, why: String },
}

impl TokenProblem {
    /// The failure: `what` could not be done, and the `state` that it leaves behind.
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
                    "the client secret does not belong to the client id; give the app's present one: {}",
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
    // FreshBooks wants the client in the body, and the redirect URI with a refresh as well.
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
    // What was sent comes back from a server that repeats it, and is no new token.
    pair.access = pair.access.filter(|access| form.iter().all(|(_, sent)| !access.matches(sent)));
    let status = answer.status;
    let is_success = (200..300).contains(&status);
    // An answer that ends early may have lost the refresh token, which is not the same as having none.
    let is_whole = is_success && pair.is_whole && answer.broke_off.is_none();
    match pair.access.take() {
        // With a refresh token beside it, it is a pair, whatever else is odd.
        Some(access) if is_whole || pair.refresh.is_some() => Ok(tokens(http, access, pair, answer)),
        _ => Err(problem(http, answer)),
    }
}

/// Why there is no token in an answer. FreshBooks' server once answered every OAuth error with 401,
/// and old paths with 200: `error` decides.
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
            TokenProblem::Lost(format!("the answer (HTTP {status}) holds no access token"))
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
    // What is left is reckoned by the server's clock only, and then laid upon ours.
    let ends = began.unwrap_or(server_now).saturating_add(Duration::from_secs(lifetime));
    [Some(&access), pair.refresh.as_ref()].into_iter().flatten().for_each(|token| http.guard(token));
    TokenSet {
        access,
        refresh: pair.refresh,
        // Told by `status` and kept with every snapshot, so it must not be a way out for a secret.
        scope: pair.scope.filter(|scope| !http.is_repeated_in(scope)),
        expires_at: now.saturating_add(ends.since(server_now)),
        skew: answer.skew(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_kind_of_failure_it_is_and_what_to_do() {
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
