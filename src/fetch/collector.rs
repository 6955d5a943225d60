//! What has come so far, business by business, and what to ask for next.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::staff::StaffList;
use super::team::{Missing, Page, PageJob, TeamList};
use super::{Came, Done, Job, Plan, Spool, What};
use crate::error::Result;
use crate::freshbooks::{Group, Me, Records, Reply, StaffAnswer, TeamPage};
use crate::http::{Answer, Failed, Failure};
use crate::model::reading::Digest;
use crate::model::{
    Business, BusinessReading, Coverage, Identity, Outcome, Reading, RequestLine, Resource, Timestamp,
};

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

/// One business on its way. What is still being read is in a slot of its own.
struct Collected {
    reading: BusinessReading,
    team: Option<TeamList>,
    group_pending: bool,
    staff: Option<StaffList>,
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

impl Collected {
    fn new(business: Business, plan: &Plan) -> Self {
        let wanted = plan.wants(&business);
        let mut coverage = Vec::new();
        let skipped =
            |resource, why: &str| Coverage::unread(resource, Outcome::Skipped, Some(why.to_owned()));
        if !wanted {
            coverage.push(skipped(Resource::TeamMembers, "left out on purpose"));
            coverage.push(skipped(Resource::BusinessGroup, "left out on purpose"));
        }
        let staff = wanted && plan.staff && business.account_id.is_some();
        if plan.staff && !staff {
            let why = if wanted { "the business has no accounting account" } else { "left out on purpose" };
            coverage.push(skipped(Resource::Staff, why));
        }
        Collected {
            reading: BusinessReading {
                business,
                members: Vec::new(),
                group: Vec::new(),
                staff: Vec::new(),
                coverage,
            },
            team: wanted.then(TeamList::new),
            group_pending: wanted,
            staff: staff.then(StaffList::default),
        }
    }

    fn is_pending(&self) -> bool {
        self.team.is_some() || self.group_pending || self.staff.is_some()
    }

    fn is_skipped(&self) -> bool {
        self.reading.outcome(Resource::TeamMembers) == Some(Outcome::Skipped)
    }

    fn take_team(&mut self, job: PageJob, reply: Reply<TeamPage>, spool: &mut Spool) -> Result<Vec<PageJob>> {
        let Some(list) = &mut self.team else { return Ok(Vec::new()) };
        let next = match reply {
            Ok((TeamPage { members, records, meta }, answer)) => {
                spool.add(&records)?;
                list.take(job, Page { members, meta, attempts: answer.attempts })
            }
            Err(failed) => list.miss(missing(failed)?),
        };
        if list.is_settled() {
            self.settle_team();
        }
        Ok(next)
    }

    fn settle_team(&mut self) {
        if let Some(list) = self.team.take() {
            let (members, coverage) = list.settle();
            self.reading.members = members;
            self.reading.coverage.push(coverage);
        }
    }

    fn take_group(&mut self, reply: Reply<Group>, spool: &mut Spool) -> Result<()> {
        self.group_pending = false;
        let coverage = match reply {
            Ok((Group { members, records }, answer)) => {
                spool.add(&records)?;
                self.reading.group = members;
                group_coverage(&records, answer.attempts)
            }
            Err(failed) => missing(failed)?.into_coverage(Resource::BusinessGroup),
        };
        self.reading.coverage.push(coverage);
        Ok(())
    }

    fn take_staff(&mut self, page: i64, reply: Reply<StaffAnswer>, spool: &mut Spool) -> Result<Option<i64>> {
        let Some(list) = &mut self.staff else { return Ok(None) };
        let next = match reply {
            Ok((StaffAnswer::Page(came), answer)) => {
                spool.add(&came.records)?;
                list.take(page, came, answer.attempts)
            }
            Ok((StaffAnswer::Refused(message), answer)) => {
                let (http_status, attempts) = (Some(answer.status), answer.attempts);
                list.miss(Missing { outcome: Outcome::Denied, http_status, message, attempts });
                None
            }
            Err(failed) => {
                list.miss(missing(failed)?);
                None
            }
        };
        if next.is_none() {
            self.settle_staff();
        }
        Ok(next)
    }

    fn settle_staff(&mut self) {
        if let Some(list) = self.staff.take() {
            let (staff, coverage) = list.settle();
            self.reading.staff = staff;
            self.reading.coverage.push(coverage);
        }
    }

    fn give_up(&mut self, why: &str) {
        let missing =
            || Missing { outcome: Outcome::Failed, http_status: None, message: why.to_owned(), attempts: 0 };
        if let Some(list) = &mut self.team {
            list.give_up(missing());
        }
        self.settle_team();
        if self.group_pending {
            self.group_pending = false;
            self.reading.coverage.push(missing().into_coverage(Resource::BusinessGroup));
        }
        if let Some(list) = &mut self.staff {
            list.miss(missing());
        }
        self.settle_staff();
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
        Failure::Answered(..) | Failure::NotSent(_) | Failure::Distrusted(_) | Failure::Lost(_) => {
            let denied = matches!(http_status, Some(401 | 403 | 404));
            let outcome = if denied { Outcome::Denied } else { Outcome::Failed };
            Ok(Missing { outcome, http_status, message, attempts })
        }
    }
}

fn group_coverage(records: &Records, attempts: u32) -> Coverage {
    let mut distinct: Vec<_> = records.iter().map(|(sha256, _)| *sha256).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let rows = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Coverage {
        http_status: Some(200),
        received: rows(records.len()),
        distinct: rows(distinct.len()),
        pages: 1,
        attempts: attempts.into(),
        ..Coverage::unread(Resource::BusinessGroup, Outcome::Ok, None)
    }
}

/// The line that a request leaves in the snapshot, and the server's time.
fn noted<T>(url: String, reply: &Reply<T>) -> (RequestLine, Option<Timestamp>) {
    match reply {
        Ok((_, answer)) => (answered(url, answer), answer.server_date),
        Err(Failed { failure: Failure::Answered(answer, _), attempts }) => {
            (RequestLine { attempts: *attempts, ..answered(url, answer) }, answer.server_date)
        }
        Err(Failed { attempts, .. }) => {
            let attempts = *attempts;
            let none = RequestLine {
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
