//! The exit codes and files that the help, the manual pages and the documents list.
//!
//! One table each; the table of variables is where they are read. A test compares the tables in README.md,
//! docs/environment.md and docs/database.md with these.

/// Codes as they are shown, and what they mean.
pub(crate) const EXIT_CODES: [(&str, &str); 12] = [
    ("0", "done"),
    ("1", "unexpected failure"),
    ("2", "usage"),
    ("3", "configuration, or permissions of a local file, or a file in the way"),
    ("4", "sign-in needed or rejected"),
    ("5", "FreshBooks not reachable or not available after retries"),
    ("6", "FreshBooks refused the request (scope, role, 4xx)"),
    (
        "7",
        "a partial snapshot was recorded; or only a partial one is there for what was asked; or `verify` could not compare everything",
    ),
    ("8", "another fbsync holds the lock"),
    ("9", "local storage: SQLite, disk; a database that cannot be opened or is not one"),
    ("10", "the check failed: changes found, something wrong, nothing found, or work left to do"),
    ("130, 143", "interrupted"),
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
