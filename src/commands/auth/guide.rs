//! What a person is told on the way to FreshBooks and back.
//!
//! The browser's warning is explained before it appears. The address is on a line of its own, so that
//! it can be copied from any terminal.

use std::thread;

use super::{Paste, Request};
use crate::app::{self, App};
use crate::cli::AuthArgs;
use crate::oauth::RedirectUri;

/// Where apps are created (FreshBooks, "Getting Started").
pub(super) const DEVELOPER_PAGE: &str = "https://my.freshbooks.com/#/developer";

pub(super) fn how_to_make_an_app(app: &App, redirect_uri: &str, scope: &str) {
    let scopes = match scope.trim() {
        "" => "the scopes you need".to_owned(),
        scope => format!("the scopes {}", scope.split_whitespace().collect::<Vec<_>>().join(" and ")),
    };
    for line in [
        "to sign in, fbsync needs an app of your own at FreshBooks; creating one takes two minutes:"
            .to_owned(),
        format!("  1. open {DEVELOPER_PAGE} and choose Create an App"),
        format!("  2. give it any name, and as redirect URI exactly: {redirect_uri}"),
        format!("  3. give it {scopes}, then save"),
        "  4. open the app again and copy its client id and client secret".to_owned(),
    ] {
        app.ui.instruct(line);
    }
}

/// What a person who pastes sees at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The address that the browser ends on.
    Address,
    /// A code on FreshBooks' own page.
    Code,
}

/// Classic issues consumer keys inside a system that has been granted developer access.
pub(super) fn how_to_get_a_consumer_key(app: &App) {
    for line in [
        "to sign in, fbsync needs a consumer key and secret of FreshBooks Classic:",
        "  1. sign in to a system that has developer access, and open My Account, then FreshBooks API",
        "  2. choose Use OAuth and describe the application; the consumer secret is then shown",
        "  3. the consumer key, which is the client id here, is the name of that system",
    ] {
        app.ui.instruct(line);
    }
}

/// Sends the person to `url`: prints it, and opens a browser if there is one.
pub(super) fn send(app: &App, args: &AuthArgs, request: &Request, shown: Shown, url: &str) {
    let browser = !args.no_browser && !args.paste && app::has_desktop();
    if request.paste != Paste::Only {
        explain_warning(app, request);
    }
    app.ui.instruct("open this address and allow access:");
    app.ui.instruct(url);
    match (request.paste, browser) {
        (Paste::Only, _) if shown == Shown::Code => {
            app.ui.instruct("then paste the code that the page shows:")
        }
        (Paste::Only, _) => {
            app.ui.instruct("then paste the address that the browser ends on, even if it shows an error:");
        }
        (_, true) => open(app, url),
        (_, false) => explain_tunnel(app, request),
    }
    if request.paste == Paste::Beside && app.ui.may_ask {
        app.ui.instruct("nothing happened? paste the whole address that the browser ended on here:");
    }
}

fn explain_warning(app: &App, request: &Request) {
    if request.certificate.is_none() && request.client.redirect_uri.starts_with("https:") {
        for line in [
            "after you agree, the browser will warn that the connection is not private:",
            "  it is redirected to this machine, which uses a certificate that fbsync has just created",
            "  choose Advanced, then Proceed; or change https to http in the address bar",
        ] {
            app.ui.instruct(line);
        }
    }
}

/// A browser on another machine can reach this machine's loopback only through a tunnel.
fn explain_tunnel(app: &App, request: &Request) {
    if let Ok(redirect) = RedirectUri::parse(&request.client.redirect_uri) {
        let (port, host) = (redirect.port(), app::host_name());
        let user = app::os_user();
        // If the account name is not known, ssh's own default is as good a guess.
        let account = if user.contains(' ') { String::new() } else { format!("{user}@") };
        app.ui.instruct("if the browser is on another machine, run this there first:");
        app.ui.instruct(format_args!("  ssh -L {port}:127.0.0.1:{port} {account}{host}"));
    }
}

/// In a thread, because some browsers return only when they are closed.
fn open(app: &App, url: &str) {
    let (ui, url) = (app.ui, url.to_owned());
    thread::spawn(move || {
        if app::open_browser(&url).is_err() {
            ui.note("no browser could be opened; open the address yourself");
        }
    });
}
