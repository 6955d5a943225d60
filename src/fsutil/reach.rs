//! Who else can access a file.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::other_than_regular;
use crate::error::{Error, Kind};
use crate::shell;

/// Others can write to a folder with this bit on purpose.
const STICKY: u32 = 0o1000;

/// Why a file with secrets cannot be used.
pub(crate) fn secrecy_problem(path: &Path) -> io::Result<Option<Error>> {
    let found = fs::symlink_metadata(path)?;
    let (shown, typed) = (path.display(), shell::path(path));
    let problem = if found.is_symlink() {
        Some(
            Error::new(Kind::Config, format!("{shown} is a symbolic link; a sign-in must be a regular file"))
                .hint(format!(
                    "rm {typed} removes the link; then sign in again, or put the file itself there"
                )),
        )
    } else if let Some(what) = other_than_regular(found.file_type()) {
        // Whatever its mode: taking rights from a folder would not make it a sign-in.
        Some(
            Error::new(Kind::Config, format!("{shown} is {what}; a sign-in must be a regular file"))
                .hint(format!("mv {typed} somewhere else, then sign in again")),
        )
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        let owner = found.uid();
        Some(
            Error::new(Kind::Config, format!("{shown} belongs to another user (uid {owner})"))
                .hint(format!("sudo chown \"$(id -u)\" {typed}")),
        )
    } else if found.mode() & 0o077 != 0 {
        let mode = found.mode() & 0o777;
        let cause = match mode {
            0o660 => "; in Kubernetes this is usually caused by `fsGroup`",
            _ => "",
        };
        Some(
            Error::new(Kind::Config, format!("{shown} can be read by others (mode {mode:04o}){cause}"))
                .hint(format!("chmod 600 {typed}")),
        )
    } else {
        None
    };
    Ok(problem)
}

/// Why a folder cannot be used for files with secrets: whoever can write to it can replace them.
pub(crate) fn folder_problem(folder: &Path) -> io::Result<Option<Error>> {
    let found = fs::metadata(folder)?;
    let (shown, typed) = (folder.display(), shell::path(folder));
    let ours = rustix::process::geteuid().as_raw();
    let mode = found.mode() & 0o777;
    let (problem, hint) = match (found.uid(), mode & 0o022) {
        // Root can do so anywhere.
        (owner, _) if owner != ours && owner != 0 => (
            format!("{shown} belongs to another user (uid {owner})"),
            format!("sudo chown \"$(id -u)\" {typed}"),
        ),
        (_, 0) => return Ok(None),
        (owner, _) => {
            let is_shared = found.mode() & STICKY != 0;
            let hint = match owner == ours && !is_shared {
                true => format!("chmod go-w {typed}"),
                // The root of a mounted volume belongs to whoever created the volume, and /tmp to everybody.
                false => format!(
                    "fbsync --state-dir {} …, a folder within it",
                    shell::path(&folder.join("fbsync"))
                ),
            };
            (format!("others can write to the folder {shown} (mode {mode:04o})"), hint)
        }
    };
    Ok(Some(Error::new(Kind::Config, problem).hint(hint)))
}

/// Whether other users can read the file.
pub(crate) fn readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.mode() & 0o044 != 0)
}
