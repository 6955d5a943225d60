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
use super::past::Past;
use super::{Against, Verdict, cells, unusable};
use crate::error::{Kind, Result};
use crate::evidence::choice::{Chosen, known_until};
use crate::evidence::manifest::Manifest;
use crate::evidence::split::{self, Index, indexed_seals};
use crate::evidence::{self, Demand, MANIFEST, Part, Place, Plan, README, Source};
use crate::format::Format;
use crate::fsutil;
use crate::model::Status;
use crate::report::{self, Options, REPORTS, Style, View};
use crate::store::{Horizon, People, Reader, Snapshot};

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
        let demand = Demand { snapshot_id: choice.chosen.id, scope: options.scope(), past: true, horizon };
        let source = Source::open(self.database, &demand)?;
        let view = source.view(self.options(&source, verdict)?, self.against.stop)?;
        let chosen = choice.again(self.database, options, export)?;
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
        let past = Past::of(self.manifest, self.database, &view)?;
        match version {
            Version::This => self.bytes(&view, &plan, &past, verdict),
            Version::Another => self.cells(&view, &plan, &past, verdict),
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

    /// The options, with the people's accounts found once more. The recorded ones can be fewer: a later
    /// snapshot may tell whose an address is. Nobody who has it in this snapshot can be left out.
    fn options(&self, source: &Source, verdict: &mut Verdict) -> Result<Options> {
        let recorded = self.manifest.options.options();
        let options = Options { accounts: None, ..recorded.clone() };
        let view = source.view(options.clone(), self.against.stop)?;
        let (Some(now), Some(then)) = (view.people.keys(), &recorded.accounts) else { return Ok(options) };
        let mut owed = BTreeSet::new();
        view.reader.accounts(view.snapshot.id, &People::default(), |account| {
            if account.emails.split(';').any(|address| recorded.people.iter().any(|one| one == address)) {
                owed.insert(account.key.to_string());
            }
            Ok(())
        })?;
        let after =
            |one: &Snapshot| one.id != view.snapshot.id && one.finished_at >= view.snapshot.finished_at;
        let snapshots = self.database.snapshots(None)?;
        let may_be_fewer = then == now || snapshots.iter().any(after);
        let was_pruned = snapshots.iter().any(|one| one.status == Status::Pruned);
        if owed.is_subset(then) && (then.is_subset(now) && may_be_fewer || was_pruned) {
            return Ok(recorded);
        }
        verdict.findings.push(format!("{MANIFEST}: options.accounts are not those of options.people"));
        Ok(options)
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
    fn bytes(&self, view: &View, plan: &Plan, past: &Past, verdict: &mut Verdict) -> Result<()> {
        let mut made = evidence::make(Place::Nowhere, view, plan)?;
        for file in &mut made.files {
            let there = self.files.get(&file.path).map(|there| &there.sum.sha256);
            if there == Some(&file.sha256) || past.may_differ(file) {
                continue;
            }
            verdict.findings.push(match there {
                None => format!("{} should be there, by the database", file.path),
                Some(_) => format!("{} is not what the database gives", file.path),
            });
            if let Some(recorded) = self.manifest.files.iter().find(|recorded| recorded.path == file.path) {
                // Told already.
                *file = recorded.clone();
            }
        }
        past.leave_out(self.manifest, &mut made, verdict);
        // It follows from the manifest, and was held against it.
        made.files.extend(self.manifest.files.iter().find(|file| file.path == README).cloned());
        let differ = differences(self.manifest, &made, false);
        verdict.findings.extend(differ.into_iter().map(|differ| format!("{MANIFEST}: {differ}")));
        Ok(())
    }

    /// Cell by cell, and the manifest as far as it is no text.
    fn cells(&self, view: &View, plan: &Plan, past: &Past, verdict: &mut Verdict) -> Result<()> {
        let mut compared = BTreeSet::from([README.to_owned()]);
        for report in REPORTS.iter().filter(|report| report.not_made(view).is_none()) {
            let name = evidence::file_name(report, view, plan);
            // A page has no cells.
            if past.is_lost(Some(report.name)) || report.page.is_some() {
                continue;
            }
            let mut ours = Vec::new();
            report::write(report, view, Style { in_folder: true, ..plan.style }, &mut ours)?;
            if self.cells_of(&name, plan, &ours, verdict)? {
                compared.insert(name);
            }
        }
        let others = self.manifest.files.iter().filter(|file| !compared.contains(&file.path));
        verdict.not_compared.extend(others.map(|file| file.path.clone()));
        let mut made = Manifest::of(view, plan, Vec::new())?;
        past.leave_out(self.manifest, &mut made, verdict);
        let part = |manifest: &Manifest| {
            let Manifest { source, snapshot, choice, options, coverage, past, .. } = manifest.clone();
            serde_json::json!({
                "source": source, "snapshot": snapshot, "choice": choice, "options": options,
                "coverage": coverage, "past": past, "earlier_snapshot_id": manifest.earlier_snapshot_id,
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
        Ok(plan.style.format != Format::Xlsx)
    }
}
