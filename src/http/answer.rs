//! What came of a request: an answer, or why there is none that can be used.

use std::fmt;
use std::io;
use std::time::Duration;

use url::Url;

use super::retry::{self, Outcome};
use super::trust::{self, TRUST_HINT};
use crate::error::{Error, Kind};
use crate::time::Timestamp;

/// One answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: Timestamp,
    /// The server's own clock, from `Date`.
    pub(crate) server_date: Option<Timestamp>,
    pub(crate) request_id: Option<String>,
    /// Where a redirect leads, which is never followed.
    pub(crate) location: Option<String>,
    /// Requests that it took, this one included.
    pub(crate) attempts: u32,
    pub(crate) retry_after: Option<Duration>,
    /// The server's allowance is used up for so long.
    pub(super) exhausted_for: Option<Duration>,
}

impl Answer {
    /// Counts the requests that were made before this one for the same thing.
    pub(crate) fn after(mut self, earlier: u32) -> Self {
        self.attempts += earlier;
        self
    }
}

/// Why there is no answer that can be used.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server answered, and not with what was asked for. Its last answer.
    Answered(Box<Answer>, String),
    /// No connection was made: nothing was sent.
    NotSent(String),
    /// The other side's certificate is not believed, so nothing was sent, nor would be next time.
    Distrusted(String),
    /// It broke after something may have been sent: whether it was acted on is unknown.
    Lost(String),
    /// The command cannot go on: a signal came, or there is no token to ask with.
    Fatal(Error),
}

impl Failure {
    /// Tells "nothing was sent" from "who knows", which is all the difference for a refresh token.
    pub(super) fn of_call(error: &ureq::Error) -> Self {
        use ureq::Timeout::{Connect, Resolve};
        let why = error.to_string();
        match error {
            error if trust::is_distrust(error) => {
                Failure::Distrusted(why.trim_start_matches("io: ").to_owned())
            }
            ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(Connect | Resolve) => Failure::NotSent(why),
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::ConnectProxyFailed(_) => {
                Failure::NotSent(why)
            }
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Failure::NotSent(why)
            }
            _ => Failure::Lost(why),
        }
    }

    /// For the judge of whether to ask again.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Failure::Answered(answer, _) => {
                Outcome::Answered { status: answer.status, retry_after: answer.retry_after }
            }
            Failure::NotSent(_) | Failure::Lost(_) => Outcome::Broken,
            // Not worth another try: seen as an answer that is final.
            Failure::Distrusted(_) | Failure::Fatal(_) => Outcome::Answered { status: 0, retry_after: None },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Answered(answer, complaint) => write!(f, "HTTP {}: {complaint}", answer.status),
            Failure::NotSent(why) | Failure::Distrusted(why) | Failure::Lost(why) => f.write_str(why),
            Failure::Fatal(error) => error.fmt(f),
        }
    }
}

/// What a failed try was and how many were made.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) attempts: u32,
}

impl Failed {
    /// Counts the requests that were made before these for the same thing.
    pub(crate) fn after(mut self, earlier: u32) -> Self {
        self.attempts += earlier;
        self
    }

    /// The error for a request whose failure ends the command. `what` completes "cannot …".
    pub(crate) fn into_error(self, what: &str) -> Error {
        let tries = match self.attempts {
            1 => String::new(),
            n => format!(" ({n} tries)"),
        };
        let message = format!("cannot {what}: {}{tries}", self.failure);
        match self.failure {
            Failure::Fatal(error) => error,
            Failure::Answered(answer, _) => match answer.status {
                401 => Error::new(Kind::SignIn, message),
                status if retry::worth_retrying(status) || status >= 500 => {
                    Error::new(Kind::Unavailable, message)
                }
                _ => Error::new(Kind::Refused, message),
            },
            Failure::Distrusted(_) => Error::new(Kind::Unavailable, message).hint(TRUST_HINT),
            Failure::NotSent(_) | Failure::Lost(_) => Error::new(Kind::Unavailable, message)
                .hint("check the connection (proxy, firewall, DNS) and run the command again"),
        }
    }

    /// The status of the last answer, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        match &self.failure {
            Failure::Answered(answer, _) => Some(answer.status),
            _ => None,
        }
    }
}
