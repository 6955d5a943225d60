//! `fbsync status`: every stored sign-in and what can be told of it.
//!
//! Nothing is asked and nothing changed unless `--check` is given: then FreshBooks is asked about
//! each, which may rotate a token that is due.

use serde_json::{Value, json};

use crate::app::App;
use crate::cli::StatusArgs;
use crate::credentials::{Profile, Seed, Session, Store, place};
use crate::error::{Error, Kind, Result};
use crate::freshbooks;
use crate::http::Http;
use crate::model::{Timestamp, spoken};

/// One stored sign-in as it stands.
struct Standing {
    profile: String,
    state: State,
    stored: Option<Profile>,
    /// What FreshBooks said, where it was asked.
    checked: Option<std::result::Result<(), Error>>,
}

enum State {
    Ready {
        expires_at: Timestamp,
    },
    /// The next command refreshes it.
    Due,
    /// A refresh began and its end is not known.
    Interrupted {
        started_at: Timestamp,
        pid: u32,
    },
    NeedsSignIn {
        why: String,
    },
    /// From another origin or another machine: not used from here.
    NotHere {
        why: String,
    },
    /// The file may not or cannot be read.
    Unusable {
        problem: Error,
    },
}

pub(crate) fn run(app: &App, args: &StatusArgs) -> Result<()> {
    let here = place::here()?;
    let mut standings = Vec::new();
    for store in Store::all(app)? {
        let checked = args.check.then(|| ask(app, store.name()));
        // Looked at afterwards: asking may have refreshed it.
        standings.push(Standing { checked, ..look(app, &store, here.as_deref()) });
    }
    match app.json {
        true => app
            .ui
            .json(&json!({ "profiles": standings.iter().map(|one| one.json(app)).collect::<Vec<_>>() }))?,
        false => print(app, &standings)?,
    }
    tell_environment(app, &standings)?;
    verdict(standings)
}

fn look(app: &App, store: &Store, here: Option<&str>) -> Standing {
    let (state, stored) = match store.load() {
        Ok(Some(profile)) => (judge(app, &profile, here), Some(profile)),
        Ok(None) => (State::NeedsSignIn { why: "it was just logged out".to_owned() }, None),
        Err(problem) => (State::Unusable { problem }, None),
    };
    Standing { profile: store.name().to_owned(), state, stored, checked: None }
}

fn judge(app: &App, profile: &Profile, here: Option<&str>) -> State {
    if let Some(why) = &profile.dead {
        return State::NeedsSignIn { why: why.clone() };
    }
    if !profile.belongs_to(&app.endpoints) {
        return State::NotHere { why: format!("from {}, where this run is not pointed", profile.origins()) };
    }
    if profile.stored_elsewhere(here) {
        return State::NotHere {
            why: "stored on another machine, not refreshed here without --adopt".to_owned(),
        };
    }
    if let Some(mark) = profile.interrupted() {
        return State::Interrupted { started_at: mark.started_at, pid: mark.pid };
    }
    match profile.expires_at > app.clock.now() {
        true => State::Ready { expires_at: profile.expires_at },
        false => State::Due,
    }
}

/// Asks FreshBooks who the sign-in is, as any other command would begin.
fn ask(app: &App, profile: &str) -> Result<()> {
    let app = app.for_profile(profile);
    let http = Http::new(&app);
    let session = Session::stored(&app, &http)?;
    let token = session.bearer()?;
    let api = &app.endpoints.api;
    let person = match freshbooks::who_is(&http, api, &token) {
        Err(error) if error.kind() == Kind::SignIn => {
            freshbooks::who_is(&http, api, &session.replace(&token)?)
        }
        answer => answer,
    };
    let person = person.map_err(|error| match error.kind() {
        Kind::SignIn => {
            error.hint(format!("the tokens are no longer accepted: fbsync auth --profile {profile}"))
        }
        Kind::Refused => error.hint("the sign-in works, and lacks a scope or a role: see the app's scopes"),
        _ => error,
    })?;
    session.remember(&person);
    Ok(())
}

impl State {
    /// For scripts.
    fn word(&self) -> &'static str {
        match self {
            State::Ready { .. } => "ready",
            State::Due => "refresh_due",
            State::Interrupted { .. } => "refresh_interrupted",
            State::NeedsSignIn { .. } => "sign_in_needed",
            State::NotHere { .. } => "not_usable_here",
            State::Unusable { .. } => "unusable",
        }
    }

    /// For people.
    fn words(&self, now: Timestamp) -> String {
        match self {
            State::Ready { expires_at } => format!("ready, expires in {}", spoken(expires_at.since(now))),
            State::Due => "ready, refreshes at the next use".to_owned(),
            State::Interrupted { started_at, pid } => {
                format!(
                    "a refresh was interrupted (process {pid}, {started_at}); the next use tries once more"
                )
            }
            State::NeedsSignIn { why } => format!("needs sign-in: {why}"),
            State::NotHere { why } => why.clone(),
            State::Unusable { problem } => problem.to_string(),
        }
    }
}

impl Standing {
    fn json(&self, app: &App) -> Value {
        let stored = self.stored.as_ref();
        let rotated = stored.filter(|profile| profile.access_token().is_some());
        let scopes = stored.and_then(|profile| profile.scopes.as_deref());
        json!({
            "profile": self.profile,
            "state": self.state.word(),
            "message": self.state.words(app.clock.now()),
            "expires_at": rotated.map(|profile| profile.expires_at.to_string()),
            "origin": stored.map(Profile::origins),
            "identity": stored.and_then(|profile| profile.identity.as_ref()),
            "scopes": scopes.map(|scopes| scopes.split_whitespace().collect::<Vec<_>>()),
            "check": self.checked.as_ref().map(|checked| match checked {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            }),
        })
    }

    fn row(&self, now: Timestamp) -> Vec<String> {
        let unknown = || "-".to_owned();
        let identity = self.stored.as_ref().and_then(|profile| profile.identity.as_ref());
        let scopes = self.stored.as_ref().and_then(|profile| profile.scopes.clone());
        vec![
            self.profile.clone(),
            identity.map_or_else(unknown, |identity| identity.email.clone()),
            identity.map_or_else(unknown, |identity| identity.businesses.len().to_string()),
            scopes.unwrap_or_else(unknown),
            self.state.words(now),
        ]
    }

    /// What is wrong with it and what to type: the file's problem, or what asking FreshBooks
    /// showed.
    fn problem(&self) -> Option<&Error> {
        match (&self.state, &self.checked) {
            (State::Unusable { problem }, _) => Some(problem),
            (_, Some(Err(error))) => Some(error),
            _ => None,
        }
    }
}

fn print(app: &App, standings: &[Standing]) -> Result<()> {
    if standings.is_empty() {
        app.ui.note("nobody is signed in");
        app.ui.hint("fbsync auth");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = standings.iter().map(|one| one.row(app.clock.now())).collect();
    app.ui.table(&["PROFILE", "SIGNED IN AS", "BUSINESSES", "SCOPES", "STATE"], &rows)?;
    for standing in standings {
        if let Some(Err(error)) = &standing.checked {
            app.ui.warn(format_args!("{}: {error}", standing.profile));
        }
        if let Some(hint) = standing.problem().and_then(Error::hint_text) {
            app.ui.hint(format_args!("{}: {hint}", standing.profile));
        }
    }
    Ok(())
}

/// What the environment holds beside the stored sign-ins, where it might be taken for the one in
/// use.
fn tell_environment(app: &App, standings: &[Standing]) -> Result<()> {
    if crate::app::variable("FBSYNC_ACCESS_TOKEN")?.is_some() {
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
