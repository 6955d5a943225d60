//! Reads a token pair from an answer (RFC 6749 section 5.1), with FreshBooks' additional fields.
//!
//! The refresh token that was sent is now spent, so nothing else in the answer must cost the new one:
//! not a field of another type, not a duplicate key, not an answer that ends after the tokens. If a key
//! occurs twice, the last value counts.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::secret::Secret;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Pair {
    pub(super) access: Option<Secret>,
    pub(super) refresh: Option<Secret>,
    pub(super) scope: Option<String>,
    /// Seconds.
    pub(super) expires_in: Option<i64>,
    /// Unix seconds.
    pub(super) created_at: Option<i64>,
    /// Whether the answer was read to its end.
    pub(super) is_whole: bool,
}

impl Pair {
    /// Reads as much of it as `body` contains.
    pub(super) fn read(body: &str) -> Self {
        let mut pair = Pair::default();
        let mut json = serde_json::Deserializer::from_str(body);
        pair.is_whole = Into(&mut pair).deserialize(&mut json).is_ok();
        pair
    }

    fn set(&mut self, name: &str, value: Value) {
        match name {
            "access_token" => self.access = secret(&value).or(self.access.take()),
            "refresh_token" => self.refresh = secret(&value).or(self.refresh.take()),
            "scope" => self.scope = scopes(&value).or(self.scope.take()),
            "expires_in" => self.expires_in = whole_number(&value).or(self.expires_in),
            "created_at" => self.created_at = whole_number(&value).or(self.created_at),
            _ => {}
        }
    }
}

fn secret(value: &Value) -> Option<Secret> {
    value.as_str().map(Secret::given).filter(|secret| !secret.is_empty())
}

/// Separated by blanks in one string (RFC 6749 section 3.3); some servers send a list.
fn scopes(value: &Value) -> Option<String> {
    let words: Vec<&str> = match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => vec![other.as_str()?],
    };
    let words: Vec<&str> = words.iter().flat_map(|words| words.split_whitespace()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Numbers have been seen as strings, and with a fraction.
fn whole_number(value: &Value) -> Option<i64> {
    let float = || value.as_f64().filter(|number| number.abs() < 9e15).map(|number| number as i64);
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()).or_else(float)
}

/// Fills a pair field by field, so that everything before an error is kept.
struct Into<'p>(&'p mut Pair);

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pair of tokens")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.0.set(&name, map.next_value()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mutated::{mutated, quarters};

    const SCOPES: &str = "user:profile:read user:teams:read";

    fn pair() -> Pair {
        Pair {
            access: Some(Secret::new("acc-1")),
            refresh: Some(Secret::new("ref-1")),
            scope: Some(SCOPES.to_owned()),
            expires_in: Some(43_200),
            created_at: Some(1_790_000_000),
            is_whole: true,
        }
    }

    #[test]
    fn a_pair_is_read_however_odd_the_rest_is() {
        let good = r#"{"access_token":"acc-1","token_type":"Bearer","refresh_token":"ref-1","scope":"user:profile:read user:teams:read","expires_in":43200,"created_at":1790000000}"#;
        let bodies = [
            good.to_owned(),
            good.replace(
                r#""user:profile:read user:teams:read""#,
                r#"["user:profile:read","user:teams:read"]"#,
            ),
            good.replace("43200", "\"43200\"").replace("1790000000", "1790000000.25"),
            good.replace(r#""token_type""#, r#""scope":"x","error":"","error":null,"token_type""#),
            good.replace(r#""token_type":"Bearer""#, r#""token_type":7,"direct_buy_tokens":{"a":[1,{}]}"#),
            good.replace("acc-1", " acc-1\\n"),
            good.replace('}', r#","refresh_token":null,"access_token":7,"expires_in":{}}"#),
            format!("{good} and then some"),
        ];
        for body in bodies {
            assert_eq!(Pair::read(&body), pair(), "{body}");
        }
        for cut in [good.replace('}', ",\"id_token\":\"eyJ"), good.replace('}', "")] {
            assert_eq!(Pair::read(&cut), Pair { is_whole: false, ..pair() }, "{cut}");
        }
    }

    #[test]
    fn missing_fields_stay_missing() {
        for body in ["", "{}", "[]", "null", "<html>", r#"{"access_token":""}"#, r#"{"access_token":["a"]}"#]
        {
            let is_whole = body.starts_with('{');
            assert_eq!(Pair::read(body), Pair { is_whole, ..Pair::default() }, "{body}");
        }
        let cut = Pair::read(r#"{"access_token":"acc-1","refresh_token":"ref"#);
        assert_eq!((cut.access, cut.refresh), (Some(Secret::new("acc-1")), None));
    }

    proptest! {
        #![proptest_config(quarters(16))]

        /// A pair that any parser sees is kept; nothing else makes one.
        #[test]
        fn no_pair_is_lost_and_none_is_made_up(bytes in mutated(vec![
            br#"{"access_token":"acc1","token_type":"Bearer","expires_in":43200,"refresh_token":"ref1","scope":"user:profile:read user:teams:read","created_at":1790000000}"#.to_vec(),
            b"\xef\xbb\xbf{\"scope\":[\"a\",\"b\"],\"refresh_token\":\"r\\u0031\",\"expires_in\":\"9\",\"access_token\":\"a\"}".to_vec(),
        ])) {
            let body = String::from_utf8_lossy(&bytes);
            let pair = Pair::read(&body);
            if let Ok(value) = serde_json::from_str::<Value>(&body) {
                for (name, read) in [("access_token", &pair.access), ("refresh_token", &pair.refresh)] {
                    match value.get(name).and_then(secret) {
                        Some(token) => prop_assert_eq!(read.as_ref(), Some(&token), "{}", name),
                        None => prop_assert!(read.is_none() || body.matches(name).count() > 1, "{}", name),
                    }
                }
            }
        }
    }
}
