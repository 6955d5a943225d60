//! A folder against itself, against a seal noted elsewhere, and against the database.
//!
//! Against itself: every file is listed once, in `SHA256SUMS` and in the manifest, with the hash it
//! has, and nothing else is there. Against the database: the folder is made anew from what its
//! manifest says, and has to come out the same (`again`). The folders of a split also against the
//! index of the firm's folder (`folders`).

mod again;
mod folders;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, SCHEMA};
use super::{MANIFEST, SUMS, split};
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil;
use crate::model::reading::hex;
use crate::stop::Stop;
use crate::store::Reader;
use again::Again;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) folders: usize,
    pub(crate) files: usize,
    /// SHA-256 of `SHA256SUMS`; in a split that of the firm's folder.
    pub(crate) seal: String,
    /// The version that wrote it, if another one than this.
    pub(crate) written_by: Option<String>,
    /// The snapshot that `changes` starts from, if its content was pruned since.
    pub(crate) pruned: Option<i64>,
    /// Files that could not be compared: of another version and in a form that cannot be read back, or
    /// made with what was pruned.
    pub(crate) not_compared: Vec<String>,
    pub(crate) findings: Vec<String>,
}

/// Checks the folder, or the folders of a split.
pub(crate) fn check(
    folder: &Path,
    seal: Option<&str>,
    database: Option<&Reader>,
    stop: &Stop,
) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let firm = folder.join(split::FIRM);
    let is_split = firm.is_dir() && !folder.join(SUMS).exists();
    match is_split {
        true => folders::check(folder, database, stop, &mut verdict)?,
        false => verdict.seal = check_one(folder, "", database, stop, &mut verdict)?,
    }
    if let Some(seal) = seal.map(str::trim)
        && !seal.eq_ignore_ascii_case(&verdict.seal)
    {
        let found =
            format!("the seal is {}, not {seal}: this is not the folder that was sealed", verdict.seal);
        verdict.findings.push(found);
    }
    Ok(verdict)
}

/// Every file that a folder, or the folders of a split, should hold, by its path from there.
pub(crate) fn files_known(folder: &Path) -> BTreeSet<PathBuf> {
    let mut within = vec![PathBuf::new()];
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    within.extend(entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into()));
    let mut known = BTreeSet::new();
    for within in within {
        let Ok(text) = fs::read_to_string(folder.join(&within).join(SUMS)) else { continue };
        known.insert(within.join(SUMS));
        known.extend(sums(&text, &mut Vec::new()).into_keys().map(|name| within.join(name)));
    }
    known
}

/// Checks one folder and returns its seal. `shown` stands before the names that are told.
fn check_one(
    folder: &Path,
    shown: &str,
    database: Option<&Reader>,
    stop: &Stop,
    verdict: &mut Verdict,
) -> Result<String> {
    let sums_path = folder.join(SUMS);
    let text = fs::read(&sums_path).map_err(|error| {
        Error::new(Kind::No, format!("{} is no evidence folder: it has no {SUMS}", folder.display()))
            .because(error)
            .hint("name the folder that `fbsync export --out` wrote")
    })?;
    let seal = hex(Sha256::digest(&text));
    let mut found = Vec::new();
    let listed = sums(&String::from_utf8_lossy(&text), &mut found);
    check_files(folder, &listed, &mut found)?;
    let manifest = read_manifest(folder, &mut found);
    if let Some(manifest) = &manifest {
        check_manifest(manifest, &listed, &mut found);
        if let Some(database) = database {
            let again = Again { folder, manifest, database, stop };
            again.check(verdict, &mut found)?;
        }
    }
    verdict.findings.extend(found.into_iter().map(|finding| format!("{shown}{finding}")));
    verdict.folders += 1;
    verdict.files += listed.len() + 1;
    Ok(seal)
}

/// The hashes by name, as `sha256sum` reads them. A name that leads elsewhere is no name of ours.
fn sums(text: &str, found: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut sums = BTreeMap::new();
    for line in text.lines() {
        let pair = line.split_once("  ").filter(|(sum, name)| {
            sum.len() == 64 && !name.is_empty() && !name.contains(['/', '\\']) && *name != ".."
        });
        match pair {
            None => found.push(format!("{SUMS} has a line that is none: {line:?}")),
            Some((sum, name)) => {
                if sums.insert(name.to_owned(), sum.to_owned()).is_some() {
                    found.push(format!("{SUMS} lists {name} twice"));
                }
            }
        }
    }
    sums
}

fn check_files(folder: &Path, listed: &BTreeMap<String, String>, found: &mut Vec<String>) -> Result<()> {
    let failed = || format!("cannot read {}", folder.display());
    for path in fsutil::files_below(folder).context(Kind::Config, failed)? {
        let name = path.to_string_lossy();
        if name != SUMS && !listed.contains_key(name.as_ref()) {
            found.push(format!("{name} was added: {SUMS} does not list it"));
        }
    }
    for (name, sum) in listed {
        match hash_of(&folder.join(name)) {
            Ok(is) if is == *sum => {}
            Ok(_) => found.push(format!("{name} was changed: its SHA-256 is not the one in {SUMS}")),
            Err(_) => found.push(format!("{name} is missing or cannot be read")),
        }
    }
    Ok(())
}

fn hash_of(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = fs::File::open(path)?;
    let mut buffer = [0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

fn read_manifest(folder: &Path, found: &mut Vec<String>) -> Option<Manifest> {
    let text = fs::read_to_string(folder.join(MANIFEST)).ok()?;
    match serde_json::from_str::<Manifest>(&text) {
        Ok(manifest) if manifest.schema == SCHEMA => Some(manifest),
        Ok(manifest) => {
            found.push(format!(
                "{MANIFEST} has the schema {}, which this version does not know",
                manifest.schema
            ));
            None
        }
        Err(error) => {
            found.push(format!("{MANIFEST} cannot be read: {error}"));
            None
        }
    }
}

/// The manifest lists every file but itself and the sums, with the same hashes.
fn check_manifest(manifest: &Manifest, listed: &BTreeMap<String, String>, found: &mut Vec<String>) {
    let mut described = BTreeSet::new();
    for file in &manifest.files {
        described.insert(file.path.as_str());
        match listed.get(&file.path) {
            None => found.push(format!("{MANIFEST} lists {}, and {SUMS} does not", file.path)),
            Some(sum) if *sum != file.sha256 => {
                found.push(format!("{MANIFEST} and {SUMS} do not agree on {}", file.path));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| *name != MANIFEST && !described.contains(name.as_str())) {
        found.push(format!("{SUMS} lists {name}, and {MANIFEST} does not"));
    }
}
