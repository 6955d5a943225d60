//! FreshBooks Classic: the API of systems that never moved, with OAuth 1.0a and XML. Nothing outside
//! this folder knows either.
//!
//! - [`system`]: which Classic; [`tokens`]: how a person signs in; [`signature`]: how requests are signed.
//! - [`wire`]: requests and the envelope of answers; [`xml`]: how XML is read; [`problem`]: why an answer
//!   is not what was asked for.
//! - [`model`]: from Classic's elements to model types.
//!
//! Source: the Classic API documentation (freshbooks.com/classic-api/docs) and libraries for it that
//! were used for years, since the documentation leaves failures out.

mod model;
mod problem;
mod signature;
mod system;
mod tokens;
mod wire;
mod xml;

use crate::app::App;
use crate::error::{Error, Result};
use crate::freshbooks::{Me, Person, Reached, Reply};
use crate::http::{Answer, Complaint, Failed, Failure, Http, Meaning};
use crate::model::rows::full_name;
use problem::Problem;
use wire::Response;
use xml::Element;

pub(crate) use model::{List, ListPage, Recorded};
pub(crate) use signature::{Signer, Token};
pub(crate) use system::{System, is_genuine};
pub(crate) use tokens::{OUT_OF_BAND, TokenDesk};

/// The four reads of one system. Each is a POST of an XML request to the same address.
#[derive(Clone)]
pub(crate) struct Classic {
    http: Http,
    /// Pointed at the system by [`System::app`].
    app: App,
    system: System,
    signer: Signer,
}

impl Classic {
    pub(crate) fn new(http: Http, app: &App, system: System, signer: Signer) -> Self {
        Classic { http, app: app.clone(), system, signer }
    }

    /// How often something had to be asked again so far.
    pub(crate) fn retries(&self) -> u64 {
        self.http.retries()
    }

    /// Who signed in, the system as their business, and the two answers with what was asked.
    pub(crate) fn me(&self) -> Result<(Me, [(String, Answer); 2]), Failed> {
        let (company, first) = self.ask("system.current", None, model::company)?;
        let (current, second) = self.ask("staff.current", None, model::current)?;
        match model::me(&self.system, &company, &current) {
            Ok(me) => {
                let shown = |method| self.shown(method, None);
                Ok((me, [(shown("system.current"), first), (shown("staff.current"), second)]))
            }
            Err(why) => Err(failed(second, Complaint::of(Meaning::Foreign, false, why))),
        }
    }

    /// One page of a list; `me` is the identity that signed in.
    pub(crate) fn page(&self, list: List, page: i64, me: i64) -> Reply<ListPage> {
        self.ask(list.method(), Some(page), |root| model::page(&self.system, me, list, &root))
    }

    /// A request as it is recorded. The part after `#`, which is not sent, says which of the reads it was.
    pub(crate) fn shown(&self, method: &str, page: Option<i64>) -> String {
        let mut url = self.app.endpoints.api.url(&["api", "2.1", "xml-in"]);
        let page = page.map(|page| format!("&page={page}")).unwrap_or_default();
        url.set_fragment(Some(&format!("method={method}{page}")));
        url.into()
    }

    fn ask<T>(
        &self,
        method: &str,
        page: Option<i64>,
        read: impl Fn(Element) -> Result<T, String>,
    ) -> Reply<T> {
        let url = self.app.endpoints.api.url(&["api", "2.1", "xml-in"]);
        self.signer.secrets().into_iter().for_each(|secret| self.http.guard(secret));
        let sign = |now| self.signer.authorization(now, &[]);
        // A refusal is an answer, so it is not retried.
        let read = |body: &[u8]| match wire::response(body)? {
            Response::Ok(root) => read(root).map(Some),
            Response::Fail(_) => Ok(None),
        };
        let judge = |answer: &Answer, lacks: Option<String>| self.complaint(answer, lacks);
        match self.http.post_xml(&url, &wire::request(method, page), sign, read, judge)? {
            (Some(value), answer) => Ok((value, answer)),
            (None, answer) => {
                let complaint = self.complaint(&answer, None);
                Err(failed(answer, complaint))
            }
        }
    }

    /// What an answer means in Classic's terms.
    fn complaint(&self, answer: &Answer, lacks: Option<String>) -> Complaint {
        let why = self.http.complaint_of(answer, lacks);
        let problem = Problem::of(answer, why.words());
        let sentence = problem.sentence(&self.system, &self.signer.secrets());
        Complaint::of(problem.meaning(), problem.is_refusal(), sentence)
    }

    /// The error for a request whose failure ends the command. `what` completes "cannot …".
    pub(crate) fn error(&self, failed: Failed, what: &str) -> Error {
        match &failed.failure {
            Failure::Answered(answer, complaint) => {
                let sentence = complaint.words();
                let message = format!("cannot {what}: {sentence}");
                Problem::of(answer, sentence).into_error(message, &self.system, &self.app.typed())
            }
            _ => failed.into_error(what),
        }
    }

    /// Asks who the token belongs to.
    pub(crate) fn who_is(&self) -> Result<Person> {
        let (me, _) =
            self.me().map_err(|failed| self.error(failed, "ask FreshBooks Classic who signed in"))?;
        let businesses =
            me.businesses.into_iter().map(|business| Reached { id: business.id, name: business.name });
        let name = full_name(&me.identity.first_name, &me.identity.last_name);
        Ok(Person {
            identity_id: Some(me.identity.id),
            email: me.identity.email,
            name,
            businesses: businesses.collect(),
        })
    }
}

fn failed(answer: Answer, complaint: Complaint) -> Failed {
    Failed { attempts: answer.attempts, failure: Failure::Answered(Box::new(answer), complaint) }
}

/// Whether it is Classic's own word that this sign-in may not read what it asked for.
pub(crate) fn is_refusal(failed: &Failed) -> bool {
    matches!(&failed.failure, Failure::Answered(_, complaint) if complaint.is_theirs)
}
