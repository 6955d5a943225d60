//! A value as one word of a command that is printed to be typed, for any POSIX shell.

use std::path::Path;

/// Any text.
pub(crate) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A file or folder. One that begins like an option is led up to from where the shell is.
pub(crate) fn path(path: &Path) -> String {
    let shown = path.display().to_string();
    match shown.starts_with('-') {
        true => word(&format!("./{shown}")),
        false => word(&shown),
    }
}

/// What needs no quotes as a rule, such as a program: it gets them where it does.
pub(crate) fn name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => word(text),
    }
}
