//! Waits for the person: the listener, the prompt beside it, and the time-out.
//!
//! Only an answer with our `state` ends the wait. If a paste cannot be used, the reason is printed and
//! the wait goes on; the end of standard input ends only the prompt.

use std::io::{self, BufRead};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use super::Paste;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::oauth::{
    Arrival, Awaited, Certificate, Listener, Outcome, RedirectUri, Reply, Waiting, read_pasted,
};
use crate::secret::Secret;

/// How long each turn takes: pastes and signals are noticed this quickly.
const TURN: Duration = Duration::from_millis(50);

/// The longest line accepted; FreshBooks' addresses have about 200 characters.
const LONGEST_LINE: u64 = 16 << 10;

/// The ways in which an answer can arrive.
pub(super) struct Ways {
    redirect: RedirectUri,
    awaited: Awaited,
    listener: Option<Waiting>,
    pasted: Option<Receiver<Secret>>,
}

impl Ways {
    /// Binds the port before anybody is sent anywhere, and starts to read standard input.
    pub(super) fn open(
        paste: Paste,
        redirect: &RedirectUri,
        certificate: Certificate,
        awaited: Awaited,
    ) -> Result<Self> {
        let listener = match paste {
            Paste::Only => None,
            Paste::Never | Paste::Beside => {
                Some(Listener::bind(redirect, certificate)?.serve(awaited.clone())?)
            }
        };
        let pasted = (paste != Paste::Never).then(lines);
        Ok(Ways { redirect: redirect.clone(), awaited, listener, pasted })
    }

    /// Waits for the answer, and returns it with the connection of the browser that brought it, if any;
    /// `None` if the time is over. `verb` is the typed command, for a hint.
    pub(super) fn wait(
        mut self,
        app: &App,
        verb: &str,
        timeout: Duration,
    ) -> Result<Option<(Outcome, Option<Reply>)>> {
        let deadline = Instant::now() + timeout;
        while Instant::now() < deadline {
            app.stop.check().map_err(|error| Error::new(error.kind(), "interrupted; nothing was stored"))?;
            if let Some(outcome) = self.look_at_paste(app, verb)? {
                return Ok(Some((outcome, None)));
            }
            match &self.listener {
                Some(listener) => {
                    if let Some(Arrival { outcome, reply }) = listener.wait(TURN) {
                        return Ok(Some((outcome, Some(reply))));
                    }
                }
                None => thread::sleep(TURN),
            }
        }
        Ok(None)
    }

    fn look_at_paste(&mut self, app: &App, verb: &str) -> Result<Option<Outcome>> {
        let Some(pasted) = &self.pasted else { return Ok(None) };
        let problem = match pasted.try_recv() {
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => {
                self.pasted = None;
                match self.listener {
                    Some(_) => return Ok(None),
                    None => "standard input ended, and nothing was pasted".to_owned(),
                }
            }
            Ok(line) => match read_pasted(&line, &self.redirect, &self.awaited) {
                Ok(outcome) => return Ok(Some(outcome)),
                Err(problem) => problem.to_string(),
            },
        };
        // A person at a terminal can try again, and the browser can still arrive; a script had its only
        // line.
        if self.listener.is_none() && (!app.ui.may_ask || self.pasted.is_none()) {
            let again = app.command(&format!("{verb} --paste"));
            return Err(Error::new(Kind::Usage, problem).hint(format!("{again}, from the start")));
        }
        app.ui.warn(problem);
        Ok(None)
    }
}

/// The lines of standard input as they arrive. The thread ends with the input or the process.
fn lines() -> Receiver<Secret> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = String::new();
            match io::Read::take(&mut input, LONGEST_LINE).read_line(&mut line) {
                Ok(read) if read > 0 && send.send(Secret::new(line)).is_ok() => {}
                _ => return,
            }
        }
    });
    receive
}

/// The code, or the meaning of FreshBooks' refusal (RFC 6749 section 4.1.2.1).
pub(super) fn code(app: &App, verb: &str, outcome: Outcome) -> Result<Secret> {
    let (error, description) = match outcome {
        Outcome::Code(code) => return Ok(code),
        Outcome::Denied { error, description } => (error, description),
    };
    let said =
        description.map_or_else(|| error.clone(), |text| format!("{error}: {}", text.trim_end_matches('.')));
    let auth = app.command(verb);
    let (kind, meaning, hint) = match error.as_str() {
        "access_denied" => {
            (Kind::SignIn, "access was denied in the browser", format!("{auth}, and choose Allow"))
        }
        "invalid_scope" => (
            Kind::Refused,
            "FreshBooks does not grant the scopes",
            "enable them on the app, or request others with `--scope`".to_owned(),
        ),
        "unauthorized_client" => {
            let hint = "check the app's settings".to_owned();
            (Kind::Refused, "FreshBooks does not let this app sign people in", hint)
        }
        "invalid_request" => {
            let plain = app.command("auth --no-pkce");
            (
                Kind::Refused,
                "FreshBooks rejects the request as invalid",
                format!("{plain}, if it does not accept PKCE"),
            )
        }
        "server_error" | "temporarily_unavailable" => {
            (Kind::Unavailable, "FreshBooks is not available", format!("{auth}, later"))
        }
        _ => (Kind::Refused, "FreshBooks refused the sign-in", format!("{auth}, again")),
    };
    Err(Error::new(kind, format!("{meaning} ({said}); nothing was stored")).hint(hint))
}

/// Lists the failures that never reach the redirect.
pub(super) fn timed_out(app: &App, timeout: Duration, redirect: &RedirectUri) -> Error {
    let message = format!(
        "the browser did not come back from FreshBooks within {}. If the browser shows an error there, one of three \
         things is wrong: the client id is unknown; the redirect URI {} is not registered with the app \
         character for character; a scope is not enabled on the app",
        crate::time::spoken(timeout),
        redirect.as_str()
    );
    Error::new(Kind::SignIn, message).hint(format!(
        "correct that and run `{}` again; use `--paste` if the browser cannot reach this machine",
        app.command("auth")
    ))
}
