//! CSV as spreadsheets save it.

use std::borrow::Cow;

use super::book::Book;
use super::{Refusal, Sheet, Value};

const AS_UTF8: &str = "save it as \"CSV UTF-8\", or as XLSX";

pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    let text = decoded(bytes)?;
    // Excel writes and wants this line where its list separator is not a comma.
    let (separators, text) = match text.split_once(['\r', '\n']) {
        Some((line, rest)) if line.trim_matches('"').starts_with("sep=") => {
            (line.trim_matches('"').bytes().skip(4).take(1).collect(), rest.trim_start_matches('\n'))
        }
        _ => (vec![b',', b';', b'\t'], text.as_ref()),
    };
    // It would swallow the rows below it.
    if !text.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2) {
        return Err(Refusal::new("a quote is opened and not closed", "save it again, or as XLSX"));
    }
    for separator in separators {
        let sheets = rows(file, text, separator)?;
        if !sheets.is_empty() {
            return Ok(sheets);
        }
    }
    Ok(Vec::new())
}

fn rows(file: &str, text: &str, separator: u8) -> Result<Vec<Sheet>, Refusal> {
    let mut book = Book::new(file);
    book.begin(None);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut record, mut number) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).map_err(Refusal::damaged)? {
        // A program shows one row for a record, however many lines it takes, and one for an empty line,
        // which csv reads over. The second half of a CRLF is left for the next record.
        let begin = record.position().map_or(0, |at| at.byte() as usize);
        let (before, rest) = text.split_at(begin);
        let skipped = &rest[..rest.len() - rest.trim_start_matches(['\r', '\n']).len()];
        let halves = u32::from(before.ends_with('\r') && skipped.starts_with('\n'));
        number += 1 + skipped.matches('\n').count() as u32 - halves;
        book.row(number, record.iter().map(Value::text).enumerate().collect())?;
    }
    book.finish()
}

fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
        let whole = text.ok().filter(|_| rest.is_empty());
        whole.map(Cow::Owned).ok_or_else(|| Refusal::new("half a character is missing in it", AS_UTF8))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => str::from_utf8(rest)
            .map(Cow::Borrowed)
            .map_err(|_| Refusal::new("it is neither UTF-8 nor UTF-16", AS_UTF8)),
    }
}
