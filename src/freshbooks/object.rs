//! JSON objects and lists, parsed one level deep: nested values stay as text.
//!
//! So a value that no type can hold affects only itself, and a list of any length is processed without
//! being kept in memory. If a key occurs twice, the last value counts, as in JavaScript and Ruby.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A record has about twenty fields; a map of an accountant's accounts has hundreds.
const MOST_FIELDS: usize = 10_000;

/// Fields sorted by name: parsed once, for the record and for the values read from it.
#[derive(Debug)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// An object from a list, or what it is instead.
    pub(super) fn of(raw: &'a RawValue) -> Result<Self, &'static str> {
        match raw.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(raw.get()).map_err(|_| "has too many fields"),
            Some(b'n') => Err("is null"),
            _ => Err("is not an object"),
        }
    }

    /// The object as a wire type, whose fields read what they can and never fail.
    pub(super) fn read<T: Deserialize<'a> + Default>(&self) -> T {
        T::deserialize(MapDeserializer::<_, serde_json::Error>::new(self.fields())).unwrap_or_default()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// A value that is present and not null.
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

/// Passes the entries of a list to `take`, one by one, until it returns false: a list can be far longer
/// than the part that is used.
pub(super) fn each<'a>(list: &'a RawValue, take: impl FnMut(&'a RawValue) -> bool) {
    let mut deserializer = serde_json::Deserializer::from_str(list.get());
    // The list has already been parsed, so the only error is the early end.
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

/// A key that is borrowed unless it contains escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

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
}
