//! Businesses that a sync was told to leave out. A snapshot without them is complete all the same, and the
//! latest one, so everything that is made of it says what it covers.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::Result;
use crate::model::Outcome;
use crate::store::{Reader, Snapshot};
use crate::ui::few;

/// The options of a sync that tell what a snapshot lacks. Of some businesses taken out of it, they are not
/// known.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Parameters {
    business: Vec<i64>,
    skip_business: Vec<i64>,
    /// The last days of accepted gaps, by business.
    pub(super) accept_gaps_until: BTreeMap<i64, String>,
}

impl Parameters {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        serde_json::from_str(&snapshot.parameters).unwrap_or_default()
    }
}

/// Businesses that a sync was told to leave out.
pub(crate) struct LeftOut {
    businesses: usize,
    read: usize,
    skipped: usize,
    options: String,
}

impl LeftOut {
    /// From the outcomes of all team lists; nothing where none was left out.
    pub(crate) fn of<'o>(outcomes: impl Iterator<Item = &'o str>, parameters: &Parameters) -> Option<Self> {
        let mut left_out = LeftOut { businesses: 0, read: 0, skipped: 0, options: String::new() };
        for outcome in outcomes {
            left_out.businesses += 1;
            left_out.read += usize::from(outcome == Outcome::Ok.as_str());
            left_out.skipped += usize::from(outcome == Outcome::Skipped.as_str());
        }
        let Parameters { business, skip_business, .. } = parameters;
        let given = [("--business", business), ("--skip-business", skip_business)];
        let given = given.iter().filter(|(_, ids)| !ids.is_empty());
        let given: Vec<String> = given.map(|(option, ids)| format!("{option} {}", few(ids))).collect();
        if !given.is_empty() {
            left_out.options = format!(" ({})", given.join("; "));
        }
        (left_out.skipped > 0).then_some(left_out)
    }

    /// The same, of a snapshot in a database.
    pub(crate) fn of_snapshot(reader: &Reader, snapshot: &Snapshot) -> Result<Option<Self>> {
        let coverage = reader.coverage(snapshot.id)?;
        let lists = coverage.iter().filter(|line| line.is_team_list());
        Ok(LeftOut::of(lists.map(|line| line.read.outcome.as_str()), &Parameters::of(snapshot)))
    }

    /// "snapshot 2 covers 1 of 7 businesses (--business 48201)".
    pub(crate) fn covers(&self, snapshot_id: i64) -> String {
        let LeftOut { businesses, read, options, .. } = self;
        format!("snapshot {snapshot_id} covers {read} of {businesses} {}{options}", noun(*businesses))
    }

    /// "6 businesses, left out when reading (--business 48201)".
    pub(crate) fn omitted(&self) -> String {
        let LeftOut { skipped, options, .. } = self;
        format!("{skipped} {}, left out when reading{options}", noun(*skipped))
    }
}

pub(super) fn noun(businesses: usize) -> &'static str {
    if businesses == 1 { "business" } else { "businesses" }
}
