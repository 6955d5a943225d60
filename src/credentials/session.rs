//! A signed-in session: hands out access tokens, and replaces those that are due or refused.
//!
//! It is cloned into every worker. Threads of one process meet at a mutex, processes at the store's lock, so a burst
//! of refused requests costs one rotation. What failed for good is not tried again by the next thread: one round of
//! work sees one failure. A service that stays opens a new session for each round.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::place;
use super::profile::{Profile, StoredIdentity};
use super::rotation::{Ended, Section, Unless};
use super::seed::Seed;
use super::store::Store;
use crate::app::{self, App};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::Person;
use crate::http::Http;
use crate::http::retry::{self, Verdict};
use crate::model::{Timestamp, spoken};
use crate::secret::Secret;

/// An access token lives twelve hours; one that ends sooner than this is replaced before work begins.
const MARGIN: Duration = Duration::from_secs(10 * 60);

#[derive(Clone)]
pub(crate) struct Session {
    app: App,
    http: Http,
    source: Source,
    adopt: bool,
}

#[derive(Clone)]
enum Source {
    /// FBSYNC_ACCESS_TOKEN: nothing is stored, nothing can be replaced.
    Bare(Secret),
    Stored {
        store: Store,
        here: Option<String>,
        kept: Arc<Mutex<Kept>>,
    },
}

/// What this process knows of the sign-in.
struct Kept {
    profile: Profile,
    /// Whether the pair was written since this process first read the store: then it is taken however short it lives.
    renewed: bool,
    /// The failure that the other threads are told, too.
    failed: Option<(Kind, String, Option<String>)>,
}

impl Session {
    /// The sign-in of `app.profile`, or the bare token in the environment.
    pub(crate) fn open(app: &App, http: &Http) -> Result<Self> {
        match app::variable("FBSYNC_ACCESS_TOKEN")? {
            Some(token) => Ok(Session {
                app: app.clone(),
                http: http.clone(),
                source: Source::Bare(Secret::new(token.trim())),
                adopt: false,
            }),
            None => Session::stored(app, http),
        }
    }

    /// The stored sign-in of `app.profile`, which a seed from the environment may begin or revive.
    pub(crate) fn stored(app: &App, http: &Http) -> Result<Self> {
        let store = Store::new(app, &app.profile)?;
        let mut stored = store.load()?;
        if let Some(seed) = Seed::from_environment()?
            && seed.is_due(stored.as_ref())
        {
            stored = Some(plant(app, &store, seed)?);
        }
        let profile = stored.ok_or_else(|| super::not_signed_in(&store))?;
        super::check_origin(&store, &profile, &app.endpoints)?;
        let kept = Kept { profile, renewed: false, failed: None };
        Ok(Session {
            app: app.clone(),
            http: http.clone(),
            source: Source::Stored { store, here: place::here()?, kept: Arc::new(Mutex::new(kept)) },
            adopt: false,
        })
    }

    /// Allows a sign-in that was stored in another place to be rotated here.
    pub(crate) fn adopting(self, adopt: bool) -> Self {
        Session { adopt, ..self }
    }

    /// An access token that is good for ten minutes more, refreshed first if need be.
    pub(crate) fn bearer(&self) -> Result<Secret> {
        let Source::Stored { store, here, kept } = &self.source else { return self.bare() };
        let mut kept = locked(kept);
        let now = self.app.clock.now();
        let margin = if kept.renewed || kept.failed.is_some() { Duration::ZERO } else { MARGIN };
        if let Some(token) = kept.profile.access_good_for(margin, now) {
            return Ok(token.clone());
        }
        let seen = kept.profile.access_token.clone();
        match self.renew(store, here.as_deref(), &mut kept, &Unless::Replaced(seen)) {
            Ok(_) => current(&kept.profile),
            Err(error) => self.carry_on(&kept.profile, error),
        }
    }

    /// Ten minutes early, a failure that will pass need not end the work.
    fn carry_on(&self, profile: &Profile, error: Error) -> Result<Secret> {
        let now = self.app.clock.now();
        match profile.access_good_for(Duration::ZERO, now) {
            Some(token) if matches!(error.kind(), Kind::Unavailable | Kind::Locked) => {
                let left = spoken(profile.expires_at.since(now));
                self.app
                    .ui
                    .warn(format_args!("{error}; going on with the access token, good for {left} more"));
                Ok(token.clone())
            }
            _ => Err(error),
        }
    }

    /// Another access token after FreshBooks answered 401 to `failed`.
    pub(crate) fn replace(&self, failed: &Secret) -> Result<Secret> {
        let Source::Stored { store, here, kept } = &self.source else {
            return Err(Error::new(
                Kind::SignIn,
                "FreshBooks rejects the access token in FBSYNC_ACCESS_TOKEN",
            )
            .hint("set a new one, or sign in with: fbsync auth"));
        };
        let mut kept = locked(kept);
        if kept.profile.access_token.as_ref() != Some(failed) {
            return current(&kept.profile);
        }
        self.renew(store, here.as_deref(), &mut kept, &Unless::Replaced(Some(failed.clone())))?;
        current(&kept.profile)
    }

    /// Rotates because it was asked for. `within`: only if the access token ends sooner; true if it was rotated.
    pub(crate) fn rotate(&self, within: Option<Duration>) -> Result<bool> {
        let Source::Stored { store, here, kept } = &self.source else { return self.bare().map(|_| false) };
        let mut kept = locked(kept);
        let unless = match within {
            None => Unless::Never,
            Some(within) => {
                if kept.profile.access_good_for(within, self.app.clock.now()).is_some() {
                    return Ok(false);
                }
                Unless::Replaced(kept.profile.access_token.clone())
            }
        };
        self.renew(store, here.as_deref(), &mut kept, &unless)
    }

    /// Runs the section until it ends for good; between two tries the lock is free and a signal is heard.
    fn renew(&self, store: &Store, here: Option<&str>, kept: &mut Kept, unless: &Unless) -> Result<bool> {
        if let Some((kind, message, hint)) = kept.failed.clone() {
            let error = Error::new(kind, message);
            return Err(hint.into_iter().fold(error, Error::hint));
        }
        let renewed = self.until_settled(store, here, unless);
        match renewed {
            Ok((profile, rotated)) => {
                kept.profile = profile;
                kept.renewed = true;
                Ok(rotated)
            }
            Err(error) => {
                let hint = error.hint_text().map(str::to_owned);
                kept.failed = Some((error.kind(), error.message().to_owned(), hint));
                Err(error)
            }
        }
    }

    fn until_settled(&self, store: &Store, here: Option<&str>, unless: &Unless) -> Result<(Profile, bool)> {
        let App { clock, stop, ui, endpoints, .. } = &self.app;
        let section = Section { store, http: &self.http, clock, ui: *ui, endpoints, here, adopt: self.adopt };
        for attempt in 1.. {
            let (error, outcome) = match section.run(unless)? {
                Ended::Taken(profile) => return Ok((profile, false)),
                Ended::Rotated(profile) => return Ok((profile, true)),
                Ended::Later(error, outcome) => (error, outcome),
            };
            match retry::judge(attempt, outcome, 1.0) {
                Verdict::Wait(wait) => {
                    ui.note(format_args!("{error}; asking again in {} s", wait.as_secs()));
                    clock.sleep(wait, stop)?;
                }
                Verdict::Done | Verdict::GiveUp => return Err(error),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Keeps what FreshBooks says of the person, for `status`. A failure is told and no more.
    pub(crate) fn remember(&self, person: &Person) {
        let Source::Stored { kept, .. } = &self.source else { return };
        let identity = Some(StoredIdentity::from(person));
        let mut kept = locked(kept);
        if kept.profile.identity == identity {
            return;
        }
        kept.profile.identity = identity;
        if let Err(error) = super::remember(&self.app, person) {
            self.app.ui.warn(error);
        }
    }

    /// The granted scopes, where FreshBooks has said.
    pub(crate) fn scopes(&self) -> Option<String> {
        self.look(|profile| profile.scopes.clone())
    }

    pub(crate) fn identity(&self) -> Option<StoredIdentity> {
        self.look(|profile| profile.identity.clone())
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.look(|profile| Some(profile.expires_at))
    }

    fn look<T>(&self, at: impl FnOnce(&Profile) -> Option<T>) -> Option<T> {
        match &self.source {
            Source::Bare(_) => None,
            Source::Stored { kept, .. } => at(&locked(kept).profile),
        }
    }

    fn bare(&self) -> Result<Secret> {
        match &self.source {
            Source::Bare(token) => Ok(token.clone()),
            Source::Stored { kept, .. } => current(&locked(kept).profile),
        }
    }
}

/// Writes a seed into the store, unless another process was quicker.
fn plant(app: &App, store: &Store, seed: Seed) -> Result<Profile> {
    let _lock = store.lock()?;
    match store.load()? {
        Some(stored) if !seed.is_due(Some(&stored)) => Ok(stored),
        _ => {
            let profile = Profile { place: place::here()?, ..seed.sprout(&app.endpoints)? };
            store.save(&profile)?;
            app.ui.detail(1, "took the sign-in in FBSYNC_REFRESH_TOKEN");
            Ok(profile)
        }
    }
}

fn current(profile: &Profile) -> Result<Secret> {
    let none = || Error::new(Kind::SignIn, "the sign-in has no access token yet").hint("fbsync refresh");
    profile.access_token.clone().ok_or_else(none)
}

/// A thread that panicked cannot have left half a profile: it is replaced whole.
fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
