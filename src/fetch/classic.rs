//! A FreshBooks Classic system: who signed in, then its two lists, page by page.
//!
//! The lists are read by the same rules as a team list and count as one: a missing contractor makes the
//! listing as incomplete as a missing staff member does.

use std::collections::VecDeque;
use std::path::Path;

use super::team::{Missing, Page, PageJob, TeamList};
use super::trace::Trace;
use super::{Brought, Plan, WHO, apart, not_reached};
use crate::app::App;
use crate::classic::{self, Classic, List, ListPage};
use crate::error::Result;
use crate::freshbooks::TeamPage;
use crate::http::{Failed, Failure};
use crate::model::{
    Business, BusinessReading, Coverage, Identity, Membership, Outcome, Reading, RequestLine, Resource, Run,
};
use crate::store::Spool;
use crate::time::spoken;
use crate::ui::Status;

/// Why `last_login_at` is empty. True of every system, so it is no reason for a warning.
pub(crate) const ZONELESS: &str = "last logins have no time zone; they are kept as text in the records";

/// What has been received so far.
struct Round<'a> {
    app: &'a App,
    classic: &'a Classic,
    plan: &'a Plan,
    me: i64,
    spool: Spool,
    requests: Vec<RequestLine>,
    trace: Trace,
    zoneless: usize,
}

/// Reads the system and its people. Fails only if no snapshot is possible, like [`read`](super::read).
pub(crate) fn read_classic(
    app: &App,
    classic: &Classic,
    plan: &Plan,
    folder: &Path,
    admit: impl FnOnce(&Identity, &[Business]) -> Result<()>,
) -> Result<Brought> {
    let started_at = app.clock.now();
    let mut spool = Spool::in_folder(folder)?;
    let asker = classic.clone();
    let reply = apart(app, plan, move || asker.me())?.ok_or_else(|| not_reached(plan))?;
    let (me, answers) = reply.map_err(|failed| classic.error(failed, WHO))?;
    admit(&me.identity, &me.businesses)?;
    spool.add(me.records.iter())?;
    let mut trace = Trace::default();
    let requests = answers.map(|(url, answer)| posted(trace.answered(url, &answer))).into();
    let mut round = Round { app, classic, plan, me: me.identity.id, spool, requests, trace, zoneless: 0 };

    let mut businesses = Vec::new();
    for business in me.businesses {
        businesses.push(round.business(business)?);
    }
    app.stop.check()?;
    let run = Run {
        started_at,
        finished_at: app.clock.now().max(started_at),
        server_date_first: round.trace.server_dates.map(|(first, _)| first),
        server_date_last: round.trace.server_dates.map(|(_, last)| last),
        identity: me.identity,
        identity_record: me.identity_record,
        requests: round.requests,
    };
    Ok(Brought {
        reading: Reading { run, businesses },
        spool: round.spool,
        clock_offset: round.trace.clock_offset,
        unread_memberships: 0,
    })
}

impl Round<'_> {
    fn business(&mut self, business: Business) -> Result<BusinessReading> {
        let mut reading = BusinessReading {
            business,
            members: Vec::new(),
            group: Vec::new(),
            staff: Vec::new(),
            coverage: Vec::new(),
        };
        if !self.plan.wants(&reading.business) {
            let why = Some("skipped on request".to_owned());
            reading.coverage.push(Coverage::unread(Resource::TeamMembers, Outcome::Skipped, why));
            return Ok(reading);
        }
        let progress = self.app.ui.progress(1);
        let mut lists = Vec::new();
        for list in List::ALL {
            let (members, coverage) = self.list(list)?;
            reading.members.extend(members);
            lists.push((list, coverage));
            let members = reading.members.len() as u64;
            progress.tell(Status { businesses: 0, members, retries: self.classic.retries() });
        }
        let zoneless = (self.zoneless > 0).then_some(ZONELESS);
        reading.coverage.push(joined(lists, zoneless));
        Ok(reading)
    }

    /// One list, all pages, read again from the start if it changed in the meantime.
    fn list(&mut self, list: List) -> Result<(Vec<Membership>, Coverage)> {
        let mut collected = TeamList::new();
        let mut jobs = VecDeque::from([PageJob { round: 1, page: 1, again: false }]);
        while let Some(job) = jobs.pop_front() {
            let (asker, me) = (self.classic.clone(), self.me);
            let Some(reply) = apart(self.app, self.plan, move || asker.page(list, job.page, me))? else {
                let given = self.plan.limit.map(|(_, given)| spoken(given)).unwrap_or_default();
                let message = format!("not reached within {given}");
                let outcome = Outcome::Failed;
                collected.give_up(Missing { outcome, http_status: None, message, attempts: 0 });
                break;
            };
            let line = self.trace.noted(self.classic.shown(list.method(), Some(job.page)), &reply);
            self.requests.push(posted(line));
            match reply {
                Ok((ListPage { team: TeamPage { members, records, oddities, meta }, zoneless }, answer)) => {
                    self.spool.add(records.iter())?;
                    self.zoneless += zoneless;
                    let page = Page { members, oddities, meta, attempts: answer.attempts };
                    jobs.extend(collected.take(job, page));
                }
                Err(failed) => {
                    collected.miss(missing(failed)?);
                    break;
                }
            }
        }
        Ok(collected.settle())
    }
}

/// Classic takes its requests as XML, so reads are POST requests too.
fn posted(line: RequestLine) -> RequestLine {
    RequestLine { method: "POST", ..line }
}

/// What a failed read means for the list; an error if the command must end.
fn missing(failed: Failed) -> Result<Missing> {
    let outcome = if classic::is_refusal(&failed) { Outcome::Denied } else { Outcome::Failed };
    let (http_status, attempts) = (failed.status(), failed.attempts);
    match failed.failure {
        Failure::Fatal(error) => Err(error),
        Failure::Answered(_, complaint) => {
            let message = complaint.words().to_owned();
            Ok(Missing { outcome, http_status, message, attempts })
        }
        other => Ok(Missing { outcome, http_status, message: other.to_string(), attempts }),
    }
}

/// The coverage of all lists combined: the first that is not `ok` decides.
fn joined(lists: Vec<(List, Coverage)>, remark: Option<&str>) -> Coverage {
    let whole = Coverage { expected: Some(0), ..Coverage::unread(Resource::TeamMembers, Outcome::Ok, None) };
    let mut joined = lists.into_iter().fold(whole, |mut joined, (list, one)| {
        joined.expected = joined.expected.zip(one.expected).map(|(a, b)| a.saturating_add(b));
        joined.received += one.received;
        joined.distinct += one.distinct;
        joined.pages += one.pages;
        joined.attempts += one.attempts;
        if joined.outcome == Outcome::Ok {
            joined.http_status = one.http_status;
            joined.outcome = one.outcome;
            joined.message = one.message.map(|message| format!("{}: {message}", list.method()));
        }
        joined
    });
    if joined.message.is_none() {
        joined.message = remark.map(str::to_owned);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(outcome: Outcome, expected: Option<i64>, received: i64, message: Option<&str>) -> Coverage {
        let message = message.map(str::to_owned);
        Coverage {
            expected,
            received,
            distinct: received,
            pages: 1,
            attempts: 2,
            ..Coverage::unread(Resource::TeamMembers, outcome, message)
        }
    }

    #[test]
    fn two_lists_are_one_listing_with_the_worse_outcome() {
        let ok = |n| list(Outcome::Ok, Some(n), n, None);
        let denied = || list(Outcome::Denied, None, 0, Some("no"));
        let mismatch = || list(Outcome::Mismatch, Some(3), 2, Some("one is missing"));
        let check = |staff, contractors, expected: (Outcome, Option<i64>, i64, Option<&str>)| {
            let lists = vec![(List::Staff, staff), (List::Contractors, contractors)];
            let found = joined(lists, Some("remark"));
            assert_eq!((found.pages, found.attempts, found.distinct), (2, 4, found.received));
            let found = (found.outcome, found.expected, found.received, found.message.as_deref());
            assert_eq!(found, expected);
        };
        check(ok(2), ok(3), (Outcome::Ok, Some(5), 5, Some("remark")));
        check(ok(2), list(Outcome::Ok, None, 3, None), (Outcome::Ok, None, 5, Some("remark")));
        check(ok(2), denied(), (Outcome::Denied, None, 2, Some("contractor.list: no")));
        check(denied(), ok(3), (Outcome::Denied, None, 3, Some("staff.list: no")));
        check(mismatch(), denied(), (Outcome::Mismatch, None, 2, Some("staff.list: one is missing")));
    }
}
