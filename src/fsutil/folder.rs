//! A folder that is there as a whole or not at all.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{PRIVATE_FOLDER, create_private_folder, folder_of};
use crate::error::{Context, Kind, Result};

/// A folder that appears under its name, with all that is in it, only when [`PendingFolder::commit`]
/// succeeds.
pub(crate) struct PendingFolder {
    folder: TempDir,
    target: PathBuf,
}

impl PendingFolder {
    /// Begins a folder beside `target`, whose own folder is made where it is missing.
    pub(crate) fn beside(target: &Path) -> Result<Self> {
        create_private_folder(folder_of(target))?;
        let folder = private_temporary_folder(Some(folder_of(target)));
        let folder = folder.context(Kind::Storage, || format!("cannot write {}", target.display()))?;
        Ok(PendingFolder { folder, target: target.to_owned() })
    }

    /// A folder for a look, which is never committed.
    pub(crate) fn scratch() -> Result<Self> {
        let folder = private_temporary_folder(None);
        let folder = folder.context(Kind::Storage, || "cannot make a temporary folder".to_owned())?;
        Ok(PendingFolder { target: folder.path().to_owned(), folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes everything in it durable and gives it its name. What stood there before goes, if
    /// `replace` says so; otherwise the error is `AlreadyExists`.
    pub(crate) fn commit(self, replace: bool) -> io::Result<()> {
        sync_folders(self.folder.path())?;
        let occupied = self.target.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if occupied && !replace || self.target.is_file() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let before = match occupied {
            true => {
                let aside = private_temporary_folder(Some(folder_of(&self.target)))?;
                fs::rename(&self.target, aside.path().join("before"))?;
                Some(aside)
            }
            false => None,
        };
        let named = fs::rename(self.folder.path(), &self.target);
        if let (Err(_), Some(aside)) = (&named, &before) {
            // Whatever went wrong, what stood there before stands there again.
            fs::rename(aside.path().join("before"), &self.target)?;
        }
        named?;
        File::open(folder_of(&self.target))?.sync_all()
    }
}

fn private_temporary_folder(within: Option<&Path>) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fbsync-").permissions(Permissions::from_mode(PRIVATE_FOLDER));
    let folder = match within {
        Some(within) => builder.tempdir_in(within),
        None => builder.tempdir(),
    }?;
    fs::set_permissions(folder.path(), Permissions::from_mode(PRIVATE_FOLDER))?;
    Ok(folder)
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
