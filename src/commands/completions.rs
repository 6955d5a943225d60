//! `completions`: what a shell has to know to complete commands and flags.

use std::io::Write as _;

use clap_complete::Shell;

use crate::app::App;
use crate::cli::{CompletedShell, CompletionsArgs};
use crate::error::Result;
use crate::{help, ui};

pub(crate) fn run(app: &App, args: &CompletionsArgs) -> Result<()> {
    let shell = match args.shell {
        CompletedShell::Bash => Shell::Bash,
        CompletedShell::Zsh => Shell::Zsh,
        CompletedShell::Fish => Shell::Fish,
    };
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command(), "fbsync", &mut script);
    let mut data = app.ui.data();
    data.write_all(&script).map_err(ui::output_failed)?;
    data.done()
}
