//! Tables saved as text, with the encodings and separators that spreadsheets use, and with row numbers
//! as a spreadsheet shows them.
//!
//! 8-bit encodings cannot be told apart, so a file in one is refused and the hint says how to convert
//! it: a name with wrong letters would match nobody.

use std::borrow::Cow;

const AS_UTF8: &str = "save it as \"CSV UTF-8\", or convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE";

/// Why a file cannot be read, and what its owner can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, hint: &'static str) -> Self {
        Problem { what: what.into(), hint }
    }
}

/// The text of a file in UTF-8, or in UTF-16 with a byte order mark.
pub(crate) fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
        let whole = text.ok().filter(|_| rest.is_empty());
        whole.map(Cow::Owned).ok_or_else(|| Problem::new("it ends in the middle of a character", AS_UTF8))
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => str::from_utf8(rest)
            .map(Cow::Borrowed)
            .map_err(|_| Problem::new("it is neither UTF-8 nor UTF-16", AS_UTF8)),
    }?;
    match text.contains('\0') {
        true => Err(Problem::new("it is not text, or it is UTF-16 without a byte order mark", AS_UTF8)),
        false => Ok(text),
    }
}

/// A decoded table whose separator is not yet known.
pub(crate) struct Delimited<'t> {
    text: &'t str,
    /// The possible separators, most likely first.
    pub(crate) separators: Vec<u8>,
}

/// One row that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'t> {
    /// As a spreadsheet shows it, counting from 1.
    pub(crate) number: u32,
    /// Without surrounding blanks; every kind of line break becomes one line feed.
    pub(crate) cells: Vec<String>,
    /// As it is in the file.
    raw: &'t str,
}

impl<'t> Delimited<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        const USUAL: &[u8] = b",;\t";
        // Excel writes this line, and expects it, if its list separator is not a comma.
        let (text, separators) = match text.split_once(['\r', '\n']) {
            Some((line, rest)) if line.trim_matches('"').starts_with("sep=") => {
                let named = line.trim_matches('"').bytes().skip(4).take(1);
                // A letter, or a part of one, is no separator.
                (
                    rest.trim_start_matches('\n'),
                    named.filter(|byte| USUAL.contains(byte) || *byte == b'|').collect(),
                )
            }
            _ => (text, Vec::new()),
        };
        Delimited { text, separators: if separators.is_empty() { USUAL.to_vec() } else { separators } }
    }

    /// Whether a quote is opened and never closed, which would swallow the rows below.
    pub(crate) fn has_open_quote(&self) -> bool {
        !self.text.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2)
    }

    /// Every row that is not empty.
    pub(crate) fn rows(&self, separator: u8) -> Rows<'t> {
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(self.text.as_bytes());
        Rows { text: self.text, reader, record: csv::StringRecord::new(), number: 0 }
    }
}

pub(crate) struct Rows<'t> {
    text: &'t str,
    reader: csv::Reader<&'t [u8]>,
    record: csv::StringRecord,
    number: u32,
}

impl<'t> Iterator for Rows<'t> {
    type Item = Row<'t>;

    fn next(&mut self) -> Option<Row<'t>> {
        // Reading text in memory, with rows of any length, cannot fail.
        if !self.reader.read_record(&mut self.record).unwrap_or(false) {
            return None;
        }
        // A spreadsheet shows one row for each record, however many lines it has, and one for each
        // empty line, which csv skips. The second half of a CRLF is left for the next record.
        let place = |at: &csv::Position| usize::try_from(at.byte()).unwrap_or(usize::MAX);
        let (before, rest) = self.text.split_at_checked(self.record.position().map_or(0, place))?;
        let skipped = &rest[..rest.len() - rest.trim_start_matches(['\r', '\n']).len()];
        let halves = usize::from(before.ends_with('\r') && skipped.starts_with('\n'));
        let lines = skipped.matches('\n').count() - halves;
        self.number += 1 + u32::try_from(lines).unwrap_or(u32::MAX);
        let end = place(self.reader.position()).min(self.text.len());
        let raw = self.text.get(before.len()..end).unwrap_or_default().trim_matches(['\r', '\n']);
        let cells = self.record.iter().map(|cell| cell.trim().replace("\r\n", "\n")).collect();
        Some(Row { number: self.number, cells, raw })
    }
}

impl Row<'_> {
    /// Why the row might not mean what its author meant. A quote that does not enclose a whole cell can
    /// swallow what follows it: the rest of the text, or the rows below.
    pub(crate) fn misplaced_quote(&self, separator: u8) -> Option<Problem> {
        let mut rest = self.raw;
        loop {
            rest = match rest.strip_prefix('"') {
                Some(text) => {
                    let Some(behind) = behind_quote(text) else {
                        let hint = "put a quote at the end of the text";
                        return Some(Problem::new("a quote is opened but not closed", hint));
                    };
                    behind
                }
                None if rest.trim_start().starts_with('"') => {
                    let hint = "put the quote directly after the separator";
                    return Some(Problem::new("there is a blank before a quote", hint));
                }
                None => &rest[rest.find(char::from(separator)).unwrap_or(rest.len())..],
            };
            match rest.strip_prefix(char::from(separator)) {
                Some(next) => rest = next,
                None if rest.trim().is_empty() => return None,
                None => {
                    let hint = "write a quote within quotes twice: \"the \"\"old\"\" books\"";
                    return Some(Problem::new("there is text after a closing quote", hint));
                }
            }
        }
    }
}

/// What follows the quote that closes `text` and any blanks; two quotes in a row are one literal quote.
fn behind_quote(mut text: &str) -> Option<&str> {
    loop {
        let (_, rest) = text.split_once('"')?;
        text = match rest.strip_prefix('"') {
            Some(inside) => inside,
            None => return Some(rest.trim_start_matches(' ')),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_encoding_that_can_be_detected() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            [0xfeff].into_iter().chain("Zo\u{eb}".encode_utf16()).flat_map(unit).collect()
        };
        for bytes in [
            "Zo\u{eb}".as_bytes().to_vec(),
            "\u{feff}Zo\u{eb}".as_bytes().to_vec(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            assert_eq!(decoded(&bytes).as_deref(), Ok("Zo\u{eb}"), "{bytes:?}");
        }
        for bytes in [&b"Zo\xeb"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"Z\0o\0", b"\0Z"] {
            assert!(decoded(bytes).is_err_and(|problem| problem.hint.contains("UTF-8")), "{bytes:?}");
        }
    }

    fn rows(text: &str, separator: u8) -> Vec<(u32, Vec<String>)> {
        Delimited::of(text).rows(separator).map(|row| (row.number, row.cells)).collect()
    }

    #[test]
    fn rows_are_numbered_as_in_a_spreadsheet() {
        let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let expected = [(1, cells(&["a", "b"])), (3, cells(&["c", "d\ne"])), (4, cells(&["f"]))];
        for end in ["\n", "\r\n"] {
            let text = ["a, b ", "", "c,\"d\ne\"", "f"].join(end);
            assert_eq!(rows(&text, b','), expected, "{text:?}");
        }
        assert_eq!(rows("a;b\rc;d", b';'), [(1, cells(&["a", "b"])), (2, cells(&["c", "d"]))]);
        assert_eq!(rows("", b','), []);
    }

    #[test]
    fn a_file_can_name_its_separator() {
        let check = |text: &str, expected: &[u8]| assert_eq!(Delimited::of(text).separators, expected);
        check("sep=;\r\na;b", b";");
        check("\"sep=|\"\na|b", b"|");
        check("a;b\nc;d", b",;\t");
        for none in ["sep=\r\na;b", "sep=é\na;b", "sep=a\na;b", "sep=\"\na;b"] {
            check(none, b",;\t");
        }
        assert_eq!(rows("sep=;\r\na;b", b';')[0].1, ["a", "b"]);
    }

    #[test]
    fn a_quote_encloses_a_whole_cell() {
        let check = |row: &str, expected: Option<&str>| {
            let row = Delimited::of(row).rows(b',').next().expect("a row");
            assert_eq!(row.misplaced_quote(b',').map(|problem| problem.what).as_deref(), expected, "{row:?}");
        };
        for good in [
            "a,b",
            "\"a\"",
            "\"a, b\",c",
            "\"a \"\"b\"\"\",\"\"",
            "the \"old\" books,c",
            "\"a\nb\" ,",
            "\"\"\"a\"\"\"",
        ] {
            check(good, None);
        }
        check("\"a", Some("a quote is opened but not closed"));
        check("a,\"b\nc,d\n", Some("a quote is opened but not closed"));
        check("\"a\" b,c", Some("there is text after a closing quote"));
        check("a,\"b\nc,\"d\n", Some("there is text after a closing quote"));
        check("a, \"b, c\"", Some("there is a blank before a quote"));
    }
}
