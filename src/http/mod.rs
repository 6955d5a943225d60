//! The small HTTP layer, and the only place that names `ureq`.
//!
//! It knows time-outs, limits, when to ask again and how to read a complaint, and nothing of what
//! is asked for. Reads ask again ([`Http::get`], and [`Http::post_xml`] for reads that are made by
//! POST); what spends a token never does ([`Http::post_form`], [`Http::post_signed`]).
//!
//! - [`exchange`]: one request; [`answer`]: what came of it, [`complaint`](mod@complaint): in words.
//! - [`retry`], [`pace`]: when to ask again, and when not so fast.
//! - [`trust`], [`names`], [`proxy`]: who is believed, and the way there.

mod answer;
mod complaint;
mod exchange;
mod names;
mod pace;
mod proxy;
pub(crate) mod retry;
mod trust;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use url::Url;

use crate::app::{App, Clock, Endpoints};
use crate::error::Result;
use crate::origin::Origin;
use crate::secret::Secret;
use crate::stop::Stop;
use crate::time::Timestamp;
use crate::ui::Ui;

pub(crate) use answer::{Answer, Failed, Failure};
pub(crate) use complaint::{complaint, oauth_error, tidy};
use pace::Pace;
use retry::Verdict;
use trust::Agents;
pub(crate) use trust::TRUST_HINT;

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
        let agents = Agents::new(&app.endpoints, app.ui, exchange::settings)?;
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
        self.until_usable(url, &[bearer], read, |attempt| self.get_once(url, bearer, attempt))
    }

    /// POSTs a question in XML until `read` can use the answer, or it is time to give up. `sign` makes
    /// the `Authorization` of each try: a nonce counts once (RFC 5849 section 3.3).
    pub(crate) fn post_xml<T>(
        &self,
        url: &Url,
        xml: &str,
        secrets: &[&Secret],
        sign: impl Fn(Timestamp) -> Result<Secret>,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<(T, Answer), Failed> {
        self.until_usable(url, secrets, read, |attempt| {
            let authorization = sign(self.clock.now()).map_err(Failure::Fatal)?;
            self.post_xml_once(url, xml, &authorization, attempt)
        })
    }

    fn until_usable<T>(
        &self,
        url: &Url,
        secrets: &[&Secret],
        read: impl Fn(&[u8]) -> Result<T, String>,
        ask: impl Fn(u32) -> Result<Answer, Failure>,
    ) -> Result<(T, Answer), Failed> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match ask(attempt) {
                Ok(answer) if answer.status == 200 => match read(&answer.body) {
                    Ok(value) => return Ok((value, answer)),
                    Err(problem) => Failure::Answered(Box::new(answer), problem),
                },
                Ok(answer) => {
                    let complaint = complaint(answer.status, &without(secrets, &answer.body));
                    Failure::Answered(Box::new(answer), complaint)
                }
                Err(failure) => failure,
            };
            let wait = match retry::judge(attempt, failure.outcome(), random_fraction()) {
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
}

/// An answer may quote the request, token and all.
pub(crate) fn without(secrets: &[&Secret], body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).into_owned();
    let known = secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty());
    known.fold(text, |text, secret| text.replace(secret, "[redacted]")).into_bytes()
}

/// For jitter alone; where the system has no random bytes to give, everybody waits the same.
fn random_fraction() -> f64 {
    let mut bytes = [0u8; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An answer of FreshBooks', for whoever has to judge one.
    pub(crate) fn answer(status: u16, body: &str) -> Answer {
        Answer {
            url: Url::parse("https://acme.freshbooks.com/").expect("an address"),
            status,
            body: body.as_bytes().to_vec(),
            received_at: Timestamp::EPOCH,
            server_date: None,
            request_id: None,
            location: None,
            attempts: 1,
            retry_after: None,
            exhausted_for: None,
        }
    }
}
