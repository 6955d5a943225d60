//! One process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::create_private_file;

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
        create_private_file(path)?;
        // Over NFS the lock becomes a POSIX one, which wants the file open for writing.
        let file = OpenOptions::new().read(true).write(true).open(path)?;
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
