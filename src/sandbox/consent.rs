//! The page on which a person allows an app to connect, or does not.
//!
//! It is shown with `demo --serve`, to people who sign in with their own browser. Its links are the same address with
//! the choice added, so it needs no form and no session.

use url::form_urlencoded;

use super::wire::{Answer, Fields, field};

/// The parameter that carries the choice. Not FreshBooks': how its page works inside is its own affair.
pub(super) const DECISION: &str = "sandbox_decision";
pub(super) const ALLOW: &str = "allow";
const DENY: &str = "deny";

/// Asks the person, whose choice comes back as the same query with [`DECISION`].
pub(super) fn page(query: &Fields, scopes: &[String]) -> Answer {
    let link = |decision: &str| {
        let mut again = form_urlencoded::Serializer::new(String::new());
        again.extend_pairs(query).append_pair(DECISION, decision);
        format!("?{}", escape(&again.finish()))
    };
    let scopes: String = scopes.iter().map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    let html = format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Sandbox: allow access?</title>\n\
         <style>\n\
         :root {{ color-scheme: light dark }}\n\
         body {{ max-width: 32rem; margin: 16vh auto 0; padding: 0 1.5rem; font: 1rem/1.6 system-ui, sans-serif }}\n\
         h1 {{ font-size: 1.5rem; font-weight: 600; margin: 0 0 .5rem }}\n\
         a {{ display: inline-block; margin: 1rem 1rem 0 0; padding: .4rem 1.4rem; border: 1px solid; border-radius: .3rem; text-decoration: none }}\n\
         small {{ opacity: .7; overflow-wrap: anywhere }}\n\
         </style>\n\
         <h1>Allow this app to connect?</h1>\n\
         <p>It asks for:</p><ul>{scopes}</ul>\n\
         <p><small>client id {}</small></p>\n\
         <p><a id=\"allow\" href=\"{}\">Allow</a><a id=\"deny\" href=\"{}\">Deny</a></p>\n\
         <p><small>This is the sandbox of <code>fbsync demo</code>, not FreshBooks.</small></p>\n\
         </html>\n",
        escape(field(query, "client_id").unwrap_or_default()),
        link(ALLOW),
        link(DENY),
    );
    Answer::new(200, "text/html; charset=utf-8", html.into_bytes())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
