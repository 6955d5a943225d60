//! A signed-in session: provides access tokens, and replaces those that are due or refused.
//!
//! All workers share it. Threads synchronize on a mutex, processes on the store's lock, so a burst of
//! refused requests costs only one rotation. The mutex is held while one thread rotates, because the
//! others can do nothing without its token.
//!
//! A permanent failure is not retried: one round of work fails once. A service that keeps running opens
//! a new session for each round.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::inputs::Seed;
use super::profile::Profile;
use super::rotation::{Ended, Section, Unless};
use super::store::Store;
use super::{check_origin, not_signed_in};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::freshbooks::{Person, Tokens};
use crate::http::Http;
use crate::http::retry::{self, Verdict};
use crate::secret::Secret;
use crate::time::spoken;

/// An access token lives twelve hours; one that expires within this time is replaced before work
/// starts.
const MARGIN: Duration = Duration::from_secs(10 * 60);

/// A stored sign-in, as last known to this process.
pub(crate) struct Session {
    store: Store,
    http: Http,
    /// Whether a sign-in that was stored in another place can be rotated here.
    adopt: bool,
    kept: Mutex<Kept>,
}

struct Kept {
    profile: Profile,
    /// Whether the pair was written since this process first read the store. Then it is used until
    /// FreshBooks refuses it, whatever its dates say.
    renewed: bool,
    /// FreshBooks refused a token that it had just issued: it also does this for resources that cannot
    /// be read.
    refuses_good_ones: bool,
    /// The failure that every thread gets.
    failed: Option<Error>,
    /// Whether the end of this sign-in has been reported, if there is anything to report.
    told: bool,
}

impl Session {
    /// The stored sign-in of `app.profile`, which a seed from the environment can start or replace.
    pub(crate) fn open(app: &App, http: &Http, adopt: bool) -> Result<Self> {
        let store = Store::new(app)?;
        let mut stored = match store.draft().exists() {
            true => {
                let _lock = store.lock()?;
                store.load_completed()?
            }
            false => store.load()?,
        };
        if let Some(seed) = Seed::from_environment()?
            && seed.is_due(stored.as_ref())
        {
            stored = Some(seed.plant(&store)?);
        }
        let profile = stored.ok_or_else(|| not_signed_in(&store))?;
        check_origin(&store, &profile)?;
        let kept = Kept { profile, renewed: false, refuses_good_ones: false, failed: None, told: false };
        Ok(Session { store, http: http.clone(), adopt, kept: Mutex::new(kept) })
    }

    /// The sign-in as currently known.
    pub(crate) fn profile(&self) -> Profile {
        self.kept().profile.clone()
    }

    /// Rotates on request and returns whether it did. With `within`, only if the access token expires
    /// sooner than that.
    pub(crate) fn rotate(&self, within: Option<Duration>) -> Result<bool> {
        let mut kept = self.kept();
        match within {
            None => self.renew(&mut kept, &Unless::Never),
            Some(within) if self.lives_for(&kept, within) => {
                self.tell_its_end(&mut kept);
                Ok(false)
            }
            Some(_) => {
                let unless = Unless::Replaced(kept.profile.access_token.clone());
                self.renew(&mut kept, &unless)
            }
        }
    }

    /// Stores what FreshBooks says about the person, for `status`. A failure is only a warning.
    pub(crate) fn remember(&self, person: &Person) {
        let mut kept = self.kept();
        if kept.profile.identity.as_ref() == Some(person) {
            return;
        }
        kept.profile.identity = Some(person.clone());
        if let Err(error) = super::remember(&self.store.app, person) {
            self.store.app.ui.warn(error);
        }
    }

    /// A sign-in that is dead, or a copy, works until its access token expires: a warning now is better
    /// than a failure later that night.
    fn tell_its_end(&self, kept: &mut Kept) {
        let (profile, ui) = (&kept.profile, self.store.app.ui);
        if std::mem::replace(&mut kept.told, true) {
            return;
        }
        if profile.dead.is_some() {
            let (end, sign_in) = (profile.expires_at, self.store.command("auth"));
            ui.warn(format_args!(
                "FreshBooks no longer renews this sign-in; it expires at {end}; before that: {sign_in}"
            ));
        } else if !self.adopt && self.store.is_copied(profile) {
            ui.warn("this sign-in was stored on another machine; it is used here, but not refreshed");
        }
    }

    fn renew(&self, kept: &mut Kept, unless: &Unless) -> Result<bool> {
        if let Some(failed) = &kept.failed {
            return Err(failed.clone());
        }
        match self.until_settled(unless) {
            Ok((profile, _)) if someone_else(&kept.profile, &profile) => {
                let message = "somebody else has signed in to this profile in the meantime; their tokens are not used here";
                Err(Error::new(Kind::SignIn, message).hint("run the command again"))
            }
            Ok((profile, rotated)) => {
                (kept.profile, kept.renewed) = (profile, true);
                Ok(rotated)
            }
            Err(error) => {
                kept.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Runs the section until it has a final result. Between two tries, the lock is free and signals
    /// are noticed.
    fn until_settled(&self, unless: &Unless) -> Result<(Profile, bool)> {
        let App { clock, stop, ui, .. } = &self.store.app;
        let section = Section { store: &self.store, http: &self.http, adopt: self.adopt };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (error, outcome) = match section.run(unless)? {
                Ended::Taken(profile) => return Ok((profile, false)),
                Ended::Rotated(profile) => return Ok((profile, true)),
                Ended::Failed(error, outcome) => (error, outcome),
            };
            match retry::judge(attempt, outcome, 1.0) {
                Verdict::Wait(wait) => {
                    ui.asks_again(format_args!("{error}; retrying in {} s", wait.as_secs()));
                    clock.sleep(wait, stop)?;
                }
                Verdict::GiveUp => return Err(error),
            }
        }
    }

    fn lives_for(&self, kept: &Kept, margin: Duration) -> bool {
        kept.profile.lives_for(margin, self.store.app.clock.now())
    }

    fn current(&self, kept: &Kept) -> Result<Secret> {
        let unusable =
            |why: &str| Error::new(Kind::SignIn, why.to_owned()).hint(self.store.command("refresh"));
        match &kept.profile.access_token {
            None => Err(unusable("the sign-in has no access token yet")),
            Some(token) => match token.stray_character() {
                None => Ok(token.clone()),
                Some(place) => Err(unusable(&format!(
                    "the stored access token is not valid: character {place} cannot be part of a token"
                ))),
            },
        }
    }

    /// A thread that panicked cannot have left half a profile, because profiles are replaced as a
    /// whole.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens for Session {
    /// A token that is valid for at least ten more minutes, refreshed first if necessary; one from this
    /// run is used as it is.
    fn bearer(&self) -> Result<Secret> {
        let mut kept = self.kept();
        let margin = if kept.failed.is_some() { Duration::ZERO } else { MARGIN };
        if kept.renewed || self.lives_for(&kept, margin) {
            self.tell_its_end(&mut kept);
            return self.current(&kept);
        }
        let unless = Unless::Replaced(kept.profile.access_token.clone());
        match self.renew(&mut kept, &unless) {
            Ok(_) => self.current(&kept),
            // This early, a temporary failure does not have to end the work.
            Err(error) if passing(&error) && self.lives_for(&kept, Duration::ZERO) => {
                let App { clock, ui, .. } = &self.store.app;
                let left = spoken(kept.profile.expires_at.since(clock.now()));
                ui.warn(format_args!(
                    "{error}; continuing with the access token, which is valid for another {left}"
                ));
                self.current(&kept)
            }
            Err(error) => Err(error),
        }
    }

    /// The token that another thread or process has obtained in the meantime, or a new one.
    fn replace(&self, refused: &Secret) -> Result<Option<Secret>> {
        let mut kept = self.kept();
        if kept.profile.access_token.as_ref() == Some(refused) {
            if kept.refuses_good_ones && self.lives_for(&kept, Duration::ZERO) {
                return Ok(None);
            }
            self.renew(&mut kept, &Unless::Replaced(Some(refused.clone())))?;
        }
        self.current(&kept).map(Some)
    }

    fn was_refused_too(&self, fresh: &Secret) {
        let mut kept = self.kept();
        kept.refuses_good_ones |= kept.renewed && kept.profile.access_token.as_ref() == Some(fresh);
    }

    fn scopes(&self) -> Option<String> {
        self.profile().scopes
    }
}

/// Work that started with one person's sign-in must not continue with another's.
fn someone_else(before: &Profile, after: &Profile) -> bool {
    let id = |profile: &Profile| profile.identity.as_ref().and_then(|identity| identity.identity_id);
    matches!((id(before), id(after)), (Some(before), Some(after)) if before != after)
}

fn passing(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::Locked)
}
