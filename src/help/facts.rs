//! What the help, the manual pages and the README all say: exit codes, environment, files.
//!
//! One table each. The README's tables are compared with these by a test.

/// Codes as they are shown, and what they mean.
pub(crate) const EXIT_CODES: [(&str, &str); 12] = [
    ("0", "done"),
    ("1", "unexpected failure"),
    ("2", "usage"),
    ("3", "configuration, or permissions of a local file, or a file in the way"),
    ("4", "sign-in needed or rejected"),
    ("5", "FreshBooks not reachable or not available after retries"),
    ("6", "FreshBooks refused the request (scope, role, 4xx)"),
    ("7", "a partial snapshot was recorded; or only a partial one is there for what was asked"),
    ("8", "another fbsync holds the lock"),
    ("9", "local storage: SQLite, disk; a database that cannot be opened or is not one"),
    ("10", "the question was answered \"no\": changes found, something wrong, no snapshot in time"),
    ("130, 143", "interrupted"),
];

/// A variable of the environment.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
}

const fn variable(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning }
}

pub(crate) const VARIABLES: [Variable; 24] = [
    variable("FBSYNC_DB", "the database, as --db"),
    variable("FBSYNC_PROFILE", "which stored sign-in, as --profile"),
    variable("FBSYNC_STATE_DIR", "folder of the stored sign-ins, as --state-dir"),
    variable("FBSYNC_TIMEZONE", "where a day begins and ends, as --timezone; UTC without it"),
    variable("FBSYNC_CLIENT_ID", "client id of your FreshBooks app, as auth --client-id"),
    variable("FBSYNC_REDIRECT_URI", "redirect URI of your app, as auth --redirect-uri"),
    variable("FBSYNC_CLIENT_SECRET_FILE", "file that holds the client secret, as auth --client-secret-file"),
    variable("FBSYNC_CLIENT_SECRET", "the client secret itself"),
    variable("FBSYNC_REFRESH_TOKEN", "a sign-in to begin with, where none is stored or that one is dead"),
    variable("FBSYNC_ACCESS_TOKEN", "sync with this access token and nothing stored"),
    variable("FBSYNC_INSTANCE", "this place's name; a sign-in copied elsewhere is not rotated there"),
    variable(
        "CREDENTIALS_DIRECTORY",
        "set by systemd: its file fbsync-client-secret holds the client secret",
    ),
    variable("XDG_STATE_HOME", "sign-ins lie in its folder fbsync; ~/.local/state without it"),
    variable("HTTPS_PROXY", "proxy for all requests; ALL_PROXY counts before it, HTTP_PROXY after it"),
    variable("NO_PROXY", "hosts that are reached without the proxy; this machine itself always is"),
    variable("SSL_CERT_FILE", "PEM file of the authorities to trust, instead of the system's"),
    variable("SSL_CERT_DIR", "the same, a folder"),
    variable("SOURCE_DATE_EPOCH", "when an evidence folder says it was made, in seconds since 1970"),
    variable("NO_COLOR", "no colours, if it is not empty; nor with TERM=dumb"),
    variable("COLUMNS", "how wide a terminal is that does not tell it; 80 without it"),
    variable("BROWSER", "the browser that auth opens; none over SSH or without a display"),
    variable("FRESHBOOKS_API_URL", "another FreshBooks than https://api.freshbooks.com"),
    variable("FRESHBOOKS_AUTH_URL", "another FreshBooks than https://auth.freshbooks.com"),
    variable("FRESHBOOKS_CLASSIC_URL", "a server other than https://SYSTEM.freshbooks.com"),
];

/// Files, and what they hold.
pub(crate) const FILES: [(&str, &str); 5] = [
    (
        "$XDG_STATE_HOME/fbsync/PROFILE.json",
        "a stored sign-in: client id and secret, tokens; mode 0600. Never back it up",
    ),
    ("$XDG_STATE_HOME/fbsync/PROFILE.lock", "held while the tokens are replaced; never delete it"),
    ("FILE", "the database named with --db: all snapshots; mode 0600"),
    ("FILE.vN.bak", "the database as an older fbsync left it, with schema version N; mode 0600"),
    ("FILE.lock", "held while a snapshot is made; empty"),
];
