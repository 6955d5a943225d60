//! A folder against itself, against a seal noted elsewhere, and against the database.
//!
//! What is checked never steers its check. What the manifest says is taken for nothing but the question
//! that the folder answers: which snapshot, which options. The columns come from the code, the content
//! of every file from the database, `SHA256SUMS` has to be the very bytes that its lines give, and
//! README.txt what the manifest gives, which says every option.
//!
//! - [`files`]: every file against `SHA256SUMS`; [`table`]: rows and columns, told while a file is hashed.
//! - [`described`]: the files and README.txt against the manifest.
//! - [`again`]: the folder made once more from the database; [`past`]: what was pruned since;
//!   [`differences`]: two manifests; [`cells`]: two tables, where a newer version wrote one.
//! - [`folders`]: the folders of a split, each by itself and all of them together.
//!
//! A finding says that something is wrong with the folder. What the machine could not do (no handles, no
//! memory, no right to read) is an error, and what cannot be compared is neither.

mod again;
mod cells;
mod described;
mod differences;
mod files;
mod folders;
mod past;
mod table;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::manifest::Manifest;
use super::sums::Sums;
use super::{MANIFEST, SUMS, split, sums};
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::model::reading::hex;
use crate::stop::Stop;
use crate::store::Reader;
use files::Files;
pub(super) use files::is_foreign;
pub(crate) use files::{Signature, strangers};

/// Far more than the names and hashes of any folder, and than any manifest: what is longer is not ours.
const LARGEST_SUMS: u64 = 16 << 20;
const LARGEST_MANIFEST: u64 = 256 << 20;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) folders: usize,
    pub(crate) files: usize,
    /// SHA-256 of `SHA256SUMS`; in a split that of the firm's folder.
    pub(crate) seal: String,
    /// The version that wrote it, if a newer one than this.
    pub(crate) written_by: Option<String>,
    /// Snapshots that it was made from and whose content was pruned since.
    pub(crate) pruned: BTreeSet<i64>,
    /// Files that could not be compared: with this version's, or with what was pruned.
    pub(crate) not_compared: Vec<String>,
    /// Files that a system left in the folder. They are not evidence, and nothing is made of them.
    pub(crate) strays: Vec<String>,
    /// Signatures and time stamps that lie beside `SHA256SUMS`, for their own programs to check.
    pub(crate) signatures: Vec<Signature>,
    /// What could not be checked, and is no gap in what was compared.
    pub(crate) unchecked: Vec<String>,
    pub(crate) findings: Vec<String>,
}

impl Verdict {
    /// Whether everything was compared that could have been with the database as it was.
    pub(crate) fn is_complete(&self) -> bool {
        self.written_by.is_none() && self.pruned.is_empty() && self.not_compared.is_empty()
    }
}

/// What a folder is held against, beside itself.
#[derive(Clone, Copy)]
struct Against<'a> {
    database: Option<&'a Reader>,
    /// The seals that the folders of a split have, for the firm's index; none where they are not there.
    seals: Option<&'a BTreeMap<String, String>>,
    stop: &'a Stop,
}

/// One folder that was checked.
struct Checked {
    seal: String,
    manifest: Option<Manifest>,
}

/// Checks the folder, or the folders of a split.
pub(crate) fn check(
    folder: &Path,
    seal: Option<&str>,
    database: Option<&Reader>,
    stop: &Stop,
) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let against = Against { database, seals: None, stop };
    let is_split = folder.join(split::FIRM).is_dir() && !folder.join(SUMS).exists();
    match is_split {
        true => folders::check(folder, against, &mut verdict)?,
        false => verdict.seal = check_one(folder, "", against, &mut verdict)?.seal,
    }
    if let Some(seal) = seal.filter(|seal| *seal != verdict.seal) {
        let found =
            format!("the seal is {}, not {seal}: this is not the folder that was sealed", verdict.seal);
        verdict.findings.push(found);
    }
    Ok(verdict)
}

/// Checks one folder. `shown` stands before the names that are told.
fn check_one(folder: &Path, shown: &str, against: Against, verdict: &mut Verdict) -> Result<Checked> {
    let read = |name, limit| {
        fsutil::open_within(folder, Path::new(name)).and_then(|file| fsutil::read_bounded(file, limit))
    };
    let bytes = read(SUMS, LARGEST_SUMS).map_err(|error| match unusable(SUMS, error) {
        Ok(why) => Error::new(Kind::No, format!("{} is no evidence folder: {why}", folder.display()))
            .hint("name the folder that `fbsync export --out` wrote"),
        Err(error) => error,
    })?;
    let mut one = Verdict::default();
    let listed = sums::read(&bytes, &mut one.findings);
    let files = files::check(folder, &listed, against.stop, &mut one)?;
    let manifest = match read(MANIFEST, LARGEST_MANIFEST) {
        Ok(bytes) => check_manifest(&bytes, &listed, (against, &files, folder), &mut one)?,
        // Whether it should be there is for the list of files to say.
        Err(error) => unusable(MANIFEST, error).map(|_| None)?,
    };
    let named =
        |names: Vec<String>| names.into_iter().map(|name| format!("{shown}{name}")).collect::<Vec<_>>();
    verdict.findings.extend(named(one.findings));
    verdict.not_compared.extend(named(one.not_compared));
    verdict.unchecked.extend(one.unchecked);
    verdict.strays.extend(one.strays);
    verdict.signatures.extend(one.signatures);
    verdict.pruned.extend(one.pruned);
    verdict.written_by = one.written_by.or(verdict.written_by.take());
    verdict.folders += 1;
    verdict.files += listed.len() + 1;
    Ok(Checked { seal: hex(Sha256::digest(&bytes)), manifest })
}

/// Holds what the manifest says against the files, whose hashes are `listed`, and against the database.
fn check_manifest(
    bytes: &[u8],
    listed: &Sums,
    (against, files, folder): (Against, &Files, &Path),
    verdict: &mut Verdict,
) -> Result<Option<Manifest>> {
    let Some((manifest, version)) = described::read(bytes, verdict) else { return Ok(None) };
    described::check(&manifest, version, listed, files, verdict);
    match against.database {
        Some(database) => again::check(&manifest, version, database, (against, files, folder), verdict)?,
        None => described::uncounted(&manifest, files, verdict),
    }
    Ok(Some(manifest))
}

/// What is wrong with a folder one of whose files cannot be read. Where the machine is the cause, it says
/// nothing about the folder.
pub(super) fn unusable(name: &str, error: io::Error) -> Result<String> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(format!("{name} is missing")),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Ok(format!("{name} cannot be evidence: {error}"))
        }
        _ => Err(fsutil::failing(|| format!("cannot read {name}"))(error)),
    }
}
