//! The person's own browser: whether there is one to open, and opening it.
//!
//! Started by ourselves and not through a crate, since none lets the child's environment be chosen:
//! what is in ours (client secret, refresh token, access token) is not for a browser, which keeps
//! it for days and hands it to all that it starts.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// Each opens its argument in the browser that the person prefers.
const OPENERS: &[&str] = match cfg!(target_os = "macos") {
    true => &["open"],
    false => &["xdg-open", "x-www-browser"],
};

/// The same from within WSL, for the browser on the Windows side.
const WSL_OPENERS: &[&str] = &["wslview", "xdg-open"];

/// Whether a person's browser can be opened from here: not over SSH, not without a display.
pub(crate) fn has_desktop() -> bool {
    if set("SSH_CONNECTION") || set("SSH_TTY") {
        return false;
    }
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WSL_DISTRO_NAME")
}

/// Opens `url`, which no shell ever sees. May last as long as the browser does.
pub(crate) fn open_browser(url: &str) -> io::Result<()> {
    let named = env::var("BROWSER").unwrap_or_default();
    let usual = if set("WSL_DISTRO_NAME") { WSL_OPENERS } else { OPENERS };
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for opener in named.split(':').chain(usual.iter().copied()) {
        let Some((program, arguments)) = command_line(opener, url) else { continue };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C in the terminal is meant for us.
        command.process_group(0);
        for (name, _) in env::vars_os().filter(|(name, _)| is_ours(name)) {
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

/// A variable that holds a secret of ours or leads to one.
fn is_ours(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b"FBSYNC_") || name == "CREDENTIALS_DIRECTORY"
}

fn set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}
