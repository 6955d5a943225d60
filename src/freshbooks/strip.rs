//! Makes of a JSON object the record that is kept: without secrets and without what no access
//! review needs, its keys in order, everything else to the letter.
//!
//! Numbers and strings are copied as they were written, so that no id is rounded and no escape
//! rewritten. Keys are sorted, since a server may send them in any order and the same record should
//! have the same hash. Fields that are not on the list stay, new ones too.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::model::reading::Digest;

/// Deeper nesting than this is no record of FreshBooks', and recursion has to end somewhere.
const DEEPEST: usize = 64;

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
    /// Strips an object, `also_dropped` at its top level too, and adds it. `None` if it is nested too
    /// deeply to be a record.
    pub(super) fn keep(&mut self, object: Object, also_dropped: &[&str]) -> Option<Digest> {
        let start = self.bodies.len();
        write_object(&mut self.bodies, object, also_dropped, 0)?;
        let sha256 = Sha256::digest(&self.bodies[start..]).into();
        self.each.push((sha256, self.bodies.len()));
        Some(sha256)
    }

    /// [`Records::keep`] for an object that is JSON text and no more.
    pub(crate) fn keep_text(&mut self, json: &str, also_dropped: &[&str]) -> Option<Digest> {
        self.keep(serde_json::from_str(json).ok()?, also_dropped)
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

fn write_object(out: &mut String, object: Object, also_dropped: &[&str], depth: usize) -> Option<()> {
    let Object(mut fields) = object;
    fields.retain(|(key, _)| !is_dropped(key) && !also_dropped.contains(&key.as_ref()));
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    out.push('{');
    for (at, (key, value)) in fields.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        write_key(out, key)?;
        out.push(':');
        write_stripped(out, value, depth + 1)?;
    }
    out.push('}');
    Some(())
}

fn write_key(out: &mut String, key: &str) -> Option<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match key.bytes().all(is_plain) {
        true => out.extend(["\"", key, "\""]),
        false => out.push_str(&serde_json::to_string(key).ok()?),
    }
    Some(())
}

fn write_stripped(out: &mut String, raw: &RawValue, depth: usize) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    match raw.get().as_bytes().first() {
        Some(b'{') => write_object(out, serde_json::from_str(raw.get()).ok()?, &[], depth)?,
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            out.push('[');
            for (at, item) in items.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write_stripped(out, item, depth + 1)?;
            }
            out.push(']');
        }
        _ => out.push_str(raw.get()),
    }
    Some(())
}

/// An object's fields in the order they came, values untouched: parsed once, for the record and for
/// what is read of it.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The object as a wire type.
    pub(super) fn read<T: Deserialize<'a>>(&self) -> serde_json::Result<T> {
        T::deserialize(MapDeserializer::new(self.0.iter().map(|(key, value)| (key.as_ref(), *value))))
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
        let mut fields = Vec::with_capacity(24);
        while let Some(key) = map.next_key::<Key>()? {
            fields.push((key.0, map.next_value()?));
        }
        Ok(Object(fields))
    }
}

/// A key that borrows where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(json: &str) -> Option<String> {
        let mut records = Records::default();
        records.keep(serde_json::from_str(json).ok()?, &["business_memberships"])?;
        records.iter().next().map(|(_, body)| body.to_owned())
    }

    #[test]
    fn secrets_and_contact_data_go_at_every_depth_and_the_rest_stays_to_the_letter() {
        let json = r#" {"z": 1.50, "fasttrack_token": "S", "big": 12345678901234567890123,
            "inner": {"api_token":"S","city":"Toronto","kept":"\u00e9\/"}, "list":[{"new_token":1,"a":[ ]}, 2], "q\"": 1,
            "business_memberships": [1], "phone_number": "1", "brand_new": null} "#;
        let expected = r#"{"big":12345678901234567890123,"brand_new":null,"inner":{"kept":"\u00e9\/"},"list":[{"a":[]},2],"q\"":1,"z":1.50}"#;
        assert_eq!(stripped(json).as_deref(), Some(expected));
    }

    #[test]
    fn only_objects_are_records_and_depth_ends() {
        assert_eq!(stripped("[1]"), None);
        assert_eq!(stripped("null"), None);
        assert_eq!(stripped(&format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100))), None);
    }

    #[test]
    fn the_order_of_keys_does_not_change_the_record() {
        assert_eq!(stripped(r#"{"b":1,"a":2}"#), stripped(r#"{ "a" : 2, "b" : 1 }"#));
    }
}
