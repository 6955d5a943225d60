//! Judges one HTTP request to the redirect listener.
//!
//! Anything on this machine can connect to the port, and any web page can make the browser do so. Only
//! a request that passes all checks is an answer:
//!
//! 1. a complete head of at most [`MAX_HEAD`] bytes
//! 2. `GET`, the only method used by a redirect
//! 3. our own `Host`: a foreign name that resolves to 127.0.0.1 (DNS rebinding) is refused
//! 4. exactly the redirect URI's path: favicons, robots and prefetches end here
//! 5. the parameters, `state` first ([`super::redirect::outcome`])
//!
//! Nothing in this file uses a socket, and nothing from a refused request is sent back to the browser.

use std::fmt;

use httparse::{Request, Status};

use super::redirect::{self, Awaited, Flaw, Outcome, RedirectUri};

/// A browser's head is 1 to 2 KiB; it includes cookies of other servers on `localhost`, which can be
/// large.
pub(super) const MAX_HEAD: usize = 16 * 1024;

/// Browsers send about twenty.
const MAX_HEADERS: usize = 100;

/// Why a request is not the expected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLarge,
    NotHttp,
    Method,
    Host,
    Path,
    Parameters(Flaw),
}

impl Refusal {
    pub(super) fn status(self) -> &'static str {
        match self {
            Refusal::TooLarge => "431 Request Header Fields Too Large",
            Refusal::NotHttp | Refusal::Parameters(_) => "400 Bad Request",
            Refusal::Method => "405 Method Not Allowed",
            Refusal::Host => "421 Misdirected Request",
            Refusal::Path => "404 Not Found",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooLarge => f.write_str("the request is larger than a sign-in answer can be"),
            Refusal::NotHttp => f.write_str("the request could not be understood"),
            Refusal::Method => f.write_str("only a browser's redirect is answered here"),
            Refusal::Host => f.write_str("this address is not the one registered for the sign-in"),
            Refusal::Path => f.write_str("there is nothing at this address"),
            Refusal::Parameters(flaw) => flaw.fmt(f),
        }
    }
}

/// Reads a request head and returns its outcome, or why it is refused.
pub(super) fn judge(head: &[u8], redirect: &RedirectUri, awaited: &Awaited) -> Result<Outcome, Refusal> {
    if head.len() > MAX_HEAD {
        return Err(Refusal::TooLarge);
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    let Ok(Status::Complete(_)) = request.parse(head) else { return Err(Refusal::NotHttp) };
    if request.method != Some("GET") {
        return Err(Refusal::Method);
    }
    let mut hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Refusal::Host) };
    if !str::from_utf8(host.value).is_ok_and(|host| redirect.answers_to(host)) {
        return Err(Refusal::Host);
    }
    // Compared as sent: a browser has no reason to write our path differently.
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != redirect.path() {
        return Err(Refusal::Path);
    }
    redirect::outcome(query, awaited).map_err(Refusal::Parameters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mutated::{mutated, quarters};
    use crate::secret::Secret;

    const GOOD: &str = "/callback?code=abc&state=ours";

    fn judged(head: &str) -> Result<Outcome, Refusal> {
        let redirect = RedirectUri::parse("https://localhost:8799/callback").unwrap();
        judge(head.as_bytes(), &redirect, &Awaited::code(Secret::new("ours")))
    }

    #[test]
    fn only_a_get_to_our_host_and_path_with_our_state_is_an_answer() {
        let good = || Ok(Outcome::Code(Secret::new("abc")));
        let at = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost:8799\r\n\r\n");
        let host = |lines: &str| format!("GET {GOOD} HTTP/1.1\r\n{lines}\r\n");
        let table = [
            (at(GOOD), good()),
            (host("hOST: LocalHost:8799\r\nAccept: */*\r\n"), good()),
            (String::new(), Err(Refusal::NotHttp)),
            ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), Err(Refusal::NotHttp)),
            (at(GOOD).replace("GET", "POST"), Err(Refusal::Method)),
            (at(GOOD).replace("GET", "HEAD"), Err(Refusal::Method)),
            (host(""), Err(Refusal::Host)),
            (host("Host: localhost\r\n"), Err(Refusal::Host)),
            (host("Host: localhost:8798\r\n"), Err(Refusal::Host)),
            (host("Host: evil.example:8799\r\n"), Err(Refusal::Host)),
            (host("Host: localhost:8799.evil.example\r\n"), Err(Refusal::Host)),
            (host("Host: localhost:8799\r\nHost: localhost:8799\r\n"), Err(Refusal::Host)),
            (at("/"), Err(Refusal::Path)),
            (at("/favicon.ico"), Err(Refusal::Path)),
            (at("/callback/?code=abc&state=ours"), Err(Refusal::Path)),
            (at("/Callback?code=abc&state=ours"), Err(Refusal::Path)),
            (at("/x/../callback?code=abc&state=ours"), Err(Refusal::Path)),
            (at("http://localhost:8799/callback?code=abc&state=ours"), Err(Refusal::Path)),
            (at("/callback"), Err(Refusal::Parameters(Flaw::NoState))),
            (at("/callback?code=abc&state=theirs"), Err(Refusal::Parameters(Flaw::OtherState))),
        ];
        for (head, expected) in table {
            assert_eq!(judged(&head), expected, "{head}");
        }
    }

    #[test]
    fn a_head_has_a_maximum_size() {
        let sized = |size: usize| {
            let start = format!("GET {GOOD} HTTP/1.1\r\nHost: localhost:8799\r\nCookie: ");
            let filler = "x".repeat(size - start.len() - 4);
            judged(&format!("{start}{filler}\r\n\r\n"))
        };
        assert!(sized(MAX_HEAD).is_ok());
        assert_eq!(sized(MAX_HEAD + 1), Err(Refusal::TooLarge));
    }

    proptest! {
        #![proptest_config(quarters(16))]

        /// Only a whole GET with our state, to our path and host, is an answer.
        #[test]
        fn nothing_but_our_state_ends_the_wait(bytes in mutated(vec![
            format!("GET {GOOD} HTTP/1.1\r\nHost: localhost:8799\r\nAccept: */*\r\n\r\n").into_bytes(),
            b"GET /callback?error=access_denied&error_description=no&state=ours HTTP/1.1\r\nHost: localhost:8799\r\n\r\n".to_vec(),
        ])) {
            let redirect = RedirectUri::parse("https://localhost:8799/callback").unwrap();
            if judge(&bytes, &redirect, &Awaited::code(Secret::new("ours"))).is_ok() {
                let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
                let line = head.trim_start().lines().next().unwrap_or_default();
                prop_assert!(line.starts_with("get /callback?"), "{}", head);
                let states = line.split(['?', '&', ' ']).filter(|parameter| parameter.starts_with("state="));
                prop_assert_eq!(states.count(), 1, "{}", head);
                prop_assert!(head.contains("localhost:8799"), "{}", head);
            }
        }
    }
}
