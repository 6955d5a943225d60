//! Reads an answer that does not contain what was asked for: who sent it, what it means, and what it
//! says.
//!
//! Only FreshBooks can refuse a request. A bot challenge, a gateway's 404 or a portal's log-in page
//! says nothing about what an identity can read, whatever its status; such answers come and go. So an
//! answer counts as FreshBooks' own only if it is JSON in one of the shapes that its APIs use (API
//! documentation, "Errors"). The order of the shapes matters: a body can match several, and the earlier
//! one says more.
//!
//! Texts come from the other side, so they are cut to a maximum length and stripped of control
//! characters.

use serde_json::Value;

use super::retry;

/// Longer texts are cut: an error is one line.
const LONGEST: usize = 200;

/// FreshBooks' error bodies are a few hundred bytes. A larger body is not parsed as one.
const LONGEST_BODY: usize = 64 << 10;

/// The error codes for an access token that FreshBooks does not accept (official SDKs).
const TOKEN_ERRORS: [&str; 2] = ["unauthenticated", "invalid_token"];

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) meaning: Meaning,
    /// Whether the answer is FreshBooks' own.
    pub(crate) is_theirs: bool,
    /// The OAuth error code (RFC 6749 section 5.2), the only part that code can match on.
    pub(crate) error: Option<String>,
    pub(super) words: String,
}

/// What the answer means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The access token is not accepted, but another one could be.
    TokenRefused,
    /// FreshBooks refused the request.
    Refused,
    /// Too many requests, or a problem on FreshBooks' side.
    Passing,
    /// Somebody else's answer, or a success without the expected content.
    Foreign,
}

impl Complaint {
    /// `lacks` is what is missing from an answer with status 200.
    pub(crate) fn read(status: u16, body: &str, lacks: Option<String>) -> Self {
        let said =
            Some(body).filter(|body| body.len() <= LONGEST_BODY).and_then(from_json).unwrap_or_default();
        let Said { words, error, author } = said;
        let is_theirs = match author {
            Author::FreshBooks => true,
            // So say FreshBooks' projects who may not read; gateways say so where nothing is found.
            Author::Message => matches!(status, 401 | 403),
            Author::Unknown => false,
        };
        let is_page = body.trim_start().starts_with('<');
        let refuses_token = error.as_deref().is_some_and(|error| TOKEN_ERRORS.contains(&error));
        let meaning = match status {
            401 if !is_page => Meaning::TokenRefused,
            200 | 403 if refuses_token => Meaning::TokenRefused,
            _ if retry::passes(status) => Meaning::Passing,
            300.. if is_theirs => Meaning::Refused,
            _ => Meaning::Foreign,
        };
        let words = words.map(|words| tidy(&words)).or(lacks);
        let words = match (status, words) {
            (402, Some(words)) => format!("payment required: is the subscription active? ({words})"),
            (_, Some(words)) => words,
            (300..400, None) => status_words(status).to_owned(),
            (_, None) if is_page => "received a web page instead of FreshBooks' answer".to_owned(),
            (_, None) => plain_text(body).unwrap_or_else(|| status_words(status).to_owned()),
        };
        Complaint { meaning, is_theirs, error, words }
    }

    /// A complaint that the caller has judged, in words that say what was expected.
    pub(crate) fn of(meaning: Meaning, is_theirs: bool, words: String) -> Self {
        Complaint { meaning, is_theirs, error: None, words }
    }

    /// Drops the text, which must not be shown or stored.
    pub(super) fn silenced(self, status: u16) -> Self {
        let words = format!("{} ([redacted]: the answer repeats a secret)", status_words(status));
        Complaint { words, ..self }
    }

    /// A phrase for the error message.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }
}

/// What a JSON body says.
#[derive(Debug, Default)]
struct Said {
    words: Option<String>,
    error: Option<String>,
    author: Author,
}

/// Whose shape a body has.
#[derive(Debug, Default)]
enum Author {
    FreshBooks,
    /// A message alone, which others write too.
    Message,
    #[default]
    Unknown,
}

fn from_json(body: &str) -> Option<Said> {
    let value: Value = serde_json::from_str(body).ok()?;
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let theirs = |words| Some(Said { words, error: None, author: Author::FreshBooks });
    if let Some(errors) = value.pointer("/response/errors") {
        let first = errors.get(0).unwrap_or(errors);
        let number = first.get("errno").map(|errno| format!(" (errno {errno})")).unwrap_or_default();
        return theirs(Some(text(first.get("message")).unwrap_or_default() + &number));
    }
    if let Some(errors) = value.get("errors").filter(|errors| errors.is_object()) {
        return theirs(text(errors.get("message")));
    }
    match value.get("error") {
        Some(Value::Object(fields)) => {
            let said =
                fields.iter().map(|(field, problem)| format!("{field}: {}", problem.as_str().unwrap_or("?")));
            return theirs(Some(said.collect::<Vec<_>>().join("; ")));
        }
        error => {
            if let Some(error) = text(error) {
                let words = match text(value.get("error_description")) {
                    None => error.clone(),
                    Some(description) => format!("{error}: {description}"),
                };
                return Some(Said {
                    words: Some(words),
                    error: Some(tidy(&error)),
                    author: Author::FreshBooks,
                });
            }
        }
    }
    let is_theirs = ["errno", "code", "details"].iter().any(|name| value.get(name).is_some());
    let author = if is_theirs { Author::FreshBooks } else { Author::Message };
    text(value.get("message")).map(|words| Said { words: Some(words), error: None, author })
}

fn plain_text(body: &str) -> Option<String> {
    let text = body.trim();
    (!text.is_empty() && !text.starts_with(['{', '['])).then(|| tidy(text))
}

/// Makes foreign text fit for an error message.
pub(crate) fn tidy(text: &str) -> String {
    // Their full stop would be in the middle of our line.
    let text = text.trim_end().trim_end_matches('.');
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

fn status_words(status: u16) -> &'static str {
    match status {
        301 | 302 | 303 | 307 | 308 => "a redirect, which is not followed",
        400 => "bad request",
        401 => "not signed in, or no longer",
        402 => "payment required: is the subscription active?",
        403 => "not permitted",
        404 => "not found",
        408 | 425 => "not processed in time",
        422 => "not acceptable",
        429 => "rate limit reached",
        500..=599 => "a problem on FreshBooks' side",
        _ => "unexpected answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!DOCTYPE html><title>Just a moment...</title>";
    const AUTH: &str = r#"{"error":"unauthenticated","error_description":"Please sign in."}"#;

    #[test]
    fn only_documented_shapes_count_as_freshbooks_own_answers() {
        let table = [
            (AUTH, "unauthenticated: Please sign in", true),
            (
                r#"{"response":{"errors":[{"errno":1012,"message":"No such client."}]}}"#,
                "No such client. (errno 1012)",
                true,
            ),
            (r#"{"response":{"errors":{"errno":1003,"message":"Denied."}}}"#, "Denied. (errno 1003)", true),
            (r#"{"code":5,"message":"status_code: 404","details":[]}"#, "status_code: 404", true),
            (r#"{"errors":{"message":"failed with 404","status":404}}"#, "failed with 404", true),
            (
                r#"{"error":"Requested resource could not be found."}"#,
                "Requested resource could not be found",
                true,
            ),
            (r#"{"errno":2001,"error":{"updated_since":"not a date"}}"#, "updated_since: not a date", true),
            (r#"{"errno":401,"message":"invalid_token: no"}"#, "invalid_token: no", true),
            (r#"{"message":"You are not authorized."}"#, "You are not authorized", true),
            (r#"{"error":"","success":false}"#, "not permitted", false),
            ("[]", "not permitted", false),
            ("error code: 1020", "error code: 1020", false),
            (PAGE, "received a web page instead of FreshBooks' answer", false),
            ("", "not permitted", false),
        ];
        for (body, words, is_theirs) in table {
            let complaint = Complaint::read(403, body, None);
            assert_eq!((complaint.words(), complaint.is_theirs), (words, is_theirs), "{body}");
        }
    }

    #[test]
    fn the_meaning_follows_from_status_and_author() {
        use Meaning::{Foreign, Passing, Refused, TokenRefused};
        let denied = r#"{"error":"forbidden"}"#;
        let token = r#"{"error":"invalid_token"}"#;
        let message = r#"{"message":"no Route matched with those values"}"#;
        let table = [
            (200, AUTH, TokenRefused),
            (403, AUTH, TokenRefused),
            (403, token, TokenRefused),
            (401, AUTH, TokenRefused),
            (401, "", TokenRefused),
            (401, PAGE, Foreign),
            (404, AUTH, Refused),
            (400, denied, Refused),
            (403, denied, Refused),
            (404, denied, Refused),
            (404, "", Foreign),
            (403, PAGE, Foreign),
            (403, message, Refused),
            (404, message, Foreign),
            (302, PAGE, Foreign),
            (200, PAGE, Foreign),
            (200, denied, Foreign),
            (204, "", Foreign),
            (501, denied, Refused),
            (505, PAGE, Foreign),
            (429, PAGE, Passing),
            (503, denied, Passing),
            (520, "", Passing),
        ];
        for (status, body, meaning) in table {
            assert_eq!(Complaint::read(status, body, None).meaning, meaning, "{status} {body}");
        }
    }

    #[test]
    fn hostile_text_is_cut_and_cleaned_and_a_large_body_is_not_parsed() {
        let body = format!(r#"{{"error":"x\u001b[2J{}"}}"#, "y".repeat(1000));
        let said = Complaint::read(400, &body, None).words;
        assert!(said.starts_with("x [2Jyyy") && said.chars().count() == LONGEST, "{said}");
        let large = format!(r#"{{"error":"x","rest":[{}0]}}"#, "0,".repeat(LONGEST_BODY));
        assert_eq!(Complaint::read(403, &large, None).meaning, Meaning::Foreign);
        let silenced = Complaint::read(403, AUTH, None).silenced(403);
        assert!(silenced.words.starts_with("not permitted ([redacted]") && silenced.is_theirs);
    }
}
