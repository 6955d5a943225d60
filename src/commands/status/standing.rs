//! How one stored sign-in stands, told from its file alone, in a word for scripts and in words for
//! people.

use serde_json::{Value, json};

use crate::app::App;
use crate::credentials::{Profile, Store};
use crate::error::{Error, Result};
use crate::model::{Timestamp, spoken};

/// One stored sign-in as it stands.
pub(super) struct Standing {
    pub(super) profile: String,
    state: State,
    pub(super) stored: Option<Profile>,
    /// What FreshBooks said, where it was asked.
    pub(super) checked: Option<Result<()>>,
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

pub(super) fn look(app: &App, store: &Store, here: Option<&str>, checked: Option<Result<()>>) -> Standing {
    let (state, stored) = match store.load() {
        Ok(Some(profile)) => (judge(app, &profile, here), Some(profile)),
        Ok(None) => (State::NeedsSignIn { why: "it was just logged out".to_owned() }, None),
        Err(problem) => (State::Unusable { problem }, None),
    };
    Standing { profile: store.name().to_owned(), state, stored, checked }
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
    pub(super) fn json(&self, app: &App) -> Value {
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

    pub(super) fn row(&self, now: Timestamp) -> Vec<String> {
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
    pub(super) fn problem(&self) -> Option<&Error> {
        match (&self.state, &self.checked) {
            (State::Unusable { problem }, _) => Some(problem),
            (_, Some(Err(error))) => Some(error),
            _ => None,
        }
    }
}
