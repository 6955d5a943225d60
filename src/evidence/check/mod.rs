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
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, SCHEMA};
use super::{MANIFEST, SUMS, split};
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::model::reading::hex;
use crate::stop::Stop;
use crate::store::Reader;
use again::Again;

/// Far more than the names and hashes of any folder, and than any manifest: what is longer is not ours.
const LARGEST_SUMS: u64 = 16 << 20;
const LARGEST_MANIFEST: u64 = 256 << 20;

/// What systems and unpacking programs leave in folders that they show; Apple's also begin with `._`.
const STRAYS: [&str; 4] = [".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"];

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
    /// Files that a system left in the folder. They are no evidence, and nothing is made of them.
    pub(crate) strays: Vec<String>,
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

/// The files of a folder, or of the folders of a split, that no list of theirs names, by their paths from
/// there. What a system leaves anywhere is not among them.
pub(crate) fn strangers(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut strangers = fsutil::files_below(folder)
        .map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
    let mut within: BTreeSet<PathBuf> =
        strangers.iter().filter_map(|file| Some(file.parent()?.to_owned())).collect();
    within.insert(PathBuf::new());
    for within in within {
        let name = within.join(SUMS);
        match fsutil::open_within(folder, &name).and_then(|file| fsutil::read_bounded(file, LARGEST_SUMS)) {
            Ok(text) => {
                let listed = sums(&String::from_utf8_lossy(&text), &mut Vec::new());
                strangers.retain(|file| {
                    let listed = |name: &str| listed.contains_key(name) || name == SUMS;
                    !file.strip_prefix(&within).is_ok_and(|rest| rest.to_str().is_some_and(listed))
                });
            }
            Err(error) => drop(unusable(&name.display().to_string(), error)?),
        }
    }
    strangers.retain(|file| !is_stray(file));
    Ok(strangers)
}

/// Whether a system left the file there, or the folder that it lies in.
pub(super) fn is_stray(path: &Path) -> bool {
    path.iter().any(|name| name.to_str().is_some_and(|name| STRAYS.contains(&name) || name.starts_with("._")))
}

/// What is wrong with a folder one of whose files cannot be read. Where the machine is the cause, it says
/// nothing about the folder.
fn unusable(name: &str, error: io::Error) -> Result<String> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(format!("{name} is missing")),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Ok(format!("{name} cannot be evidence: {error}"))
        }
        _ => Err(fsutil::failing(|| format!("cannot read {name}"))(error)),
    }
}

/// Checks one folder and returns its seal. `shown` stands before the names that are told.
fn check_one(
    folder: &Path,
    shown: &str,
    database: Option<&Reader>,
    stop: &Stop,
    verdict: &mut Verdict,
) -> Result<String> {
    let read = |name, limit| {
        fsutil::open_within(folder, Path::new(name)).and_then(|file| fsutil::read_bounded(file, limit))
    };
    let text = read(SUMS, LARGEST_SUMS).map_err(|error| match unusable(SUMS, error) {
        Ok(why) => Error::new(Kind::No, format!("{} is no evidence folder: {why}", folder.display()))
            .hint("name the folder that `fbsync export --out` wrote"),
        Err(error) => error,
    })?;
    let seal = hex(Sha256::digest(&text));
    let mut found = Vec::new();
    let listed = sums(&String::from_utf8_lossy(&text), &mut found);
    check_files(folder, &listed, stop, verdict, &mut found)?;
    let manifest = match read(MANIFEST, LARGEST_MANIFEST) {
        Ok(text) => parse_manifest(&text, &mut found),
        // Whether it should be there is for the list of files to say.
        Err(error) => unusable(MANIFEST, error).map(|_| None)?,
    };
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

fn check_files(
    folder: &Path,
    listed: &BTreeMap<String, String>,
    stop: &Stop,
    verdict: &mut Verdict,
    found: &mut Vec<String>,
) -> Result<()> {
    let failed = || format!("cannot read {}", folder.display());
    for path in fsutil::files_below(folder).map_err(fsutil::failing(failed))? {
        let name = path.to_string_lossy();
        if is_stray(&path) {
            verdict.strays.push(folder.join(&path).display().to_string());
            continue;
        }
        if name != SUMS && !listed.contains_key(name.as_ref()) {
            found.push(format!("{name} was added: {SUMS} does not list it"));
        }
    }
    for (name, sum) in listed {
        match fsutil::open_within(folder, Path::new(name)).and_then(|file| hash_of(file, stop)) {
            Ok(is) if is == *sum => {}
            Ok(_) => found.push(format!("{name} was changed: its SHA-256 is not the one in {SUMS}")),
            Err(error) => {
                stop.check()?;
                found.push(unusable(name, error)?);
            }
        }
    }
    Ok(())
}

fn hash_of(mut file: fs::File, stop: &Stop) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = [0; 1 << 16];
    loop {
        stop.check().map_err(io::Error::other)?;
        match file.read(&mut buffer)? {
            0 => return Ok(hex(hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

fn parse_manifest(text: &[u8], found: &mut Vec<String>) -> Option<Manifest> {
    match serde_json::from_slice::<Manifest>(text) {
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
