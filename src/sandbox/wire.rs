//! Requests and answers as plain values.
//!
//! Only this module turns an answer into bytes, so a fault can change any of them. Head and body are sent in one write:
//! two would run into Nagle's algorithm and delayed ACKs, which cost 40 ms per answer.

use std::io::{self, ErrorKind, Read};

use jiff::Timestamp;
use serde_json::Value;
use tiny_http::{Header, Request};
use url::form_urlencoded;

/// Far larger than any body that a client needs to send.
const BODY_LIMIT: u64 = 1 << 20;

/// Decoded names and values, in the order they were sent.
pub(super) type Fields = Vec<(String, String)>;

/// The first value under `name`; an empty one counts as not sent, as it does for FreshBooks' OAuth server.
pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

/// A complete request.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    /// Reads the request and waits for the whole body.
    pub(super) fn read(request: &mut Request) -> io::Result<Asked> {
        let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let headers: Fields = request.headers().iter().map(lower_case).collect();
        // Chunked bodies are not for requests as small as these, and a length that is no number is not one.
        let framed = ["transfer-encoding", "content-length"].map(|name| field(&headers, name).is_some());
        if request.body_length().is_none() && framed.contains(&true) {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut body = String::new();
        request.as_reader().take(BODY_LIMIT).read_to_string(&mut body)?;
        Ok(Asked { method: request.method().to_string(), path, query, headers, body })
    }

    /// `name` in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    pub(super) fn query_fields(&self) -> Fields {
        decode(&self.query)
    }

    /// The posted fields. FreshBooks takes a form or a flat JSON object; anything else reads as nothing posted.
    pub(super) fn body_fields(&self) -> Fields {
        let kind = self.header("content-type").unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            decode(&self.body)
        } else if kind.starts_with("application/json") {
            flatten(&self.body)
        } else {
            Fields::new()
        }
    }
}

fn lower_case(header: &Header) -> (String, String) {
    (header.field.as_str().as_str().to_ascii_lowercase(), header.value.to_string())
}

fn decode(text: &str) -> Fields {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn flatten(text: &str) -> Fields {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return Fields::new() };
    object.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
}

/// An answer before it is written.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Answer {
        Answer::new(status, "application/json; charset=utf-8", body.to_string().into_bytes())
    }

    pub(super) fn html(status: u16, text: &str) -> Answer {
        let page = format!("<!DOCTYPE html>\n<html><body><p>{text}</p></body></html>\n");
        Answer::new(status, "text/html; charset=utf-8", page.into_bytes())
    }

    pub(super) fn redirect(to: &str) -> Answer {
        Answer::html(302, "Moved.").with_header("Location", to)
    }

    pub(super) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Answer {
        Answer { status, headers: vec![("Content-Type".to_owned(), content_type.to_owned())], body }
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Answer {
        self.set_header(name, value);
        self
    }

    /// Replaces a header of that name, so that a fault may lie about `Date` or `Content-Type`.
    pub fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Status line, headers, and the body's true length even where less of it will be sent.
    pub(super) fn head(&self) -> Vec<u8> {
        // The reason phrase may be empty (RFC 9112, section 4).
        let mut head = format!("HTTP/1.1 {} \r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        head.into_bytes()
    }
}

/// The form that `Date` and `Retry-After` use (RFC 9110, section 5.6.7).
pub fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
