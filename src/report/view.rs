//! A snapshot as the reports see it: which rows, and what was asked beside.

use std::collections::HashSet;

use super::expected::Expected;
use super::roster::Roster;
use crate::error::Result;
use crate::model::addresses::normalized;
use crate::model::{Outcome, Status, domains, role};
use crate::stop::Stop;
use crate::store::{AccessRow, BusinessLine, CoverageLine, People, Reader, Review, Side, Snapshot, Usable};
use crate::time::{Day, Timestamp};

/// Rows between two looks whether a signal came.
const ROWS_PER_LOOK: u64 = 1024;

/// What the rows and their derived columns depend on, beside the snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) own_domains: Vec<String>,
    pub(crate) max_privileged: u32,
    pub(crate) people: Vec<String>,
    pub(crate) roster: Option<Roster>,
    pub(crate) expected: Option<Expected>,
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
    pub(crate) const TEXT: [&'static str; 9] = [
        "authorised apps and API tokens, which may act for a person, are not visible through this API",
        "clients' logins to their portal are not visible",
        "access that is given project by project is not visible",
        "settings made for one person beyond the role are not visible",
        "access of FreshBooks' own staff is not visible",
        "whether others use a second factor at sign-in is not visible",
        "what changed and changed back between two snapshots is not visible; FreshBooks' own audit log does \
         not cover changes to the team either, and `diff` shows what two snapshots tell",
        "FreshBooks has two kinds of accountants, one of them with full access, and may call both roles by \
         the same word: ask which one it is",
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
    /// The reviews of it that were recorded.
    pub(crate) reviews: Vec<Review>,
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
        mut options: Options,
        stop: &'a Stop,
    ) -> Result<Self> {
        keep_to_view(&mut options, reader, snapshot.id, &scope)?;
        let (people, not_found) = find_people(reader, snapshot.id, &options.people)?;
        let earlier = reader.neighbour(Usable::default(), &snapshot, Side::Before)?;
        Ok(View {
            businesses: reader.businesses(snapshot.id)?,
            coverage: reader.coverage(snapshot.id)?,
            reviews: reader.reviews_of(snapshot.id)?,
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

    /// The day on which it was read, in UTC: lists kept beside are held against it.
    pub(crate) fn today(&self) -> Day {
        Day::of(self.as_of())
    }

    pub(crate) fn as_of(&self) -> Timestamp {
        self.snapshot.finished_at
    }

    /// How reading the business's team list went.
    pub(crate) fn team_list(&self, business_id: i64) -> Option<&CoverageLine> {
        self.coverage.iter().find(|line| line.business_id == business_id && line.is_team_list())
    }

    /// Whether the business's team list was read to its end.
    pub(crate) fn is_read(&self, business_id: i64) -> bool {
        self.team_list(business_id).is_some_and(|line| line.read.outcome == Outcome::Ok)
    }

    /// Businesses whose team list was not.
    pub(crate) fn not_covered(&self) -> Vec<&BusinessLine> {
        self.businesses.iter().filter(|business| !self.is_read(business.id)).collect()
    }

    /// Whether somebody at an address is among the people asked for; everybody is, where nobody was named.
    pub(crate) fn is_asked_for(&self, address: &str) -> bool {
        self.options.people.is_empty() || self.options.people.iter().any(|asked| asked == address)
    }

    /// Whether the person who signed in owns the business.
    pub(crate) fn is_own_business(&self, business_id: i64) -> bool {
        let business = self.businesses.iter().find(|business| business.id == business_id);
        business.is_some_and(|business| business.own_role.split(';').any(role::is_owner))
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

    /// The host that the snapshot was read from.
    pub(crate) fn host(&self) -> &str {
        let source = self.snapshot.source.as_str();
        source.split_once("://").map_or(source, |(_, host)| host)
    }

    pub(crate) fn is_genuine(&self) -> bool {
        let source = self.snapshot.source.as_str();
        source == crate::app::FRESHBOOKS_API || crate::classic::is_genuine(source)
    }

    /// What evidence from elsewhere has to say first.
    pub(crate) fn warning(&self) -> Option<String> {
        (!self.is_genuine()).then(|| format!("NOT FROM FRESHBOOKS: {}", self.host()))
    }

    /// Whether none of somebody's `;`-joined addresses is at a domain of one's own; `None` where that
    /// cannot be said.
    pub(crate) fn is_external(&self, addresses: &str) -> Option<bool> {
        let own = &self.options.own_domains;
        if own.is_empty() || !addresses.contains('@') {
            return None;
        }
        Some(!addresses.split(';').any(|address| domains::hold(own, &normalized(address))))
    }
}

/// Cuts the lists kept beside down to what they say of the people and businesses of the view. What is made
/// for one business must not tell how many others there are.
fn keep_to_view(options: &mut Options, reader: &Reader, snapshot_id: i64, scope: &Scope) -> Result<()> {
    if let Some(roster) = &mut options.roster {
        let accounts = reader.account_addresses(snapshot_id)?;
        let known: HashSet<&str> = accounts.iter().flat_map(|(_, emails)| emails.split(';')).collect();
        roster.keep_only(|address| known.contains(address));
        if *scope != Scope::Whole {
            roster.forget_the_rest();
        }
    }
    if let Some(expected) = &mut options.expected {
        if let Scope::Alone(businesses) = scope {
            expected.keep_only(|business| businesses.contains(&business));
        }
        expected.index();
    }
    Ok(())
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
