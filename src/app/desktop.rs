//! The person's browser: whether there is one to open, and opening it.
//!
//! We start it ourselves, because no crate lets us choose the child's environment: ours can hold a
//! client secret, refresh token or access token, which a browser would keep for days and pass to
//! everything it starts.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use super::environment;

/// Each opens its argument in the person's preferred browser.
const OPENERS: &[&str] = match cfg!(target_os = "macos") {
    true => &["open"],
    false => &["xdg-open", "x-www-browser"],
};

/// The same inside WSL, for the browser on the Windows side.
const WSL_OPENERS: &[&str] = &["wslview", "xdg-open"];

/// Whether a browser can be opened from here: not over SSH, not without a display.
pub(crate) fn has_desktop() -> bool {
    let desktop = cfg!(target_os = "macos") || environment::has_display() || environment::in_wsl();
    desktop && !environment::over_ssh()
}

/// Opens `url` without a shell. Can take as long as the browser runs.
pub(crate) fn open_browser(url: &str) -> io::Result<()> {
    let named = environment::browsers();
    let usual = if environment::in_wsl() { WSL_OPENERS } else { OPENERS };
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for opener in named.iter().map(String::as_str).chain(usual.iter().copied()) {
        let Some((program, arguments)) = command_line(opener, url) else { continue };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in the terminal is meant only for fbsync.
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

/// Splits an opener into a program and its arguments, separated by blanks, as other programs read
/// `BROWSER`. The address replaces `%s`, or is appended. `None` if the opener is empty.
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
