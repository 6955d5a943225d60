//! From the schema of an earlier version to that of this one.
//!
//! A step is about tables: it adds a column at the end of one, and fills it; it takes away what is no
//! more. It leaves the source, identity and status of a snapshot where they are: whose database it is
//! is read before the file may be changed. Views, triggers and indexes are made anew after the last step, as this version defines them,
//! and so is a table that the steps have put together: `verify` compares each definition to the letter.

use std::collections::HashMap;

use rusqlite::Connection;

use super::schema;

/// What makes of the tables of one version those of the next.
type Step = fn(&Connection) -> rusqlite::Result<()>;

/// The version that each starts from, ascending to the one before this, none left out.
const STEPS: &[(i32, Step)] = &[
    // Nothing before version 1 was ever released, and a way that nobody walks would be found broken on
    // the day it is needed: the tests have a version 0 to start from.
    #[cfg(debug_assertions)]
    (0, link_snapshots),
];

/// Version 0 did not say which snapshot each follows.
#[cfg(debug_assertions)]
fn link_snapshots(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "ALTER TABLE snapshots ADD COLUMN previous_sha256 TEXT;
         UPDATE snapshots SET previous_sha256 =
             (SELECT before.content_sha256 FROM snapshots before WHERE before.id = snapshots.id - 1)",
    )
}

/// Whether there are steps from this version to ours.
pub(super) fn lead_from(version: i32) -> bool {
    STEPS.iter().any(|(from, _)| *from == version)
}

/// Takes all of them. For inside a transaction, begun on a connection that is [`made_ready`].
pub(super) fn take(connection: &Connection, version: i32) -> rusqlite::Result<()> {
    let expected = schema::expected_objects()?;
    for (name, definition) in &expected {
        // They would refuse the steps' changes.
        if let Some(kind @ ("TRIGGER" | "VIEW")) = kind(definition) {
            connection.execute_batch(&format!("DROP {kind} IF EXISTS {name}"))?;
        }
    }
    for (_, step) in STEPS.iter().filter(|(from, _)| *from >= version) {
        step(connection)?;
    }
    define(connection, &expected)?;
    connection.pragma_update(None, "user_version", schema::VERSION)
}

/// References between tables are looked at once, by the check at the end: a table that is replaced
/// would take along what points to it, or have it point to its old name.
pub(super) fn made_ready(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "legacy_alter_table", true)
}

/// Gives every object the definition that this version gives it.
fn define(connection: &Connection, expected: &[(String, String)]) -> rusqlite::Result<()> {
    let tables = |is: bool| expected.iter().filter(move |(_, sql)| (kind(sql) == Some("TABLE")) == is);
    // Tables first: the others are about them, and go with them.
    for (name, definition) in tables(true).chain(tables(false)) {
        let there: HashMap<String, String> = schema::objects(connection)?.into_iter().collect();
        match (kind(definition), there.get(name)) {
            (None, _) => {}
            (_, Some(found)) if found == definition => {}
            (_, None) => connection.execute_batch(definition)?,
            (Some("TABLE"), Some(_)) => connection.execute_batch(&format!(
                "ALTER TABLE {name} RENAME TO {name}_before; {definition};
                 INSERT INTO {name} SELECT * FROM {name}_before; DROP TABLE {name}_before"
            ))?,
            (Some(kind), Some(_)) => {
                connection.execute_batch(&format!("DROP {kind} {name}; {definition}"))?;
            }
        }
    }
    Ok(())
}

/// What a statement creates; `None` for the indexes that SQLite makes by itself.
fn kind(definition: &str) -> Option<&str> {
    definition.strip_prefix("CREATE ")?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_lead_to_this_version_and_leave_none_out() {
        let from: Vec<i32> = STEPS.iter().map(|(from, _)| *from).collect();
        let first = from.first().copied().unwrap_or(schema::VERSION);
        assert_eq!(from, (first..schema::VERSION).collect::<Vec<_>>());
    }

    #[test]
    fn everything_of_the_schema_has_a_kind() {
        for (name, definition) in schema::expected_objects().expect("a schema") {
            let known = matches!(kind(&definition), Some("TABLE" | "INDEX" | "VIEW" | "TRIGGER"));
            assert!(known || definition.is_empty(), "{name}: {definition}");
        }
    }
}
