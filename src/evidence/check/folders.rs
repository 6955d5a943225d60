//! The folders of a split: each by itself, and all of them against the index of the firm's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Verdict, check_one, is_stray, unusable};
use crate::error::{Kind, Result};
use crate::evidence::split;
use crate::fsutil;
use crate::stop::Stop;
use crate::store::Reader;

/// A line for each of many thousand businesses.
const LARGEST_INDEX: u64 = 64 << 20;

pub(super) fn check(
    folder: &Path,
    database: Option<&Reader>,
    stop: &Stop,
    verdict: &mut Verdict,
) -> Result<()> {
    let mut seals = BTreeMap::new();
    let entries =
        fs::read_dir(folder).map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
        let kind =
            entry.file_type().map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
        names.push((entry.file_name().to_string_lossy().into_owned(), kind));
    }
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, kind) in names {
        let path = folder.join(&name);
        match fsutil::other_than_regular(kind) {
            _ if is_stray(Path::new(&name)) => verdict.strays.push(path.display().to_string()),
            Some("a folder") => match check_one(&path, &format!("{name}/"), database, stop, verdict) {
                Ok(seal) => drop(seals.insert(name, seal)),
                // The others are checked all the same: one more folder must not hide what is wrong with them.
                Err(error) if error.kind() == Kind::No => verdict.findings.push(error.message().to_owned()),
                Err(error) => return Err(error),
            },
            None | Some(_) => verdict.findings.push(format!("{name} is not listed anywhere")),
        }
    }
    verdict.seal = seals.remove(split::FIRM).unwrap_or_default();
    let listed = indexed_seals(&folder.join(split::FIRM))?;
    for (name, seal) in &seals {
        match listed.get(name) {
            None => verdict.findings.push(format!("{name}/ is not in {}/{}", split::FIRM, split::INDEX)),
            Some(listed) if listed != seal => {
                let index = format!("{}/{}", split::FIRM, split::INDEX);
                verdict.findings.push(format!("{name}/ has the seal {seal}, and {index} says {listed}"));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| !seals.contains_key(*name)) {
        verdict.findings.push(format!("{name}/ is missing"));
    }
    Ok(())
}

/// The seals that an index holds, by folder. They cannot be derived from a database.
pub(super) fn indexed_seals(firm: &Path) -> Result<BTreeMap<String, String>> {
    let name = split::INDEX;
    let read =
        fsutil::open_within(firm, Path::new(name)).and_then(|file| fsutil::read_bounded(file, LARGEST_INDEX));
    let text = match read {
        Ok(text) => text,
        Err(error) => return unusable(name, error).map(|_| BTreeMap::new()),
    };
    let mut index = csv::Reader::from_reader(text.as_slice());
    let place =
        |name: &str, headers: &csv::StringRecord| headers.iter().position(|header| header.ends_with(name));
    let Ok(headers) = index.headers().cloned() else { return Ok(BTreeMap::new()) };
    let places = place("folder", &headers).zip(place("seal", &headers));
    let Some((folder, seal)) = places else { return Ok(BTreeMap::new()) };
    let lines = index.records().flatten();
    Ok(lines
        .filter_map(|line| Some((line.get(folder)?.to_owned(), line.get(seal)?.to_owned())))
        .filter(|(folder, _)| !folder.is_empty())
        .collect())
}
