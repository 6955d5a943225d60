//! Quotes values for commands that a person can copy into any POSIX shell.

use std::path::Path;

/// Any text.
pub(crate) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A file or folder. A leading `-` gets `./` in front, so that it is not read as an option.
pub(crate) fn path(path: &Path) -> String {
    let shown = path.display().to_string();
    match shown.starts_with('-') {
        true => word(&format!("./{shown}")),
        false => word(&shown),
    }
}

/// A program name or similar, which is quoted only if it has to be.
pub(crate) fn name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => word(text),
    }
}
