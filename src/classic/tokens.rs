//! The three steps to a token (RFC 5849 section 2): temporary credentials, a person's consent, the
//! access token.

use url::form_urlencoded;

use super::System;
use super::problem::Problem;
use super::signature::{Signer, Token};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::http::{Answer, Failure, Http};
use crate::oauth::Client;
use crate::secret::Secret;

/// The callback with which the server shows the verifier to the person instead of redirecting (section
/// 2.1).
pub(crate) const OUT_OF_BAND: &str = "oob";

/// Where Classic hands out tokens.
pub(crate) struct TokenDesk<'a> {
    pub(crate) http: &'a Http,
    /// Pointed at the system by [`System::app`].
    pub(crate) app: &'a App,
    pub(crate) system: &'a System,
    pub(crate) consumer: &'a Client,
}

impl TokenDesk<'_> {
    /// Temporary credentials, to send a person to Classic with (section 2.1).
    pub(crate) fn request_token(&self, callback: &str) -> Result<Token> {
        match self.ask("oauth_request.php", None, ("oauth_callback", callback))? {
            (token, true) => Ok(token),
            // OAuth 1.0 without the "a" lets an attacker finish a sign-in that somebody else started.
            (_, false) => Err(Error::new(Kind::Refused, self.failed("the callback was not confirmed"))
                .hint("FreshBooks Classic speaks OAuth 1.0a; check FRESHBOOKS_CLASSIC_URL")),
        }
    }

    /// Where the person agrees (section 2.2).
    pub(crate) fn authorize_url(&self, request_token: &Token) -> String {
        let mut url = self.app.endpoints.api.url(&["oauth", "oauth_authorize.php"]);
        url.query_pairs_mut().append_pair("oauth_token", request_token.value.expose());
        url.into()
    }

    /// The token that does not expire, for the verifier that the person came back with (section 2.3).
    pub(crate) fn access_token(&self, request_token: &Token, verifier: &Secret) -> Result<Token> {
        let also = ("oauth_verifier", verifier.expose());
        Ok(self.ask("oauth_access.php", Some(request_token), also)?.0)
    }

    /// Sends a request once, because a token and a verifier are valid once. Returns the token, and whether the
    /// callback was confirmed.
    fn ask(&self, page: &str, token: Option<&Token>, also: (&str, &str)) -> Result<(Token, bool)> {
        let signer = Signer { consumer: self.consumer.clone(), token: token.cloned() };
        let authorization = signer.authorization(self.app.clock.now(), &[also])?;
        let url = self.app.endpoints.api.url(&["oauth", page]);
        signer.secrets().into_iter().for_each(|secret| self.http.guard(secret));
        let answer = self.http.post_signed(&url, &authorization).map_err(|failure| match failure {
            Failure::Fatal(error) => error,
            Failure::Distrusted(distrust) => {
                Error::new(Kind::Unavailable, self.failed(&distrust.to_string())).hint(distrust.hint)
            }
            other => Error::new(Kind::Unavailable, self.failed(&other.to_string()))
                .hint("check the connection (proxy, firewall, DNS) and run the command again"),
        })?;
        read_token(&answer).ok_or_else(|| {
            let (status, secrets) = (answer.status, signer.secrets());
            let why = match status {
                200..300 => "the answer holds no token".to_owned(),
                _ => format!("HTTP {status}: {}", self.http.complaint_of(&answer, None).words()),
            };
            let problem = Problem::of(&answer, &why);
            let message = self.failed(&problem.sentence(self.system, &secrets));
            problem.into_error(message, self.system, &self.app.typed())
        })
    }

    fn failed(&self, why: &str) -> String {
        format!(
            "cannot sign in to the FreshBooks Classic system `{}`: {why}; nothing was stored",
            self.system
        )
    }
}

/// Reads a token answer: a form, whatever its type says.
fn read_token(answer: &Answer) -> Option<(Token, bool)> {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let value = |name| {
        let found = form_urlencoded::parse(text.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    let value_of = |name| value(name).map(Secret::new);
    let token = Token { value: value_of("oauth_token")?, secret: value_of("oauth_token_secret")? };
    let confirmed = value("oauth_callback_confirmed").is_some_and(|said| said.eq_ignore_ascii_case("true"));
    (200..300).contains(&answer.status).then_some((token, confirmed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::answer;

    #[test]
    fn a_token_answer_is_a_form_and_needs_both_parts() {
        let read = |status, body: &str| {
            let found = read_token(&answer(status, body));
            found.map(|(token, confirmed)| {
                format!("{} {} {confirmed}", token.value.expose(), token.secret.expose())
            })
        };
        let table = [
            (200, "oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true", Some("a b true")),
            (201, "\u{feff}oauth_token=a%2F&oauth_token_secret=+b&x=y\r\n", Some("a/ b false")),
            (200, "oauth_callback_confirmed=1&oauth_token=a&oauth_token_secret=b", Some("a b false")),
            (200, "oauth_token=a", None),
            (200, "oauth_token=a&oauth_token_secret=", None),
            (200, "<html>", None),
            (200, "", None),
            (401, "oauth_token=a&oauth_token_secret=b", None),
        ];
        for (status, body, expected) in table {
            assert_eq!(read(status, body).as_deref(), expected, "{body}");
        }
    }
}
