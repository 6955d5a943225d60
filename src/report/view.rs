//! A snapshot as the reports see it: which rows, and what was asked beside.

use std::collections::BTreeSet;

use super::summary;
use crate::error::Result;
use crate::model::{Outcome, Status};
use crate::stop::Stop;
use crate::store::{
    AccessRow, BusinessLine, CoverageLine, Horizon, People, Reader, Review, Side, Snapshot, Usable,
};
use crate::time::Timestamp;

/// Rows between two looks whether a signal came.
const ROWS_PER_LOOK: u64 = 1024;

/// What the rows and their derived columns depend on, beside the snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) own_domains: Vec<String>,
    pub(crate) max_privileged: u32,
    pub(crate) people: Vec<String>,
}

/// Which businesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Whole,
    /// These alone, as if there were no others.
    Alone(Vec<i64>),
}

/// What cannot be learned from this source, in the words of every manifest and README.
pub(crate) struct Limits;

impl Limits {
    pub(crate) const TEXT: [&'static str; 8] = [
        "authorised apps and API tokens, which may act for a person, are not visible through this API",
        "clients' logins to their portal are not visible",
        "access that is given project by project is not visible",
        "settings made for one person beyond the role are not visible",
        "access of FreshBooks' own staff is not visible",
        "whether others use a second factor at sign-in is not visible",
        "what changed and changed back between two snapshots is not visible",
        "a person who was removed may show as inactive, or not at all",
    ];
}

/// One snapshot, or some of its businesses, ready to be reported.
pub(crate) struct View<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) snapshot: Snapshot,
    pub(crate) scope: Scope,
    pub(crate) businesses: Vec<BusinessLine>,
    pub(crate) coverage: Vec<CoverageLine>,
    /// The reviews of it that were recorded, oldest first.
    pub(crate) reviews: Vec<Review>,
    /// What of the database tells something about the snapshot.
    pub(crate) horizon: Horizon,
    /// The complete snapshot before.
    pub(crate) earlier: Option<i64>,
    pub(crate) people: People,
    /// Addresses asked for that nobody has.
    pub(crate) not_found: Vec<String>,
    pub(crate) options: Options,
    stop: &'a Stop,
}

impl<'a> View<'a> {
    pub(crate) fn new(
        reader: &'a Reader,
        snapshot: Snapshot,
        scope: Scope,
        options: Options,
        horizon: Horizon,
        stop: &'a Stop,
    ) -> Result<Self> {
        let horizon = reader.horizon_of(&snapshot, horizon)?;
        let (people, not_found) = find_people(reader, snapshot.id, &options.people)?;
        let earlier = reader.neighbour(Usable::default(), &snapshot, Side::Before)?;
        Ok(View {
            businesses: reader.businesses(snapshot.id)?,
            coverage: reader.coverage(snapshot.id)?,
            reviews: reader.reviews_of(snapshot.id, horizon.review)?,
            horizon,
            earlier: earlier.map(|earlier| earlier.id),
            reader,
            snapshot,
            scope,
            people,
            not_found,
            options,
            stop,
        })
    }

    /// The snapshots that the reports show something of.
    pub(crate) fn snapshots_shown(&self) -> Result<BTreeSet<i64>> {
        Ok(match self.scope {
            Scope::Whole => {
                let later = self.reader.later(Usable::default(), &self.snapshot, self.horizon.snapshot)?;
                let reviewed = self.reader.reviewed_before(&self.snapshot, self.horizon.review)?;
                let others = later.iter().chain(&reviewed).map(|snapshot| snapshot.id);
                self.earlier.into_iter().chain([self.snapshot.id]).chain(others).collect()
            }
            // What was taken out of the whole holds nothing else.
            Scope::Alone(_) => self.reader.snapshots(None)?.into_iter().map(|snapshot| snapshot.id).collect(),
        })
    }

    pub(crate) fn access_rows(&self, mut take: impl FnMut(&AccessRow) -> Result<()>) -> Result<()> {
        let mut rows = 0;
        self.reader.access_rows(self.snapshot.id, &self.people, |row| {
            self.look(&mut rows)?;
            take(row)
        })
    }

    /// Ends the work when a signal came; called for every row, it looks at some.
    pub(crate) fn look(&self, rows: &mut u64) -> Result<()> {
        *rows += 1;
        if rows.is_multiple_of(ROWS_PER_LOOK) { self.stop.check() } else { Ok(()) }
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.snapshot.status != Status::Complete
    }

    pub(crate) fn as_of(&self) -> Timestamp {
        self.snapshot.finished_at
    }

    /// How reading the business's team list went.
    pub(crate) fn team_list(&self, business_id: i64) -> Option<&CoverageLine> {
        self.coverage.iter().find(|line| line.business_id == business_id && line.is_team_list())
    }

    /// Businesses whose team list was not read to the end.
    pub(crate) fn not_covered(&self) -> Vec<&BusinessLine> {
        let unread = |business: &&BusinessLine| {
            self.team_list(business.id).is_none_or(|line| line.read.outcome != Outcome::Ok)
        };
        self.businesses.iter().filter(unread).collect()
    }

    /// "N of M businesses", and which are missing.
    pub(crate) fn extent(&self) -> String {
        let (missing, all) = (self.not_covered(), self.businesses.len());
        let noun = if all == 1 { "business" } else { "businesses" };
        let read = all - missing.len();
        if missing.is_empty() {
            return format!("{read} of {all} {noun}");
        }
        let missing: Vec<String> =
            missing.iter().map(|business| format!("{} ({})", business.name, business.id)).collect();
        format!("{read} of {all} {noun}; not covered: {}", missing.join(", "))
    }

    pub(crate) fn is_genuine(&self) -> bool {
        summary::is_genuine(&self.snapshot.source)
    }

    /// What evidence from elsewhere has to say first.
    pub(crate) fn warning(&self) -> Option<String> {
        summary::warning(&self.snapshot.source)
    }

    /// Whether the domain is none of one's own; `None` where that cannot be said.
    pub(crate) fn is_external(&self, domain: &str) -> Option<bool> {
        if self.options.own_domains.is_empty() || domain.is_empty() {
            return None;
        }
        let within = |own: &String| {
            domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        Some(!self.options.own_domains.iter().any(within))
    }
}

/// The rows to keep to, and the addresses that nobody has.
fn find_people(reader: &Reader, snapshot_id: i64, wanted: &[String]) -> Result<(People, Vec<String>)> {
    if wanted.is_empty() {
        return Ok((People::default(), Vec::new()));
    }
    let (keys, missing) = account_keys(reader, snapshot_id, wanted)?;
    Ok((People::only(&keys), missing))
}

/// The accounts that have one of these addresses, and the addresses that nobody has.
pub(super) fn account_keys(
    reader: &Reader,
    snapshot_id: i64,
    wanted: &[String],
) -> Result<(Vec<String>, Vec<String>)> {
    let mut missing = wanted.to_vec();
    let mut keys = Vec::new();
    for (key, emails) in reader.account_addresses(snapshot_id)? {
        let has = |address: &String| emails.split(';').any(|known| known == address);
        if wanted.iter().any(has) {
            missing.retain(|address| !has(address));
            keys.push(key);
        }
    }
    Ok((keys, missing))
}
