//! Workbooks, looked into part by part.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::reports::{synced, world};

pub(crate) fn part(path: &Path, name: &str) -> String {
    let mut zip = zip::ZipArchive::new(File::open(path).expect("a file")).expect("a workbook");
    let mut text = String::new();
    zip.by_name(name).expect("a part").read_to_string(&mut text).expect("XML");
    text
}

#[test]
fn the_review_sheet_is_ready_for_a_reviewer() {
    let home = synced(world());
    home.fbsync(&["export", "review", "-o", "review.xlsx", "--own-domain", "harbourlight.example"])
        .succeeds();
    let path = home.path("review.xlsx");
    let sheet = part(&path, "xl/worksheets/sheet2.xml");
    let start = sheet.find("<row r=\"1\"").expect("a heading");
    let heading = &sheet[start..sheet[start..].find("</row>").expect("its end") + start];
    let order = [
        "Business",
        "Name",
        "E-mail",
        "Role",
        "Status",
        "Why review",
        "Decision",
        "Change to",
        "Reason",
        "Reviewer",
        "Reviewer e-mail",
        "Reviewed on",
        "Ticket",
        "Row key",
    ];
    let places: Vec<_> =
        order.iter().map(|title| heading.find(&format!(">{title}<")).expect(title)).collect();
    assert!(places.is_sorted(), "{heading}");
    for wanted in [
        "<autoFilter ref=\"A1:AO",
        "topLeftCell=\"C2\"",
        "orientation=\"landscape\"",
        "fitToHeight=\"0\"",
        "\"keep,remove,change,ask\"",
        "type=\"date\"",
        "outlineLevel=\"1\"",
        "hidden=\"1\"",
        "Page &amp;P of &amp;N",
        "t=\"inlineStr\"",
    ] {
        assert!(sheet.contains(wanted), "{wanted} is missing:\n{}", &sheet[..3000]);
    }
    assert!(!sheet.contains("<f>") && !sheet.contains("sheetProtection"), "a formula or a lock");
    // Unaltered, and no formula.
    assert!(sheet.contains("=1+1 Formula") && !sheet.contains("'=1+1"));
    // What is printed to be signed is one page, and what is empty has a line below it too.
    let summary = part(&path, "xl/worksheets/sheet1.xml");
    assert!(summary.contains("orientation=\"landscape\"") && !summary.contains("fitToHeight=\"0\""));
    let row = &sheet[sheet.find("<row r=\"2\"").expect("a row")..];
    let row = &row[..row.find("</row>").expect("its end")];
    for shown in 'A'..='M' {
        assert!(row.contains(&format!("<c r=\"{shown}2\" s=")), "{shown}2 is not drawn: {row}");
    }
    let workbook = part(&path, "xl/workbook.xml");
    for name in ["Summary", "review", "Columns"] {
        assert!(workbook.contains(&format!("name=\"{name}\"")), "{workbook}");
    }
    assert!(workbook.contains("_xlnm.Print_Titles"), "the heading is not repeated: {workbook}");
    let created = part(&path, "docProps/core.xml");
    assert!(created.contains("2026-06-30T12:00:0"), "{created}");
}

#[test]
fn ids_are_text_times_are_dates_and_booleans_are_words() {
    let home = synced(world());
    home.fbsync(&["export", "access", "-o", "a.xlsx"]).succeeds();
    let sheet = part(&home.path("a.xlsx"), "xl/worksheets/sheet2.xml");
    assert!(sheet.contains(">48201</t>"), "a business id is text");
    assert!(!sheet.contains("<v>48201</v>"));
    assert!(sheet.contains(">yes</t>"));
    assert!(!sheet.contains("2024-02-02T"), "a time stayed text");
    // 2024-02-02 15:04:05, counted in days since 1900.
    assert!(sheet.contains("<v>45324.62783564815</v>"), "a time is a number of days");
    home.fbsync(&["export", "access", "-o", "a.xlsx", "--format", "xlsx"]).succeeds();
}
