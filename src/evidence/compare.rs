//! Two folders, one as it was found and one made anew.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::check::is_stray;
use super::manifest::FileEntry;
use super::{MANIFEST, SUMS, split};
use crate::error::{Context, Kind, Result};
use crate::fsutil;

/// Manifests, and reports of another version, which are compared in memory.
const LARGEST: u64 = 256 << 20;

/// One of a report, by column.
type Row = BTreeMap<String, String>;

/// Every file of the one made anew has to be there with the same bytes.
pub(super) fn bytes(folder: &Path, again: &Path, found: &mut Vec<String>) -> Result<()> {
    for path in files(again)? {
        let failed = || format!("cannot read {path}");
        let made = fsutil::open_regular(&again.join(&path)).context(Kind::Storage, failed)?;
        let Some(there) = opened(folder, &path)? else {
            found.push(format!("{path} should be there, by the database"));
            continue;
        };
        let same = fsutil::same_content(there, made).context(Kind::Storage, failed)?;
        // The sums are made of the others: whatever is wrong with them shows here, and is told there.
        if !same && path != SUMS {
            found.push(format!("{path} is not what the database gives"));
        }
    }
    Ok(())
}

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
    let paths = paths.iter().filter(|path| !is_stray(path));
    Ok(paths.map(|path| path.to_string_lossy().into_owned()).collect())
}

/// The same content in the form of another version: cell by cell, over the columns that the
/// manifest names; columns may have come since.
pub(super) fn cells(
    folder: &Path,
    again: &Path,
    reports: &[&FileEntry],
    not_compared: &mut Vec<String>,
    found: &mut Vec<String>,
) -> Result<()> {
    for file in reports {
        let (Some(there), Some(made)) = (rows(folder, file)?, rows(again, file)?) else {
            not_compared.push(file.path.clone());
            continue;
        };
        if there.len() != made.len() {
            found.push(format!("{}: {} rows, by the database {}", file.path, there.len(), made.len()));
            continue;
        }
        let columns = file.columns.as_deref().unwrap_or_default();
        for (at, (there, made)) in there.iter().zip(&made).enumerate() {
            if let Some(column) = columns.iter().find(|column| there.get(*column) != made.get(*column)) {
                found.push(format!("{}: row {}: {column} is not what the database gives", file.path, at + 1));
                break;
            }
        }
    }
    Ok(())
}

/// The rows of a file, by column; `None` for a form that cannot be read back.
fn rows(folder: &Path, file: &FileEntry) -> Result<Option<Vec<Row>>> {
    let Some(opened) = opened(folder, &file.path)? else { return Ok(None) };
    match fsutil::read_bounded(opened, LARGEST) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        read => {
            Ok(parsed(&read.context(Kind::Storage, || format!("cannot read {}", file.path))?, &file.path))
        }
    }
}

fn parsed(bytes: &[u8], name: &str) -> Option<Vec<Row>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match Path::new(name).extension()?.to_str()? {
        "csv" => {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            reader.deserialize().collect::<Result<_, _>>().ok()
        }
        "jsonl" => {
            let line = |line: &str| {
                let values: BTreeMap<String, Value> = serde_json::from_str(line).ok()?;
                Some(values.into_iter().map(|(name, value)| (name, value.to_string())).collect())
            };
            text.lines().map(line).collect()
        }
        _ => None,
    }
}
