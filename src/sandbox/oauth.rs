//! Consent, tokens and revocation, as strict as a client has to expect.
//!
//! Where the documentation leaves a choice, the sandbox takes the stricter one: redirect URIs match as exact strings,
//! codes and refresh tokens are valid once, the PKCE verifier is checked, and a refresh without its redirect URI fails.
//! Errors that FreshBooks shows to the person instead of redirecting are pages here too.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::consent;
use super::ledger::{Binding, Ledger, Pair};
use super::wire::{Answer, Asked, Fields, field};
use super::world::{App, Consent, World};

const BAD_SCOPE: &str = "The requested scope is invalid, unknown, or malformed.";

/// Where the OAuth server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Authorize,
    Token,
    Revoke,
}

impl Endpoint {
    /// The documented set of paths and the one FreshBooks' metadata names, which work the same.
    pub(super) fn of(path: &str) -> Option<Endpoint> {
        match path {
            "/oauth/authorize" | "/oauth/authorize/" | "/service/auth/oauth/authorize" => {
                Some(Endpoint::Authorize)
            }
            "/auth/oauth/token" | "/service/auth/oauth/token" => Some(Endpoint::Token),
            "/auth/oauth/revoke" | "/service/auth/oauth/revoke" => Some(Endpoint::Revoke),
            _ => None,
        }
    }

    pub(super) fn method(self) -> &'static str {
        if self == Endpoint::Authorize { "GET" } else { "POST" }
    }
}

/// The answer to a request at an endpoint.
pub(super) fn answer(
    endpoint: Endpoint,
    world: &World,
    ledger: &mut Ledger,
    now: Timestamp,
    asked: &Asked,
) -> Answer {
    match endpoint {
        Endpoint::Authorize => authorize(world, ledger, now, &asked.query_fields()),
        Endpoint::Token => token(world, ledger, now, asked).unwrap_or_else(Refusal::answer),
        Endpoint::Revoke => revoke(world, ledger, asked).unwrap_or_else(Refusal::answer),
    }
}

fn authorize(world: &World, ledger: &mut Ledger, now: Timestamp, query: &Fields) -> Answer {
    let client_id = field(query, "client_id").unwrap_or_default();
    let Some(app) = world.apps.iter().find(|app| app.client_id == client_id) else {
        return Answer::html(500, "We're sorry, but something went wrong.");
    };
    let redirect_uri = field(query, "redirect_uri").unwrap_or_default();
    if !app.redirect_uris.iter().any(|registered| registered == redirect_uri) {
        return Answer::html(400, "Invalid URI");
    }
    let Some(asked_scopes) = scopes_within(field(query, "scope"), &app.scopes) else {
        return Answer::html(400, BAD_SCOPE);
    };
    let state = field(query, "state");
    if field(query, "response_type") != Some("code") {
        return back(redirect_uri, &[("error", "unsupported_response_type")], state);
    }
    let challenge = field(query, "code_challenge").map(str::to_owned);
    if challenge.is_some() && field(query, "code_challenge_method") != Some("S256") {
        return back(redirect_uri, &[("error", "invalid_request")], state);
    }
    let consent = match (&world.consent, field(query, consent::DECISION)) {
        (Consent::Ask, None) => return consent::page(query, &asked_scopes),
        (Consent::Ask, Some(consent::ALLOW)) => &Consent::Allow,
        (Consent::Ask, Some(_)) => &Consent::Deny,
        (decided, _) => decided,
    };
    let (scopes, state) = match consent {
        Consent::Ask | Consent::Undecided => return Answer::html(200, "Allow this app to connect?"),
        Consent::Deny => return denied(redirect_uri, state),
        Consent::Allow => (asked_scopes, state),
        Consent::AllowOnly(allowed) => {
            (asked_scopes.into_iter().filter(|scope| allowed.contains(scope)).collect(), state)
        }
        Consent::ForgetState => (asked_scopes, None),
        Consent::WrongState(other) => (asked_scopes, Some(other.as_str())),
    };
    let (client_id, bound_uri) = (app.client_id.clone(), redirect_uri.to_owned());
    let code = ledger.issue_code(Binding { client_id, redirect_uri: bound_uri, challenge, scopes }, now);
    back(redirect_uri, &[("code", &code)], state)
}

fn denied(redirect_uri: &str, state: Option<&str>) -> Answer {
    let text = "The resource owner or authorization server denied the request.";
    back(redirect_uri, &[("error", "access_denied"), ("error_description", text)], state)
}

/// Registered URIs carry no query of their own: the portal refuses them.
fn back(redirect_uri: &str, fields: &[(&str, &str)], state: Option<&str>) -> Answer {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    Answer::redirect(&format!("{redirect_uri}?{}", query.finish()))
}

/// The scopes asked, or all that are enabled where none is asked; nothing when one of them is not enabled.
fn scopes_within(asked: Option<&str>, enabled: &[String]) -> Option<Vec<String>> {
    let Some(asked) = asked else { return Some(enabled.to_vec()) };
    let scopes: Vec<String> = asked.split_whitespace().map(str::to_owned).collect();
    scopes.iter().all(|scope| enabled.contains(scope)).then_some(scopes)
}

fn token(world: &World, ledger: &mut Ledger, now: Timestamp, asked: &Asked) -> Result<Answer, Refusal> {
    let fields = asked.body_fields();
    let pair = match required(&fields, "grant_type")? {
        "authorization_code" => exchange(world, ledger, now, asked, &fields)?,
        "refresh_token" => refresh(world, ledger, now, asked, &fields)?,
        _ => return Err(Refusal::UnsupportedGrantType),
    };
    let mut body = json!({
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": world.token_lifetime.as_secs(),
        "refresh_token": pair.refresh,
        "scope": pair.scopes.join(" "),
        "direct_buy_tokens": {},
    });
    if world.send_created_at {
        body["created_at"] = pair.created.as_second().into();
    }
    Ok(Answer::json(200, &body))
}

fn exchange<'a>(
    world: &World,
    ledger: &'a mut Ledger,
    now: Timestamp,
    asked: &Asked,
    fields: &Fields,
) -> Result<&'a Pair, Refusal> {
    let app = client(world, asked, fields)?;
    let code = required(fields, "code")?;
    let redirect_uri = required(fields, "redirect_uri")?;
    let bound = ledger.binding(code, now).ok_or(Refusal::InvalidGrant)?;
    if bound.client_id != app.client_id || bound.redirect_uri != redirect_uri {
        return Err(Refusal::InvalidGrant);
    }
    if let Some(challenge) = &bound.challenge {
        let verifier = required(fields, "code_verifier")?;
        if *challenge != URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) {
            return Err(Refusal::InvalidGrant);
        }
    }
    ledger.spend_code(code);
    Ok(ledger.issue_pair(world, now, &app.client_id, bound.scopes, None))
}

fn refresh<'a>(
    world: &World,
    ledger: &'a mut Ledger,
    now: Timestamp,
    asked: &Asked,
    fields: &Fields,
) -> Result<&'a Pair, Refusal> {
    let app = client(world, asked, fields)?;
    match field(fields, "redirect_uri") {
        None if world.refresh_needs_redirect_uri => return Err(Refusal::InvalidClient),
        Some(uri) if !app.redirect_uris.iter().any(|known| known == uri) => {
            return Err(Refusal::InvalidGrant);
        }
        _ => {}
    }
    let token = required(fields, "refresh_token")?;
    let pair = ledger.refreshable(token).ok_or(Refusal::InvalidGrant)?;
    if pair.client_id != app.client_id {
        return Err(Refusal::InvalidGrant);
    }
    let scopes = scopes_within(field(fields, "scope"), &pair.scopes).ok_or(Refusal::InvalidScope)?;
    ledger.spend_refresh(token);
    let kept = (!world.rotate_refresh_token).then(|| token.to_owned());
    Ok(ledger.issue_pair(world, now, &app.client_id, scopes, kept))
}

fn revoke(world: &World, ledger: &mut Ledger, asked: &Asked) -> Result<Answer, Refusal> {
    let fields = asked.body_fields();
    let app = client(world, asked, &fields)?;
    let token = field(&fields, "token").unwrap_or_default();
    if ledger.client_of(token).is_some_and(|owner| owner != app.client_id) {
        return Err(Refusal::UnauthorizedClient);
    }
    // An unknown token gets the same answer, so that revocation reveals nothing about tokens.
    ledger.revoke(token);
    Ok(Answer::json(200, &json!({})))
}

/// The app that asks, by the body or by HTTP Basic, the two ways FreshBooks' metadata lists.
fn client<'a>(world: &'a World, asked: &Asked, fields: &Fields) -> Result<&'a App, Refusal> {
    let posted =
        || Some((field(fields, "client_id")?.to_owned(), field(fields, "client_secret")?.to_owned()));
    let (id, secret) = posted().or_else(|| basic(asked)).ok_or(Refusal::InvalidClient)?;
    let known = |app: &&App| app.client_id == id && app.client_secret == secret;
    world.apps.iter().find(known).ok_or(Refusal::InvalidClient)
}

fn basic(asked: &Asked) -> Option<(String, String)> {
    let encoded = asked.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn required<'a>(fields: &'a Fields, name: &'static str) -> Result<&'a str, Refusal> {
    field(fields, name).ok_or(Refusal::Missing(name))
}

/// The errors of RFC 6749, section 5.2, and of RFC 7009, with the statuses FreshBooks gives them.
enum Refusal {
    Missing(&'static str),
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    UnauthorizedClient,
}

impl Refusal {
    fn answer(self) -> Answer {
        let (status, error, text) = match self {
            Refusal::Missing(name) => {
                (400, "invalid_request", format!("Missing required parameter: {name}."))
            }
            Refusal::InvalidClient => (401, "invalid_client", "Client authentication failed.".to_owned()),
            Refusal::InvalidGrant => {
                (400, "invalid_grant", "This grant does not count, or no longer.".to_owned())
            }
            Refusal::InvalidScope => (400, "invalid_scope", BAD_SCOPE.to_owned()),
            Refusal::UnsupportedGrantType => {
                (400, "unsupported_grant_type", "Grants: authorization_code, refresh_token.".to_owned())
            }
            Refusal::UnauthorizedClient => {
                (403, "unauthorized_client", "You are not authorized to revoke this token".to_owned())
            }
        };
        Answer::json(status, &json!({ "error": error, "error_description": text }))
    }
}
