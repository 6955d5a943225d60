//! The folders of a split: each by itself, and all of them against the index of the firm's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Verdict, check_one};
use crate::error::{Context, Kind, Result};
use crate::evidence::split;
use crate::stop::Stop;
use crate::store::Reader;

pub(super) fn check(
    folder: &Path,
    database: Option<&Reader>,
    stop: &Stop,
    verdict: &mut Verdict,
) -> Result<()> {
    let mut seals = BTreeMap::new();
    let entries =
        fs::read_dir(folder).context(Kind::Config, || format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.context(Kind::Config, || format!("cannot read {}", folder.display()))?;
        names.push((entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()));
    }
    names.sort();
    for (name, is_folder) in names {
        match is_folder {
            true => {
                let seal = check_one(&folder.join(&name), &format!("{name}/"), database, stop, verdict)?;
                seals.insert(name, seal);
            }
            false => verdict.findings.push(format!("{name} is not listed anywhere")),
        }
    }
    verdict.seal = seals.remove(split::FIRM).unwrap_or_default();
    let listed = indexed_seals(&folder.join(split::FIRM));
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
pub(super) fn indexed_seals(firm: &Path) -> BTreeMap<String, String> {
    let Ok(mut index) = csv::ReaderBuilder::new().from_path(firm.join(split::INDEX)) else {
        return BTreeMap::new();
    };
    let place =
        |name: &str, headers: &csv::StringRecord| headers.iter().position(|header| header.ends_with(name));
    let Ok(headers) = index.headers().cloned() else { return BTreeMap::new() };
    let places = place("folder", &headers).zip(place("seal", &headers));
    let Some((folder, seal)) = places else { return BTreeMap::new() };
    let lines = index.records().flatten();
    lines
        .filter_map(|line| Some((line.get(folder)?.to_owned(), line.get(seal)?.to_owned())))
        .filter(|(folder, _)| !folder.is_empty())
        .collect()
}
