//! A string that does not print itself.
//!
//! It has no `Display`, no `Serialize`, and a `Debug` that shows nothing. To get the text you have to
//! write [`Secret::expose`], which is easy to search for and allowed only in `http`, `oauth`, `classic`
//! and `credentials`. The bytes are wiped when the value is dropped. The libraries underneath make copies
//! that we cannot wipe; what you can rely on is that nothing is printed by accident.

use std::fmt;

use serde::Deserialize;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};

/// A token, code, client secret or `state`.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// A secret from a person, a file or the environment, without any surrounding blanks.
    pub(crate) fn given(text: &str) -> Self {
        Secret::new(bare(text))
    }

    /// The text itself. Each use marks a place where a secret leaves its wrapper.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The position (from 1) of the first character that neither a token nor a client secret can
    /// contain: RFC 6749 appendix A allows only printable ASCII. Such a character is usually a copying
    /// accident.
    pub(crate) fn stray_character(&self) -> Option<usize> {
        self.0.chars().position(|c| !matches!(c, ' '..='~')).map(|before| before + 1)
    }

    /// Refuses what cannot be a secret; `place` says where it came from. FreshBooks would only answer
    /// that it does not know it.
    pub(crate) fn checked(self, what: &str, place: &str) -> Result<Self> {
        match self.stray_character() {
            None => Ok(self),
            Some(at) => {
                let message =
                    format!("{place} does not hold a valid {what}: character {at} cannot be part of one");
                Err(Error::new(Kind::Config, message).hint("copy it again, without anything around it"))
            }
        }
    }

    /// Compares in time that does not depend on where the two differ.
    pub(crate) fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret::new(text)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// `text` without the surrounding blanks, line ends, byte order marks and invisible characters that
/// editors, spreadsheets and `echo | base64` add.
pub(crate) fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_secret_are_dropped() {
        for text in ["s3 cret", " s3 cret\r\n", "\u{feff}s3 cret\n", "\u{200b}\ts3 cret\0\u{a0}"] {
            assert_eq!(Secret::given(text).expose(), "s3 cret", "{text:?}");
        }
        assert!(Secret::given(" \r\n\u{feff}").is_empty());
    }

    #[test]
    fn only_printable_ascii_can_be_a_secret() {
        for (text, stray) in
            [("abc ~", None), ("tök", Some(2)), ("a\nb", Some(2)), ("ab\u{200b}c", Some(3)), ("", None)]
        {
            assert_eq!(Secret::new(text).stray_character(), stray, "{text:?}");
        }
    }
}
