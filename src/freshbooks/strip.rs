//! Makes of a JSON object the record that is kept: without secrets and without what no access
//! review needs, its keys in order, everything else to the letter.
//!
//! Numbers and strings are copied as they were written, so that no id is rounded and no escape
//! rewritten. Keys are sorted, since a server may send them in any order and the same record should
//! have the same hash; of a key that comes twice the last value counts, as it does for JavaScript and
//! Ruby. Fields that are not on the list stay, new ones too.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::model::reading::Digest;

/// Deeper nesting than this is no record of FreshBooks', and recursion has to end somewhere: a field
/// that holds more is null in the record.
const DEEPEST: usize = 64;

/// A record has about twenty fields; a map by account of an accountant has hundreds.
const MOST_FIELDS: usize = 10_000;

/// Whether a field never enters a record. Secrets go by their name's ending, so that a new one goes too.
fn is_dropped(key: &str) -> bool {
    let ends_with = |word: &str| {
        let tail = key.len().checked_sub(word.len()).and_then(|start| key.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
    };
    ends_with("token") || ends_with("secret") || is_needless(key)
}

/// What no access review needs: postal addresses, phone and fax numbers, pay rate, notes, plan
/// limits, professions, client links. The README shows this list.
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

/// Records ready to be kept: their bodies, end to end, and the hash of each.
#[derive(Debug, Default)]
pub(crate) struct Records {
    bodies: String,
    /// With where the body ends.
    each: Vec<(Digest, usize)>,
}

impl Records {
    /// Strips an object, `also_dropped` at its top level too, and adds it.
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
    let kept = object.0.iter().filter(|(key, _)| !is_dropped(key) && !also_dropped.contains(&key.as_ref()));
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

/// An object's fields by name, values untouched: parsed once, for the record and for what is read of
/// it.
#[derive(Debug)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// An object out of a list, or what it is instead.
    pub(super) fn of(raw: &'a RawValue) -> Result<Self, &'static str> {
        match raw.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(raw.get()).map_err(|_| "has too many fields"),
            Some(b'n') => Err("is null"),
            _ => Err("is not an object"),
        }
    }

    /// The object as a wire type, whose fields take what they can read and are never an error.
    pub(super) fn read<T: Deserialize<'a> + Default>(&self) -> T {
        let fields = self.0.iter().map(|(key, value)| (key.as_ref(), *value));
        T::deserialize(MapDeserializer::<_, serde_json::Error>::new(fields)).unwrap_or_default()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let place = self.0.binary_search_by(|(key, _)| key.as_ref().cmp(name)).ok()?;
        Some(self.0[place].1).filter(|value| value.get() != "null")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut fields: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(24);
        while let Some(key) = map.next_key::<Key>()? {
            fields.push((key.0, map.next_value()?));
            if fields.len() > MOST_FIELDS {
                return Err(A::Error::custom("too many fields"));
            }
        }
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        fields.reverse();
        fields.dedup_by(|(earlier, _), (last, _)| earlier == last);
        fields.reverse();
        Ok(Object(fields))
    }
}

/// Whether arrays and objects lie more than [`DEEPEST`] in one another. Looked at before anything is
/// written: what is nested is parsed once more at every level.
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

/// Hands the entries of a list to `take`, one by one, as long as it wants more: a list may be far
/// longer than what is made of it.
pub(super) fn each<'a>(list: &'a RawValue, take: impl FnMut(&'a RawValue) -> bool) {
    let mut deserializer = serde_json::Deserializer::from_str(list.get());
    // A list was parsed already, so the only error is that of having enough.
    let _ = deserializer.deserialize_seq(Each(take));
}

struct Each<F>(F);

impl<'de, F: FnMut(&'de RawValue) -> bool> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element()? {
            if !(self.0)(entry) {
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// A key that borrows where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(json: &str) -> String {
        let mut records = Records::default();
        records.keep(&serde_json::from_str(json).expect("an object"), &["business_memberships"]);
        records.iter().map(|(_, body)| body).collect()
    }

    #[test]
    fn secrets_and_contact_data_go_at_every_depth_and_the_rest_stays_to_the_letter() {
        let json = r#" {"z": 1.50, "fasttrack_token": "S", "big": 12345678901234567890123,
            "inner": {"api_token":"S","city":"Toronto","kept":"\u00e9\/"}, "list":[{"new_token":1,"a":[ ]}, 2], "q\"": 1,
            "business_memberships": [1], "phone_number": "1", "brand_new": null} "#;
        let expected = r#"{"big":12345678901234567890123,"brand_new":null,"inner":{"kept":"\u00e9\/"},"list":[{"a":[]},2],"q\"":1,"z":1.50}"#;
        assert_eq!(stripped(json), expected);
    }

    #[test]
    fn only_objects_are_records() {
        for (json, flaw) in [("null", "is null"), ("[1]", "is not an object"), ("1e999", "is not an object")]
        {
            let raw: &RawValue = serde_json::from_str(json).expect("JSON");
            assert_eq!(Object::of(raw).expect_err(json), flaw);
        }
        let crowded: String = (0..=MOST_FIELDS).map(|n| format!("\"k{n}\":1,")).collect();
        let crowded = format!("{{{}}}", crowded.trim_end_matches(','));
        let raw: &RawValue = serde_json::from_str(&crowded).expect("JSON");
        assert_eq!(Object::of(raw).expect_err("crowded"), "has too many fields");
    }

    #[test]
    fn depth_ends_and_costs_nothing_else() {
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
    fn the_order_of_keys_does_not_change_the_record_and_the_last_of_two_counts() {
        assert_eq!(stripped(r#"{"b":1,"a":2}"#), stripped(r#"{ "a" : 2, "b" : 1 }"#));
        assert_eq!(stripped(r#"{"b":1,"a":2,"b":{"c":3,"c":4}}"#), r#"{"a":2,"b":{"c":4}}"#);
    }
}
