//! The alternative to the listener: the address that the browser ended on, pasted by a person.
//!
//! For browsers on another machine, refused certificates, and ports in use. It is judged as strictly as
//! a request, and a text that cannot be used is answered with what to paste instead.

use std::fmt;

use url::Url;

use super::redirect::{Awaited, Flaw, Outcome, RedirectUri, is_code, outcome};
use crate::error::Result;
use crate::secret::Secret;
use crate::ui::is_unseen;

/// Why a pasted text is not the answer; its `Display` is meant for the person who pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PasteProblem {
    Empty,
    BareCode,
    Elsewhere { expected: String },
    Flawed(Flaw),
}

impl fmt::Display for PasteProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasteProblem::Empty => {
                f.write_str("nothing was pasted: copy the whole address from the browser's address bar")
            }
            PasteProblem::BareCode => f.write_str(
                "that is not a complete address: a code alone does not show that it belongs to this sign-in; \
                 paste everything in the browser's address bar",
            ),
            PasteProblem::Elsewhere { expected } => write!(
                f,
                "that is not the address that FreshBooks redirects to: allow access first, \
                 then paste the address that starts with {expected}"
            ),
            PasteProblem::Flawed(flaw @ (Flaw::NoState | Flaw::Repeated)) => {
                write!(f, "{flaw}; paste the complete address, only once")
            }
            PasteProblem::Flawed(flaw) => {
                write!(f, "{flaw}; open the sign-in address printed above, and paste the address it leads to")
            }
        }
    }
}

/// Reads the address that the browser ended on, as pasted by a person: complete, or starting at
/// `code=`.
pub(crate) fn read_pasted(
    pasted: &Secret,
    redirect: &RedirectUri,
    awaited: &Awaited,
) -> Result<Outcome, PasteProblem> {
    // A narrow terminal or an e-mail wraps long lines, and a web page can add invisible break marks; a
    // real address contains no blanks or invisible characters.
    let is_seen = |c: &char| !c.is_whitespace() && !c.is_control() && !is_unseen(*c);
    let text: String = pasted.expose().chars().filter(is_seen).collect();
    let text = text.trim_matches(['"', '\'', '<', '>']);
    if text.is_empty() {
        return Err(PasteProblem::Empty);
    }
    if let Some(query) = bare_parameters(text) {
        return outcome(query, awaited).map_err(PasteProblem::Flawed);
    }
    if !text.contains([':', '/', '?', '=']) {
        return match awaited.bare && is_code(text) {
            true => Ok(Outcome::Code(Secret::new(text))),
            false => Err(PasteProblem::BareCode),
        };
    }
    // Browsers that hide the scheme sometimes copy without it.
    let has_scheme =
        text.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphabetic()));
    let scheme = if has_scheme { String::new() } else { format!("{}://", redirect.scheme()) };
    match Url::parse(&format!("{scheme}{text}")) {
        Ok(url) if redirect.leads_to(&url) => {
            outcome(url.query().unwrap_or_default(), awaited).map_err(PasteProblem::Flawed)
        }
        _ => Err(PasteProblem::Elsewhere { expected: redirect.as_str().to_owned() }),
    }
}

/// The text as parameters, if it starts with something like `code=` or `?state=`.
fn bare_parameters(text: &str) -> Option<&str> {
    let text = text.strip_prefix('?').unwrap_or(text);
    let (name, _) = text.split_once('=')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then(|| text.split_once('#').map_or(text, |(query, _)| query))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect() -> RedirectUri {
        RedirectUri::parse("https://localhost:8799/callback").unwrap()
    }

    fn state() -> Awaited {
        Awaited::code(Secret::new("s3cret-state"))
    }

    fn code(text: &str) -> Outcome {
        Outcome::Code(Secret::new(text))
    }

    #[test]
    fn a_paste_is_judged_like_a_request() {
        let elsewhere =
            || Err(PasteProblem::Elsewhere { expected: "https://localhost:8799/callback".to_owned() });
        let flawed = |flaw| Err(PasteProblem::Flawed(flaw));
        let table = [
            ("https://localhost:8799/callback?code=abc&state=s3cret-state\n", Ok(code("abc"))),
            ("http://LOCALHOST:8799/callback?code=abc&state=s3cret-state", Ok(code("abc"))),
            ("localhost:8799/callback?code=abc&state=s3cret-state#top", Ok(code("abc"))),
            ("\"https://localhost:8799/call\n  back?code=a\r\nbc&state=s3cret-\tstate\"", Ok(code("abc"))),
            (
                "\u{feff}https://localhost:8799/call\u{200b}back?code=a\u{ad}bc&state=s3cret-\u{2060}state\u{202c}",
                Ok(code("abc")),
            ),
            ("code=abc&state=s3cret-state#", Ok(code("abc"))),
            ("?state=s3cret-state&code=abc", Ok(code("abc"))),
            (" \n", Err(PasteProblem::Empty)),
            ("4fe1b0c2", Err(PasteProblem::BareCode)),
            ("code=abc", flawed(Flaw::NoState)),
            ("https://localhost:8799/callback", flawed(Flaw::NoState)),
            ("https://localhost:8799/callback?code=abc&state=other", flawed(Flaw::OtherState)),
            ("code=abc&state=s3cret-state&code=def", flawed(Flaw::Repeated)),
            ("https://localhost:8799/other?code=abc&state=s3cret-state", elsewhere()),
            ("https://localhost:8798/callback?code=abc&state=s3cret-state", elsewhere()),
            ("https://example.org:8799/callback?code=abc&state=s3cret-state", elsewhere()),
            ("https://me@localhost:8799/callback?code=abc&state=s3cret-state", elsewhere()),
            ("ftp://localhost:8799/callback?code=abc&state=s3cret-state", elsewhere()),
            ("https://auth.freshbooks.com/oauth/authorize?client_id=1&state=s3cret-state", elsewhere()),
        ];
        for (text, expected) in table {
            assert_eq!(read_pasted(&Secret::new(text), &redirect(), &state()), expected, "{text}");
        }
    }

    #[test]
    fn a_verifier_can_be_pasted_on_its_own() {
        let awaited = Awaited::verifier(Secret::new("t0ken"));
        let table = [
            (" v3rifier\n", Ok(code("v3rifier"))),
            ("oauth_token=t0ken&oauth_verifier=v3rifier", Ok(code("v3rifier"))),
            ("https://localhost:8799/callback?oauth_token=t0ken&oauth_verifier=v", Ok(code("v"))),
            (
                "https://localhost:8799/callback?oauth_token=other&oauth_verifier=v",
                Err(PasteProblem::Flawed(Flaw::OtherState)),
            ),
            ("vérifier", Err(PasteProblem::BareCode)),
            ("\n", Err(PasteProblem::Empty)),
        ];
        for (text, expected) in table {
            assert_eq!(read_pasted(&Secret::new(text), &redirect(), &awaited), expected, "{text}");
        }
    }

    #[test]
    fn a_denial_can_be_pasted_too() {
        let text = "https://localhost:8799/callback?error=access_denied&error_description=You+said+no&state=s3cret-state";
        let denied =
            Outcome::Denied { error: "access_denied".into(), description: Some("You said no".to_owned()) };
        assert_eq!(read_pasted(&Secret::new(text), &redirect(), &state()), Ok(denied));
    }
}
