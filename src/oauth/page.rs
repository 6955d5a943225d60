//! The pages that the redirect listener sends to a browser.
//!
//! The address of the page contains a code, so the pages are inert: no script, no external content,
//! nothing copied from the request, no referrer, no caching, no framing. The variable texts (who signed
//! in, what went wrong) are escaped. Each page closes the connection: the listener is there for only
//! one answer.

use super::judge::Refusal;

/// What the person sees in the browser. The caller chooses the first two, the listener the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The code was exchanged; `who` is FreshBooks' name for the account.
    SignedIn { who: String },
    /// There is no sign-in; `why` is the message in the terminal.
    Failed { why: String },
    /// The answer arrived, but the result is not known here.
    SeeTerminal,
    /// The answer had already arrived: a reload, or the browser's "back".
    AlreadyReceived,
    /// Not the answer.
    Refused(Refusal),
}

impl Page {
    /// The complete HTTP response.
    pub(super) fn response(&self) -> String {
        let (status, allow) = match self {
            // RFC 9110, 15.5.6: a 405 lists the allowed methods.
            Page::Refused(refusal @ Refusal::Method) => (refusal.status(), "Allow: GET\r\n"),
            Page::Refused(refusal) => (refusal.status(), ""),
            _ => ("200 OK", ""),
        };
        let html = self.html();
        format!(
            "HTTP/1.1 {status}\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Connection: close\r\n\
             Cache-Control: no-store\r\n\
             Referrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
             {allow}\r\n\
             {html}",
            html.len()
        )
    }

    fn html(&self) -> String {
        let (heading, happened, next) = match self {
            Page::SignedIn { who } => (
                "Signed in",
                format!("fbsync is signed in to FreshBooks as {who}."),
                "You can close this tab.",
            ),
            Page::Failed { why } => ("Not signed in", sentence(why), "The terminal shows what to do next."),
            Page::SeeTerminal => (
                "Answer received",
                "fbsync has received FreshBooks' answer.".to_owned(),
                "The terminal shows whether the sign-in worked.",
            ),
            Page::AlreadyReceived => (
                "Already received",
                "fbsync has already received this answer, which works only once.".to_owned(),
                "You can close this tab; the result is in the terminal.",
            ),
            Page::Refused(refusal) => (
                "Not the sign-in",
                sentence(&refusal.to_string()),
                "Go back to the terminal and open the address printed there.",
            ),
        };
        format!(
            "<!doctype html>\n\
             <html lang=\"en\">\n\
             <meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>fbsync</title>\n\
             <style>\n\
             :root {{ color-scheme: light dark }}\n\
             body {{ max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem; font: 1rem/1.6 system-ui, sans-serif }}\n\
             h1 {{ font-size: 1.5rem; font-weight: 600; margin: 0 0 .5rem }}\n\
             p {{ margin: 0 0 .5rem; overflow-wrap: anywhere }}\n\
             </style>\n\
             <h1>{heading}</h1>\n\
             <p>{}</p>\n\
             <p>{next}</p>\n\
             </html>\n",
            escape(&happened)
        )
    }
}

/// Turns a message of the terminal into a sentence of a page.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// Escapes for element content and quoted attributes, so that it is safe anywhere in the template.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        let page = Page::SignedIn { who: r#"<script src="//evil">&'"#.to_owned() }.response();
        assert!(page.contains("as &lt;script src=&quot;//evil&quot;&gt;&amp;&#39;."), "{page}");
        assert!(!page.contains("<script"), "{page}");
    }

    #[test]
    fn every_page_forbids_caching_framing_referring_and_loading() {
        let pages = [
            Page::SignedIn { who: "Zoë".to_owned() },
            Page::Failed { why: "FreshBooks refused".to_owned() },
            Page::SeeTerminal,
            Page::AlreadyReceived,
            Page::Refused(Refusal::Method),
        ];
        for page in pages {
            let response = page.response();
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            for line in [
                "Cache-Control: no-store",
                "Referrer-Policy: no-referrer",
                "X-Content-Type-Options: nosniff",
                "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
                "Connection: close",
                &format!("Content-Length: {}", body.len()),
            ] {
                assert!(head.lines().any(|found| found == line), "{line} missing in {head}");
            }
            assert_eq!(head.contains("Allow: GET"), head.contains(" 405 "), "{head}");
            assert!(!body.contains("http") && !body.contains("<script"), "{body}");
        }
    }
}
