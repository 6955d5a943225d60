//! `sync`: read everything into a new snapshot.

use serde_json::json;

use crate::app::{self, App};
use crate::cli::SyncArgs;
use crate::credentials::Session;
use crate::error::{Error, Kind, Result};
use crate::fetch;
use crate::freshbooks::FreshBooks;
use crate::fsutil;
use crate::http::Http;
use crate::model::{Outcome, Reading, Resource};
use crate::store::{self, Provenance, Recorded, Writer};

pub(crate) fn run(app: &App, args: &SyncArgs) -> Result<()> {
    let http = Http::new(app);
    let session = || Ok(Session::open(app, &http)?.adopting(args.adopt));
    with_session(app, args, http.clone(), session)
}

/// Reads with the session that `open` gives, once the database has been found fit to be written to.
pub(crate) fn with_session(
    app: &App,
    args: &SyncArgs,
    http: Http,
    open: impl FnOnce() -> Result<Session>,
) -> Result<()> {
    let path = app.database(&args.database.db)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fsutil::create_private_folder(folder)?;
    }
    let writer = Writer::claim(&path, app.ui)?;
    let session = open()?;
    let source = app.endpoints.api.lasting_name();
    let freshbooks = FreshBooks::new(http, app.endpoints.api.clone(), session.clone());

    let (reading, spool) =
        fetch::read(app, &freshbooks, usize::from(args.jobs), writer.folder(), |identity| {
            store::check_owner(&writer, &source, identity.id, &identity.email)
        })?;
    let provenance = Provenance {
        source,
        scopes: session.scopes(),
        parameters: json!({ "jobs": args.jobs }).to_string(),
        note: args.note.clone(),
        os_user: app::os_user(),
        host: app::host_name(),
    };
    let gaps = Gaps::of(&reading);
    let recorded = writer.record(reading, spool, &provenance)?;
    tell(app, &recorded, &gaps, &path.display().to_string())
}

/// Businesses whose list was not read, or not to agreement.
struct Gaps(Vec<String>);

impl Gaps {
    fn of(reading: &Reading) -> Self {
        let gap = |business: &crate::model::BusinessReading| {
            let coverage =
                business.coverage.iter().find(|coverage| coverage.resource == Resource::TeamMembers)?;
            let why = coverage.message.as_deref().unwrap_or_default();
            let business = &business.business;
            let told =
                || format!("{} ({}): {}: {why}", business.name, business.id, coverage.outcome.as_str());
            (coverage.outcome != Outcome::Ok).then(told)
        };
        Gaps(reading.businesses.iter().filter_map(gap).collect())
    }
}

fn tell(app: &App, recorded: &Recorded, gaps: &Gaps, db: &str) -> Result<()> {
    let Recorded { id, complete, businesses, accounts, memberships, delta } = recorded;
    if app.json {
        app.ui.json(&json!({
            "snapshot": id, "status": if *complete { "complete" } else { "partial" }, "businesses": businesses,
            "accounts": accounts, "memberships": memberships, "gaps": gaps.0,
            "since": delta.map(|delta| delta.since), "joined": delta.map(|delta| delta.joined),
            "left": delta.map(|delta| delta.left), "changed": delta.map(|delta| delta.changed),
        }))?;
    }
    for gap in &gaps.0 {
        app.ui.warn(gap);
    }
    let change = match delta {
        None => String::new(),
        Some(delta) => {
            let changed =
                if delta.changed > 0 { format!(", {} changed", delta.changed) } else { String::new() };
            format!(" ({} joined, {} left{changed} since snapshot {})", delta.joined, delta.left, delta.since)
        }
    };
    let totals = format!(
        "{}, {}, {}",
        counted(*businesses, "business", "businesses"),
        counted(*accounts, "account", "accounts"),
        counted(*memberships, "membership", "memberships")
    );
    if *complete {
        app.ui.next(format_args!("fbsync export access --db '{db}' -o access.csv"));
        app.ui.result(format_args!("snapshot {id}: {totals}{change}"));
        return Ok(());
    }
    let n = gaps.0.len();
    let lists = counted(i64::try_from(n).unwrap_or(i64::MAX), "list", "lists");
    Err(Error::new(
        Kind::Partial,
        format!("snapshot {id} is partial: {lists} could not be read whole; {totals}"),
    )
    .hint(format!("sqlite3 '{db}' \"SELECT * FROM coverage WHERE snapshot_id = {id} AND outcome <> 'ok'\"")))
}

fn counted(n: i64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
