//! The rotation of a token pair: one critical section across all processes that share a store.
//!
//! FreshBooks' refresh tokens work once, and the answer with the next one can be lost. So the order is:
//! lock → read again → mark the refresh as in flight → POST → store the new pair durably → use it. The
//! mark is written first for two reasons: it proves that the disk is writable before the token is
//! spent, and it lets a later run tell an interrupted refresh from a revoked token.
//!
//! - A signal ends the wait for the lock. Once the lock is held, signals are ignored, even the second
//!   one, until the section has ended.
//! - Nothing here waits for long: if a retry makes sense, the caller waits for it, and the lock is free
//!   in the meantime.
//! - After a failure the store is still correct: the mark stays if the token could have been spent, and
//!   is removed if not.
//! - Tokens are never deleted. A sign-in that FreshBooks no longer accepts is marked as dead, so that
//!   no later run tries it in vain.

use std::time::Duration;

use super::profile::{InFlight, Profile};
use super::store::Store;
use super::{check_origin, dead, instead_of_a_copy, not_signed_in};
use crate::app::{self, App};
use crate::error::{Error, Kind, Result};
use crate::http::Http;
use crate::http::retry::Outcome;
use crate::oauth::{self, TokenProblem, TokenSet};
use crate::secret::Secret;

/// The wait before the only retry after a lost answer. Asking again cannot make it worse: if the first
/// request was acted on, its pair is lost either way, and a server with a grace period sends it again.
const AFTER_LOST_ANSWER: Duration = Duration::from_secs(2);

/// What makes a rotation unnecessary once the lock is held.
pub(super) enum Unless {
    /// Nothing: the rotation was requested.
    Never,
    /// A pair with an access token other than this one: another process was faster. It is used whatever
    /// its dates say, or two processes with different clocks would rotate in turns for ever.
    Replaced(Option<Secret>),
}

/// The result, if the store and the sign-in allowed the attempt.
pub(super) enum Ended {
    /// Another process had already rotated.
    Taken(Profile),
    Rotated(Profile),
    /// No tokens. The outcome says whether a retry after a while can succeed.
    Failed(Error, Outcome),
}

pub(super) struct Section<'a> {
    pub(super) store: &'a Store,
    pub(super) http: &'a Http,
    /// Whether a sign-in from another place can be taken over.
    pub(super) adopt: bool,
}

impl Section<'_> {
    /// The whole section. The lock is free again when this returns.
    pub(super) fn run(&self, unless: &Unless) -> Result<Ended> {
        let _lock = self.store.lock()?;
        let _shield = self.store.app.stop.shield();
        let stored = self.store.load_completed()?.ok_or_else(|| not_signed_in(self.store))?;
        if let Unless::Replaced(seen) = unless
            && stored.access_token.is_some()
            && stored.access_token != *seen
        {
            return Ok(Ended::Taken(stored));
        }
        self.check(&stored)?;
        let earlier = stored.interrupted().cloned();
        let now = self.store.app.clock.now();
        let mark = earlier.clone().unwrap_or_else(|| stored.mark(now, self.store.here.as_deref()));
        let marked = Profile { in_flight: Some(mark), ..stored };
        app::die_if_chosen("before-mark");
        let spare = self.store.spare_handles()?;
        self.store.save(&marked).map_err(|error| {
            Error::new(
                error.kind(),
                "cannot record the refresh, so it was not started; the tokens are unchanged",
            )
            .because(error)
        })?;
        app::die_if_chosen("before-post");
        let answer = ask(self.store, self.http, &marked);
        drop(spare);
        app::die_if_chosen("after-post");
        match answer {
            Ok(tokens) => keep(self.store, marked.rotated(&tokens), &tokens).map(Ended::Rotated),
            Err(problem) => self.judge(marked, earlier, problem),
        }
    }

    /// The conditions for spending a token.
    fn check(&self, stored: &Profile) -> Result<()> {
        check_origin(self.store, stored)?;
        if let Some(reason) = &stored.dead {
            return Err(dead(self.store, reason));
        }
        if self.adopt || !self.store.is_copied(stored) {
            return Ok(());
        }
        let place = |place: &Option<String>| place.clone().unwrap_or_default();
        let message = format!(
            "the sign-in was stored on {} and this is {}: rotating its tokens here would lock out the other",
            place(&stored.place),
            place(&self.store.here)
        );
        Err(Error::new(Kind::Config, message).hint(instead_of_a_copy(self.store)))
    }

    /// Handles a refresh that brought no tokens. `earlier` is the mark of a previous refresh whose
    /// outcome is also not known.
    fn judge(&self, marked: Profile, earlier: Option<InFlight>, problem: TokenProblem) -> Result<Ended> {
        // If the request was refused at once or never arrived, the token is still unspent.
        let (unspent, state) = match &problem {
            TokenProblem::NotSent(_) | TokenProblem::Distrusted(_) => {
                (true, "nothing was sent, and nothing is lost")
            }
            TokenProblem::Busy { status, .. } => (*status == 429, "the tokens are kept"),
            TokenProblem::Refused { .. } => (true, "the tokens are kept"),
            TokenProblem::Client(_) => {
                (true, "FreshBooks rejects the client id or secret; the tokens are kept")
            }
            TokenProblem::Lost(_) => {
                (false, "it is not known whether the old ones still work; they are kept")
            }
            TokenProblem::Grant(why) => return self.rejected(marked, earlier, why),
        };
        if unspent {
            self.note_down(&Profile { in_flight: earlier, ..marked });
        }
        let outcome = match problem {
            TokenProblem::NotSent(_) => Outcome::Passing { retry_after: None },
            TokenProblem::Busy { retry_after, .. } => Outcome::Passing { retry_after },
            _ => Outcome::Final,
        };
        let error = problem.into_error(&self.store.app.typed(), "cannot refresh the tokens", state);
        Ok(Ended::Failed(error, outcome))
    }

    /// The refresh token is no longer valid. Somebody without the lock, such as a person who restored a
    /// file, could have written a newer pair in the meantime; otherwise the sign-in ends here.
    fn rejected(&self, marked: Profile, earlier: Option<InFlight>, why: &str) -> Result<Ended> {
        if let Ok(Some(newer)) = self.store.load()
            && newer.refresh_token != marked.refresh_token
            && newer.access_token.is_some()
        {
            return Ok(Ended::Taken(newer));
        }
        let reason = match earlier {
            Some(InFlight { started_at, pid, .. }) => format!(
                "an earlier refresh (process {pid}, {started_at}) was interrupted before its answer was \
                 saved, and FreshBooks has since invalidated the old token"
            ),
            None => format!(
                "FreshBooks rejects the refresh token: it was used elsewhere, revoked or replaced ({why})"
            ),
        };
        let error = dead(self.store, &reason);
        self.note_down(&Profile { dead: Some(reason), ..marked });
        Err(error)
    }

    /// Saves something useful, but without an error: the failure being reported matters more than this
    /// one.
    fn note_down(&self, profile: &Profile) {
        if let Err(error) = self.store.save(profile) {
            self.store.app.ui.warn(error);
        }
    }
}

/// Requests the next pair, and once more if the answer is lost.
pub(super) fn ask(store: &Store, http: &Http, profile: &Profile) -> Result<TokenSet, TokenProblem> {
    let App { ui, clock, endpoints, .. } = &store.app;
    let ask = || oauth::refresh(http, &endpoints.api, &profile.client(), &profile.refresh_token);
    match ask() {
        Err(TokenProblem::Lost(why)) => {
            let wait = AFTER_LOST_ANSWER.as_secs();
            ui.asks_again(format_args!(
                "the answer to the refresh was lost ({why}); retrying once in {wait} s"
            ));
            clock.pause(AFTER_LOST_ANSWER);
            // A refusal now only follows from the first request, and proves nothing yet.
            ask().map_err(|second| match second {
                TokenProblem::Client(why) => TokenProblem::Client(why),
                other => TokenProblem::Lost(format!("{why}; then: {other}")),
            })
        }
        answer => answer,
    }
}

/// Stores a sign-in with a new pair before anybody uses it.
pub(super) fn keep(store: &Store, profile: Profile, tokens: &TokenSet) -> Result<Profile> {
    // A wrong clock is worth a warning: it explains why the expiry looks odd.
    if let Some(skew) = tokens.skew.filter(|skew| skew.matters()) {
        store.app.ui.warn(format_args!("{skew}; the expiry is based on FreshBooks' clock"));
    }
    let place = store.here.clone().or(profile.place);
    let profile = Profile { place, ..profile };
    store.put_away(&profile)?;
    Ok(profile)
}
