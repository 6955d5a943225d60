//! `sync`: reads everything into a new snapshot.
//!
//! The database is locked and checked before the first request, so that no request is made in vain; the
//! snapshot is written in one transaction after the last one. A database of an older version is
//! upgraded in between: once it is known who signed in and that the database is theirs, and before the
//! lists are read, which takes long.

mod again;
mod every;
mod gap_file;
mod gaps;
mod metrics;
mod tell;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use crate::app::{self, App, environment};
use crate::cli::{Include, SyncArgs};
use crate::commands::outputs;
use crate::credentials::{self, ClassicProfile, classic};
use crate::error::{Error, Kind, Result};
use crate::fetch::{self, Brought, Plan};
use crate::freshbooks::{FreshBooks, Tokens};
use crate::http::{Between, Http, Skew};
use crate::model::{Business, Identity, Reading, Resource, relate};
use crate::report::left_out::{LeftOut, Parameters};
use crate::store::{self, Provenance, Writer};
use crate::ui::{few, few_of};
use gaps::AcceptedGaps;

pub(crate) fn run(app: &App, args: &SyncArgs) -> Result<()> {
    if args.max_time.is_some_and(|limit| limit.is_zero()) {
        return Err(
            Error::new(Kind::Usage, "--max-time takes a time longer than nothing").hint("--max-time 30m")
        );
    }
    let once = || {
        if let Some(profile) = classic_sign_in(app)? {
            return from_classic(&profile.system.app(app)?, args, &profile);
        }
        let http = Http::new(app)?;
        with_tokens(app, args, http.clone(), || credentials::tokens(app, &http, args.adopt))
    };
    let round = || metrics::around(app, args, once);
    match args.every {
        None => round(),
        Some(apart) => every::repeat(app, apart, round),
    }
}

/// An access token in the environment takes precedence over any stored sign-in.
fn classic_sign_in(app: &App) -> Result<Option<ClassicProfile>> {
    match environment::access_token()? {
        Some(_) => Ok(None),
        None => classic::stored(app),
    }
}

/// What to read, where to spool the records, and a check of who signed in.
struct Demand<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    admit: &'a dyn Fn(&Identity, &[Business]) -> Result<()>,
}

/// What was read, how, and with which scopes.
struct Source {
    brought: Brought,
    between: Between,
    scopes: Option<String>,
}

/// Reads with the tokens that `open` returns, once the database is known to be writable.
pub(crate) fn with_tokens(
    app: &App,
    args: &SyncArgs,
    http: Http,
    open: impl FnOnce() -> Result<Arc<dyn Tokens>>,
) -> Result<()> {
    record(app, args, |Demand { plan, folder, admit }| {
        let tokens = open()?;
        let between = http.between();
        let http = http.until(plan.limit.map(|(deadline, _)| deadline));
        let freshbooks = FreshBooks::new(http, app.endpoints.api.clone(), tokens.clone());
        let brought = fetch::read(app, &freshbooks, plan, folder, admit)?;
        Ok(Source { brought, between, scopes: tokens.scopes() })
    })
}

/// Reads a FreshBooks Classic system; `app` uses its origin.
pub(crate) fn from_classic(app: &App, args: &SyncArgs, profile: &ClassicProfile) -> Result<()> {
    if args.include.contains(&Include::Staff) {
        app.ui.note(
            "--include staff adds nothing: FreshBooks Classic has one staff list, which is always read",
        );
    }
    record(app, args, |Demand { plan, folder, admit }| {
        let http = Http::new(app)?.until(plan.limit.map(|(deadline, _)| deadline));
        let between = http.between();
        let classic = profile.open(app, http)?;
        let brought = fetch::read_classic(app, &classic, plan, folder, admit)?;
        Ok(Source { brought, between, scopes: None })
    })
}

/// Locks the database, records what `read` returns, and reports it.
fn record(app: &App, args: &SyncArgs, read: impl FnOnce(Demand) -> Result<Source>) -> Result<()> {
    let path = app.database(&args.database.db)?;
    let gaps = AcceptedGaps::gather(app, args)?;
    // A file that is not a list of gaps would be in the way; better to find out before everything is
    // read.
    if let Some(file) = args.write_gaps.as_deref() {
        outputs::check(app, &path, file)?;
        if file.exists() {
            gap_file::listed(file)?;
        }
    }
    if args.no_create && !store::is_begun(&path)? {
        let message = format!("there is no database {}, and --no-create was given", path.display());
        return Err(Error::new(Kind::Storage, message).hint("mount the volume it is on, or omit --no-create"));
    }
    let writer = Writer::claim(app, &path)?;
    let source = app.endpoints.api.lasting_name();
    let plan = plan(args);
    let admit = |identity: &Identity, businesses: &[Business]| {
        if !args.new_identity {
            writer.check_owner(&source, identity.id, &identity.email)?;
        }
        check_named(app, args, &gaps, businesses)?;
        check_scope(&plan, businesses)?;
        gaps.tell_expired(app.ui, businesses);
        writer.bring_up_to_date(app.ui)
    };
    let demand = Demand { plan: &plan, folder: writer.folder(), admit: &admit };
    let Source { brought, between, scopes } = read(demand)?;
    let parameters = parameters(args, &gaps, &between, &brought);
    let wrong_clock = brought.wrong_clock();
    let Brought { mut reading, spool, .. } = brought;
    if let Some(skew) = wrong_clock {
        app.ui.warn(format_args!("{skew}; the snapshot is dated by FreshBooks' clock"));
        reading.run.set_back(skew.seconds());
    }
    tell::oddities(app, &reading);
    tell::readable_again(app, &gaps.apply(&mut reading));
    let provenance = Provenance {
        source,
        scopes,
        parameters,
        note: args.note.clone(),
        os_user: app::os_user(),
        host: app::host_name(),
    };
    let missing = tell::gaps(&reading);
    let Reading { run, businesses } = reading;
    let listings = relate(&run.identity, businesses);
    let recorded = writer.write(&run, &listings, spool, &provenance)?;
    let lists = listings.iter().flat_map(|listing| &listing.coverage);
    let lists = lists.filter(|list| list.resource == Resource::TeamMembers);
    let outcomes = lists.map(|list| list.outcome.as_str());
    if let Some(left_out) = LeftOut::of(outcomes, &Parameters::of(&recorded.snapshot)) {
        app.ui.result(left_out.covers(recorded.snapshot.id));
    }
    tell::tell(app, args, &recorded, &missing, &path)
}

fn plan(args: &SyncArgs) -> Plan {
    Plan {
        jobs: usize::from(args.jobs),
        only: args.business.iter().copied().collect(),
        skip: args.skip_business.iter().copied().collect(),
        staff: args.include.contains(&Include::Staff),
        limit: args.max_time.map(|given| (Instant::now() + given, given)),
    }
}

/// The options and outside influences that shaped the snapshot, as JSON with sorted keys.
fn parameters(args: &SyncArgs, gaps: &AcceptedGaps, between: &Between, brought: &Brought) -> String {
    let trust_store = between.trust_store.as_ref();
    json!({
        "accept_gaps": gaps.ids(),
        "accept_gaps_until": gaps.until(),
        "business": args.business,
        "clock_offset_seconds": brought.wrong_clock().map(Skew::seconds),
        "include": args.include.iter().map(|Include::Staff| "staff").collect::<Vec<_>>(),
        "jobs": args.jobs,
        "max_time_seconds": args.max_time.map(|time| time.as_secs()),
        "new_identity": args.new_identity,
        "proxy": between.proxy,
        "skip_business": args.skip_business,
        "trust_store": trust_store.map(|store| json!({ "named_by": store.named_by, "sha256": store.sha256 })),
        "unread_memberships": brought.unread_memberships,
    })
    .to_string()
}

/// A snapshot of no business would count as complete, and show everybody as gone.
fn check_scope(plan: &Plan, businesses: &[Business]) -> Result<()> {
    if businesses.is_empty() || businesses.iter().any(|business| plan.wants(business)) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Usage,
        "--business and --skip-business leave no business to read; nothing was recorded",
    )
    .hint("leave out --skip-business for one that is to be read"))
}

/// A requested business that does not exist is an error; one that was to be skipped is not.
fn check_named(app: &App, args: &SyncArgs, gaps: &AcceptedGaps, businesses: &[Business]) -> Result<()> {
    let known = |id: &i64| businesses.iter().any(|business| business.id == *id);
    if let Some(id) = args.business.iter().find(|id| !known(id)) {
        let named: Vec<String> =
            businesses.iter().map(|business| format!("{} ({})", business.id, business.name)).collect();
        let error = Error::new(Kind::Usage, format!("this sign-in has no access to business {id}"))
            .hint(format!("--business takes one of: {}", few(&named)));
        return Err(match few_of(&named) {
            (_, 0) => error,
            _ => error.hint(format!("all of them: {}", app.command("status --json"))),
        });
    }
    for id in args.skip_business.iter().chain(&gaps.ids()).filter(|id| !known(id)) {
        app.ui.note(format_args!("this sign-in has no access to business {id}, which the options name"));
    }
    Ok(())
}
