//! Other people's text as a page can show it, and lists that end.

use std::fmt;

use crate::report::Cell;
use crate::report::summary::capitalized;
use crate::ui::printable;

/// Characters of one value. The reports have the rest.
const LONGEST: usize = 200;

/// A value that is fit to stand in the page: no character of it reorders the others, and it has an end.
/// The template escapes it like everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown(String);

impl Shown {
    pub(super) fn new(text: &str) -> Self {
        Shown(match text.char_indices().nth(LONGEST) {
            None => printable(text).into_owned(),
            Some((end, _)) => format!("{}… ({} characters)", printable(&text[..end]), text.chars().count()),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Capitalized, without the underscores of a vocabulary.
    pub(super) fn in_words(&self) -> String {
        capitalized(&self.0.replace('_', " "))
    }

    /// Of a time.
    pub(super) fn day(&self) -> &str {
        self.0.get(.."2026-06-30".len()).unwrap_or_default()
    }
}

impl From<&Cell<'_>> for Shown {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Text(text) => Shown::new(text),
            other => Shown(other.to_string()),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first rows of a list; where there are more, how many, and the command that gives all of them.
pub(super) struct Listed<T> {
    pub(super) shown: Vec<T>,
    pub(super) count: usize,
    pub(super) command: String,
    most: usize,
}

impl<T> Listed<T> {
    pub(super) fn new(most: usize, command: String) -> Self {
        Listed { shown: Vec::new(), count: 0, command, most }
    }

    pub(super) fn push(&mut self, make: impl FnOnce() -> T) {
        self.count += 1;
        if self.shown.len() < self.most {
            self.shown.push(make());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many are not shown.
    pub(super) fn rest(&self) -> usize {
        self.count - self.shown.len()
    }
}
