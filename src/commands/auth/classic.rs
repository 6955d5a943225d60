//! `fbsync auth --classic SYSTEM`: a person signs in to FreshBooks Classic.
//!
//! The steps are those of [`super::sign_in`] with one more at the start: Classic issues a request
//! token, which its answer has to repeat.

use super::consent::{self, Ways};
use super::guide::{self, Shown};
use super::{Paste, Request, client, prove_writable, request, tell_browser, who};
use crate::app::App;
use crate::classic::{OUT_OF_BAND, System, TokenDesk};
use crate::cli::AuthArgs;
use crate::credentials::{ClassicProfile, Store, classic};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::Person;
use crate::http::Http;
use crate::oauth::{Awaited, RedirectUri};
use crate::time::spoken;

pub(super) fn run(app: &App, args: &AuthArgs, system: &str) -> Result<()> {
    let system = System::parse(system)?;
    let app = &system.app(app)?;
    let stored = classic::to_replace(&Store::new(app)?)?;
    let known = stored.as_ref().map(ClassicProfile::consumer);
    let consumer = client::gather(app, args, known, &|_| guide::how_to_get_a_consumer_key(app))?;
    let request = request(app, args, consumer)?;
    let shown = if request.paste == Paste::Only { Shown::Code } else { Shown::Address };
    let way = |url: &str| guide::send(app, args, &request, shown, url);
    let person = sign_in(app, &system, &request, &way)?;
    tell(app, &system, stored.as_ref(), person.as_ref());
    Ok(())
}

/// Asks a person for consent and stores the resulting token. `app` uses the origin of `system`. Returns
/// the person, if Classic could say who it is.
pub(crate) fn sign_in(
    app: &App,
    system: &System,
    request: &Request,
    way: &dyn Fn(&str),
) -> Result<Option<Person>> {
    let redirect = RedirectUri::parse(&request.client.redirect_uri)?;
    prove_writable(app)?;
    let http = Http::new(app)?;
    let consumer = &request.client;
    let desk = TokenDesk { http: &http, app, system, consumer };
    let callback = if request.paste == Paste::Only { OUT_OF_BAND } else { redirect.as_str() };
    let request_token = desk.request_token(callback)?;
    let awaited = Awaited::verifier(request_token.value.clone());
    let ways = Ways::open(request.paste, &redirect, request.certificate()?, awaited)?;
    way(&desk.authorize_url(&request_token));

    let verb = format!("auth --classic {system}");
    let answer = ways.wait(app, &verb, request.timeout)?;
    let (outcome, reply) = answer.ok_or_else(|| {
        let message = format!(
            "the browser did not come back from FreshBooks Classic within {}",
            spoken(request.timeout)
        );
        let (again, paste) = (app.command(&verb), app.command(&format!("{verb} --paste")));
        Error::new(Kind::SignIn, message)
            .hint(format!("{again}; or {paste} if the browser cannot reach this machine"))
    })?;
    let signed = consent::code(app, &verb, outcome).and_then(|verifier| {
        let exchange = || desk.access_token(&request_token, &verifier);
        let profile = classic::store_sign_in(app, system, consumer, exchange)?;
        Ok(identify(app, &profile, http.clone()))
    });
    tell_browser(reply, signed.as_ref().map(|person| who(person.as_ref())));
    signed
}

/// A failure does not undo the sign-in, which is already stored.
fn identify(app: &App, profile: &ClassicProfile, http: Http) -> Option<Person> {
    let person = profile.open(app, http).and_then(|reads| reads.who_is()).and_then(|person| {
        classic::remember(app, &person)?;
        Ok(person)
    });
    person.map_err(|error| app.ui.warn(format_args!("the sign-in is stored, but {error}"))).ok()
}

/// Reports who signed in and where, and what to do next.
pub(crate) fn tell(app: &App, system: &System, before: Option<&ClassicProfile>, person: Option<&Person>) {
    app.ui.note(format_args!("signed in as {} to FreshBooks Classic ({system})", who(person)));
    if let Some(before) = before.filter(|before| before.system != *system) {
        app.ui.warn(format_args!("this profile was signed in to the system `{}` before", before.system));
    }
    app.ui.next(app.command("sync --db audit.sqlite"));
}
