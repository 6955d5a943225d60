//! The only printer.
//!
//! Rules:
//! - standard output carries data alone; everything said goes to standard error;
//! - what is said starts in lower case, ends without a full stop, and holds no control characters,
//!   since names and error texts come from other people;
//! - a closed standard output ends the command quietly; a closed standard error is not our concern;
//! - a table is no wider than the terminal; anywhere else it is whole;
//! - a success says nothing unless somebody is watching (a terminal) or asked (`-v`).

mod ask;
mod few;
mod progress;
mod table;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::error::{Error, Kind, Result};
pub(crate) use few::{few, few_of};
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

#[derive(Clone, Copy, Debug)]
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

    pub(crate) fn warn(&self, text: impl Display) {
        self.line(&self.styled("33", "warning:"), text);
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
        let text = printable(&text.to_string());
        let space = if label.is_empty() { "" } else { " " };
        progress::aside(|| writeln!(io::stderr().lock(), "{label}{space}{text}"));
    }

    fn styled(&self, code: &str, word: &str) -> String {
        if self.color { format!("\x1b[1;{code}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// Standard output, for data. End with [`Data::done`]: dropping it would hide a failed write.
    pub(crate) fn data(&self) -> Data {
        Data(BufWriter::new(io::stdout().lock()))
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
        let mut data = self.data();
        writeln!(data, "{}", printable(&text.to_string())).map_err(output_failed)?;
        data.done()
    }
}

/// Buffered standard output whose failures are told apart: a reader that left is no error.
pub(crate) struct Data(BufWriter<StdoutLock<'static>>);

impl Data {
    pub(crate) fn done(mut self) -> Result<()> {
        self.0.flush().map_err(output_failed)
    }
}

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What a failed write to standard output means.
pub(crate) fn output_failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Kind::ClosedPipe, "standard output was closed"),
        _ => Error::new(Kind::Storage, "cannot write to standard output").because(error),
    }
}

/// Control characters could move the cursor or recolour the terminal; they are shown as `\u{…}`.
/// Line ends and tabs of our own stay.
pub(crate) fn printable(text: &str) -> String {
    let dangerous = |c: char| c.is_control() && c != '\n' && c != '\t' || is_bidi_control(c);
    if !text.contains(dangerous) {
        return text.to_owned();
    }
    text.chars().map(|c| if dangerous(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Characters that reorder the text around them, so that a name could pose as another.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_are_shown_not_obeyed() {
        assert_eq!(printable("Eve\x1b[2J \u{202e}nimda"), "Eve\\u{1b}[2J \\u{202e}nimda");
        assert_eq!(printable("Zoë 王小明"), "Zoë 王小明");
    }
}
