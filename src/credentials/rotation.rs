//! The rotation of a token pair: one critical section across all processes that share a store.
//!
//! FreshBooks' refresh tokens work once, and the answer that brings the next one can be lost. So,
//! in this order: lock → read again → mark the refresh as in flight → POST → put the new pair away,
//! durably → use it. The mark is written first for two reasons: it proves that the disk takes
//! writes before the token is spent, and it lets a later run tell a refresh that was cut short from
//! a token that was revoked. What follows the POST is in `aftermath`.
//!
//! - A signal ends the wait for the lock. Once it is held nothing looks for signals, not even the
//!   second one: whoever asks to stop is heard when the section has ended.
//! - Nothing in here waits for long: what is worth another try is handed back, and the lock is free
//!   meanwhile.
//! - Tokens are never deleted. A sign-in that FreshBooks takes no more is marked, so that no later
//!   run asks in vain.

use std::time::Duration;

use super::place;
use super::profile::Profile;
use super::store::Store;
use crate::app::{self, Clock, Endpoints};
use crate::error::{Error, Kind, Result};
use crate::http::Http;
use crate::http::retry::Outcome;
use crate::oauth::{self, TokenProblem, TokenSet};
use crate::secret::Secret;
use crate::stop::Stop;
use crate::ui::Ui;

/// Before the one repeat after a lost answer. Asking again cannot make it worse: if the first
/// request was acted on, the pair it brought is lost either way, and a server with a grace period
/// gives it once more.
const AFTER_LOST_ANSWER: Duration = Duration::from_secs(2);

/// What makes a rotation unnecessary once the lock is held.
pub(super) enum Unless {
    /// Nothing: it was asked for.
    Never,
    /// Another pair than the one with this access token: somebody was quicker. It is taken whatever its
    /// dates say, or two processes with an odd clock between them would rotate in turn for ever.
    Replaced(Option<Secret>),
}

/// How a section ended that did not fail for good.
pub(super) enum Ended {
    /// Another process had rotated already.
    Taken(Profile),
    Rotated(Profile),
    /// Nothing is lost; worth another try after a while, judged as the outcome says.
    Later(Error, Outcome),
}

pub(super) struct Section<'a> {
    pub(super) store: &'a Store,
    pub(super) http: &'a Http,
    pub(super) clock: &'a Clock,
    pub(super) stop: &'a Stop,
    pub(super) ui: Ui,
    pub(super) endpoints: &'a Endpoints,
    pub(super) here: Option<&'a str>,
    /// Whether a sign-in from another place may be taken over.
    pub(super) adopt: bool,
}

impl Section<'_> {
    /// The whole of it. The lock is free again when this returns.
    pub(super) fn run(&self, unless: &Unless) -> Result<Ended> {
        let _lock = self.store.lock()?;
        let _shield = self.stop.shield();
        let stored = self.store.load_completed(self.ui)?.ok_or_else(|| super::not_signed_in(self.store))?;
        let now = self.clock.now();
        if let Unless::Replaced(seen) = unless
            && stored.access_token.is_some()
            && stored.access_token != *seen
        {
            return Ok(Ended::Taken(stored));
        }
        self.check(&stored)?;
        let earlier = stored.interrupted().cloned();
        let mark = earlier.clone().unwrap_or_else(|| stored.mark(now, self.here));
        let marked = Profile { in_flight: Some(mark), ..stored };
        app::die_if_chosen("before-mark");
        let spare = self.store.spare_handles()?;
        self.store.save(&marked).map_err(|error| {
            Error::new(
                error.kind(),
                "cannot note down the refresh, so it was not begun; the tokens are as they were",
            )
            .because(error)
        })?;
        app::die_if_chosen("before-post");
        let answer = self.ask(&marked);
        drop(spare);
        app::die_if_chosen("after-post");
        match answer {
            Ok(tokens) => self.keep(&marked, &tokens).map(Ended::Rotated),
            Err(problem) => self.judge(&marked, earlier, problem),
        }
    }

    /// What must hold before a token may be spent.
    fn check(&self, stored: &Profile) -> Result<()> {
        super::check_origin(self.store, stored, self.endpoints)?;
        if let Some(reason) = &stored.dead {
            return Err(dead(self.store, reason));
        }
        if self.adopt || place::same(stored.place.as_deref(), self.here) {
            return Ok(());
        }
        let (there, here) = (stored.place.as_deref().unwrap_or_default(), self.here.unwrap_or_default());
        let message = format!(
            "the sign-in was stored on {there} and this is {here}: rotating its tokens here would lock \
             the other out"
        );
        Err(Error::new(Kind::Config, message).hint(instead_of_a_copy(self.store)))
    }

    pub(super) fn ask(&self, marked: &Profile) -> Result<TokenSet, TokenProblem> {
        let ask = || oauth::refresh(self.http, &self.endpoints.api, &marked.client(), &marked.refresh_token);
        match ask() {
            Err(TokenProblem::Lost(why)) => {
                let wait = AFTER_LOST_ANSWER.as_secs();
                self.ui.asks_again(format_args!(
                    "the answer to the refresh was lost ({why}); asking once more in {wait} s"
                ));
                self.clock.pause(AFTER_LOST_ANSWER);
                // Even a refusal is the echo of the first request now, and proves nothing yet.
                ask().map_err(|second| match second {
                    TokenProblem::Client(why) => TokenProblem::Client(why),
                    other => TokenProblem::Lost(format!("{why}; then: {other}")),
                })
            }
            answer => answer,
        }
    }
}

/// What to do about a sign-in that was stored in another place.
pub(crate) fn instead_of_a_copy(store: &Store) -> String {
    let (new, same) = (store.command("auth"), store.command("refresh --adopt"));
    format!("{new} for a sign-in of its own; {same} if the other is no longer used")
}

/// The answer for a sign-in that was found dead, now or by an earlier run.
pub(super) fn dead(store: &Store, reason: &str) -> Error {
    Error::new(Kind::SignIn, format!("a new sign-in is needed: {reason}")).hint(store.command("auth"))
}
