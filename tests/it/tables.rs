//! A database as somebody with `sqlite3` sees it: through SQL, and with no help from the program.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

pub(crate) struct Tables(Connection);

impl Tables {
    /// Opens without being able to change anything.
    pub(crate) fn open(path: &Path) -> Tables {
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        Tables(opened.expect("a database"))
    }

    /// Opens as a vandal does.
    pub(crate) fn open_for_writing(path: &Path) -> Tables {
        Tables(Connection::open(path).expect("a database"))
    }

    /// The rows of a query, cells joined by `|` as `sqlite3` prints them; null is empty.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let columns = statement.column_count();
        let line = |row: &rusqlite::Row| -> rusqlite::Result<String> {
            let cells = (0..columns).map(|at| Ok(text(row.get_ref(at)?)));
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
        };
        let rows = statement.query_map([], line).expect("a query");
        rows.collect::<rusqlite::Result<_>>().expect("rows")
    }

    /// The only row of a query.
    #[track_caller]
    pub(crate) fn one(&self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "{sql}: {rows:#?}");
        rows.into_iter().next().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.one(sql).parse().expect("a number")
    }

    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        self.rows(&format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"))
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The refusal of a statement that must be refused.
    #[track_caller]
    pub(crate) fn refusal(&self, sql: &str) -> String {
        match self.0.execute_batch(sql) {
            Ok(()) => panic!("was not refused: {sql}"),
            Err(error) => error.to_string(),
        }
    }

    /// All of it as SQL that makes it anew, the same text each time.
    pub(crate) fn dump(&self) -> String {
        let number = |pragma: &str| self.one(&format!("PRAGMA {pragma}"));
        let definitions = |which: &str| {
            let sql = format!(
                "SELECT sql || ';' FROM sqlite_schema WHERE type {which} 'table' AND sql IS NOT NULL ORDER BY rowid"
            );
            self.rows(&sql)
        };
        let tables = self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid");
        let content = tables.iter().flat_map(|table| {
            let columns = self.columns(table);
            let quoted: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let values = quoted.join(" || ',' || ");
            self.rows(&format!("SELECT 'INSERT INTO {table} VALUES(' || {values} || ');' FROM {table}"))
        });
        let mut lines = vec!["PRAGMA foreign_keys = OFF;".to_owned(), "BEGIN;".to_owned()];
        lines.extend(
            ["application_id", "user_version"].map(|name| format!("PRAGMA {name} = {};", number(name))),
        );
        lines.extend(definitions("="));
        lines.extend(content);
        lines.extend(definitions("<>"));
        lines.push("COMMIT;\n".to_owned());
        lines.join("\n")
    }

    /// Changes what the triggers guard, and leaves no trace of having got past them.
    pub(crate) fn tamper(&self, sql: &str) {
        let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
        let mut statement = self.0.prepare(triggers).expect("a query");
        let triggers: Vec<(String, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .expect("triggers");
        assert!(!triggers.is_empty());
        let drop: String = triggers.iter().map(|(name, _)| format!("DROP TRIGGER {name};")).collect();
        let create: String = triggers.iter().map(|(_, sql)| format!("{sql};")).collect();
        self.0
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; BEGIN; {drop} {sql}; {create} COMMIT;"))
            .expect("vandalism");
    }
}

fn text(value: ValueRef) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).expect("UTF-8"),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
