//! The outcome of a request: an answer, or why there is no usable one.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use url::Url;

use super::body;
use super::complaint::{Complaint, Meaning};
use super::distrust::Distrust;
use super::retry::Outcome;
use super::skew::Skew;
use crate::error::{Error, Kind};
use crate::time::Timestamp;

/// One complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: u16,
    /// Decompressed, otherwise as received.
    pub(crate) body: Vec<u8>,
    /// Why the body is incomplete; only [`post_form`](super::Http::post_form) returns such an answer.
    pub(crate) broke_off: Option<String>,
    pub(crate) received_at: Timestamp,
    /// The server's clock, from the `Date` header.
    pub(crate) server_date: Option<Timestamp>,
    pub(crate) request_id: Option<String>,
    /// The target of a redirect, which is never followed.
    pub(crate) location: Option<String>,
    /// The number of requests it took, including this one.
    pub(crate) attempts: u32,
    pub(crate) retry_after: Option<Duration>,
    /// How long the rate limit remains used up.
    pub(super) exhausted_for: Option<Duration>,
}

impl Answer {
    /// The body as text that can be parsed.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        body::text(&self.body)
    }

    /// The difference between this machine's clock and the server's, if the answer shows it.
    pub(crate) fn skew(&self) -> Option<Skew> {
        self.server_date.map(|date| Skew::between(self.received_at, date))
    }

    /// Adds the number of earlier requests for the same thing.
    pub(crate) fn after(mut self, earlier: u32) -> Self {
        self.attempts += earlier;
        self
    }
}

/// Why there is no usable answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was an answer, but not the one asked for. Contains the last one.
    Answered(Box<Answer>, Complaint),
    /// No connection was made, so nothing was sent.
    NotSent(String),
    /// The server's certificate is not trusted, so nothing was sent, and a retry would not help.
    Distrusted(Distrust),
    /// The connection broke after something could have been sent: whether the server acted on it is
    /// unknown.
    Lost(String),
    /// The command cannot go on: a signal arrived, or there is no token to use.
    Fatal(Error),
}

impl Failure {
    /// Distinguishes "nothing was sent" from "not known", which is the difference that matters for a
    /// refresh token.
    pub(super) fn of_call(error: &ureq::Error) -> Self {
        use ureq::Timeout::{Connect, Resolve};
        let why = error.to_string();
        if let Some(distrust) = Distrust::of(error) {
            return Failure::Distrusted(distrust);
        }
        match error {
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

    /// The outcome, for the decision whether to retry.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Failure::Answered(answer, complaint) => match complaint.meaning {
                Meaning::Passing | Meaning::Foreign => Outcome::Passing { retry_after: answer.retry_after },
                Meaning::Refused | Meaning::TokenRefused => Outcome::Final,
            },
            Failure::NotSent(_) | Failure::Lost(_) => Outcome::Passing { retry_after: None },
            Failure::Distrusted(_) | Failure::Fatal(_) => Outcome::Final,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Answered(answer, complaint) => {
                write!(f, "HTTP {}: {}", answer.status, complaint.words())
            }
            Failure::NotSent(why) | Failure::Lost(why) => f.write_str(why),
            Failure::Distrusted(distrust) => distrust.fmt(f),
            Failure::Fatal(error) => error.fmt(f),
        }
    }
}

/// The failure of the last try, and the number of tries.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) attempts: u32,
}

impl Failed {
    /// Adds the number of earlier requests for the same thing.
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
        let unavailable = |message| Error::new(Kind::Unavailable, message);
        match self.failure {
            Failure::Fatal(error) => error,
            Failure::Answered(answer, complaint) => match complaint.meaning {
                Meaning::TokenRefused => Error::new(Kind::SignIn, message),
                Meaning::Refused if answer.status < 500 => Error::new(Kind::Refused, message),
                Meaning::Refused | Meaning::Passing => unavailable(message),
                Meaning::Foreign if complaint.is_theirs => unavailable(message),
                Meaning::Foreign => unavailable(message).hint(
                    "check what is between this machine and FreshBooks (proxy, firewall, a network's own \
                     sign-in page), and run the command again",
                ),
            },
            Failure::Distrusted(distrust) => unavailable(message).hint(distrust.hint),
            Failure::NotSent(_) | Failure::Lost(_) => unavailable(message)
                .hint("check the connection (proxy, firewall, DNS) and run the command again"),
        }
    }

    /// Whether another access token could help.
    pub(crate) fn refuses_token(&self) -> bool {
        matches!(&self.failure, Failure::Answered(_, complaint) if complaint.meaning == Meaning::TokenRefused)
    }

    /// Whether FreshBooks itself says that this cannot be read, or does not exist. A 401 counts only
    /// after a new token was tried, because no status is documented for "not yours".
    pub(crate) fn is_denial(&self) -> bool {
        matches!(
            &self.failure,
            Failure::Answered(answer, complaint)
                if complaint.is_theirs && matches!(answer.status, 401 | 403 | 404)
        )
    }

    /// The status of the last answer, if any.
    pub(crate) fn status(&self) -> Option<u16> {
        match &self.failure {
            Failure::Answered(answer, _) => Some(answer.status),
            _ => None,
        }
    }
}
