//! One request and its answer, read to the end.
//!
//! Redirects are not followed: an API that redirects is a surprise, and a token must not go along.

use std::time::{Duration, Instant};

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use url::Url;

use super::{Answer, Failure, Http, retry};
use crate::secret::Secret;
use crate::time::Timestamp;

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

/// How connections are used, whoever is at the other end.
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
        .user_agent(concat!("fbsync/", env!("CARGO_PKG_VERSION")))
}

impl Http {
    pub(super) fn get_once(&self, url: &Url, bearer: &Secret, attempt: u32) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        self.keep_pace().map_err(Failure::Fatal)?;
        let sent = self.agents.send(|agent| {
            let request = agent.get(url.as_str()).header("Accept", "application/json");
            let request = request.config().timeout_global(Some(self.time_left())).build();
            request.header("Authorization", format!("Bearer {}", bearer.expose())).call()
        });
        let answer = self.read_answer(url, sent, attempt)?;
        self.trace("GET", "Authorization: Bearer [redacted]", &answer);
        self.hold_if_exhausted(&answer);
        Ok(answer)
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
        let answer = self.read_answer(url, sent, attempt)?;
        self.trace("POST", "Authorization: OAuth [redacted]", &answer);
        self.hold_if_exhausted(&answer);
        Ok(answer)
    }

    /// When the server says that nothing more is left, nobody asks until it is.
    fn hold_if_exhausted(&self, answer: &Answer) {
        if let Some(pause) = answer.exhausted_for
            && self.pace.hold(pause)
        {
            self.ui.detail(1, format_args!("FreshBooks' allowance is used up for {} s", pause.as_secs()));
        }
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
        self.trace("POST", "form [redacted]", &answer);
        Ok(answer)
    }

    /// POSTs nothing but a signed header once, as the token requests of OAuth 1.0a may be made (RFC
    /// 5849 section 3.5.1).
    pub(crate) fn post_signed(&self, url: &Url, authorization: &Secret) -> Result<Answer, Failure> {
        self.check_origin(url)?;
        let sent = self.agents.send(|agent| {
            let request = agent.post(url.as_str()).header("Authorization", authorization.expose());
            request.config().timeout_global(Some(TOKEN_EXCHANGE)).build().send_empty()
        });
        let answer = self.read_answer(url, sent, 1)?;
        self.trace("POST", "Authorization: OAuth [redacted]", &answer);
        Ok(answer)
    }

    /// How long a request may take that begins now.
    fn time_left(&self) -> Duration {
        let until = |deadline: Instant| deadline.saturating_duration_since(Instant::now()) + PAST_DEADLINE;
        self.deadline.map_or(WHOLE_EXCHANGE, until).min(WHOLE_EXCHANGE)
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
        let mut response = sent.map_err(|error| Failure::of_call(&error))?;
        let received_at = self.clock.now();
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = retry::retry_after(status, header("retry-after"), received_at);
        let server_date = header("date").and_then(Timestamp::parse_http_date);
        let exhausted_for =
            retry::exhausted(header("x-ratelimit-remaining"), header("x-ratelimit-reset"), received_at);
        let location = header("location").map(str::to_owned);
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
            location,
            attempts,
            retry_after,
            exhausted_for,
        })
    }

    fn trace(&self, method: &str, with: &str, answer: &Answer) {
        let Answer { url, status, body, request_id, .. } = answer;
        let id = request_id.as_deref().unwrap_or("-");
        self.ui.detail(2, format_args!("{method} {url} → {status}, {} bytes, request {id}", body.len()));
        self.ui.detail(3, format_args!("  with {with}"));
    }
}
