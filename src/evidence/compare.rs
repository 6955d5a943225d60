//! Two folders, one as it was found and one made anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::manifest::FileEntry;
use super::{MANIFEST, SUMS, split};
use crate::error::{Context, Kind, Result};
use crate::fsutil;

/// Every file of the one made anew has to be there with the same bytes.
pub(super) fn bytes(folder: &Path, again: &Path, found: &mut Vec<String>) -> Result<()> {
    for path in files(again)? {
        let made = fs::read(again.join(&path)).context(Kind::Storage, || format!("cannot read {path}"))?;
        match fs::read(folder.join(&path)) {
            Ok(there) if there == made => {}
            // Made of the others: whatever is wrong with them shows here, and is told there.
            Ok(_) if path == SUMS => {}
            Ok(_) => found.push(format!("{path} is not what the database gives")),
            Err(_) => found.push(format!("{path} should be there, by the database")),
        }
    }
    Ok(())
}

/// Whether two folders hold the same evidence: all but who exported it when.
pub(crate) fn same_evidence(folder: &Path, other: &Path) -> bool {
    let same = || -> Option<bool> {
        let paths = files(folder).ok()?;
        if paths != files(other).ok()? {
            return Some(false);
        }
        for path in paths {
            let name = Path::new(&path).file_name()?.to_string_lossy().into_owned();
            let [a, b] = [folder, other].map(|folder| fs::read(folder.join(&path)));
            let (a, b) = (a.ok()?, b.ok()?);
            let same = match name.as_str() {
                // Both follow from the files and the export's time; the caller checks them by themselves.
                SUMS | split::INDEX => true,
                MANIFEST => without_stamp(&a)? == without_stamp(&b)?,
                _ => a == b,
            };
            if !same {
                return Some(false);
            }
        }
        Some(true)
    };
    same().unwrap_or(false)
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
    let paths =
        fsutil::files_below(folder).context(Kind::Config, || format!("cannot read {}", folder.display()))?;
    Ok(paths.iter().map(|path| path.to_string_lossy().into_owned()).collect())
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
        let (Some(there), Some(made)) = (rows(folder, file), rows(again, file)) else {
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
fn rows(folder: &Path, file: &FileEntry) -> Option<Vec<BTreeMap<String, String>>> {
    let bytes = fs::read(folder.join(&file.path)).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match Path::new(&file.path).extension()?.to_str()? {
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
