//! Gaps that are known beforehand: businesses whose team the identity may not list.
//!
//! An accountant with 30 such clients needs a nightly run that is complete without them, and that
//! still fails when a 31st appears. An accepted gap is tried each time all the same and keeps its
//! true outcome.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::app::App;
use crate::cli::SyncArgs;
use crate::error::{Context, Error, Kind, Result};
use crate::model::{Outcome, Reading, Resource, Timestamp};

/// Businesses, and why the gap of each is accepted.
pub(super) struct AcceptedGaps(BTreeMap<i64, Option<String>>);

#[derive(Deserialize)]
struct Line {
    business_id: i64,
    #[serde(default)]
    reason: String,
    /// The last day that it counts, as `YYYY-MM-DD`; empty is for ever.
    #[serde(default)]
    until: String,
}

impl AcceptedGaps {
    /// What the flags and files say today; flags count before files.
    pub(super) fn gather(app: &App, args: &SyncArgs) -> Result<Self> {
        let mut gaps = BTreeMap::new();
        for path in &args.accept_gaps {
            read_file(path, app.clock.now(), &mut gaps)?;
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
                    list.accepted = true;
                    list.message =
                        Some(format!("accepted: {}", reason.as_deref().unwrap_or("no reason given")));
                }
                Outcome::Ok => readable_again.push(named),
                // What failed today may work tomorrow: that is an alarm, not a known gap.
                Outcome::Failed | Outcome::Skipped => {}
            }
        }
        readable_again
    }
}

fn read_file(path: &Path, now: Timestamp, gaps: &mut BTreeMap<i64, Option<String>>) -> Result<()> {
    let failed = || format!("cannot read the accepted gaps in {}", path.display());
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_path(path)
        .context(Kind::Config, failed)?;
    for line in reader.deserialize() {
        let Line { business_id, reason, until }: Line = line.context(Kind::Config, failed)?;
        if !until.is_empty() && !is_day(&until) {
            let message = format!("{}: `{until}` is no day", path.display());
            return Err(Error::new(Kind::Config, message).hint("write it as YYYY-MM-DD"));
        }
        // Texts of this form sort as the days do.
        let today = &now.to_string()[..10];
        if until.is_empty() || until.as_str() >= today {
            gaps.insert(business_id, Some(reason).filter(|reason| !reason.is_empty()));
        }
    }
    Ok(())
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_some()
}
