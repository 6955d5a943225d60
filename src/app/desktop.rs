//! The person's own browser: whether there is one to open, and opening it.
//!
//! Started by ourselves and not through a crate, since none lets the child's environment be chosen:
//! what is in ours (client secret, refresh token, access token) is not for a browser, which keeps
//! it for days and hands it to all that it starts.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use super::environment;

/// Each opens its argument in the browser that the person prefers.
const OPENERS: &[&str] = match cfg!(target_os = "macos") {
    true => &["open"],
    false => &["xdg-open", "x-www-browser"],
};

/// The same from within WSL, for the browser on the Windows side.
const WSL_OPENERS: &[&str] = &["wslview", "xdg-open"];

/// Whether a person's browser can be opened from here: not over SSH, not without a display.
pub(crate) fn has_desktop() -> bool {
    let desktop = cfg!(target_os = "macos") || environment::has_display() || environment::in_wsl();
    desktop && !environment::over_ssh()
}

/// Opens `url`, which no shell ever sees. May last as long as the browser does.
pub(crate) fn open_browser(url: &str) -> io::Result<()> {
    let named = environment::browsers();
    let usual = if environment::in_wsl() { WSL_OPENERS } else { OPENERS };
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for opener in named.iter().map(String::as_str).chain(usual.iter().copied()) {
        let Some((program, arguments)) = command_line(opener, url) else { continue };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C in the terminal is meant for us.
        command.process_group(0);
        for name in environment::ours() {
            command.env_remove(name);
        }
        match command.status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => failed = io::Error::other(format!("{opener}: {status}")),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// A program and what it is given: words between blanks, as `BROWSER` is written elsewhere too, with
/// the address for `%s`, else behind them. `None` for an empty one.
fn command_line<'a>(opener: &'a str, url: &'a str) -> Option<(&'a str, Vec<&'a str>)> {
    let mut words = opener.split_whitespace();
    let program = words.next()?;
    let mut arguments: Vec<&str> = words.collect();
    match arguments.contains(&"%s") {
        true => arguments.iter_mut().filter(|word| **word == "%s").for_each(|word| *word = url),
        false => arguments.push(url),
    }
    Some((program, arguments))
}
