//! What is done when the token endpoint has answered, or has not: still inside the section, the
//! lock held.
//!
//! A new pair is put away before anybody uses it, and if it cannot be put in its place, in another.
//! A failure leaves in the store what is true now: the mark stays where the token may be spent, and
//! goes where it cannot be.

use std::time::Duration;

use super::profile::{InFlight, Profile};
use super::rotation::{Ended, Section, dead};
use super::store::{self, Store};
use crate::app::Clock;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::http::Skew;
use crate::http::retry::Outcome;
use crate::oauth::{TokenProblem, TokenSet};
use crate::shell;
use crate::ui::Ui;

/// How often, and how far apart, a new pair is tried to be written before another place is taken.
const WRITE_TRIES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

impl Section<'_> {
    /// The sign-in with its new pair, stored.
    pub(super) fn keep(&self, marked: &Profile, tokens: &TokenSet) -> Result<Profile> {
        tell_skew(self.ui, tokens.skew);
        let place = self.here.map(str::to_owned).or_else(|| marked.place.clone());
        let rotated = Profile { place, ..marked.rotated(tokens) };
        put_away(self.store, self.clock, &rotated)?;
        Ok(rotated)
    }

    /// Sorts a refresh that brought no tokens. `earlier` is the mark of one before it whose end is
    /// not known either.
    pub(super) fn judge(
        &self,
        marked: &Profile,
        earlier: Option<InFlight>,
        problem: TokenProblem,
    ) -> Result<Ended> {
        let failed =
            |kind, state: &str| Error::new(kind, format!("cannot refresh the tokens: {problem}; {state}"));
        // Turned away at the door, or not there at all, the token is as unspent as it was before.
        let unspent = !matches!(problem, TokenProblem::Lost(_) | TokenProblem::Grant(_))
            && !matches!(problem, TokenProblem::Busy { status, .. } if status != 429);
        if unspent {
            self.note_down(&Profile { in_flight: earlier.clone(), ..marked.clone() });
        }
        match &problem {
            TokenProblem::NotSent(_) => {
                let error = failed(Kind::Unavailable, "nothing was sent, nothing is lost")
                    .hint("check the connection (proxy, firewall, DNS) and run the command again");
                Ok(Ended::Later(error, Outcome::Passing { retry_after: None }))
            }
            TokenProblem::Distrusted(distrust) => {
                Err(failed(Kind::Unavailable, "nothing was sent, nothing is lost").hint(distrust.hint))
            }
            TokenProblem::Busy { retry_after, .. } => {
                let error =
                    failed(Kind::Unavailable, "the tokens are kept").hint("run the command again later");
                Ok(Ended::Later(error, Outcome::Passing { retry_after: *retry_after }))
            }
            TokenProblem::Lost(_) => {
                let state = "whether the old ones still work is not known, and they are kept";
                Err(failed(Kind::Unavailable, state)
                    .hint("run the command again: it asks once more with the same token"))
            }
            TokenProblem::Client(_) => {
                let again = self.store.command("auth --client-secret-file PATH");
                let state = "FreshBooks rejects the client id or secret; the tokens are kept";
                Err(failed(Kind::SignIn, state).hint(format!("{again}, with the app's present secret")))
            }
            TokenProblem::Refused { .. } => Err(failed(Kind::Refused, "the tokens are kept")),
            TokenProblem::Grant(why) => self.rejected(marked, earlier, why),
        }
    }

    /// The refresh token counts no more. Somebody without the lock, such as a person who put a file
    /// back, may have written a newer pair meanwhile; else this is the end of the sign-in.
    fn rejected(&self, marked: &Profile, earlier: Option<InFlight>, why: &str) -> Result<Ended> {
        if let Ok(Some(newer)) = self.store.load()
            && newer.refresh_token != marked.refresh_token
            && newer.access_token.is_some()
        {
            return Ok(Ended::Taken(newer));
        }
        let reason = match earlier {
            Some(InFlight { started_at, pid, .. }) => format!(
                "an earlier refresh (process {pid}, {started_at}) was interrupted before its answer was \
                 saved, and FreshBooks has since taken the old token out of use"
            ),
            None => format!(
                "FreshBooks rejects the refresh token: it was used elsewhere, revoked or replaced ({why})"
            ),
        };
        self.note_down(&Profile { dead: Some(reason.clone()), ..marked.clone() });
        Err(dead(self.store, &reason))
    }

    /// For what may be told without being kept: the failure on its way matters more than this one.
    fn note_down(&self, profile: &Profile) {
        if let Err(error) = self.store.save(profile) {
            self.ui.warn(error);
        }
    }
}

/// Stores a pair that cannot be had again: in its place, here, or at least somewhere.
pub(super) fn put_away(store: &Store, clock: &Clock, profile: &Profile) -> Result<()> {
    let bytes = store::encode(profile)?;
    for _ in 1..WRITE_TRIES {
        if store.save_by_way_of_draft(&bytes).is_ok() {
            return Ok(());
        }
        clock.pause(BETWEEN_WRITES);
    }
    store.save_by_way_of_draft(&bytes).map_err(|error| rescue(store, &bytes).because(error))
}

/// Keeps the pair somewhere else, and says where and how it gets back.
fn rescue(store: &Store, bytes: &[u8]) -> Error {
    let (file, draft) = (store.file().display(), store.draft());
    let missed = format!("FreshBooks gave new tokens, and they could not be written to {file}");
    let beside = fsutil::write_draft(&draft, bytes).map(|()| draft.clone());
    let (message, hint) = match beside.or_else(|_| fsutil::rescue(bytes)) {
        Ok(place) if place == draft => (
            format!("{missed}; they are kept in {}", place.display()),
            format!("make {file} writable and run the command again; it puts them in place"),
        ),
        Ok(place) => (
            format!("{missed}; they are kept in {}", place.display()),
            format!("make {file} writable, then: mv {} {}", shell::path(&place), shell::path(store.file())),
        ),
        Err(_) => (
            format!("{missed}, nor anywhere else: they are lost"),
            format!("make room, then: {}", store.command("auth")),
        ),
    };
    Error::new(Kind::Storage, message).hint(hint)
}

/// A clock that is off is worth a word: it is the machine's fault that expiry seems odd.
pub(super) fn tell_skew(ui: Ui, skew: Option<Skew>) {
    if let Some(skew) = skew.filter(|skew| skew.matters()) {
        ui.warn(format_args!("{skew}; expiry is reckoned by theirs"));
    }
}
