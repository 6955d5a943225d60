//! A snapshot as the reports see it: which rows, and what was asked beside.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::model::persons::Person;
use crate::model::{Outcome, Status};
use crate::stop::Stop;
use crate::store::{AccessRow, BusinessLine, CoverageLine, People, Reader, Review, Side, Snapshot, Usable};
use crate::time::Timestamp;

/// Rows between two looks whether a signal came.
const ROWS_PER_LOOK: u64 = 1024;

/// What the rows and their derived columns depend on, beside the snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) own_domains: Vec<String>,
    pub(crate) max_privileged: u32,
    pub(crate) people: Vec<String>,
    /// The keys of these people's accounts, where they were found before.
    pub(crate) accounts: Option<BTreeSet<String>>,
    /// The snapshot that changes are told since; without it the complete one before.
    pub(crate) since: Option<i64>,
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
    /// The reviews of it that were recorded.
    pub(crate) reviews: Vec<Review>,
    /// The snapshot that changes are told since.
    pub(crate) earlier: Option<Snapshot>,
    /// The snapshots up to this one, which comes last: what the reports over time are made from.
    pub(crate) past: Vec<Snapshot>,
    pub(crate) people: People,
    /// Addresses asked for that no snapshot knows.
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
        stop: &'a Stop,
    ) -> Result<Self> {
        let (people, not_found) = find_people(reader, &options)?;
        let earlier = match options.since {
            // Of one that was pruned since nothing is left to compare with.
            Some(since) => reader.find_snapshot(since)?.filter(|since| since.status != Status::Pruned),
            None => reader.neighbour(Usable::default(), &snapshot, Side::Before)?,
        };
        Ok(View {
            businesses: reader.businesses(snapshot.id)?,
            coverage: reader.coverage(snapshot.id)?,
            reviews: reader.reviews_of(snapshot.id)?,
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

    /// Ends the work when a signal came.
    pub(crate) fn check(&self) -> Result<()> {
        self.stop.check()
    }

    /// The complete snapshots of the past.
    pub(crate) fn complete_past(&self) -> Vec<Snapshot> {
        self.past.iter().filter(|snapshot| snapshot.status == Status::Complete).cloned().collect()
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

    /// The addresses that no snapshot knows, and where their people may be all the same.
    pub(crate) fn unknown_people(&self) -> Option<String> {
        let addresses = self.not_found.join(", ");
        let unread = self.and_unread();
        (!addresses.is_empty()).then(|| format!("no snapshot knows the address {addresses}{unread}"))
    }

    /// The end of a sentence that somebody was not found: which businesses could not be read.
    pub(crate) fn and_unread(&self) -> String {
        let unread = self.unread().map(|unread| format!("; these businesses could not be read: {unread}"));
        unread.unwrap_or_default()
    }

    /// The names of the businesses whose team list was not read to the end.
    fn unread(&self) -> Option<String> {
        let name = |business: &&BusinessLine| format!("{} ({})", business.name, business.id);
        let unread: Vec<String> = self.not_covered().iter().map(name).collect();
        (!unread.is_empty()).then(|| unread.join(", "))
    }

    /// "N of M businesses".
    pub(crate) fn read(&self) -> String {
        let all = self.businesses.len();
        let noun = if all == 1 { "business" } else { "businesses" };
        format!("{} of {all} {noun}", all - self.not_covered().len())
    }

    /// "N of M businesses", and which are missing.
    pub(crate) fn extent(&self) -> String {
        match self.unread() {
            None => self.read(),
            Some(unread) => format!("{}; not covered: {unread}", self.read()),
        }
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

/// The accounts to keep to, by any address that any snapshot knows of their people, and the addresses
/// that none knows.
fn find_people(reader: &Reader, options: &Options) -> Result<(People, Vec<String>)> {
    if options.people.is_empty() {
        return Ok((People::default(), Vec::new()));
    }
    if let Some(accounts) = &options.accounts {
        return Ok((People::only(accounts.clone()), Vec::new()));
    }
    let persons = reader.persons()?;
    let (mut keys, mut missing) = (BTreeSet::new(), Vec::new());
    for address in &options.people {
        let found: Vec<&Person> = persons.at(address).collect();
        if found.is_empty() {
            missing.push(address.clone());
        }
        keys.extend(found.into_iter().flat_map(|person| &person.keys).map(ToString::to_string));
    }
    Ok((People::only(keys), missing))
}
