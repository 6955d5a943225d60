//! Opening the file: whose it is, of which version, and whether a write was broken off.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::file::{connect, connect_for_reading};
use super::{schema, storage_error, upgrade};
use crate::error::{Error, Kind, Result};
use crate::ui::Ui;

pub(super) enum Contents {
    /// An empty file: a database that has not been written to.
    Nothing,
    /// Written by an earlier version, from which there are steps to this one.
    Older(i32),
    Ours,
}

/// Opens for reading, which leaves no trace, with one exception: where a write was broken off, the file
/// holds a part of what was being written, and the journal beside it what was there before. Whoever
/// reads first has to put that back. A journal that a living writer needs is left alone by SQLite.
pub(super) fn for_reading(path: &Path, ui: Ui) -> Result<(Connection, Contents)> {
    let connection = connect_for_reading(path)?;
    if is_broken_off(&connection) {
        ui.note(format_args!("{}: a write was broken off, and is undone first", path.display()));
        recognize(&connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?, path)?;
    }
    let contents = recognize(&connection, path)?;
    Ok((connection, contents))
}

fn is_broken_off(connection: &Connection) -> bool {
    let read = connection.query_row("PRAGMA schema_version", [], |_| Ok(()));
    let code = read.err().and_then(|error| error.sqlite_error().map(|error| error.extended_code));
    code == Some(ffi::SQLITE_READONLY_ROLLBACK)
}

/// Whether the file is one of this version. Whoever asks has had an older one brought up to date.
pub(super) fn identify(connection: &Connection, path: &Path) -> Result<Contents> {
    match recognize(connection, path)? {
        Contents::Older(version) => {
            let message =
                format!("{} has the older schema version {version}: somebody put it there", path.display());
            Err(Error::new(Kind::Storage, message).hint("run the command again"))
        }
        contents => Ok(contents),
    }
}

/// Tells our database from somebody else's and from one of another version.
pub(super) fn recognize(connection: &Connection, path: &Path) -> Result<Contents> {
    let shown = path.display();
    let number =
        |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i32>(0));
    let application = number("application_id").map_err(|error| unreadable(error, path))?;
    let version = number("user_version").map_err(|error| unreadable(error, path))?;
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| unreadable(error, path))?;
    match (application, version) {
        (0, 0) if objects == 0 => Ok(Contents::Nothing),
        (schema::APPLICATION_ID, schema::VERSION) => Ok(Contents::Ours),
        (schema::APPLICATION_ID, version) if version > schema::VERSION => {
            let ours = schema::VERSION;
            let message = format!(
                "{shown} was written by a newer fbsync (its schema is version {version}, this one knows {ours})"
            );
            Err(Error::new(Kind::Storage, message)
                .hint("install the newer fbsync; the file was left as it is"))
        }
        (schema::APPLICATION_ID, version) if upgrade::leads_from(version) => Ok(Contents::Older(version)),
        (schema::APPLICATION_ID, version) => {
            let message = format!("{shown} has the schema version {version}, which no fbsync ever wrote");
            Err(Error::new(Kind::Storage, message)
                .hint("restore the file from a backup; this one was left as it is"))
        }
        _ => Err(Error::new(Kind::Storage, format!("{shown} is a database of another program"))
            .hint("name another file with --db; this one was left as it is")),
    }
}

fn unreadable(error: rusqlite::Error, path: &Path) -> Error {
    let shown = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::new(Kind::Storage, format!("{shown} is not a database"))
            .hint("name another file with --db; this one was left as it is"),
        _ => storage_error(error, &format!("read {shown}")),
    }
}
