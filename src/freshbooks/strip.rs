//! Turns a JSON object into the record that is stored: without secrets and without anything that no
//! access review needs, with sorted keys, and otherwise unchanged.
//!
//! Numbers and strings are copied as they were written, so that no id is rounded and no escape is
//! rewritten. Keys are sorted because a server can send them in any order, and the same record should
//! have the same hash. Fields that are not on the list are kept, including new ones.

use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::object::{Object, each};
use crate::model::reading::Digest;

/// FreshBooks' records are not nested more deeply, and recursion must be limited: a field that is
/// nested more deeply is null in the record.
const DEEPEST: usize = 64;

/// Whether a field is never stored. Secrets are recognized by the ending of the name, so that new ones
/// are dropped too.
fn is_dropped(key: &str) -> bool {
    let ends_with = |word: &str| {
        let tail = key.len().checked_sub(word.len()).and_then(|start| key.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
    };
    ends_with("token") || ends_with("secret") || is_needless(key)
}

/// What no access review needs: postal addresses, phone and fax numbers, pay rate, notes, plan limits,
/// professions, client links. docs/database.md shows this list.
#[rustfmt::skip]
fn is_needless(key: &str) -> bool {
    matches!(
        key,
        "address" | "addresses" | "street" | "street_1" | "street_2" | "street1" | "street2" | "city"
            | "province" | "state_province" | "country" | "country_code" | "postal_code"
            | "p_street" | "p_street2" | "p_city" | "p_province" | "p_country" | "p_code"
            | "phone_number" | "phone_numbers" | "bus_phone" | "home_phone" | "mob_phone" | "fax"
            | "rate" | "note" | "notes" | "permissions" | "profession" | "professions" | "business_clients"
    )
}

/// Records ready to be stored: their bodies, one after the other, and the hash of each.
#[derive(Debug, Default)]
pub(crate) struct Records {
    bodies: String,
    /// Each hash, with the position at which the body ends.
    each: Vec<(Digest, usize)>,
}

impl Records {
    /// Strips an object, also dropping `also_dropped` at its top level, and adds it.
    pub(super) fn keep(&mut self, object: &Object, also_dropped: &[&str]) -> Digest {
        let start = self.bodies.len();
        write_object(&mut self.bodies, object, also_dropped, |out, value| match is_too_deep(value) {
            true => out.push_str("null"),
            false => write_stripped(out, value),
        });
        let sha256 = Sha256::digest(&self.bodies[start..]).into();
        self.each.push((sha256, self.bodies.len()));
        sha256
    }

    /// [`Records::keep`] for an object that is JSON text.
    pub(crate) fn keep_text(&mut self, json: &str, also_dropped: &[&str]) -> Option<Digest> {
        Some(self.keep(&serde_json::from_str(json).ok()?, also_dropped))
    }

    pub(crate) fn len(&self) -> usize {
        self.each.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Digest, &str)> {
        let mut start = 0;
        self.each.iter().map(move |(sha256, end)| {
            let body = &self.bodies[start..*end];
            start = *end;
            (sha256, body)
        })
    }
}

fn write_object(
    out: &mut String,
    object: &Object,
    also_dropped: &[&str],
    write: impl Fn(&mut String, &RawValue),
) {
    let kept = object.fields().filter(|(key, _)| !is_dropped(key) && !also_dropped.contains(key));
    out.push('{');
    for (at, (key, value)) in kept.enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        write_key(out, key);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn write_key(out: &mut String, key: &str) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match key.bytes().all(is_plain) {
        true => out.extend(["\"", key, "\""]),
        false => out.push_str(&Value::from(key).to_string()),
    }
}

fn write_stripped(out: &mut String, raw: &RawValue) {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => match serde_json::from_str(text) {
            Ok(object) => write_object(out, &object, &[], write_stripped),
            Err(_) => out.push_str("null"),
        },
        Some(b'[') => {
            out.push('[');
            let start = out.len();
            each(raw, |item| {
                out.push_str(if out.len() == start { "" } else { "," });
                write_stripped(out, item);
                true
            });
            out.push(']');
        }
        _ => out.push_str(text),
    }
}

/// Whether arrays and objects are nested more than [`DEEPEST`] levels. Checked before anything is
/// written, because nested values are parsed again at every level.
fn is_too_deep(raw: &RawValue) -> bool {
    if !raw.get().starts_with(['{', '[']) {
        return false;
    }
    let (mut depth, mut in_text, mut bytes) = (0, false, raw.get().bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(json: &str) -> String {
        let mut records = Records::default();
        records.keep(&serde_json::from_str(json).expect("an object"), &["business_memberships"]);
        records.iter().map(|(_, body)| body).collect()
    }

    #[test]
    fn secrets_and_contact_data_are_dropped_at_every_depth_and_the_rest_is_unchanged() {
        let json = r#" {"z": 1.50, "fasttrack_token": "S", "big": 12345678901234567890123,
            "inner": {"api_token":"S","city":"Toronto","kept":"\u00e9\/"}, "list":[{"new_token":1,"a":[ ]}, 2], "q\"": 1,
            "business_memberships": [1], "phone_number": "1", "brand_new": null} "#;
        let expected = r#"{"big":12345678901234567890123,"brand_new":null,"inner":{"kept":"\u00e9\/"},"list":[{"a":[]},2],"q\"":1,"z":1.50}"#;
        assert_eq!(stripped(json), expected);
    }

    #[test]
    fn only_the_field_that_is_too_deep_is_lost() {
        let nested = |open: &str, close: &str, depth: usize| {
            format!("{{\"a\":1,\"deep\":{}2{}}}", open.repeat(depth), close.repeat(depth))
        };
        for (open, close) in [("[", "]"), ("{\"]}\":", "}")] {
            let whole = nested(open, close, DEEPEST);
            assert_eq!(stripped(&whole), whole);
            assert_eq!(stripped(&nested(open, close, DEEPEST + 1)), r#"{"a":1,"deep":null}"#);
        }
    }

    #[test]
    fn keys_are_sorted_and_the_last_of_two_counts() {
        assert_eq!(stripped(r#"{"b":1,"a":2}"#), stripped(r#"{ "a" : 2, "b" : 1 }"#));
        assert_eq!(stripped(r#"{"b":1,"a":2,"b":{"c":3,"c":4}}"#), r#"{"a":2,"b":{"c":4}}"#);
    }
}
