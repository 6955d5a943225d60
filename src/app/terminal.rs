//! The terminal that a stream is, if it is one.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

use super::environment;

/// As many columns as terminals were first made with, and as nearly all have today.
const USUAL: usize = 80;

/// How many columns it has; `None` where it is no terminal.
///
/// Asked of the terminal first: a shell's `COLUMNS` may be from before the window was resized.
pub(super) fn width(stream: impl IsTerminal + AsFd) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let told = tcgetwinsize(&stream).map_or(0, |size| usize::from(size.ws_col));
    let known = Some(told).filter(|width| *width > 0).or_else(environment::columns);
    Some(known.unwrap_or(USUAL))
}
