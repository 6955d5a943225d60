//! How every request to Classic is signed: OAuth 1.0a with PLAINTEXT signatures (RFC 5849).
//!
//! All parameters travel in the `Authorization` header, so that no secret is ever in a URL or a body.

use crate::error::Result;
use crate::oauth::{Client, unguessable};
use crate::secret::Secret;
use crate::time::Timestamp;

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

    /// What must never be printed, even if an answer quotes it.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
