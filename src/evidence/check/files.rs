//! Every file of a folder against `SHA256SUMS`, and what lies there that it does not list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use super::table::{Shape, Table};
use super::{LARGEST_SUMS, Verdict, unusable};
use crate::error::Result;
use crate::evidence::sums::{self, Sums};
use crate::evidence::{SUMS, Sum, Summing};
use crate::fsutil;
use crate::stop::Stop;

/// What systems and unpacking programs leave in folders that they show; Apple's also begin with `._`.
const STRAYS: [&str; 4] = [".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"];

/// What can lie beside `SHA256SUMS` and vouch for it, each with the public command that checks it.
const SIGNATURES: [(&str, &str); 3] = [
    (".sig", "ssh-keygen -Y verify -f allowed_signers -I SIGNER -n file -s SHA256SUMS.sig < SHA256SUMS"),
    (".asc", "gpg --verify SHA256SUMS.asc SHA256SUMS"),
    (".tsr", "openssl ts -verify -in SHA256SUMS.tsr -data SHA256SUMS -CAfile CA.pem"),
];

/// A signature or time stamp of `SHA256SUMS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) path: String,
    /// To be typed in the folder.
    pub(crate) command: &'static str,
}

/// A file as it is.
pub(super) struct Found {
    pub(super) sum: Sum,
    /// What it holds, if it is a table that can be counted.
    pub(super) shape: Option<Shape>,
}

pub(super) type Files = BTreeMap<String, Found>;

/// Reads every listed file once.
pub(super) fn check(folder: &Path, listed: &Sums, stop: &Stop, verdict: &mut Verdict) -> Result<Files> {
    let failed = || format!("cannot read {}", folder.display());
    for path in fsutil::files_below(folder).map_err(fsutil::failing(failed))? {
        let shown = || folder.join(&path).display().to_string();
        // Every name of ours is UTF-8.
        let name = path.to_str();
        if name.is_some_and(|name| name == SUMS || listed.contains_key(name)) {
            continue;
        }
        match (is_stray(&path), name.and_then(checked_by)) {
            (true, _) => verdict.strays.push(shown()),
            (_, Some(command)) => verdict.signatures.push(Signature { path: shown(), command }),
            _ => verdict.findings.push(format!("{} was added: {SUMS} does not list it", path.display())),
        }
    }
    let mut files = Files::new();
    for (name, sha256) in listed {
        let read = fsutil::open_within(folder, Path::new(name));
        match read.and_then(|file| found(file, Table::named(name), stop)) {
            Ok(found) => {
                if found.sum.sha256 != *sha256 {
                    let finding = format!("{name} was changed: its SHA-256 is not the one in {SUMS}");
                    verdict.findings.push(finding);
                }
                files.insert(name.clone(), found);
            }
            Err(error) => {
                stop.check()?;
                verdict.findings.push(unusable(name, error)?);
            }
        }
    }
    Ok(files)
}

fn found(mut file: File, mut table: Option<Table>, stop: &Stop) -> io::Result<Found> {
    let mut summing = Summing::new(io::sink());
    let mut buffer = [0; 1 << 16];
    loop {
        stop.check().map_err(io::Error::other)?;
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        summing.write_all(&buffer[..n])?;
        table.iter_mut().for_each(|table| table.pass(&buffer[..n]));
    }
    Ok(Found { sum: summing.finish().1, shape: table.map(Table::shape) })
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
            Ok(bytes) => {
                let listed = sums::read(&bytes, &mut Vec::new());
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

/// Whether it is no part of the evidence, and belongs beside it all the same.
pub(in crate::evidence) fn is_foreign(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    is_stray(path) || checked_by(&name).is_some()
}

/// Whether a system left the file there, or the folder that it lies in.
pub(super) fn is_stray(path: &Path) -> bool {
    path.iter().any(|name| name.to_str().is_some_and(|name| STRAYS.contains(&name) || name.starts_with("._")))
}

/// The command that checks a file beside `SHA256SUMS`, if it is one that vouches for it.
fn checked_by(name: &str) -> Option<&'static str> {
    let extension = name.strip_prefix(SUMS)?;
    SIGNATURES.iter().find(|(known, _)| *known == extension).map(|(_, command)| *command)
}
