//! A folder made once more from the database, to be compared.

use std::path::Path;

use super::Verdict;
use super::folders::indexed_seals;
use crate::app::die_if_chosen;
use crate::error::{Kind, Result};
use crate::evidence::manifest::{FileEntry, Manifest, PastEntry};
use crate::evidence::split::Index;
use crate::evidence::{self, Demand, Part, Plan, Source, compare};
use crate::fsutil::PendingFolder;
use crate::model::Status;
use crate::report::{self, Report};
use crate::stop::Stop;
use crate::store::Reader;
use crate::time::Timestamp;

pub(super) struct Again<'a> {
    pub(super) folder: &'a Path,
    pub(super) manifest: &'a Manifest,
    pub(super) database: &'a Reader,
    pub(super) stop: &'a Stop,
}

impl Again<'_> {
    pub(super) fn check(&self, verdict: &mut Verdict, found: &mut Vec<String>) -> Result<()> {
        let scratch = PendingFolder::scratch()?;
        let (earlier, past) = match self.write(scratch.path()) {
            Ok(made) => made,
            // The database knows nothing of what the manifest says: an answer, not a failure.
            Err(error) if error.kind() == Kind::Usage => {
                found.push(format!("cannot be made from this database: {}", error.message()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        die_if_chosen("export-again");
        let version = &self.manifest.tool.version;
        let earlier =
            self.manifest.earlier_snapshot_id.filter(|id| earlier != Some(*id) && self.is_pruned(*id));
        // Pruning leaves less of the past than there was.
        let before = match past.snapshots < self.manifest.past.snapshots {
            true => self.newest_pruned()?,
            false => None,
        };
        let pruned = earlier.or(before);
        if version == env!("CARGO_PKG_VERSION") && pruned.is_none() {
            return compare::bytes(self.folder, scratch.path(), found);
        }
        if version != env!("CARGO_PKG_VERSION") {
            verdict.written_by = Some(version.clone());
        }
        verdict.pruned = pruned.or(verdict.pruned);
        let looks_back =
            |file: &FileEntry| file.report.as_deref().and_then(report::find).is_some_and(Report::looks_back);
        let comparable = |file: &FileEntry| pruned.is_none() || !looks_back(file);
        let (yes, no) = self.manifest.reports().partition::<Vec<_>, _>(|file| comparable(file));
        verdict.not_compared.extend(no.into_iter().map(|file| file.path.clone()));
        compare::cells(self.folder, scratch.path(), &yes, &mut verdict.not_compared, found)
    }

    fn is_pruned(&self, snapshot_id: i64) -> bool {
        self.database.snapshot(snapshot_id).is_ok_and(|snapshot| snapshot.status == Status::Pruned)
    }

    fn newest_pruned(&self) -> Result<Option<i64>> {
        let until = Timestamp::parse(&self.manifest.snapshot.finished_at);
        let newest = until.map(|until| self.database.newest_pruned(until)).transpose()?.flatten();
        Ok(newest.map(|tombstone| tombstone.id))
    }

    /// Writes the folder, and returns the snapshot that its `changes` start from, and its past.
    fn write(&self, target: &Path) -> Result<(Option<i64>, PastEntry)> {
        let Manifest { options, choice, export, .. } = self.manifest;
        let demand = Demand { snapshot_id: choice.chosen.id, scope: options.scope(), past: true };
        let source = Source::open(self.database, &demand)?;
        let view = source.view(options.options(), self.stop)?;
        let index = match options.part {
            Some(Part::Firm) => Some(Index::of(&view, options.style(), &indexed_seals(self.folder)?)),
            _ => None,
        };
        let plan =
            Plan { style: options.style(), choice, stamp: export, part: options.part, index: index.as_ref() };
        evidence::write(target, &view, &plan)?;
        Ok((view.earlier.as_ref().map(|earlier| earlier.id), PastEntry::of(&view)))
    }
}
