//! The files of a folder, and its README.txt, against its manifest: what can be found without the
//! database.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Verdict;
use super::files::{Files, Found};
use crate::evidence::choice::Chosen;
use crate::evidence::manifest::{FileEntry, Manifest, SCHEMA, Tool};
use crate::evidence::sums::Sums;
use crate::evidence::{MANIFEST, README, SUMS, readme};
use crate::model::reading::hex;
use crate::report::{self, REPORTS, summary};
use crate::time::Timestamp;

/// Versions before this one whose folders are compared cell by cell. None was released.
const EARLIER: &[&str] = &[];

/// Which version wrote a folder, as far as its check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// It has to be the same, byte for byte.
    This,
    /// Its reports have our columns, and can have more.
    Another,
}

impl Version {
    /// `None` for one that was never released.
    fn of(tool: &Tool) -> Option<Self> {
        let ours = env!("CARGO_PKG_VERSION");
        if tool.name != "fbsync" {
            return None;
        }
        match (numbers(&tool.version)?.cmp(&numbers(ours)?), EARLIER.contains(&tool.version.as_str())) {
            (Ordering::Equal, _) => Some(Version::This),
            (Ordering::Greater, _) | (Ordering::Less, true) => Some(Version::Another),
            (Ordering::Less, false) => None,
        }
    }
}

/// Major, minor and patch, written the one way.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let numbers: Vec<u32> = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    let numbers: [u32; 3] = numbers.try_into().ok()?;
    let [major, minor, patch] = numbers;
    (format!("{major}.{minor}.{patch}") == version).then_some(numbers)
}

/// What every version's manifest begins with.
#[derive(Deserialize)]
struct Head {
    schema: String,
    tool: Tool,
}

/// Reads the manifest. One that only another version can read is not compared.
pub(super) fn read(bytes: &[u8], verdict: &mut Verdict) -> Option<(Manifest, Version)> {
    let head = serde_json::from_slice::<Head>(bytes);
    let read = head.map_err(|error| format!("{MANIFEST} cannot be read: {error}")).and_then(|head| {
        let version = Version::of(&head.tool).ok_or_else(|| {
            format!(
                "{MANIFEST} says that it was written by {} {}, which was never released",
                head.tool.name, head.tool.version
            )
        })?;
        if version == Version::Another {
            verdict.written_by = Some(head.tool.version);
        }
        if head.schema != SCHEMA {
            return Err(format!("{MANIFEST} has the schema {}, not {SCHEMA}", head.schema));
        }
        let manifest = serde_json::from_slice::<Manifest>(bytes);
        manifest
            .map(|manifest| (manifest, version))
            .map_err(|error| format!("{MANIFEST} cannot be read: {error}"))
    });
    match read {
        Ok((manifest, version)) => {
            if version == Version::This && manifest.to_json().as_bytes() != bytes {
                verdict.findings.push(format!("{MANIFEST} is not in the form that fbsync writes"));
            }
            Some((manifest, version))
        }
        Err(_) if verdict.written_by.is_some() => {
            verdict.not_compared.push(MANIFEST.to_owned());
            None
        }
        Err(finding) => {
            verdict.findings.push(finding);
            None
        }
    }
}

pub(super) fn check(
    manifest: &Manifest,
    version: Version,
    listed: &Sums,
    files: &Files,
    verdict: &mut Verdict,
) {
    let mut found = Vec::new();
    same_files(manifest, listed, &mut found);
    for file in &manifest.files {
        // One that is not what the sums say was told.
        let is_listed = |is: &&Found| listed.get(&file.path) == Some(&is.sum.sha256);
        let Some(is) = files.get(&file.path).filter(is_listed) else { continue };
        if is.sum.bytes != file.bytes {
            found.push(format!(
                "{} has {} bytes, and {MANIFEST} says {}",
                file.path, is.sum.bytes, file.bytes
            ));
        }
        let Some(shape) = &is.shape else { continue };
        if file.rows.is_some_and(|rows| rows != shape.rows) {
            let says = file.rows.unwrap_or_default();
            found.push(format!("{} has {} rows, and {MANIFEST} says {says}", file.path, shape.rows));
        }
        if file.columns.is_some() && shape.columns.is_some() && file.columns != shape.columns {
            found.push(format!("{} has other columns than {MANIFEST} says", file.path));
        }
    }
    agrees_with_itself(manifest, &mut found);
    match version {
        Version::This => {
            columns(manifest, &mut found);
            every_report(manifest, &mut found);
            let text = readme::text(manifest);
            if listed.get(README).is_some_and(|sha256| *sha256 != hex(Sha256::digest(&text))) {
                found.push(format!("{README} does not say what {MANIFEST} says"));
            }
        }
        Version::Another => verdict.not_compared.push(README.to_owned()),
    }
    verdict.findings.extend(found);
}

/// Without the database, nothing tells what is in a workbook.
pub(super) fn uncounted(manifest: &Manifest, files: &Files, verdict: &mut Verdict) {
    let is_uncounted = |file: &FileEntry| {
        file.rows.is_some() && files.get(&file.path).is_some_and(|found| found.shape.is_none())
    };
    if manifest.files.iter().any(is_uncounted) {
        verdict.unchecked.push("how many rows the workbooks have: that takes the database".to_owned());
    }
}

/// The manifest lists every file but itself and the sums, with the same hashes.
fn same_files(manifest: &Manifest, listed: &Sums, found: &mut Vec<String>) {
    let mut described = BTreeSet::new();
    for file in &manifest.files {
        if !described.insert(file.path.as_str()) {
            found.push(format!("{MANIFEST} lists {} twice", file.path));
        }
        match listed.get(&file.path) {
            None => found.push(format!("{MANIFEST} lists {}, and {SUMS} does not", file.path)),
            Some(sha256) if *sha256 != file.sha256 => {
                found.push(format!("{MANIFEST} and {SUMS} do not agree on {}", file.path));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| *name != MANIFEST && !described.contains(name.as_str())) {
        found.push(format!("{SUMS} lists {name}, and {MANIFEST} does not"));
    }
}

/// What follows from other parts of the manifest.
fn agrees_with_itself(manifest: &Manifest, found: &mut Vec<String>) {
    let (snapshot, api) = (&manifest.snapshot, manifest.source.api.as_str());
    let chosen = Chosen { id: snapshot.id, finished_at: snapshot.finished_at.clone() };
    if manifest.choice.chosen != chosen {
        found.push(format!("{MANIFEST} says that another snapshot was chosen than the one it describes"));
    }
    if manifest.genuine_host != summary::is_genuine(api) || manifest.warning != summary::warning(api) {
        found.push(format!("{MANIFEST} does not say from which server this is"));
    }
    let end = Timestamp::parse(&snapshot.finished_at);
    found.extend(manifest.export.problem(end, manifest.options.part).map(|why| format!("{MANIFEST}: {why}")));
}

/// Every report is a file, or named with the reason why it is none.
fn every_report(manifest: &Manifest, found: &mut Vec<String>) {
    for report in REPORTS {
        let files = manifest.files.iter().filter(|file| file.report.as_deref() == Some(report.name));
        let not_made = manifest.not_made.iter().filter(|one| one.report == report.name);
        if files.count() + not_made.count() != 1 {
            found.push(format!("{MANIFEST} should say once what became of the report {}", report.name));
        }
    }
}

/// The columns of every report are those that the code has.
fn columns(manifest: &Manifest, found: &mut Vec<String>) {
    let of = |file: &FileEntry| -> Option<Vec<String>> {
        let report = report::find(file.report.as_deref()?)?;
        let businesses = manifest.coverage.iter().map(|one| (one.business_id, one.business_name.as_str()));
        Some(report.names(manifest.options.format, businesses))
    };
    for file in manifest.made() {
        if file.columns != of(file) {
            found.push(format!("{MANIFEST} says that {} has other columns than that report has", file.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_this_one_a_newer_one_or_none() {
        let of = |name: &str, version: &str| {
            Version::of(&Tool { name: name.to_owned(), version: version.to_owned() })
        };
        let ours = env!("CARGO_PKG_VERSION");
        assert_eq!(of("fbsync", ours), Some(Version::This));
        for newer in ["99.0.0", "9.9.10", "0.99.0"] {
            assert_eq!(of("fbsync", newer), Some(Version::Another), "{newer}");
        }
        let odd = [format!("{ours}x"), format!("{ours}.0"), format!("0{ours}"), format!("+{ours}")];
        for none in odd.iter().map(String::as_str).chain(["0.0.9", "", "99", "99.0", "-1.0.0", "99.0.x"]) {
            assert_eq!(of("fbsync", none), None, "{none}");
        }
        assert_eq!(of("another", ours), None);
    }
}
