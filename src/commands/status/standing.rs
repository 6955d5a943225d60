//! How one stored sign-in stands, told from its file alone, in a word for scripts and in words for
//! people.

use serde_json::{Value, json};

use crate::app::App;
use crate::credentials::{self, ClassicProfile, Profile, Store, Stored};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::Person;
use crate::time::spoken;

const SIGN_IN_NEEDED: &str = "sign_in_needed";

/// One stored sign-in as it stands.
pub(super) struct Standing {
    pub(super) profile: String,
    pub(super) stored: Option<Profile>,
    /// The other kind of sign-in.
    classic: Option<ClassicProfile>,
    told: Told,
    /// What FreshBooks said, where it was asked.
    pub(super) checked: Option<Result<()>>,
}

/// What there is to tell about it.
struct Told {
    /// For scripts.
    word: &'static str,
    /// For a table.
    words: String,
    /// What there is to explain, too long for a table.
    why: Option<String>,
    /// What to type about it.
    hint: Option<String>,
}

impl Told {
    fn new(word: &'static str, words: impl Into<String>) -> Self {
        Told { word, words: words.into(), why: None, hint: None }
    }

    fn because(self, why: impl Into<String>) -> Self {
        Told { why: Some(why.into()), ..self }
    }

    fn of(self, problem: &Error) -> Self {
        Told { hint: problem.hint_text().map(str::to_owned), ..self.because(problem.to_string()) }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Told { hint: Some(hint.into()), ..self }
    }
}

pub(super) fn look(app: &App, store: &Store, checked: Option<Result<()>>) -> Standing {
    let profile = store.name().to_owned();
    if let Ok(Some(Stored::Classic(classic))) = store.load_any() {
        let told = judge_classic(app, &classic);
        return Standing { profile, stored: None, classic: Some(classic), told, checked };
    }
    let (told, stored) = match store.load_as_if_completed() {
        Ok(Some(profile)) => (judge(app, store, &profile), Some(profile)),
        Ok(None) => (needs_sign_in(store, gone(store)), None),
        Err(problem) => (unusable(store, &problem), None),
    };
    Standing { profile, stored, classic: None, told, checked }
}

fn judge_classic(app: &App, profile: &ClassicProfile) -> Told {
    match profile.system.app(app) {
        Ok(there) if profile.belongs_to(&there.endpoints) => {
            Told::new("ready", format!("ready, does not expire (Classic: {})", profile.system))
        }
        Ok(_) => {
            not_pointed_at(&profile.origin).hint("set FRESHBOOKS_CLASSIC_URL to what it is from, or unset it")
        }
        Err(problem) => Told::new("unusable", "file not usable").of(&problem),
    }
}

fn judge(app: &App, store: &Store, profile: &Profile) -> Told {
    if let Some(why) = &profile.dead {
        return needs_sign_in(store, why.clone());
    }
    if !profile.belongs_to(&app.endpoints) {
        return not_pointed_at(&profile.origins())
            .hint("set FRESHBOOKS_API_URL and FRESHBOOKS_AUTH_URL to what it is from, or unset them");
    }
    if store.is_copied(profile) {
        return Told::new("not_usable_here", "not usable here")
            .because("stored on another machine, not refreshed here without --adopt")
            .hint(credentials::instead_of_a_copy(store));
    }
    if let Some(mark) = profile.interrupted() {
        return Told::new("refresh_interrupted", "refresh interrupted").because(format!(
            "a refresh was interrupted (process {}, {}); the next use tries once more",
            mark.pid, mark.started_at
        ));
    }
    match profile.expires_at.since(app.clock.now()) {
        left if left.is_zero() => Told::new("refresh_due", "ready, refreshes at the next use"),
        left => Told::new("ready", format!("ready, expires in {}", spoken(left))),
    }
}

fn not_pointed_at(origin: &str) -> Told {
    Told::new("not_usable_here", "not usable here")
        .because(format!("from {origin}, but this run uses another server"))
}

fn needs_sign_in(store: &Store, why: String) -> Told {
    Told::new(SIGN_IN_NEEDED, "needs sign-in").because(why).hint(store.command("auth"))
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

/// The file cannot be read, or, where others can read it or own it, may not be.
fn unusable(store: &Store, problem: &Error) -> Told {
    let told = match store.exposure() {
        Ok(Some(_)) => Told::new("permissions_wrong", "permissions wrong"),
        _ => Told::new("unusable", "file not usable"),
    };
    told.of(problem)
}

impl Standing {
    fn identity(&self) -> Option<&Person> {
        let classic = self.classic.as_ref().and_then(|profile| profile.identity.as_ref());
        self.stored.as_ref().and_then(|profile| profile.identity.as_ref()).or(classic)
    }

    fn origin(&self) -> Option<String> {
        let classic = self.classic.as_ref().map(|profile| profile.origin.clone());
        self.stored.as_ref().map(Profile::origins).or(classic)
    }

    pub(super) fn json(&self) -> Value {
        let stored = self.stored.as_ref();
        let rotated = stored.filter(|profile| profile.access_token.is_some());
        let scopes = stored.and_then(|profile| profile.scopes.as_deref());
        json!({
            "profile": self.profile,
            "state": self.told.word,
            "message": self.told.why.as_ref().unwrap_or(&self.told.words),
            "expires_at": rotated.map(|profile| profile.expires_at),
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

    pub(super) fn row(&self) -> Vec<String> {
        let identity = self.identity();
        let scopes = self.stored.as_ref().and_then(|profile| profile.scopes.clone());
        let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "-".to_owned());
        vec![
            self.profile.clone(),
            or_unknown(identity.map(|identity| identity.email.clone())),
            or_unknown(identity.map(|identity| identity.businesses.len().to_string())),
            or_unknown(scopes),
            self.told.words.clone(),
        ]
    }

    /// Whether nothing more can be read until somebody signs in: by the file, or as FreshBooks said.
    pub(super) fn needs_sign_in(&self) -> bool {
        let refused = matches!(&self.checked, Some(Err(error)) if error.kind() == Kind::SignIn);
        refused || self.told.word == SIGN_IN_NEEDED
    }

    /// The explanation that goes with its row.
    pub(super) fn why(&self) -> Option<&str> {
        self.told.why.as_deref()
    }

    /// What to type, where something is wrong: with the file, or as asking FreshBooks showed.
    pub(super) fn hint(&self) -> Option<&str> {
        let failed = self.checked.as_ref().and_then(|checked| checked.as_ref().err());
        failed.and_then(Error::hint_text).or(self.told.hint.as_deref())
    }
}
