//! Makes of a JSON object the record that is kept: without secrets and without what no access
//! review needs, its keys in order, everything else to the letter.
//!
//! Numbers and strings are copied as they were written, so that no id is rounded and no escape
//! rewritten. Keys are sorted, since a server may send them in any order and the same record should
//! have the same hash. Fields that are not on the list stay, new ones too.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::model::reading::Digest;

/// What no access review needs: postal addresses, phone and fax numbers, pay rate, notes, plan
/// limits, professions, client links. The README shows this list.
const DROPPED: &[&str] = &[
    "address",
    "addresses",
    "street",
    "street_1",
    "street_2",
    "street1",
    "street2",
    "city",
    "province",
    "state_province",
    "country",
    "country_code",
    "postal_code",
    "p_street",
    "p_street2",
    "p_city",
    "p_province",
    "p_country",
    "p_code",
    "phone_number",
    "phone_numbers",
    "bus_phone",
    "home_phone",
    "mob_phone",
    "fax",
    "rate",
    "note",
    "notes",
    "permissions",
    "profession",
    "professions",
    "business_clients",
];

/// Deeper nesting than this is no record of FreshBooks', and recursion has to end somewhere.
const DEEPEST: usize = 64;

/// Whether a field never enters a record. Secrets go by their name's ending, so that a new one goes too.
fn is_dropped(key: &str) -> bool {
    let ends_with = |word: &str| {
        let tail = key.len().checked_sub(word.len()).and_then(|start| key.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
    };
    ends_with("token") || ends_with("secret") || DROPPED.contains(&key)
}

/// A record ready to be kept: its body and the hash of that body.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) sha256: Digest,
    pub(crate) body: String,
}

/// Strips one JSON object, leaving out `also_dropped` at the top level. `None` if it is no object.
pub(super) fn record(raw: &RawValue, also_dropped: &[&str]) -> Option<Record> {
    if !raw.get().starts_with('{') {
        return None;
    }
    let mut body = String::with_capacity(raw.get().len());
    write_stripped(&mut body, raw, also_dropped, 0)?;
    let sha256 = Sha256::digest(body.as_bytes()).into();
    Some(Record { sha256, body })
}

fn write_stripped(out: &mut String, raw: &RawValue, also_dropped: &[&str], depth: usize) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    match raw.get().as_bytes().first() {
        Some(b'{') => {
            let Fields(mut fields) = serde_json::from_str(raw.get()).ok()?;
            fields.retain(|(key, _)| !is_dropped(key) && !also_dropped.contains(&key.as_ref()));
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&serde_json::to_string(key).ok()?);
                out.push(':');
                write_stripped(out, value, &[], depth + 1)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            out.push('[');
            for (at, item) in items.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write_stripped(out, item, &[], depth + 1)?;
            }
            out.push(']');
        }
        _ => out.push_str(raw.get()),
    }
    Some(())
}

/// An object's fields in the order they came, values untouched.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::with_capacity(24);
        while let Some(key) = map.next_key::<Key>()? {
            fields.push((key.0, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// A key that borrows where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).expect("valid JSON");
        record(raw, &["business_memberships"]).map(|record| record.body)
    }

    #[test]
    fn secrets_and_contact_data_go_at_every_depth_and_the_rest_stays_to_the_letter() {
        let json = r#" {"z": 1.50, "fasttrack_token": "S", "big": 12345678901234567890123,
            "inner": {"api_token":"S","city":"Toronto","kept":"\u00e9\/"}, "list":[{"new_token":1,"a":[ ]}, 2],
            "business_memberships": [1], "phone_number": "1", "brand_new": null} "#;
        let expected = r#"{"big":12345678901234567890123,"brand_new":null,"inner":{"kept":"\u00e9\/"},"list":[{"a":[]},2],"z":1.50}"#;
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
