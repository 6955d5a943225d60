//! The only module that writes files other than the database, and that opens files that somebody else
//! could have created.
//!
//! Whatever the umask, files are created with mode 0600 and folders with 0700. A file is replaced as a
//! whole or not at all: it is written beside its target, flushed to the disk and renamed, and then the
//! folder is flushed as well, because `persist` promises nothing after a power cut.
//!
//! - [`folder`]: the same for folders; [`leftovers`]: what a killed process left behind.
//! - [`input`]: opens regular files only, and follows no link in a folder that is not ours.
//! - [`place`]: which file a path leads to; [`reach`]: who else can access it; [`lock`]: who is using it.

#![expect(clippy::disallowed_methods, reason = "this is the place where they are allowed")]

mod folder;
mod input;
mod leftovers;
mod lock;
mod place;
mod reach;

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::error::Result;
pub(crate) use folder::PendingFolder;
pub(crate) use input::{
    failing, kind_of, open_regular, open_within, other_than_regular, read_bounded, read_bytes,
};
pub(crate) use lock::{Lock, lock_hint};
pub(crate) use place::{is_standard_output, real_path, same_file};
pub(crate) use reach::{folder_problem, readable_by_others, secrecy_problem};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// The mode for a file that other users are meant to read, whatever the umask.
const READABLE_FILE: u32 = 0o644;

/// The mode for a file that everybody can read, before the umask is applied.
const SHARED_FILE: u32 = 0o666;

/// Creates `folder` and missing parents with mode 0700. An existing one is left unchanged.
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
    made.map_err(failing(|| format!("cannot create the folder {}", folder.display())))
}

/// Creates a file with mode 0600 that must not exist yet. Every file of ours is created here.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
    // A umask can have removed even the owner's permissions.
    file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
    Ok(file)
}

/// The same, but an existing file is left unchanged.
pub(crate) fn create_private_file(path: &Path) -> io::Result<()> {
    match create_private(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// A file that appears under its name only when [`Pending::commit`] succeeds.
pub(crate) struct Pending {
    file: NamedTempFile,
    target: PathBuf,
}

impl Pending {
    /// Starts a replacement for `target` in the same folder, which must exist.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        leftovers::sweep(folder_of(target));
        let held = |path: &Path| {
            let file = create_private(path)?;
            leftovers::hold(&file, path).map(|()| file)
        };
        let file = tempfile::Builder::new().prefix(leftovers::PREFIX).make_in(folder_of(target), held)?;
        Ok(Pending { file, target: target.to_owned() })
    }

    /// The same under a fixed name: what a killed process left there is removed first, so that large
    /// files do not pile up. Only for one process at a time.
    pub(crate) fn drafted(draft: &Path, target: &Path) -> io::Result<Self> {
        remove_if_there(draft)?;
        let file = NamedTempFile::from_parts(create_private(draft)?, TempPath::try_from_path(draft)?);
        Ok(Pending { file, target: target.to_owned() })
    }

    /// The path of the content until it is committed.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether the target already exists with the same content.
    pub(crate) fn same_as_target(&self) -> bool {
        let both = open_regular(&self.target).and_then(|there| Ok((there, File::open(self.file.path())?)));
        both.and_then(|(there, ours)| same_content(there, ours)).unwrap_or(false)
    }

    /// Makes the content durable under its final name. If `replace` is false, an existing file is left
    /// unchanged and the error is `AlreadyExists`.
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

/// Compares in chunks: an export can be larger than the memory of a small machine.
pub(crate) fn same_content(a: File, b: File) -> io::Result<bool> {
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(a), BufReader::new(b));
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        let n = left.len().min(right.len());
        if n == 0 || left[..n] != right[..n] {
            return Ok(left.is_empty() && right.is_empty());
        }
        a.consume(n);
        b.consume(n);
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

/// Every file below a folder, sorted, with paths relative to it.
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

/// Replaces `path` with `bytes` durably and in one step.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut pending = Pending::beside(path)?;
    pending.write_all(bytes)?;
    pending.commit(true)
}

/// Writes `draft` durably, as a whole or not at all, under a name that a later run can find.
///
/// For content that cannot be obtained again: if the process dies before [`put_in_place`], it is still
/// there.
pub(crate) fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    remove_if_there(draft)?;
    let written = (|| {
        let mut file = create_private(draft)?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    if written.is_err() {
        let _ = remove_if_there(draft);
    }
    written
}

/// Moves a draft to its target, durably and in one step.
pub(crate) fn put_in_place(draft: &Path, target: &Path) -> io::Result<()> {
    fs::rename(draft, target)?;
    File::open(folder_of(target))?.sync_all()
}

/// Fails if a file of a few kilobytes could not be written beside `target`.
pub(crate) fn prove_writable(target: &Path) -> io::Result<()> {
    let mut pending = Pending::beside(target)?;
    pending.write_all(&[0; 4096])?;
    pending.file.as_file().sync_all()
}

/// File handles held in reserve: once they are dropped, there are enough to write a file in this folder
/// durably, however many the process has opened.
pub(crate) fn spare_handles(file: &Path) -> io::Result<[File; 2]> {
    Ok([File::open(folder_of(file))?, File::open(folder_of(file))?])
}

/// Saves `bytes` in the system's folder for temporary files when nothing else works.
pub(crate) fn rescue(bytes: &[u8]) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    let mut file = builder.prefix("fbsync-rescued-").suffix(".json").make(create_private)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1)
}

/// Deletes a folder and everything in it.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)
}

/// Deletes a file; it is no error if there is none.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Writes a file for everybody, such as a manual page, with the mode that the umask allows.
pub(crate) fn write_shared(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder_of(path))?;
    let held = |path: &Path| {
        let file = OpenOptions::new().write(true).create_new(true).mode(SHARED_FILE).open(path)?;
        leftovers::hold(&file, path).map(|()| file)
    };
    let mut file = tempfile::Builder::new().prefix(leftovers::PREFIX).make_in(folder_of(path), held)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|failed| failed.error)
}

/// Replaces `path` with `bytes` in one step, for other users to read. An existing file keeps its mode.
pub(crate) fn replace_shared(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mode = fs::metadata(path).map_or(READABLE_FILE, |found| found.permissions().mode());
    let mut pending = Pending::beside(path)?;
    pending.write_all(bytes)?;
    pending.file.as_file().set_permissions(Permissions::from_mode(mode))?;
    pending.commit(true)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
