//! A file that an older fbsync wrote: brought up to date by whoever writes, after a backup; read
//! through a copy by all others, who change nothing.
//!
//! The backup is a whole file before the first change, and the change is one transaction: at every
//! moment the older or the newer database is there.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi};

use super::file::connect;
use super::open::{Contents, recognize};
use super::{Writer, check, schema, steps, storage_error, with_suffix};
use crate::app::die_if_chosen;
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::Pending;
use crate::shell;
use crate::ui::Ui;

/// Where the database is kept as this older version left it.
fn backup_name(path: &Path, version: i32) -> PathBuf {
    with_suffix(path, &format!(".v{version}.bak"))
}

/// The backups beside a database that are there.
pub(crate) fn backups(path: &Path) -> impl Iterator<Item = PathBuf> {
    (0..schema::VERSION).map(move |version| backup_name(path, version)).filter(|backup| backup.exists())
}

impl Writer {
    /// Brings an older file up to date. On any failure it is as it was.
    pub(super) fn upgrade(&self, ui: Ui) -> Result<()> {
        let shown = self.path.display();
        let what = format!("bring {shown} up to date; it is as it was");
        let failed = |error| storage_error(error, &what);
        let mut connection = self.connect()?;
        steps::made_ready(&connection).map_err(failed)?;
        // From here on nobody else can write, whatever program it is: what is kept is what is changed.
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let Contents::Older(version) = recognize(&transaction, &self.path)? else { return Ok(()) };
        let backup = self.back_up(version)?;
        ui.note(format_args!(
            "{shown} is brought from schema version {version} to {}; as it was, it is kept in {}",
            schema::VERSION,
            backup.display()
        ));
        steps::take(&transaction, version).map_err(failed)?;
        self.refuse_if_unsound(&transaction)?;
        die_if_chosen("upgrade");
        transaction.commit().map_err(failed)
    }

    /// Definitions are made anew on the way, which would cover the traces of whoever altered the file.
    fn refuse_if_unsound(&self, connection: &Connection) -> Result<()> {
        let findings = check::check_connection(connection)?.findings;
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

/// A copy of an older file that can be read as one of this version.
pub(super) fn copy_of(original: &Connection, version: i32, path: &Path, ui: Ui) -> Result<Connection> {
    let shown = path.display();
    let what = format!("read {shown}, whose schema version is {version}, through a temporary copy");
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::CannotOpen) => {
            Error::new(Kind::Storage, format!("cannot {what}"))
                .because(error)
                .hint("TMPDIR=/path/with/room fbsync …; the file itself was left as it is")
        }
        _ => storage_error(error, &what),
    };
    ui.detail(
        1,
        format_args!("{shown} has schema version {version}; a temporary copy is brought up to date"),
    );
    // To a database without a name SQLite gives none on the disk either: what memory does not hold lies
    // in the system's folder for temporary files, private, and is gone with the process.
    let mut copy = connect(Path::new(""), OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    copy_pages(original, &mut copy).map_err(failed)?;
    steps::made_ready(&copy).map_err(failed)?;
    let transaction = copy.transaction().map_err(failed)?;
    // Whoever writes may have brought it up to date since.
    if let Contents::Older(version) = recognize(&transaction, path)? {
        steps::take(&transaction, version).map_err(failed)?;
    }
    die_if_chosen("copy");
    transaction.commit().map_err(failed)?;
    Ok(copy)
}

/// All pages at once, as a reader that waits as long as any other.
fn copy_pages(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
    }
}
