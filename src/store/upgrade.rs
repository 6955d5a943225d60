//! A file that an older fbsync wrote, brought up to date by whoever writes.
//!
//! A backup is a whole file before the first change, and the change is one transaction: at every moment
//! the older or the newer database is there. Rows keep the layout that they were hashed by, so that no
//! hash changes on the way.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, ffi};

use super::file::connect;
use super::kind::RowKind;
use super::open::{Contents, recognize};
use super::shape;
use super::{Writer, check, schema, storage_error, with_suffix};
use crate::app::{App, die_if_chosen};
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::Pending;
use crate::shell;
use crate::ui::Ui;

/// What makes of the tables of one version those of the next: it adds a column at the end of one, and
/// fills it. It leaves the source, identity and status of a snapshot where they are: whose database it
/// is has to be read before the file is changed. Views, triggers and indexes are made anew after the
/// last step.
type Step = fn(&Connection) -> rusqlite::Result<()>;

/// The version that each starts from, ascending to the one before this, none left out. Nothing before
/// version 1 was ever released.
const STEPS: &[(i32, Step)] = &[];

/// Whether there are steps from this version to ours.
pub(super) fn leads_from(version: i32) -> bool {
    STEPS.iter().any(|(from, _)| *from == version)
}

/// The error of whoever only reads, and so changes nothing.
pub(super) fn is_older(app: &App, path: &Path, version: i32) -> Error {
    let message = format!("{} has the older schema version {version}", path.display());
    Error::new(Kind::Storage, message)
        .hint(format!("{} brings it up to date", app.command(&format!("sync --db {}", shell::path(path)))))
}

/// Where the database is kept as this older version left it.
fn backup_name(path: &Path, version: i32) -> PathBuf {
    with_suffix(path, &format!(".v{version}.bak"))
}

/// The backups beside a database that are there.
pub(crate) fn backups(path: &Path) -> impl Iterator<Item = PathBuf> {
    (1..schema::VERSION).map(move |version| backup_name(path, version)).filter(|backup| backup.exists())
}

impl Writer {
    /// Brings an older file up to date. On any failure it is as it was.
    pub(super) fn upgrade(&self, ui: Ui) -> Result<()> {
        let shown = self.path.display();
        let what = format!("bring {shown} up to date; it is as it was");
        let failed = |error| storage_error(error, &what);
        let mut connection = self.connect()?;
        make_ready(&connection).map_err(failed)?;
        // From here on nobody else can write, whatever program it is: what is kept is what is changed.
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let Contents::Older(version) = recognize(&transaction, &self.path)? else { return Ok(()) };
        let backup = self.back_up(version)?;
        ui.note(format_args!(
            "{shown} is brought from schema version {version} to {}; a backup is kept in {}",
            schema::VERSION,
            backup.display()
        ));
        take_steps(&transaction, version, STEPS, &shape::kinds()).map_err(failed)?;
        self.refuse_if_unsound(&transaction)?;
        die_if_chosen("upgrade");
        transaction.pragma_update(None, "user_version", schema::VERSION).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Definitions are made anew on the way, which would cover the traces of whoever altered the file.
    fn refuse_if_unsound(&self, connection: &Connection) -> Result<()> {
        let findings = check::check(connection, &shape::kinds())?.findings;
        let Some(first) = findings.first() else { return Ok(()) };
        let shown = self.path.display();
        let message = format!(
            "{shown} cannot be brought up to date, since it was altered ({}); it is as it was",
            first.0
        );
        Err(Error::new(Kind::Storage, message)
            .hint(format!("fbsync verify --db {}", shell::path(&self.path))))
    }

    /// Keeps the file page by page under a name of its own. One that is there is never replaced.
    ///
    /// Through SQLite, since closing the file after reading it otherwise would free the process's locks.
    fn back_up(&self, version: i32) -> Result<PathBuf> {
        let backup = backup_name(&self.path, version);
        let shown = backup.display().to_string();
        let what = format!("back up {} to {shown}; nothing was changed", self.path.display());
        let failed = || format!("cannot {what}");
        let pending = Pending::drafted(&with_suffix(&backup, ".part"), &backup);
        let pending = pending.context(Kind::Storage, failed)?;
        let original = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut copy = connect(pending.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // It counts only once it is whole, so there is nothing to go back to.
        copy.pragma_update(None, "journal_mode", "OFF").map_err(|error| storage_error(error, &what))?;
        copy_pages(&original, &mut copy).map_err(|error| storage_error(error, &what))?;
        drop((original, copy));
        die_if_chosen("backup");
        if pending.same_as_target() {
            return Ok(backup);
        }
        match pending.commit(false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let message = format!("{shown} is in the way of the backup; nothing was changed");
                Err(Error::new(Kind::Config, message).hint(format!(
                    "mv {} {}",
                    shell::path(&backup),
                    shell::path(&with_suffix(&backup, ".earlier"))
                )))
            }
            made => made.context(Kind::Storage, failed).map(|()| backup),
        }
    }
}

/// All pages at once, as a reader that waits as long as any other.
fn copy_pages(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
    }
}

/// References between tables are looked at once, by the check at the end: a table that is replaced
/// would take along what points to it, or have it point to its old name.
fn make_ready(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "legacy_alter_table", true)
}

/// Takes the steps from `version` on, inside a transaction on a connection that was made ready.
fn take_steps(
    connection: &Connection,
    version: i32,
    steps: &[(i32, Step)],
    kinds: &[RowKind],
) -> rusqlite::Result<()> {
    let expected = schema::expected_objects(kinds)?;
    for (name, definition) in &expected {
        // They would refuse the steps' changes.
        if let Some(kind @ ("TRIGGER" | "VIEW")) = kind(definition) {
            connection.execute_batch(&format!("DROP {kind} IF EXISTS {name}"))?;
        }
    }
    for (_, step) in steps.iter().filter(|(from, _)| *from >= version) {
        step(connection)?;
    }
    define(connection, &expected)
}

/// Gives every object the definition that this version gives it: `verify` compares each to the letter.
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
pub(super) mod tests {
    use super::*;
    use crate::store::hash::{LAYOUT, Layout};
    use crate::store::kind::{Part, Spec};
    use crate::store::tests::{VIEWS, database, rows_of};

    #[test]
    fn the_steps_lead_to_this_version_and_leave_none_out() {
        let from: Vec<i32> = STEPS.iter().map(|(from, _)| *from).collect();
        let first = from.first().copied().unwrap_or(schema::VERSION);
        assert_eq!(from, (first..schema::VERSION).collect::<Vec<_>>());
    }

    #[test]
    fn everything_of_the_schema_has_a_kind() {
        for (name, definition) in schema::expected_objects(&shape::kinds()).expect("a schema") {
            let known = matches!(kind(&definition), Some("TABLE" | "INDEX" | "VIEW" | "TRIGGER"));
            assert!(known || definition.is_empty(), "{name}: {definition}");
        }
    }

    /// Brings a database to a version that does not exist yet, in which every table has a further column.
    pub(in crate::store) fn to_later(connection: &Connection, kinds: &[RowKind]) {
        let step: Step = |connection| {
            shape::kinds().iter().try_for_each(|kind| {
                connection.execute_batch(&format!("ALTER TABLE {} ADD COLUMN later TEXT", kind.table))
            })
        };
        make_ready(connection).expect("pragmas");
        take_steps(connection, schema::VERSION, &[(schema::VERSION, step)], kinds).expect("the step");
    }

    #[test]
    fn a_file_of_an_older_version_is_brought_up_to_date_and_shows_the_same() {
        let connection = database();
        let show = || VIEWS.iter().flat_map(|view| rows_of(&connection, view)).collect::<Vec<_>>();
        let before = show();
        let mut kinds = shape::kinds();
        for kind in &mut kinds {
            let (since, part) = (Layout(LAYOUT.0 + 1), Part::Internal);
            kind.columns.push(Spec { name: "later", sql: "TEXT", words: &[], since, part });
        }
        to_later(&connection, &kinds);
        assert_eq!(check::check(&connection, &kinds).expect("a readable file").findings, []);
        assert!(show() == before, "the views show something else");
    }
}
