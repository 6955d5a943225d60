//! Faults, which a test arms to make one or more requests fail.
//!
//! Faults form a queue. A request meets the first fault that matches it, has nothing left to skip and is not used up. A
//! fault that skips a request counts it and leaves it to the next one. A fault that no request met is a complaint,
//! because its test proves less than it claims.

use std::time::Duration;

use serde_json::{Value, json};

use super::wire::{Answer, Asked};
use super::world::World;

/// An edit of a JSON answer on its way out.
pub type Edit = Box<dyn FnMut(&mut Value) + Send>;

/// A change of an answer on its way out, by whoever has heard the request.
pub type Rewrite = Box<dyn FnMut(&Asked, &mut Answer) + Send>;

/// A change to the world made between two requests.
pub type Change = Box<dyn FnMut(&mut World) + Send>;

/// What goes wrong.
pub enum Trouble {
    /// This answer instead; the request is not processed.
    Status { code: u16, headers: Vec<(String, String)>, body: String },
    /// Status 200 with a page of HTML instead; the request is not processed.
    Html200,
    /// Status 200 with this JSON instead; the request is not processed.
    Json200(Value),
    /// Status 200, `application/json`, with these bytes instead; the request is not processed.
    Raw(Vec<u8>),
    /// A 302 to this address instead; the request is not processed.
    Redirect(String),
    /// The connection closes without an answer; the request is not processed.
    Drop,
    /// The request is processed, a token is spent; then the connection closes without an answer.
    AnswerLost,
    /// The normal answer's head and half its body; then the connection closes.
    CutBody,
    /// The normal answer, so much later.
    Delay(Duration),
    /// The normal answer, edited. An answer that is not JSON stays as it is.
    EditJson(Edit),
    /// The normal answer, the request processed, made into another.
    Rewrite(Rewrite),
    /// The normal answer with these headers set.
    AddHeaders(Vec<(String, String)>),
    /// The normal answer; then, before any other request is looked at, this change.
    Hook(Change),
}

impl Trouble {
    /// A bare status with a body of FreshBooks' auth family.
    pub fn status(code: u16, error: &str) -> Trouble {
        let body = json!({ "error": error, "error_description": "Made by the sandbox." });
        let headers = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Trouble::Status { code, headers, body: body.to_string() }
    }

    /// 429; `retry_after` in seconds or as an HTTP date, see [`http_date`](super::http_date).
    pub fn too_many(retry_after: &str) -> Trouble {
        Trouble::status(429, "internal_server_error").header("Retry-After", retry_after)
    }

    /// 503 with no body, as a gateway answers.
    pub fn unavailable() -> Trouble {
        Trouble::Status { code: 503, headers: Vec::new(), body: String::new() }
    }

    /// The 401 that a dead access token gets.
    pub fn unauthenticated() -> Trouble {
        Trouble::status(401, "unauthenticated")
    }

    /// A 403 in the auth family's shape.
    pub fn forbidden() -> Trouble {
        Trouble::status(403, "forbidden")
    }

    /// [`Trouble::EditJson`] without the box.
    pub fn edit(edit: impl FnMut(&mut Value) + Send + 'static) -> Trouble {
        Trouble::EditJson(Box::new(edit))
    }

    /// [`Trouble::Rewrite`] without the box.
    pub fn rewrite(rewrite: impl FnMut(&Asked, &mut Answer) + Send + 'static) -> Trouble {
        Trouble::Rewrite(Box::new(rewrite))
    }

    /// [`Trouble::Hook`] without the box.
    pub fn hook(change: impl FnMut(&mut World) + Send + 'static) -> Trouble {
        Trouble::Hook(Box::new(change))
    }

    /// One more header on a [`Trouble::Status`] or [`Trouble::AddHeaders`]; the others carry none.
    pub fn header(mut self, name: &str, value: &str) -> Trouble {
        if let Trouble::Status { headers, .. } | Trouble::AddHeaders(headers) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The answer that stands in for processing, where the trouble is of that kind.
    pub(super) fn instead(&self) -> Option<Answer> {
        let json = "application/json; charset=utf-8";
        match self {
            Trouble::Status { code, headers, body } => {
                Some(Answer { status: *code, headers: headers.clone(), body: body.clone().into_bytes() })
            }
            Trouble::Html200 => Some(Answer::html(200, "We will be back soon.")),
            Trouble::Json200(value) => Some(Answer::json(200, value)),
            Trouble::Raw(bytes) => Some(Answer::new(200, json, bytes.clone())),
            Trouble::Redirect(to) => Some(Answer::redirect(to)),
            _ => None,
        }
    }
}

/// A trouble and the requests it is meant for.
pub struct Fault {
    aim: Aim,
    met: usize,
    pub(super) trouble: Trouble,
}

/// A fault that does not yet know its trouble; see [`Fault::on`].
pub struct Aim {
    path: String,
    method: Option<String>,
    query: Option<String>,
    body: Option<String>,
    skip: usize,
    times: usize,
}

impl Fault {
    /// Aims at requests whose path contains this, once.
    pub fn on(path_contains: &str) -> Aim {
        Aim { path: path_contains.to_owned(), method: None, query: None, body: None, skip: 0, times: 1 }
    }

    /// Counts this request against the fault; true when the request meets it.
    fn meets(&mut self, asked: &Asked) -> bool {
        if self.met == self.aim.times || !self.aim.matches(asked) {
            return false;
        }
        if self.aim.skip > 0 {
            self.aim.skip -= 1;
            return false;
        }
        self.met += 1;
        true
    }
}

impl Aim {
    /// Only requests of this method.
    pub fn method(self, method: &str) -> Aim {
        Aim { method: Some(method.to_owned()), ..self }
    }

    /// Only requests whose raw query contains this.
    pub fn query_contains(self, text: &str) -> Aim {
        Aim { query: Some(text.to_owned()), ..self }
    }

    /// Only requests whose body contains this.
    pub fn body_contains(self, text: &str) -> Aim {
        Aim { body: Some(text.to_owned()), ..self }
    }

    /// Lets the first `n` matching requests pass.
    pub fn skip(self, n: usize) -> Aim {
        Aim { skip: n, ..self }
    }

    /// Strikes `n` times; `usize::MAX` for always.
    pub fn times(self, n: usize) -> Aim {
        Aim { times: n, ..self }
    }

    /// Completes the fault.
    pub fn then(self, trouble: Trouble) -> Fault {
        Fault { aim: self, met: 0, trouble }
    }

    fn matches(&self, asked: &Asked) -> bool {
        asked.path.contains(&self.path)
            && self.method.as_ref().is_none_or(|method| *method == asked.method)
            && self.query.as_ref().is_none_or(|query| asked.query.contains(query))
            && self.body.as_ref().is_none_or(|body| asked.body.contains(body))
    }
}

/// The fault this request meets, if any.
pub(super) fn met<'a>(faults: &'a mut [Fault], asked: &Asked) -> Option<&'a mut Fault> {
    faults.iter_mut().find_map(|fault| fault.meets(asked).then_some(fault))
}

/// One sentence for each fault that no request ever met.
pub(super) fn never_met(faults: &[Fault]) -> impl Iterator<Item = String> {
    faults
        .iter()
        .filter(|fault| fault.met == 0 && fault.aim.times > 0)
        .map(|fault| format!("a fault on {:?} was armed and never met", fault.aim.path))
}
