//! The evidence folder: every report, a manifest, check sums and a README, and checking it again.
//!
//! Everything but the manifest's part `export` follows from the snapshot, the options and the version,
//! so that the folder can be made anew and compared to the byte. The seal, the hash of `SHA256SUMS`,
//! stands for the whole of it: who notes it elsewhere can tell later that nothing was changed.
//!
//! - [`manifest`]: what the folder says of itself.
//! - [`readme`]: the same for an auditor, in plain words.
//! - [`split`]: a folder for each business, and the firm's own.
//! - [`check`]: a folder against itself, against a seal, against the database.

pub(crate) mod check;
pub(crate) mod compare;
mod manifest;
mod readme;
mod source;
pub(crate) mod split;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Context, Error, Kind, Result};
use crate::format::Format;
use crate::fsutil;
use crate::model::reading::hex;
use crate::report::{self, REPORTS, Report, Style, View};

pub(crate) use manifest::{Choice, Chosen, Stamp};
pub(crate) use source::{Demand, Source};

use manifest::{FileEntry, GuardEntry, Manifest};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SUMS: &str = "SHA256SUMS";
pub(crate) const README: &str = "README.txt";

/// What part of a split a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// All businesses, beside their own folders.
    Firm,
    /// One business, which learns nothing of the others.
    Business,
}

/// How a folder is made, beside its view.
pub(crate) struct Plan<'a> {
    pub(crate) style: Style,
    pub(crate) choice: &'a Choice,
    pub(crate) stamp: &'a Stamp,
    pub(crate) part: Option<Part>,
    /// The index of a split's folders, for the firm's own.
    pub(crate) index: Option<&'a split::Index>,
}

/// What was written.
pub(crate) struct Sealed {
    /// SHA-256 of `SHA256SUMS`.
    pub(crate) seal: String,
    pub(crate) files: usize,
    pub(crate) rows: u64,
    pub(crate) changed_cells: usize,
    pub(crate) cut_cells: usize,
    pub(crate) not_made: Vec<(&'static str, String)>,
    /// Businesses of a split without a folder, their gap not accepted beforehand.
    pub(crate) unread: Vec<String>,
}

impl Sealed {
    /// What was written is there; what is missing ends the command all the same.
    pub(crate) fn unread_is_an_error(&self, target: &Path) -> Result<()> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let index = target.join(split::FIRM).join(split::INDEX);
        let problem = format!("no folder for these, whose lists were not read: {}", self.unread.join(", "));
        Err(Error::new(Kind::Partial, problem)
            .hint(format!("{} says how reading each went; a later snapshot may have them", index.display())))
    }
}

/// Writes an evidence folder into `folder`, which exists and is empty.
pub(crate) fn write(folder: &Path, view: &View, plan: &Plan) -> Result<Sealed> {
    let mut entries = Vec::new();
    for report in REPORTS {
        entries.push(write_report(folder, report, view, plan)?);
    }
    if let Some(index) = plan.index {
        let name = split::INDEX;
        let (changed, sum) = write_file(folder, name, |out| index.write(out))?;
        let guard = GuardEntry { mode: plan.style.guard, count: changed.len(), cells: changed };
        let entry = FileEntry::plain(name, sum.sha256, sum.bytes);
        entries.push(FileEntry { formula_guard: Some(guard), ..entry });
    }
    let manifest = |files| Manifest::of(view, plan, files);
    let text = readme::text(view, &manifest(entries.clone()))?;
    let ((), sum) = write_file(folder, README, |out| put(out, text.as_bytes()))?;
    entries.push(FileEntry::plain(README, sum.sha256, sum.bytes));

    let sealed = |seal| Sealed {
        seal,
        files: entries.len() + 2,
        rows: entries.first().and_then(|access| access.rows).unwrap_or(0),
        changed_cells: entries.iter().filter_map(|e| e.formula_guard.as_ref()).map(|g| g.count).sum(),
        cut_cells: entries.iter().map(|entry| entry.cut_cells.len()).sum(),
        not_made: not_made(view),
        unread: Vec::new(),
    };
    let json = manifest(entries.clone()).to_json();
    let ((), manifest_sum) = write_file(folder, MANIFEST, |out| put(out, json.as_bytes()))?;
    let mut sums: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.path.as_str(), entry.sha256.as_str())).collect();
    sums.push((MANIFEST, &manifest_sum.sha256));
    sums.sort_unstable();
    // The form that sha256sum and shasum read: hash, two spaces, name.
    let sums: String = sums.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect();
    let ((), sum) = write_file(folder, SUMS, |out| put(out, sums.as_bytes()))?;
    Ok(sealed(sum.sha256))
}

fn not_made(view: &View) -> Vec<(&'static str, String)> {
    let reason = |report: &Report| report.not_made(view).map(|reason| (report.name, reason));
    REPORTS.iter().filter_map(reason).collect()
}

fn write_report(folder: &Path, report: &Report, view: &View, plan: &Plan) -> Result<FileEntry> {
    let path = file_name(report, view, plan);
    let (written, sum) = write_file(folder, &path, |out| report::write(report, view, plan.style, out))?;
    let reason = report.not_made(view);
    let status = match (&reason, written.rows) {
        (Some(_), _) => "not_made",
        (None, 0) => "empty",
        (None, _) => "ok",
    };
    Ok(FileEntry {
        path,
        report: Some(report.name.to_owned()),
        status: Some(status.to_owned()),
        reason,
        sha256: sum.sha256,
        bytes: sum.bytes,
        rows: Some(written.rows),
        columns: Some(written.columns),
        formula_guard: (plan.style.format == Format::Csv).then_some(GuardEntry {
            mode: plan.style.guard,
            count: written.changed.len(),
            cells: written.changed,
        }),
        cut_cells: written.cut,
    })
}

/// The report's name, `partial` where that is so, and in a client's folder whose it is and of when.
fn file_name(report: &Report, view: &View, plan: &Plan) -> String {
    let prefix = match (plan.part, view.businesses.as_slice()) {
        (Some(Part::Business), [business]) => split::file_prefix(business, &view.snapshot),
        _ => String::new(),
    };
    let partial = if view.is_partial() { ".partial" } else { "" };
    format!("{prefix}{}{partial}.{}", report.name, plan.style.format.extension())
}

/// Size and hash of a file.
struct Sum {
    sha256: String,
    bytes: u64,
}

fn write_file<T>(
    folder: &Path,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> Result<T>,
) -> Result<(T, Sum)> {
    let failed = || format!("cannot write {name}");
    let file = fsutil::create_private(&folder.join(name)).context(Kind::Storage, failed)?;
    let mut out = Summing { file: BufWriter::new(file), hasher: Sha256::new(), bytes: 0 };
    let filled = fill(&mut out)?;
    let Summing { file, hasher, bytes } = out;
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).context(Kind::Storage, failed)?;
    Ok((filled, Sum { sha256: hex(hasher.finalize()), bytes }))
}

/// Hashes what passes through on its way to the file.
struct Summing {
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Summing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn put(out: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).context(Kind::Storage, || "cannot write the evidence folder".to_owned())
}
