//! Makes other people's text safe for a terminal.
//!
//! A name can move the cursor, recolour the screen, reverse the text around it, end the line and start
//! another, or hide letters. Each character that does so is shown as `\u{…}` and has no effect.

use std::borrow::Cow;
use std::io::{self, Write};
use std::str;

/// Invisible characters: format characters (general category Cf), line and paragraph separators, and
/// those that are left out of the display if unsupported (Unicode 16, DerivedCoreProperties.txt,
/// Default_Ignorable_Code_Point). Sorted.
const UNSEEN: [(char, char); 25] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Text that is always on one line: a name, a message, a cell.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(Cleaner::default().clean(text, |_| false)),
    }
}

/// Copies visible characters and escapes the others.
#[derive(Default)]
struct Cleaner {
    /// The previous character, if it was copied.
    before: Option<char>,
}

impl Cleaner {
    /// `kept` accepts control characters that have a meaning here.
    fn clean(&mut self, text: &str, kept: impl Fn(char) -> bool) -> String {
        let mut cleaned = String::with_capacity(text.len());
        for c in text.chars() {
            let shown = kept(c) || !c.is_control() && !is_unseen(c) || self.varies(c);
            match shown {
                true => cleaned.push(c),
                false => cleaned.extend(c.escape_unicode()),
            }
            self.before = Some(c).filter(|_| shown);
        }
        cleaned
    }

    /// Whether `c` selects a variant of the previous character, if that has several, as in ❤️ and 葛󠄀.
    fn varies(&self, c: char) -> bool {
        let is_variation = |c| matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
        let has_forms = |c: char| !c.is_ascii() && !c.is_whitespace() && !is_variation(c);
        is_variation(c) && self.before.is_some_and(has_forms)
    }
}

/// Whether the character is invisible.
pub(crate) fn is_unseen(c: char) -> bool {
    let after = UNSEEN.partition_point(|(first, _)| *first <= c);
    after > 0 && c <= UNSEEN[after - 1].1
}

/// Writes data to a terminal: line ends and tabs are kept, because data contains them. Values that
/// contain them must be made [`printable`] first.
pub(crate) struct Screen<W> {
    out: W,
    cleaner: Cleaner,
    /// The first bytes of an incomplete character.
    held: Vec<u8>,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W) -> Self {
        Screen { out, cleaner: Cleaner::default(), held: Vec::new() }
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        let cleaned = self.cleaner.clean(text, |c| matches!(c, '\n' | '\t'));
        self.out.write_all(cleaned.as_bytes())
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut chunks = held.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.show(chunk.valid())?;
            // A character has at most four bytes, so an incomplete one at the end can still be
            // completed.
            match chunk.invalid() {
                [] => {}
                begun if chunks.peek().is_none() && str::from_utf8(begun).is_err_and(is_begun) => {
                    self.held = begun.to_vec();
                }
                _ => self.show("\u{fffd}")?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn is_begun(error: str::Utf8Error) -> bool {
    error.error_len().is_none()
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    fn class(pattern: &str) -> Vec<(char, char)> {
        match regex_syntax::parse(pattern).expect("a class").kind() {
            HirKind::Class(Class::Unicode(set)) => {
                set.iter().map(|range| (range.start(), range.end())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn on_a_screen(pieces: &[&[u8]]) -> String {
        let mut shown = Vec::new();
        let mut screen = Screen::new(&mut shown);
        pieces.iter().for_each(|piece| screen.write_all(piece).expect("memory"));
        String::from_utf8(shown).expect("UTF-8")
    }

    #[test]
    fn the_table_agrees_with_unicode() {
        assert_eq!(UNSEEN.as_slice(), class(r"[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]"));
    }

    #[test]
    fn every_character_is_visible_or_escaped() {
        let unseen = class(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]");
        let all: Vec<char> = ('\0'..=char::MAX).collect();
        for some in all.chunks(1 << 12) {
            // Preceded by a letter, which has no variants.
            let names: String = some.iter().flat_map(|c| ['a', *c]).collect();
            let mut expected = String::new();
            for c in some {
                expected.push('a');
                match unseen.iter().any(|(first, last)| (*first..=*last).contains(c)) {
                    true => expected.extend(c.escape_unicode()),
                    false => expected.push(*c),
                }
            }
            assert_eq!(printable(&names), expected);
            // Data has line ends and tabs.
            let expected = expected.replace("\\u{a}", "\n").replace("\\u{9}", "\t");
            assert_eq!(on_a_screen(&[names.as_bytes()]), expected);
        }
    }

    #[test]
    fn a_variant_is_selected_only_for_a_character_that_has_several() {
        for whole in ["❤\u{fe0f}", "葛\u{e0100}飾", "Zoe\u{308}", "雪　田中", "نرگس"] {
            assert_eq!(printable(whole), whole);
        }
        for (alone, expected) in [
            ("\u{fe0f}", "\\u{fe0f}"),
            ("a\u{fe0f}", "a\\u{fe0f}"),
            (" \u{e0100}", " \\u{e0100}"),
            ("❤\u{fe0f}\u{fe0e}", "❤\u{fe0f}\\u{fe0e}"),
            ("\u{200d}\u{fe0f}", "\\u{200d}\\u{fe0f}"),
        ] {
            assert_eq!(printable(alone), expected);
        }
    }

    #[test]
    fn a_screen_accepts_bytes_in_any_pieces() {
        let text = "Zoë\u{1b}[2J 葛\u{e0100} ❤\u{fe0f}\u{202e}\n";
        let expected = "Zoë\\u{1b}[2J 葛\u{e0100} ❤\u{fe0f}\\u{202e}\n";
        for size in 1..text.len() {
            assert_eq!(on_a_screen(&text.as_bytes().chunks(size).collect::<Vec<_>>()), expected, "{size}");
        }
        assert_eq!(on_a_screen(&[b"a\xffb\xe2\x82", b"c"]), "a\u{fffd}b\u{fffd}c");
    }
}
