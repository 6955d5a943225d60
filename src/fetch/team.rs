//! One team list: read until it is consistent, with its coverage. Pure.
//!
//! A list that changed while it was read is read again from the start; [`round`](super::round) is one
//! pass.

use super::round::{Round, count};
use crate::freshbooks::{Meta, Oddities};
use crate::model::{Coverage, Membership, Outcome, Resource};

/// A list that is still inconsistent after this many passes is recorded as a mismatch.
const ROUNDS: u32 = 3;

/// One page to request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageJob {
    pub(super) round: u32,
    pub(super) page: i64,
    /// Page 1 again, after the last.
    pub(super) again: bool,
}

/// The content of a page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) members: Vec<Membership>,
    pub(super) oddities: Oddities,
    pub(super) meta: Meta,
    pub(super) attempts: u32,
}

/// Why a page was not received.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    pub(super) outcome: Outcome,
    pub(super) http_status: Option<u16>,
    pub(super) message: String,
    pub(super) attempts: u32,
}

impl Missing {
    /// The coverage of a source from which nothing was received.
    pub(super) fn into_coverage(self, resource: Resource) -> Coverage {
        Coverage {
            http_status: self.http_status,
            attempts: self.attempts.into(),
            ..Coverage::unread(resource, self.outcome, Some(self.message))
        }
    }
}

/// A list while it is being read.
#[derive(Debug)]
pub(super) struct TeamList {
    attempts: i64,
    missing: Option<Missing>,
    reading: Round,
}

impl TeamList {
    /// A list whose first page has just been requested.
    pub(super) fn new() -> Self {
        TeamList { attempts: 0, missing: None, reading: Round::numbered(1) }
    }

    /// Adds a page and returns what to request next. The list is finished if nothing is returned and
    /// nothing is in flight.
    pub(super) fn take(&mut self, job: PageJob, page: Page) -> Vec<PageJob> {
        self.attempts += i64::from(page.attempts);
        self.reading.in_flight -= 1;
        self.reading.absorb(job, page);
        self.next_jobs()
    }

    /// Records that a page was not received. What was received is kept, and requests in flight are
    /// waited for.
    pub(super) fn miss(&mut self, missing: Missing) -> Vec<PageJob> {
        self.attempts += i64::from(missing.attempts);
        self.reading.in_flight -= 1;
        self.missing.get_or_insert(missing);
        Vec::new()
    }

    /// Ends the list immediately, without waiting for requests in flight.
    pub(super) fn give_up(&mut self, missing: Missing) {
        self.missing.get_or_insert(missing);
        self.reading.in_flight = 0;
    }

    pub(super) fn is_settled(&self) -> bool {
        self.reading.in_flight == 0
    }

    fn next_jobs(&mut self) -> Vec<PageJob> {
        if self.missing.is_some() {
            return Vec::new();
        }
        let mut jobs = self.reading.next_jobs();
        if jobs.is_empty() && self.reading.in_flight == 0 {
            jobs.extend(self.reading.check_again());
        }
        if jobs.is_empty() && self.reading.in_flight == 0 {
            self.reading.judge();
            if self.reading.problem.is_some() && self.reading.number < ROUNDS {
                self.reading = Round::numbered(self.reading.number + 1);
                jobs.push(PageJob { round: self.reading.number, page: 1, again: false });
            }
        }
        jobs
    }

    /// The members, each once, and the proof of how complete they are.
    pub(super) fn settle(self) -> (Vec<Membership>, Coverage) {
        let TeamList { attempts, missing, reading } = self;
        let (rounds, received, expected, pages) =
            (reading.number, reading.received(), reading.total, reading.pages);
        let oddities = reading.oddities.told();
        let (outcome, http_status, why) = match (missing, &reading.problem, &reading.flaw) {
            (Some(missing), ..) => (missing.outcome, missing.http_status, Some(missing.message)),
            (None, Some(problem), _) => {
                (Outcome::Mismatch, Some(200), Some(format!("{problem}; read {rounds} times")))
            }
            (None, None, Some(flaw)) => (Outcome::Mismatch, Some(200), Some(flaw.clone())),
            (None, None, None) => (Outcome::Ok, Some(200), None),
        };
        let told: Vec<String> = why.into_iter().chain(oddities).collect();
        let message = (!told.is_empty()).then(|| told.join("; "));
        let members = reading.into_members();
        let coverage = Coverage {
            http_status,
            expected,
            received,
            distinct: count(members.len()),
            pages,
            attempts,
            ..Coverage::unread(Resource::TeamMembers, outcome, message)
        };
        (members, coverage)
    }
}
