//! Files as programs write them: those in `fixtures/review/`, and known variants.

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/review/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn records(name: &str) -> Vec<Vec<String>> {
    let bytes = fixture(name);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

pub(super) fn snapshot() -> Vec<Asked> {
    let records = records("asked.csv");
    let (names, rows) = records.split_first().unwrap();
    let row = |cells: &Vec<String>| {
        let cells: Vec<(&str, &str)> =
            names.iter().map(String::as_str).zip(cells.iter().map(String::as_str)).collect();
        asked(&cells, &[])
    };
    rows.iter().map(row).collect()
}

/// A question for the fixtures, which have the age of their snapshot.
pub(super) fn when_taken(rows: &[Asked]) -> Question<'_> {
    let day = |text| Day::parse(text).unwrap();
    Question { taken_on: day(&rows[0].get("as_of")[..10]), today: day("2099-12-31"), ..question(rows) }
}

fn check(name: &str, bytes: &[u8]) {
    let rows = snapshot();
    let sheets = parsed(name, bytes);
    assert_eq!(snapshot_named(&sheets), Some(2), "{name}");
    let judged = judge(&when_taken(&rows), &sheets);
    assert_eq!(lines(&judged.errors), [""; 0], "{name}");
    let decided: Vec<Vec<String>> = judged.decisions.iter().map(line).collect();
    assert_eq!(decided, records("decisions.csv")[1..], "{name}");
    assert_eq!(judged.undecided, 0, "{name}");
}

#[test]
fn every_program_yields_the_same_decisions() {
    let folder = format!("{}/fixtures/review", env!("CARGO_MANIFEST_DIR"));
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let others = ["asked.csv", "decisions.csv", "README.md", "make.py"];
    let filled: Vec<String> = names.filter(|name| !others.contains(&name.as_str())).collect();
    assert!(filled.len() >= 13, "{filled:?}");
    for name in filled {
        check(&name, &fixture(&name));
    }
}

/// The fixture from our own CSV export, as text.
fn plain() -> String {
    String::from_utf8(fixture("plain.csv")).unwrap()
}

#[test]
fn csv_in_every_encoding_and_with_every_separator() {
    let with = |separator: u8| {
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
        csv::Reader::from_reader(plain().as_bytes())
            .headers()
            .map(|head| writer.write_record(head))
            .unwrap()
            .unwrap();
        for record in csv::Reader::from_reader(plain().as_bytes()).records() {
            writer.write_record(&record.unwrap()).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    };
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    for separator in [b',', b';', b'\t'] {
        let text = with(separator);
        check("plain", text.as_bytes());
        check("BOM", format!("\u{feff}{text}").as_bytes());
        check("CRLF", text.replace('\n', "\r\n").as_bytes());
        check("UTF-16 LE", &utf16(&text, u16::to_le_bytes));
        check("UTF-16 BE", &utf16(&text, u16::to_be_bytes));
        for end in ["\n", "\r\n"] {
            let line = format!("sep={}{end}", char::from(separator));
            check("sep=", format!("{line}{text}").as_bytes());
            check("BOM, sep=", format!("\u{feff}{line}{text}").as_bytes());
        }
    }
}

fn as_of() -> String {
    snapshot()[0].get("as_of").to_owned()
}

/// The date a number of days after the snapshot, and as a spreadsheet's serial number.
fn day(later: u64) -> (String, String) {
    let taken = crate::time::Timestamp::parse(&format!("{}T00:00:00Z", &as_of()[..10])).unwrap();
    let day = taken.saturating_add(std::time::Duration::from_secs(later * 86_400));
    let serial = day.since(crate::time::Timestamp::EPOCH).as_secs() / 86_400 + 25_569;
    (day.to_string()[..10].to_owned(), serial.to_string())
}

#[test]
fn values_as_programs_change_them() {
    let text = plain();
    type Change = fn(&str) -> String;
    let table: [(&str, Change); 9] = [
        ("German Excel", |text| text.replace(",true,", ",WAHR,")),
        ("Numbers", |text| text.replace(",true,", ",TRUE,")),
        ("French Excel", |text| text.replace(",true,", ",VRAI,")),
        ("a serial for a date", |text| text.replace(&day(15).0, &day(15).1)),
        ("without the guard", |text| text.replace(",'", ",")),
        ("times without seconds", |text| text.replace(&as_of(), &as_of()[..16].replace('T', " "))),
        ("a title and blank lines above", |text| format!("Access review Q4,,,\n\n\n{text}")),
        ("blank records below", |text| format!("{text},,,,,,,,,,\n,,,,\n\n")),
        ("a note below", |text| format!("{text},,,,,checked by Ingrid\n")),
    ];
    for (program, change) in table {
        let changed = change(&text);
        assert_ne!(changed, text, "{program}");
        check(program, changed.as_bytes());
    }
}

#[test]
fn rows_are_numbered_as_in_a_spreadsheet() {
    let text = format!("a title\n\n{}", plain());
    let sheets = parsed("plain", text.as_bytes());
    let numbers: Vec<u32> = sheets[0].rows.iter().map(|row| row.number).collect();
    // The fourth row has a cell with two lines.
    assert_eq!(numbers, [4, 5, 6, 7, 8]);
    for name in ["openpyxl-moved.xlsx", "libreoffice-moved.ods"] {
        let sheets = parsed(name, &fixture(name));
        assert_eq!(sheets[0].name.as_deref(), Some("Q4 Zugriffe"));
        let numbers: Vec<u32> = sheets[0].rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [4, 5, 6, 7, 8, 11], "{name}");
    }
}

#[test]
fn a_sheet_of_the_untouched_export_is_undecided() {
    let rows = snapshot();
    let text = plain();
    let head = text.lines().next().unwrap();
    let judged = judge(&Question { part: true, ..question(&rows) }, &parsed("empty", head.as_bytes()));
    assert_eq!(
        lines(&judged.errors),
        ["no row has a decision; write keep, remove, change or ask in the column Decision"]
    );
    assert_eq!(judged.undecided, 5);
}
