//! A snapshot as the reports see it: which rows, and the options that go with them.

use std::collections::BTreeSet;

use super::expected::{Approval, Expected};
use super::left_out::{LeftOut, Parameters, noun};
use super::roster::Roster;
use super::{Reads, narrow, summary};
use crate::error::{Error, Kind, Result};
use crate::model::addresses::normalized;
use crate::model::{Outcome, Status, domains, role};
use crate::stop::Stop;
use crate::store::{
    AccessRow, BusinessLine, CoverageLine, Horizon, People, Reader, Review, Side, Snapshot, Usable,
};
use crate::time::{Day, Timestamp};
use crate::ui::few;

/// How many rows to read between two checks for a signal.
const ROWS_PER_LOOK: u64 = 1024;

/// What the rows and their derived columns depend on, beside the snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) own_domains: Vec<String>,
    pub(crate) max_privileged: u32,
    pub(crate) people: Vec<String>,
    /// The account keys of these people, if they were already looked up.
    pub(crate) accounts: Option<BTreeSet<String>>,
    /// The snapshot to compare with; by default the previous complete one.
    pub(crate) since: Option<i64>,
    pub(crate) roster: Option<Roster>,
    pub(crate) expected: Option<Expected>,
}

/// Which businesses to include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Whole,
    /// Only these, as if there were no others.
    Alone(Vec<i64>),
}

/// One snapshot, or some of its businesses, ready for reporting.
pub(crate) struct View<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) snapshot: Snapshot,
    pub(crate) scope: Scope,
    pub(crate) businesses: Vec<BusinessLine>,
    pub(crate) coverage: Vec<CoverageLine>,
    /// The recorded reviews of the snapshot, oldest first.
    pub(crate) reviews: Vec<Review>,
    /// Which parts of the database say something about the snapshot.
    pub(crate) horizon: Horizon,
    /// The snapshot to compare with.
    pub(crate) earlier: Option<Snapshot>,
    /// The snapshots up to and including this one, for the reports over time.
    pub(crate) past: Vec<Snapshot>,
    pub(crate) people: People,
    /// Requested addresses that are in no snapshot.
    pub(crate) not_found: Vec<String>,
    pub(crate) options: Options,
    stop: &'a Stop,
}

impl<'a> View<'a> {
    pub(crate) fn new(
        reader: &'a Reader,
        snapshot: Snapshot,
        scope: Scope,
        mut options: Options,
        horizon: Horizon,
        stop: &'a Stop,
    ) -> Result<Self> {
        let horizon = reader.horizon_of(&snapshot, horizon)?;
        narrow::keep_to_view(&mut options, reader, snapshot.id, &scope)?;
        let (people, not_found) = narrow::find_people(reader, &options)?;
        let earlier = match options.since {
            // If the earlier snapshot was pruned, there is nothing to compare with.
            Some(since) => reader.find_snapshot(since)?.filter(|since| since.status != Status::Pruned),
            None => reader.neighbour(Usable::default(), &snapshot, Side::Before)?,
        };
        Ok(View {
            businesses: reader.businesses(snapshot.id)?,
            coverage: reader.coverage(snapshot.id)?,
            reviews: reader.reviews_of(snapshot.id, horizon.review)?,
            horizon,
            past: reader.snapshots_until(&snapshot)?,
            earlier,
            reader,
            snapshot,
            scope,
            people,
            not_found,
            options,
            stop,
        })
    }

    /// The snapshots whose content reaches a report with this `Reads`.
    pub(crate) fn shown(&self, reads: Reads) -> Result<BTreeSet<i64>> {
        let id = |snapshot: &Snapshot| snapshot.id;
        let mut shown: BTreeSet<i64> = match reads {
            Reads::One => BTreeSet::new(),
            Reads::Earlier => self.earlier.iter().map(id).collect(),
            Reads::Past => self.past.iter().map(id).collect(),
        };
        shown.insert(self.snapshot.id);
        // Outcomes of decisions come from later snapshots, previous decisions from earlier ones.
        let later = self.reader.later(Usable::default(), &self.snapshot, self.horizon.snapshot)?;
        let reviewed = self.reader.reviewed_before(&self.snapshot, self.horizon.review)?;
        shown.extend(later.iter().chain(&reviewed).map(id));
        Ok(shown)
    }

    pub(crate) fn access_rows(&self, mut take: impl FnMut(&AccessRow) -> Result<()>) -> Result<()> {
        let mut rows = 0;
        self.reader.access_rows(self.snapshot.id, &self.people, |row| {
            self.look(&mut rows)?;
            take(row)
        })?;
        let recorded = self.snapshot.memberships;
        if !self.options.people.is_empty() || i64::try_from(rows) == Ok(recorded) {
            return Ok(());
        }
        let id = self.snapshot.id;
        let problem = format!("the database has {rows} of the {recorded} memberships of snapshot {id}");
        Err(Error::new(Kind::Storage, problem)
            .hint("fbsync verify --db FILE shows everything that is wrong with it"))
    }

    /// Fails once a signal has arrived. Call it for every row; it checks only now and then.
    pub(crate) fn look(&self, rows: &mut u64) -> Result<()> {
        *rows += 1;
        if rows.is_multiple_of(ROWS_PER_LOOK) { self.stop.check() } else { Ok(()) }
    }

    /// Fails once a signal has arrived.
    pub(crate) fn check(&self) -> Result<()> {
        self.stop.check()
    }

    /// The complete snapshots among the past ones.
    pub(crate) fn complete_past(&self) -> Vec<Snapshot> {
        self.past.iter().filter(|snapshot| snapshot.status == Status::Complete).cloned().collect()
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.snapshot.status != Status::Complete
    }

    /// The day on which the snapshot was read, in UTC: rosters and approvals are compared with it.
    pub(crate) fn today(&self) -> Day {
        Day::of(self.as_of())
    }

    pub(crate) fn as_of(&self) -> Timestamp {
        self.snapshot.finished_at
    }

    /// The coverage of the business's team list.
    pub(crate) fn team_list(&self, business_id: i64) -> Option<&CoverageLine> {
        self.coverage.iter().find(|line| line.business_id == business_id && line.is_team_list())
    }

    /// Whether the business's team list was read completely.
    pub(crate) fn is_read(&self, business_id: i64) -> bool {
        self.team_list(business_id).is_some_and(|line| line.read.outcome == Outcome::Ok)
    }

    /// Businesses whose team list was not read completely.
    pub(crate) fn not_covered(&self) -> Vec<&BusinessLine> {
        self.businesses.iter().filter(|business| !self.is_read(business.id)).collect()
    }

    /// Whether an approval is about one of the requested people; always true if none were named.
    pub(crate) fn is_asked_for(&self, approval: &Approval) -> bool {
        let known = approval.accounts.iter().flatten().any(|account| self.people.has(account));
        known || self.options.people.is_empty() || self.options.people.contains(&approval.email)
    }

    /// Whether the person who signed in owns the business.
    pub(crate) fn is_own_business(&self, business_id: i64) -> bool {
        let business = self.businesses.iter().find(|business| business.id == business_id);
        business.is_some_and(|business| business.own_role.split(';').any(role::is_owner))
    }

    /// The addresses that are in no snapshot, and where their people could still have access.
    pub(crate) fn unknown_people(&self) -> Option<String> {
        let addresses = few(&self.not_found);
        let unread = self.and_unread();
        (!addresses.is_empty()).then(|| format!("no snapshot knows the address {addresses}{unread}"))
    }

    /// The end of a sentence that says somebody was not found: which businesses could not be read.
    pub(crate) fn and_unread(&self) -> String {
        let unread: Vec<String> = self.not_covered().iter().map(|business| business.called()).collect();
        match unread.as_slice() {
            [] => String::new(),
            unread => format!("; these businesses could not be read: {}", few(unread)),
        }
    }

    /// "N of M businesses".
    pub(crate) fn read(&self) -> String {
        let all = self.businesses.len();
        format!("{} of {all} {}", all - self.not_covered().len(), noun(all))
    }

    /// "N of M businesses", and which ones are missing.
    pub(crate) fn extent(&self) -> String {
        self.extent_with(|missing| missing.join(", "))
    }

    /// The same for a warning, with a short list.
    pub(crate) fn extent_in_short(&self) -> String {
        self.extent_with(few)
    }

    fn extent_with(&self, list: fn(&[String]) -> String) -> String {
        let missing: Vec<String> = self.not_covered().iter().map(|business| business.called()).collect();
        match missing.is_empty() {
            true => self.read(),
            false => format!("{}; not covered: {}", self.read(), list(&missing)),
        }
    }

    /// What the sync was told to leave out.
    pub(crate) fn left_out(&self) -> Option<LeftOut> {
        let lists = self.coverage.iter().filter(|line| line.is_team_list());
        LeftOut::of(lists.map(|line| line.read.outcome.as_str()), &Parameters::of(&self.snapshot))
    }

    pub(crate) fn is_genuine(&self) -> bool {
        summary::is_genuine(&self.snapshot.source)
    }

    /// The warning that evidence from another server has to start with.
    pub(crate) fn warning(&self) -> Option<String> {
        summary::warning(&self.snapshot.source)
    }

    /// Whether none of the `;`-joined addresses is at an own domain; `None` if that is not known.
    pub(crate) fn is_external(&self, addresses: &str) -> Option<bool> {
        let own = &self.options.own_domains;
        if own.is_empty() || !addresses.contains('@') {
            return None;
        }
        Some(!addresses.split(';').any(|address| domains::hold(own, &normalized(address))))
    }
}
