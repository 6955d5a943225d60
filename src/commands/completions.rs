//! `completions`: what a shell has to know to complete commands, flags and values.

use std::io::Write as _;

use clap::Command;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap_complete::Shell;

use crate::app::App;
use crate::cli::{CompletedShell, CompletionsArgs};
use crate::error::Result;
use crate::report::REPORTS;
use crate::{help, ui};

pub(crate) fn run(app: &App, args: &CompletionsArgs) -> Result<()> {
    let shell = match args.shell {
        CompletedShell::Bash => Shell::Bash,
        CompletedShell::Zsh => Shell::Zsh,
        CompletedShell::Fish => Shell::Fish,
    };
    let mut command = with_reports(help::command());
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "fbsync", &mut script);
    if shell == Shell::Fish {
        script.extend(values_for_fish(&command).into_bytes());
    }
    let mut data = app.ui.data();
    data.write_all(&script).map_err(ui::output_failed)?;
    data.done()
}

/// The reports' names are values for a shell alone: `export` itself has a better answer to a name that
/// there is not.
fn with_reports(command: Command) -> Command {
    let names = REPORTS.iter().map(|report| PossibleValue::new(report.name).help(report.about));
    let names = PossibleValuesParser::new(names);
    command.mut_subcommand("export", |export| export.mut_arg("report", |report| report.value_parser(names)))
}

/// For fish, the generator leaves out the values of what is typed without a flag, and offers files.
fn values_for_fish(command: &Command) -> String {
    let mut lines = String::new();
    for verb in command.get_subcommands() {
        let name = verb.get_name();
        for value in verb.get_positionals().flat_map(clap::Arg::get_possible_values) {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default().replace('\'', "\\'");
            let (condition, value) = (format!("__fish_fbsync_using_subcommand {name}"), value.get_name());
            lines += &format!("complete -c fbsync -n \"{condition}\" -f -a \"{value}\" -d '{help}'\n");
        }
    }
    lines
}
