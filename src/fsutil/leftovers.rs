//! Removes what killed processes left behind.
//!
//! A process holds a lock on each of its temporary files and folders, and the lock ends with the
//! process. So one that can be locked belongs to nobody. If the file system has no such locks, nothing
//! is removed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The prefix of every temporary name; six letters or digits follow.
pub(super) const PREFIX: &str = ".fbsync-";

/// Marks a temporary file or folder that was just created as in use while `made` is open. The error is
/// `AlreadyExists` if another process took it for a leftover first; the caller then tries another name.
pub(super) fn hold(made: &File, path: &Path) -> io::Result<()> {
    // Only a process that looks for leftovers can hold it, and not for long.
    let _ = made.lock();
    let identity = |found: &fs::Metadata| (found.dev(), found.ino());
    match fs::symlink_metadata(path) {
        Ok(there) if identity(&there) == identity(&made.metadata()?) => Ok(()),
        _ => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

/// Removes what killed processes left in `folder`. What cannot be removed is left for a later run.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = || entry.metadata().is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw());
        if entry.file_name().to_str().is_some_and(is_temporary) && ours() {
            let _ = remove_if_left(&entry);
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn remove_if_left(entry: &fs::DirEntry) -> io::Result<()> {
    let (path, kind) = (entry.path(), entry.file_type()?);
    if !kind.is_file() && !kind.is_dir() {
        return Ok(());
    }
    let left = File::open(&path)?;
    left.try_lock()?;
    match kind.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_removed() {
        for (name, expected) in [
            (".fbsync-a1B2c3", true),
            (".fbsync-demo", false),
            (".fbsync-a1B2c", false),
            (".fbsync-a1/2c3", false),
            ("fbsync-a1B2c3", false),
            (".fbsync-ev.before", false),
        ] {
            assert_eq!(is_temporary(name), expected, "{name}");
        }
    }

    #[test]
    fn leftovers_in_use_stay_and_the_others_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let [held, left] = ["held01", "left01"].map(|name| folder.path().join(format!("{PREFIX}{name}")));
        let file = super::super::create_private(&held).expect("a file");
        hold(&file, &held).expect("held");
        fs::create_dir_all(left.join("with/content")).expect("a folder");
        sweep(folder.path());
        assert!(held.exists() && !left.exists());
        drop(file);
        sweep(folder.path());
        assert!(!held.exists());
    }
}
