//! Gaps that are known beforehand: businesses whose team the identity may not list.
//!
//! An accountant with 30 such clients needs a nightly run that is complete without them, and that
//! still fails when a 31st appears. An accepted gap is tried each time all the same and keeps its
//! true outcome.

use std::collections::BTreeMap;

use super::gap_file;
use crate::app::App;
use crate::cli::SyncArgs;
use crate::error::Result;
use crate::model::{Outcome, Reading, Resource};

/// Businesses, and why the gap of each is accepted.
pub(super) struct AcceptedGaps(BTreeMap<i64, Option<String>>);

impl AcceptedGaps {
    /// What the flags and files say today; flags count before files.
    pub(super) fn gather(app: &App, args: &SyncArgs) -> Result<Self> {
        let mut gaps = BTreeMap::new();
        // Texts of this form sort as the days do.
        let today = &app.clock.now().to_string()[..10];
        for path in &args.accept_gaps {
            let counting = gap_file::read(path)?
                .into_iter()
                .filter(|entry| entry.until.as_deref().is_none_or(|until| until >= today));
            gaps.extend(counting.map(|entry| (entry.business_id, entry.reason)));
        }
        gaps.extend(args.accept_gap.iter().cloned());
        Ok(AcceptedGaps(gaps))
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.0.keys().copied().collect()
    }

    /// Marks the gaps of `reading` that are accepted; the accepted ones that are gaps no longer.
    pub(super) fn apply(&self, reading: &mut Reading) -> Vec<String> {
        let mut readable_again = Vec::new();
        for read in &mut reading.businesses {
            let Some(reason) = self.0.get(&read.business.id) else { continue };
            let named = format!("{} ({})", read.business.name, read.business.id);
            let list = read.coverage.iter_mut().find(|coverage| coverage.resource == Resource::TeamMembers);
            let Some(list) = list else { continue };
            match list.outcome {
                Outcome::Denied | Outcome::Mismatch => {
                    list.accept(reason.as_deref().unwrap_or("no reason given"));
                }
                Outcome::Ok => readable_again.push(named),
                // What failed today may work tomorrow: that is an alarm, not a known gap.
                Outcome::Failed | Outcome::Skipped => {}
            }
        }
        readable_again
    }
}
