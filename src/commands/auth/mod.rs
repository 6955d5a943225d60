//! `fbsync auth`: a person signs in, and the tokens are stored.
//!
//! What can fail is checked before anybody is sent to a browser: settings, the store, the port. The
//! code is valid for five minutes, so it is exchanged at once. The token pair is stored before it is
//! used, and only then does the browser get its page, so that the page is true.

pub(crate) mod classic;
mod client;
mod consent;
mod guide;
mod settle;

use std::path::Path;
use std::time::Duration;

use crate::app::App;
use crate::cli::AuthArgs;
use crate::credentials::{self, Profile, Store};
use crate::error::{Error, Result};
use crate::freshbooks::Person;
use crate::fsutil;
use crate::http::Http;
use crate::oauth::{self, Attempt, Awaited, Certificate, Client, Page, RedirectUri, Reply, TEAMS_SCOPE};
use consent::Ways;
use guide::Shown;

/// What a sign-in needs.
pub(crate) struct Request {
    pub(crate) client: Client,
    /// If empty, the app's own scopes apply.
    pub(crate) scope: String,
    pub(crate) pkce: bool,
    pub(crate) timeout: Duration,
    /// For a person with their own CA.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) paste: Paste,
}

/// Whether the answer can be pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paste {
    Never,
    /// Pasted, or brought by the browser.
    Beside,
    /// Only pasted.
    Only,
}

/// A completed and stored sign-in.
pub(crate) struct Signed {
    pub(crate) profile: Profile,
    /// `None` if FreshBooks could not say.
    pub(crate) person: Option<Person>,
}

pub(crate) fn run(app: &App, args: &AuthArgs) -> Result<()> {
    if let Some(system) = &args.classic {
        return classic::run(app, args, system);
    }
    let stored = credentials::stored(app)?;
    let known = stored.as_ref().map(Profile::client);
    let client = client::gather(app, args, known, &|uri| guide::how_to_make_an_app(app, uri, &args.scope))?;
    let signed = match args.import_refresh_token {
        true => settle::import(app, client, args)?,
        false => {
            let request = request(app, args, client)?;
            sign_in(app, &request, &|url| guide::send(app, args, &request, Shown::Address, url))?
        }
    };
    tell(app, stored.as_ref(), &signed);
    Ok(())
}

fn request(app: &App, args: &AuthArgs, client: Client) -> Result<Request> {
    let certificate = match (&args.redirect_cert, &args.redirect_key) {
        (Some(chain), Some(key)) => Some(Certificate::from_pem(&read(chain)?, &read(key)?)?),
        _ => None,
    };
    Ok(Request {
        client,
        scope: args.scope.split_whitespace().collect::<Vec<_>>().join(" "),
        pkce: !args.no_pkce,
        timeout: args.timeout,
        certificate,
        paste: match (args.paste, app.no_input) {
            (true, _) => Paste::Only,
            (false, true) => Paste::Never,
            (false, false) => Paste::Beside,
        },
    })
}

/// A certificate chain takes a few kilobytes.
const LARGEST_PEM: u64 = 1 << 20;

fn read(path: &Path) -> Result<Vec<u8>> {
    let read = fsutil::open_regular(path).and_then(|file| fsutil::read_bounded(file, LARGEST_PEM));
    read.map_err(fsutil::failing(|| format!("cannot read {}", path.display())))
}

impl Request {
    fn certificate(&self) -> Result<Certificate> {
        self.certificate.clone().map_or_else(Certificate::self_signed, Ok)
    }
}

/// Asks a person for consent at FreshBooks and stores the resulting tokens. `way` sends the person to
/// an address; the listener is already running.
pub(crate) fn sign_in(app: &App, request: &Request, way: &dyn Fn(&str)) -> Result<Signed> {
    let redirect = RedirectUri::parse(&request.client.redirect_uri)?;
    prove_writable(app)?;
    let http = Http::new(app)?;
    let attempt = Attempt::new(request.pkce)?;
    let awaited = Awaited::code(attempt.state.clone());
    let ways = Ways::open(request.paste, &redirect, request.certificate()?, awaited)?;
    way(oauth::authorize_url(&app.endpoints.auth, &request.client, &request.scope, &attempt).as_str());
    let answer = ways.wait(app, "auth", request.timeout)?;
    let (outcome, reply) = answer.ok_or_else(|| consent::timed_out(app, request.timeout, &redirect))?;
    let signed = consent::code(app, "auth", outcome)
        .and_then(|code| settle::code(app, &http, request.client.clone(), &code, attempt.verifier.as_ref()));
    tell_browser(reply, signed.as_ref().map(|signed| who(signed.person.as_ref())));
    signed
}

/// Checks that the sign-in can be stored before a person is asked for anything.
fn prove_writable(app: &App) -> Result<()> {
    let store = Store::new(app)?;
    let _lock = store.lock()?;
    store.prove_writable()
}

/// Tells the browser that brought the answer how the sign-in ended.
fn tell_browser(reply: Option<Reply>, signed: Result<String, &Error>) {
    if let Some(reply) = reply {
        reply.finish(match signed {
            Ok(who) => Page::SignedIn { who },
            Err(error) => Page::Failed { why: error.message().to_owned() },
        });
    }
}

fn who(person: Option<&Person>) -> String {
    match person {
        Some(person) if person.name.is_empty() => person.email.clone(),
        Some(person) => format!("{} <{}>", person.name, person.email),
        None => "somebody (FreshBooks did not say who)".to_owned(),
    }
}

/// Reports who signed in and with which scopes, and what to do next.
pub(crate) fn tell(app: &App, before: Option<&Profile>, signed: &Signed) {
    let scopes = signed.profile.scopes.as_deref();
    app.ui.note(format_args!(
        "signed in as {}, scopes: {}",
        who(signed.person.as_ref()),
        scopes.unwrap_or("not reported")
    ));
    if scopes.is_some_and(|scopes| !scopes.split_whitespace().any(|scope| scope == TEAMS_SCOPE)) {
        app.ui.warn(format_args!("the scope {TEAMS_SCOPE} is missing: no team can be listed without it"));
        app.ui.hint(format_args!(
            "enable {TEAMS_SCOPE} for the app at {}, then run `{}` again",
            guide::DEVELOPER_PAGE,
            app.command("auth")
        ));
    }
    let formerly = before.and_then(|profile| profile.identity.as_ref()).map(|identity| &identity.email);
    if let (Some(formerly), Some(person)) = (formerly, &signed.person)
        && *formerly != person.email
    {
        app.ui.warn(format_args!("this profile was signed in as {formerly} before"));
    }
    app.ui.next(app.command("sync --db audit.sqlite"));
}
