//! One business while it is being read: the sources read so far, and what is missing from each.

use super::Plan;
use super::staff::StaffList;
use super::team::{Missing, Page, PageJob, TeamList};
use crate::error::Result;
use crate::freshbooks::{Group, Oddities, Records, Reply, StaffAnswer, TeamPage};
use crate::http::{Failed, Failure};
use crate::model::{Business, BusinessReading, Coverage, Outcome, Resource};
use crate::store::Spool;

/// Sources that are still being read have their own slots.
pub(super) struct Collected {
    pub(super) reading: BusinessReading,
    pub(super) team: Option<TeamList>,
    pub(super) group_pending: bool,
    pub(super) staff: Option<StaffList>,
}

impl Collected {
    pub(super) fn new(business: Business, plan: &Plan) -> Self {
        let wanted = plan.wants(&business);
        let mut coverage = Vec::new();
        let skipped =
            |resource, why: &str| Coverage::unread(resource, Outcome::Skipped, Some(why.to_owned()));
        if !wanted {
            coverage.push(skipped(Resource::TeamMembers, "skipped on request"));
            coverage.push(skipped(Resource::BusinessGroup, "skipped on request"));
        }
        let staff = wanted && plan.staff && business.account_id.is_some();
        if plan.staff && !staff {
            let why = if wanted { "the business has no accounting account" } else { "skipped on request" };
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

    pub(super) fn is_pending(&self) -> bool {
        self.team.is_some() || self.group_pending || self.staff.is_some()
    }

    pub(super) fn is_skipped(&self) -> bool {
        self.reading.outcome(Resource::TeamMembers) == Some(Outcome::Skipped)
    }

    pub(super) fn take_team(
        &mut self,
        job: PageJob,
        reply: Reply<TeamPage>,
        spool: &mut Spool,
    ) -> Result<Vec<PageJob>> {
        let Some(list) = &mut self.team else { return Ok(Vec::new()) };
        let next = match reply {
            Ok((TeamPage { members, records, oddities, meta }, answer)) => {
                spool.add(records.iter())?;
                list.take(job, Page { members, oddities, meta, attempts: answer.attempts })
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

    pub(super) fn take_group(&mut self, reply: Reply<Group>, spool: &mut Spool) -> Result<()> {
        self.group_pending = false;
        let coverage = match reply {
            Ok((Group { members, records, oddities }, answer)) => {
                spool.add(records.iter())?;
                self.reading.group = members;
                group_coverage(&records, &oddities, answer.attempts)
            }
            Err(failed) => missing(failed)?.into_coverage(Resource::BusinessGroup),
        };
        self.reading.coverage.push(coverage);
        Ok(())
    }

    pub(super) fn take_staff(
        &mut self,
        page: i64,
        reply: Reply<StaffAnswer>,
        spool: &mut Spool,
    ) -> Result<Option<i64>> {
        let Some(list) = &mut self.staff else { return Ok(None) };
        let next = match reply {
            Ok((StaffAnswer::Page(came), answer)) => {
                spool.add(came.records.iter())?;
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

    pub(super) fn give_up(&mut self, why: &str) {
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

/// What a failed read means for the business; an error if the command must end.
fn missing(failed: Failed) -> Result<Missing> {
    let http_status = failed.status();
    let attempts = failed.attempts;
    let outcome = if failed.is_denial() { Outcome::Denied } else { Outcome::Failed };
    let message = failed.failure.to_string();
    match failed.failure {
        Failure::Fatal(error) => Err(error),
        Failure::Answered(..) | Failure::NotSent(_) | Failure::Distrusted(_) | Failure::Lost(_) => {
            Ok(Missing { outcome, http_status, message, attempts })
        }
    }
}

fn group_coverage(records: &Records, oddities: &Oddities, attempts: u32) -> Coverage {
    let mut distinct: Vec<_> = records.iter().map(|(sha256, _)| *sha256).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let rows = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let outcome = if oddities.unread.count > 0 { Outcome::Mismatch } else { Outcome::Ok };
    Coverage {
        http_status: Some(200),
        received: rows(records.len()) + oddities.unread.count,
        distinct: rows(distinct.len()),
        pages: 1,
        attempts: attempts.into(),
        ..Coverage::unread(Resource::BusinessGroup, outcome, oddities.told())
    }
}
