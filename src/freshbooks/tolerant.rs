//! Reads JSON values in more forms than the documentation promises.
//!
//! FreshBooks writes ids as numbers in one place and as text in another, leaves fields out, and sends
//! null where text was documented. None of that may lose a member: what cannot be read as the type
//! is taken as absent, and the record itself is kept beside it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::time::Timestamp;

/// A scalar as it stood, `Nothing` for null, arrays and objects.
enum Scalar<'a> {
    Nothing,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(i64::try_from(value).map_or(Scalar::Text(value.to_string().into()), Scalar::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

/// Text; empty for null and for what is not text. A number or a boolean is taken as written.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Nothing => Cow::Borrowed(""),
        Scalar::Bool(value) => Cow::Owned(value.to_string()),
        Scalar::Integer(value) => Cow::Owned(value.to_string()),
        Scalar::Float(value) => Cow::Owned(value.to_string()),
        Scalar::Text(text) => text,
    })
}

/// Text that may be absent: null and empty are the same to FreshBooks' own clients.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = text(deserializer)?;
    Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
}

/// An integer, from a number or a numeric string.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Integer(value) => Some(value),
        Scalar::Text(text) => text.trim().parse().ok(),
        // Some encoders write every number with a fraction; up to 2^53 nothing is lost by that.
        Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
            format!("{value:.0}").parse().ok()
        }
        Scalar::Float(_) | Scalar::Nothing | Scalar::Bool(_) => None,
    })
}

/// A boolean, also as 0 and 1 and as text.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Bool(value) => Some(value),
        Scalar::Integer(0) => Some(false),
        Scalar::Integer(1) => Some(true),
        Scalar::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Scalar::Integer(_) | Scalar::Float(_) | Scalar::Nothing => None,
    })
}

/// A moment; unreadable ones are absent, and stay in the record.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Timestamp::parse(&text(deserializer)?))
}

/// A moment of the accounting family, in US Eastern time.
pub(super) fn eastern_moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(Timestamp::parse_eastern(&text(deserializer)?))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq, Default)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow, deserialize_with = "text")]
        text: Cow<'a, str>,
        #[serde(deserialize_with = "integer")]
        integer: Option<i64>,
        #[serde(deserialize_with = "boolean")]
        boolean: Option<bool>,
    }

    #[test]
    fn nothing_that_a_server_may_send_is_an_error() {
        let sample = |json: &'static str| serde_json::from_str::<Sample>(json).expect(json);
        assert_eq!(sample("{}"), Sample::default());
        assert_eq!(sample(r#"{"text":null,"integer":[1,{}],"boolean":{"a":[]}}"#), Sample::default());
        let full = sample(r#"{"text":12,"integer":"5512340","boolean":"True"}"#);
        assert_eq!(full, Sample { text: "12".into(), integer: Some(5_512_340), boolean: Some(true) });
        assert_eq!(sample(r#"{"integer":7701.0}"#).integer, Some(7701));
        assert_eq!(sample(r#"{"integer":7701.5}"#).integer, None);
        assert_eq!(sample(r#"{"integer":"9007199254740993"}"#).integer, Some(9_007_199_254_740_993));
        assert_eq!(sample(r#"{"text":"a\u00e9\n"}"#).text, "aé\n");
    }
}
