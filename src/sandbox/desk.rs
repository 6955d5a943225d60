//! Dispatches each request: checks it, applies a fault, answers and records it.
//!
//! All of it happens under one lock, in the order of arrival and before the first byte of the answer is sent; this
//! includes a [`Trouble::Hook`], so the client's next request already meets the changed world. The caller waits outside
//! the lock, because slow answers must overlap.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::api::{self, Read};
use super::classic;
use super::faults::{self, Fault, Trouble};
use super::ledger::Ledger;
use super::oauth::{self, Endpoint};
use super::wire::{Answer, Asked, Fields, http_date};
use super::world::World;

/// A recorded request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// As sent, without the question mark.
    pub query: String,
    /// The posted fields, decoded, including client secrets and tokens. For XML, the method and the paging.
    pub form: Vec<(String, String)>,
    /// The status answered; `None` where the connection was closed instead.
    pub status: Option<u16>,
}

/// What to do about a request: wait, send these bytes, perhaps hang up after them.
pub(super) struct Reply {
    pub(super) wait: Duration,
    pub(super) bytes: Vec<u8>,
    pub(super) hang_up: bool,
}

/// The sandbox's whole state.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) ledger: Ledger,
    pub(super) classic: classic::Ledger,
    pub(super) faults: Vec<Fault>,
    pub(super) seen: Vec<Seen>,
    pub(super) advanced: Duration,
    pub(super) in_flight: usize,
    pub(super) busiest: usize,
    complaints: Vec<String>,
}

/// Who answers a path.
enum Route {
    OAuth(Endpoint),
    Api(Read),
    Classic(classic::Endpoint),
}

impl Desk {
    pub(super) fn new(world: World, origin: &str) -> Desk {
        Desk {
            world,
            ledger: Ledger::new(origin.to_owned()),
            classic: classic::Ledger::new(origin),
            faults: Vec::new(),
            seen: Vec::new(),
            advanced: Duration::ZERO,
            in_flight: 0,
            busiest: 0,
            complaints: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.clock.unwrap_or_else(Timestamp::now) + self.advanced
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        self.complaints.iter().cloned().chain(faults::never_met(&self.faults)).collect()
    }

    pub(super) fn meet(&mut self, asked: &Asked) -> Reply {
        self.in_flight += 1;
        self.busiest = self.busiest.max(self.in_flight);
        let route = Route::of(&asked.path);
        self.inspect(route.as_ref(), asked);
        // Taken out for the moment, so that a fault may edit the world it is armed in.
        let mut faults = std::mem::take(&mut self.faults);
        let trouble = faults::met(&mut faults, asked).map(|fault| &mut fault.trouble);
        let (status, reply) = self.answer(route.as_ref(), asked, trouble);
        self.faults = faults;
        self.seen.push(Seen {
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            form: match route {
                Some(Route::Classic(_)) => classic::question(asked),
                _ => asked.body_fields(),
            },
            status,
        });
        reply
    }

    fn answer(
        &mut self,
        route: Option<&Route>,
        asked: &Asked,
        trouble: Option<&mut Trouble>,
    ) -> (Option<u16>, Reply) {
        let wait = self.world.latency;
        let lost = || (None, Reply { wait, bytes: Vec::new(), hang_up: true });
        if matches!(trouble, Some(Trouble::Drop)) {
            return lost();
        }
        let mut answer = match trouble.as_ref().and_then(|trouble| trouble.instead()) {
            Some(answer) => answer,
            None => self.process(route, asked),
        };
        self.stamp(&mut answer);
        let mut reply = Reply { wait, bytes: Vec::new(), hang_up: false };
        let mut sent = answer.body.len();
        match trouble {
            Some(Trouble::AnswerLost) => return lost(),
            Some(Trouble::CutBody) => {
                sent /= 2;
                reply.hang_up = true;
            }
            Some(Trouble::Delay(more)) => reply.wait += *more,
            Some(Trouble::EditJson(edit)) => {
                edit_json(&mut answer, edit);
                sent = answer.body.len();
            }
            Some(Trouble::Rewrite(rewrite)) => {
                rewrite(asked, &mut answer);
                sent = answer.body.len();
            }
            Some(Trouble::AddHeaders(headers)) => {
                headers.iter().for_each(|(name, value)| answer.set_header(name, value));
            }
            Some(Trouble::Hook(change)) => change(&mut self.world),
            _ => {}
        }
        reply.bytes = answer.head();
        reply.bytes.extend_from_slice(&answer.body[..sent]);
        (Some(answer.status), reply)
    }

    fn process(&mut self, route: Option<&Route>, asked: &Asked) -> Answer {
        let now = self.now();
        match route {
            None => api::refused(404),
            Some(route) if route.method() != asked.method => api::refused(405),
            Some(Route::OAuth(endpoint)) => {
                oauth::answer(*endpoint, &self.world, &mut self.ledger, now, asked)
            }
            Some(Route::Api(read)) => api::answer(read, &self.world, &self.ledger, now, asked),
            Some(Route::Classic(endpoint)) => {
                classic::answer(*endpoint, &self.world, &mut self.classic, now, asked)
            }
        }
    }

    /// The headers every answer has, unless a fault brought its own.
    fn stamp(&self, answer: &mut Answer) {
        let mut stamped = vec![
            ("Date".to_owned(), http_date(self.world.date.unwrap_or_else(|| self.now()))),
            ("X-Request-Id".to_owned(), format!("fb5a0000-0000-4000-8000-{:012}", self.seen.len() + 1)),
        ];
        stamped.retain(|(name, _)| {
            !answer.headers.iter().any(|(present, _)| present.eq_ignore_ascii_case(name))
        });
        answer.headers.append(&mut stamped);
    }

    /// Records what a correct client never does.
    fn inspect(&mut self, route: Option<&Route>, asked: &Asked) {
        let mut wrong = Vec::new();
        match route {
            None => wrong.push("unknown path".to_owned()),
            Some(route) if route.method() != asked.method => wrong.push("method not allowed".to_owned()),
            Some(Route::Api(read)) => wrong.extend(unknown_parameters(read, &asked.query_fields())),
            Some(Route::OAuth(_) | Route::Classic(_)) => {}
        }
        let by_browser = matches!(
            route,
            Some(Route::OAuth(Endpoint::Authorize) | Route::Classic(classic::Endpoint::Authorize))
        );
        if !by_browser && !asked.header("user-agent").unwrap_or_default().starts_with("fbsync/") {
            wrong.push("the User-Agent does not start with fbsync/".to_owned());
        }
        // Revocation is the one place where a token belongs in a body.
        let revokes = matches!(route, Some(Route::OAuth(Endpoint::Revoke)));
        if self.ledger.leaks_into(&asked.query) || (!revokes && self.ledger.leaks_into(&asked.body)) {
            wrong.push("an access token in the query or body".to_owned());
        }
        if self.classic.leaks_into(&asked.query) || self.classic.leaks_into(&asked.body) {
            wrong.push("a Classic token or its secret in the query or body".to_owned());
        }
        let request = format!("{} {}", asked.method, asked.path);
        self.complaints.extend(wrong.into_iter().map(|what| format!("{request}: {what}")));
    }
}

impl Route {
    fn of(path: &str) -> Option<Route> {
        let classic = || classic::Endpoint::of(path).map(Route::Classic);
        Endpoint::of(path).map(Route::OAuth).or_else(|| Read::of(path).map(Route::Api)).or_else(classic)
    }

    fn method(&self) -> &'static str {
        match self {
            Route::OAuth(endpoint) => endpoint.method(),
            Route::Api(_) => "GET",
            Route::Classic(endpoint) => endpoint.method(),
        }
    }
}

fn unknown_parameters(read: &Read, query: &Fields) -> Vec<String> {
    query
        .iter()
        .filter(|(name, _)| !read.parameters().contains(&name.as_str()))
        .map(|(name, _)| format!("unknown query parameter {name:?}"))
        .collect()
}

fn edit_json(answer: &mut Answer, edit: &mut dyn FnMut(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice(&answer.body) {
        edit(&mut body);
        answer.body = body.to_string().into_bytes();
    }
}
