//! One request and its complete answer.
//!
//! Redirects are not followed: an API is not expected to redirect, and a token must not follow.

use std::time::{Duration, Instant};

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use url::Url;

use super::{Answer, Failure, Http, body, retry};
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::time::Timestamp;

const CONNECT: Duration = Duration::from_secs(10);
const FIRST_BYTE: Duration = Duration::from_secs(60);
const BETWEEN_BYTES: Duration = Duration::from_secs(30);
const WHOLE_EXCHANGE: Duration = Duration::from_secs(120);
/// Whoever set a deadline has stopped waiting by then, so the request need not last much longer.
const PAST_DEADLINE: Duration = Duration::from_millis(250);
/// The token endpoint answers in a second or not at all, and signals wait for it.
const TOKEN_EXCHANGE: Duration = Duration::from_secs(30);

/// A page of 100 members is about 60 KB; a decompressed body larger than this is not one.
const LARGEST_BODY: u64 = 32 << 20;
/// A pair of tokens is about 2 KB.
const LARGEST_TOKEN_ANSWER: u64 = 1 << 20;

/// Form fields that are not secret.
const NO_SECRETS: [&str; 3] = ["grant_type", "client_id", "redirect_uri"];

/// The settings for connections to any server.
pub(super) fn settings() -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(FIRST_BYTE))
        .timeout_per_read(Some(BETWEEN_BYTES))
        .max_idle_connections_per_host(16)
        .max_idle_age(Duration::from_secs(10))
        // We decompress ourselves, because the size of the result must be limited.
        .accept_encoding("gzip")
        .user_agent(concat!("fbsync/", env!("CARGO_PKG_VERSION")))
}

impl Http {
    pub(super) fn get_once(&self, url: &Url, bearer: &Secret, attempt: u32) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        check_bearer(bearer)?;
        self.keep_pace().map_err(Failure::Fatal)?;
        self.sent.note(bearer);
        let sent = self.agents.send(|agent| {
            let request = agent.get(url.as_str()).header("Accept", "application/json");
            let request = request.config().timeout_global(Some(self.time_left())).build();
            request.header("Authorization", format!("Bearer {}", bearer.expose())).call()
        });
        let answer = self.read_answer(url, sent, LARGEST_BODY)?;
        self.trace("GET", "Authorization: Bearer [redacted]", &answer);
        self.whole(answer, attempt)
    }

    pub(super) fn post_xml_once(
        &self,
        url: &Url,
        xml: &str,
        authorization: &Secret,
        attempt: u32,
    ) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        self.keep_pace().map_err(Failure::Fatal)?;
        let sent = self.agents.send(|agent| {
            let request = agent.post(url.as_str()).header("Accept", "application/xml");
            let request = request.config().timeout_global(Some(self.time_left())).build();
            let request = request.header("Content-Type", "application/xml; charset=utf-8");
            request.header("Authorization", authorization.expose()).send(xml)
        });
        let answer = self.read_answer(url, sent, LARGEST_BODY)?;
        self.trace("POST", "Authorization: OAuth [redacted]", &answer);
        self.whole(answer, attempt)
    }

    /// The answer to a read, if it is complete. If the server says that the rate limit is used up, all
    /// workers wait until it is reset.
    fn whole(&self, answer: Answer, attempts: u32) -> Result<Answer, Failure> {
        if let Some(pause) = answer.exhausted_for
            && self.pace.hold(pause)
        {
            self.ui.detail(1, format_args!("rate limit reached; waiting {} s", pause.as_secs()));
        }
        match answer.broke_off {
            Some(why) => Err(Failure::Lost(why)),
            None => Ok(Answer { attempts, ..answer }),
        }
    }

    /// POSTs a form once (RFC 6749 appendix B). The caller decides what a failure means and what can be
    /// used from an incomplete answer.
    pub(crate) fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        let secrets = form.iter().filter(|(name, _)| !NO_SECRETS.contains(name));
        secrets.for_each(|(_, value)| self.sent.note(&Secret::new(*value)));
        let sent = self.agents.send(|agent| {
            let request = agent.post(url.as_str()).header("Accept", "application/json");
            let request = request.config().timeout_global(Some(TOKEN_EXCHANGE)).build();
            request.send_form(form.iter().copied())
        });
        let answer = self.read_answer(url, sent, LARGEST_TOKEN_ANSWER)?;
        self.trace("POST", "form [redacted]", &answer);
        Ok(answer)
    }

    /// POSTs only a signed header once, as token requests in OAuth 1.0a can be made (RFC 5849 section
    /// 3.5.1). An incomplete form cannot be told from a complete one, so the answer must be complete.
    pub(crate) fn post_signed(&self, url: &Url, authorization: &Secret) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        let sent = self.agents.send(|agent| {
            let request = agent.post(url.as_str()).header("Authorization", authorization.expose());
            request.config().timeout_global(Some(TOKEN_EXCHANGE)).build().send_empty()
        });
        let answer = self.read_answer(url, sent, LARGEST_TOKEN_ANSWER)?;
        self.trace("POST", "Authorization: OAuth [redacted]", &answer);
        if let Some(why) = answer.broke_off {
            return Err(Failure::Lost(why));
        }
        Ok(answer)
    }

    /// The time limit for a request that starts now.
    fn time_left(&self) -> Duration {
        let until = |deadline: Instant| deadline.saturating_duration_since(Instant::now()) + PAST_DEADLINE;
        self.deadline.map_or(WHOLE_EXCHANGE, until).min(WHOLE_EXCHANGE)
    }

    /// The last check before anything is sent: requests go only to our two origins.
    fn check_origin(&self, url: &Url) -> Result<(), Failure> {
        match self.api.holds(url) || self.auth.holds(url) {
            true => Ok(()),
            false => Err(Failure::NotSent("that address does not belong to FreshBooks".to_owned())),
        }
    }

    fn read_answer(
        &self,
        url: &Url,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        largest: u64,
    ) -> Result<Answer, Failure> {
        let mut response = sent.map_err(|error| self.failed(&error))?;
        let received_at = self.clock.now();
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let server_date = header("date").and_then(Timestamp::parse_http_date);
        let now = server_date.unwrap_or(received_at);
        let retry_after = retry::retry_after(status, header("retry-after"), now);
        let exhausted_for = retry::exhausted(
            header("x-ratelimit-remaining"),
            header("x-ratelimit-reset"),
            header("retry-after"),
            now,
        );
        let location = header("location").map(str::to_owned);
        let request_id = header("x-request-id").map(|id| self.sent.silence(id.chars().take(100).collect()));
        let body::Body { bytes, broke_off } = body::read(response.body_mut().as_reader(), largest);
        Ok(Answer {
            url: url.clone(),
            status,
            body: bytes,
            broke_off,
            received_at,
            server_date,
            request_id,
            location,
            attempts: 1,
            retry_after,
            exhausted_for,
        })
    }

    /// Describes the failure, with the proxy if there is one. The library's own message could quote
    /// what a proxy or a server sent.
    fn failed(&self, error: &ureq::Error) -> Failure {
        let way = self.agents.proxy(&self.api).map(|proxy| format!(" (through the proxy {proxy})"));
        let told = |why| self.sent.silence(why) + way.as_deref().unwrap_or_default();
        match Failure::of_call(error) {
            Failure::NotSent(why) => Failure::NotSent(told(why)),
            Failure::Lost(why) => Failure::Lost(told(why)),
            failure => failure,
        }
    }

    fn trace(&self, method: &str, with: &str, answer: &Answer) {
        let Answer { url, status, body, request_id, .. } = answer;
        let id = request_id.as_deref().unwrap_or("-");
        self.ui.detail(2, format_args!("{method} {url} → {status}, {} bytes, request {id}", body.len()));
        self.ui.detail(3, format_args!("  with {with}"));
    }
}

/// Refuses a token that cannot be put in a header (RFC 6750 section 2.1), because every try would fail
/// the same way.
fn check_bearer(bearer: &Secret) -> Result<(), Failure> {
    match bearer.stray_character() {
        None => Ok(()),
        Some(place) => {
            let message =
                format!("the access token is not valid: character {place} cannot be part of a token");
            Err(Failure::Fatal(Error::new(Kind::SignIn, message).hint("sign in again: fbsync auth")))
        }
    }
}
