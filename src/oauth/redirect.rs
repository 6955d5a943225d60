//! The redirect URI, and the answers that can come back to it.
//!
//! FreshBooks compares the URI with the registered one character for character, so the text is kept as
//! given, and everything else (where to listen, which Host and path to expect) is derived from it. An
//! answer arrives through the browser or the person's clipboard; both are read by [`outcome`], so that
//! the same rules apply:
//!
//! - The mark comes first (`state`, or the request token of OAuth 1.0a). Without it, nothing else in
//!   the answer is read ([RFC 9700, 4.7](https://www.rfc-editor.org/rfc/rfc9700#section-4.7)).
//! - One code or one `error`, never both, and no parameter twice ([RFC 6749,
//!   3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
//! - The description of an error is foreign text, and is cleaned before it is shown.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url, form_urlencoded};

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// The default must be easy to copy, because FreshBooks compares the redirect URI character for
/// character. The port is outside the ranges that systems assign automatically.
pub(crate) const DEFAULT_REDIRECT: &str = "https://localhost:8799/callback";

/// Far above any real code (FreshBooks sends 64 characters), far below what could be a problem in the
/// exchange.
const MAX_CODE: usize = 4096;

/// How much of a foreign text is shown.
const MAX_TEXT: usize = 200;

/// A redirect URI as registered at FreshBooks.
#[derive(Clone, Debug)]
pub(crate) struct RedirectUri {
    text: String,
    url: Url,
}

impl RedirectUri {
    /// Accepts `https`, and `http` on loopback. [`Self::loopback`] says whether a listener can serve
    /// it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Error::new(Kind::Usage, format!("the redirect URI `{}` {why}", clean(text)))
                .hint(format!("register an address such as {DEFAULT_REDIRECT} and pass exactly that"))
        };
        // `Url` tolerates stray blanks and normalizes; FreshBooks, which compares text, does not.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refuse("contains blanks or characters outside ASCII"));
        }
        let url = Url::parse(text).map_err(|error| refuse("is not an address").because(error))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("contains a user name"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("has a `?` or a `#`, which FreshBooks does not register"));
        }
        if url.port() == Some(0) {
            return Err(refuse("has port 0"));
        }
        let redirect = RedirectUri { text: text.to_owned(), url };
        match redirect.scheme() {
            "https" => Ok(redirect),
            "http" if redirect.loopback() => Ok(redirect),
            "http" => Err(refuse("would send the code across a network unencrypted")),
            _ => Err(refuse("is neither https nor http")),
        }
    }

    /// The text to send, exactly as given.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn port(&self) -> u16 {
        // The fallback is never used: `parse` accepts only https and http, and both have a default.
        self.url.port_or_known_default().unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    pub(super) fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Whether the browser will come to this machine. Otherwise the address has to be pasted.
    pub(crate) fn loopback(&self) -> bool {
        !self.addresses().is_empty()
    }

    /// The addresses to listen on, the required one first; empty if the host is not this machine.
    ///
    /// `localhost` means two addresses: some browsers try ::1 first, so a listener on only one of them
    /// could be missed, and another program could take the other.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        match self.url.host() {
            Some(Host::Domain("localhost")) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Some(Host::Ipv4(address)) if address.is_loopback() => vec![address.into()],
            Some(Host::Ipv6(address)) if address.is_loopback() => vec![address.into()],
            _ => Vec::new(),
        }
    }

    /// Whether a `Host` header names this URI's host and port. A default port can be omitted.
    pub(super) fn answers_to(&self, header: &str) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let with_port = format!("{host}:{}", self.port());
        header.eq_ignore_ascii_case(&with_port)
            || (self.url.port().is_none() && header.eq_ignore_ascii_case(host))
    }

    /// Whether an address points here. The scheme can differ: FreshBooks itself advises people whose
    /// browser refuses the certificate to change `https` to `http` in the address bar.
    pub(super) fn leads_to(&self, other: &Url) -> bool {
        matches!(other.scheme(), "https" | "http")
            && other.username().is_empty()
            && other.password().is_none()
            && (other.host(), other.port(), other.path())
                == (self.url.host(), self.url.port(), self.url.path())
    }
}

/// The expected answer: the mark that identifies it, and the parameters that contain it.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    mark: Secret,
    mark_in: &'static str,
    code_in: &'static str,
    /// Whether a code pasted without its mark is accepted.
    pub(super) bare: bool,
}

impl Awaited {
    /// An authorization code, bound to this process by `state` (RFC 6749 section 4.1.2).
    pub(crate) fn code(state: Secret) -> Self {
        Awaited { mark: state, mark_in: "state", code_in: "code", bare: false }
    }

    /// A verifier, which the server accepts only with the request token it was made for (RFC 5849
    /// section 2.2). So it can be pasted on its own: one from another sign-in is useless.
    pub(crate) fn verifier(request_token: Secret) -> Self {
        Awaited { mark: request_token, mark_in: "oauth_token", code_in: "oauth_verifier", bare: true }
    }
}

/// What came back: [RFC 6749, 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2) and 4.1.2.1.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Code(Secret),
    /// Both texts are cleaned for display; code can act only on the registered error codes.
    Denied {
        error: String,
        description: Option<String>,
    },
}

/// What is wrong with the parameters of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Repeated,
    NoState,
    OtherState,
    Both,
    Neither,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Repeated => "the address contains the same parameter twice",
            Flaw::NoState => "the address does not say which sign-in it belongs to",
            Flaw::OtherState => "the address belongs to another sign-in",
            Flaw::Both => "the address contains both a code and an error",
            Flaw::Neither => "the address contains no usable code",
        })
    }
}

/// Reads the parameters that FreshBooks appended.
pub(super) fn outcome(query: &str, awaited: &Awaited) -> Result<Outcome, Flaw> {
    let values = |name| form_urlencoded::parse(query.as_bytes()).filter(move |(key, _)| key == name);
    let at_most_one = |name| {
        let mut found = values(name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (value, None) => Ok(value),
            _ => Err(Flaw::Repeated),
        }
    };
    let echoed = at_most_one(awaited.mark_in)?.ok_or(Flaw::NoState)?;
    if !awaited.mark.matches(&echoed) {
        return Err(Flaw::OtherState);
    }
    match (at_most_one("error")?, at_most_one(awaited.code_in)?) {
        (Some(_), Some(_)) => Err(Flaw::Both),
        (Some(error), None) if !error.is_empty() => {
            let description = values("error_description").map(|(_, text)| clean(&text)).next();
            Ok(Outcome::Denied {
                error: clean(&error),
                description: description.filter(|text| !text.is_empty()),
            })
        }
        (None, Some(code)) if is_code(&code) => Ok(Outcome::Code(Secret::new(code))),
        _ => Err(Flaw::Neither),
    }
}

/// The grammar of [RFC 6749, A.11](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.11): printable ASCII.
pub(super) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.len() < MAX_CODE && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Makes foreign text safe for one line in a terminal: no escape sequences, no reversed writing,
/// limited length.
fn clean(text: &str) -> String {
    let reorders = |c: char| matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|&c| !c.is_control() && !reorders(c)).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> Awaited {
        Awaited::code(Secret::new("s3cret-state"))
    }

    fn code(text: &str) -> Outcome {
        Outcome::Code(Secret::new(text))
    }

    #[test]
    fn a_redirect_uri_is_parsed_and_kept_as_given() {
        let table = [
            ("https://LocalHost:8799/callback", 8799, "/callback", "127.0.0.1 ::1"),
            ("https://localhost", 443, "/", "127.0.0.1 ::1"),
            ("http://127.0.0.5/back", 80, "/back", "127.0.0.5"),
            ("https://[::1]:8799/", 8799, "/", "::1"),
            ("https://audit.example.org/back", 443, "/back", ""),
            ("https://localhost.example.org/", 443, "/", ""),
            ("https://10.0.0.1/", 443, "/", ""),
        ];
        for (text, port, path, addresses) in table {
            let redirect = RedirectUri::parse(text).unwrap();
            let found: Vec<_> = redirect.addresses().iter().map(ToString::to_string).collect();
            let found = (redirect.as_str(), redirect.port(), redirect.path(), found.join(" "));
            assert_eq!(found, (text, port, path, addresses.to_owned()));
            assert_eq!(redirect.loopback(), !addresses.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_uri_that_cannot_be_registered_is_a_usage_error() {
        let table = [
            "",
            "callback",
            "ftp://localhost/",
            "urn:ietf:wg:oauth:2.0:oob",
            " https://localhost:8799/callback",
            "https://localhost:8799/call\nback",
            "https://lоcalhost/", // Cyrillic о
            "https://localhost:0/",
            "https://localhost:65536/",
            "https://localhost:8799/callback?",
            "https://localhost:8799/callback?a=b",
            "https://localhost:8799/callback#",
            "https://me@localhost:8799/callback",
            "http://audit.example.org/back",
        ];
        for text in table {
            let error = RedirectUri::parse(text).expect_err(text);
            assert_eq!(error.kind(), Kind::Usage, "{text}");
        }
    }

    #[test]
    fn a_host_header_must_name_host_and_port() {
        let hosts = |uri: &str, header| RedirectUri::parse(uri).unwrap().answers_to(header);
        assert!(hosts("https://localhost:8799/", "LOCALHOST:8799"));
        assert!(!hosts("https://localhost:8799/", "localhost"));
        assert!(!hosts("https://localhost:8799/", "127.0.0.1:8799"));
        assert!(hosts("https://localhost/", "localhost"));
        assert!(hosts("https://localhost/", "localhost:443"));
        assert!(hosts("http://127.0.0.1/", "127.0.0.1"));
        assert!(!hosts("http://127.0.0.1/", "127.0.0.1:443"));
        assert!(hosts("https://[::1]:8799/", "[::1]:8799"));
    }

    #[test]
    fn parameters_give_one_outcome_or_a_flaw() {
        let table = [
            ("code=abc&state=s3cret-state", Ok(code("abc"))),
            ("state=s3cret-state&code=a%2Bb&other=1&other=2", Ok(code("a+b"))),
            ("", Err(Flaw::NoState)),
            ("code=abc", Err(Flaw::NoState)),
            ("error=access_denied", Err(Flaw::NoState)),
            ("code=abc&state=", Err(Flaw::OtherState)),
            ("code=abc&state=s3cret-statf", Err(Flaw::OtherState)),
            ("code=abc&state=s3cret-state&state=s3cret-state", Err(Flaw::Repeated)),
            ("code=abc&code=abc&state=s3cret-state", Err(Flaw::Repeated)),
            ("error=a&error=b&state=s3cret-state", Err(Flaw::Repeated)),
            ("code=abc&error=access_denied&state=s3cret-state", Err(Flaw::Both)),
            ("state=s3cret-state", Err(Flaw::Neither)),
            ("code=&state=s3cret-state", Err(Flaw::Neither)),
            ("error=&state=s3cret-state", Err(Flaw::Neither)),
            ("code=a%0Ab&state=s3cret-state", Err(Flaw::Neither)),
        ];
        for (query, expected) in table {
            assert_eq!(outcome(query, &state()), expected, "{query}");
        }
        let long = |length| outcome(&format!("state=s3cret-state&code={}", "x".repeat(length)), &state());
        assert!(long(MAX_CODE - 1).is_ok());
        assert_eq!(long(MAX_CODE), Err(Flaw::Neither));
    }

    #[test]
    fn a_verifier_counts_only_with_its_own_request_token() {
        let awaited = Awaited::verifier(Secret::new("t0ken"));
        let table = [
            ("oauth_token=t0ken&oauth_verifier=v", Ok(code("v"))),
            ("oauth_verifier=v&oauth_token=t0ken&state=x", Ok(code("v"))),
            ("oauth_token=other&oauth_verifier=v", Err(Flaw::OtherState)),
            ("oauth_verifier=v", Err(Flaw::NoState)),
            ("state=t0ken&code=v", Err(Flaw::NoState)),
            ("oauth_token=t0ken&code=v", Err(Flaw::Neither)),
            ("oauth_token=t0ken&oauth_token=t0ken&oauth_verifier=v", Err(Flaw::Repeated)),
            ("oauth_token=t0ken&oauth_verifier=v&oauth_verifier=w", Err(Flaw::Repeated)),
        ];
        for (query, expected) in table {
            assert_eq!(outcome(query, &awaited), expected, "{query}");
        }
    }

    #[test]
    fn foreign_text_is_cleaned() {
        let flood = "é".repeat(500);
        let query =
            format!("state=s3cret-state&error=no%1B[31m%E2%80%AE!&error_description=a%0D%0A+b{flood}");
        let Ok(Outcome::Denied { error, description }) = outcome(&query, &state()) else {
            panic!("not denied")
        };
        assert_eq!(error, "no[31m!");
        assert_eq!(description.unwrap(), format!("a b{}", "é".repeat(MAX_TEXT - 3)));
    }
}
