//! The small HTTP layer, and the only place that names `ureq`.
//!
//! It handles time-outs, limits, retries and error answers, and does not know what is asked for. Reads
//! are retried ([`Http::get`], and [`Http::post_xml`] for reads that are made by POST); requests that
//! spend a token never are ([`Http::post_form`], [`Http::post_signed`]).
//!
//! - [`exchange`]: one request; [`body`]: its content, [`answer`]: its outcome, [`complaint`]: error
//!   answers.
//! - [`retry`], [`pace`]: when to retry, and when to slow down; [`skew`]: clocks that differ.
//! - [`trust`], [`names`], [`proxy`]: which servers are trusted, and how to reach them; [`distrust`]:
//!   why a certificate is not trusted, [`between`]: proxies and trust stores to record.
//! - [`sent`]: secrets that must not come back in an answer.

mod answer;
mod between;
mod body;
mod complaint;
mod distrust;
mod exchange;
mod names;
mod pace;
mod proxy;
pub(crate) mod retry;
mod sent;
mod skew;
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
pub(crate) use between::Between;
pub(crate) use complaint::{Complaint, Meaning, tidy};
pub(crate) use distrust::Distrust;
use pace::Pace;
use retry::Verdict;
use sent::Sent;
pub(crate) use skew::Skew;
use trust::Agents;

#[derive(Clone)]
pub(crate) struct Http {
    agents: Agents,
    clock: Clock,
    stop: Stop,
    ui: Ui,
    api: Origin,
    auth: Origin,
    sent: Sent,
    pace: Pace,
    deadline: Option<Instant>,
    retries: Arc<AtomicU64>,
}

impl Http {
    /// A client that talks only to the two endpoints of `app`.
    pub(crate) fn new(app: &App) -> Result<Self> {
        let agents = Agents::new(&app.endpoints, app.ui, exchange::settings)?;
        let Endpoints { api, auth } = app.endpoints.clone();
        let sent = Sent::default();
        agents.proxy_password().iter().for_each(|password| sent.note(password));
        let (clock, stop) = (app.clock.clone(), app.stop.clone());
        Ok(Http {
            agents,
            clock,
            stop,
            ui: app.ui,
            api,
            auth,
            sent,
            pace: Pace::default(),
            deadline: None,
            retries: Arc::default(),
        })
    }

    /// The same client, which waits for nothing after `deadline`.
    pub(crate) fn until(self, deadline: Option<Instant>) -> Self {
        Http { deadline, ..self }
    }

    /// What is between this machine and FreshBooks.
    pub(crate) fn between(&self) -> Between {
        self.agents.between(&self.api)
    }

    /// From now on `secret` must not come back in an answer; secrets that this client has sent are
    /// already covered.
    pub(crate) fn guard(&self, secret: &Secret) {
        self.sent.note(secret);
    }

    /// Whether `text` from the other side contains a secret.
    pub(crate) fn is_repeated_in(&self, text: &str) -> bool {
        self.sent.is_in(text)
    }

    /// GETs `url` until `read` can use the answer, or it is time to give up.
    pub(crate) fn get<T>(
        &self,
        url: &Url,
        bearer: &Secret,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<(T, Answer), Failed> {
        let read = |answer: &Answer| read(&answer.text());
        let judge = |answer: &Answer, lacks| self.complaint_of(answer, lacks);
        self.until_usable(url, read, judge, |attempt| self.get_once(url, bearer, attempt))
    }

    /// POSTs a request in XML until `read` can use the answer, or it is time to give up. `sign` creates
    /// the `Authorization` header for each try, because a nonce can be used only once (RFC 5849 section
    /// 3.3). `judge` says what an unusable answer means, and what is missing from one with status 200.
    pub(crate) fn post_xml<T>(
        &self,
        url: &Url,
        xml: &str,
        sign: impl Fn(Timestamp) -> Result<Secret>,
        read: impl Fn(&[u8]) -> Result<T, String>,
        judge: impl Fn(&Answer, Option<String>) -> Complaint,
    ) -> Result<(T, Answer), Failed> {
        let read = |answer: &Answer| read(&answer.body);
        self.until_usable(url, read, judge, |attempt| {
            let authorization = sign(self.clock.now()).map_err(Failure::Fatal)?;
            self.post_xml_once(url, xml, &authorization, attempt)
        })
    }

    fn until_usable<T>(
        &self,
        url: &Url,
        read: impl Fn(&Answer) -> Result<T, String>,
        judge: impl Fn(&Answer, Option<String>) -> Complaint,
        ask: impl Fn(u32) -> Result<Answer, Failure>,
    ) -> Result<(T, Answer), Failed> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match ask(attempt) {
                Ok(answer) => match self.take(&answer, &read) {
                    Ok(value) => return Ok((value, answer)),
                    Err(lacks) => {
                        let complaint = self.without_secrets(answer.status, judge(&answer, lacks));
                        Failure::Answered(Box::new(answer), complaint)
                    }
                },
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

    /// The result of `read`, or what the answer lacks. An answer that repeats a secret is not read,
    /// because its content would be stored.
    fn take<T>(
        &self,
        answer: &Answer,
        read: impl Fn(&Answer) -> Result<T, String>,
    ) -> Result<T, Option<String>> {
        match answer.status {
            200 if self.sent.is_in(&answer.text()) => {
                Err(Some("the answer repeats a secret that was sent, and is not used".to_owned()))
            }
            200 => read(answer).map_err(Some),
            _ => Err(None),
        }
    }

    /// Why an answer cannot be used, in words that can be shown. `lacks` is what is missing from one
    /// with status 200.
    pub(crate) fn complaint_of(&self, answer: &Answer, lacks: Option<String>) -> Complaint {
        let complaint = Complaint::read(answer.status, &self.sent.cut_out_of(&answer.text()), lacks);
        self.without_secrets(answer.status, complaint)
    }

    fn without_secrets(&self, status: u16, complaint: Complaint) -> Complaint {
        match self.sent.is_in_words(complaint.words()) {
            true => complaint.silenced(status),
            false => complaint,
        }
    }

    /// The number of retries by all clones together.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    fn is_too_late(&self, wait: Duration) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() + wait > deadline)
    }

    /// Reports the reason and waits; after "too many requests" every worker waits.
    fn wait_to_ask_again(&self, url: &Url, failure: &Failure, wait: Duration) -> Result<()> {
        self.retries.fetch_add(1, Ordering::Relaxed);
        let seconds = wait.as_secs_f32().ceil();
        self.ui.asks_again(format_args!("{failure}; retrying {} in {seconds} s", url.path()));
        match failure {
            Failure::Answered(answer, _) if answer.status == 429 => drop(self.pace.hold(wait)),
            _ => self.clock.sleep(wait, &self.stop)?,
        }
        self.stop.check()
    }

    /// Waits until the shared pace allows a request; the pace can be extended while waiting.
    fn keep_pace(&self) -> Result<()> {
        self.clock.sleep(self.pace.wait(), &self.stop)
    }
}

/// `words` from the other side without these secrets, or only a placeholder if they contain one in
/// another encoding.
pub(crate) fn without(secrets: &[&Secret], words: &str) -> String {
    let sent = Sent::default();
    secrets.iter().for_each(|secret| sent.note(secret));
    sent.silence(sent.cut_out_of(words).into_owned())
}

/// Only for jitter; without random bytes from the system, everybody waits equally long.
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

    /// An answer from FreshBooks, for tests.
    pub(crate) fn answer(status: u16, body: &str) -> Answer {
        Answer {
            url: Url::parse("https://acme.freshbooks.com/").expect("an address"),
            status,
            body: body.as_bytes().to_vec(),
            broke_off: None,
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
