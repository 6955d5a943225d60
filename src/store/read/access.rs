//! The access listing, row by row.

use std::collections::BTreeSet;

use rusqlite::Row;

use crate::error::{Error, Kind, Result};
use crate::model::marks::State;
use crate::store::field::Field as Value;
use crate::store::{Reader, schema, storage_error};

/// One row of the access listing, its columns in the order of the view; then every address of the person.
pub(crate) struct AccessRow<'a>(&'a Row<'a>);

impl AccessRow<'_> {
    /// The value of the column at `position`.
    pub(crate) fn value(&self, position: usize) -> Result<Value<'_>> {
        value(self.0, position)
    }

    /// The text of the column at `position`, empty where it holds none.
    pub(crate) fn text(&self, position: usize) -> Result<std::borrow::Cow<'_, str>> {
        Ok(match self.value(position)? {
            Value::Text(text) => text,
            Value::Null | Value::Integer(_) | Value::Blob(_) => "".into(),
        })
    }

    /// Every address of the person in this snapshot, `;`-joined.
    pub(crate) fn addresses(&self) -> Result<std::borrow::Cow<'_, str>> {
        self.text(self.0.as_ref().column_count() - 1)
    }

    pub(crate) fn integer(&self, position: usize) -> Result<i64> {
        Ok(match self.value(position)? {
            Value::Integer(value) => value,
            Value::Null | Value::Text(_) | Value::Blob(_) => 0,
        })
    }
}

fn value<'a>(row: &'a Row, position: usize) -> Result<Value<'a>> {
    let value = row.get_ref(position).map_err(|error| storage_error(error, "read the snapshot"))?;
    let foreign =
        || Error::new(Kind::Storage, format!("column {position} of a row holds no text or integer"));
    Value::from_sql(value).filter(|value| !matches!(value, Value::Blob(_))).ok_or_else(foreign)
}

/// The accounts that a listing is limited to; all of them without one.
#[derive(Clone, Debug, Default)]
pub(crate) struct People(Option<BTreeSet<String>>);

impl People {
    /// Only the accounts with these keys.
    pub(crate) fn only(keys: BTreeSet<String>) -> Self {
        People(Some(keys))
    }

    /// The keys that it is limited to.
    pub(crate) fn keys(&self) -> Option<&BTreeSet<String>> {
        self.0.as_ref()
    }

    /// Whether the account with this key is among them.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(key))
    }

    /// As a condition on `column`, with the parameter `?2`.
    pub(super) fn condition(&self, column: &str) -> String {
        match &self.0 {
            Some(_) => format!("{column} IN (SELECT value FROM json_each(?2))"),
            None => "?2 IS NULL".to_owned(),
        }
    }

    pub(super) fn parameter(&self) -> Option<String> {
        let keys = self.0.as_ref()?;
        // A list of texts always serializes.
        Some(serde_json::to_string(keys).unwrap_or_default())
    }
}

/// One membership as the reports across businesses need it.
pub(crate) struct Holding<'a> {
    /// Place of the business in the snapshot's order.
    pub(crate) business: usize,
    pub(crate) account_key: &'a str,
    pub(crate) role: &'a str,
    pub(crate) role_class: &'a str,
    pub(crate) state: State,
}

impl Reader {
    /// Hands the rows of a snapshot's access listing to `take`, in report order.
    pub(crate) fn access_rows(
        &self,
        snapshot_id: i64,
        people: &People,
        mut take: impl FnMut(&AccessRow) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| storage_error(error, "read the snapshot");
        let (access, only) = (schema::access(", a.emails"), people.condition("m.account_key"));
        let sql = format!("{access} WHERE s.id = ?1 AND {only} {}", schema::ACCESS_ORDER);
        let mut statement = self.connection().prepare(&sql).map_err(failed)?;
        let mut rows = statement.query((snapshot_id, people.parameter())).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            take(&AccessRow(row))?;
        }
        Ok(())
    }

    /// Hands every membership to `take`, business by business in report order.
    pub(crate) fn holdings(
        &self,
        snapshot_id: i64,
        people: &People,
        mut take: impl FnMut(&Holding),
    ) -> Result<()> {
        let sql = format!(
            "SELECT sl.position, m.account_key, m.role, m.role_class, m.state FROM snapshot_listings sl
             JOIN listings l ON l.id = sl.memberships {}
             WHERE sl.snapshot_id = ?1 AND {} {}",
            schema::MEMBERS,
            people.condition("m.account_key"),
            schema::ACCESS_ORDER,
        );
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection().prepare(&sql)?;
            let mut rows = statement.query((snapshot_id, people.parameter()))?;
            while let Some(row) = rows.next()? {
                let text = |at: usize| row.get_ref(at).and_then(|value| Ok(value.as_str()?));
                take(&Holding {
                    business: usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
                    account_key: text(1)?,
                    role: text(2)?,
                    role_class: text(3)?,
                    state: row.get(4)?,
                });
            }
            Ok(())
        };
        read().map_err(|error| storage_error(error, "read the snapshot's memberships"))
    }
}
