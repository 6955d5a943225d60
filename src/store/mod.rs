//! Snapshots in one SQLite file, and the only place that names `rusqlite`.
//!
//! No WAL: the file is copied, mailed and put on shares, and has to be whole by itself. Writing
//! happens in one immediate transaction, so a snapshot is there or absent. Reading opens the file
//! read-only and leaves no trace.
//!
//! - [`open`]: whose file it is, and of which version.
//! - [`schema`]: tables, views, triggers.
//! - [`upgrade`]: an older file brought up to date, or read through a copy; [`steps`]: from version to version.
//! - [`layout`]: how content becomes a hash.
//! - [`spool`]: record bodies, kept out of memory until they are recorded.
//! - [`record`]: a reading into a snapshot; [`content`]: its listings, each once; [`table`]: their rows.
//! - [`rows`]: model values as columns; [`cells`]: columns on their way into hash and table.
//! - [`query`]: which snapshots there are, and which can be used.
//! - [`view`]: what reports are made of.
//! - [`alone`]: some businesses of a snapshot, as if there were no others.
//! - [`compare`]: two snapshots, business by business.
//! - [`prune`]: content that is let go, and the tombstones that stay.
//! - [`foreign`]: a database of another program's shape, as bytes.
//! - [`check`], [`chain`]: every hash recomputed, every link followed.

mod alone;
mod cells;
mod chain;
mod check;
mod compare;
mod content;
mod foreign;
mod layout;
mod open;
mod prune;
mod query;
mod record;
mod rows;
mod schema;
mod spool;
mod steps;
mod table;
mod upgrade;
mod view;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::app::App;
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::{self, Lock};
use crate::shell;
use crate::ui::Ui;
use open::{Contents, connect, recognize};

pub(crate) use check::{Finding, Report, check};
pub(crate) use compare::{Located, changes};
pub(crate) use foreign::{ForeignFile, Plain};
pub(crate) use layout::Field as Value;
pub(crate) use prune::Freed;
pub(crate) use query::{
    Side, SnapshotLine, Usable, content_sha256, neighbour, newest_snapshot, snapshot_by_id, snapshots,
};
pub(crate) use record::{Provenance, Recorded, check_owner};
pub(crate) use spool::Spool;
pub(crate) use upgrade::backups;
pub(crate) use view::{
    AccessRow, AccountLine, BusinessLine, CoverageLine, People, Snapshot, access_rows, account_addresses,
    account_lines, business_lines, coverage_lines, find_snapshot, holdings,
};

/// Rows and records are added in order, so that few pages are looked at twice.
const WRITE_CACHE_KIB: i64 = 4 << 10;

/// A database open for reading.
pub(crate) struct Reader {
    connection: Connection,
    /// The version of the file, where it is read through a copy that was brought up to date.
    older: Option<i32>,
}

/// The right to add a snapshot: nobody else can while this lives.
pub(crate) struct Writer {
    path: PathBuf,
    _lock: Lock,
}

impl Reader {
    /// Opens an existing database of this program. Changes nothing.
    pub(crate) fn open(app: &App, path: &Path) -> Result<Self> {
        Self::open_if_begun(app, path)?.ok_or_else(|| {
            Error::new(Kind::Storage, format!("{} holds no snapshot yet", path.display()))
                .hint(app.command(&format!("sync --db {}", shell::path(path))))
        })
    }

    /// The same; nothing where the file is empty.
    pub(crate) fn open_if_begun(app: &App, path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Err(Error::new(Kind::Storage, format!("there is no database {}", path.display()))
                .hint(app.command(&format!("sync --db {}", shell::path(path)))));
        }
        let ui = app.ui;
        warn_if_readable_by_others(path, ui);
        Ok(match open::for_reading(path, ui)? {
            (connection, Contents::Ours) => Some(Reader { connection, older: None }),
            (connection, Contents::Older(version)) => {
                let connection = upgrade::copy_of(&connection, version, path, ui)?;
                Some(Reader { connection, older: Some(version) })
            }
            (_, Contents::Nothing) => None,
        })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Writer {
    /// Takes the lock beside the database and looks whether it may be written to, before anything
    /// is asked of FreshBooks. One that does not exist is not created yet, and an older one stays as
    /// it is until [`Writer::bring_up_to_date`].
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
            warn_if_readable_by_others(path, ui);
            writer.check_writable()?;
            open::for_reading(path, ui)?;
        }
        Ok(writer)
    }

    /// For whoever is about to write for certain: nobody wants a backup of a run that was refused.
    pub(crate) fn bring_up_to_date(&self, ui: Ui) -> Result<()> {
        if !self.path.exists() {
            return Ok(());
        }
        match open::for_reading(&self.path, ui)? {
            (_, Contents::Older(_)) => self.upgrade(ui),
            _ => Ok(()),
        }
    }

    /// The folder that the database lies in.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The identity and origin that the database belongs to; `None` before its first snapshot. Read
    /// from an older file as it is: every version tells it in the same columns.
    pub(crate) fn owner(&self) -> Result<Option<query::Owner>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match recognize(&connection, &self.path)? {
            Contents::Nothing => Ok(None),
            Contents::Ours | Contents::Older(_) => query::owner(&connection),
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
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "cache_size", -WRITE_CACHE_KIB).context(Kind::Storage, failed)?;
        Ok(connection)
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
            Some("a write was broken off; copy the file and the -journal beside it to where you may write")
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

fn warn_if_readable_by_others(path: &Path, ui: Ui) {
    if fsutil::readable_by_others(path) {
        let (shown, typed) = (path.display(), shell::path(path));
        ui.warn(format_args!("{shown} can be read by other users; chmod 600 {typed}"));
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
