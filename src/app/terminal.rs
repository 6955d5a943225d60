//! The terminal that standard output is connected to, if any.

use std::io::{self, IsTerminal};

use rustix::termios::tcgetwinsize;

use super::environment;

/// The width of early terminals, and still of most today.
const USUAL: usize = 80;

/// The number of columns; `None` if standard output is not a terminal.
///
/// The terminal itself is asked first: a shell's `COLUMNS` can be older than the last resize.
pub(super) fn width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let told = tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
    let known = Some(told).filter(|width| *width > 0).or_else(environment::columns);
    Some(known.unwrap_or(USUAL))
}
