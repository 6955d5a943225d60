//! Shortens long lists: nobody reads a hundred names in a warning.

use std::fmt::Display;

/// How many are shown.
const TOLD: usize = 5;

/// The first few, and how many more there are.
pub(crate) fn few_of<T>(all: &[T]) -> (&[T], usize) {
    let told = &all[..all.len().min(TOLD)];
    (told, all.len() - told.len())
}

/// The same in one line.
pub(crate) fn few<T: Display>(all: &[T]) -> String {
    let (told, more) = few_of(all);
    let told = told.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if more == 0 { told } else { format!("{told} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(few::<i64>(&[]), "");
        assert_eq!(few(&[1, 2, 3, 4, 5]), "1, 2, 3, 4, 5");
        assert_eq!(few(&[1, 2, 3, 4, 5, 6]), "1, 2, 3, 4, 5 and 1 more");
    }
}
