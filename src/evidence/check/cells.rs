//! A table of another version against ours, cell by cell.
//!
//! The columns are ours, in our order: none is ever renamed, and new ones come last. So a line of theirs
//! begins as ours does, and none of their further columns has the name of one of ours.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};

use super::table::keys;
use crate::error::{Context, Kind, Result};
use crate::format::Format;

/// Far more than any line that fbsync writes.
const LONGEST_LINE: u64 = 64 << 20;

/// What is wrong with `theirs`; nothing where it says everything that `ours` says.
pub(super) fn difference(format: Format, theirs: File, ours: &[u8]) -> Result<Option<String>> {
    match format {
        Format::Csv => Ok(csv(theirs, ours)),
        Format::Jsonl => jsonl(theirs, ours),
        Format::Xlsx => Ok(None),
    }
}

fn csv(theirs: File, ours: &[u8]) -> Option<String> {
    // A quote that is never closed makes one cell of all that follows.
    let limited = theirs.take(LONGEST_LINE.max(4 * ours.len() as u64));
    let mut theirs = csv::Reader::from_reader(limited);
    let mut ours = csv::Reader::from_reader(ours);
    let (Ok(header), Ok(own)) = (theirs.headers().cloned(), ours.headers().cloned()) else {
        return Some("it is not CSV".to_owned());
    };
    if let Some(at) = (0..own.len()).find(|at| header.get(*at) != own.get(*at)) {
        return Some(format!("column {} is not {}", at + 1, &own[at]));
    }
    if let Some(twice) = header.iter().skip(own.len()).find(|name| own.iter().any(|own| own == *name)) {
        return Some(format!("the column {twice} is there twice"));
    }
    let (mut theirs, mut ours) = (theirs.records(), ours.records());
    for row in 1_u64.. {
        match (theirs.next(), ours.next()) {
            (None, None) => break,
            (Some(Ok(their)), Some(Ok(our))) => {
                if let Some(at) = (0..own.len()).find(|at| their.get(*at) != our.get(*at)) {
                    return Some(format!("row {row}: {} is not what the database gives", &own[at]));
                }
            }
            (Some(Err(_)), _) => return Some(format!("row {row} is not CSV")),
            (Some(Ok(_)), _) => return Some("it has more rows than the database gives".to_owned()),
            (None, _) => return Some("it has fewer rows than the database gives".to_owned()),
        }
    }
    None
}

fn jsonl(theirs: File, ours: &[u8]) -> Result<Option<String>> {
    let mut theirs = BufReader::new(theirs);
    let mut line = Vec::new();
    for (row, our) in (1_u64..).zip(ours.split_inclusive(|byte| *byte == b'\n')) {
        line.clear();
        let read = theirs.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.context(Kind::Storage, || "cannot read the folder".to_owned())?;
        if line.is_empty() {
            return Ok(Some("it has fewer rows than the database gives".to_owned()));
        }
        let (Some(own), Some(known)) = (our.strip_suffix(b"}\n"), keys(our)) else { continue };
        // Theirs goes on where ours ends, with further columns if with anything.
        let rest = line.strip_prefix(own).filter(|rest| *rest == b"}\n" || rest.starts_with(b",\""));
        let is_said_again = |all: &[String]| all.iter().skip(known.len()).any(|name| known.contains(name));
        if rest.is_none() || keys(&line).is_none_or(|all| is_said_again(&all)) {
            return Ok(Some(format!("row {row} is not what the database gives")));
        }
    }
    let more = theirs.fill_buf().context(Kind::Storage, || "cannot read the folder".to_owned())?;
    Ok((!more.is_empty()).then(|| "it has more rows than the database gives".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    fn check(format: Format, theirs: &str, ours: &str, expected: &str) {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(theirs.as_bytes()).expect("written");
        file.rewind().expect("rewound");
        let found = difference(format, file, ours.as_bytes()).expect("readable").unwrap_or_default();
        assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{theirs:?}: {found}");
    }

    #[test]
    fn csv_has_our_columns_first_and_every_cell_of_ours() {
        let ours = "key,role\r\n1,owner\r\n2,\"a,b\"\r\n";
        let csv = |theirs: &str, expected: &str| check(Format::Csv, theirs, ours, expected);
        csv(ours, "");
        csv("key,role,more\r\n1,owner,x\r\n2,\"a,b\",\r\n", "");
        csv("key,role\n1,\"owner\"\n2,\"a,b\"\n", "");
        csv("key,role\r\n1,client\r\n2,\"a,b\"\r\n", "row 1: role");
        csv("key,role\r\n1,owner\r\n", "fewer rows");
        csv("key,role\r\n1,owner\r\n2,\"a,b\"\r\n3,owner\r\n", "more rows");
        csv("key\r\n1\r\n2\r\n", "column 2 is not role");
        csv("role,key\r\nowner,1\r\n\"a,b\",2\r\n", "column 1 is not key");
        csv("key,role,role\r\n1,owner,client\r\n2,\"a,b\",client\r\n", "role is there twice");
        csv("key,role\r\n1,owner\r\n2\r\n", "row 2 is not CSV");
        csv("", "column 1");
    }

    #[test]
    fn json_lines_begin_as_ours_do_and_say_nothing_twice() {
        let ours = "{\"key\":1,\"role\":\"owner\"}\n{\"key\":2,\"role\":null}\n";
        let jsonl = |theirs: &str, expected: &str| check(Format::Jsonl, theirs, ours, expected);
        jsonl(ours, "");
        jsonl("{\"key\":1,\"role\":\"owner\",\"more\":{\"role\":1}}\n{\"key\":2,\"role\":null}\n", "");
        jsonl("{\"key\":1,\"role\":\"owner\",\"role\":\"client\"}\n{\"key\":2,\"role\":null}\n", "row 1");
        jsonl("{\"key\":1,\"role\":\"client\"}\n{\"key\":2,\"role\":null}\n", "row 1");
        jsonl("{\"key\":1,\"role\":\"owner\"}{\"key\":1}\n{\"key\":2,\"role\":null}\n", "row 1");
        jsonl("{\"key\":1,\"role\":\"owner\"}\n", "fewer rows");
        jsonl(&format!("{ours}{{}}\n"), "more rows");
        jsonl("", "fewer rows");
    }
}
