//! OAuth 1.0a tokens, and the check that a request is signed as RFC 5849 requires.
//!
//! A refusal is a word of the OAuth Problem Reporting extension, with its parameters.

use std::collections::HashSet;

use jiff::Timestamp;
use percent::decoded;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::System;
use crate::sandbox::ledger::hex;
use crate::sandbox::wire::{Answer, Asked, Fields, field};

/// How far the client's clock may be off.
const WINDOW_SECONDS: u64 = 300;

/// Everything issued by one sandbox.
#[derive(Default)]
pub(in crate::sandbox) struct Ledger {
    seed: String,
    issued: u64,
    requests: Vec<Temporary>,
    tokens: Vec<Pair>,
    nonces: HashSet<String>,
}

struct Pair {
    token: String,
    secret: String,
}

/// A request token and what became of it.
struct Temporary {
    pair: Pair,
    callback: String,
    verifier: Option<String>,
    spent: bool,
}

impl Ledger {
    pub(in crate::sandbox) fn new(seed: &str) -> Ledger {
        Ledger { seed: format!("classic/{seed}"), ..Ledger::default() }
    }

    pub(super) fn request_token(
        &mut self,
        system: &System,
        now: Timestamp,
        asked: &Asked,
    ) -> Result<Answer, String> {
        let fields = self.signed(system, now, asked, None)?;
        let callback = required(&fields, "oauth_callback")?.to_owned();
        if callback != "oob" && !callback.starts_with("http") {
            return Err("parameter_rejected&oauth_parameters_rejected=oauth_callback".to_owned());
        }
        let pair = self.pair();
        let answer = token_answer(&pair, system.confirms_callbacks);
        self.requests.push(Temporary { pair, callback, verifier: None, spent: false });
        Ok(answer)
    }

    /// The person agrees. Returns the callback and the verifier, or `None` for an unknown or spent token.
    pub(super) fn agree(&mut self, token: &str) -> Option<(String, String)> {
        let verifier = self.next()[..16].to_owned();
        let request =
            self.requests.iter_mut().find(|request| request.pair.token == token && !request.spent)?;
        let verifier = request.verifier.get_or_insert(verifier).clone();
        Some((request.callback.clone(), verifier))
    }

    pub(super) fn access_token(
        &mut self,
        system: &System,
        now: Timestamp,
        asked: &Asked,
    ) -> Result<Answer, String> {
        let header = parameters(asked)?;
        let token = required(&header, "oauth_token")?;
        let found = self.requests.iter().position(|request| request.pair.token == token && !request.spent);
        let at = found.ok_or_else(|| "token_rejected".to_owned())?;
        let secret = self.requests[at].pair.secret.clone();
        let fields = self.signed(system, now, asked, Some(&secret))?;
        let verifier = required(&fields, "oauth_verifier")?;
        if self.requests[at].verifier.as_deref() != Some(verifier) {
            return Err("verifier_invalid".to_owned());
        }
        self.requests[at].spent = true;
        let pair = self.pair();
        let answer = token_answer(&pair, false);
        self.tokens.push(pair);
        Ok(answer)
    }

    /// Checks that a request for data is signed with a token that was issued.
    pub(super) fn check(&mut self, system: &System, now: Timestamp, asked: &Asked) -> Result<(), String> {
        let header = parameters(asked)?;
        let token = required(&header, "oauth_token")?;
        let pair = self.tokens.iter().find(|pair| pair.token == token);
        let secret = pair.ok_or_else(|| "token_rejected".to_owned())?.secret.clone();
        self.signed(system, now, asked, Some(&secret)).map(|_| ())
    }

    pub(in crate::sandbox) fn revoke_all(&mut self) {
        self.tokens.clear();
    }

    /// Whether `text` contains a token or its secret.
    pub(in crate::sandbox) fn leaks_into(&self, text: &str) -> bool {
        self.tokens.iter().any(|pair| text.contains(&pair.token) || text.contains(&pair.secret))
    }

    /// Verifies a request and returns its parameters (RFC 5849 section 3.2).
    fn signed(
        &mut self,
        system: &System,
        now: Timestamp,
        asked: &Asked,
        token_secret: Option<&str>,
    ) -> Result<Fields, String> {
        let fields = parameters(asked)?;
        if required(&fields, "oauth_consumer_key")? != system.consumer_key {
            return Err("consumer_key_unknown".to_owned());
        }
        if required(&fields, "oauth_signature_method")? != "PLAINTEXT" {
            return Err("signature_method_rejected".to_owned());
        }
        if field(&fields, "oauth_version").is_some_and(|version| version != "1.0") {
            return Err("version_rejected".to_owned());
        }
        let seconds: i64 = required(&fields, "oauth_timestamp")?.parse().map_err(|_| "timestamp_refused")?;
        if now.as_second().abs_diff(seconds) > WINDOW_SECONDS {
            return Err("timestamp_refused".to_owned());
        }
        let nonce = format!("{seconds} {}", required(&fields, "oauth_nonce")?);
        let secrets = [system.consumer_secret.as_str(), token_secret.unwrap_or_default()];
        let parts: Vec<&str> = required(&fields, "oauth_signature")?.split('&').collect();
        let given: Option<Vec<String>> = parts.into_iter().map(decoded).collect();
        if given.as_deref() != Some(&secrets.map(str::to_owned)) {
            return Err("signature_invalid".to_owned());
        }
        match self.nonces.insert(nonce) {
            true => Ok(fields),
            false => Err("nonce_used".to_owned()),
        }
    }

    fn pair(&mut self) -> Pair {
        Pair { token: self.next(), secret: self.next() }
    }

    fn next(&mut self) -> String {
        self.issued += 1;
        hex(&Sha256::digest(format!("{}/{}", self.seed, self.issued)))
    }
}

fn token_answer(pair: &Pair, confirmed: bool) -> Answer {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("oauth_token", &pair.token).append_pair("oauth_token_secret", &pair.secret);
    if confirmed {
        form.append_pair("oauth_callback_confirmed", "true");
    }
    Answer::new(200, "text/plain", form.finish().into_bytes())
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, String> {
    field(fields, name).ok_or_else(|| format!("parameter_absent&oauth_parameters_absent={name}"))
}

/// The parameters of the `Authorization` header (section 3.5.1), each once and encoded as section 3.6 says.
fn parameters(asked: &Asked) -> Result<Fields, String> {
    let malformed = || "parameter_rejected".to_owned();
    let header = asked.header("authorization").and_then(|header| header.strip_prefix("OAuth "));
    let header = header.ok_or_else(|| "parameter_absent&oauth_parameters_absent=oauth_token".to_owned())?;
    let mut fields = Fields::new();
    for part in header.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or_else(malformed)?;
        let value =
            value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).ok_or_else(malformed)?;
        let value = decoded(value).ok_or_else(malformed)?;
        if fields.iter().any(|(known, _)| known == name) {
            return Err(malformed());
        }
        fields.push((name.to_owned(), value));
    }
    Ok(fields)
}

/// Percent-encoding as in RFC 5849 section 3.6: reserved bytes must be encoded, unreserved ones must not.
mod percent {
    pub(super) fn decoded(text: &str) -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            match first {
                b'%' => {
                    let (digits, after) = rest.split_first_chunk::<2>()?;
                    let digits =
                        str::from_utf8(digits).ok().filter(|digits| *digits == digits.to_uppercase())?;
                    let byte = u8::from_str_radix(digits, 16).ok().filter(|byte| !is_unreserved(*byte))?;
                    bytes.push(byte);
                    rest = after;
                }
                byte if is_unreserved(byte) => bytes.push(byte),
                _ => return None,
            }
        }
        String::from_utf8(bytes).ok()
    }

    fn is_unreserved(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
    }
}
