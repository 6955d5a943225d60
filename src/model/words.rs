//! Enumerations whose values are words of the contract: one list says the name, the word and the order.

/// Declares an enumeration and the word of each value, as the database, the reports and JSON have it.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($(#[$what])* $value,)+ }

        #[allow(dead_code, reason = "not every vocabulary is listed or read back")]
        impl $name {
            pub(crate) const ALL: &[$name] = &[$($name::$value),+];
            pub(crate) const WORDS: &[&str] = &[$($word),+];

            pub(crate) fn as_str(self) -> &'static str {
                match self { $($name::$value => $word,)+ }
            }

            /// The value that the word stands for.
            pub(crate) fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use words;
