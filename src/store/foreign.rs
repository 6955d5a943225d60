//! A database of another program's shape, made in memory and handed out as bytes.
//!
//! For files that another product imports. It knows nothing of snapshots: whoever calls it brings the
//! schema and the rows. The same calls in the same order give the same bytes.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, MAIN_DB, ToSql, params_from_iter};

use super::storage_error;
use crate::error::{Error, Result};

/// One value on its way into a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plain<'a> {
    Text(&'a str),
    Integer(i64),
    Blob(&'a [u8]),
}

impl ToSql for Plain<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Plain::Text(text) => ValueRef::Text(text.as_bytes()),
            Plain::Integer(value) => ValueRef::Integer(value),
            Plain::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A database that exists only in memory until [`ForeignFile::finish`].
pub(crate) struct ForeignFile(Connection);

impl ForeignFile {
    /// Begins with the statements of `schema`: tables and indexes.
    pub(crate) fn new(schema: &str) -> Result<Self> {
        let connection = Connection::open_in_memory().map_err(failed)?;
        // One transaction for everything: quick, and one count in the header whatever the rows.
        connection.execute_batch(&format!("BEGIN; {schema}")).map_err(failed)?;
        Ok(ForeignFile(connection))
    }

    /// Adds a row: each cell with its column's name. Columns that are not named get their default.
    pub(crate) fn insert(&self, table: &str, cells: &[(&str, Plain)]) -> Result<()> {
        let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
        let places = vec!["?"; cells.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", names.join(", "));
        let insert = || -> rusqlite::Result<()> {
            let mut statement = self.0.prepare_cached(&sql)?;
            statement.execute(params_from_iter(cells.iter().map(|(_, value)| value))).map(drop)
        };
        insert().map_err(failed)
    }

    /// Hands out the whole file, as SQLite would have written it to a disk with a rollback journal.
    pub(crate) fn finish<T>(mut self, take: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.0.execute_batch("COMMIT").map_err(failed)?;
        Ok(take(&self.0.serialize(MAIN_DB).map_err(failed)?))
    }
}

fn failed(error: rusqlite::Error) -> Error {
    storage_error(error, "make the file's database")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Result<Vec<u8>> {
        let file =
            ForeignFile::new("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, c INTEGER DEFAULT 7)")?;
        file.insert("t", &[("a", Plain::Text("ä")), ("b", Plain::Blob(&[0, 255]))])?;
        file.insert("t", &[("c", Plain::Integer(-1))])?;
        file.finish(<[u8]>::to_vec)
    }

    #[test]
    fn the_same_rows_are_the_same_bytes_and_come_back() {
        let bytes = file().expect("a file");
        assert_eq!(bytes, file().expect("a file"));
        // File format version numbers 1 and 1: a rollback journal (SQLite, "The Database File Format").
        assert_eq!((&bytes[..16], &bytes[18..20]), (&b"SQLite format 3\0"[..], &[1, 1][..]));
        let mut read = Connection::open_in_memory().expect("a database");
        read.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true).expect("a database");
        let rows = read
            .prepare("SELECT a || '|' || hex(b) || '|' || c FROM t WHERE a IS NOT NULL UNION ALL SELECT c || '' FROM t WHERE a IS NULL")
            .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>());
        assert_eq!(rows.ok(), Some(vec!["ä|00FF|7".to_owned(), "-1".to_owned()]));
    }

    #[test]
    fn a_row_that_the_schema_refuses_is_an_error() {
        let file = ForeignFile::new("CREATE TABLE t (a TEXT UNIQUE)").expect("a file");
        let insert = || file.insert("t", &[("a", Plain::Text("twice"))]);
        assert!(insert().is_ok() && insert().is_err());
    }
}
