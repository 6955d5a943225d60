//! # fbsync: who has access to which FreshBooks business, in which role
#![allow(dead_code)] // scaffold
mod app;
mod cli;
mod commands;
mod credentials;
mod error;
mod freshbooks;
mod fsutil;
mod http;
mod model;
mod oauth;
pub mod sandbox;
mod secret;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;

/// Parses, runs, prints the error, chooses the exit code.
pub fn run() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let ui = app::ui(&cli.common);
    let done = app::App::from_process(&cli.common, ui).and_then(|app| match &cli.verb {
        cli::Verb::Auth(args) => commands::auth::run(&app, args),
        cli::Verb::Refresh(args) => commands::refresh::run(&app, args),
        cli::Verb::Status(args) => commands::status::run(&app, args),
        cli::Verb::Logout(args) => commands::logout::run(&app, args),
        _ => Err(error::Error::new(error::Kind::Unexpected, "not in this build")),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.kind() != error::Kind::ClosedPipe {
                ui.error(&error);
            }
            ExitCode::from(error.kind().exit_code())
        }
    }
}
