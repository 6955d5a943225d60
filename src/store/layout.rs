//! How content becomes a hash. Documented in the README, so that it can be recomputed without fbsync.
//!
//! Layout `fbsync-1`, everything in UTF-8, every hash SHA-256:
//! - a row: the compact JSON array of its kind (`"business"`, `"account"`, `"membership"`) and its
//!   columns in the order of its table, without `id` and `sha256`;
//! - a listing: the lower-case hex hashes of its rows, or of its records sorted, each followed by a
//!   line feed;
//! - a snapshot: one compact JSON array a line, each followed by a line feed: `["snapshot", …]` with
//!   every column but `content_sha256`; `["business", row, listing]` for each business in order;
//!   `["accounts", listing]`; `["records", listing]` for each business in order, then for the identity:
//!   what further sources said; `["coverage", …]` and `["request", …]` with their columns after
//!   `snapshot_id`, in the order of their keys.
//!
//! A layout never changes. Columns that come later enter a new one.

use std::borrow::Cow;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::Timestamp;
use crate::model::reading::{Digest, hex};

pub(crate) const NAME: &str = "fbsync-1";

/// One column's value: what is written to SQLite is what is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Field<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
}

impl<'a> Field<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Field::Text(text.into())
    }

    /// Text, or null where there is none.
    pub(crate) fn unless_empty(text: &'a str) -> Self {
        if text.is_empty() { Field::Null } else { Field::text(text) }
    }

    pub(crate) fn optional_text(text: Option<&'a str>) -> Self {
        text.map_or(Field::Null, Field::text)
    }

    pub(crate) fn optional_integer(value: Option<i64>) -> Self {
        value.map_or(Field::Null, Field::Integer)
    }

    pub(crate) fn optional_bool(value: Option<bool>) -> Self {
        value.map_or(Field::Null, Field::from)
    }

    pub(crate) fn moment(moment: Option<Timestamp>) -> Self {
        moment.map_or(Field::Null, |moment| Field::text(moment.to_string()))
    }

    pub(crate) fn digest(digest: &Digest) -> Self {
        Field::text(hex(digest))
    }

    /// What SQLite holds. `None` for a real number or a blob, which no hashed column has.
    pub(crate) fn from_sql(value: ValueRef<'a>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(Field::Null),
            ValueRef::Integer(value) => Some(Field::Integer(value)),
            ValueRef::Text(text) => Some(Field::Text(String::from_utf8_lossy(text))),
            ValueRef::Real(_) | ValueRef::Blob(_) => None,
        }
    }

    /// A value that outlives the row it was read from.
    pub(super) fn into_owned(self) -> Field<'static> {
        match self {
            Field::Null => Field::Null,
            Field::Integer(value) => Field::Integer(value),
            Field::Text(text) => Field::text(text.into_owned()),
        }
    }
}

impl From<bool> for Field<'_> {
    fn from(value: bool) -> Self {
        Field::Integer(value.into())
    }
}

impl From<i64> for Field<'_> {
    fn from(value: i64) -> Self {
        Field::Integer(value)
    }
}

impl ToSql for Field<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Field::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Field::Integer(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Field::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// The hash of one row.
pub(crate) fn row(kind: &str, fields: &[Field]) -> Digest {
    Sha256::digest(line(kind, fields)).into()
}

/// The hash of a listing, from the hashes of its rows in order.
pub(crate) fn listing<'a>(rows: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let mut hasher = Sha256::new();
    for row in rows {
        hasher.update(hex(row));
        hasher.update("\n");
    }
    hasher.finalize().into()
}

/// The hash of a snapshot, fed line by line.
#[derive(Default)]
pub(crate) struct Content(Sha256);

impl Content {
    pub(crate) fn line(&mut self, kind: &str, fields: &[Field]) {
        self.0.update(line(kind, fields));
        self.0.update("\n");
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}

fn line(kind: &str, fields: &[Field]) -> String {
    let kind = Field::text(kind);
    let values: Vec<&Field> = std::iter::once(&kind).chain(fields).collect();
    // Numbers and text always serialize.
    serde_json::to_string(&values).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_form_is_what_is_hashed() {
        let fields = [Field::Integer(7), Field::Null, Field::text("Zoë \"Z\"\n")];
        assert_eq!(line("business", &fields), r#"["business",7,null,"Zoë \"Z\"\n"]"#);
        let expected: Digest = Sha256::digest(r#"["business",7,null,"Zoë \"Z\"\n"]"#).into();
        assert_eq!(row("business", &fields), expected);
    }

    #[test]
    fn the_order_of_rows_counts() {
        let (a, b) = ([1; 32], [2; 32]);
        assert_ne!(listing([&a, &b]), listing([&b, &a]));
        assert_eq!(hex(&listing([])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
