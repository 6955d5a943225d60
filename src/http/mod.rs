//! The small HTTP layer, and the only place that names `ureq`.
//!
//! It knows time-outs, limits, when to ask again and how to read a complaint, and nothing of what
//! is asked for. Two doors: [`Http::get`], which asks again, and [`Http::post_form`], which never
//! does.
//!
//! - [`exchange`]: one request; [`body`]: what it brings, [`answer`]: what came of it,
//!   [`complaint`]: in whose words.
//! - [`retry`], [`pace`]: when to ask again, and when not so fast; [`skew`]: whose clock is wrong.
//! - [`origin`](mod@origin), [`trust`], [`names`], [`proxy`]: who is spoken to, who is believed, and the
//!   way there; [`distrust`]: why somebody is not believed, [`between`]: who else is there.
//! - [`sent`]: secrets that no answer may bring back.

mod answer;
mod between;
mod body;
mod complaint;
mod distrust;
mod exchange;
mod names;
mod origin;
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

use crate::app::{App, Clock, Endpoints, Stop};
use crate::error::Result;
use crate::secret::Secret;
use crate::ui::Ui;

pub(crate) use answer::{Answer, Failed, Failure};
pub(crate) use between::Between;
pub(crate) use complaint::{Complaint, Meaning};
pub(crate) use distrust::Distrust;
pub(crate) use origin::Origin;
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
    /// A client that talks to the two endpoints of `app` and to nobody else.
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

    /// The same client, which waits for nothing beyond `deadline`.
    pub(crate) fn until(self, deadline: Option<Instant>) -> Self {
        Http { deadline, ..self }
    }

    /// Who stands between this machine and FreshBooks.
    pub(crate) fn between(&self) -> Between {
        self.agents.between(&self.api)
    }

    /// From now on no answer may bring `secret` back; what was sent by this client counts already.
    pub(crate) fn guard(&self, secret: &Secret) {
        self.sent.note(secret);
    }

    /// Whether `text`, which the other side sent, holds a secret.
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
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.get_once(url, bearer, attempt) {
                Ok(answer) => match self.take(&answer, &read) {
                    Ok(value) => return Ok((value, answer)),
                    Err(complaint) => Failure::Answered(Box::new(answer), complaint),
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

    /// What `read` makes of an answer. One that repeats a secret is not read: what is in it would be
    /// kept.
    fn take<T>(&self, answer: &Answer, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Complaint> {
        let text = answer.text();
        let repeats = self.sent.is_in(&text);
        let lacks = match answer.status {
            200 if !repeats => match read(&text) {
                Ok(value) => return Ok(value),
                Err(lacks) => Some(lacks),
            },
            _ => None,
        };
        Err(self.complaint(answer.status, &text, lacks))
    }

    /// Why an answer cannot be used, in words that can be shown.
    fn complaint(&self, status: u16, text: &str, lacks: Option<String>) -> Complaint {
        let complaint = Complaint::read(status, &self.sent.cut_out_of(text), lacks);
        match self.sent.is_in_words(complaint.words()) {
            true => complaint.silenced(status),
            false => complaint,
        }
    }

    /// The same for an answer to a form.
    pub(crate) fn complaint_of(&self, answer: &Answer) -> Complaint {
        self.complaint(answer.status, &answer.text(), None)
    }

    /// How often something had to be asked again, by all clones together.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    fn is_too_late(&self, wait: Duration) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() + wait > deadline)
    }

    /// Says why and waits; on "too many requests" every worker does.
    fn wait_to_ask_again(&self, url: &Url, failure: &Failure, wait: Duration) -> Result<()> {
        self.retries.fetch_add(1, Ordering::Relaxed);
        let seconds = wait.as_secs_f32().ceil();
        self.ui.asks_again(format_args!("{failure}; asking {} again in {seconds} s", url.path()));
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

/// For jitter only; where the system has no random bytes to give, everybody waits the same.
fn random_fraction() -> f64 {
    let mut bytes = [0u8; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}
