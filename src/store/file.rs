//! From a path to a connection.
//!
//! A path is never more than a path: SQLite would take `file:…` for a URI and `:memory:` for no file, so
//! it is given the absolute path of the file that the name leads to. That file has to be a regular one.
//!
//! One that another program left in WAL mode is read without a file appearing beside it, also on
//! read-only media. Nothing here opens the file but SQLite, except before it does: closing it would free
//! the locks that SQLite holds in this process (sqlite.org/howtocorrupt.html, section 2.2).

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{storage_error, with_suffix};
use crate::app;
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::{self, PendingFolder};
use crate::shell;
use crate::stop::Stop;

/// How long another program that holds the file is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A signal is heard after so many steps of SQLite's machine, a few milliseconds at most.
const STEPS_BETWEEN_LOOKS: i32 = 20_000;

/// What SQLite and we keep beside a database.
const BESIDE: [&str; 4] = ["-journal", "-wal", "-shm", LOCK];
pub(super) const LOCK: &str = ".lock";

/// Whether the file is there. What is there and is no file is refused, before anything waits for it.
pub(crate) fn is_there(path: &Path) -> Result<bool> {
    let shown = path.display();
    let found = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(false);
        }
        found => found.context(Kind::Storage, || format!("cannot open {shown}"))?,
    };
    match fsutil::other_than_regular(found.file_type()) {
        None => Ok(true),
        Some(what) => {
            let named =
                if found.is_dir() { path.join("audit.sqlite") } else { PathBuf::from("audit.sqlite") };
            Err(Error::new(Kind::Storage, format!("{shown} is {what}, not a database"))
                .hint(format!("--db {}", shell::path(&named))))
        }
    }
}

/// Whether anything was ever written to the file. An empty one, which a script or a full disk left behind,
/// counts as no database.
pub(crate) fn is_begun(path: &Path) -> Result<bool> {
    Ok(is_there(path)? && fs::metadata(path).is_ok_and(|found| found.len() > 0))
}

/// The absolute path of the file that `path` leads to.
pub(super) fn real_path(path: &Path) -> Result<PathBuf> {
    fsutil::real_path(path).context(Kind::Storage, || format!("cannot open {}", path.display()))
}

/// A database with all that belongs to it, whether or not it is there.
pub(crate) fn files_of(path: &Path) -> Vec<PathBuf> {
    let real = fsutil::real_path(path).unwrap_or_else(|_| path.to_owned());
    let beside = BESIDE.iter().map(|suffix| with_suffix(&real, suffix));
    [path.to_owned(), real.clone()].into_iter().chain(beside).chain(super::backups(path)).collect()
}

pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection> {
    open(&real_path(path)?, access).map_err(|error| storage_error(error, &format!("open {}", path.display())))
}

/// For reading, also what another program left in WAL mode.
pub(super) fn connect_for_reading(path: &Path) -> Result<Connection> {
    let real = real_path(path)?;
    let access = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let failed = |error| storage_error(error, &format!("open {}", path.display()));
    if !is_in_wal_mode(&real).context(Kind::Storage, || format!("cannot open {}", path.display()))? {
        return open(&real, access).map_err(failed);
    }
    let [wal, shm] = ["-wal", "-shm"].map(|suffix| with_suffix(&real, suffix));
    match fs::metadata(&wal).map_or(0, |found| found.len()) {
        // Somebody is at it, or was: the files are there already, and stay.
        _ if wal.exists() && shm.exists() => open(&real, access).map_err(failed),
        0 => open(&unchanging(&real), access | OpenFlags::SQLITE_OPEN_URI).map_err(failed),
        _ => through_a_copy(&real, &wal).context(Kind::Storage, || {
            format!("cannot read {}, which is in WAL mode, through a temporary copy", path.display())
        }),
    }
}

/// A query ends with an error once a signal has come.
pub(super) fn watch(connection: &mut Connection, stop: &Stop) -> Result<()> {
    let stop = stop.clone();
    let watched = connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || stop.check().is_err()));
    watched.context(Kind::Unexpected, || "cannot watch a query".to_owned())
}

/// What writes leaves no WAL behind: the file is copied, mailed and put on shares.
pub(super) fn leave_wal_mode(connection: &Connection) -> rusqlite::Result<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    match mode.as_str() {
        "wal" => connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())),
        _ => Ok(()),
    }
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(app::patience(PATIENCE))?;
    // Triggers and views come from the file; they may call nothing that has effects of its own.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// The file format versions in the header (sqlite.org/fileformat.html, section 1.3.3): 2 is WAL.
fn is_in_wal_mode(path: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    fsutil::open_regular(path)?.take(20).read_to_end(&mut header)?;
    Ok(header.starts_with(b"SQLite format 3\0")
        && header.get(18..20).is_some_and(|versions| versions.contains(&2)))
}

/// The file as a URI that tells SQLite that nobody writes to it.
fn unchanging(path: &Path) -> PathBuf {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(byte);
    let encoded = path.as_os_str().as_bytes().iter().map(|byte| match plain(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    format!("file:{}?immutable=1", encoded.collect::<String>()).into()
}

/// A WAL that was never carried over: it is, in a private copy, which has no name any more once it is open.
fn through_a_copy(path: &Path, wal: &Path) -> Result<Connection> {
    let failed = |error| storage_error(error, "carry the WAL over");
    let scratch = PendingFolder::scratch()?;
    let copy = scratch.path().join("copy");
    for (from, to) in [(path, copy.clone()), (wal, with_suffix(&copy, "-wal"))] {
        let copied = fsutil::open_regular(from)
            .and_then(|mut from| io::copy(&mut from, &mut fsutil::create_private(&to)?));
        copied.context(Kind::Storage, || format!("cannot copy {}", from.display()))?;
    }
    leave_wal_mode(&open(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?).map_err(failed)?;
    open(&unchanging(&copy), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI).map_err(failed)
}
