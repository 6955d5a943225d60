//! # fbsync: who has access to which FreshBooks business, in which role
//!
//! The code map. Start with the verb that you are after, in [`commands`]; each reads top to bottom.
//! A module imports only from below its own place in the map, and a test holds it; those that share a
//! group of the `mod` list do not import from each other.
//!
//! | module | its one duty |
//! | --- | --- |
//! | [`commands`] | one verb a file, or a folder where it takes several |
//! | [`help`] | what is said beside the flags: examples, exit codes, environment, files; manual pages |
//! | [`cli`] | what can be typed: verbs, flags, help; no logic |
//! | [`review`] | filled review sheets → decisions, and what is wrong with them; no I/O |
//! | [`evidence`] | reports, manifest, check sums and README in one sealed folder; checking it again |
//! | [`report`] | one description a report; rows → CSV, workbooks, JSON Lines |
//! | [`fetch`] | all pages of all businesses, reconciled → a reading, its records in the store's spool |
//! | [`store`] | a reading → a snapshot in SQLite; hashes, chain, comparison, pruning, upgrades, queries |
//! | [`diff`] | what changed in a business between two readings; pure |
//! | [`credentials`] | stored sign-ins; rotation as one critical section; the tokens that `freshbooks` asks for |
//! | [`classic`] | FreshBooks Classic: OAuth 1.0a, four reads in XML, answers as model types |
//! | [`freshbooks`] | four reads, answers as model types |
//! | [`oauth`] | authorize, exchange, refresh, revoke; the loopback listener |
//! | [`http`] | the small HTTP layer: limits, allowed origins, when to ask again |
//! | [`app`] | what the process gives us, read once: environment, clock, folders |
//! | [`fsutil`] | atomic private files, locks |
//! | [`ui`] | the only printer: data to stdout, talk to stderr |
//! | [`model`] | businesses, memberships, accounts, roles, coverage; no I/O |
//! | [`secret`] | a string that does not print itself |
//! | [`stop`] | a signal asks, and what waits or works on hears it |
//! | [`delimited`] | tables saved as text: encodings, separators, rows |
//! | [`error`] | kind → exit code, sentence, hint |
//! | [`format`](mod@format) | the forms that a report can be written in |
//! | [`origin`] | scheme, host and port: where a token may go |
//! | [`shell`] | a value as one word of a command that is printed to be typed |
//! | [`time`] | moments, days, lengths of time |
//! | [`sandbox`] | a FreshBooks double: what `demo` and the tests run against |
//!
//! The sandbox imports nothing of ours: it must not share the client's idea of the wire. Only
//! [`commands`] imports it.
//!
//! # Invariants
//!
//! - `model`, `diff`, `review` and `http::retry` do no I/O and never read the clock.
//! - Only `ui` prints. Only `app` reads the environment and the time. Only `http` names `ureq`, only
//!   `store` names `rusqlite`. Only `fsutil` writes files, except the database and its spool.
//! - fbsync never writes at FreshBooks: GET for data, and POST for the reads of Classic's XML; other
//!   POSTs go only to the token and revoke endpoints.
//! - A snapshot is there or absent, never half. No request is made while a transaction is open.
//! - A token goes only to the origin that issued it, never across a redirect. A [`secret::Secret`] is
//!   exposed only in `http`, `oauth`, `classic` and `credentials`, and a test says so.
//! - A wire type never leaves `freshbooks` or `classic`. Whatever FreshBooks adds (roles, fields, states) is kept,
//!   not dropped.
//! - What is checked never steers its check. The same head hash means the same content.

#[cfg(windows)]
compile_error!(
    "fbsync runs on Linux and macOS; on Windows use it inside WSL (https://learn.microsoft.com/windows/wsl)"
);

// From the top down to the ground. A module imports only from the groups below its own.

mod commands;

mod help;

mod cli;

mod review;

mod evidence;

mod report;

mod fetch;

mod store;

mod diff;

mod credentials;

mod classic;

mod freshbooks;
mod oauth;

mod http;

mod app;

mod fsutil;
mod ui;

mod model;

mod secret;
mod stop;

mod delimited;
mod error;
mod format;
mod origin;
mod shell;
mod time;

#[expect(clippy::disallowed_methods, reason = "it plays another machine, with a clock of its own")]
pub mod sandbox;

#[cfg(test)]
mod mutated;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use app::{App, Settings};
use cli::{Cli, Verb};
use error::{Error, Kind};
use ui::Ui;

/// The whole program: parse, run, print the error, choose the exit code.
pub fn run() -> ExitCode {
    let parsed = help::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let Cli { common, verb } = match parsed {
        Ok(cli) => cli,
        Err(answer) => return answered(&answer),
    };
    let settings = Settings::from(common);
    let ui = app::ui(&settings);
    let work = || {
        let app = App::from_process(settings, ui)?;
        let done = dispatch(&app, &verb);
        app.stop.settle();
        // Whoever was interrupted does not always know by which signal.
        done.map_err(|error| app.explained(error)).map_err(|error| match error.kind() {
            Kind::Interrupted(0) => app.stop.check().err().unwrap_or(error),
            _ => error,
        })
    };
    match app::caught(ui, work) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => failed(ui, &error),
        None => ExitCode::from(Kind::Unexpected.exit_code()),
    }
}

fn failed(ui: Ui, error: &Error) -> ExitCode {
    if error.kind() != Kind::ClosedPipe {
        ui.error(error);
    }
    ExitCode::from(error.kind().exit_code())
}

/// Help, the version, or what is wrong with the command line: clap knows which stream and which code.
fn answered(answer: &clap::Error) -> ExitCode {
    let printed = match answer.use_stderr() {
        true => answer.print(),
        false => ui::check_output().and_then(|()| answer.print()).and_then(|()| std::io::stdout().flush()),
    };
    match printed {
        Err(error) if !answer.use_stderr() => failed(Ui::default(), &ui::output_failed(error)),
        _ => ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2)),
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
        Verb::Who(args) => commands::who::run(app, args),
        Verb::Review(args) => commands::review::run(app, args),
        Verb::Export(args) => commands::export::run(app, args),
        Verb::Diff(args) => commands::diff::run(app, args),
        Verb::Verify(args) => commands::verify::run(app, args),
        Verb::Demo(args) => commands::demo::run(app, args),
        Verb::Completions(args) => commands::completions::run(app, args),
        Verb::Man(args) => commands::man::run(app, args),
    }
}
