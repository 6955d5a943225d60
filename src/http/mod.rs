//! The small HTTP layer, and the only place that names `ureq`.
//!
//! It knows time-outs, limits, when to ask again and how to read a complaint, and nothing of what
//! is asked for. Two doors: [`Http::get`], which asks again, and [`Http::post_form`], which never
//! does. Redirects are not followed: an API that redirects is a surprise, and a token must not go along.

mod complaint;
mod origin;
mod pace;
mod proxy;
pub(crate) mod retry;
mod trust;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use url::Url;

use crate::app::{App, Clock, Endpoints, Stop};
use crate::error::{Error, Kind, Result};
use crate::model::Timestamp;
use crate::secret::Secret;
use crate::ui::Ui;

pub(crate) use complaint::{complaint, oauth_error};
pub(crate) use origin::Origin;
use pace::Pace;
use retry::{Outcome, Verdict};
use trust::Agents;
pub(crate) use trust::TRUST_HINT;

const CONNECT: Duration = Duration::from_secs(10);
const FIRST_BYTE: Duration = Duration::from_secs(60);
const BETWEEN_BYTES: Duration = Duration::from_secs(30);
const WHOLE_EXCHANGE: Duration = Duration::from_secs(120);
/// Whoever set a deadline has stopped waiting by then; the request need not outlive it for long.
const PAST_DEADLINE: Duration = Duration::from_millis(250);
/// The token endpoint answers in a second or not at all, and signals wait for it.
const TOKEN_EXCHANGE: Duration = Duration::from_secs(30);

/// A page of 100 members is about 60 KB; what is larger than this is not one.
const LARGEST_BODY: u64 = 32 << 20;

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
    /// Requests that it took, this one included.
    pub(crate) attempts: u32,
    pub(crate) retry_after: Option<Duration>,
    /// The server's allowance is used up for so long.
    exhausted_for: Option<Duration>,
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

#[derive(Clone)]
pub(crate) struct Http {
    agents: Agents,
    clock: Clock,
    stop: Stop,
    ui: Ui,
    allowed: Arc<[Origin]>,
    pace: Pace,
    deadline: Option<Instant>,
    retries: Arc<AtomicU64>,
}

impl Http {
    /// A client that talks to the two endpoints of `app` and to nobody else.
    pub(crate) fn new(app: &App) -> Result<Self> {
        let agents = Agents::new(&app.endpoints, app.ui, || {
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .timeout_connect(Some(CONNECT))
                .timeout_recv_response(Some(FIRST_BYTE))
                .timeout_per_read(Some(BETWEEN_BYTES))
                .max_idle_connections_per_host(16)
                .max_idle_age(Duration::from_secs(10))
                .user_agent(concat!("fbsync/", env!("CARGO_PKG_VERSION")))
        })?;
        let Endpoints { api, auth } = app.endpoints.clone();
        let allowed = Arc::new([api, auth]);
        let (clock, stop) = (app.clock.clone(), app.stop.clone());
        Ok(Http {
            agents,
            clock,
            stop,
            ui: app.ui,
            allowed,
            pace: Pace::default(),
            deadline: None,
            retries: Arc::default(),
        })
    }

    /// The same client, which waits for nothing beyond `deadline`.
    pub(crate) fn until(self, deadline: Option<Instant>) -> Self {
        Http { deadline, ..self }
    }

    /// GETs `url` until `read` can use the answer, or it is time to give up.
    pub(crate) fn get<T>(
        &self,
        url: &Url,
        bearer: &Secret,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<(T, Answer), Failed> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.get_once(url, bearer, attempt) {
                Ok(answer) if answer.status == 200 => match read(&answer.body) {
                    Ok(value) => return Ok((value, answer)),
                    Err(problem) => Failure::Answered(Box::new(answer), problem),
                },
                Ok(answer) => {
                    let complaint = complaint(answer.status, &without(bearer, &answer.body));
                    Failure::Answered(Box::new(answer), complaint)
                }
                Err(failure) => failure,
            };
            let wait = match retry::judge(attempt, outcome_of(&failure), random_fraction()) {
                Verdict::Wait(wait) if !self.is_too_late(wait) => wait,
                Verdict::Wait(_) | Verdict::GiveUp => return Err(Failed { failure, attempts: attempt }),
            };
            if let Err(stopped) = self.wait_to_ask_again(url, &failure, wait) {
                return Err(Failed { failure: Failure::Fatal(stopped), attempts: attempt });
            }
        }
    }

    /// How often something had to be asked again, by all clones together.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    fn is_too_late(&self, wait: Duration) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() + wait > deadline)
    }

    /// How long a request may take that begins now.
    fn time_left(&self) -> Duration {
        let until = |deadline: Instant| deadline.saturating_duration_since(Instant::now()) + PAST_DEADLINE;
        self.deadline.map_or(WHOLE_EXCHANGE, until).min(WHOLE_EXCHANGE)
    }

    /// Tells why and waits; on "too many requests" every worker does.
    fn wait_to_ask_again(&self, url: &Url, failure: &Failure, wait: Duration) -> Result<()> {
        self.retries.fetch_add(1, Ordering::Relaxed);
        let seconds = wait.as_secs_f32().ceil();
        self.ui.note(format_args!("{failure}; asking {} again in {seconds} s", url.path()));
        match failure {
            Failure::Answered(answer, _) if answer.status == 429 => drop(self.pace.hold(wait)),
            _ => self.clock.sleep(wait, &self.stop)?,
        }
        self.stop.check()
    }

    /// Waits for the common pace, which may have been put off meanwhile.
    fn keep_pace(&self) -> Result<()> {
        self.clock.sleep(self.pace.wait(), &self.stop)
    }

    fn get_once(&self, url: &Url, bearer: &Secret, attempt: u32) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        self.keep_pace().map_err(Failure::Fatal)?;
        let sent = self.agents.send(|agent| {
            let request = agent.get(url.as_str()).header("Accept", "application/json");
            let request = request.config().timeout_global(Some(self.time_left())).build();
            request.header("Authorization", format!("Bearer {}", bearer.expose())).call()
        });
        let answer = self.read_answer(url, sent, attempt)?;
        self.trace("GET", &answer);
        if let Some(pause) = answer.exhausted_for
            && self.pace.hold(pause)
        {
            self.ui.detail(1, format_args!("FreshBooks' allowance is used up for {} s", pause.as_secs()));
        }
        Ok(answer)
    }

    /// POSTs a form once (RFC 6749 appendix B). The caller decides what a failure means.
    pub(crate) fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        let sent = self.agents.send(|agent| {
            let request = agent.post(url.as_str()).header("Accept", "application/json");
            let request = request.config().timeout_global(Some(TOKEN_EXCHANGE)).build();
            request.send_form(form.iter().copied())
        });
        let answer = self.read_answer(url, sent, 1)?;
        self.trace("POST", &answer);
        Ok(answer)
    }

    /// The last gate before bytes leave: whatever was asked above, only our two origins are spoken to.
    fn check_origin(&self, url: &Url) -> Result<(), Failure> {
        match self.allowed.iter().any(|origin| origin.holds(url)) {
            true => Ok(()),
            false => Err(Failure::NotSent("that address is not FreshBooks'".to_owned())),
        }
    }

    fn read_answer(
        &self,
        url: &Url,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        attempts: u32,
    ) -> Result<Answer, Failure> {
        let mut response = sent.map_err(|error| failed_call(&error))?;
        let received_at = self.clock.now();
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = retry::retry_after(status, header("retry-after"), received_at);
        let server_date = header("date").and_then(Timestamp::parse_http_date);
        let exhausted_for =
            retry::exhausted(header("x-ratelimit-remaining"), header("x-ratelimit-reset"), received_at);
        let request_id = header("x-request-id").map(|id| id.chars().take(100).collect());
        let body = response.body_mut().with_config().limit(LARGEST_BODY).read_to_vec();
        let body = body.map_err(|error| Failure::Lost(format!("the answer broke off: {error}")))?;
        let url = url.clone();
        Ok(Answer {
            url,
            status,
            body,
            received_at,
            server_date,
            request_id,
            attempts,
            retry_after,
            exhausted_for,
        })
    }

    fn trace(&self, method: &str, answer: &Answer) {
        let Answer { url, status, body, request_id, .. } = answer;
        let id = request_id.as_deref().unwrap_or("-");
        self.ui.detail(2, format_args!("{method} {url} → {status}, {} bytes, request {id}", body.len()));
        self.ui.detail(
            3,
            format_args!(
                "  with {}",
                if method == "GET" { "Authorization: Bearer [redacted]" } else { "form [redacted]" }
            ),
        );
    }
}

/// An answer may quote the request, token and all.
fn without(token: &Secret, body: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(body).replace(token.expose(), "[redacted]").into_bytes()
}

fn outcome_of(failure: &Failure) -> Outcome {
    match failure {
        Failure::Answered(answer, _) => {
            Outcome::Answered { status: answer.status, retry_after: answer.retry_after }
        }
        Failure::NotSent(_) | Failure::Lost(_) => Outcome::Broken,
        // Not worth another try: seen as an answer that is final.
        Failure::Distrusted(_) | Failure::Fatal(_) => Outcome::Answered { status: 0, retry_after: None },
    }
}

/// Tells "nothing was sent" from "who knows", which is all the difference for a refresh token.
fn failed_call(error: &ureq::Error) -> Failure {
    use ureq::Timeout::{Connect, Resolve};
    let why = error.to_string();
    match error {
        error if trust::is_distrust(error) => Failure::Distrusted(why.trim_start_matches("io: ").to_owned()),
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Timeout(Connect | Resolve) => Failure::NotSent(why),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::ConnectProxyFailed(_) => {
            Failure::NotSent(why)
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Failure::NotSent(why),
        _ => Failure::Lost(why),
    }
}

/// For jitter alone; where the system has no random bytes to give, everybody waits the same.
fn random_fraction() -> f64 {
    let mut bytes = [0u8; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

impl Answer {
    /// Counts the requests that were made before this one for the same thing.
    pub(crate) fn after(mut self, earlier: u32) -> Self {
        self.attempts += earlier;
        self
    }
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
