//! Snapshots in one SQLite file, and the only place that names `rusqlite`.
//!
//! No WAL: the file is copied, mailed and put on shares, and has to be whole by itself. Writing
//! happens in one immediate transaction, so a snapshot is there or absent. Reading opens the file
//! read-only and leaves no trace.
//!
//! - [`shape`]: what is stored, the one description of every table; [`kind`]: what such a description
//!   consists of; [`field`]: a value of a row.
//! - [`schema`]: tables, views and triggers, made from the shapes.
//! - [`hash`]: how content becomes a hash; [`chain`]: how a snapshot does, and what it follows.
//! - [`record`]: decisions into a review. [`write`]: listings into a snapshot; [`once`]: rows that are stored once; [`spool`]: the bodies of
//!   records, kept out of memory until they are recorded.
//! - [`read`]: what reports are made of. [`compare`]: two snapshots, business by business. [`alone`]: some
//!   businesses of a snapshot, as if there were no others.
//! - [`check`]: every hash recomputed, every link followed. [`prune`]: content erased, tombstones kept.
//! - [`foreign`]: a database of another program's shape, as bytes.
//! - [`file`](mod@file): from a path to a connection; [`open`]: whose file it is, and of which version;
//!   [`upgrade`]: an older file brought up to date.

mod alone;
mod chain;
mod check;
mod compare;
mod field;
mod file;
mod foreign;
mod hash;
mod kind;
mod once;
mod open;
mod prune;
mod read;
mod record;
mod schema;
mod shape;
mod spool;
mod upgrade;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::app::{App, die_if_chosen};
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::{self, Lock, lock_hint};
use crate::shell;
use crate::stop::Stop;
use crate::ui::Ui;
use file::{LOCK, connect, connect_for_reading, leave_wal_mode, real_path, watch};
use open::{Contents, recognize};

pub(crate) use chain::Link;
pub(crate) use check::{CheckReport, Finding};
pub(crate) use compare::{Located, Place};
pub(crate) use field::Field as Value;
pub(crate) use file::{files_of, is_begun, is_there};
pub(crate) use foreign::{ForeignFile, Plain};
pub(crate) use prune::Freed;
pub(crate) use read::{
    AccessRow, BusinessLine, CoverageLine, Decision, Headcount, Horizon, MemberDates, People, Review,
    ReviewFile, Side, Snapshot, Timeline, Usable,
};
pub(crate) use record::Judgement;
pub(crate) use spool::Spool;
pub(crate) use upgrade::backups;
pub(crate) use write::{Provenance, Recorded};

/// Rows and records are added in order, so that few pages are looked at twice.
const WRITE_CACHE_KIB: i64 = 4 << 10;

/// Large enough for a membership, its account and its record, of which there may be a hundred thousand:
/// a twentieth less work than with SQLite's own 4 KiB.
const PAGE_SIZE: i64 = 8 << 10;

/// A database open for reading.
pub(crate) struct Reader {
    connection: Connection,
}

/// The right to add a snapshot: nobody else can while this lives.
pub(crate) struct Writer {
    path: PathBuf,
    stop: Stop,
    ui: Ui,
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
        if !is_there(path)? {
            return Err(Error::new(Kind::Storage, format!("there is no database {}", path.display()))
                .hint(app.command(&format!("sync --db {}", shell::path(path)))));
        }
        warn_if_readable_by_others(path, app.ui);
        Self::open_again(app, path)
    }

    /// The same for whoever has been warned about its mode already.
    pub(crate) fn open_again(app: &App, path: &Path) -> Result<Option<Self>> {
        let mut connection = match open::for_reading(path, app.ui)? {
            (connection, Contents::Ours) => connection,
            (_, Contents::Older(version)) => return Err(upgrade::is_older(app, path, version)),
            (_, Contents::Nothing) => return Ok(None),
        };
        watch(&mut connection, &app.stop)?;
        die_if_chosen("reading");
        Ok(Some(Reader { connection }))
    }

    /// The newest link of the chain; `None` before the first snapshot.
    pub(crate) fn head(&self) -> Result<Option<Link>> {
        chain::head(&self.connection).map_err(|error| storage_error(error, "read the newest snapshot"))
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Writer {
    /// Takes the lock beside the database and looks whether it may be written to, before anything
    /// is asked of FreshBooks. One that does not exist is not created yet, and an older one stays as
    /// it is until [`Writer::bring_up_to_date`].
    pub(crate) fn claim(app: &App, path: &Path) -> Result<Self> {
        let ui = app.ui;
        let there = is_there(path)?;
        // That of the file itself, whatever name it was called by.
        let lock_path = with_suffix(&real_path(path).map_err(|error| no_folder(path, error))?, LOCK);
        let lock = Lock::acquire(&lock_path, Duration::ZERO, || true).map_err(|error| {
            let hint = lock_hint(&error, &lock_path);
            Error::new(Kind::Storage, format!("cannot lock {}", lock_path.display()))
                .because(error)
                .hint(hint)
        })?;
        let lock = lock.ok_or_else(|| {
            Error::new(Kind::Locked, format!("another fbsync is writing to {}", path.display()))
                .hint("wait for it, or look for it with `pgrep -a fbsync`")
        })?;
        let writer = Writer { path: path.to_owned(), stop: app.stop.clone(), ui, _lock: lock };
        if there {
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

    /// Only the identity and origin that began a database can continue it: another one's businesses
    /// would make leavers of people who never left.
    pub(crate) fn check_owner(&self, source: &str, identity_id: i64, email: &str) -> Result<()> {
        let Some(owner) = self.owner()? else { return Ok(()) };
        let shown = self.path.display();
        if owner.source != source {
            let message = format!("{shown} belongs to {}, and this sign-in is at {source}", owner.source);
            return Err(Error::new(Kind::Config, message)
                .hint("name another database with --db; --new-identity continues this one on purpose"));
        }
        if owner.identity_id != identity_id {
            let message = format!("{shown} belongs to {}, and the sign-in is {email}'s", owner.email);
            return Err(Error::new(Kind::Config, message).hint(
                "name another database with --db, or another sign-in with --profile; --new-identity continues \
                 this one on purpose",
            ));
        }
        Ok(())
    }

    /// The identity and origin that the database belongs to; `None` before its first snapshot. Read
    /// from an older file as it is: every version tells it in the same columns.
    fn owner(&self) -> Result<Option<read::Owner>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let connection = connect_for_reading(&self.path)?;
        match recognize(&connection, &self.path)? {
            Contents::Nothing => Ok(None),
            Contents::Ours | Contents::Older(_) => read::owner(&connection),
        }
    }

    fn check_writable(&self) -> Result<()> {
        let opened = std::fs::OpenOptions::new().append(true).open(&self.path);
        opened.map(drop).context(Kind::Storage, || format!("cannot write to {}", self.path.display()))
    }

    /// Opens the file for writing, creating it 0600 where it does not exist.
    fn connect(&self) -> Result<Connection> {
        let shown = self.path.display();
        if !is_there(&self.path)? {
            let made = fsutil::create_private_file(&real_path(&self.path)?);
            made.context(Kind::Storage, || format!("cannot create {shown}"))?;
        }
        if !is_begun(&self.path)? {
            self.ui.instruct(format_args!("new database {shown}"));
        }
        let failed = |error| storage_error(error, &format!("write to {shown}"));
        let mut connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        leave_wal_mode(&connection).map_err(failed)?;
        connection.pragma_update(None, "cache_size", -WRITE_CACHE_KIB).map_err(failed)?;
        // Of effect only before the first page is written.
        connection.pragma_update(None, "page_size", PAGE_SIZE).map_err(failed)?;
        watch(&mut connection, &self.stop)?;
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
            Some("make room on the disk and run the command again; nothing was changed")
        }
        (_, Some(ffi::SQLITE_READONLY_ROLLBACK)) => {
            Some("a write was broken off; copy the file and the -journal beside it to where you may write")
        }
        (Some(ErrorCode::DatabaseCorrupt), _) => Some("restore the file from a backup"),
        _ => None,
    };
    // The signal's number is not known here; `lib.rs` asks for it.
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return Error::new(Kind::Interrupted(0), "interrupted");
    }
    let failed = Error::new(Kind::Storage, format!("cannot {what}")).because(error);
    match hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

/// An unmounted volume or a mistyped name shall not begin a new chain, folders and all.
fn no_folder(path: &Path, error: Error) -> Error {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    match folder {
        None => error,
        Some(folder) => {
            let message = format!("there is no folder {} for the database", folder.display());
            Error::new(Kind::Storage, message)
                .hint(format!("mount the volume it is on, or: mkdir -p {}", shell::path(folder)))
        }
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
