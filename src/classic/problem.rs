//! Why an answer of Classic is not what was asked for. The HTTP status alone says little.
//!
//! Sources: the Classic API documentation for `status="fail"`; client libraries for the redirects of
//! unknown and deactivated systems, and for the `oauth_problem` of a 401.

use url::{Url, form_urlencoded};

use super::System;
use super::wire::{self, Response};
use super::xml;
use crate::app::Typed;
use crate::error::{Error, Kind};
use crate::http::{self, Answer, Meaning, retry, tidy};
use crate::secret::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoSuchSystem,
    Deactivated,
    /// A redirect to another page, without its query.
    Redirect(String),
    /// The signature, the token or the app was not accepted; why, if the answer says so.
    SignIn(Option<String>),
    /// Classic understood and said no.
    Refused(String),
    WebPage,
    Unusable {
        status: u16,
        why: String,
    },
}

impl Problem {
    /// `why` describes an answer that is none of the known kinds.
    pub(super) fn of(answer: &Answer, why: &str) -> Self {
        let Answer { status, body, .. } = answer;
        if let Some(location) = answer.location.as_deref().filter(|_| (300..400).contains(status)) {
            return redirect(location);
        }
        if let Ok(Response::Fail(said)) = wire::response(body) {
            return Problem::Refused(said);
        }
        let problem = oauth_problem(body);
        if *status == 401 || problem.is_some() {
            return Problem::SignIn(problem);
        }
        match xml::is_web_page(body) {
            true => Problem::WebPage,
            false => Problem::Unusable { status: *status, why: why.to_owned() },
        }
    }

    /// Whether Classic itself said no. A bare 401 can be a proxy's.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Problem::Refused(_) | Problem::SignIn(Some(_)))
    }

    /// Whether asking again may help: a web page comes and goes, whatever its status.
    pub(super) fn meaning(&self) -> Meaning {
        match self {
            Problem::Unusable { status, .. } if retry::passes(*status) => Meaning::Passing,
            Problem::WebPage | Problem::Unusable { status: 200, .. } => Meaning::Foreign,
            _ => Meaning::Refused,
        }
    }

    /// A phrase that completes "cannot …: ".
    pub(super) fn sentence(&self, system: &System, secrets: &[&Secret]) -> String {
        let sentence = match self {
            Problem::NoSuchSystem => format!("there is no FreshBooks Classic system `{system}`"),
            Problem::Deactivated => format!("the FreshBooks Classic system `{system}` is deactivated"),
            Problem::Redirect(to) => format!("FreshBooks Classic redirects to {to}, which is not followed"),
            Problem::SignIn(None) => "FreshBooks Classic rejects the sign-in".to_owned(),
            Problem::SignIn(Some(why)) => format!("FreshBooks Classic rejects the sign-in ({why})"),
            Problem::Refused(said) => format!("FreshBooks Classic refused the request: {said}"),
            Problem::WebPage => "received a web page instead of FreshBooks Classic's answer".to_owned(),
            Problem::Unusable { why, .. } => why.clone(),
        };
        tidy(&http::without(secrets, &sentence))
    }

    /// The error that ends a command; `message` is the whole line.
    pub(super) fn into_error(self, message: String, system: &System, typed: &Typed) -> Error {
        let sign_in = || typed.command(&format!("auth --classic {system}"));
        let (kind, hint) = match self {
            Problem::NoSuchSystem => (
                Kind::Config,
                format!("check the part of its address before .freshbooks.com, then: {}", sign_in()),
            ),
            Problem::Deactivated => {
                (Kind::Refused, "its owner can reactivate it by signing in at FreshBooks".to_owned())
            }
            Problem::Redirect(_) => {
                (Kind::Refused, "open that address in a browser to see what it says".to_owned())
            }
            Problem::SignIn(Some(why)) if why == "timestamp_refused" => {
                (Kind::SignIn, "set this machine's clock, then run the command again".to_owned())
            }
            Problem::SignIn(_) => (Kind::SignIn, sign_in()),
            Problem::Refused(_) => {
                (Kind::Refused, format!("sign in as the administrator of the system: {}", sign_in()))
            }
            Problem::Unusable { status, .. } if status >= 300 && !retry::passes(status) => {
                (Kind::Refused, sign_in())
            }
            Problem::WebPage | Problem::Unusable { .. } => {
                (Kind::Unavailable, "run the command again later; a proxy may answer in its place".to_owned())
            }
        };
        Error::new(kind, message).hint(hint)
    }
}

/// The query is left out, since it may repeat the request.
fn redirect(location: &str) -> Problem {
    let lower = location.to_ascii_lowercase();
    match () {
        () if lower.contains("loginsearch") => Problem::NoSuchSystem,
        () if lower.contains("deactivated") => Problem::Deactivated,
        () => Problem::Redirect(match Url::parse(location) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
        }),
    }
}

/// The word of the OAuth Problem Reporting extension, in a form as the token answers are.
fn oauth_problem(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let mut fields = form_urlencoded::parse(text.trim().as_bytes());
    let (_, word) = fields.find(|(name, _)| name == "oauth_problem")?;
    Some(tidy(&word)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::answer;

    fn of(status: u16, location: Option<&str>, body: &str) -> Problem {
        let mut answer = answer(status, body);
        answer.location = location.map(str::to_owned);
        Problem::of(&answer, "not understood")
    }

    #[test]
    fn each_answer_has_its_own_meaning() {
        let fail = r#"<response xmlns="http://www.freshbooks.com/api/" status="fail"><error>No &amp; no.</error><code>40010</code></response>"#;
        let refused = Problem::Refused("No & no (code 40010)".to_owned());
        let unusable = |status| Problem::Unusable { status, why: "not understood".to_owned() };
        let redirect = |to: &str| Problem::Redirect(to.to_owned());
        let sign_in = |why: Option<&str>| Problem::SignIn(why.map(str::to_owned));
        let table = [
            (of(302, Some("https://www.freshbooks.com/loginSearch?x=1"), ""), Problem::NoSuchSystem),
            (of(301, Some("/deactivated.php"), "<html>"), Problem::Deactivated),
            (
                of(302, Some("https://elsewhere.example/a?token=s#f"), ""),
                redirect("https://elsewhere.example/a"),
            ),
            (of(307, Some("/login?token=s"), ""), redirect("/login")),
            (of(401, None, "oauth_problem=token_rejected&x=y"), sign_in(Some("token_rejected"))),
            (of(400, None, " oauth_problem=nonce_used"), sign_in(Some("nonce_used"))),
            (of(401, None, ""), sign_in(None)),
            (of(401, None, "<html>Sign in</html>"), sign_in(None)),
            (of(200, None, fail), refused.clone()),
            (of(401, None, fail), refused.clone()),
            (of(400, None, &format!("\u{feff}{fail}")), refused),
            (of(200, None, "<!DOCTYPE html><html><body>Soon</body></html>"), Problem::WebPage),
            (of(503, None, "\n<HTML lang=en>"), Problem::WebPage),
            (of(200, None, "<other/>"), unusable(200)),
            (of(404, None, ""), unusable(404)),
        ];
        for (found, expected) in table {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn only_the_word_of_classic_itself_is_a_refusal() {
        let unusable = Problem::Unusable { status: 403, why: String::new() };
        let others =
            [Problem::NoSuchSystem, Problem::Deactivated, Problem::SignIn(None), Problem::WebPage, unusable];
        assert!(others.iter().all(|problem| !problem.is_refusal()));
        let own = [Problem::Refused(String::new()), Problem::SignIn(Some("token_rejected".to_owned()))];
        assert!(own.iter().all(Problem::is_refusal));
    }

    #[test]
    fn each_meaning_has_its_own_sentence_and_code() {
        let system = System::parse("acme").expect("a name");
        let table = [
            (Problem::NoSuchSystem, Kind::Config, "there is no FreshBooks Classic system `acme`"),
            (Problem::Deactivated, Kind::Refused, "is deactivated"),
            (Problem::Redirect("/x".to_owned()), Kind::Refused, "redirects to /x"),
            (
                Problem::SignIn(Some("nonce_used".to_owned())),
                Kind::SignIn,
                "rejects the sign-in (nonce_used)",
            ),
            (
                Problem::Refused("t0ps3cret no".to_owned()),
                Kind::Refused,
                "refused the request: [redacted] no",
            ),
            (Problem::WebPage, Kind::Unavailable, "received a web page instead"),
            (Problem::Unusable { status: 200, why: "cut off".to_owned() }, Kind::Unavailable, "cut off"),
            (Problem::Unusable { status: 503, why: "busy".to_owned() }, Kind::Unavailable, "busy"),
            (Problem::Unusable { status: 404, why: "gone".to_owned() }, Kind::Refused, "gone"),
        ];
        for (problem, kind, part) in table {
            let sentence = problem.sentence(&system, &[&Secret::new("t0ps3cret")]);
            assert!(sentence.contains(part), "{sentence}");
            assert_eq!(problem.into_error(sentence, &system, &Typed::default()).kind(), kind, "{part}");
        }
    }
}
