//! How content becomes a hash. Documented in the README, so that it can be recomputed without fbsync.
//!
//! Layout `fbsync-1`, everything in UTF-8, every hash SHA-256:
//! - a row: the compact JSON array of its kind (`"business"`, `"account"`, `"membership"`) and its
//!   columns in the order of its table, without `id` and `sha256`;
//! - a listing: the lower-case hex hashes of its rows, or of its records sorted, each followed by a
//!   line feed; accounts that are one membership and nothing more are not among the rows;
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

use crate::model::reading::{Digest, Hex, hex};
use crate::time::Timestamp;

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

    pub(crate) fn optional_text(text: Option<&'a str>) -> Self {
        text.map_or(Field::Null, Field::text)
    }

    pub(crate) fn optional_integer(value: Option<i64>) -> Self {
        value.map_or(Field::Null, Field::Integer)
    }

    pub(crate) fn moment(moment: Option<Timestamp>) -> Self {
        moment.map_or(Field::Null, |moment| Field::text(moment.to_string()))
    }

    pub(crate) fn digest(digest: &Digest) -> Self {
        Field::text(hex(*digest))
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

/// The hash of a listing, from the hashes of its rows in order.
pub(crate) fn listing<'a>(rows: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let mut hasher = Sha256::new();
    for row in rows {
        hasher.update(Hex::of(row).as_str());
        hasher.update("\n");
    }
    hasher.finalize().into()
}

/// The hash of a snapshot, fed line by line.
#[derive(Default)]
pub(crate) struct Content(Sha256);

impl Content {
    pub(crate) fn line(&mut self, kind: &str, fields: &[Field]) {
        let mut line = Vec::new();
        write_line(&mut line, kind, fields.iter());
        self.0.update(line);
        self.0.update("\n");
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}

/// The form in which rows and lines are hashed.
pub(super) fn write_line(line: &mut Vec<u8>, kind: &str, fields: impl Iterator<Item = impl Serialize>) {
    // Numbers and text always serialize, and a vector takes everything.
    line.push(b'[');
    let _ = serde_json::to_writer(&mut *line, kind);
    for field in fields {
        line.push(b',');
        let _ = serde_json::to_writer(&mut *line, &field);
    }
    line.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_rows_counts() {
        let (a, b) = ([1; 32], [2; 32]);
        assert_ne!(listing([&a, &b]), listing([&b, &a]));
        assert_eq!(hex(listing([])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
