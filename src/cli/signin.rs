//! `auth`, `refresh`, `status`, `logout`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::DEFAULT_SCOPES;
use super::values::duration;
use crate::app::environment::{FBSYNC_CLIENT_ID, FBSYNC_CLIENT_SECRET_FILE, FBSYNC_DB, FBSYNC_REDIRECT_URI};

#[derive(Args, Debug)]
pub(crate) struct AuthArgs {
    /// Sign in to this FreshBooks Classic system (the name before .freshbooks.com); the client id is
    /// its consumer key
    #[arg(long, value_name = "SYSTEM", conflicts_with_all = ["scope", "no_pkce", "import_refresh_token"])]
    pub(crate) classic: Option<String>,
    /// Client id of your FreshBooks app
    #[arg(long, value_name = "ID", env = FBSYNC_CLIENT_ID, help_heading = "Your app")]
    pub(crate) client_id: Option<String>,
    /// Redirect URI, exactly as registered with the app
    /// [default: the one stored, else https://localhost:8799/callback]
    #[arg(long, value_name = "URI", env = FBSYNC_REDIRECT_URI, help_heading = "Your app")]
    pub(crate) redirect_uri: Option<String>,
    /// Scopes to request, separated by spaces; empty requests the app's own
    #[arg(long, value_name = "SCOPES", default_value = DEFAULT_SCOPES, help_heading = "Your app")]
    pub(crate) scope: String,
    /// File that holds the client secret; `-` is standard input
    #[arg(long, value_name = "PATH", env = FBSYNC_CLIENT_SECRET_FILE, help_heading = "Your app")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Print the address; do not open a browser
    #[arg(long, help_heading = "The way back")]
    pub(crate) no_browser: bool,
    /// Do not open a port; read the address that the browser ended on from standard input
    #[arg(long, help_heading = "The way back")]
    pub(crate) paste: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration, help_heading = "The way back")]
    pub(crate) timeout: Duration,
    /// Do not use PKCE (RFC 7636)
    #[arg(long, help_heading = "The way back")]
    pub(crate) no_pkce: bool,
    /// Certificate for the redirect address, PEM, from your own local CA
    #[arg(long, value_name = "PEM", requires = "redirect_key", help_heading = "The way back")]
    pub(crate) redirect_cert: Option<PathBuf>,
    /// Key of that certificate, PEM
    #[arg(long, value_name = "PEM", requires = "redirect_cert", help_heading = "The way back")]
    pub(crate) redirect_key: Option<PathBuf>,
    /// Take a refresh token obtained elsewhere (prompt, standard input or FBSYNC_REFRESH_TOKEN) and rotate it
    #[arg(long, conflicts_with = "paste")]
    pub(crate) import_refresh_token: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RefreshArgs {
    /// Only when the access token expires within this time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) if_expires_within: Option<Duration>,
    /// Adopt a sign-in that was stored on another machine
    #[arg(long)]
    pub(crate) adopt: bool,
}

#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// Also show the last snapshot of this database
    #[arg(long, value_name = "FILE", env = FBSYNC_DB)]
    pub(crate) db: Option<PathBuf>,
    /// Ask FreshBooks whether each sign-in still works
    #[arg(long)]
    pub(crate) check: bool,
    /// Exit with code 10 if the database's last complete snapshot is older than this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_age: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct LogoutArgs {
    /// Forget every stored sign-in, not just this profile's
    #[arg(long)]
    pub(crate) all: bool,
}
