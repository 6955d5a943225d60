//! What is said beside the flags: examples, exit codes, environment and files.
//!
//! `--help`, the manual pages and the shells' completions are all made from [`command`]: the flags of
//! `cli`, and below them the tables of [`facts`] and [`examples`].

mod examples;
mod facts;
pub(crate) mod man;

use clap::{Command, CommandFactory as _};

use crate::app::environment::VARIABLES;
use crate::cli::Cli;
use crate::report::summary::wrapped;
use examples::{EXTRAS, Extra};
use facts::{EXIT_CODES, FILES};

/// The program's definition with all of its help.
pub(crate) fn command() -> Command {
    let command = EXTRAS.iter().fold(Cli::command(), |command, extra| {
        let words: Vec<&str> = extra.path.split_whitespace().collect();
        dress(command, &words, extra)
    });
    let first = extra("").map(examples).unwrap_or_default();
    command.after_help(first.clone()).after_long_help(format!(
        "{first}\n\nExit codes:\n{}\n\nEnvironment (flags count first):\n{}\n\nFiles:\n{}",
        in_columns(EXIT_CODES),
        in_columns(VARIABLES.iter().copied()),
        in_columns(FILES),
    ))
}

fn dress(command: Command, path: &[&str], extra: &Extra) -> Command {
    match path.split_first() {
        Some((name, rest)) => command.mut_subcommand(name, |inner| dress(inner, rest, extra)),
        None => command.after_help(examples(extra)).after_long_help(below(extra)),
    }
}

fn extra(path: &str) -> Option<&'static Extra> {
    EXTRAS.iter().find(|extra| extra.path == path)
}

/// What a command's long help ends with.
fn below(extra: &Extra) -> String {
    let examples = examples(extra);
    let codes = EXIT_CODES.into_iter().filter(|(code, _)| extra.codes.contains(code));
    match extra.codes {
        [] => examples,
        _ => format!("{examples}\n\nExit codes (all of them: fbsync --help):\n{}", in_columns(codes)),
    }
}

fn examples(extra: &Extra) -> String {
    let lines = extra.examples.iter().map(|(what, line)| format!("  # {what}\n  {line}"));
    format!("Examples:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Terms and what they mean, the meanings below one another; under their term where that is long.
fn in_columns(table: impl IntoIterator<Item = (&'static str, &'static str)>) -> String {
    /// The longest name of a variable fits before it.
    const WIDEST: usize = 26;
    let table: Vec<_> = table.into_iter().collect();
    let width = table.iter().map(|(term, _)| term.len()).filter(|n| *n <= WIDEST).max().unwrap_or(0);
    let line = |(term, meaning): &(&str, &str)| {
        if term.len() > WIDEST {
            format!("  {term}\n      {}", hanging(meaning, 6))
        } else {
            format!("  {term:<width$}  {}", hanging(meaning, width + 4))
        }
    };
    table.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The text on as many lines as it takes to end within 80 columns when it begins after `indent` of them. A
/// terminal that narrow would else go on below the term, as if with the next one.
fn hanging(text: &str, indent: usize) -> String {
    wrapped(text, 80 - indent).join(&format!("\n{:indent$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn every_kind_of_failure_has_its_line_in_the_table() {
        let kinds = [
            Kind::ClosedPipe,
            Kind::Unexpected,
            Kind::Usage,
            Kind::Config,
            Kind::SignIn,
            Kind::Unavailable,
            Kind::Refused,
            Kind::Partial,
            Kind::Locked,
            Kind::Storage,
            Kind::No,
            Kind::Interrupted(2),
            Kind::Interrupted(15),
        ];
        let codes: Vec<String> = kinds.iter().map(|kind| kind.exit_code().to_string()).collect();
        let listed: Vec<&str> = EXIT_CODES.iter().flat_map(|(code, _)| code.split(", ")).collect();
        assert_eq!(codes, listed);
    }

    #[test]
    fn everything_said_belongs_to_a_command_and_a_code_that_exist() {
        for Extra { path, codes, .. } in &EXTRAS {
            let found = path
                .split_whitespace()
                .try_fold(command(), |command, name| command.find_subcommand(name).cloned());
            assert!(found.is_some(), "{path}");
            assert!(codes.iter().all(|code| EXIT_CODES.iter().any(|(known, _)| known == code)), "{path}");
        }
    }

    #[test]
    fn every_variable_that_a_flag_reads_is_listed() {
        let mut command = command();
        command.build();
        let arguments = command.get_subcommands().flat_map(Command::get_arguments);
        for name in arguments.filter_map(|argument| argument.get_env()?.to_str()) {
            assert!(VARIABLES.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
