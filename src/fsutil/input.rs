//! Files that somebody else could have created: opened only if they are regular, and read up to a
//! limit.
//!
//! A pipe waits for a writer, a device never ends, and a link can lead out of the folder that was
//! handed over. None of them is waited for or followed; each is an error that says what it is.

use std::ffi::OsStr;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

use crate::error::{Error, Kind};

/// Do not wait for the other end of a pipe, and do not let a terminal become our controlling one.
const AT_ONCE: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// Opens a regular file. Links are followed, because a person typed the path.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(AT_ONCE.bits()).unwrap_or_default();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    regular(opened, || fs::metadata(path))
}

/// Opens a regular file below `folder` without following links, because the folder's content is
/// somebody else's.
pub(crate) fn open_within(folder: &Path, name: &Path) -> io::Result<File> {
    let opened = || -> io::Result<File> {
        let mut at = File::open(folder)?;
        let last = name.file_name().unwrap_or(OsStr::new("."));
        for component in name.parent().into_iter().flat_map(Path::components) {
            at = open_at(&at, component.as_os_str(), OFlags::DIRECTORY)?;
        }
        open_at(&at, last, AT_ONCE)
    };
    regular(opened(), || fs::symlink_metadata(folder.join(name)))
}

/// Opens a lock file without following a link.
pub(super) fn open_unlinked(path: &Path) -> io::Result<File> {
    let flags = i32::try_from((AT_ONCE | OFlags::NOFOLLOW).bits()).unwrap_or_default();
    let opened = File::options().read(true).write(true).custom_flags(flags).open(path);
    regular(opened, || fs::symlink_metadata(path))
}

fn open_at(folder: &File, name: &OsStr, flags: OFlags) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | flags;
    Ok(openat(folder, name, flags, Mode::empty())?.into())
}

/// The file, if it is regular. If it could not be opened, looks at what it is: the error for a socket
/// or a link that was not followed says little.
fn regular(opened: io::Result<File>, look: impl Fn() -> io::Result<fs::Metadata>) -> io::Result<File> {
    let found = match &opened {
        Ok(file) => file.metadata()?,
        Err(_) => match look() {
            Ok(found) => found,
            Err(_) => return opened,
        },
    };
    match other_than_regular(found.file_type()) {
        Some(what) => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file")))
        }
        None => opened,
    }
}

/// What a file is if it is not a regular one.
pub(crate) fn other_than_regular(kind: FileType) -> Option<&'static str> {
    match () {
        () if kind.is_file() => None,
        () if kind.is_dir() => Some("a folder"),
        () if kind.is_symlink() => Some("a symbolic link"),
        () if kind.is_fifo() => Some("a pipe"),
        () if kind.is_socket() => Some("a socket"),
        () => Some("a device"),
    }
}

/// The whole content of an open file of at most `limit` bytes.
pub(crate) fn read_bounded(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        true => Ok(bytes),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is larger than {limit} bytes"))),
    }
}

/// The whole content of a regular file of at most `limit` bytes.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_bounded(open_regular(path)?, limit)
}

/// The error for a file that could not be read or written.
pub(crate) fn failing(what: impl FnOnce() -> String) -> impl FnOnce(io::Error) -> Error {
    |error| Error::new(kind_of(&error), what()).because(error)
}

/// A file that is not what it should be, or that we have no permission to use, is for the person to
/// fix. Everything else is a limit or fault of the machine: handles, memory, disk space, a broken disk.
pub(crate) fn kind_of(error: &io::Error) -> Kind {
    use io::ErrorKind::{InvalidData, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    match error.kind() {
        InvalidData | InvalidInput | IsADirectory | NotADirectory | NotFound | PermissionDenied => {
            Kind::Config
        }
        _ => Kind::Storage,
    }
}
