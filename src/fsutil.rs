//! The only file that writes files, the database apart.
//!
//! Whatever the umask: what we create is 0600, folders 0700. A file is replaced whole or not at all:
//! written beside its target, flushed to the disk, renamed, and the folder flushed as well, since
//! `persist` alone promises nothing after a power cut.

#![expect(clippy::disallowed_methods, reason = "this is the place where they are allowed")]

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir, TempPath};

use crate::error::{Context, Error, Kind, Result};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// How often a waiting process looks whether a lock is free.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Creates `folder` and what is missing above it, for our eyes alone. An existing one is left as it is.
pub(crate) fn create_private_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_private_folder(parent)?;
    }
    let made = match DirBuilder::new().mode(PRIVATE_FOLDER).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(PRIVATE_FOLDER))),
    };
    made.context(Kind::Config, || format!("cannot create the folder {}", folder.display()))
}

/// Creates an empty file 0600 if there is none; an existing one is left as it is.
pub(crate) fn create_private_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path) {
        Ok(file) => file.set_permissions(Permissions::from_mode(PRIVATE_FILE)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A file that appears under its name only when [`Pending::commit`] succeeds.
pub(crate) struct Pending {
    file: NamedTempFile,
    target: PathBuf,
}

impl Pending {
    /// Begins a replacement for `target` in the same folder, which must exist.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let file = tempfile::Builder::new()
            .prefix(".fbsync-")
            .permissions(Permissions::from_mode(PRIVATE_FILE))
            .tempfile_in(folder_of(target))?;
        file.as_file().set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
        Ok(Pending { file, target: target.to_owned() })
    }

    /// The same under a name that stays: whatever a killed process left there is taken away first, so
    /// that large files do not gather. For one process at a time.
    pub(crate) fn drafted(draft: &Path, target: &Path) -> io::Result<Self> {
        remove_if_there(draft)?;
        let file = NamedTempFile::from_parts(create_new_private(draft)?, TempPath::try_from_path(draft)?);
        Ok(Pending { file, target: target.to_owned() })
    }

    /// Where the content is until it is committed.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether the target is there already with just this content.
    pub(crate) fn same_as_target(&self) -> bool {
        let same = || -> io::Result<bool> { Ok(fs::read(&self.target)? == fs::read(self.file.path())?) };
        same().unwrap_or(false)
    }

    /// Makes the content durable under its final name. With `replace` false an existing file stays
    /// as it is and the error is `AlreadyExists`.
    pub(crate) fn commit(self, replace: bool) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        let persisted = match replace {
            true => self.file.persist(&self.target),
            false => self.file.persist_noclobber(&self.target),
        };
        persisted.map_err(|failed| failed.error)?;
        File::open(folder_of(&self.target))?.sync_all()
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

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

/// Creates a file 0600 that must not exist yet, for writing.
pub(crate) fn create_new_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
    file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
    Ok(file)
}

/// The text of a file of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_string(&mut text)?;
    match u64::try_from(text.len()).is_ok_and(|length| length <= limit) {
        true => Ok(text),
        false => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Every file below a folder, by its path from there, in order.
pub(crate) fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(within) = folders.pop() {
        for entry in folder.join(&within).read_dir()? {
            let entry = entry?;
            let path = within.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Replaces `path` by `bytes`, durably, in one step.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut pending = Pending::beside(path)?;
    pending.write_all(bytes)?;
    pending.commit(true)
}

/// Writes `draft`, durably and whole or not at all, under a name that a later run knows where to find.
///
/// For content that cannot be had again: if the process dies before [`put_in_place`], it is still there.
pub(crate) fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    remove_if_there(draft)?;
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(draft)?;
        file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    if written.is_err() {
        let _ = remove_if_there(draft);
    }
    written
}

/// Makes a draft the file it was written for, durably, in one step.
pub(crate) fn put_in_place(draft: &Path, target: &Path) -> io::Result<()> {
    fs::rename(draft, target)?;
    File::open(folder_of(target))?.sync_all()
}

/// Fails where a file of a few kilobytes could not be written beside `target`.
pub(crate) fn prove_writable(target: &Path) -> io::Result<()> {
    let mut pending = Pending::beside(target)?;
    pending.write_all(&[0; 4096])?;
    pending.file.as_file().sync_all()
}

/// Keeps `bytes` in the system's folder for temporary files when there is no other place left.
pub(crate) fn rescue(bytes: &[u8]) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new()
        .prefix("fbsync-rescued-")
        .suffix(".json")
        .permissions(Permissions::from_mode(PRIVATE_FILE))
        .tempfile()?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1)
}

/// Deletes a folder and all that is in it.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)
}

/// Deletes a file; that there is none is as good.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Why a file that holds secrets may not be used.
pub(crate) fn secrecy_problem(path: &Path) -> io::Result<Option<Error>> {
    let found = fs::symlink_metadata(path)?;
    let shown = path.display();
    let problem = if found.is_symlink() {
        Some(
            Error::new(
                Kind::Config,
                format!("{shown} is a symbolic link; a sign-in is kept in a plain file"),
            )
            .hint(format!(
                "rm '{shown}' takes the link away; then sign in again, or put the file itself there"
            )),
        )
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        let owner = found.uid();
        Some(
            Error::new(Kind::Config, format!("{shown} belongs to another user (uid {owner})"))
                .hint(format!("sudo chown \"$(id -u)\" '{shown}'")),
        )
    } else if found.mode() & 0o077 != 0 {
        let mode = found.mode() & 0o777;
        let cause = match mode {
            0o660 => "; in Kubernetes this is usually the work of `fsGroup`",
            _ => "",
        };
        Some(
            Error::new(Kind::Config, format!("{shown} can be read by others (mode {mode:04o}){cause}"))
                .hint(format!("chmod 600 '{shown}'")),
        )
    } else {
        None
    };
    Ok(problem)
}

/// Whether users other than the owner may read the file.
pub(crate) fn readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.mode() & 0o044 != 0)
}

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

/// Writes a file that is for everybody, such as a manual page, with the modes that the umask leaves.
pub(crate) fn write_shared(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder_of(path))?;
    fs::write(path, bytes)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
