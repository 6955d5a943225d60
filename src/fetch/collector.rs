//! What has come so far, business by business, and what to ask for next.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::business::Collected;
use super::team::PageJob;
use super::{Came, ClockOffset, Done, Job, Plan, What};
use crate::error::Result;
use crate::freshbooks::{Me, Reply};
use crate::http::{Answer, Failed, Failure};
use crate::model::reading::Digest;
use crate::model::{Identity, Reading, RequestLine};
use crate::store::Spool;
use crate::time::Timestamp;

pub(super) struct Collector {
    identity: Identity,
    identity_record: Digest,
    businesses: Vec<Collected>,
    in_flight: usize,
    members: u64,
    /// In the order of the jobs, whatever order the answers came in; the first is `users/me`.
    requests: BTreeMap<Option<Job>, RequestLine>,
    server_dates: Option<(Timestamp, Timestamp)>,
    clock_offset: Option<ClockOffset>,
}

impl Collector {
    pub(super) fn new(me: Me, answer: &Answer, plan: &Plan) -> Self {
        let mut collector = Collector {
            identity: me.identity,
            identity_record: me.identity_record,
            businesses: me.businesses.into_iter().map(|business| Collected::new(business, plan)).collect(),
            in_flight: 0,
            members: 0,
            requests: BTreeMap::from([(None, answered(answer.url.to_string(), answer))]),
            server_dates: None,
            clock_offset: None,
        };
        collector.note_clock(answer);
        collector
    }

    /// First pages of everything that is to be read, the lists before the rest.
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

    /// Takes one result in and says what to ask for next.
    pub(super) fn take(&mut self, done: Done, spool: &mut Spool) -> Result<Vec<Job>> {
        self.in_flight -= 1;
        let Done { job, url, came } = done;
        let (line, next) = match came {
            Came::Team(page, reply) => {
                let line = self.noted(url, &reply);
                if let Ok((page, _)) = &reply {
                    self.members += page.members.len() as u64;
                }
                let next = self.businesses[job.business].take_team(page, reply, spool)?;
                (line, next.into_iter().map(What::Team).collect())
            }
            Came::Group(reply) => {
                let line = self.noted(url, &reply);
                self.businesses[job.business].take_group(reply, spool)?;
                (line, Vec::new())
            }
            Came::Staff { page, reply } => {
                let line = self.noted(url, &reply);
                let next = self.businesses[job.business].take_staff(page, reply, spool)?;
                (line, next.map(|page| What::Staff { page }).into_iter().collect())
            }
        };
        self.requests.insert(Some(job), line);
        self.in_flight += next.len();
        Ok(next.into_iter().map(|what| Job { business: job.business, what }).collect())
    }

    /// Ends everything that is not settled, keeping what has come.
    pub(super) fn give_up(&mut self, why: &str) {
        for collected in &mut self.businesses {
            collected.give_up(why);
        }
        self.in_flight = 0;
    }

    pub(super) fn finish(mut self, started_at: Timestamp, finished_at: Timestamp) -> Reading {
        for collected in &mut self.businesses {
            collected.reading.coverage.sort_by_key(|coverage| coverage.resource);
        }
        Reading {
            started_at,
            // A clock that was set back meanwhile must not make a reading end before it began.
            finished_at: finished_at.max(started_at),
            server_date_first: self.server_dates.map(|(first, _)| first),
            server_date_last: self.server_dates.map(|(_, last)| last),
            identity: self.identity,
            identity_record: self.identity_record,
            businesses: self.businesses.into_iter().map(|collected| collected.reading).collect(),
            requests: self.requests.into_values().collect(),
        }
    }

    /// How this machine's clock stood to FreshBooks', if any answer told.
    pub(super) fn clock_offset(&self) -> Option<ClockOffset> {
        self.clock_offset
    }

    fn note_clock(&mut self, answer: &Answer) {
        if let Some(date) = answer.server_date {
            let (first, last) = self.server_dates.unwrap_or((date, date));
            self.server_dates = Some((first.min(date), last.max(date)));
        }
        if let Some(skew) = answer.skew() {
            let first = self.clock_offset.map_or(skew, |known| known.first);
            self.clock_offset = Some(ClockOffset { first, last: skew });
        }
    }

    /// The line that a request leaves in the snapshot.
    fn noted<T>(&mut self, url: String, reply: &Reply<T>) -> RequestLine {
        match reply {
            Ok((_, answer)) => {
                self.note_clock(answer);
                answered(url, answer)
            }
            Err(Failed { failure: Failure::Answered(answer, _), attempts }) => {
                self.note_clock(answer);
                RequestLine { attempts: *attempts, ..answered(url, answer) }
            }
            Err(Failed { attempts, .. }) => RequestLine {
                url,
                status: None,
                received_at: None,
                bytes: None,
                sha256: None,
                attempts: *attempts,
                request_id: None,
            },
        }
    }
}

fn answered(url: String, answer: &Answer) -> RequestLine {
    RequestLine {
        url,
        status: Some(answer.status),
        received_at: Some(answer.received_at),
        bytes: i64::try_from(answer.body.len()).ok(),
        sha256: Some(Sha256::digest(&answer.body).into()),
        attempts: answer.attempts,
        request_id: answer.request_id.clone(),
    }
}
