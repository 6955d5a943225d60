//! `fbsync status`: every stored sign-in and what can be told of it, and the last snapshot.
//!
//! Nothing is asked and nothing changed unless `--check` is given: then FreshBooks is asked about
//! each, which may rotate a token that is due. `--max-age` judges the database, and without `--check`
//! the database alone: it works where there is no sign-in, and no home.

mod database;
mod standing;

use std::sync::Arc;

use serde_json::json;

use crate::app::{App, environment};
use crate::cli::StatusArgs;
use crate::credentials::{Seed, Session, Store, classic};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::FreshBooks;
use crate::http::Http;
use crate::ui::Column;
use database::Holding;
use standing::{Standing, look};

pub(crate) fn run(app: &App, args: &StatusArgs) -> Result<()> {
    if args.max_age.is_some() && args.db.is_none() {
        return Err(Error::new(Kind::Usage, "--max-age judges a database, and none is named")
            .hint("fbsync status --max-age 26h --db audit.sqlite"));
    }
    let alone = args.max_age.is_some() && !args.check;
    let missing = if args.check { missing(app)? } else { None };
    let standings = if alone { None } else { Some(stand(app, args.check)?) };
    let database = match args.db.as_ref().map(|db| Holding::read(app, &app.database(db)?)) {
        // Plain status tells what it can; only a question about the database can fail by it.
        Some(Err(problem)) if args.max_age.is_none() => {
            app.ui.warn(&problem);
            None
        }
        read => read.transpose()?,
    };
    match app.json {
        true => {
            let profiles = standings.iter().flatten().map(|one| one.json()).collect::<Vec<_>>();
            let database = database.as_ref().map(|holding| holding.json(app));
            app.ui.json(&match alone {
                true => json!({ "database": database }),
                false => json!({ "profiles": profiles, "database": database }),
            })?;
        }
        false => {
            if let (Some(standings), None) = (&standings, &missing) {
                print(app, standings)?;
            }
            if let Some(holding) = &database {
                app.ui.line_of_data(holding.words(app))?;
            }
        }
    }
    if let Some(standings) = standings {
        tell_environment(app, &standings)?;
        missing.map_or_else(|| verdict(standings), Err)?;
    }
    match (&database, args.max_age) {
        (Some(holding), Some(limit)) => holding.judge(app, limit),
        _ => Ok(()),
    }
}

/// Where nothing is stored, the environment may hold a sign-in to begin with; else one is needed.
fn missing(app: &App) -> Result<Option<Error>> {
    match Store::all(app)?.is_empty() {
        true => Ok(ask(app, &app.profile).err()),
        false => Ok(None),
    }
}

/// Every stored sign-in, and with `check` what FreshBooks says of it.
fn stand(app: &App, check: bool) -> Result<Vec<Standing>> {
    let standing = |store: Store| {
        let checked = check.then(|| ask(app, store.name()));
        // Looked at afterwards: asking may have refreshed it.
        look(app, &store, checked)
    };
    Ok(Store::all(app)?.into_iter().map(standing).collect())
}

/// Asks FreshBooks who the sign-in is, as any other command would begin.
fn ask(app: &App, profile: &str) -> Result<()> {
    let app = app.for_profile(profile);
    if let Some(profile) = classic::stored(&app)? {
        let app = profile.system.app(&app)?;
        let person = profile.open(&app, Http::new(&app)?)?.who_is()?;
        return classic::remember(&app, &person);
    }
    let http = Http::new(&app)?;
    let session = Arc::new(Session::open(&app, &http, false)?);
    let freshbooks = FreshBooks::new(http, app.endpoints.api.clone(), session.clone());
    let person = freshbooks.who().map_err(|error| match error.kind() {
        Kind::SignIn if error.hint_text().is_some() => error,
        Kind::SignIn => error.hint(format!("the tokens are no longer accepted: {}", app.command("auth"))),
        Kind::Refused => error.hint("the sign-in works, and lacks a scope or a role: see the app's scopes"),
        _ => error,
    })?;
    session.remember(&person);
    Ok(())
}

/// The name is what has to be typed, and the state what was asked for.
const COLUMNS: [Column; 5] = [
    Column::whole("profile", 0),
    Column::cut("signed in as", 2),
    Column::whole("businesses", 3),
    Column::spare("scopes"),
    Column::whole("state", 1),
];

fn print(app: &App, standings: &[Standing]) -> Result<()> {
    if standings.is_empty() {
        match app.state_dir() {
            Ok(_) => {
                app.ui.note("nobody is signed in");
                app.ui.hint(app.command("auth"));
            }
            Err(problem) => {
                app.ui.note(format_args!("nobody is signed in: {problem}"));
                problem.hint_text().into_iter().for_each(|hint| app.ui.hint(hint));
            }
        }
        return Ok(());
    }
    // What stops the next run is said first, and is not lost below a table.
    let (needed, others): (Vec<_>, Vec<_>) = standings.iter().partition(|one| one.needs_sign_in());
    for standing in &needed {
        let failed = standing.checked.as_ref().and_then(|checked| checked.as_ref().err());
        let why = failed.map(ToString::to_string).or(standing.why().map(str::to_owned)).unwrap_or_default();
        app.ui.warn(format_args!("{} needs a sign-in: {why}", standing.profile));
        tell_hint(app, standing);
    }
    let rows: Vec<Vec<String>> = needed.iter().chain(&others).map(|one| one.row()).collect();
    app.ui.table(&COLUMNS, &rows)?;
    for standing in others {
        if let Some(why) = standing.why() {
            app.ui.line_of_data(format_args!("{}: {why}", standing.profile))?;
        }
        if let Some(Err(error)) = &standing.checked {
            app.ui.warn(format_args!("{}: {error}", standing.profile));
        }
        tell_hint(app, standing);
    }
    Ok(())
}

fn tell_hint(app: &App, standing: &Standing) {
    if let Some(hint) = standing.hint() {
        app.ui.hint(format_args!("{}: {hint}", standing.profile));
    }
}

/// What the environment holds beside the stored sign-ins, where it might be taken for the one in
/// use.
fn tell_environment(app: &App, standings: &[Standing]) -> Result<()> {
    if environment::access_token()?.is_some() {
        app.ui.note("FBSYNC_ACCESS_TOKEN is set: sync uses it and none of the stored sign-ins");
    }
    let current = standings.iter().find(|one| one.profile == app.profile).and_then(|one| one.stored.as_ref());
    let seed = Seed::from_environment()?;
    if let (Some(seed), Some(profile)) = (seed, current)
        && profile.dead.is_none()
        && !seed.was_taken(profile)
    {
        app.ui.note("FBSYNC_REFRESH_TOKEN is set and not used: the stored sign-in works and counts first");
    }
    Ok(())
}

/// Plain `status` only tells. With `--check` a sign-in that is needed comes before any other
/// trouble.
fn verdict(standings: Vec<Standing>) -> Result<()> {
    let mut failures: Vec<Error> = standings.into_iter().filter_map(|one| one.checked?.err()).collect();
    let total = failures.len();
    failures.sort_by_key(|error| error.kind() != Kind::SignIn);
    match failures.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(Error::new(
            first.kind(),
            match total {
                1 => "a sign-in does not work".to_owned(),
                n => format!("{n} sign-ins do not work"),
            },
        )),
    }
}
