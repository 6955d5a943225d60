//! What has been received so far, business by business, and what to request next.

use std::collections::BTreeMap;

use super::business::Collected;
use super::team::PageJob;
use super::trace::Trace;
use super::{Brought, Came, Done, Job, Plan, What};
use crate::error::Result;
use crate::freshbooks::Me;
use crate::http::Answer;
use crate::model::reading::Digest;
use crate::model::{Identity, Reading, RequestLine, Run};
use crate::store::Spool;
use crate::time::Timestamp;

pub(super) struct Collector {
    identity: Identity,
    identity_record: Digest,
    businesses: Vec<Collected>,
    in_flight: usize,
    members: u64,
    /// In the order of the jobs, not of the answers; the first is `users/me`.
    requests: BTreeMap<Option<Job>, RequestLine>,
    trace: Trace,
    unread_memberships: i64,
}

impl Collector {
    pub(super) fn new(me: Me, answer: &Answer, plan: &Plan) -> Self {
        let mut trace = Trace::default();
        let first = trace.answered(answer.url.to_string(), answer);
        Collector {
            identity: me.identity,
            identity_record: me.identity_record,
            businesses: me.businesses.into_iter().map(|business| Collected::new(business, plan)).collect(),
            in_flight: 0,
            members: 0,
            requests: BTreeMap::from([(None, first)]),
            trace,
            unread_memberships: me.unread.count,
        }
    }

    /// The first pages of everything that is to be read, team lists first.
    pub(super) fn first_jobs(&mut self) -> Vec<Job> {
        let first = PageJob { round: 1, page: 1, again: false };
        let of = |wanted: fn(&Collected) -> bool, what: What| {
            let wanted = self.businesses.iter().enumerate().filter(move |(_, collected)| wanted(collected));
            wanted.map(move |(business, _)| Job { business, what })
        };
        let teams = of(|collected| collected.team.is_some(), What::Team(first));
        let groups = of(|collected| collected.group_pending, What::Group);
        let staff = of(|collected| collected.staff.is_some(), What::Staff { page: 1 });
        let jobs: Vec<Job> = teams.chain(groups).chain(staff).collect();
        self.in_flight = jobs.len();
        jobs
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(super) fn businesses_to_read(&self) -> u64 {
        self.businesses.iter().filter(|collected| collected.is_pending()).count() as u64
    }

    pub(super) fn businesses_read(&self) -> u64 {
        self.businesses.iter().filter(|collected| !collected.is_pending() && !collected.is_skipped()).count()
            as u64
    }

    pub(super) fn members_read(&self) -> u64 {
        self.members
    }

    /// Adds one result and returns what to request next.
    pub(super) fn take(&mut self, done: Done, spool: &mut Spool) -> Result<Vec<Job>> {
        self.in_flight -= 1;
        let Done { job, url, came } = done;
        let (line, next) = match came {
            Came::Team(page, reply) => {
                let line = self.trace.noted(url, &reply);
                // Who is read once more is not one more member.
                if let Ok((first, _)) = &reply
                    && page.round == 1
                    && !page.again
                {
                    self.members += first.members.len() as u64;
                }
                let next = self.businesses[job.business].take_team(page, reply, spool)?;
                (line, next.into_iter().map(What::Team).collect())
            }
            Came::Group(reply) => {
                let line = self.trace.noted(url, &reply);
                self.businesses[job.business].take_group(reply, spool)?;
                (line, Vec::new())
            }
            Came::Staff { page, reply } => {
                let line = self.trace.noted(url, &reply);
                let next = self.businesses[job.business].take_staff(page, reply, spool)?;
                (line, next.map(|page| What::Staff { page }).into_iter().collect())
            }
        };
        self.requests.insert(Some(job), line);
        self.in_flight += next.len();
        Ok(next.into_iter().map(|what| Job { business: job.business, what }).collect())
    }

    /// Ends everything that is not finished, and keeps what was received.
    pub(super) fn give_up(&mut self, why: &str) {
        for collected in &mut self.businesses {
            collected.give_up(why);
        }
        self.in_flight = 0;
    }

    pub(super) fn finish(mut self, started_at: Timestamp, finished_at: Timestamp, spool: Spool) -> Brought {
        for collected in &mut self.businesses {
            collected.reading.coverage.sort_by_key(|coverage| coverage.resource);
        }
        let run = Run {
            started_at,
            // A clock that was set back in the meantime must not make a reading end before it began.
            finished_at: finished_at.max(started_at),
            server_date_first: self.trace.server_dates.map(|(first, _)| first),
            server_date_last: self.trace.server_dates.map(|(_, last)| last),
            identity: self.identity,
            identity_record: self.identity_record,
            requests: self.requests.into_values().collect(),
        };
        let businesses = self.businesses.into_iter().map(|collected| collected.reading).collect();
        Brought {
            reading: Reading { run, businesses },
            spool,
            clock_offset: self.trace.clock_offset,
            unread_memberships: self.unread_memberships,
        }
    }
}
