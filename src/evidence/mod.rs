//! The evidence folder: every report, a manifest, check sums and a README, and checking it again.
//!
//! Everything but the manifest's part `export` follows from the snapshot, the options and the version,
//! so that the folder can be made anew and compared to the byte. The seal, the hash of `SHA256SUMS`,
//! stands for the whole of it: who notes it elsewhere can tell later that nothing was changed.
//!
//! - [`choice`]: which snapshot is meant. [`source`]: its content, of all businesses or of some.
//! - [`manifest`]: what the folder says of itself. [`readme`]: the same for an auditor, in plain words;
//!   [`story`]: of its review. [`sums`]: the hash of every file.
//! - [`originals`]: the files that reviewers filled in.
//! - [`split`]: a folder for each business, and the firm's own.
//! - [`check`]: a folder against itself, against a seal, against the database. [`compare`]: a folder
//!   against another.

pub(crate) mod check;
mod choice;
pub(crate) mod compare;
mod manifest;
mod originals;
mod readme;
mod source;
pub(crate) mod split;
mod story;
mod sums;

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Context, Error, Kind, Result};
use crate::format::Format;
use crate::fsutil;
use crate::model::reading::hex;
use crate::report::{self, REPORTS, Reads, Report, Scope, Style, View};
use crate::store::Reader;
use crate::ui::few;

pub(crate) use choice::{Asked, Choice, Deciding, LAST_REVIEW};
pub(crate) use manifest::Stamp;
pub(crate) use source::{Demand, Source, recheck};

use manifest::{FileEntry, GuardEntry, Manifest};
use sums::Sums;

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
    /// Businesses of a split without a folder.
    pub(crate) unread: Vec<String>,
    /// The snapshots whose content it shows.
    pub(crate) shown: BTreeSet<i64>,
    /// Which of the people asked for no snapshot knows.
    pub(crate) unknown_people: Option<String>,
}

impl Sealed {
    /// A seal stands for what the database holds, so that has to agree with its own hashes.
    pub(crate) fn recheck(&self, reader: &Reader) -> Result<()> {
        recheck(reader, &self.shown)
    }

    /// What was written is there; what is missing ends the command all the same.
    pub(crate) fn unread_is_an_error(&self, target: &Path) -> Result<()> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let index = target.join(split::FIRM).join(split::INDEX);
        let problem = format!("no folder for these, whose lists were not read: {}", few(&self.unread));
        Err(Error::new(Kind::Partial, problem)
            .hint(format!("{} says how reading each went; a later snapshot may have them", index.display())))
    }
}

/// Where the files of a folder go as they are made.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// Into this folder, which exists and is empty.
    Folder(&'a Path),
    /// Nowhere: only their sizes and hashes are wanted.
    Nowhere,
}

/// Writes an evidence folder into `folder`, which exists and is empty.
pub(crate) fn write(folder: &Path, view: &View, plan: &Plan) -> Result<Sealed> {
    let place = Place::Folder(folder);
    let mut manifest = make(place, view, plan)?;
    let text = readme::text(&manifest);
    let ((), sum) = write_file(place, README, |out| put(out, text.as_bytes()))?;
    manifest.files.push(FileEntry::plain(README, sum));
    let json = manifest.to_json();
    let ((), manifest_sum) = write_file(place, MANIFEST, |out| put(out, json.as_bytes()))?;

    let entries = &manifest.files;
    let mut sums: Sums = entries.iter().map(|entry| (entry.path.clone(), entry.sha256.clone())).collect();
    sums.insert(MANIFEST.to_owned(), manifest_sum.sha256);
    let text = sums::text(&sums);
    let ((), sum) = write_file(place, SUMS, |out| put(out, text.as_bytes()))?;
    Ok(Sealed {
        seal: sum.sha256,
        files: entries.len() + 2,
        rows: entries.first().and_then(|access| access.rows).unwrap_or(0),
        changed_cells: entries.iter().filter_map(|e| e.formula_guard.as_ref()).map(|g| g.count).sum(),
        cut_cells: entries.iter().map(|entry| entry.cut_cells.len()).sum(),
        not_made: report::not_made(view),
        unread: Vec::new(),
        shown: view.shown(Reads::Past)?,
        unknown_people: view.unknown_people(),
    })
}

/// Makes every file that comes from the view, and describes them.
fn make(place: Place, view: &View, plan: &Plan) -> Result<Manifest> {
    let mut entries = Vec::new();
    for report in REPORTS.iter().filter(|report| report.not_made(view).is_none()) {
        entries.push(write_report(place, report, view, plan)?);
    }
    if let Some(index) = plan.index {
        let (changed, sum) = write_file(place, split::INDEX, |out| index.write(out))?;
        let guard = GuardEntry { mode: plan.style.guard, count: changed.len(), cells: changed };
        entries.push(FileEntry { formula_guard: Some(guard), ..FileEntry::plain(split::INDEX, sum) });
    }
    // They hold rows of all businesses and people.
    if view.scope == Scope::Whole && view.options.people.is_empty() {
        entries.extend(originals::write(place, view)?);
    }
    Manifest::of(view, plan, entries)
}

fn write_report(place: Place, report: &Report, view: &View, plan: &Plan) -> Result<FileEntry> {
    let path = file_name(report, view, plan);
    let style = Style { in_folder: true, ..plan.style };
    let (written, sum) = write_file(place, &path, |out| report::write(report, view, style, out))?;
    let status = if written.rows == 0 { "empty" } else { "ok" };
    Ok(FileEntry {
        path,
        report: Some(report.name.to_owned()),
        status: Some(status.to_owned()),
        sha256: sum.sha256,
        bytes: sum.bytes,
        rows: Some(written.rows),
        columns: Some(written.columns),
        formula_guard: (report.extension(plan.style) == Format::Csv.extension()).then_some(GuardEntry {
            mode: plan.style.guard,
            count: written.changed.len(),
            cells: written.changed,
        }),
        original: None,
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
    format!("{prefix}{}{partial}.{}", report.name, report.extension(plan.style))
}

/// Size and hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sum {
    sha256: String,
    bytes: u64,
}

fn write_file<T>(
    place: Place,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> Result<T>,
) -> Result<(T, Sum)> {
    let failed = || format!("cannot write {name}");
    let Place::Folder(folder) = place else {
        let mut out = Summing::new(io::sink());
        return Ok((fill(&mut out)?, out.finish().1));
    };
    let path = folder.join(name);
    fsutil::create_private_folder(path.parent().unwrap_or(folder))?;
    let file = fsutil::create_private(&path).context(Kind::Storage, failed)?;
    let mut out = Summing::new(BufWriter::new(file));
    let filled = fill(&mut out)?;
    let (file, sum) = out.finish();
    let file = file.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).context(Kind::Storage, failed)?;
    Ok((filled, sum))
}

/// Hashes what passes through on its way to the file.
struct Summing<W> {
    out: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W> Summing<W> {
    fn new(out: W) -> Self {
        Summing { out, hasher: Sha256::new(), bytes: 0 }
    }

    fn finish(self) -> (W, Sum) {
        (self.out, Sum { sha256: hex(self.hasher.finalize()), bytes: self.bytes })
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn put(out: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).context(Kind::Storage, || "cannot write the evidence folder".to_owned())
}
