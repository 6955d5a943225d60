//! # fbsync: who has access to which FreshBooks business, in which role
//!
//! The code map. Start with the verb that you are after, in [`commands`]; each reads top to bottom.
//!
//! | module | its one duty |
//! | --- | --- |
//! | [`cli`] | what can be typed: verbs, flags, help; no logic |
//! | [`help`] | what is said beside the flags: examples, exit codes, environment, files; manual pages |
//! | [`commands`] | one verb a file, or a folder where it takes several |
//! | [`app`] | what the process gives us, read once: environment, clock, signals, folders |
//! | [`ui`] | the only printer: data to stdout, talk to stderr |
//! | [`error`] | kind → exit code, sentence, hint |
//! | [`secret`] | a string that does not print itself |
//! | [`shell`] | a value as one word of a command that is printed to be typed |
//! | [`fsutil`] | atomic private files, locks |
//! | [`http`] | the small HTTP layer: limits, allowed origins, when to ask again |
//! | [`oauth`] | authorize, exchange, refresh, revoke; the loopback listener |
//! | [`credentials`] | stored sign-ins; rotation as one critical section |
//! | [`freshbooks`] | four reads, answers as model types |
//! | [`classic`] | FreshBooks Classic: OAuth 1.0a, four reads in XML, answers as model types |
//! | [`model`] | businesses, memberships, accounts, roles, coverage; no I/O |
//! | [`fetch`] | all pages of all businesses, reconciled → a reading and its spool |
//! | [`store`] | a reading → a snapshot in SQLite; hashes, chain, comparison, pruning, upgrades, queries |
//! | [`diff`] | what changed in a business between two readings; pure |
//! | [`report`] | one description a report; rows → CSV, workbooks, JSON Lines |
//! | [`evidence`] | reports, manifest, check sums and README in one sealed folder; checking it again |
//! | [`sandbox`] | a FreshBooks double: what `demo` and the tests run against |
//!
//! Dependencies point downwards: `commands` → `evidence` → `report` → `store` → `diff` → `model`, and
//! `commands` → `credentials`, `fetch` → `classic`, `freshbooks`, `oauth` → `http` → `model`, `error`, `secret`.
//! The sandbox imports nothing of ours: it must not share the client's idea of the wire.
//!
//! # Invariants
//!
//! - `model`, `diff` and `http::retry` do no I/O and never read the clock.
//! - Only `ui` prints. Only `app` reads the environment and the time. Only `http` names `ureq`, only
//!   `store` names `rusqlite`. Only `fsutil` writes files, the database and its spool apart.
//! - fbsync never writes at FreshBooks: GET for data (POST for the reads of Classic's XML), POST to the
//!   token and revoke endpoints alone.
//! - A snapshot is there or absent, never half. No request is made while a transaction is open.
//! - A token goes to the origin that issued it alone, and never across a redirect.
//! - A wire type never leaves `freshbooks` or `classic`. A [`secret::Secret`] is exposed in `http`,
//!   `oauth` and `credentials` alone, and where Classic's requests are signed.
//! - Whatever FreshBooks adds (roles, fields, states) is kept, not dropped.

#[cfg(windows)]
compile_error!(
    "fbsync runs on Linux and macOS; on Windows use it inside WSL (https://learn.microsoft.com/windows/wsl)"
);

mod app;
mod classic;
mod cli;
mod commands;
mod credentials;
mod diff;
mod error;
mod evidence;
mod fetch;
mod freshbooks;
mod fsutil;
mod help;
mod http;
mod model;
mod oauth;
mod report;
#[expect(clippy::disallowed_methods, reason = "it plays another machine, with a clock of its own")]
pub mod sandbox;
mod secret;
mod shell;
mod store;
mod ui;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use app::App;
use cli::{Cli, Verb};
use error::Kind;

/// The whole program: parse, run, print the error, choose the exit code.
pub fn run() -> ExitCode {
    let parsed = help::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        // Help and version are no errors; clap knows which stream and which code.
        Err(answer) => answer.exit(),
    };
    let ui = app::ui(&cli.common);
    let work = || {
        let app = App::from_process(&cli.common, ui)?;
        let done = dispatch(&app, &cli.verb);
        app.stop.settle();
        done
    };
    match app::caught(ui, work) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            if error.kind() != Kind::ClosedPipe {
                ui.error(&error);
            }
            ExitCode::from(error.kind().exit_code())
        }
        None => ExitCode::from(Kind::Unexpected.exit_code()),
    }
}

fn dispatch(app: &App, verb: &Verb) -> error::Result<()> {
    match verb {
        Verb::Auth(args) => commands::auth::run(app, args),
        Verb::Refresh(args) => commands::refresh::run(app, args),
        Verb::Status(args) => commands::status::run(app, args),
        Verb::Logout(args) => commands::logout::run(app, args),
        Verb::Sync(args) => commands::sync::run(app, args),
        Verb::Snapshots(args) => commands::snapshots::run(app, args),
        Verb::Export(args) => commands::export::run(app, args),
        Verb::Diff(args) => commands::diff::run(app, args),
        Verb::Verify(args) => commands::verify::run(app, args),
        Verb::Demo(args) => commands::demo::run(app, args),
        Verb::Completions(args) => commands::completions::run(app, args),
        Verb::Man(args) => commands::man::run(app, args),
    }
}
