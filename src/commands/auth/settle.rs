//! From a code, or a refresh token obtained elsewhere, to a stored sign-in with a known person.
//!
//! The tokens are stored first; then FreshBooks is asked whose they are. If it cannot say, the sign-in
//! is still valid.

use std::path::Path;

use super::Signed;
use crate::app::{App, environment};
use crate::cli::AuthArgs;
use crate::credentials::{self, Profile, inputs};
use crate::error::{Error, Kind, Result};
use crate::freshbooks::{self, Person};
use crate::http::Http;
use crate::oauth::{self, Client, TokenProblem};
use crate::secret::Secret;

/// Exchanges the code that a person came back with.
pub(super) fn code(
    app: &App,
    http: &Http,
    client: Client,
    code: &Secret,
    verifier: Option<&Secret>,
) -> Result<Signed> {
    let profile = credentials::store_sign_in(app, client, |client| {
        oauth::exchange(http, &app.endpoints.api, client, code, verifier)
            .map_err(|problem| not_exchanged(app, problem, verifier.is_some()))
    })?;
    Ok(signed(app, http, profile))
}

fn not_exchanged(app: &App, problem: TokenProblem, pkce: bool) -> Error {
    let hint = match problem {
        TokenProblem::Grant(_) => Some(format!(
            "a code is valid for five minutes and works once, only with the redirect URI it was requested with: run \
             `{}` again",
            app.command("auth")
        )),
        TokenProblem::Refused { .. } if pkce => {
            Some(format!("if FreshBooks does not accept PKCE: {}", app.command("auth --no-pkce")))
        }
        _ => None,
    };
    let error = problem.into_error(
        &app.typed(),
        "FreshBooks did not exchange the code for tokens",
        "nothing was stored",
    );
    hint.into_iter().fold(error, Error::hint)
}

fn signed(app: &App, http: &Http, profile: Profile) -> Signed {
    let person = profile.access_token.as_ref().and_then(|token| identify(app, http, token));
    Signed { profile, person }
}

fn identify(app: &App, http: &Http, token: &Secret) -> Option<Person> {
    let person = freshbooks::who_is(http, &app.endpoints.api, token).and_then(|person| {
        credentials::remember(app, &person)?;
        Ok(person)
    });
    person.map_err(|error| app.ui.warn(format_args!("the sign-in is stored, but {error}"))).ok()
}

/// A refresh token obtained elsewhere: typed, piped or in the environment, and rotated at once.
pub(super) fn import(app: &App, client: Client, args: &AuthArgs) -> Result<Signed> {
    let http = Http::new(app)?;
    let what = "refresh token";
    let token = match environment::refresh_token()? {
        Some(token) => token,
        None if app.ui.may_ask => {
            let typed = app.ui.ask_secret(&app.stop, "refresh token (not shown):")?;
            typed.checked(what, "what was typed")?
        }
        None if args.client_secret_file.as_deref() == Some(Path::new("-")) => {
            let message = "standard input cannot hold both the client secret and the refresh token";
            return Err(Error::new(Kind::Usage, message).hint("put one of them in the environment or a file"));
        }
        None => inputs::from_stdin(what)?,
    };
    if token.is_empty() {
        return Err(Error::new(Kind::Usage, "no refresh token was given"));
    }
    let profile = credentials::import(app, &http, client, token)?;
    Ok(signed(app, &http, profile))
}
