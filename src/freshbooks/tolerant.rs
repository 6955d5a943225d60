//! Reads JSON values in more forms than the documentation promises.
//!
//! FreshBooks writes ids as numbers in one place and as text in another, leaves fields out, and sends
//! null where text is documented. None of this must lose a member: a value that cannot be read as the
//! type counts as absent, and the record itself is stored beside it.
//!
//! Each function reads a field of an [`Object`](super::object::Object), whose values are separate: a
//! number that no type can hold invalidates only its own value.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::time::Timestamp;

/// A scalar in its original form.
enum Scalar<'a> {
    Null,
    /// A list, an object, or a number that is out of range.
    Other,
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
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Scalar<'de> {
    deserializer.deserialize_any(ScalarVisitor).unwrap_or(Scalar::Other)
}

/// Text; empty for null and for anything that is not text. A number or a boolean is taken as written.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(match scalar(deserializer) {
        Scalar::Null | Scalar::Other => Cow::Borrowed(""),
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
    Ok(number(deserializer)?.known())
}

/// An integer for which it matters whether it was absent or unreadable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Number {
    /// Missing, null or empty.
    #[default]
    Absent,
    Is(i64),
    Unreadable,
}

impl Number {
    pub(crate) fn known(self) -> Option<i64> {
        match self {
            Number::Is(value) => Some(value),
            Number::Absent | Number::Unreadable => None,
        }
    }

    /// Whether there is a number that differs from `expected`.
    pub(super) fn differs_from(self, expected: i64) -> bool {
        !matches!(self, Number::Absent) && self != Number::Is(expected)
    }
}

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
    let value = match deserializer.deserialize_any(ScalarVisitor) {
        Ok(Scalar::Null) => return Ok(Number::Absent),
        Ok(Scalar::Text(text)) if text.trim().is_empty() => return Ok(Number::Absent),
        Ok(Scalar::Integer(value)) => Some(value),
        Ok(Scalar::Text(text)) => text.trim().parse().ok(),
        // Some encoders write every number with a fraction; up to 2^53 that is exact.
        Ok(Scalar::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
            format!("{value:.0}").parse().ok()
        }
        Ok(Scalar::Float(_) | Scalar::Bool(_) | Scalar::Other) | Err(_) => None,
    };
    Ok(value.map_or(Number::Unreadable, Number::Is))
}

/// A boolean, also as 0 and 1 and as text.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match scalar(deserializer) {
        Scalar::Bool(value) => Some(value),
        Scalar::Integer(0) => Some(false),
        Scalar::Integer(1) => Some(true),
        Scalar::Float(0.0) => Some(false),
        Scalar::Float(1.0) => Some(true),
        Scalar::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Scalar::Integer(_) | Scalar::Float(_) | Scalar::Null | Scalar::Other => None,
    })
}

/// A moment; an unreadable one counts as absent, and is still in the record.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Timestamp::parse(&text(deserializer)?))
}

/// A moment of the accounting API, in US Eastern time.
pub(super) fn eastern_moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(Timestamp::parse_eastern(&text(deserializer)?))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    use super::super::object::Object;

    #[derive(Deserialize, Debug, PartialEq, Default)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow, deserialize_with = "text")]
        text: Cow<'a, str>,
        #[serde(deserialize_with = "integer")]
        integer: Option<i64>,
        #[serde(deserialize_with = "number")]
        number: Number,
        #[serde(deserialize_with = "boolean")]
        boolean: Option<bool>,
    }

    fn sample(json: &str) -> Sample<'_> {
        let object: Object = serde_json::from_str(json).expect(json);
        object.read()
    }

    #[test]
    fn no_value_from_a_server_is_an_error() {
        assert_eq!(sample("{}"), Sample::default());
        assert_eq!(sample(r#"{"text":null,"integer":[1,{}],"boolean":{"a":[]}}"#), Sample::default());
        assert_eq!(sample(r#"{"text":{"a":1},"integer":1e999,"boolean":-1e999,"b":[]}"#), Sample::default());
        let full = sample(r#"{"text":12,"integer":"5512340","boolean":"True"}"#);
        assert_eq!((full.text.as_ref(), full.integer, full.boolean), ("12", Some(5_512_340), Some(true)));
        assert_eq!(sample(r#"{"text":"a\u00e9\n"}"#).text, "aé\n");
        assert_eq!(sample(r#"{"text":"a","text":"b"}"#).text, "b");
    }

    #[test]
    fn an_integer_is_exact_or_absent() {
        use Number::{Absent, Is, Unreadable};
        let table = [
            ("7701", Is(7701)),
            ("7701.0", Is(7701)),
            ("\" 7701 \"", Is(7701)),
            ("\"9007199254740993\"", Is(9_007_199_254_740_993)),
            ("9223372036854775807", Is(i64::MAX)),
            ("-1", Is(-1)),
            ("null", Absent),
            ("\"\"", Absent),
            ("9223372036854775808", Unreadable),
            ("\"9223372036854775808\"", Unreadable),
            ("7701.5", Unreadable),
            ("1e300", Unreadable),
            ("1e999", Unreadable),
            ("\"none yet\"", Unreadable),
            ("true", Unreadable),
            ("[1]", Unreadable),
            ("{}", Unreadable),
        ];
        for (json, expected) in table {
            let json = format!("{{\"number\":{json},\"integer\":{json}}}");
            let Sample { number, integer, .. } = sample(&json);
            assert_eq!(number, expected, "{json}");
            assert_eq!(integer, if let Is(value) = expected { Some(value) } else { None }, "{json}");
        }
    }

    #[test]
    fn a_boolean_comes_in_many_forms() {
        for (json, expected) in [
            ("true", Some(true)),
            ("1", Some(true)),
            ("1.0", Some(true)),
            ("\"TRUE\"", Some(true)),
            ("false", Some(false)),
            ("0.0", Some(false)),
            ("\"0\"", Some(false)),
            ("2", None),
            ("\"perhaps\"", None),
            ("null", None),
        ] {
            assert_eq!(sample(&format!("{{\"boolean\":{json}}}")).boolean, expected, "{json}");
        }
    }
}
