//! Which file a path leads to.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::folder_of;

/// As many links as systems follow (`ELOOP`), or fewer.
const MOST_LINKS: usize = 40;

/// The absolute path of the file that `path` leads to, with links followed. The file need not exist,
/// but its folder must.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        let folder = folder_of(&path).canonicalize()?;
        // A dangling link says where its file would be.
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Whether a path such as `/dev/stdout` leads to what standard output is. Replacing that would write to
/// another file.
pub(crate) fn is_standard_output(path: &Path) -> bool {
    let stdout = || File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata();
    path == Path::new("-")
        || matches!((fs::metadata(path), stdout()), (Ok(a), Ok(b)) if identity(&a) == identity(&b))
}

/// Whether two paths lead to the same file, even if it does not exist yet.
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a).ok(), fs::metadata(b).ok()) {
        (Some(a), Some(b)) => identity(&a) == identity(&b),
        (None, None) => matches!((real_path(a), real_path(b)), (Ok(a), Ok(b)) if a == b),
        _ => false,
    }
}

fn identity(found: &fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}
