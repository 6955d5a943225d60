//! How many rows a file of a report has, and which columns, told while its bytes pass by.
//!
//! The files are as large as somebody made them, and nothing of them is kept but the first line.

use std::fmt;
use std::path::Path;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::format::Format;

/// The longest first line: a column for each of many thousand businesses.
const LONGEST_HEAD: usize = 4 << 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rows: u64,
    /// Not known where no line names them.
    pub(super) columns: Option<Vec<String>>,
}

/// A table in passing.
pub(super) struct Table {
    format: Format,
    lines: u64,
    /// The first line, with its end.
    head: Vec<u8>,
    /// In CSV, a line can end within quotes.
    is_quoted: bool,
    last: u8,
}

impl Table {
    /// By the extension of its name; `None` where it is not a table that can be counted.
    pub(super) fn named(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?;
        let format = [Format::Csv, Format::Jsonl].into_iter().find(|known| known.extension() == extension)?;
        Some(Table { format, lines: 0, head: Vec::new(), is_quoted: false, last: b'\n' })
    }

    pub(super) fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.lines == 0 && self.head.len() < LONGEST_HEAD {
                self.head.push(byte);
            }
            self.is_quoted ^= byte == b'"' && self.format == Format::Csv;
            self.lines += u64::from(byte == b'\n' && !self.is_quoted);
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    pub(super) fn shape(self) -> Shape {
        // A last line without an end is a line all the same.
        let lines = self.lines + u64::from(self.last != b'\n' || self.is_quoted);
        let head = self.head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.head);
        match self.format {
            Format::Csv => Shape { rows: lines.saturating_sub(1), columns: header(head) },
            Format::Jsonl | Format::Xlsx => Shape { rows: lines, columns: keys(head) },
        }
    }
}

fn header(line: &[u8]) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

/// The keys of an object, in order, each as often as it is there.
pub(super) fn keys(line: &[u8]) -> Option<Vec<String>> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    let mut object = serde_json::Deserializer::from_slice(line);
    let keys = object.deserialize_map(Keys).ok()?;
    object.end().ok().map(|()| keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_told_however_the_bytes_come() {
        let check = |name: &str, text: &str, rows: u64, columns: Option<&[&str]>| {
            for piece in [1, 2, 3, 1000] {
                let mut table = Table::named(name).expect("a table");
                text.as_bytes().chunks(piece).for_each(|bytes| table.pass(bytes));
                let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
                assert_eq!(table.shape(), Shape { rows, columns }, "{text:?}");
            }
        };
        check("a.csv", "a,b\r\n1,2\r\n3,4\r\n", 2, Some(&["a", "b"]));
        check("a.csv", "a,\"b\r\n\"\"c\"\"\"\r\n", 0, Some(&["a", "b\r\n\"c\""]));
        check("a.csv", "a\r\n\"1\r\n2\"\r\n", 1, Some(&["a"]));
        check("a.csv", "\u{feff}a\r\nforged", 1, Some(&["a"]));
        check("a.csv", "a\r\n\"forged\r\n", 1, Some(&["a"]));
        check("a.csv", "", 0, None);
        check("a.jsonl", "{\"b\":1,\"a\":\"\\\"\\n\",\"b\":2}\n{}\n", 2, Some(&["b", "a", "b"]));
        check("a.jsonl", "{\"a\":\"\u{1f4a9}\"}\nforged", 2, Some(&["a"]));
        check("a.jsonl", "", 0, None);
        check("a.jsonl", "forged\n", 1, None);
        for name in ["a.xlsx", "a.csv.txt", "csv", "README.txt"] {
            assert!(Table::named(name).is_none(), "{name}");
        }
    }
}
