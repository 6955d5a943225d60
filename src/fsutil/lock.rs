//! Locks that let one process at a time do something.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{create_private, input};
use crate::shell;

/// How often a waiting process checks whether a lock is free.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// An exclusive lock, held until it is dropped and released by the system however the process dies.
///
/// The lock file is separate from the file it guards, and is never renamed or deleted: the guarded
/// file's inode changes with each replacement, and a lock on a deleted file guards nothing.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock for up to `patience` and while `go_on` returns true; `Ok(None)` if another
    /// process still holds it.
    pub(crate) fn acquire(
        path: &Path,
        patience: Duration,
        go_on: impl Fn() -> bool,
    ) -> io::Result<Option<Lock>> {
        // Over NFS the lock becomes a POSIX lock, which requires the file to be open for writing.
        let file = match create_private(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => input::open_unlinked(path)?,
            made => made?,
        };
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lock { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline && go_on() => {
                    std::thread::sleep(LOCK_POLL);
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// The hint for a lock that failed for a reason other than being held.
pub(crate) fn lock_hint(error: &io::Error, path: &Path) -> String {
    let typed = shell::path(path);
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("ls -ld {typed} and its folder: you need write permission for both")
        }
        io::ErrorKind::InvalidInput => format!("rm {typed}: fbsync creates the file again"),
        io::ErrorKind::NotFound => "create the folder first; if it is on a volume, mount it".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => {
            "run the command where the original can be written: a copy would diverge from it".to_owned()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk".to_owned(),
        _ => "keep it on a local disk: some network file systems do not support locks".to_owned(),
    }
}
