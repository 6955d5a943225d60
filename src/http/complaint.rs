//! Reads what a server says when it refuses, in every shape that FreshBooks' families use.
//!
//! The order matters: a body may match several shapes and the earlier one says more. Texts come
//! from the other side, so they are cut to a length and lose their control characters.

use serde_json::Value;

/// Longer texts are cut: an error is a line.
const LONGEST: usize = 200;

/// A phrase for the error's line: what the body says, else what the status means.
pub(crate) fn complaint(status: u16, body: &[u8]) -> String {
    let said = serde_json::from_slice::<Value>(body).ok().and_then(|value| from_json(&value));
    let said = said.or_else(|| plain_text(body));
    let meaning = match status {
        402 => "payment required: is the subscription active?".to_owned(),
        _ => status_words(status).to_owned(),
    };
    match said {
        Some(text) if status == 402 => format!("{meaning} ({})", tidy(&text)),
        Some(text) => tidy(&text),
        None => meaning,
    }
}

/// The OAuth error code of a body (RFC 6749 section 5.2), the only part that may be matched on.
pub(crate) fn oauth_error(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.get("error")?.as_str().map(tidy)
}

fn from_json(value: &Value) -> Option<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    if let Some(errors) = value.pointer("/response/errors") {
        let first = errors.get(0).unwrap_or(errors);
        let number = first.get("errno").map(|errno| format!(" (errno {errno})")).unwrap_or_default();
        return Some(text(first.get("message")).unwrap_or_default() + &number);
    }
    if let Some(errors) = value.get("errors").filter(|errors| errors.is_object()) {
        return text(errors.get("message"));
    }
    match value.get("error") {
        Some(Value::String(error)) => {
            let description = text(value.get("error_description"));
            return Some(
                description.map_or_else(|| error.clone(), |description| format!("{error}: {description}")),
            );
        }
        Some(Value::Object(fields)) => {
            let said =
                fields.iter().map(|(field, problem)| format!("{field}: {}", problem.as_str().unwrap_or("?")));
            return Some(said.collect::<Vec<_>>().join("; "));
        }
        _ => {}
    }
    text(value.get("message"))
}

fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let markup = text.starts_with('<') || text.starts_with('{') || text.starts_with('[');
    (!text.is_empty() && !markup).then(|| text.to_owned())
}

/// Makes foreign text fit for an error's line.
pub(crate) fn tidy(text: &str) -> String {
    // A full stop of theirs would stand in the middle of a line of ours.
    let text = text.trim_end().trim_end_matches('.');
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

fn status_words(status: u16) -> &'static str {
    match status {
        301 | 302 | 303 | 307 | 308 => "a redirect, which is not followed",
        400 => "bad request",
        401 => "not signed in, or no longer",
        403 => "not permitted",
        404 => "not found",
        422 => "not acceptable",
        429 => "too many requests",
        500..=599 => "trouble at FreshBooks' side",
        _ => "unexpected answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_shape_is_read() {
        let shapes = [
            (
                r#"{"error":"unauthenticated","error_description":"Please sign in."}"#,
                "unauthenticated: Please sign in",
            ),
            (
                r#"{"response":{"errors":[{"errno":1012,"message":"No such client."}]}}"#,
                "No such client. (errno 1012)",
            ),
            (r#"{"response":{"errors":{"errno":1003,"message":"Denied."}}}"#, "Denied. (errno 1003)"),
            (r#"{"code":5,"message":"status_code: 404","details":[]}"#, "status_code: 404"),
            (r#"{"errors":{"message":"failed with 404","status":404}}"#, "failed with 404"),
            (
                r#"{"error":"Requested resource could not be found."}"#,
                "Requested resource could not be found",
            ),
            (r#"{"errno":2001,"error":{"updated_since":"not a date"}}"#, "updated_since: not a date"),
            (r#"{"errno":401,"message":"invalid_token: no"}"#, "invalid_token: no"),
            ("stuff", "stuff"),
            ("<html><body>Bad gateway</body></html>", "not permitted"),
            ("", "not permitted"),
        ];
        for (body, expected) in shapes {
            assert_eq!(complaint(403, body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_hostile_text_is_cut_and_tamed() {
        let body = format!(r#"{{"error":"x\u001b[2J{}"}}"#, "y".repeat(1000));
        let said = complaint(400, body.as_bytes());
        assert!(said.starts_with("x [2Jyyy") && said.chars().count() == LONGEST, "{said}");
    }
}
