//! Text of other people, made fit for a terminal.
//!
//! A name can move the cursor, recolour the screen, turn the text around it, end the line and begin
//! another, or hide letters that nobody sees. Whatever does so is shown as `\u{…}` and does nothing.

use std::borrow::Cow;
use std::io::{self, Write};
use std::str;

/// What is not seen: format characters (general category Cf), the separators of lines and paragraphs, and
/// what is left out of the display where it is not supported (Unicode 16, DerivedCoreProperties.txt,
/// Default_Ignorable_Code_Point). In order.
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

/// A text that is one line wherever it is printed: a name, a message, a cell.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(Cleaner::default().clean(text, |_| false)),
    }
}

/// What shows characters as they are, or by their numbers.
#[derive(Default)]
struct Cleaner {
    /// The character before, if it was shown as it is.
    before: Option<char>,
}

impl Cleaner {
    /// `kept` is what has a meaning of its own here though it is a control character.
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

    /// Whether `c` chooses the form of a character before it that has several, as in ❤️ and 葛󠄀.
    fn varies(&self, c: char) -> bool {
        let is_variation = |c| matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
        let has_forms = |c: char| !c.is_ascii() && !c.is_whitespace() && !is_variation(c);
        is_variation(c) && self.before.is_some_and(has_forms)
    }
}

/// Whether nobody sees that it is there.
pub(crate) fn is_unseen(c: char) -> bool {
    let after = UNSEEN.partition_point(|(first, _)| *first <= c);
    after > 0 && c <= UNSEEN[after - 1].1
}

/// A terminal as a place for data: the ends of lines and tabs stay, since data is made of them. Who
/// writes a text that holds such has it [`printable`] first.
pub(crate) struct Screen<W> {
    out: W,
    cleaner: Cleaner,
    /// The beginning of a character.
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
            // Four bytes hold any character, so what is begun at the end may still become one.
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
    fn the_table_is_unicode_s() {
        assert_eq!(UNSEEN.as_slice(), class(r"[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]"));
    }

    #[test]
    fn every_character_is_seen_or_shown_by_its_number() {
        let unseen = class(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]");
        let all: Vec<char> = ('\0'..=char::MAX).collect();
        for some in all.chunks(1 << 12) {
            // A letter in front, which has no forms to choose from.
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
            // Data has its lines and tabs.
            let expected = expected.replace("\\u{a}", "\n").replace("\\u{9}", "\t");
            assert_eq!(on_a_screen(&[names.as_bytes()]), expected);
        }
    }

    #[test]
    fn a_form_is_chosen_only_for_a_character_that_has_several() {
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
    fn a_screen_takes_bytes_in_any_pieces() {
        let text = "Zoë\u{1b}[2J 葛\u{e0100} ❤\u{fe0f}\u{202e}\n";
        let expected = "Zoë\\u{1b}[2J 葛\u{e0100} ❤\u{fe0f}\\u{202e}\n";
        for size in 1..text.len() {
            assert_eq!(on_a_screen(&text.as_bytes().chunks(size).collect::<Vec<_>>()), expected, "{size}");
        }
        assert_eq!(on_a_screen(&[b"a\xffb\xe2\x82", b"c"]), "a\u{fffd}b\u{fffd}c");
    }
}
