//! One process at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{create_private, input};
use crate::shell;

/// How often a waiting process looks whether a lock is free.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// An exclusive lock, held until dropped and gone with the process, however it dies.
///
/// The lock file is separate from what it guards and never renamed or deleted: the guarded file's
/// inode changes with each replacement, and a lock on a deleted file guards nothing.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits up to `patience` for the lock, and while `go_on` says so; `Ok(None)` when somebody else
    /// still holds it.
    pub(crate) fn acquire(
        path: &Path,
        patience: Duration,
        go_on: impl Fn() -> bool,
    ) -> io::Result<Option<Lock>> {
        // Over NFS the lock becomes a POSIX one, which wants the file open for writing.
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

/// What to do where a lock could not be had for another reason than that somebody holds it.
pub(crate) fn lock_hint(error: &io::Error, path: &Path) -> String {
    let typed = shell::path(path);
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("ls -ld {typed} and its folder: both have to be yours to write")
        }
        io::ErrorKind::InvalidInput => format!("rm {typed}: fbsync makes the file anew"),
        io::ErrorKind::NotFound => "create the folder first; if it is on a volume, mount it".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => {
            "run the command where the original can be written: a copy would diverge from it".to_owned()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk".to_owned(),
        _ => "keep it on a local disk: some network file systems have no locks".to_owned(),
    }
}
