//! A folder made once more from the database, to be compared.

use std::path::Path;

use super::Verdict;
use super::folders::indexed_seals;
use crate::app::die_if_chosen;
use crate::error::{Kind, Result};
use crate::evidence::manifest::{FileEntry, Manifest};
use crate::evidence::split::Index;
use crate::evidence::{self, Demand, Part, Plan, Source, compare};
use crate::fsutil::PendingFolder;
use crate::model::Status;
use crate::report::CHANGES;
use crate::stop::Stop;
use crate::store::Reader;

pub(super) struct Again<'a> {
    pub(super) folder: &'a Path,
    pub(super) manifest: &'a Manifest,
    pub(super) database: &'a Reader,
    pub(super) stop: &'a Stop,
}

impl Again<'_> {
    pub(super) fn check(&self, verdict: &mut Verdict, found: &mut Vec<String>) -> Result<()> {
        let scratch = PendingFolder::scratch()?;
        let earlier = match self.write(scratch.path()) {
            Ok(earlier) => earlier,
            // The database knows nothing of what the manifest says: an answer, not a failure.
            Err(error) if error.kind() == Kind::Usage => {
                found.push(format!("cannot be made from this database: {}", error.message()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        die_if_chosen("export-again");
        let version = &self.manifest.tool.version;
        let pruned =
            self.manifest.earlier_snapshot_id.filter(|id| earlier != Some(*id) && self.is_pruned(*id));
        if version == env!("CARGO_PKG_VERSION") && pruned.is_none() {
            return compare::bytes(self.folder, scratch.path(), found);
        }
        if version != env!("CARGO_PKG_VERSION") {
            verdict.written_by = Some(version.clone());
        }
        verdict.pruned = pruned.or(verdict.pruned);
        let comparable = |file: &FileEntry| pruned.is_none() || file.report.as_deref() != Some(CHANGES.name);
        let (yes, no) = self.manifest.reports().partition::<Vec<_>, _>(|file| comparable(file));
        verdict.not_compared.extend(no.into_iter().map(|file| file.path.clone()));
        compare::cells(self.folder, scratch.path(), &yes, &mut verdict.not_compared, found)
    }

    fn is_pruned(&self, snapshot_id: i64) -> bool {
        self.database.snapshot(snapshot_id).is_ok_and(|snapshot| snapshot.status == Status::Pruned)
    }

    /// Writes the folder, and returns the snapshot that its `changes` start from.
    fn write(&self, target: &Path) -> Result<Option<i64>> {
        let Manifest { options, choice, export, .. } = self.manifest;
        let demand = Demand { snapshot_id: choice.chosen.id, scope: options.scope(), horizon: None };
        let source = Source::open(self.database, &demand)?;
        let view = source.view(options.options(), self.stop)?;
        let index = match options.part {
            Some(Part::Firm) => Some(Index::of(&view, options.style(), &indexed_seals(self.folder)?)),
            _ => None,
        };
        let plan =
            Plan { style: options.style(), choice, stamp: export, part: options.part, index: index.as_ref() };
        evidence::write(target, &view, &plan)?;
        Ok(view.earlier)
    }
}
