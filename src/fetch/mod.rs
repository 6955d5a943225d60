//! Reads everything and determines how complete it is.
//!
//! Businesses, sources and pages share one queue; a few workers request, parse and hash; one thread
//! collects, so that the result does not depend on the order of the answers. The result is a
//! [`Reading`] whose coverage accounts for every business: read, denied, failed, mismatched, or
//! skipped. The records wait in the store's [`Spool`] until they are recorded.
//!
//! - [`collector`]: what was received so far, and what to request next; [`business`]: the same for one
//!   business.
//! - [`classic`]: a FreshBooks Classic system, whose lists are read by the same rules.
//! - [`team`]: one team list, read until it is consistent; [`round`]: one pass over it, page by page.
//! - [`pool`]: the workers; [`trace`]: the record of requests.

mod business;
mod classic;
mod collector;
mod pool;
mod round;
mod staff;
mod team;
mod trace;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::freshbooks::{FreshBooks, Group, Me, Reply, StaffAnswer, TeamPage, TeamQuery};
use crate::http::{Answer, Skew};
use crate::model::{Business, Identity, Reading};
use crate::store::Spool;
use crate::time::spoken;
use crate::ui::Status;
pub(crate) use classic::{ZONELESS, read_classic};
use collector::Collector;
use pool::Pool;
use team::PageJob;

/// How often the collector checks for a signal and for the end of the time limit.
const POLL: Duration = Duration::from_millis(100);

/// What to read, and with how much effort.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Maximum number of concurrent requests.
    pub(crate) jobs: usize,
    /// Only these businesses; empty means all.
    pub(crate) only: BTreeSet<i64>,
    /// Skip these.
    pub(crate) skip: BTreeSet<i64>,
    /// Also read the deprecated staff list.
    pub(crate) staff: bool,
    /// When to stop requesting, and the time limit that was given.
    pub(crate) limit: Option<(Instant, Duration)>,
}

impl Plan {
    /// The time limit, once it has passed.
    fn over(&self) -> Option<Duration> {
        self.limit.filter(|(deadline, _)| Instant::now() >= *deadline).map(|(_, given)| given)
    }

    pub(crate) fn wants(&self, business: &Business) -> bool {
        (self.only.is_empty() || self.only.contains(&business.id)) && !self.skip.contains(&business.id)
    }
}

/// One request to make. The order is that of the requests in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Job {
    business: usize,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Team(PageJob),
    Group,
    Staff { page: i64 },
}

/// A completed request and its outcome.
struct Done {
    job: Job,
    url: String,
    came: Came,
}

enum Came {
    Team(PageJob, Reply<TeamPage>),
    Group(Reply<Group>),
    Staff { page: i64, reply: Reply<StaffAnswer> },
}

/// A reading, and facts that belong to no business.
pub(crate) struct Brought {
    pub(crate) reading: Reading,
    pub(crate) spool: Spool,
    /// `None` if no answer showed FreshBooks' time.
    pub(crate) clock_offset: Option<ClockOffset>,
    /// Entries of `users/me` without a readable business.
    pub(crate) unread_memberships: i64,
}

impl Brought {
    /// The difference to FreshBooks' clock, if it is larger than the transfer of an answer explains.
    pub(crate) fn wrong_clock(&self) -> Option<Skew> {
        self.clock_offset.map(|offset| offset.last).filter(|skew| skew.matters())
    }
}

/// The difference between this machine's clock and FreshBooks', at the first and the last answer that
/// showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockOffset {
    pub(crate) first: Skew,
    pub(crate) last: Skew,
}

/// Reads the identity, its businesses and who belongs to them. Fails only if no snapshot is possible:
/// no identity, no token, no disk, a signal, or `admit` rejects what `users/me` says.
pub(crate) fn read(
    app: &App,
    freshbooks: &FreshBooks,
    plan: &Plan,
    folder: &Path,
    admit: impl FnOnce(&Identity, &[Business]) -> Result<()>,
) -> Result<Brought> {
    let started_at = app.clock.now();
    let mut spool = Spool::in_folder(folder)?;
    let (me, answer) = who_is_signed_in(app, freshbooks, plan)?;
    admit(&me.identity, &me.businesses)?;
    spool.add(me.records.iter())?;
    if let Some(unread) = me.unread.told("1 membership is", "memberships are") {
        app.ui.warn(format_args!("{unread}: left out, because FreshBooks does not say for which business"));
    }
    let accounts: Vec<(i64, Option<String>)> =
        me.businesses.iter().map(|business| (business.id, business.account_id.clone())).collect();
    let mut collector = Collector::new(me, &answer, plan);

    let asker = freshbooks.clone();
    let pool = Pool::start(plan.jobs, move |job: Job| {
        let (id, account_id) = &accounts[job.business];
        ask(&asker, *id, account_id.as_deref().unwrap_or_default(), job)
    })?;
    for job in collector.first_jobs() {
        pool.push(job);
    }
    let progress = app.ui.progress(collector.businesses_to_read());
    while collector.in_flight() > 0 {
        app.stop.check()?;
        if let Some(given) = plan.over() {
            collector.give_up(&format!("not reached within {}", spoken(given)));
            break;
        }
        let Some(done) = pool.next(POLL)? else { continue };
        for job in collector.take(done, &mut spool)? {
            pool.push(job);
        }
        let (businesses, members) = (collector.businesses_read(), collector.members_read());
        progress.tell(Status { businesses, members, retries: freshbooks.retries() });
    }
    // A signal during the last answer counts as well: nothing has been recorded yet.
    app.stop.check()?;
    Ok(collector.finish(started_at, app.clock.now(), spool))
}

fn who_is_signed_in(app: &App, freshbooks: &FreshBooks, plan: &Plan) -> Result<(Me, Answer)> {
    let asker = freshbooks.clone();
    let reply = apart(app, plan, move || asker.me())?.ok_or_else(|| not_reached(plan))?;
    reply.map_err(|failed| failed.into_error(WHO))
}

/// Completes "cannot …".
const WHO: &str = "read who is signed in";

fn not_reached(plan: &Plan) -> Error {
    let given = plan.limit.map(|(_, given)| spoken(given)).unwrap_or_default();
    Error::new(Kind::Unavailable, format!("cannot {WHO}: not reached within {given}"))
}

/// Runs `work` in another thread: an answer can take a minute, and a signal must not wait for it.
/// `None` if the time is over.
fn apart<R: Send + 'static>(
    app: &App,
    plan: &Plan,
    ask: impl Fn() -> R + Send + Sync + 'static,
) -> Result<Option<R>> {
    let pool = Pool::start(1, move |()| ask())?;
    pool.push(());
    while plan.over().is_none() {
        app.stop.check()?;
        if let Some(reply) = pool.next(POLL)? {
            return Ok(Some(reply));
        }
    }
    app.stop.check()?;
    Ok(None)
}

fn ask(freshbooks: &FreshBooks, business_id: i64, account_id: &str, job: Job) -> Done {
    let (url, came) = match job.what {
        What::Team(page) => {
            let query = TeamQuery { business_id, page: page.page };
            (freshbooks.team_url(query), Came::Team(page, freshbooks.team_page(query)))
        }
        What::Group => (freshbooks.group_url(business_id), Came::Group(freshbooks.group(business_id))),
        What::Staff { page } => {
            let reply = freshbooks.staff_page(account_id, page);
            (freshbooks.staff_url(account_id, page), Came::Staff { page, reply })
        }
    };
    Done { job, url: url.to_string(), came }
}
