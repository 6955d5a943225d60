//! The terminal that a stream is connected to, if any.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

use super::environment;

/// The width of early terminals, and still of most today.
const USUAL: usize = 80;

/// The number of columns; `None` if the stream is not a terminal.
///
/// The terminal itself is asked first: a shell's `COLUMNS` can be older than the last resize.
pub(super) fn width(stream: impl IsTerminal + AsFd) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let told = tcgetwinsize(&stream).map_or(0, |size| usize::from(size.ws_col));
    let known = Some(told).filter(|width| *width > 0).or_else(environment::columns);
    Some(known.unwrap_or(USUAL))
}
