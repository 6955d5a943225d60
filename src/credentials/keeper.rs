//! What one process knows of a stored sign-in, shared by its threads.
//!
//! Threads meet at a mutex, processes at the store's lock, so a burst of refused requests costs one
//! rotation. The mutex is held while one thread rotates: the others have nothing to do without its
//! token.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::profile::{Profile, StoredIdentity};
use super::rotation::{Ended, Section, Unless};
use super::seed::{self, Seed};
use super::store::Store;
use super::{check_origin, not_signed_in, place};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::freshbooks::Person;
use crate::http::Http;
use crate::http::retry::{self, Verdict};
use crate::secret::Secret;
use crate::time::{Timestamp, spoken};

pub(crate) struct Keeper {
    app: App,
    http: Http,
    store: Store,
    here: Option<String>,
    kept: Mutex<Kept>,
}

pub(super) struct Kept {
    profile: Profile,
    adopt: bool,
    /// Whether the pair was written since this process first read the store: then it is used until
    /// FreshBooks refuses it, whatever its dates say.
    renewed: bool,
    /// FreshBooks refused a token that it had just given: it says so of what may not be read, too.
    refuses_good_ones: bool,
    /// The failure that every thread is told.
    failed: Option<(Kind, String, Option<String>)>,
    /// Whether it was said how this sign-in will end, if there is anything to say.
    told: bool,
    /// When this thread took hold of it.
    now: Timestamp,
}

impl Keeper {
    pub(super) fn open(app: &App, http: &Http) -> Result<Self> {
        let store = Store::new(app, &app.profile)?;
        let mut stored = match store.draft().exists() {
            true => {
                let _lock = store.lock()?;
                store.load_completed(app.ui)?
            }
            false => store.load()?,
        };
        if let Some(seed) = Seed::from_environment()?
            && seed.is_due(stored.as_ref())
        {
            stored = Some(seed::plant(app, &store, seed)?);
        }
        let profile = stored.ok_or_else(|| not_signed_in(&store))?;
        check_origin(&store, &profile, &app.endpoints)?;
        let now = app.clock.now();
        let (renewed, refuses_good_ones) = (false, false);
        let kept = Kept { profile, adopt: false, renewed, refuses_good_ones, failed: None, told: false, now };
        let here = place::here()?;
        Ok(Keeper { app: app.clone(), http: http.clone(), store, here, kept: Mutex::new(kept) })
    }

    pub(super) fn adopt(&self, adopt: bool) {
        self.kept().adopt = adopt;
    }

    /// The access token, refreshed first if it ends within `margin` and is not of this run.
    pub(super) fn good_for(&self, margin: Duration) -> Result<Secret> {
        let mut kept = self.kept();
        let margin = if kept.failed.is_some() { Duration::ZERO } else { margin };
        if kept.renewed || kept.lives_for(margin) {
            self.tell_its_end(&mut kept);
            return kept.current(&self.store);
        }
        let unless = Unless::Replaced(kept.access_token());
        match self.renew(&mut kept, &unless) {
            Ok(_) => kept.current(&self.store),
            // So early, a failure that will pass need not end the work.
            Err(error) if passing(&error) && kept.lives_for(Duration::ZERO) => {
                let left = spoken(kept.profile.expires_at.since(kept.now));
                self.app
                    .ui
                    .warn(format_args!("{error}; going on with the access token, good for {left} more"));
                kept.current(&self.store)
            }
            Err(error) => Err(error),
        }
    }

    /// A sign-in that is dead, or a copy, works until its access token ends; better said before that
    /// night.
    fn tell_its_end(&self, kept: &mut Kept) {
        let profile = &kept.profile;
        if std::mem::replace(&mut kept.told, true) {
            return;
        }
        if profile.dead.is_some() {
            let (end, sign_in) = (profile.expires_at, self.store.command("auth"));
            self.app.ui.warn(format_args!(
                "FreshBooks no longer renews this sign-in; it expires at {end}; before that: {sign_in}"
            ));
        } else if !kept.adopt && profile.stored_elsewhere(self.here.as_deref()) {
            self.app
                .ui
                .warn("this sign-in was stored on another machine: it is used, but not refreshed here");
        }
    }

    /// Another token than `failed`: the one another thread or process has got meanwhile, or a new
    /// one. Nothing where a new one would be refused as well.
    pub(super) fn replace(&self, failed: &Secret) -> Result<Option<Secret>> {
        let mut kept = self.kept();
        if kept.profile.access_token.as_ref() == Some(failed) {
            if kept.refuses_good_ones && kept.lives_for(Duration::ZERO) {
                return Ok(None);
            }
            self.renew(&mut kept, &Unless::Replaced(Some(failed.clone())))?;
        }
        kept.current(&self.store).map(Some)
    }

    /// Notes that `fresh`, which took the place of a refused token, was refused for the same read.
    pub(super) fn was_refused_too(&self, fresh: &Secret) {
        let mut kept = self.kept();
        kept.refuses_good_ones |= kept.renewed && kept.profile.access_token.as_ref() == Some(fresh);
    }

    /// Rotates if `due` says so, and unless what it says; whether it was done.
    pub(super) fn rotate(&self, due: impl FnOnce(&Kept) -> Option<Unless>) -> Result<bool> {
        let mut kept = self.kept();
        match due(&kept) {
            Some(unless) => self.renew(&mut kept, &unless),
            None => {
                self.tell_its_end(&mut kept);
                Ok(false)
            }
        }
    }

    fn renew(&self, kept: &mut Kept, unless: &Unless) -> Result<bool> {
        if let Some((kind, message, hint)) = kept.failed.clone() {
            return Err(hint.into_iter().fold(Error::new(kind, message), Error::hint));
        }
        match self.until_settled(kept.adopt, unless) {
            Ok((profile, _)) if someone_else(&kept.profile, &profile) => {
                let message =
                    "somebody else signed in to this profile meanwhile; their tokens are not used here";
                Err(Error::new(Kind::SignIn, message).hint("run the command again"))
            }
            Ok((profile, rotated)) => {
                (kept.profile, kept.renewed) = (profile, true);
                Ok(rotated)
            }
            Err(error) => {
                let hint = error.hint_text().map(str::to_owned);
                kept.failed = Some((error.kind(), error.message().to_owned(), hint));
                Err(error)
            }
        }
    }

    /// Runs the section until it ends for good; between two tries the lock is free and a signal is
    /// heard.
    fn until_settled(&self, adopt: bool, unless: &Unless) -> Result<(Profile, bool)> {
        let App { clock, stop, ui, endpoints, .. } = &self.app;
        let (store, http, here) = (&self.store, &self.http, self.here.as_deref());
        let section = Section { store, http, clock, stop, ui: *ui, endpoints, here, adopt };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (error, outcome) = match section.run(unless)? {
                Ended::Taken(profile) => return Ok((profile, false)),
                Ended::Rotated(profile) => return Ok((profile, true)),
                Ended::Later(error, outcome) => (error, outcome),
            };
            match retry::judge(attempt, outcome, 1.0) {
                Verdict::Wait(wait) => {
                    ui.asks_again(format_args!("{error}; asking again in {} s", wait.as_secs()));
                    clock.sleep(wait, stop)?;
                }
                Verdict::GiveUp => return Err(error),
            }
        }
    }

    pub(super) fn remember(&self, person: &Person) {
        let identity = Some(StoredIdentity::from(person));
        let mut kept = self.kept();
        if kept.profile.identity == identity {
            return;
        }
        kept.profile.identity = identity;
        if let Err(error) = super::remember(&self.app, person) {
            self.app.ui.warn(error);
        }
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&Profile) -> T) -> T {
        at(&self.kept().profile)
    }

    /// A thread that panicked cannot have left half a profile: it is replaced whole.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.now = self.app.clock.now();
        kept
    }
}

impl Kept {
    pub(super) fn lives_for(&self, margin: Duration) -> bool {
        self.profile.access_good_for(margin, self.now).is_some()
    }

    pub(super) fn access_token(&self) -> Option<Secret> {
        self.profile.access_token.clone()
    }

    fn current(&self, store: &Store) -> Result<Secret> {
        let none = || Error::new(Kind::SignIn, "the sign-in has no access token yet");
        let token = self.access_token().ok_or_else(|| none().hint(store.command("refresh")))?;
        match token.stray_character() {
            None => Ok(token),
            Some(place) => {
                let message = format!(
                    "the stored access token is not one: its character {place} cannot be part of a token"
                );
                Err(Error::new(Kind::SignIn, message).hint(store.command("refresh")))
            }
        }
    }
}

/// Work that one person's sign-in began is not finished with another's.
fn someone_else(before: &Profile, after: &Profile) -> bool {
    let id = |profile: &Profile| profile.identity.as_ref().and_then(|identity| identity.identity_id);
    matches!((id(before), id(after)), (Some(before), Some(after)) if before != after)
}

fn passing(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::Locked)
}
