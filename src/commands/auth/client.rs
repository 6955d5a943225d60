//! The app that signs in: its id, secret and redirect URI, each from the first source that has it.
//!
//! The sources are flag, environment, the stored sign-in, and finally a question if somebody can
//! answer. Stored values count only with the client id they were stored with.

use crate::app::App;
use crate::cli::AuthArgs;
use crate::credentials::inputs;
use crate::error::{Error, Kind, Result};
use crate::oauth::{Client, DEFAULT_REDIRECT, RedirectUri};
use crate::secret::{Secret, bare};

/// `explain` tells a person at a terminal how to create an app with a redirect URI.
pub(super) fn gather(
    app: &App,
    args: &AuthArgs,
    stored: Option<Client>,
    explain: &dyn Fn(&str),
) -> Result<Client> {
    // Checked before anything is asked, so that no question is answered in vain.
    let wanted = args.client_id.as_deref().map(bare).filter(|id| !id.is_empty());
    let same = stored.filter(|client| wanted.is_none_or(|id| id == client.id));
    let given = args.redirect_uri.as_deref().map(bare).filter(|uri| !uri.is_empty());
    let redirect_uri = given.or(same.as_ref().map(|client| client.redirect_uri.as_str()));
    let redirect_uri = redirect_uri.unwrap_or(DEFAULT_REDIRECT).to_owned();
    check_way(args, &RedirectUri::parse(&redirect_uri)?)?;
    let secret = inputs::client_secret(args.client_secret_file.as_deref())?;
    let id = match wanted.or(same.as_ref().map(|client| client.id.as_str())) {
        Some(id) => id.to_owned(),
        None => ask_id(app, &|| explain(&redirect_uri))?,
    };
    let secret = match secret.or(same.map(|client| client.secret)) {
        Some(secret) => secret,
        None => ask_secret(app)?,
    };
    Ok(Client { id, secret, redirect_uri })
}

fn check_way(args: &AuthArgs, redirect: &RedirectUri) -> Result<()> {
    let stdin = args.client_secret_file.as_deref().is_some_and(|path| path.as_os_str() == "-");
    if args.paste && stdin {
        let message = "standard input cannot hold both the client secret and the pasted address";
        return Err(
            Error::new(Kind::Usage, message).hint("give the secret in a file or in FBSYNC_CLIENT_SECRET")
        );
    }
    if !args.paste && !args.import_refresh_token && !redirect.loopback() {
        let message = format!("the redirect URI {} does not lead to this machine", redirect.as_str());
        return Err(Error::new(Kind::Usage, message).hint("use `--paste` with it"));
    }
    Ok(())
}

fn ask_id(app: &App, explain: &dyn Fn()) -> Result<String> {
    if !app.ui.may_ask {
        let (with_it, asked) = (app.command("auth --client-id ID"), app.command("auth"));
        return Err(Error::new(Kind::Usage, "no client id was given").hint(format!(
            "{with_it}, or set FBSYNC_CLIENT_ID; `{asked}` on a terminal explains how to get one"
        )));
    }
    explain();
    match app.ui.ask(&app.stop, "client id:")? {
        id if id.is_empty() => {
            Err(Error::new(Kind::Usage, "no client id was given").hint(app.command("auth")))
        }
        id => Ok(bare(&id).to_owned()),
    }
}

fn ask_secret(app: &App) -> Result<Secret> {
    if !app.ui.may_ask {
        let with_it = app.command("auth --client-secret-file PATH");
        return Err(Error::new(Kind::Usage, "no client secret was given")
            .hint(format!("{with_it}, or set FBSYNC_CLIENT_SECRET")));
    }
    match app.ui.ask_secret(&app.stop, "client secret (not shown):")? {
        secret if secret.is_empty() => {
            Err(Error::new(Kind::Usage, "no client secret was given").hint(app.command("auth")))
        }
        secret => secret.checked("client secret", "what was typed"),
    }
}
