//! A folder that appears complete or not at all.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{PRIVATE_FOLDER, create_private_folder, folder_of, leftovers};
use crate::error::{Context, Kind, Result};

/// A folder that appears under its name, with all its content, only when [`PendingFolder::commit`]
/// succeeds.
pub(crate) struct PendingFolder {
    folder: TempDir,
    target: PathBuf,
    /// Marks the folder as in use.
    _held: File,
}

impl PendingFolder {
    /// Creates a temporary folder beside `target`. The parent folder is created if it is missing.
    pub(crate) fn beside(target: &Path) -> Result<Self> {
        create_private_folder(folder_of(target))?;
        let begun = restore(target).and_then(|()| temporary(Some(folder_of(target))));
        let (folder, held) = begun.context(Kind::Storage, || format!("cannot write {}", target.display()))?;
        Ok(PendingFolder { folder, target: target.to_owned(), _held: held })
    }

    /// A temporary folder that is never committed.
    pub(crate) fn scratch() -> Result<Self> {
        let made = temporary(None);
        let (folder, held) = made.context(Kind::Storage, || "cannot make a temporary folder".to_owned())?;
        Ok(PendingFolder { target: folder.path().to_owned(), folder, _held: held })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes everything in the folder durable and gives the folder its name. An existing folder is
    /// replaced if `replace` is true; otherwise the error is `AlreadyExists`.
    pub(crate) fn commit(self, replace: bool) -> io::Result<()> {
        sync_folders(self.folder.path())?;
        let occupied = self.target.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if occupied && !replace || self.target.is_file() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let before = aside(&self.target);
        if occupied {
            fs::rename(&self.target, &before)?;
        }
        let named = fs::rename(self.folder.path(), &self.target);
        if named.is_err() && occupied {
            // If this fails, the earlier folder is put back.
            fs::rename(&before, &self.target)?;
        }
        named?;
        if occupied {
            // What cannot be deleted now is deleted when the next folder is created.
            let _ = fs::remove_dir_all(&before);
        }
        File::open(folder_of(&self.target))?.sync_all()
    }
}

/// Where the earlier folder is kept during a replacement. The name is fixed, so that a later run finds
/// what a killed one moved there.
fn aside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!("{}{name}.before", leftovers::PREFIX))
}

/// Undoes or completes an interrupted replacement: the earlier folder is put back if nothing has taken
/// its place.
fn restore(target: &Path) -> io::Result<()> {
    let before = aside(target);
    if !before.is_dir() {
        return Ok(());
    }
    match target.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(before, target),
        _ => fs::remove_dir_all(before),
    }
}

fn temporary(within: Option<&Path>) -> io::Result<(TempDir, File)> {
    let within = within.map_or_else(std::env::temp_dir, Path::to_owned);
    leftovers::sweep(&within);
    loop {
        let mut builder = tempfile::Builder::new();
        builder.prefix(leftovers::PREFIX).permissions(Permissions::from_mode(PRIVATE_FOLDER));
        let folder = builder.tempdir_in(&within)?;
        fs::set_permissions(folder.path(), Permissions::from_mode(PRIVATE_FOLDER))?;
        let held = File::open(folder.path())?;
        match leftovers::hold(&held, folder.path()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            kept => return kept.map(|()| (folder, held)),
        }
    }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(folder: &Path, text: &str) -> PendingFolder {
        let pending = PendingFolder::beside(&folder.join("ev")).expect("begun");
        fs::write(pending.path().join("a"), text).expect("a file");
        pending
    }

    #[test]
    fn a_replacement_interrupted_at_any_step_is_undone_or_completed() {
        let home = tempfile::tempdir().expect("a folder");
        let (target, before) = (home.path().join("ev"), aside(&home.path().join("ev")));
        let content = || fs::read_to_string(target.join("a")).expect("a file");
        holding(home.path(), "first").commit(false).expect("named");
        // The earlier one was moved, and nothing has taken its place.
        fs::rename(&target, &before).expect("moved");
        drop(holding(home.path(), "never named"));
        assert_eq!((content().as_str(), before.exists()), ("first", false));
        // Another took its place, and the earlier one was not yet removed.
        fs::create_dir(&before).expect("a folder");
        holding(home.path(), "second").commit(true).expect("named");
        assert_eq!((content().as_str(), before.exists()), ("second", false));
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 1);
    }
}
