//! Known gaps: businesses whose team the identity cannot list.
//!
//! An accountant with 30 such clients needs a nightly run that counts as complete without them and
//! still fails when a 31st appears. An accepted gap is still tried each time and keeps its true
//! outcome.

use std::collections::BTreeMap;
use std::path::Path;

use super::gap_file::{self, Entry};
use crate::app::App;
use crate::cli::SyncArgs;
use crate::error::Result;
use crate::model::{Business, Outcome, Reading, Resource};
use crate::time::Day;
use crate::ui::{Ui, few_of};

/// Businesses whose gaps are accepted, or were accepted until a day that has passed.
pub(super) struct AcceptedGaps<'a> {
    accepted: BTreeMap<i64, Acceptance<'a>>,
    /// With their last days.
    expired: BTreeMap<i64, Day>,
}

struct Acceptance<'a> {
    reason: Option<String>,
    until: Option<Day>,
    /// The file that it is from, if it was not typed.
    file: Option<&'a Path>,
}

impl<'a> AcceptedGaps<'a> {
    /// What the flags and files accept today; flags take precedence.
    pub(super) fn gather(app: &App, args: &'a SyncArgs) -> Result<Self> {
        let (mut accepted, mut expired) = (BTreeMap::new(), BTreeMap::new());
        let today = Day::of(app.clock.now());
        for path in &args.accept_gaps {
            for entry in gap_file::read(path)? {
                let Entry { business_id, reason, until } = entry;
                match until.filter(|until| *until < today) {
                    Some(until) => drop(expired.insert(business_id, until)),
                    None => {
                        let acceptance = Acceptance { reason: Some(reason), until, file: Some(path) };
                        accepted.insert(business_id, acceptance);
                    }
                }
            }
        }
        let typed = |reason: &Option<String>| Acceptance { reason: reason.clone(), until: None, file: None };
        accepted.extend(args.accept_gap.iter().map(|(id, reason)| (*id, typed(reason))));
        expired.retain(|id, _| !accepted.contains_key(id));
        Ok(AcceptedGaps { accepted, expired })
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.accepted.keys().copied().collect()
    }

    /// The last days of those that will expire, by business.
    pub(super) fn until(&self) -> BTreeMap<i64, String> {
        let until = |(id, accepted): (&i64, &Acceptance)| Some((*id, accepted.until?.to_string()));
        self.accepted.iter().filter_map(until).collect()
    }

    /// Warns of expired acceptances, using the current names of the businesses.
    pub(super) fn tell_expired(&self, ui: Ui, businesses: &[Business]) {
        let expired = |business: &Business| {
            let until = self.expired.get(&business.id)?;
            Some(format!("the accepted gap of {} ({}) expired on {until}", business.name, business.id))
        };
        let expired: Vec<String> = businesses.iter().filter_map(expired).collect();
        let (told, more) = few_of(&expired);
        told.iter().for_each(|one| ui.warn(one));
        if more > 0 {
            ui.warn(format_args!("{more} more accepted gaps have expired: see `until` in the file of gaps"));
        }
    }

    /// Marks the accepted gaps in `reading`. Returns a sentence for each acceptance that is no longer
    /// needed.
    pub(super) fn apply(&self, reading: &mut Reading) -> Vec<String> {
        let mut readable_again = Vec::new();
        for read in &mut reading.businesses {
            let Some(Acceptance { reason, file, .. }) = self.accepted.get(&read.business.id) else {
                continue;
            };
            let named = format!("{} ({})", read.business.name, read.business.id);
            let list = read.coverage.iter_mut().find(|coverage| coverage.resource == Resource::TeamMembers);
            let Some(list) = list else { continue };
            match list.outcome {
                Outcome::Denied | Outcome::Mismatch => {
                    list.accept(reason.as_deref().unwrap_or("no reason given"));
                }
                Outcome::Ok => readable_again.push(match file {
                    Some(file) => {
                        format!("{named} can be read again: remove its row from {}", file.display())
                    }
                    None => format!("{named} can be read again: its --accept-gap is no longer needed"),
                }),
                // A failure today can be gone tomorrow, so it is an alarm and not a known gap.
                Outcome::Failed | Outcome::Skipped => {}
            }
        }
        readable_again
    }
}
