//! Codes and tokens: what was issued to whom, and whether it is still valid.
//!
//! Nothing is ever removed, so that a revoked token that leaks into a query is still noticed. Values are derived from a
//! counter and the sandbox's address, so a token of one sandbox is unknown to another. They protect invented data and
//! need no entropy.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::world::World;

/// FreshBooks' authorization codes live five minutes.
const CODE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// An RS256 signature is 256 bytes; eight digests make as many.
const SIGNATURE_DIGESTS: usize = 8;

/// Everything issued by one sandbox.
pub(super) struct Ledger {
    seed: String,
    issued: u64,
    codes: Vec<Code>,
    pairs: Vec<Pair>,
}

/// What a code is bound to.
#[derive(Clone)]
pub(super) struct Binding {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) scopes: Vec<String>,
}

struct Code {
    text: String,
    binding: Binding,
    expires: Timestamp,
    spent: bool,
}

/// An access token and the refresh token issued with it.
pub(super) struct Pair {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) created: Timestamp,
    expires: Timestamp,
    refresh_spent: bool,
    revoked: bool,
}

impl Ledger {
    pub(super) fn new(seed: String) -> Ledger {
        Ledger { seed, issued: 0, codes: Vec::new(), pairs: Vec::new() }
    }

    pub(super) fn issue_code(&mut self, binding: Binding, now: Timestamp) -> String {
        let text = hex(&self.digest());
        self.codes.push(Code { text: text.clone(), binding, expires: now + CODE_LIFETIME, spent: false });
        text
    }

    /// What a live code is bound to, without spending it: a request that FreshBooks finds incomplete spends nothing.
    pub(super) fn binding(&self, code: &str, now: Timestamp) -> Option<Binding> {
        self.codes.iter().find(|c| c.text == code && !c.spent && now < c.expires).map(|c| c.binding.clone())
    }

    pub(super) fn spend_code(&mut self, code: &str) {
        self.codes.iter_mut().filter(|c| c.text == code).for_each(|c| c.spent = true);
    }

    /// Issues a pair; `refresh` is given where the world does not rotate refresh tokens.
    pub(super) fn issue_pair(
        &mut self,
        world: &World,
        now: Timestamp,
        client_id: &str,
        scopes: Vec<String>,
        refresh: Option<String>,
    ) -> &Pair {
        let expires = now + world.token_lifetime;
        let mut claims = claims(world, now, expires, client_id, &scopes);
        claims["jti"] = hex(&self.digest()).into();
        let access = self.access_token(&claims);
        let refresh = refresh.unwrap_or_else(|| hex(&self.digest()));
        let client_id = client_id.to_owned();
        let pair = Pair {
            access,
            refresh,
            client_id,
            scopes,
            created: now,
            expires,
            refresh_spent: false,
            revoked: false,
        };
        self.pairs.push(pair);
        &self.pairs[self.pairs.len() - 1]
    }

    /// The scopes of an access token that is neither expired nor revoked.
    pub(super) fn scopes(&self, access: &str, now: Timestamp) -> Option<&[String]> {
        let pair =
            self.pairs.iter().find(|pair| pair.access == access && !pair.revoked && now < pair.expires)?;
        Some(&pair.scopes)
    }

    pub(super) fn refreshable(&self, refresh: &str) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.refresh == refresh && !pair.refresh_spent && !pair.revoked)
    }

    pub(super) fn spend_refresh(&mut self, refresh: &str) {
        self.pairs
            .iter_mut()
            .filter(|pair| pair.refresh == refresh)
            .for_each(|pair| pair.refresh_spent = true);
    }

    /// The client an access or refresh token was issued to.
    pub(super) fn client_of(&self, token: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.is(token)).map(|pair| pair.client_id.as_str())
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.pairs.iter_mut().filter(|pair| pair.is(token)).for_each(|pair| pair.revoked = true);
    }

    pub(super) fn revoke_all(&mut self) {
        self.pairs.iter_mut().for_each(|pair| pair.revoked = true);
    }

    /// Whether an access token of this sandbox stands anywhere in `text`.
    pub(super) fn leaks_into(&self, text: &str) -> bool {
        self.pairs.iter().any(|pair| text.contains(&pair.access))
    }

    fn access_token(&mut self, claims: &Value) -> String {
        let header = json!({ "alg": "RS256", "kid": "sandbox", "typ": "JWT" });
        let signature: Vec<u8> = (0..SIGNATURE_DIGESTS).flat_map(|_| self.digest()).collect();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        [part(header.to_string().as_bytes()), part(claims.to_string().as_bytes()), part(&signature)].join(".")
    }

    fn digest(&mut self) -> [u8; 32] {
        self.issued += 1;
        Sha256::digest(format!("{}/{}", self.seed, self.issued)).into()
    }
}

impl Pair {
    fn is(&self, token: &str) -> bool {
        self.access == token || self.refresh == token
    }
}

fn claims(world: &World, now: Timestamp, expires: Timestamp, client_id: &str, scopes: &[String]) -> Value {
    json!({
        "sub": format!("SmuxIdentity;{}", world.me.id.unwrap_or_default()),
        "iat": now.as_second(),
        "exp": expires.as_second(),
        "client_id": client_id,
        "scope": scopes.join(" "),
        "auth.freshbooks.com/sub_type": "resource_owner",
        "auth.freshbooks.com/public_api_version": "2019-07-10",
    })
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
