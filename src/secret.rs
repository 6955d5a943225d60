//! A string that does not print itself.
//!
//! No `Display`, no `Serialize`, a `Debug` that says nothing: whoever wants the text has to write
//! [`Secret::expose`], which is easy to find and allowed in `http`, `oauth` and `credentials` alone.
//! The bytes are wiped when the value goes. Libraries underneath make copies that we cannot wipe;
//! the gain that can be relied on is that nothing is printed by accident.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A token, code, client secret or `state`.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself. Each use marks a place where a secret leaves its wrapper.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The same without the blanks around it.
    pub(crate) fn trimmed(&self) -> Self {
        Secret::new(self.0.trim())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares in time that does not depend on where the two differ.
    pub(crate) fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
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
