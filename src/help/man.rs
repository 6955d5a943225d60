//! The manual pages: one for the program, one for each command.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::facts::{EXIT_CODES, FILES};
use super::{Extra, extra};
use crate::app::environment::VARIABLES;

/// A page's file name, and its text.
pub(crate) struct Page {
    pub(crate) file: String,
    pub(crate) text: Vec<u8>,
}

/// The program's own page first, then those of its commands.
pub(crate) fn pages() -> io::Result<Vec<Page>> {
    let mut pages = Vec::new();
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    add(&mut pages, &command, &[])?;
    Ok(pages)
}

fn add(pages: &mut Vec<Page>, command: &Command, path: &[&str]) -> io::Result<()> {
    let name = [&["fbsync"], path].concat().join("-");
    let text = page(command, &name, path)?;
    pages.push(Page { file: format!("{name}.1"), text });
    for inner in command.get_subcommands() {
        add(pages, inner, &[path, &[inner.get_name()]].concat())?;
    }
    Ok(())
}

fn page(command: &Command, name: &str, path: &[&str]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // The heading carries no date: the same version gives the same bytes.
    let version = concat!("fbsync ", env!("CARGO_PKG_VERSION"));
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let man = Man::new(command.clone().display_name(name).override_usage(usage))
        .title(name.to_uppercase())
        .source(version)
        .manual("fbsync");
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(extra) = extra(&path.join(" ")) {
        examples(extra).to_writer(&mut text)?;
    }
    table("EXIT STATUS", EXIT_CODES).to_writer(&mut text)?;
    table("ENVIRONMENT", VARIABLES.iter().copied()).to_writer(&mut text)?;
    table("FILES", FILES).to_writer(&mut text)?;
    see_also(path).to_writer(&mut text)?;
    Ok(text)
}

fn examples(extra: &Extra) -> Roff {
    table("EXAMPLES", extra.examples.iter().map(|(what, line)| (*line, *what)))
}

/// A section of terms, each with its meaning indented below.
fn table<'a>(heading: &str, lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [heading]);
    for (term, meaning) in lines {
        section.control("TP", []).text([bold(term)]).text([roman(meaning)]);
    }
    section
}

fn see_also(path: &[&str]) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["SEE ALSO"]);
    match path {
        [] => section.text([
            bold("sqlite3"),
            roman("(1), "),
            bold("crontab"),
            roman("(5), "),
            bold("systemd.timer"),
            roman("(5)"),
        ]),
        _ => section.text([bold("fbsync"), roman("(1)")]),
    };
    section
}
