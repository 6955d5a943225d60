//! What was pruned since a folder was made. The reports that look back were made from it too, and cannot
//! be made again; everything else can.

use std::collections::BTreeSet;

use super::Verdict;
use crate::error::Result;
use crate::evidence::choice::Chosen;
use crate::evidence::manifest::{FileEntry, Manifest, PastEntry};
use crate::model::Status;
use crate::report::{self, Report, View};
use crate::store::{Reader, Snapshot};

/// The snapshots whose content is gone.
pub(super) struct Past {
    /// Those before the folder's own.
    tombstones: Vec<Snapshot>,
    /// How many of them the folder was made from.
    lost: usize,
    /// Those after it, which may have shown first what became of a decision.
    later: Vec<i64>,
}

impl Past {
    pub(super) fn of(manifest: &Manifest, database: &Reader, view: &View) -> Result<Self> {
        let end = (view.snapshot.finished_at, view.snapshot.id);
        let mut tombstones = database.snapshots(None)?;
        tombstones.retain(|one| one.status == Status::Pruned);
        let later = tombstones.iter().filter(|one| one.id <= view.horizon.snapshot);
        let later = later.filter(|one| (one.finished_at, one.id) > end).map(|one| one.id).collect();
        tombstones.retain(|one| (one.finished_at, one.id) < end);
        let lost = manifest.past.snapshots.saturating_sub(view.past.len());
        Ok(Past { lost: if lost <= tombstones.len() { lost } else { 0 }, tombstones, later })
    }

    /// Whether a report was made from what is gone.
    pub(super) fn is_lost(&self, report: Option<&str>) -> bool {
        let report = report.and_then(report::find);
        self.lost > 0 && report.is_some_and(Report::looks_back)
            || !self.later.is_empty() && report.is_some_and(Report::looks_ahead)
    }

    /// Whether a file can differ from what is made now, and nothing is wrong with it.
    pub(super) fn may_differ(&self, file: &FileEntry) -> bool {
        self.is_lost(file.report.as_deref())
    }

    /// Puts what the folder says of the pruned snapshots into a manifest that was made without them, as far
    /// as their tombstones agree.
    pub(super) fn leave_out(&self, recorded: &Manifest, made: &mut Manifest, verdict: &mut Verdict) {
        if self.lost == 0 && self.later.is_empty() {
            return;
        }
        verdict.pruned.extend(&self.later);
        for file in recorded.files.iter().filter(|file| self.is_lost(file.report.as_deref())) {
            if !made.files.contains(file) && !verdict.not_compared.contains(&file.path) {
                verdict.not_compared.push(file.path.clone());
            }
        }
        made.files = merged(
            &recorded.files,
            &made.files,
            |file| self.is_lost(file.report.as_deref()),
            |file| &file.path,
        );
        made.not_made = merged(
            &recorded.not_made,
            &made.not_made,
            |one| self.is_lost(Some(&one.report)),
            |one| &one.report,
        );
        if !self.later.is_empty() {
            made.review.clone_from(&recorded.review);
        }
        if self.lost == 0 {
            return;
        }
        verdict.pruned.extend(self.tombstones.iter().map(|one| one.id));
        let known = |one: &Chosen| self.tombstones.iter().any(|tombstone| Chosen::of(tombstone) == *one);
        if let (Some(id), Some(finished_at)) = (recorded.earlier_snapshot_id, &recorded.earlier_finished_at)
            && known(&Chosen { id, finished_at: finished_at.clone() })
        {
            made.earlier_snapshot_id = Some(id);
            made.earlier_finished_at = Some(finished_at.clone());
        }
        let PastEntry { snapshots, complete, first_complete } = &recorded.past;
        made.past.snapshots = *snapshots;
        // Whether a pruned one was complete is not known any more.
        if (made.past.complete..=made.past.complete + self.lost).contains(complete) {
            made.past.complete = *complete;
        }
        if first_complete.as_ref().is_some_and(known) {
            made.past.first_complete.clone_from(first_complete);
        }
    }
}

/// The made entries, those that are lost replaced by the recorded ones, in the recorded order.
fn merged<T: Clone>(
    recorded: &[T],
    made: &[T],
    is_lost: impl Fn(&T) -> bool,
    name: impl Fn(&T) -> &String,
) -> Vec<T> {
    let own = |named: &T| made.iter().find(|one| name(one) == name(named)).cloned();
    let known: BTreeSet<&String> = recorded.iter().map(&name).collect();
    let kept = recorded.iter().filter_map(|one| if is_lost(one) { Some(one.clone()) } else { own(one) });
    let more = made.iter().filter(|one| !is_lost(one) && !known.contains(name(one))).cloned();
    kept.chain(more).collect()
}
