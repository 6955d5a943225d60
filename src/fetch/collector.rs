//! What has come so far, business by business, and what to ask for next.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::business::Collected;
use super::team::PageJob;
use super::{Came, Done, Job, Plan, What};
use crate::error::Result;
use crate::freshbooks::{Me, Reply};
use crate::http::{Answer, Failed, Failure};
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
    /// In the order of the jobs, whatever order the answers came in; the first is `users/me`.
    requests: BTreeMap<Option<Job>, RequestLine>,
    server_dates: Option<(Timestamp, Timestamp)>,
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
        };
        collector.note_date(answer);
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
        let collected = &mut self.businesses[job.business];
        let (line, date, next) = match came {
            Came::Team(page, reply) => {
                let noted = noted(url, &reply);
                if let Ok((page, _)) = &reply {
                    self.members += page.members.len() as u64;
                }
                let next = collected.take_team(page, reply, spool)?;
                (noted.0, noted.1, next.into_iter().map(What::Team).collect())
            }
            Came::Group(reply) => {
                let noted = noted(url, &reply);
                collected.take_group(reply, spool)?;
                (noted.0, noted.1, Vec::new())
            }
            Came::Staff { page, reply } => {
                let noted = noted(url, &reply);
                let next = collected.take_staff(page, reply, spool)?;
                (noted.0, noted.1, next.map(|page| What::Staff { page }).into_iter().collect())
            }
        };
        self.requests.insert(Some(job), line);
        self.widen_dates(date);
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
        let run = Run {
            started_at,
            // A clock that was set back meanwhile must not make a reading end before it began.
            finished_at: finished_at.max(started_at),
            server_date_first: self.server_dates.map(|(first, _)| first),
            server_date_last: self.server_dates.map(|(_, last)| last),
            identity: self.identity,
            identity_record: self.identity_record,
            requests: self.requests.into_values().collect(),
        };
        let businesses = self.businesses.into_iter().map(|collected| collected.reading).collect();
        Reading { run, businesses }
    }

    fn note_date(&mut self, answer: &Answer) {
        self.widen_dates(answer.server_date);
    }

    fn widen_dates(&mut self, date: Option<Timestamp>) {
        if let Some(date) = date {
            let (first, last) = self.server_dates.unwrap_or((date, date));
            self.server_dates = Some((first.min(date), last.max(date)));
        }
    }
}

/// The line that a request leaves in the snapshot, and the server's time.
pub(super) fn noted<T>(url: String, reply: &Reply<T>) -> (RequestLine, Option<Timestamp>) {
    match reply {
        Ok((_, answer)) => (answered(url, answer), answer.server_date),
        Err(Failed { failure: Failure::Answered(answer, _), attempts }) => {
            (RequestLine { attempts: *attempts, ..answered(url, answer) }, answer.server_date)
        }
        Err(Failed { attempts, .. }) => {
            let attempts = *attempts;
            let none = RequestLine {
                method: "GET",
                url,
                status: None,
                received_at: None,
                bytes: None,
                sha256: None,
                attempts,
                request_id: None,
            };
            (none, None)
        }
    }
}

pub(super) fn answered(url: String, answer: &Answer) -> RequestLine {
    RequestLine {
        method: "GET",
        url,
        status: Some(answer.status),
        received_at: Some(answer.received_at),
        bytes: i64::try_from(answer.body.len()).ok(),
        sha256: Some(Sha256::digest(&answer.body).into()),
        attempts: answer.attempts,
        request_id: answer.request_id.clone(),
    }
}
