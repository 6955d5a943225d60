//! Environment variables: what the help says about each, and the one function that reads it.
//!
//! A variable is a constant that holds its own name, so the name is written only once: a mistyped name
//! does not compile, and one that neither a function here nor a flag reads is dead code. Variables that
//! only describe the machine, and those for tests, are not in the help.
//!
//! An empty variable counts as unset. A value that is not UTF-8 is refused, and the error names the
//! variable.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Context as _, Error, Kind, Result};
use crate::origin::Origin;
use crate::secret::{Secret, bare};
use crate::time::Timestamp;

macro_rules! variables {
    ($($name:ident $meaning:literal)*) => {
        $(pub(crate) const $name: &str = stringify!($name);)*
        /// Name and meaning, in the order of the help.
        pub(crate) const VARIABLES: &[(&str, &str)] = &[$((stringify!($name), $meaning)),*];
    };
}

variables! {
    FBSYNC_DB "the database, as --db"
    FBSYNC_PROFILE "which stored sign-in, as --profile"
    FBSYNC_STATE_DIR "folder of the stored sign-ins, as --state-dir"
    FBSYNC_TIMEZONE "where a day begins and ends, as --timezone; UTC without it"
    FBSYNC_CLIENT_ID "client id of your FreshBooks app, as auth --client-id"
    FBSYNC_REDIRECT_URI "redirect URI of your app, as auth --redirect-uri"
    FBSYNC_CLIENT_SECRET_FILE "file that holds the client secret, as auth --client-secret-file"
    FBSYNC_CLIENT_SECRET "the client secret itself"
    FBSYNC_REFRESH_TOKEN "a sign-in to begin with, if none is stored or the stored one no longer works"
    FBSYNC_ACCESS_TOKEN "sync with this access token, without a stored sign-in"
    FBSYNC_INSTANCE "this place's name; a sign-in copied elsewhere is not rotated there"
    CREDENTIALS_DIRECTORY "set by systemd: its file fbsync-client-secret holds the client secret"
    XDG_STATE_HOME "sign-ins lie in its folder fbsync; ~/.local/state without it"
    HTTPS_PROXY "proxy for all requests; ALL_PROXY if it is not set; https_proxy takes precedence"
    NO_PROXY "domains to reach without the proxy; this machine is always one of them"
    SSL_CERT_FILE "PEM file of the authorities to trust, instead of the system's"
    SSL_CERT_DIR "the same, a folder"
    SOURCE_DATE_EPOCH "when an evidence folder says it was made, in seconds since 1970"
    NO_COLOR "no colours, if it is not empty; nor with TERM=dumb"
    COLUMNS "terminal width, if it cannot be detected; 80 without it"
    BROWSER "the browser that auth opens; not used over SSH or without a display"
    FRESHBOOKS_API_URL "a server other than https://api.freshbooks.com"
    FRESHBOOKS_AUTH_URL "a server other than https://auth.freshbooks.com"
    FRESHBOOKS_CLASSIC_URL "a server other than https://SYSTEM.freshbooks.com"
}

/// The profile if no flag names one.
pub(super) fn profile() -> Result<String> {
    Ok(text(FBSYNC_PROFILE)?.unwrap_or_else(|| "default".to_owned()))
}

/// Whether a command without the flag uses this state folder.
pub(super) fn names_state_dir(folder: &Path) -> bool {
    env::var_os(FBSYNC_STATE_DIR).is_some_and(|named| named == folder.as_os_str())
}

pub(crate) fn client_id() -> Result<Option<String>> {
    bare_text(FBSYNC_CLIENT_ID)
}

pub(crate) fn redirect_uri() -> Result<Option<String>> {
    bare_text(FBSYNC_REDIRECT_URI)
}

pub(crate) fn client_secret_file() -> Result<Option<PathBuf>> {
    Ok(text(FBSYNC_CLIENT_SECRET_FILE)?.map(PathBuf::from))
}

pub(crate) fn client_secret() -> Result<Option<Secret>> {
    secret(FBSYNC_CLIENT_SECRET, "client secret")
}

pub(crate) fn refresh_token() -> Result<Option<Secret>> {
    secret(FBSYNC_REFRESH_TOKEN, "refresh token")
}

pub(crate) fn access_token() -> Result<Option<Secret>> {
    secret(FBSYNC_ACCESS_TOKEN, "access token")
}

pub(crate) fn instance() -> Result<Option<String>> {
    text(FBSYNC_INSTANCE)
}

pub(crate) fn credentials_directory() -> Result<Option<PathBuf>> {
    Ok(text(CREDENTIALS_DIRECTORY)?.map(PathBuf::from))
}

/// `None` if there is no home either (XDG Base Directory Specification: a relative path is ignored).
pub(super) fn state_home() -> Option<PathBuf> {
    let named = env::var_os(XDG_STATE_HOME).map(PathBuf::from).filter(|folder| folder.is_absolute());
    named.or_else(|| Some(env::home_dir()?.join(".local/state")))
}

/// The proxy's address and the variable that sets it: the first one that is set, in curl's order.
/// `http_proxy` is for http, which is used on this machine only.
pub(crate) fn proxy() -> Result<Option<(&'static str, String)>> {
    first_set(&["https_proxy", HTTPS_PROXY, "all_proxy", "ALL_PROXY"])
}

pub(crate) fn no_proxy() -> Result<Option<String>> {
    Ok(first_set(&["no_proxy", NO_PROXY])?.map(|(_, domains)| domains))
}

/// The authorities to trust instead of the system's, and the variable that names them. The TLS library
/// reads the same variables.
pub(crate) fn authorities() -> Option<(&'static str, PathBuf)> {
    let path = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    [SSL_CERT_FILE, SSL_CERT_DIR].into_iter().find_map(|name| Some((name, path(name)?)))
}

/// The time stamp that a build system sets for all its outputs (reproducible-builds.org,
/// "SOURCE_DATE_EPOCH"), so that two exports are byte-for-byte identical.
pub(crate) fn source_date_epoch() -> Result<Option<Timestamp>> {
    let Some(text) = text(SOURCE_DATE_EPOCH)? else { return Ok(None) };
    let moment = text.parse().ok().and_then(Timestamp::from_unix);
    moment.map(Some).ok_or_else(|| {
        Error::new(Kind::Config, format!("SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"))
            .hint("unset SOURCE_DATE_EPOCH")
    })
}

pub(super) fn no_color() -> bool {
    is_set(NO_COLOR)
}

pub(super) fn columns() -> Option<usize> {
    text(COLUMNS).ok()??.parse().ok().filter(|columns| *columns > 0)
}

/// Commands that open an address, in order of preference.
pub(super) fn browsers() -> Vec<String> {
    env::var(BROWSER).unwrap_or_default().split(':').map(str::to_owned).collect()
}

/// The origin of FreshBooks' API.
pub(super) fn api_origin(usual: &str) -> Result<Origin> {
    origin(FRESHBOOKS_API_URL, usual)
}

/// The origin where people approve a sign-in.
pub(super) fn auth_origin(usual: &str) -> Result<Origin> {
    origin(FRESHBOOKS_AUTH_URL, usual)
}

/// The origin of a FreshBooks Classic system.
pub(crate) fn classic_origin(usual: &str) -> Result<Origin> {
    origin(FRESHBOOKS_CLASSIC_URL, usual)
}

// What the machine says about itself.

pub(super) fn is_dumb_terminal() -> bool {
    env::var_os("TERM").is_some_and(|term| term == "dumb")
}

pub(super) fn over_ssh() -> bool {
    is_set("SSH_CONNECTION") || is_set("SSH_TTY")
}

pub(super) fn has_display() -> bool {
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

pub(super) fn in_wsl() -> bool {
    is_set("WSL_DISTRO_NAME")
}

pub(crate) fn in_kubernetes() -> bool {
    is_set("KUBERNETES_SERVICE_HOST")
}

pub(super) fn user() -> Option<String> {
    first_set(&["USER", "LOGNAME"]).ok()?.map(|(_, name)| name)
}

/// The variables that hold one of our secrets or point to one.
pub(super) fn ours() -> impl Iterator<Item = OsString> {
    let is_ours = |name: &OsStr| name.as_bytes().starts_with(b"FBSYNC_") || name == CREDENTIALS_DIRECTORY;
    env::vars_os().map(|(name, _)| name).filter(move |name| is_ours(name))
}

// For tests, and only in debug builds: nobody can set a false time or place for what is used as
// evidence.

/// The Unix time at which the clock starts.
pub(super) fn test_clock() -> Result<Option<i64>> {
    let chosen = for_tests("FBSYNC_TEST_CLOCK").map(|text| text.parse()).transpose();
    chosen.context(Kind::Config, || "FBSYNC_TEST_CLOCK is not a number".to_owned())
}

/// Waits return at once, and are still reported at `-v`.
pub(super) fn test_no_sleep() -> bool {
    for_tests("FBSYNC_TEST_NO_SLEEP").is_some()
}

/// How long to wait for a lock, in milliseconds.
pub(super) fn test_patience() -> Option<Duration> {
    for_tests("FBSYNC_TEST_PATIENCE")?.parse().ok().map(Duration::from_millis)
}

/// The machine's name.
pub(super) fn test_host() -> Option<String> {
    for_tests("FBSYNC_TEST_HOST")
}

/// The step at which the process kills itself, or panics if `panic:` is in front.
pub(super) fn test_die_at() -> Option<String> {
    for_tests("FBSYNC_TEST_DIE_AT")
}

fn for_tests(name: &str) -> Option<String> {
    if cfg!(debug_assertions) { text(name).ok()? } else { None }
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn text(name: &str) -> Result<Option<String>> {
    match env::var_os(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Err(_)) => {
            Err(Error::new(Kind::Config, format!("{name} is not valid UTF-8")).hint(format!("unset {name}")))
        }
    }
}

/// The value without the blanks that copying adds.
fn bare_text(name: &str) -> Result<Option<String>> {
    Ok(text(name)?.map(|text| bare(&text).to_owned()).filter(|text| !text.is_empty()))
}

fn secret(name: &str, what: &str) -> Result<Option<Secret>> {
    let secret = text(name)?.map(|text| Secret::given(&text)).filter(|secret| !secret.is_empty());
    secret.map(|secret| secret.checked(what, name)).transpose()
}

fn first_set(names: &[&'static str]) -> Result<Option<(&'static str, String)>> {
    let values = names.iter().map(|name| Ok(text(name)?.map(|value| (*name, value))));
    values.filter_map(Result::transpose).next().transpose()
}

fn origin(name: &str, usual: &str) -> Result<Origin> {
    Origin::parse(text(name)?.as_deref().unwrap_or(usual)).map_err(|problem| {
        Error::new(Kind::Config, format!("{name} cannot be used: {problem}")).hint(format!("unset {name}"))
    })
}
