//! The rotation of a token pair: one critical section across all processes that share a store.
//!
//! FreshBooks' refresh tokens work once, and the answer that brings the next one can be lost. So, in this order:
//! lock → read again → mark the refresh as in flight → POST → put the new pair away, durably → use it. The mark is
//! written first for two reasons: it proves that the disk takes writes before the token is spent, and it lets a later
//! run tell a refresh that was cut short from a token that was revoked.
//!
//! - Nothing in here looks for signals. Whoever asks to stop is heard when the section has ended.
//! - Nothing in here waits for long: what is worth another try is handed back, and the lock is free meanwhile.
//! - Tokens are never deleted. A sign-in that FreshBooks takes no more is marked, so that no later run asks in vain.

use std::time::Duration;

use super::place;
use super::profile::{InFlight, Profile};
use super::store::{self, Store};
use crate::app::{self, Clock, Endpoints};
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::http::Http;
use crate::http::retry::Outcome;
use crate::oauth::{self, ClockOffset, TokenProblem, TokenSet};
use crate::secret::Secret;
use crate::ui::Ui;

/// Before the one repeat after a lost answer. Asking again cannot make it worse: if the first request was acted
/// on, the pair it brought is lost either way, and a server with a grace period gives it once more.
const AFTER_LOST_ANSWER: Duration = Duration::from_secs(2);

/// How often, and how far apart, a new pair is tried to be written before another place is taken.
const WRITE_TRIES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// A clock further off than this is told: logs and expiry are then wrong by as much.
const TOLERATED_SKEW: Duration = Duration::from_secs(60);

/// What makes a rotation unnecessary once the lock is held.
pub(super) enum Unless {
    /// Nothing: it was asked for.
    Never,
    /// Another pair than the one with this access token, still alive: somebody was quicker.
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
        let stored = self.read_again()?;
        let now = self.clock.now();
        if let Unless::Replaced(seen) = unless {
            let alive = stored.access_good_for(Duration::ZERO, now);
            if alive.is_some() && alive != seen.as_ref() {
                return Ok(Ended::Taken(stored));
            }
        }
        self.check(&stored)?;
        let earlier = stored.interrupted().cloned();
        let mark = earlier.clone().unwrap_or_else(|| stored.mark(now, self.here));
        let marked = Profile { in_flight: Some(mark), ..stored };
        self.store.save(&marked).map_err(|error| {
            Error::new(
                error.kind(),
                "cannot note down the refresh, so it was not begun; the tokens are as they were",
            )
            .because(error)
        })?;
        app::die_if_chosen("before-post");
        let answer = self.ask(&marked);
        app::die_if_chosen("after-post");
        match answer {
            Ok(tokens) => self.keep(&marked, &tokens).map(Ended::Rotated),
            Err(problem) => self.judge(&marked, earlier, problem),
        }
    }

    /// Rotates a refresh token that was got elsewhere, and stores the pair in place of what was there. Until the pair
    /// has come, what was there stays.
    pub(super) fn import(&self, seeded: &Profile) -> Result<Profile> {
        let _lock = self.store.lock()?;
        self.store.prove_writable()?;
        let tokens = self.ask(seeded).map_err(|problem| self.import_failed(&problem))?;
        self.keep(seeded, &tokens)
    }

    fn import_failed(&self, problem: &TokenProblem) -> Error {
        let kind = match problem {
            TokenProblem::Client(_) | TokenProblem::Grant(_) => Kind::SignIn,
            TokenProblem::Refused { .. } => Kind::Refused,
            TokenProblem::NotSent(_) | TokenProblem::Busy { .. } | TokenProblem::Lost(_) => Kind::Unavailable,
        };
        let spent = match problem {
            TokenProblem::Lost(_) => "; it may be spent now",
            _ => "",
        };
        let error = Error::new(
            kind,
            format!("cannot import the refresh token: {problem}{spent}; nothing was stored"),
        );
        match problem {
            TokenProblem::Client(_) => error.hint("check the client id and the client secret"),
            TokenProblem::Grant(_) => {
                error.hint(format!("sign in instead: fbsync auth{}", self.store.flag()))
            }
            _ => error,
        }
    }

    fn read_again(&self) -> Result<Profile> {
        let (stored, completed) = self.store.load_completed()?;
        if completed {
            self.ui.note("completed an earlier refresh: its pair had been written but not put in place");
        }
        stored.ok_or_else(|| super::not_signed_in(self.store))
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
            "the sign-in was stored on {there} and this is {here}: rotating its tokens here would lock the other out"
        );
        let flag = self.store.flag();
        Err(Error::new(Kind::Config, message).hint(format!(
            "fbsync auth{flag} for a sign-in of its own; fbsync refresh --adopt{flag} if the other is no longer used"
        )))
    }

    fn ask(&self, marked: &Profile) -> Result<TokenSet, TokenProblem> {
        let ask = || oauth::refresh(self.http, &self.endpoints.api, &marked.client(), &marked.refresh_token);
        match ask() {
            Err(TokenProblem::Lost(why)) => {
                let wait = AFTER_LOST_ANSWER.as_secs();
                self.ui.note(format_args!(
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

    /// Puts the new pair away, here or at least somewhere, before anybody uses it.
    fn keep(&self, marked: &Profile, tokens: &TokenSet) -> Result<Profile> {
        tell_skew(self.ui, tokens.clock);
        let rotated = Profile {
            place: self.here.map(str::to_owned).or_else(|| marked.place.clone()),
            ..marked.rotated(tokens)
        };
        let bytes = store::encode(&rotated)?;
        let mut failed = None;
        for attempt in 1..=WRITE_TRIES {
            match self.store.save_by_way_of_draft(&bytes) {
                Ok(()) => return Ok(rotated),
                Err(error) => failed = Some(error),
            }
            if attempt < WRITE_TRIES {
                self.clock.pause(BETWEEN_WRITES);
            }
        }
        Err(self.rescue(&bytes, failed))
    }

    fn rescue(&self, bytes: &[u8], failed: Option<std::io::Error>) -> Error {
        let file = self.store.file().display();
        let draft = self.store.draft();
        let written = fsutil::write_draft(&draft, bytes).map(|()| draft.clone());
        let error = match written.or_else(|_| fsutil::rescue(bytes)) {
            Ok(place) => {
                let message = format!(
                    "FreshBooks rotated the tokens, and the new ones could not be written to {file}; they are kept in {}",
                    place.display()
                );
                Error::new(Kind::Storage, message).hint(match place == draft {
                    true => format!("make {file} writable and run the command again; it puts them in place"),
                    false => format!("make {file} writable, then: mv '{}' '{file}'", place.display()),
                })
            }
            Err(_) => {
                let message = format!(
                    "FreshBooks rotated the tokens, and the new ones could be written neither to {file} nor elsewhere: they are lost"
                );
                let flag = self.store.flag();
                Error::new(Kind::Storage, message).hint(format!("make room, then: fbsync auth{flag}"))
            }
        };
        match failed {
            Some(cause) => error.because(cause),
            None => error,
        }
    }

    /// Sorts a refresh that brought no tokens, and leaves in the store what is true now.
    fn judge(&self, marked: &Profile, earlier: Option<InFlight>, problem: TokenProblem) -> Result<Ended> {
        let unsent = |profile: &Profile| Profile { in_flight: earlier.clone(), ..profile.clone() };
        let message = format!("cannot refresh the tokens: {problem}");
        match problem {
            TokenProblem::NotSent(_) => {
                self.note_down(&unsent(marked));
                let error =
                    Error::new(Kind::Unavailable, format!("{message}; nothing was sent, nothing is lost"))
                        .hint("check the connection (proxy, firewall, DNS) and run the command again");
                Ok(Ended::Later(error, Outcome::Broken))
            }
            TokenProblem::Busy { status, retry_after, .. } => {
                // Turned away at the door, the token is unspent. After a 5xx nobody knows, and the mark stays.
                if status == 429 {
                    self.note_down(&unsent(marked));
                }
                let error = Error::new(Kind::Unavailable, format!("{message}; the tokens are kept"))
                    .hint("run the command again later");
                Ok(Ended::Later(error, Outcome::Answered { status, retry_after }))
            }
            TokenProblem::Lost(_) => Err(Error::new(
                Kind::Unavailable,
                format!("{message}; whether the old ones still work is not known, and they are kept"),
            )
            .hint("run the command again: it asks once more with the same token")),
            TokenProblem::Client(_) => {
                self.note_down(&unsent(marked));
                let message = format!(
                    "FreshBooks rejects the client id or secret, so the tokens could not be refreshed ({problem}); they are kept"
                );
                let flag = self.store.flag();
                Err(Error::new(Kind::SignIn, message).hint(format!(
                    "fbsync auth{flag} --client-secret-file PATH, with the app's present secret"
                )))
            }
            TokenProblem::Refused { .. } => {
                self.note_down(&unsent(marked));
                Err(Error::new(Kind::Refused, format!("{message}; the tokens are kept")))
            }
            TokenProblem::Grant(why) => self.rejected(marked, earlier, &why),
        }
    }

    /// The refresh token counts no more. Somebody without the lock, such as a person who put a file back, may have
    /// written a newer pair meanwhile; else this is the end of the sign-in.
    fn rejected(&self, marked: &Profile, earlier: Option<InFlight>, why: &str) -> Result<Ended> {
        if let Ok(Some(newer)) = self.store.load() {
            let alive = newer.access_good_for(Duration::ZERO, self.clock.now()).is_some();
            if newer.refresh_token != marked.refresh_token && alive {
                return Ok(Ended::Taken(newer));
            }
        }
        let reason = match earlier {
            Some(InFlight { started_at, pid, .. }) => format!(
                "an earlier refresh (process {pid}, {started_at}) was interrupted before its answer was saved, \
                 and FreshBooks has since taken the old token out of use"
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

/// The answer for a sign-in that was found dead, now or by an earlier run.
pub(super) fn dead(store: &Store, reason: &str) -> Error {
    Error::new(Kind::SignIn, format!("a new sign-in is needed: {reason}"))
        .hint(format!("fbsync auth{}", store.flag()))
}

/// A clock that is off is worth a word: it is the machine's fault that expiry seems odd.
pub(crate) fn tell_skew(ui: Ui, offset: ClockOffset) {
    let (amount, way) = match offset {
        ClockOffset { behind, .. } if behind > TOLERATED_SKEW => (behind, "behind"),
        ClockOffset { ahead, .. } if ahead > TOLERATED_SKEW => (ahead, "ahead of"),
        _ => return,
    };
    let amount = crate::model::spoken(amount);
    ui.warn(format_args!("this machine's clock is {amount} {way} FreshBooks'; expiry is reckoned by theirs"));
}
