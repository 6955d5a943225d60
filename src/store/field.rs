//! One value of a row: what is written to SQLite is what is hashed.

use std::borrow::Cow;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::Serialize;

use crate::model::reading::{Digest, hex};
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Field<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
    /// Never hashed: another column holds its hash.
    Blob(Cow<'a, [u8]>),
}

impl<'a> Field<'a> {
    /// Text, or null where there is none.
    pub(super) fn unless_empty(text: &'a str) -> Self {
        Some(text).filter(|text| !text.is_empty()).into()
    }

    /// What SQLite holds. `None` for a real number, which no column has.
    pub(super) fn from_sql(value: ValueRef<'a>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(Field::Null),
            ValueRef::Integer(value) => Some(Field::Integer(value)),
            ValueRef::Text(text) => Some(Field::Text(String::from_utf8_lossy(text))),
            ValueRef::Blob(bytes) => Some(Field::Blob(Cow::Borrowed(bytes))),
            ValueRef::Real(_) => None,
        }
    }
}

impl From<i64> for Field<'_> {
    fn from(value: i64) -> Self {
        Field::Integer(value)
    }
}

impl From<bool> for Field<'_> {
    fn from(value: bool) -> Self {
        Field::Integer(value.into())
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Field::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Field<'_> {
    fn from(text: String) -> Self {
        Field::Text(Cow::Owned(text))
    }
}

impl From<Timestamp> for Field<'_> {
    fn from(moment: Timestamp) -> Self {
        moment.to_string().into()
    }
}

impl From<&Digest> for Field<'_> {
    fn from(digest: &Digest) -> Self {
        hex(*digest).into()
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Field::Null, Into::into)
    }
}

impl ToSql for Field<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Field::Null => ValueRef::Null,
            Field::Integer(value) => ValueRef::Integer(*value),
            Field::Text(text) => ValueRef::Text(text.as_bytes()),
            Field::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
