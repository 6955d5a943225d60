//! Snapshots in one SQLite file, and the only place that names `rusqlite`.
//!
//! No WAL: the file is copied, mailed and put on shares, and has to be whole by itself. Writing
//! happens in one immediate transaction, so a snapshot is there or absent. Reading opens the file
//! read-only and leaves no trace.
//!
//! - [`schema`]: tables, views, triggers.
//! - [`layout`]: how content becomes a hash.
//! - [`record`]: a reading into a snapshot.
//! - [`rows`]: model values as columns.
//! - [`query`]: what the reading commands ask for.
//! - [`compare`]: two snapshots, business by business.
//! - [`prune`]: content that is let go, and the tombstones that stay.
//! - [`check`], [`chain`]: every hash recomputed, every link followed.

mod chain;
mod check;
mod compare;
mod layout;
mod prune;
mod query;
mod record;
mod rows;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::{self, Lock};
use crate::ui::Ui;

pub(crate) use check::{Finding, Report, check};
pub(crate) use compare::{Located, changes};
pub(crate) use layout::Field as Value;
pub(crate) use prune::Freed;
pub(crate) use query::{
    AccessRow, Side, SnapshotLine, Usable, access_rows, content_sha256, neighbour, newest_snapshot,
    snapshot_by_id, snapshots,
};
pub(crate) use record::{Provenance, Recorded, check_owner};

/// How long a reader that holds the file is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database open for reading.
pub(crate) struct Reader {
    connection: Connection,
}

/// The right to add a snapshot: nobody else can while this lives.
pub(crate) struct Writer {
    path: PathBuf,
    _lock: Lock,
}

impl Reader {
    /// Opens an existing database of this program. Changes nothing.
    pub(crate) fn open(path: &Path, ui: Ui) -> Result<Self> {
        Self::open_if_begun(path, ui)?.ok_or_else(|| {
            Error::new(Kind::Storage, format!("{} holds no snapshot yet", path.display()))
                .hint(format!("fbsync sync --db '{}'", path.display()))
        })
    }

    /// The same; nothing where the file is empty.
    pub(crate) fn open_if_begun(path: &Path, ui: Ui) -> Result<Option<Self>> {
        if !path.exists() {
            return Err(Error::new(Kind::Storage, format!("there is no database {}", path.display()))
                .hint(format!("fbsync sync --db '{}'", path.display())));
        }
        if fsutil::readable_by_others(path) {
            ui.warn(format_args!("{0} can be read by other users; chmod 600 '{0}'", path.display()));
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(match identify(&connection, path)? {
            Contents::Ours => Some(Reader { connection }),
            Contents::Nothing => None,
        })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Writer {
    /// Takes the lock beside the database and looks whether it may be written to, before anything
    /// is asked of FreshBooks. A database that does not exist is not created yet.
    pub(crate) fn claim(path: &Path, ui: Ui) -> Result<Self> {
        let lock_path = with_suffix(path, ".lock");
        let lock = Lock::acquire(&lock_path, Duration::ZERO, || true);
        let lock = lock.context(Kind::Storage, || format!("cannot lock {}", lock_path.display()))?;
        let lock = lock.ok_or_else(|| {
            Error::new(Kind::Locked, format!("another fbsync is writing to {}", path.display()))
                .hint("wait for it, or look for it with `pgrep -a fbsync`")
        })?;
        let writer = Writer { path: path.to_owned(), _lock: lock };
        if path.exists() {
            if fsutil::readable_by_others(path) {
                ui.warn(format_args!("{0} can be read by other users; chmod 600 '{0}'", path.display()));
            }
            writer.check_writable()?;
            identify(&connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, path)?;
        }
        Ok(writer)
    }

    /// The folder that the database lies in.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The identity and origin that the database belongs to; `None` before its first snapshot.
    pub(crate) fn owner(&self) -> Result<Option<query::Owner>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match identify(&connection, &self.path)? {
            Contents::Nothing => Ok(None),
            Contents::Ours => query::owner(&connection),
        }
    }

    fn check_writable(&self) -> Result<()> {
        let opened = std::fs::OpenOptions::new().append(true).open(&self.path);
        opened.map(drop).context(Kind::Storage, || format!("cannot write to {}", self.path.display()))
    }

    /// Opens the file for writing, creating it 0600 where it does not exist.
    fn connect(&self) -> Result<Connection> {
        let failed = || format!("cannot create {}", self.path.display());
        fsutil::create_private_file(&self.path).context(Kind::Storage, failed)?;
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }
}

enum Contents {
    /// An empty file: a database that has not been written to.
    Nothing,
    Ours,
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection> {
    let failed = || format!("cannot open {}", path.display());
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.context(Kind::Storage, failed)?;
    connection.busy_timeout(PATIENCE).context(Kind::Storage, failed)?;
    // Triggers and views come from the file; they may call nothing that has effects of its own.
    connection.pragma_update(None, "trusted_schema", false).context(Kind::Storage, failed)?;
    connection.pragma_update(None, "foreign_keys", true).context(Kind::Storage, failed)?;
    Ok(connection)
}

/// Tells our database from somebody else's and from one of another version.
fn identify(connection: &Connection, path: &Path) -> Result<Contents> {
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
        (schema::APPLICATION_ID, version) => {
            Err(Error::new(Kind::Storage, format!("{shown} has the unknown schema version {version}")))
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

/// The error for a failed statement. `what` completes "cannot …".
fn storage_error(error: rusqlite::Error, what: &str) -> Error {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let hint = match (error.sqlite_error_code(), code) {
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), _) => {
            Some("another program holds the database; close it and run the command again")
        }
        (Some(ErrorCode::DiskFull), _) => {
            Some("make room on the disk; the earlier snapshots are as they were")
        }
        (_, Some(ffi::SQLITE_READONLY_ROLLBACK)) => {
            Some("an interrupted write has to be undone first: open it once where it can be written to")
        }
        (Some(ErrorCode::DatabaseCorrupt), _) => Some("restore the file from a backup"),
        _ => None,
    };
    let failed = Error::new(Kind::Storage, format!("cannot {what}")).because(error);
    match hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
