//! A folder against another: whether an export has to be written at all.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::check::is_foreign;
use super::{MANIFEST, SUMS, split};
use crate::error::{Context, Kind, Result};
use crate::fsutil;

/// The longest manifest.
const LARGEST: u64 = 256 << 20;

/// Whether two folders hold the same evidence: all but who exported it when.
pub(crate) fn same_evidence(folder: &Path, other: &Path) -> Result<bool> {
    let paths = files(folder)?;
    if paths != files(other)? {
        return Ok(false);
    }
    for path in paths {
        let failed = || format!("cannot read {path}");
        let (Some(a), Some(b)) = (opened(folder, &path)?, opened(other, &path)?) else { return Ok(false) };
        let same = match Path::new(&path).file_name().and_then(OsStr::to_str) {
            // Both follow from the files and the export's time; the caller checks them by themselves.
            Some(SUMS | split::INDEX) => true,
            Some(MANIFEST) => {
                let [a, b] =
                    [a, b].map(|file| fsutil::read_bounded(file, LARGEST).context(Kind::Storage, failed));
                let (a, b) = (without_stamp(&a?), without_stamp(&b?));
                a.is_some() && a == b
            }
            _ => fsutil::same_content(a, b).context(Kind::Storage, failed)?,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A regular file of a folder that was found; nothing where there is none. No link is followed.
fn opened(folder: &Path, path: &str) -> Result<Option<File>> {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound};
    match fsutil::open_within(folder, Path::new(path)) {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidInput) => Ok(None),
        Err(error) => Err(fsutil::failing(|| format!("cannot read {path}"))(error)),
        Ok(file) => Ok(Some(file)),
    }
}

fn without_stamp(manifest: &[u8]) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(manifest).ok()?;
    value.as_object_mut()?.remove("export");
    // The index holds seals, and these depend on the time as well.
    for file in value["files"].as_array_mut()? {
        if file["path"] == split::INDEX {
            *file = Value::Null;
        }
    }
    Some(value)
}

fn files(folder: &Path) -> Result<Vec<String>> {
    let paths = fsutil::files_below(folder)
        .map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
    let paths = paths.iter().filter(|path| !is_foreign(path));
    Ok(paths.map(|path| path.to_string_lossy().into_owned()).collect())
}
