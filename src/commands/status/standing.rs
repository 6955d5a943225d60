//! How one stored sign-in stands, told from its file alone, in a word for scripts and in words for
//! people.

use serde_json::{Value, json};

use crate::app::App;
use crate::classic::System;
use crate::credentials::{self, ClassicProfile, Profile, Store, Stored, StoredIdentity};
use crate::error::{Error, Result};
use crate::time::{Timestamp, spoken};

/// One stored sign-in as it stands.
pub(super) struct Standing {
    pub(super) profile: String,
    state: State,
    pub(super) stored: Option<Profile>,
    classic: Option<ClassicProfile>,
    /// What FreshBooks said, where it was asked.
    pub(super) checked: Option<Result<()>>,
    /// What to type for a new one.
    sign_in: String,
}

enum State {
    Ready {
        expires_at: Timestamp,
    },
    /// One to FreshBooks Classic, for good.
    Lasting {
        system: System,
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
        hint: String,
    },
    /// The file cannot be read, or, where others can read it or own it, may not be.
    Unusable {
        problem: Error,
        exposed: bool,
    },
}

pub(super) fn look(app: &App, store: &Store, here: Option<&str>, checked: Option<Result<()>>) -> Standing {
    let profile = store.name().to_owned();
    if let Ok(Some(Stored::Classic(classic))) = store.load_any() {
        let state = judge_classic(app, &classic);
        let sign_in = store.command(&format!("auth --classic {}", classic.system));
        return Standing { profile, state, stored: None, classic: Some(classic), checked, sign_in };
    }
    let (state, stored) = match store.load_as_if_completed() {
        Ok(Some(profile)) => (judge(app, store, &profile, here), Some(profile)),
        Ok(None) => (State::NeedsSignIn { why: gone(store) }, None),
        Err(problem) => {
            let exposed = matches!(store.exposure(), Ok(Some(_)));
            (State::Unusable { problem, exposed }, None)
        }
    };
    Standing { profile, state, stored, classic: None, checked, sign_in: store.command("auth") }
}

fn judge_classic(app: &App, profile: &ClassicProfile) -> State {
    match profile.system.app(app) {
        Ok(there) if profile.belongs_to(&there.endpoints) => {
            State::Lasting { system: profile.system.clone() }
        }
        Ok(_) => State::NotHere {
            why: format!("from {}, where this run is not pointed", profile.origin),
            hint: "set FRESHBOOKS_CLASSIC_URL to what it is from, or unset it".to_owned(),
        },
        Err(problem) => State::Unusable { problem, exposed: false },
    }
}

/// Why there is no sign-in though there was a file of one.
fn gone(store: &Store) -> String {
    match store.draft() {
        draft if draft.exists() => {
            format!("an interrupted run left {}, which belongs to no sign-in that is here", draft.display())
        }
        _ => "it was just logged out".to_owned(),
    }
}

fn judge(app: &App, store: &Store, profile: &Profile, here: Option<&str>) -> State {
    if let Some(why) = &profile.dead {
        return State::NeedsSignIn { why: why.clone() };
    }
    if !profile.belongs_to(&app.endpoints) {
        return State::NotHere {
            why: format!("from {}, where this run is not pointed", profile.origins()),
            hint: "set FRESHBOOKS_API_URL and FRESHBOOKS_AUTH_URL to what it is from, or unset them"
                .to_owned(),
        };
    }
    if profile.stored_elsewhere(here) {
        return State::NotHere {
            why: "stored on another machine, not refreshed here without --adopt".to_owned(),
            hint: credentials::instead_of_a_copy(store),
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

impl State {
    /// For scripts.
    fn word(&self) -> &'static str {
        match self {
            State::Ready { .. } | State::Lasting { .. } => "ready",
            State::Due => "refresh_due",
            State::Interrupted { .. } => "refresh_interrupted",
            State::NeedsSignIn { .. } => "sign_in_needed",
            State::NotHere { .. } => "not_usable_here",
            State::Unusable { exposed: true, .. } => "permissions_wrong",
            State::Unusable { .. } => "unusable",
        }
    }

    /// For a table.
    fn words(&self, now: Timestamp) -> String {
        match self {
            State::Ready { expires_at } => format!("ready, expires in {}", spoken(expires_at.since(now))),
            State::Lasting { system } => format!("ready, does not expire (Classic: {system})"),
            State::Due => "ready, refreshes at the next use".to_owned(),
            State::Interrupted { .. } => "refresh interrupted".to_owned(),
            State::NeedsSignIn { .. } => "needs sign-in".to_owned(),
            State::NotHere { .. } => "not usable here".to_owned(),
            State::Unusable { exposed: true, .. } => "permissions wrong".to_owned(),
            State::Unusable { .. } => "file not usable".to_owned(),
        }
    }

    /// What there is to explain, too long for a table.
    fn why(&self) -> Option<String> {
        match self {
            State::Ready { .. } | State::Lasting { .. } | State::Due => None,
            State::Interrupted { started_at, pid } => Some(format!(
                "a refresh was interrupted (process {pid}, {started_at}); the next use tries once more"
            )),
            State::NeedsSignIn { why } | State::NotHere { why, .. } => Some(why.clone()),
            State::Unusable { problem, .. } => Some(problem.to_string()),
        }
    }
}

impl Standing {
    fn identity(&self) -> Option<&StoredIdentity> {
        let classic = self.classic.as_ref().and_then(|profile| profile.identity.as_ref());
        self.stored.as_ref().and_then(|profile| profile.identity.as_ref()).or(classic)
    }

    fn origin(&self) -> Option<String> {
        let classic = self.classic.as_ref().map(|profile| profile.origin.clone());
        self.stored.as_ref().map(Profile::origins).or(classic)
    }

    pub(super) fn json(&self, app: &App) -> Value {
        let stored = self.stored.as_ref();
        let rotated = stored.filter(|profile| profile.access_token().is_some());
        let scopes = stored.and_then(|profile| profile.scopes.as_deref());
        json!({
            "profile": self.profile,
            "state": self.state.word(),
            "message": self.state.why().unwrap_or_else(|| self.state.words(app.clock.now())),
            "expires_at": rotated.map(|profile| profile.expires_at.to_string()),
            "origin": self.origin(),
            "classic": self.classic.as_ref().map(|profile| &profile.system),
            "identity": self.identity(),
            "scopes": scopes.map(|scopes| scopes.split_whitespace().collect::<Vec<_>>()),
            "check": self.checked.as_ref().map(|checked| match checked {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            }),
        })
    }

    pub(super) fn row(&self, now: Timestamp) -> Vec<String> {
        let unknown = || "-".to_owned();
        let identity = self.identity();
        let scopes = self.stored.as_ref().and_then(|profile| profile.scopes.clone());
        vec![
            self.profile.clone(),
            identity.map_or_else(unknown, |identity| identity.email.clone()),
            identity.map_or_else(unknown, |identity| identity.businesses.len().to_string()),
            scopes.unwrap_or_else(unknown),
            self.state.words(now),
        ]
    }

    /// The explanation that goes with its row.
    pub(super) fn why(&self) -> Option<String> {
        self.state.why().map(|why| format!("{}: {why}", self.profile))
    }

    /// What to type, where something is wrong: with the file, or as asking FreshBooks showed.
    pub(super) fn hint(&self) -> Option<String> {
        match (&self.state, &self.checked) {
            (State::Unusable { problem, .. }, _) => problem.hint_text().map(str::to_owned),
            (_, Some(Err(error))) => error.hint_text().map(str::to_owned),
            (State::NeedsSignIn { .. }, _) => Some(self.sign_in.clone()),
            (State::NotHere { hint, .. }, _) => Some(hint.clone()),
            _ => None,
        }
    }
}
