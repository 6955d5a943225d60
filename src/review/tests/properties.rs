//! However rows and columns are arranged, and whatever is beside them, the decisions are the same.

use std::io::{Read as _, Write as _};

use proptest::prelude::*;

use super::*;
use crate::mutated::{fixtures, mutated, quarters};

/// The filled sheet of `fixtures/review/`, headings first.
fn grid() -> Vec<Vec<String>> {
    let path = format!("{}/fixtures/review/plain.csv", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn decided(bytes: &[u8]) -> Vec<Vec<String>> {
    let rows = files::snapshot();
    let judged = judge(&files::when_taken(&rows), &parsed("x", bytes));
    assert_eq!(lines(&judged.errors), [""; 0]);
    judged.decisions.iter().map(line).collect()
}

fn heading_in_words(name: &str) -> String {
    columns().find(|column| column.name == name).map_or_else(String::new, |column| column.heading.to_string())
}

/// The parts of a workbook of `fixtures/review/`, inflated.
fn parts(name: &str) -> Vec<(String, Vec<u8>)> {
    let path = format!("{}/fixtures/review/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let count = zip.len();
    let part = |at| {
        let (mut part, mut content) = (zip.by_index(at).unwrap(), Vec::new());
        part.read_to_end(&mut content).unwrap();
        (part.name().unwrap().to_string(), content)
    };
    let wanted = |(name, _): &(String, Vec<u8>)| {
        name.ends_with("xml") || name.ends_with(".rels") || name == "mimetype"
    };
    (0..count).map(part).filter(wanted).collect()
}

fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        zip.start_file(name, stored).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(quarters(1))]

    #[test]
    fn any_order_and_any_further_columns(
        order in Just((0..grid()[0].len()).collect::<Vec<usize>>()).prop_shuffle(),
        rows in Just((1..6).collect::<Vec<usize>>()).prop_shuffle(),
        extra in proptest::collection::vec((0..36_usize, "[^\u{0}\"]{0,12}"), 0..5),
        words in any::<bool>(),
        separator in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
    ) {
        let grid = grid();
        let mut writer = csv::WriterBuilder::new().delimiter(separator).flexible(true).from_writer(Vec::new());
        for row in [0].into_iter().chain(rows) {
            let cell = |at: &usize| match row == 0 && words {
                true => heading_in_words(&grid[0][*at]),
                false => grid[row][*at].clone(),
            };
            let mut cells: Vec<String> = order.iter().map(cell).collect();
            for (at, text) in &extra {
                // A heading that is not ours, and anything below it.
                cells.insert(*at, if row == 0 { format!("my {text}") } else { text.clone() });
            }
            writer.write_record(cells).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let path = format!("{}/fixtures/review/plain.csv", env!("CARGO_MANIFEST_DIR"));
        prop_assert_eq!(decided(&bytes), decided(&std::fs::read(path).unwrap()));
    }

    #[test]
    fn no_workbook_is_too_strange(
        name in prop_oneof![Just("openpyxl.xlsx"), Just("libreoffice.xlsx"), Just("libreoffice-csv-de-de.ods")],
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[<>/\"'=&;#0-9a-zA-Z -]{0,6}"), 1..4),
    ) {
        let mut parts = parts(name);
        for (part, at, text) in edits {
            let content = &mut part.get_mut(&mut parts[..]).1;
            let at = at.index(content.len() + 1);
            let end = (at + text.len()).min(content.len());
            content.splice(at..end, text.bytes());
        }
        if let Ok(sheets) = sheet::parse("x", &packed(&parts)) {
            let rows = files::snapshot();
            judge(&question(&rows), &sheets);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<Vec<u8>>(), head in any::<bool>()) {
        let start: &[u8] = if head { b"row_key,snapshot_id,decision,reviewed_at\n" } else { b"" };
        if let Ok(sheets) = sheet::parse("x", &[start, &text].concat()) {
            let rows = files::snapshot();
            judge(&question(&rows), &sheets);
        }
    }

    #[test]
    fn no_date_is_too_strange(text in "[-0-9a-zäT:/., ]{0,24}", anything in any::<String>()) {
        for text in [text, anything] {
            if let Ok(moment) = moment::read(&text, None) {
                prop_assert_eq!(moment.day().to_string().len(), 10);
            }
        }
    }
}

proptest! {
    #![proptest_config(quarters(4))]

    /// What is decided is of a row that was asked about, whatever the bytes are.
    #[test]
    fn no_file_is_too_strange(bytes in mutated(fixtures(&[
        "review/plain.csv",
        "review/libreoffice-csv-de-de.csv",
        "review/libreoffice-sheet-utf16.csv",
        "review/openpyxl.xlsx",
        "review/libreoffice-csv-de-de.ods",
    ]))) {
        if let Ok(sheets) = sheet::parse("x", &bytes) {
            let rows = files::snapshot();
            let judged = judge(&files::when_taken(&rows), &sheets);
            for decision in &judged.decisions {
                prop_assert!(rows.iter().any(|row| row.get("row_key") == decision.row_key), "{}", decision.row_key);
            }
        }
    }
}
