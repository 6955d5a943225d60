//! The only printer.
//!
//! Rules:
//! - standard output carries only data; everything said goes to standard error;
//! - what is said starts in lower case and ends without a full stop; it is one line and [`printable`],
//!   since names and error texts come from other people;
//! - data is printable on a terminal, and untouched anywhere else;
//! - a closed standard output ends the command quietly; a closed standard error is not our concern;
//! - a table is no wider than the terminal; anywhere else it is whole;
//! - a success says nothing unless somebody is watching (a terminal) or asked (`-v`); what a person does
//!   once, such as recording a review, is confirmed anywhere.

mod ask;
mod few;
mod printable;
mod progress;
mod table;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use rustix::fs::{OFlags, fcntl_getfl};

use crate::error::{Error, Kind, Result};
pub(crate) use few::{few, few_of};
use printable::Screen;
pub(crate) use printable::{is_unseen, printable};
pub(crate) use progress::Status;
pub(crate) use table::Column;

/// When to colour; the answer also heeds `NO_COLOR` and `TERM=dumb`, which `app` reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ui {
    pub(crate) quiet: bool,
    pub(crate) verbosity: u8,
    pub(crate) color: bool,
    pub(crate) may_ask: bool,
    /// Whether there is a terminal to draw on.
    pub(crate) draws: bool,
    /// Whether a success ends with the next command.
    pub(crate) suggests: bool,
    /// How many columns there are for a table; none where standard output is no terminal.
    pub(crate) width: Option<usize>,
}

impl Ui {
    /// Progress of the work, for `-v` (level 1) and up.
    pub(crate) fn detail(&self, level: u8, text: impl Display) {
        if self.verbosity >= level && !self.quiet {
            self.line("", text);
        }
    }

    /// The closing words of a success: for a person watching, or `-v`.
    pub(crate) fn result(&self, text: impl Display) {
        if !self.quiet && (self.verbosity > 0 || io::stderr().is_terminal()) {
            self.line("", text);
        }
    }

    /// What to type next, for a person watching.
    pub(crate) fn next(&self, command: impl Display) {
        if self.suggests {
            self.line("next:", command);
        }
    }

    /// Something the person has to read to go on, such as the address to open.
    pub(crate) fn instruct(&self, text: impl Display) {
        self.line("", text);
    }

    /// Something that happened on the way and matters though the command goes on.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// That something is asked again, for a person watching, whose bar counts it too, or `-v`: a wait
    /// that ends well is no news to cron.
    pub(crate) fn asks_again(&self, text: impl Display) {
        if self.verbosity > 0 || self.draws {
            self.note(text);
        }
    }

    pub(crate) fn warn(&self, text: impl Display) {
        self.line(&self.styled("33", "warning:"), text);
    }

    /// One of the reasons for the error that follows.
    pub(crate) fn problem(&self, text: impl Display) {
        self.line(&self.styled("31", "problem:"), text);
    }

    pub(crate) fn hint(&self, text: impl Display) {
        self.line(&self.styled("36", "hint:"), text);
    }

    /// The one place that prints an error: the sentence, its causes, the hints.
    pub(crate) fn error(&self, error: &Error) {
        // The terminal has just echoed a `^C`, perhaps behind a question.
        if matches!(error.kind(), Kind::Interrupted(_)) && io::stderr().is_terminal() {
            self.line("", "");
        }
        self.line(&self.styled("31", "error:"), error.message());
        for cause in error.causes() {
            self.line("  caused by:", cause);
        }
        error.hints().iter().for_each(|hint| self.hint(hint));
    }

    fn line(&self, label: &str, text: impl Display) {
        let text = text.to_string();
        let text = printable(&text);
        let space = if label.is_empty() { "" } else { " " };
        progress::aside(|| writeln!(io::stderr().lock(), "{label}{space}{text}"));
    }

    fn styled(&self, code: &str, word: &str) -> String {
        if self.color { format!("\x1b[1;{code}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// Standard output, for data. End with [`Data::done`]: dropping it would hide a failed write.
    pub(crate) fn data(&self) -> Data {
        let out = BufWriter::new(io::stdout().lock());
        match self.width {
            _ if check_output().is_err() => Data::Closed,
            Some(_) => Data::Screen(Screen::new(out)),
            None => Data::Untouched(out),
        }
    }

    /// Prints one JSON value and a newline.
    pub(crate) fn json(&self, value: &serde_json::Value) -> Result<()> {
        let mut data = self.data();
        let written = serde_json::to_writer_pretty(&mut data, value).map_err(io::Error::from);
        written.and_then(|()| data.write_all(b"\n")).map_err(output_failed)?;
        data.done()
    }

    /// Prints one line of data.
    pub(crate) fn line_of_data(&self, text: impl Display) -> Result<()> {
        let text = text.to_string();
        let text = if self.width.is_some() { printable(&text) } else { text.into() };
        let mut data = self.data();
        writeln!(data, "{text}").map_err(output_failed)?;
        data.done()
    }
}

/// Buffered standard output whose failures are told apart: a reader that left is no error.
pub(crate) enum Data {
    Untouched(BufWriter<StdoutLock<'static>>),
    Screen(Screen<BufWriter<StdoutLock<'static>>>),
    /// There is nothing to write to, which matters only if something is written.
    Closed,
}

impl Data {
    pub(crate) fn done(mut self) -> Result<()> {
        self.flush().map_err(output_failed)
    }
}

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Data::Untouched(out) => out.write(bytes),
            Data::Screen(out) => out.write(bytes),
            Data::Closed => check_output().map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Data::Untouched(out) => out.flush(),
            Data::Screen(out) => out.flush(),
            Data::Closed => Ok(()),
        }
    }
}

/// Fails where nothing can be written to standard output. One that was closed before we started is
/// such (`build/stdout.c`), and the standard library would take every byte for written.
pub(crate) fn check_output() -> io::Result<()> {
    match fcntl_getfl(io::stdout())? & OFlags::RWMODE == OFlags::RDONLY {
        true => Err(io::Error::other("it was closed, or is open only for reading")),
        false => Ok(()),
    }
}

/// What a failed write to standard output means.
pub(crate) fn output_failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Kind::ClosedPipe, "standard output was closed"),
        _ => Error::new(Kind::Storage, "cannot write to standard output").because(error),
    }
}
