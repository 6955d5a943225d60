//! OAuth 1.0a with PLAINTEXT signatures (RFC 5849): how Classic is asked for tokens, and how every
//! request is signed with them.
//!
//! Everything of the protocol travels in the `Authorization` header, so that no secret is ever in an
//! address or a body.

use url::form_urlencoded;

use super::System;
use super::problem::Problem;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::http::{Answer, Failure, Http, TRUST_HINT, complaint, without};
use crate::model::Timestamp;
use crate::oauth::{Client, unguessable};
use crate::secret::Secret;

/// Tells the server to show the verifier to the person, for want of an address to send it to (RFC 5849
/// section 2.1).
pub(crate) const OUT_OF_BAND: &str = "oob";

/// A token and the secret that signs with it.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    pub(crate) secret: Secret,
}

/// The app, and the token it holds once a person has agreed.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) consumer: Client,
    pub(crate) token: Option<Token>,
}

impl Signer {
    /// The `Authorization` of one request (section 3.5.1). `also` are further parameters of the
    /// protocol.
    pub(crate) fn authorization(&self, now: Timestamp, also: &[(&str, &str)]) -> Result<Secret> {
        let nonce = unguessable()?;
        let timestamp = now.since(Timestamp::EPOCH).as_secs().to_string();
        let signature = self.signature();
        let mut parameters = vec![("oauth_consumer_key", self.consumer.id.as_str())];
        parameters.extend(self.token.as_ref().map(|token| ("oauth_token", token.value.expose())));
        parameters.extend([
            ("oauth_signature_method", "PLAINTEXT"),
            ("oauth_signature", signature.expose()),
            ("oauth_timestamp", &timestamp),
            ("oauth_nonce", nonce.expose()),
            ("oauth_version", "1.0"),
        ]);
        parameters.extend(also);
        let parameters = parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value)));
        let parameters: Vec<String> = parameters.collect();
        Ok(Secret::new(format!("OAuth realm=\"\",{}", parameters.join(","))))
    }

    /// Both secrets, each encoded, with `&` between them even where there is no token (section 3.4.4).
    fn signature(&self) -> Secret {
        let token = self.token.as_ref().map(|token| encoded(token.secret.expose()));
        Secret::new(format!("{}&{}", encoded(self.consumer.secret.expose()), token.unwrap_or_default()))
    }

    /// What must never be repeated, whoever quotes it.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        let token = self.token.iter().flat_map(|token| [&token.secret, &token.value]);
        token.chain([&self.consumer.secret]).collect()
    }
}

/// Percent-encodes every byte but the unreserved ones (section 3.6): stricter than a form is encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

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
            // A server of OAuth 1.0 does not say so: there, one person can be sent to agree for another.
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

    /// Asked once, since a token and a verifier count once. The token, and whether the callback was
    /// confirmed.
    fn ask(&self, page: &str, token: Option<&Token>, also: (&str, &str)) -> Result<(Token, bool)> {
        let signer = Signer { consumer: self.consumer.clone(), token: token.cloned() };
        let authorization = signer.authorization(self.app.clock.now(), &[also])?;
        let url = self.app.endpoints.api.url(&["oauth", page]);
        let answer = self.http.post_signed(&url, &authorization).map_err(|failure| match failure {
            Failure::Fatal(error) => error,
            Failure::Distrusted(why) => Error::new(Kind::Unavailable, self.failed(&why)).hint(TRUST_HINT),
            other => Error::new(Kind::Unavailable, self.failed(&other.to_string()))
                .hint("check the connection (proxy, firewall, DNS) and run the command again"),
        })?;
        read_token(&answer).ok_or_else(|| {
            let (status, secrets) = (answer.status, signer.secrets());
            let why = match status {
                200..300 => "the answer holds no token".to_owned(),
                _ => format!("HTTP {status}: {}", complaint(status, &without(&secrets, &answer.body))),
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

    fn signer(secret: &str, token: Option<(&str, &str)>) -> Signer {
        let consumer = Client {
            id: "acme".to_owned(),
            secret: Secret::new(secret),
            redirect_uri: "https://localhost:8799/callback".to_owned(),
        };
        let token =
            token.map(|(value, secret)| Token { value: Secret::new(value), secret: Secret::new(secret) });
        Signer { consumer, token }
    }

    #[test]
    fn only_unreserved_characters_stay() {
        let table = [
            ("abcXYZ019-._~", "abcXYZ019-._~"),
            ("a b+c&d=e/f", "a%20b%2Bc%26d%3De%2Ff"),
            ("*!'()", "%2A%21%27%28%29"),
            ("é☃", "%C3%A9%E2%98%83"),
            ("%", "%25"),
            ("\n\0", "%0A%00"),
        ];
        for (text, expected) in table {
            assert_eq!(encoded(text), expected);
        }
    }

    #[test]
    fn a_signature_is_both_secrets_even_without_a_token() {
        let table = [
            // The example of RFC 5849 section 1.2.
            ("kd94hf93k423kf44", None, "kd94hf93k423kf44&"),
            ("kd94hf93k423kf44", Some("hdhd0244k9j7ao03"), "kd94hf93k423kf44&hdhd0244k9j7ao03"),
            // `&` separates, so one within is encoded.
            ("a&b", Some("c d%"), "a%26b&c%20d%25"),
            ("", Some(""), "&"),
        ];
        for (consumer, token, expected) in table {
            let signer = signer(consumer, token.map(|secret| ("value", secret)));
            assert_eq!(signer.signature().expose(), expected);
        }
    }

    #[test]
    fn a_header_carries_everything_and_encodes_it_once_more() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").expect("a time");
        let header = |signer: &Signer, also: &[(&str, &str)]| {
            let header = signer.authorization(now, also).expect("random");
            let (before, nonce) = header.expose().split_once("oauth_nonce=\"").expect("a nonce");
            let (nonce, after) = nonce.split_once('"').expect("an end");
            (nonce.to_owned(), format!("{before}nonce{after}"))
        };
        let (nonce, found) = header(&signer("a&b", None), &[("oauth_callback", "https://localhost:1/c")]);
        assert_eq!(
            found,
            "OAuth realm=\"\",oauth_consumer_key=\"acme\",oauth_signature_method=\"PLAINTEXT\",\
             oauth_signature=\"a%2526b%26\",oauth_timestamp=\"1767225600\",nonce,oauth_version=\"1.0\",\
             oauth_callback=\"https%3A%2F%2Flocalhost%3A1%2Fc\""
        );
        let (other, found) = header(&signer("secret", Some(("to/ken", "tokensecret"))), &[]);
        assert!(
            found.contains("oauth_token=\"to%2Fken\"")
                && found.contains("oauth_signature=\"secret%26tokensecret\"")
        );
        assert!(nonce.len() == 43 && nonce != other);
    }

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
