//! Reads everything and says how complete it is.
//!
//! Businesses, sources and pages share one queue; a few workers ask, parse and hash; one thread
//! collects, so that nothing here depends on the order in which answers come. What is returned is a
//! [`Reading`] whose coverage accounts for every business: read, denied, failed or not in agreement.
//!
//! - [`team`]: one team list, page by page, and whether its numbers agree.
//! - [`pool`]: the workers.
//! - [`spool`]: record bodies, kept out of memory until they are recorded.

mod pool;
mod spool;
mod team;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::error::Result;
use crate::freshbooks::{FreshBooks, Group, Record, Reply, TeamPage, TeamQuery};
use crate::http::{Answer, Failed, Failure};
use crate::model::{
    BusinessReading, Coverage, GroupMember, Identity, Outcome, Reading, RequestLine, Resource, Timestamp,
};
use pool::Pool;
pub(crate) use spool::Spool;
use team::{Missing, Page, PageJob, TeamList};

/// How often the collector looks whether a signal came.
const SIGNAL_POLL: Duration = Duration::from_millis(100);

/// One request to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    Team { business: usize, page: PageJob },
    Group { business: usize },
}

enum Done {
    Team { business: usize, page: PageJob, reply: Reply<TeamPage>, url: String },
    Group { business: usize, reply: Reply<Group>, url: String },
}

/// Reads the identity, its businesses and who belongs to them. Fails only where there can be no
/// snapshot at all: no identity, no token, no disk, a signal.
pub(crate) fn read(
    app: &App,
    freshbooks: &FreshBooks,
    jobs: usize,
    folder: &Path,
    admit: impl FnOnce(&Identity) -> Result<()>,
) -> Result<(Reading, Spool)> {
    let started_at = app.clock.now();
    let mut spool = Spool::in_folder(folder)?;
    let (me, answer) = freshbooks.me().map_err(|failed| failed.into_error("read who is signed in"))?;
    admit(&me.identity)?;
    spool.add(&me.records)?;
    let mut collector = Collector::new(me.identity.clone(), me.businesses, &answer);

    let asker = freshbooks.clone();
    let ids: Vec<i64> = collector.businesses.iter().map(|business| business.reading.business.id).collect();
    let pool = Pool::start(jobs, move |job| ask(&asker, &ids, job))?;
    for job in collector.first_jobs() {
        pool.push(job);
    }
    while collector.in_flight > 0 {
        app.stop.check()?;
        let Some(done) = pool.next(SIGNAL_POLL)? else { continue };
        for job in collector.take(done, &mut spool)? {
            pool.push(job);
        }
    }
    Ok((collector.finish(started_at, app.clock.now()), spool))
}

fn ask(freshbooks: &FreshBooks, ids: &[i64], job: Job) -> Done {
    match job {
        Job::Team { business, page } => {
            let query = TeamQuery { business_id: ids[business], page: page.page };
            let url = freshbooks.team_url(query).to_string();
            Done::Team { business, page, reply: freshbooks.team_page(query), url }
        }
        Job::Group { business } => {
            let url = freshbooks.group_url(ids[business]).to_string();
            Done::Group { business, reply: freshbooks.group(ids[business]), url }
        }
    }
}

/// What has come so far.
struct Collector {
    identity: Identity,
    businesses: Vec<Collected>,
    in_flight: usize,
    /// In the order of the jobs, whatever order the answers came in; the first is `users/me`.
    requests: BTreeMap<Option<Job>, RequestLine>,
    server_dates: Vec<Timestamp>,
}

struct Collected {
    reading: BusinessReading,
    list: Option<TeamList>,
}

impl Collector {
    fn new(identity: Identity, businesses: Vec<crate::model::Business>, me: &Answer) -> Self {
        let collected = |business| Collected {
            reading: BusinessReading {
                business,
                members: Vec::new(),
                group: Vec::new(),
                coverage: Vec::new(),
            },
            list: None,
        };
        Collector {
            identity,
            businesses: businesses.into_iter().map(collected).collect(),
            in_flight: 0,
            requests: BTreeMap::from([(None, answered(me.url.to_string(), me))]),
            server_dates: me.server_date.into_iter().collect(),
        }
    }

    fn first_jobs(&mut self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (business, collected) in self.businesses.iter_mut().enumerate() {
            let (list, page) = TeamList::begin();
            collected.list = Some(list);
            jobs.extend([Job::Team { business, page }, Job::Group { business }]);
        }
        self.in_flight = jobs.len();
        jobs
    }

    /// Takes one result in and says what to ask for next.
    fn take(&mut self, done: Done, spool: &mut Spool) -> Result<Vec<Job>> {
        self.in_flight -= 1;
        let jobs = match done {
            Done::Team { business, page, reply, url } => {
                self.note(Job::Team { business, page }, url, &reply);
                self.take_team(business, page, reply, spool)?
            }
            Done::Group { business, reply, url } => {
                self.note(Job::Group { business }, url, &reply);
                self.take_group(business, reply, spool)?;
                Vec::new()
            }
        };
        self.in_flight += jobs.len();
        Ok(jobs)
    }

    fn take_team(
        &mut self,
        business: usize,
        job: PageJob,
        reply: Reply<TeamPage>,
        spool: &mut Spool,
    ) -> Result<Vec<Job>> {
        let collected = &mut self.businesses[business];
        let Some(list) = &mut collected.list else { return Ok(Vec::new()) };
        let next = match reply {
            Ok((TeamPage { members, records, meta }, answer)) => {
                spool.add(&records)?;
                list.take(job, Page { members, meta, attempts: answer.attempts })
            }
            Err(failed) => list.miss(missing(failed)?),
        };
        if list.is_settled()
            && let Some(list) = collected.list.take()
        {
            let (members, coverage) = list.settle();
            collected.reading.members = members;
            collected.reading.coverage.push(coverage);
        }
        Ok(next.into_iter().map(|page| Job::Team { business, page }).collect())
    }

    fn take_group(&mut self, business: usize, reply: Reply<Group>, spool: &mut Spool) -> Result<()> {
        let reading = &mut self.businesses[business].reading;
        let coverage = match reply {
            Ok((Group { members, records }, answer)) => {
                spool.add(&records)?;
                let coverage = group_coverage(&members, &records, answer.attempts);
                reading.group = members;
                coverage
            }
            Err(failed) => unread_group(missing(failed)?),
        };
        reading.coverage.push(coverage);
        Ok(())
    }

    fn note<T>(&mut self, job: Job, url: String, reply: &Reply<T>) {
        let line = match reply {
            Ok((_, answer)) => answered(url, answer),
            Err(Failed { failure: Failure::Answered(answer, _), attempts }) => {
                RequestLine { attempts: *attempts, ..answered(url, answer) }
            }
            Err(failed) => unanswered(url, failed.attempts),
        };
        if let Ok((_, Answer { server_date: Some(date), .. })) = reply {
            self.server_dates.push(*date);
        }
        self.requests.insert(Some(job), line);
    }

    fn finish(mut self, started_at: Timestamp, finished_at: Timestamp) -> Reading {
        for collected in &mut self.businesses {
            collected.reading.coverage.sort_by_key(|coverage| coverage.resource);
        }
        Reading {
            started_at,
            finished_at,
            server_date_first: self.server_dates.iter().min().copied(),
            server_date_last: self.server_dates.iter().max().copied(),
            identity: self.identity,
            businesses: self.businesses.into_iter().map(|collected| collected.reading).collect(),
            requests: self.requests.into_values().collect(),
        }
    }
}

/// What a failed read means for the business; an error where it means the end of the command.
///
/// After a good refresh a 401 is about the business: FreshBooks does not say "not yours" in any
/// documented way, so 401, 403 and 404 are all taken as that.
fn missing(failed: Failed) -> Result<Missing> {
    let http_status = failed.status();
    let attempts = failed.attempts;
    let message = failed.failure.to_string();
    match failed.failure {
        Failure::Fatal(error) => Err(error),
        Failure::Answered(..) | Failure::NotSent(_) | Failure::Lost(_) => {
            let denied = matches!(http_status, Some(401 | 403 | 404));
            let outcome = if denied { Outcome::Denied } else { Outcome::Failed };
            Ok(Missing { outcome, http_status, message, attempts })
        }
    }
}

fn group_coverage(members: &[GroupMember], records: &[Record], attempts: u32) -> Coverage {
    let mut distinct: Vec<_> = records.iter().map(|record| record.sha256).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let rows = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Coverage {
        resource: Resource::BusinessGroup,
        outcome: Outcome::Ok,
        http_status: Some(200),
        expected: None,
        received: rows(members.len()),
        distinct: rows(distinct.len()),
        pages: 1,
        attempts: attempts.into(),
        message: None,
    }
}

fn unread_group(missing: Missing) -> Coverage {
    Coverage {
        resource: Resource::BusinessGroup,
        outcome: missing.outcome,
        http_status: missing.http_status,
        expected: None,
        received: 0,
        distinct: 0,
        pages: 0,
        attempts: missing.attempts.into(),
        message: Some(missing.message),
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

fn unanswered(url: String, attempts: u32) -> RequestLine {
    RequestLine {
        url,
        status: None,
        received_at: None,
        bytes: None,
        sha256: None,
        attempts,
        request_id: None,
    }
}
