//! Files that are not ours, damaged, or malicious.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn refused(bytes: &[u8]) -> String {
    let error = sheet::parse("x", bytes).expect_err("refused");
    assert_eq!(error.kind(), crate::error::Kind::Config);
    assert!(error.hint_text().is_some());
    error.message().strip_prefix("cannot read the review sheet x: ").unwrap().to_owned()
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn ods(body: &str) -> Vec<u8> {
    let content = format!("<office:document-content>{body}</office:document-content>");
    archive(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

fn xlsx(sheet: &str, strings: &str) -> Vec<u8> {
    const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relate = |target: &str, kind: &str| {
        format!(
            "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>\
             <Relationship Id='r1' Type='{RELATIONSHIPS}/{kind}' Target='{target}'/></Relationships>"
        )
    };
    let book = format!(
        "<workbook xmlns:r='{RELATIONSHIPS}'><sheets><sheet name='s' sheetId='1' r:id='r1'/></sheets></workbook>"
    );
    archive(&[
        ("_rels/.rels", &relate("xl/workbook.xml", "officeDocument")),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &relate("worksheets/sheet1.xml", "worksheet")),
        ("xl/sharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", &format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>")),
    ])
}

/// A row of an ODS table.
fn row(repeated: u32, cells: &str) -> String {
    format!("<table:table-row table:number-rows-repeated='{repeated}'>{cells}</table:table-row>")
}

fn cell(text: &str) -> String {
    format!("<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>")
}

fn table(rows: &str) -> String {
    format!("<table:table table:name='t'>{rows}</table:table>")
}

fn headings() -> String {
    row(1, &["row_key", "snapshot_id", "decision"].map(cell).concat())
}

const TOO_LARGE: &str = "it contains more than a review sheet can";

#[test]
fn other_files_are_refused_with_a_reason() {
    let none = "no sheet has the headings row_key, snapshot_id, decision";
    let table: [(&[u8], &str); 12] = [
        (b"", none),
        (b"hello", none),
        (b"row_key,decision\na,keep\n", none),
        (b"\x89PNG\r\n\x1a\n\0\0", "it is neither UTF-8 nor UTF-16"),
        (b"row_key,snapshot_id,decision\nC\xe9leste,2,keep\n", "it is neither UTF-8 nor UTF-16"),
        (b"\xff\xfea", "it ends in the middle of a character"),
        (b"\xff\xfe\x00\xd8", "it ends in the middle of a character"),
        (b"row_key,snapshot_id,decision\n\"a,2,keep\nb,2,keep\n", "a quote is opened but not closed"),
        (b"row_key,snapshot_id,decision,Decision\n", "two columns are called `decision`"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is an old Excel file, or protected by a password"),
        (&archive(&[("Index/Document.iwa", "")]), "it is not an XLSX or ODS workbook"),
        (&ods(&table("")), none),
    ];
    for (bytes, expected) in table {
        assert_eq!(refused(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(refused(&vec![b' '; sheet::LARGEST + 1]), "it is larger than 64 MiB");
    assert!(refused(b"PK\x03\x04").starts_with("it is damaged"));
}

#[test]
fn a_file_that_unpacks_to_too_much_is_refused() {
    let much = " ".repeat(65 << 20);
    let parts = [("xl/workbook.xml", "<workbook/>"), ("a", much.as_str()), ("b", much.as_str())];
    let bomb = archive(&parts);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(refused(&bomb), "it unpacks to more than 128 MiB");
    for count in ["99999999999", "18446744073709551615", "-1", "0x1"] {
        let claimed = xlsx("", &format!("<sst uniqueCount='{count}'/>"));
        assert_eq!(refused(&claimed), "it unpacks to more than 128 MiB", "{count}");
    }
}

#[test]
fn repetitions_do_not_grow() {
    let good = row(1, &["a/1", "2", "keep"].map(cell).concat());
    let wide = cell("x")
        .replace("<table:table-cell", "<table:table-cell table:number-columns-repeated='4000000000'");
    let rows = |body: &str| {
        sheet::parse("x", &ods(&table(&format!("{}{body}", headings())))).map(|sheets| sheets[0].rows.len())
    };
    assert_eq!(rows(&good).unwrap(), 1);
    // Up to the edges of the sheet, as programs store empty cells.
    assert_eq!(
        rows(&format!(
            "{good}{}",
            row(1_048_574, "<table:table-cell table:number-columns-repeated='16384'/>")
        ))
        .unwrap(),
        1
    );
    assert_eq!(rows(&row(1, &wide).repeat(1000)).unwrap(), 1000);
    assert_eq!(rows(&row(4_000_000_000, &cell("a"))).unwrap(), 2);
    let long = row(1, &cell(&"x".repeat(200_000)));
    assert_eq!(refused(&ods(&table(&long))), TOO_LARGE);
    // A long text that every cell repeats.
    let text = "x".repeat(100_000);
    let cells = |row: u32| format!("<row r='{row}'><c r='A{row}' t='s'><v>0</v></c></row>");
    let head = ["row_key", "snapshot_id", "decision"]
        .map(|name| format!("<c t='inlineStr'><is><t>{name}</t></is></c>"));
    let body: String = (2..1000).map(cells).collect();
    let sheet = format!("<row r='1'>{}</row>{body}", head.concat());
    assert_eq!(refused(&xlsx(&sheet, &format!("<sst><si><t>{text}</t></si></sst>"))), TOO_LARGE);
    // A single cell at the far end of a huge grid.
    let far =
        format!("<row r='1'>{}</row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row>", head.concat());
    assert_eq!(parsed("x", &xlsx(&far, "<sst/>"))[0].rows.len(), 0);
}

#[test]
fn a_truncated_or_changed_file_gets_an_answer() {
    for name in ["openpyxl.xlsx", "libreoffice-csv-de-de.ods", "libreoffice-csv-fr-fr.csv"] {
        let path = format!("{}/fixtures/review/{name}", env!("CARGO_MANIFEST_DIR"));
        let whole = std::fs::read(path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 40) {
            let _ = sheet::parse(name, &whole[..at]);
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            let _ = sheet::parse(name, &changed);
        }
    }
    // The archive is intact but the XML is not: an endless table, an endless comment.
    for body in [
        "<table:table table:name='t'><table:table-row>",
        "<office:annotation>",
        "<table:table-cell>&undefined;",
    ] {
        let parts = [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", body)];
        assert!(refused(&archive(&parts)).starts_with("it is damaged"), "{body}");
    }
}

#[test]
fn odd_positions_and_types_of_cells_get_an_answer() {
    let cells = [
        "r='A99999999999'",
        "r='ZZZZZZZZZZZZ1'",
        "r='A0'",
        "r='A'",
        "r='1'",
        "r=''",
        "r='-1'",
        "r='XFD1048577'",
        "r='ä1'",
        "s='-1'",
        "s='99999999999999999999'",
        "t='s'",
        "t='q'",
        "t='b'",
        "t='d'",
        "t='e'",
        "t='str'",
        "",
    ];
    let values =
        ["0", "-1", "99999999999999999999", "1e999", "nan", "", "2026-99-99", "&#0;", "&#xD800;", "&x;"];
    for cell in cells {
        for value in values {
            let sheet = format!(
                "<row r='1'><c {cell}><v>{value}</v></c></row><row r='4294967295'><c {cell}><v>{value}</v></c></row>"
            );
            let _ = sheet::parse("x", &xlsx(&sheet, "<sst><si/></sst>"));
        }
    }
    for row in ["0", "-1", "4294967296", "99999999999999999999", "x", ""] {
        let _ = sheet::parse("x", &xlsx(&format!("<row r='{row}'><c><v>1</v></c></row><row/>"), ""));
    }
    let repeats = ["0", "-1", "4294967295", "4294967296", "x", ""];
    for (columns, rows) in repeats.into_iter().flat_map(|columns| repeats.map(|rows| (columns, rows))) {
        let cell =
            format!("<table:table-cell table:number-columns-repeated='{columns}' office:value='1e999'/>");
        let row =
            format!("<table:table-row table:number-rows-repeated='{rows}'>{cell}{cell}</table:table-row>");
        let _ = sheet::parse("x", &ods(&table(&format!("{}{row}{row}", headings()))));
    }
}

#[test]
fn an_ods_cell_has_the_value_that_it_shows() {
    let reads = |inner: &str| {
        let cells = format!("{}{}{}", cell("a/1"), cell("2"), inner);
        let sheets = parsed("x", &ods(&table(&format!("{}{}", headings(), row(1, &cells)))));
        sheets[0].rows[0].get("decision").to_string()
    };
    let table = [
        (cell("keep"), "keep"),
        (cell("<text:a xlink:href='mailto:x'>ke</text:a><text:span>ep</text:span>"), "keep"),
        (cell("a<text:s text:c='2000000000'/>b<text:tab/>c"), "a b c"),
        (cell("a</text:p><text:p>b<text:line-break/>c"), "a\nb\nc"),
        (cell("a &amp; b&#10;&#x41;"), "a & b\nA"),
        (cell("keep</text:p><office:annotation><text:p>remove</text:p></office:annotation><text:p>"), "keep"),
        ("<table:table-cell office:value-type='float' office:value='4711'><text:p>4.711,00</text:p></table:table-cell>".to_owned(), "4711"),
        ("<table:table-cell office:value-type='date' office:date-value='2026-09-30'><text:p>30.09.26</text:p></table:table-cell>".to_owned(), "2026-09-30"),
        ("<table:table-cell office:value-type='boolean' office:boolean-value='true'><text:p>WAHR</text:p></table:table-cell>".to_owned(), "true"),
    ];
    for (inner, expected) in table {
        assert_eq!(reads(&inner), expected, "{inner}");
    }
}
