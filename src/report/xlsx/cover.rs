//! A workbook's first sheet: where the data is from, who read it and when, how complete it is, and
//! lines for signatures.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use super::print::print_setup;
use super::{failed, fitting, look};
use crate::error::Result;
use crate::report::left_out::Parameters;
use crate::report::summary::{self, STATES, capitalized, wrapped};
use crate::report::{self, Report, Style, View};

/// The width, in characters, of the columns to the right of the labels.
const WIDTH: usize = 100;

/// The most lines that fit on a page and can still be read.
const READABLE: u32 = 70;

/// The signature lines must be on the same page, however much is said above them.
const MOST_LINES: usize = 4;

/// How many accepted gaps are told with their reasons; the sheet `Coverage` has all of them.
const MOST_GAPS: usize = 5;

const TO_SIGN: [&str; 4] = ["Reviewed by", "Approved by", "Date", "Reviewer's own access reviewed by"];

pub(super) fn sheet(report: &Report, view: &View, style: Style) -> Result<Worksheet> {
    let counts = summary::role_counts(view)?;
    let mut page = Page { sheet: Worksheet::new(), row: 0 };
    let not_made = if style.in_folder { report::not_made(view) } else { Vec::new() };
    page.fill(report, view, &counts, &not_made).map_err(failed)?;
    print_setup(&mut page.sheet, report.title, view).map_err(failed)?;
    // What is signed and the signature lines should be on one sheet of paper, if that is readable.
    if page.row <= READABLE {
        page.sheet.set_print_fit_to_pages(1, 1);
    }
    Ok(page.sheet)
}

struct Page {
    sheet: Worksheet,
    row: u32,
}

impl Page {
    fn fill(
        &mut self,
        report: &Report,
        view: &View,
        counts: &[summary::RoleCount],
        not_made: &[(&str, String)],
    ) -> Result<(), XlsxError> {
        self.sheet.set_name("Summary")?;
        self.sheet.set_column_width(0, 34)?;
        for at in 1..=7 {
            self.sheet.set_column_width(at, 14)?;
        }
        let bold = Format::new().set_bold().set_font_size(14);
        let alarm = Format::new().set_bold().set_font_color(0x00B0_0020);
        if let Some(warning) = view.warning() {
            self.line(&warning, &alarm)?;
        }
        if view.is_partial() {
            self.line("PARTIAL: not everything could be read; see below", &alarm)?;
        }
        self.sheet.set_row_height(self.row, 20)?;
        self.line(report.title, &bold)?;
        self.line(&capitalized(report.about), &Format::new())?;
        self.row += 1;
        let snapshot = &view.snapshot;
        self.pair("Source", &summary::source(&snapshot.source))?;
        let (name, email) = (snapshot.identity_name.as_deref(), snapshot.identity_email.as_deref());
        self.pair("Signed in as", &summary::signed_in(name, email, snapshot.identity_id))?;
        self.pair("As of (UTC)", &snapshot.finished_at.to_string())?;
        self.pair("Businesses", &view.extent())?;
        if let Some(left_out) = view.left_out() {
            self.pair("Omitted", &left_out.omitted())?;
        }
        let parameters = Parameters::of(snapshot);
        for gap in summary::ties(view).iter().filter(|tie| tie.accepted.is_some()).take(MOST_GAPS) {
            self.pair(&format!("Not read: {}", gap.business), &gap.told(&parameters))?;
        }
        if !view.options.people.is_empty() {
            self.pair("Only these people", &view.options.people.join(", "))?;
        }
        self.pair("Snapshot", &format!("{} ({})", snapshot.id, snapshot.status))?;
        self.pair("Snapshot SHA-256", &snapshot.content_sha256)?;
        if report.is_filled_in() && view.options.own_domains.is_empty() {
            self.pair("Why review", "does not say who is external: --own-domain was not given")?;
        }
        if let Some(since) = summary::since(report, view) {
            self.pair("Compared with", &since)?;
        }
        for (name, reason) in not_made {
            self.pair(&format!("Not made: {name}"), reason)?;
        }
        self.row += 1;
        self.lines_to_sign()?;
        self.counts(counts)?;
        self.ties(view)?;
        self.heading(&["What this source cannot show"])?;
        for limit in summary::limits(view) {
            self.line(&format!("- {limit}"), &Format::new())?;
        }
        Ok(())
    }

    fn lines_to_sign(&mut self) -> Result<(), XlsxError> {
        let rule = Format::new().set_border_bottom(FormatBorder::Thin);
        for label in TO_SIGN {
            self.sheet.set_row_height(self.row, 26)?;
            self.sheet.write_string(self.row, 0, label)?;
            for at in 1..=4 {
                self.sheet.write_blank(self.row, at, &rule)?;
            }
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    fn counts(&mut self, counts: &[summary::RoleCount]) -> Result<(), XlsxError> {
        self.heading(&["Role", STATES[0], STATES[1], STATES[2], STATES[3], "Sum"])?;
        let mut sums = [0; 4];
        for count in counts {
            self.numbers(&count.role, &count.by_state())?;
            for (sum, n) in sums.iter_mut().zip(count.by_state()) {
                *sum += n;
            }
        }
        self.numbers("All roles", &sums)?;
        self.row += 1;
        Ok(())
    }

    fn numbers(&mut self, label: &str, counts: &[i64; 4]) -> Result<(), XlsxError> {
        self.label(label)?;
        for (at, count) in (1..).zip(counts.iter().chain([&counts.iter().sum()])) {
            self.number(at, *count)?;
        }
        self.row += 1;
        Ok(())
    }

    fn ties(&mut self, view: &View) -> Result<(), XlsxError> {
        self.heading(&[
            "How the rows tie to FreshBooks",
            "Team list",
            "FreshBooks total",
            "Received",
            "From list",
            "Only in group",
            "Only in sign-in",
            "Rows in access",
        ])?;
        let right = Format::new().set_align(FormatAlign::Right);
        for tie in summary::ties(view) {
            self.label(&tie.business)?;
            self.sheet.write_string_with_format(self.row, 1, fitting(&tie.outcome).as_ref(), &right)?;
            match tie.expected {
                Some(expected) => self.number(2, expected)?,
                None => {
                    self.sheet.write_string_with_format(self.row, 2, "not given", &right)?;
                }
            }
            for (at, count) in
                (3..).zip([tie.received, tie.from_list, tie.from_group, tie.from_identity, tie.rows])
            {
                self.number(at, count)?;
            }
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    /// Aligned left in every script: the figures begin at the right.
    fn label(&mut self, text: &str) -> Result<(), XlsxError> {
        let left = Format::new().set_align(FormatAlign::Left);
        self.sheet.write_string_with_format(self.row, 0, fitting(text).as_ref(), &left).map(|_| ())
    }

    fn number(&mut self, at: u16, count: i64) -> Result<(), XlsxError> {
        self.sheet.write_number(self.row, at, count as f64).map(|_| ())
    }

    fn heading(&mut self, titles: &[&str]) -> Result<(), XlsxError> {
        let label = look::heading();
        // Above figures, which are right-aligned.
        let over = look::heading().set_align(FormatAlign::Right);
        self.sheet.set_row_height(self.row, 30)?;
        for (at, title) in (0..).zip(titles) {
            let format = if at == 0 { &label } else { &over };
            self.sheet.write_string_with_format(self.row, at, *title, format)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A single line across the columns.
    fn line(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        for part in wrapped(text, WIDTH + 30) {
            self.sheet.write_string_with_format(self.row, 0, fitting(&part).as_ref(), format)?;
            self.row += 1;
        }
        Ok(())
    }

    fn pair(&mut self, label: &str, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, label, &Format::new().set_bold())?;
        for part in few(wrapped(text, WIDTH)) {
            self.sheet.write_string(self.row, 1, fitting(&part).as_ref())?;
            self.row += 1;
        }
        Ok(())
    }
}

/// As many lines as leave the signature lines on the first page.
fn few(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines[MOST_LINES - 1].push_str(" … and more");
    }
    lines
}
