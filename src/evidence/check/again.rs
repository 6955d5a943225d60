//! A folder made once more from the database, to be compared.
//!
//! Of the manifest only the question is taken: which snapshot, which options, who exported when. The
//! snapshot is chosen once more, everything else comes from the database and the code, and nothing is
//! written: that a file is the same, its hash tells.

use std::collections::BTreeSet;
use std::path::Path;

use super::described::Version;
use super::differences::differences;
use super::files::Files;
use super::{Against, Verdict, cells, unusable};
use crate::error::{Kind, Result};
use crate::evidence::choice::{Chosen, known_until};
use crate::evidence::manifest::{FileEntry, Manifest};
use crate::evidence::split::{self, Index, indexed_seals};
use crate::evidence::{self, Demand, MANIFEST, Part, Place, Plan, README, Source};
use crate::fsutil;
use crate::model::{Outcome, Status};
use crate::report::{self, REPORTS, Report, View};
use crate::store::{Horizon, Reader, Snapshot};

pub(super) fn check(
    manifest: &Manifest,
    version: Version,
    database: &Reader,
    (against, files, folder): (Against, &Files, &Path),
    verdict: &mut Verdict,
) -> Result<()> {
    let again = Again { manifest, database, against, files, folder };
    let id = manifest.choice.chosen.id;
    let compared = match database.find_snapshot(id)? {
        None => {
            verdict.findings.push(format!("the database has no snapshot {id}"));
            return Ok(());
        }
        Some(tombstone) if tombstone.status == Status::Pruned => {
            again.tombstone(&tombstone, verdict);
            return Ok(());
        }
        Some(_) => again.compare(version, verdict),
    };
    match compared {
        // The database knows nothing of what the manifest says: an answer, not a failure.
        Err(error) if matches!(error.kind(), Kind::Usage | Kind::Config) => {
            verdict.findings.push(format!("cannot be made from this database: {}", error.message()));
            Ok(())
        }
        compared => compared,
    }
}

/// The snapshots whose content was pruned, of those that a report may have been made with.
struct Lost {
    before: BTreeSet<i64>,
    since: BTreeSet<i64>,
}

impl Lost {
    fn of(&self, report: Option<&Report>) -> &BTreeSet<i64> {
        static NONE: BTreeSet<i64> = BTreeSet::new();
        match report {
            Some(report) if report.looks_back() => &self.before,
            Some(report) if report.looks_ahead() => &self.since,
            _ => &NONE,
        }
    }
}

struct Again<'a> {
    manifest: &'a Manifest,
    database: &'a Reader,
    against: Against<'a>,
    files: &'a Files,
    folder: &'a Path,
}

impl Again<'_> {
    fn compare(&self, version: Version, verdict: &mut Verdict) -> Result<()> {
        let Manifest { options, choice, export, .. } = self.manifest;
        let horizon = Some(self.horizon()?);
        let demand = Demand { snapshot_id: choice.chosen.id, scope: options.scope(), horizon };
        let source = Source::open(self.database, &demand)?;
        let view = source.view(options.options(), self.against.stop)?;
        let chosen = choice.again(self.database, options.deciding(), export)?;
        let index = match options.part {
            Some(Part::Firm) => Some(self.index(&view, verdict)?),
            Some(Part::Business) | None => None,
        };
        let plan = Plan {
            style: options.style(),
            choice: &chosen,
            stamp: export,
            part: options.part,
            index: index.as_ref(),
        };
        let lost = Lost { before: self.lost(&view)?, since: self.lost_since(&view)? };
        match version {
            Version::This => self.bytes(&view, &plan, &lost, verdict),
            Version::Another => self.cells(&view, &plan, &lost, verdict),
        }
    }

    /// How far the folder has to go: as far as it says, and at least to what was there at the time of the
    /// export for certain.
    fn horizon(&self) -> Result<Horizon> {
        let known = match known_until(&self.manifest.export) {
            Some(until) => self.database.horizon(Some(until))?,
            None => Horizon::NONE,
        };
        Ok(self.manifest.horizon.unwrap_or(Horizon::NONE).or(known))
    }

    /// Everything that a tombstone still tells: when the snapshot was, and the hash of what it held.
    fn tombstone(&self, tombstone: &Snapshot, verdict: &mut Verdict) {
        let mut told = self.manifest.clone();
        told.choice.chosen = Chosen::of(tombstone);
        told.snapshot = told.snapshot.with_tombstone(tombstone, &told.options.scope());
        tombstone.source.clone_into(&mut told.source.api);
        let differ = differences(self.manifest, &told, false);
        verdict.findings.extend(differ.into_iter().map(|differ| format!("{MANIFEST}: {differ}")));
        verdict.pruned.insert(tombstone.id);
        verdict.not_compared.extend(self.manifest.files.iter().map(|file| file.path.clone()));
    }

    /// The index of a split. Every business whose list was read has a folder, and its seal is that of the
    /// folder that is there, where the folders are.
    fn index(&self, view: &View, verdict: &mut Verdict) -> Result<Index> {
        let style = self.manifest.options.style();
        let Some(seals) = self.against.seals else {
            verdict.unchecked.push(format!("the seals in {}: the folders are not there", split::INDEX));
            return Ok(Index::of(view, style, &indexed_seals(self.folder)?));
        };
        for business in split::readable(view).0 {
            let name = split::folder_name(business);
            if !seals.contains_key(&name) {
                verdict.findings.push(format!("there is no folder {name}, which the database gives"));
            }
        }
        Ok(Index::of(view, style, seals))
    }

    /// Byte for byte.
    fn bytes(&self, view: &View, plan: &Plan, lost: &Lost, verdict: &mut Verdict) -> Result<()> {
        let mut made = evidence::make(Place::Nowhere, view, plan)?;
        let recorded = |made: &FileEntry| self.manifest.files.iter().find(|file| file.path == made.path);
        for file in &mut made.files {
            let lost = lost.of(file.report.as_deref().and_then(report::find));
            let Some(there) = self.files.get(&file.path) else {
                verdict.findings.push(format!("{} should be there, by the database", file.path));
                continue;
            };
            let is_same = there.sum.sha256 == file.sha256;
            let recorded = recorded(file).cloned();
            // One that could not be made any more may be as empty as it was.
            let is_lost = !lost.is_empty() && !(is_same && recorded.as_ref() == Some(&*file));
            if is_lost {
                verdict.not_compared.push(file.path.clone());
                verdict.pruned.extend(lost);
            } else if !is_same {
                verdict.findings.push(format!("{} is not what the database gives", file.path));
            }
            if let Some(recorded) = recorded.filter(|_| is_lost || !is_same) {
                // Told already.
                *file = recorded;
            }
        }
        // It follows from the manifest, and was held against it.
        made.files.extend(self.manifest.files.iter().find(|file| file.path == README).cloned());
        if self.manifest.earlier_snapshot_id.is_some_and(|id| lost.before.contains(&id)) {
            made.earlier_snapshot_id = self.manifest.earlier_snapshot_id;
        }
        if !lost.since.is_empty() {
            made.review.clone_from(&self.manifest.review);
        }
        let differ = differences(self.manifest, &made, false);
        verdict.findings.extend(differ.into_iter().map(|differ| format!("{MANIFEST}: {differ}")));
        Ok(())
    }

    /// Cell by cell, and the manifest as far as it is no text.
    fn cells(&self, view: &View, plan: &Plan, lost: &Lost, verdict: &mut Verdict) -> Result<()> {
        let mut compared = BTreeSet::from([README.to_owned()]);
        for report in REPORTS {
            let name = evidence::file_name(report, view, plan);
            let mut ours = Vec::new();
            report::write(report, view, plan.style, &mut ours)?;
            let lost = lost.of(Some(report));
            if !lost.is_empty() {
                verdict.pruned.extend(lost);
            } else if self.cells_of(&name, plan, &ours, verdict)? {
                compared.insert(name);
            }
        }
        let others = self.manifest.files.iter().filter(|file| !compared.contains(&file.path));
        verdict.not_compared.extend(others.map(|file| file.path.clone()));
        let made = Manifest::of(view, plan, Vec::new())?;
        let earlier_is_lost = self.manifest.earlier_snapshot_id.is_some_and(|id| lost.before.contains(&id));
        let part = |manifest: &Manifest| {
            let Manifest { source, snapshot, choice, options, coverage, .. } = manifest.clone();
            let earlier = manifest.earlier_snapshot_id.filter(|_| !earlier_is_lost);
            serde_json::json!({
                "source": source, "snapshot": snapshot, "choice": choice, "options": options,
                "coverage": coverage, "earlier_snapshot_id": earlier,
            })
        };
        let differ = differences(&part(self.manifest), &part(&made), true);
        verdict.findings.extend(differ.into_iter().map(|differ| format!("{MANIFEST}: {differ}")));
        Ok(())
    }

    /// Whether a report could be compared.
    fn cells_of(&self, name: &str, plan: &Plan, ours: &[u8], verdict: &mut Verdict) -> Result<bool> {
        let theirs = match fsutil::open_within(self.folder, Path::new(name)) {
            Ok(theirs) => theirs,
            Err(error) => {
                unusable(name, error)?;
                verdict.findings.push(format!("{name} should be there, by the database"));
                return Ok(false);
            }
        };
        let difference = cells::difference(plan.style.format, theirs, ours)?;
        verdict.findings.extend(difference.map(|difference| format!("{name}: {difference}")));
        Ok(plan.style.format != crate::format::Format::Xlsx)
    }

    /// The pruned snapshots that may have shown what became of a decision first.
    fn lost_since(&self, view: &View) -> Result<BTreeSet<i64>> {
        let after = self.database.snapshots(None)?.into_iter().filter(|one| {
            one.status == Status::Pruned
                && one.id <= view.horizon.snapshot
                && (one.finished_at, one.id) > (view.snapshot.finished_at, view.snapshot.id)
        });
        Ok(after.map(|tombstone| tombstone.id).collect())
    }

    /// The pruned snapshots that `changes` may have been made from: the one it starts from, and where a
    /// list was not read, any in which it may have been read before.
    fn lost(&self, view: &View) -> Result<BTreeSet<i64>> {
        let before = self.database.snapshots(None)?.into_iter().filter(|one| {
            one.status == Status::Pruned
                && (one.finished_at, one.id) < (view.snapshot.finished_at, view.snapshot.id)
        });
        let before: BTreeSet<i64> = before.map(|tombstone| tombstone.id).collect();
        let recorded = self.manifest.earlier_snapshot_id;
        if recorded != view.earlier {
            return Ok(recorded.filter(|id| before.contains(id)).into_iter().collect());
        }
        let mut unread = false;
        for id in view.earlier.into_iter().chain([view.snapshot.id]) {
            let coverage = view.reader.coverage(id)?;
            unread |= coverage.iter().any(|line| line.is_team_list() && line.read.outcome != Outcome::Ok);
        }
        Ok(if unread { before } else { BTreeSet::new() })
    }
}
