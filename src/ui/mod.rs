//! The only printer.
//!
//! Rules:
//! - standard output carries only data; messages go to standard error;
//! - a message starts in lower case and ends without a full stop; it is one line and [`printable`],
//!   because names and error texts come from other people;
//! - data is made printable on a terminal, and written unchanged anywhere else;
//! - a closed standard output ends the command quietly; a closed standard error is ignored;
//! - a table is no wider than the terminal, and a message breaks between words; anywhere else both are
//!   complete;
//! - a success prints nothing unless somebody is watching (a terminal) or asked for it (`-v`); what a person does
//!   once, such as recording a review, is confirmed anywhere.

mod ask;
mod few;
mod printable;
mod progress;
mod table;
mod wrap;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use rustix::fs::{OFlags, fcntl_getfl};
use unicode_width::UnicodeWidthStr as _;

use crate::error::{Error, Kind, Result};
pub(crate) use few::{few, few_of};
use printable::Screen;
pub(crate) use printable::{is_unseen, printable};
pub(crate) use progress::Status;
pub(crate) use table::{Column, Table};
use wrap::wrapped;

/// When to use colour; `NO_COLOR` and `TERM=dumb`, which `app` reads, also count.
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
    /// Whether a success ends with the next command to type.
    pub(crate) suggests: bool,
    /// The number of columns for a table; `None` if standard output is not a terminal.
    pub(crate) width: Option<usize>,
    /// The same for messages and standard error.
    pub(crate) talk_width: Option<usize>,
}

impl Ui {
    /// Progress messages for `-v` (level 1) and up.
    pub(crate) fn detail(&self, level: u8, text: impl Display) {
        if self.verbosity >= level && !self.quiet {
            self.line("", text);
        }
    }

    /// The result of a successful command: for a person watching, or with `-v`.
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

    /// Something the person has to read to continue, such as the address to open.
    pub(crate) fn instruct(&self, text: impl Display) {
        self.line("", text);
    }

    /// A warning: it matters, but the command goes on.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// Reports a retry, for a person watching, whose progress bar counts it too, or with `-v`. A retry
    /// that succeeds is no news to cron.
    pub(crate) fn asks_again(&self, text: impl Display) {
        if self.verbosity > 0 || self.draws {
            self.note(text);
        }
    }

    pub(crate) fn warn(&self, text: impl Display) {
        self.labelled("warning:", "33", text, true);
    }

    /// One of the reasons for the error that follows.
    pub(crate) fn problem(&self, text: impl Display) {
        self.labelled("problem:", "31", text, true);
    }

    pub(crate) fn hint(&self, text: impl Display) {
        self.labelled("hint:", "36", text, true);
    }

    /// The only place that prints an error: the message, its causes, the hints.
    pub(crate) fn error(&self, error: &Error) {
        // With `-q` the exit code says it all: what cron is told, it mails.
        if self.quiet && error.is_an_answer() {
            return;
        }
        // The terminal has just echoed a `^C`, perhaps behind a question.
        if matches!(error.kind(), Kind::Interrupted(_)) && io::stderr().is_terminal() {
            self.line("", "");
        }
        self.labelled("error:", "31", error.message(), false);
        for cause in error.causes() {
            self.labelled("  caused by:", "", cause, false);
        }
        error.hints().iter().for_each(|hint| self.hint(hint));
    }

    fn line(&self, label: &str, text: impl Display) {
        self.labelled(label, "", text, true);
    }

    fn labelled(&self, label: &str, color: &str, text: impl Display, has_commands: bool) {
        let text = text.to_string();
        let (space, indent) = if label.is_empty() { ("", 0) } else { (" ", label.len() + 1) };
        let text = wrapped(&printable(&text), indent, self.talk_width, has_commands);
        let label = if color.is_empty() { label.to_owned() } else { self.styled(color, label) };
        progress::aside(|| writeln!(io::stderr().lock(), "{label}{space}{text}"));
    }

    fn styled(&self, code: &str, word: &str) -> String {
        if self.color { format!("\x1b[1;{code}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// Prints names and what each one stands for, which on a terminal is wrapped beside them.
    pub(crate) fn glossary(&self, entries: &[(String, String)]) -> Result<()> {
        let names = entries.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        let mut data = self.data();
        for (name, meaning) in entries {
            let indent = names + 2;
            let meaning = wrapped(meaning, indent, self.width, false);
            let blanks = " ".repeat(indent - name.width());
            writeln!(data, "{name}{blanks}{meaning}").map_err(output_failed)?;
        }
        data.done()
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

/// Buffered standard output that tells failures apart: a reader that closed the pipe is not an error.
pub(crate) enum Data {
    Untouched(BufWriter<StdoutLock<'static>>),
    Screen(Screen<BufWriter<StdoutLock<'static>>>),
    /// Standard output cannot be written to, which matters only if something is written.
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

/// Fails if standard output cannot be written to. That includes one that was closed before we started
/// (`build/stdout.c`): the standard library would report every write to it as successful.
pub(crate) fn check_output() -> io::Result<()> {
    match fcntl_getfl(io::stdout())? & OFlags::RWMODE == OFlags::RDONLY {
        true => Err(io::Error::other("it is closed, or open only for reading")),
        false => Ok(()),
    }
}

/// The error for a failed write to standard output.
pub(crate) fn output_failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Kind::ClosedPipe, "standard output was closed"),
        _ => Error::new(Kind::Storage, "cannot write to standard output").because(error),
    }
}
