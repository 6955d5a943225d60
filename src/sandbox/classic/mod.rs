//! FreshBooks Classic, as its documentation and client libraries describe it: OAuth 1.0a with PLAINTEXT signatures,
//! and one address that takes requests in XML.
//!
//! `oauth` is as strict as RFC 5849 allows: every parameter is checked, and request tokens, verifiers and nonces are
//! valid once. `xml` answers the four reads that fbsync makes and nothing else.

mod oauth;
mod people;
mod xml;

use jiff::Timestamp;

use super::wire::{Answer, Asked, Fields};
use super::world::{Consent, World};

pub(super) use oauth::Ledger;
pub use people::{Contractor, Staff, Standing, System};

/// Where a Classic system answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    RequestToken,
    Authorize,
    AccessToken,
    Xml,
}

impl Endpoint {
    pub(super) fn of(path: &str) -> Option<Endpoint> {
        match path {
            "/oauth/oauth_request.php" => Some(Endpoint::RequestToken),
            "/oauth/oauth_authorize.php" => Some(Endpoint::Authorize),
            "/oauth/oauth_access.php" => Some(Endpoint::AccessToken),
            "/api/2.1/xml-in" => Some(Endpoint::Xml),
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
    let system = &world.classic;
    match system.standing {
        Standing::Open => {}
        Standing::Unknown => return Answer::redirect("https://www.freshbooks.com/loginSearch?from=api"),
        Standing::Deactivated => return Answer::redirect("https://www.freshbooks.com/deactivated.php"),
    }
    let answered = match endpoint {
        Endpoint::RequestToken => ledger.request_token(system, now, asked),
        Endpoint::Authorize => Ok(authorize(world, ledger, &asked.query_fields())),
        Endpoint::AccessToken => ledger.access_token(system, now, asked),
        Endpoint::Xml => ledger.check(system, now, asked).map(|()| xml::answer(system, asked)),
    };
    answered.unwrap_or_else(|problem| {
        Answer::new(401, "text/plain", format!("oauth_problem={problem}").into_bytes())
    })
}

/// The method and paging of a request in XML, for the record of what was sent.
pub(super) fn question(asked: &Asked) -> Fields {
    xml::question(&asked.body).unwrap_or_default()
}

fn authorize(world: &World, ledger: &mut Ledger, query: &Fields) -> Answer {
    let token = super::wire::field(query, "oauth_token").unwrap_or_default();
    let Some((callback, verifier)) = ledger.agree(token) else {
        return Answer::html(200, "This request has expired. Go back to the application and start again.");
    };
    let shown = match &world.consent {
        Consent::Deny => return Answer::html(200, "You did not allow the application."),
        Consent::Undecided => return Answer::html(200, "Allow this application?"),
        Consent::WrongState(other) => other,
        Consent::Allow | Consent::Ask | Consent::AllowOnly(_) | Consent::ForgetState => token,
    };
    match callback.as_str() {
        "oob" => Answer::html(200, &format!("Your verification code: <b>{verifier}</b>")),
        address => Answer::redirect(&format!("{address}?oauth_token={shown}&oauth_verifier={verifier}")),
    }
}
