//! README.txt: the evidence explained to somebody who has never heard of the tool.
//!
//! It is made from the manifest and from nothing else, and says every option in it, so that neither of
//! the two can be changed without the other.

use std::time::Duration;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::choice::{Choice, Chosen};
use super::manifest::{CoverageEntry, FileEntry, Manifest, NotMade, OptionsEntry, PastEntry};
use super::{MANIFEST, Part, README, SUMS, story};
use crate::format::{Format, Guard};
use crate::model::reading::hex;
use crate::report;
use crate::report::left_out::LeftOut;
use crate::report::summary::{self, STATES, Tie, wrapped};
use crate::time::spoken;
use crate::ui::printable;

const WIDTH: usize = 78;

pub(super) fn text(manifest: &Manifest) -> String {
    let mut page = Page::default();
    if let Some(warning) = &manifest.warning {
        page.line(warning);
        page.paragraph(
            "This folder was made from a server other than FreshBooks' own. It shows what evidence \
             looks like and proves nothing about a real business.",
        );
    }
    page.line("WHO HAS ACCESS TO WHICH FRESHBOOKS BUSINESS");
    page.line("");
    page.paragraph(&format!("{}.", manifest.extent));
    if manifest.is_partial() {
        page.paragraph(
            "THIS IS PARTIAL. Not every business could be read completely; the names of the files say so too. Do not take this for a complete listing.",
        );
    }
    what_this_is(&mut page, manifest);
    if let Some(review) = &manifest.review {
        story::tell(&mut page, manifest, review);
    }
    how_complete(&mut page, manifest);
    changed(&mut page, manifest);
    page.heading("WHAT THIS SOURCE CANNOT SHOW");
    for limit in &manifest.limits {
        page.item(limit);
    }
    page.line("");
    files(&mut page, manifest);
    how_to_review(&mut page, manifest);
    how_to_check(&mut page, manifest);
    page.0
}

fn what_this_is(page: &mut Page, manifest: &Manifest) {
    let (source, snapshot) = (&manifest.source, &manifest.snapshot);
    let identity = &source.identity;
    let signed_in = summary::signed_in(identity.name.as_deref(), identity.email.as_deref(), identity.id);
    page.heading("WHAT THIS IS");
    page.paragraph(
        "A listing of every person's access, read from FreshBooks through its API and written by the \
         program fbsync. Nothing was typed by hand, and nothing was omitted except as stated below.",
    );
    page.pair("Source", &summary::source(&source.api));
    page.pair("Signed in as", &signed_in);
    page.pair("Read from", &format!("{} (UTC)", snapshot.started_at));
    page.pair("until", &format!("{} (UTC)", snapshot.finished_at));
    if let (Some(first), Some(last)) = (&snapshot.server_date_first, &snapshot.server_date_last) {
        page.pair("FreshBooks' clock", &format!("{first} to {last}"));
    }
    page.pair("Snapshot", &format!("{}, {}", snapshot.id, manifest.status));
    if let (Some(id), Some(finished_at)) = (manifest.earlier_snapshot_id, &manifest.earlier_finished_at) {
        page.pair("Changes since", &format!("snapshot {id}, {finished_at} (UTC)"));
    }
    let PastEntry { snapshots, complete, first_complete } = &manifest.past;
    if let Some(Chosen { id, finished_at }) = first_complete {
        let noun = if *snapshots == 1 { "snapshot" } else { "snapshots" };
        let text =
            format!("{complete} complete of {snapshots} {noun}; the first is {id}, {finished_at} (UTC)");
        page.pair("History from", &text);
    }
    page.pair("Its SHA-256", &snapshot.content_sha256);
    page.pair("Asked for", &asked(&manifest.choice));
    page.pair("Written by", &format!("fbsync {}", manifest.tool.version));
    omitted(page, manifest);
    options(page, &manifest.options);
    page.line("");
}

/// What was asked for, and how far from it the snapshot is.
fn asked(choice: &Choice) -> String {
    let Choice { asked, since, timezone, moment, seconds_before, .. } = choice;
    let mut text = match (moment, timezone, seconds_before) {
        (Some(moment), Some(zone), Some(seconds)) => {
            let before = spoken(Duration::from_secs(*seconds));
            format!("{asked} in {zone}, which is {moment}; the snapshot ended {before} before")
        }
        _ => asked.clone(),
    };
    if let Some(since) = since {
        text.push_str(&format!("; changes since {since}"));
    }
    text
}

/// What is missing on purpose: by the options of the sync, and by those of the export.
fn omitted(page: &mut Page, manifest: &Manifest) {
    let OptionsEntry { businesses, people, .. } = &manifest.options;
    let ties: Vec<Tie> = manifest.coverage.iter().map(CoverageEntry::tie).collect();
    let outcomes = ties.iter().map(|tie| tie.outcome.as_str());
    let left_out = LeftOut::of(outcomes, &manifest.snapshot.parameters());
    let mut limited = Vec::new();
    if !businesses.is_empty() {
        let ids: Vec<String> = businesses.iter().map(i64::to_string).collect();
        limited.push(format!("these businesses, as if there were no others: {}", ids.join(", ")));
    }
    if !people.is_empty() {
        limited.push(format!("these people: {}", people.join(", ")));
    }
    if !limited.is_empty() {
        page.pair("Limited to", &limited.join("; "));
    }
    match left_out {
        Some(left_out) => page.pair("Omitted", &left_out.omitted()),
        None if limited.is_empty() => page.pair("Omitted", "nothing"),
        None => {}
    }
}

fn options(page: &mut Page, options: &OptionsEntry) {
    let OptionsEntry { format, bom, formula_guard, part, accounts, own_domains, .. } = options;
    if let Some(accounts) = accounts {
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        page.pair("Their accounts", &accounts.join(", "));
    }
    match part {
        Some(Part::Firm) => {
            page.pair("This folder", "all businesses; each has a folder of its own beside it")
        }
        Some(Part::Business) => page.pair("This folder", "one business, and nothing about any other"),
        None => {}
    }
    if let Some(roster) = &options.roster {
        page.pair("Roster", &list(roster.rows, &roster.sha256, roster));
    }
    if let Some(expected) = &options.expected {
        page.pair("Expected access", &list(expected.rows, &expected.sha256, expected));
    }
    match own_domains.is_empty() {
        true => page.pair("Own domains", "not given"),
        false => page.pair("Own domains", &own_domains.join(", ")),
    }
    let many = format!("more than {} owners and admins in one business", options.max_privileged);
    page.pair("Too many admins", &many);
    let bom = if *bom { ", with a byte order mark" } else { "" };
    let guard = match (format, formula_guard) {
        (Format::Csv, Guard::Quote) => "; text like a formula got an apostrophe in front",
        (Format::Csv, Guard::Off) => "; text like a formula was left as it is",
        (Format::Csv, Guard::Fail) => "; text like a formula would have ended the export",
        (_, Guard::Quote) => "",
        (_, Guard::Off) => "; formula guard off",
        (_, Guard::Fail) => "; formula guard fail",
    };
    page.pair("Format", &format!("{}{bom}{guard}", format.extension()));
}

/// A list that was handed in: its file, and what the manifest has of it.
fn list(rows: usize, sha256: &str, used: &impl Serialize) -> String {
    let noun = if rows == 1 { "row" } else { "rows" };
    // Text, numbers and lists always serialize.
    let used = hex(Sha256::digest(serde_json::to_vec(used).unwrap_or_default()));
    format!("{rows} {noun} of a file with the SHA-256 {sha256}; {MANIFEST} has what was used of it ({used})")
}

fn how_complete(page: &mut Page, manifest: &Manifest) {
    page.heading("HOW COMPLETE IT IS, AND HOW THE ROWS TIE TO FRESHBOOKS");
    page.paragraph(
        "FreshBooks reports a total with each team list. A list counts as read completely if that many different people were received. The report `access` then has one row \
         for each of them, and rows for owners and for the person who signed in where the list leaves \
         them out:",
    );
    page.paragraph(
        "rows from the list + only from the business group + only from the sign-in = rows in access",
    );
    let parameters = manifest.snapshot.parameters();
    for tie in manifest.coverage.iter().map(CoverageEntry::tie) {
        let expected = tie
            .expected
            .map_or_else(|| "no total given".to_owned(), |total| format!("FreshBooks' total {total}"));
        page.item(&format!(
            "{}: {}, {expected}, received {}; {} + {} + {} = {}",
            tie.business,
            tie.told(&parameters),
            tie.received,
            tie.from_list,
            tie.from_group,
            tie.from_identity,
            tie.rows
        ));
    }
    page.line("");
    page.paragraph(&format!("Of these, by role ({}):", STATES.join(", ").to_lowercase()));
    for count in &manifest.roles {
        let [active, invited, no_login, inactive] = count.by_state();
        page.item(&format!("{}: {active}, {invited}, {no_login}, {inactive}", count.role));
    }
    page.line("");
}

fn changed(page: &mut Page, manifest: &Manifest) {
    page.heading("WHAT WAS CHANGED IN THESE FILES");
    let guards: Vec<_> = manifest.files.iter().filter_map(|file| file.formula_guard.as_ref()).collect();
    let cells: usize = guards.iter().map(|guard| guard.count).sum();
    let mode = guards.first().map(|guard| guard.mode);
    page.paragraph(&match (mode, cells) {
        (None, _) => "Nothing.".to_owned(),
        (Some(Guard::Off), _) => {
            "Nothing. Text that a spreadsheet could run as a formula was left as it is: do not open these files in a spreadsheet unless you trust the names in them."
                .to_owned()
        }
        (Some(_), 0) => "Nothing: no text looks like a formula to a spreadsheet.".to_owned(),
        (Some(_), cells) => format!(
            "Text that a spreadsheet would run as a formula got an apostrophe (') in front: {cells} \
             {}. {MANIFEST} names each of them, under `formula_guard`; without its first \
             character the cell is as FreshBooks has it.",
            if cells == 1 { "cell" } else { "cells, counted in every file" }
        ),
    });
    page.paragraph(
        "Columns that the program derives are marked as derived in `fbsync export --list REPORT` and on the sheet `Columns` of a workbook. Every other column is as FreshBooks gave it, with times in UTC.",
    );
}

fn files(page: &mut Page, manifest: &Manifest) {
    page.heading("THE FILES");
    for file in manifest.made() {
        page.item(&format!("{}: {}", file.path, what(file)));
    }
    for NotMade { report, reason, .. } in &manifest.not_made {
        page.item(&format!("{report}: not made, so it has no file: {reason}"));
    }
    page.item(&format!("{README}: this text"));
    page.item(&format!("{MANIFEST}: all of this for a program to read"));
    page.item(&format!("{SUMS}: the SHA-256 of every other file"));
    page.line("");
}

fn what(file: &FileEntry) -> String {
    let report = file.report.as_deref().and_then(report::find);
    let Some(report) = report else {
        return match &file.original {
            Some(original) => {
                format!("`{}` as review {} was recorded from it", original.name, original.review_id)
            }
            None => "the folders of the businesses, with their seals".to_owned(),
        };
    };
    let rows = match file.rows.unwrap_or(0) {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    format!("{} ({rows})", report.about)
}

fn how_to_review(page: &mut Page, manifest: &Manifest) {
    page.heading("TO FILL IN THE REVIEW");
    let review = manifest.files.iter().find(|file| file.report.as_deref() == Some("review"));
    let review = review.map_or("the review sheet", |file| file.path.as_str());
    page.paragraph(&format!(
        "Copy {review} to another place and fill in the copy. This folder stays sealed: with any file \
         in it changed, added or renamed, the check below fails."
    ));
}

fn how_to_check(page: &mut Page, manifest: &Manifest) {
    page.heading("TO CHECK THAT NOTHING WAS CHANGED SINCE");
    page.paragraph("In this folder; every file has to be OK:");
    page.line("  Linux    sha256sum -c SHA256SUMS");
    page.line("  macOS    shasum -a 256 -c SHA256SUMS");
    page.line("  Windows  (in PowerShell)");
    page.line("    Get-Content SHA256SUMS | ForEach-Object { $sum, $name = $_ -split '  ', 2;");
    page.line("      if ((Get-FileHash $name).Hash -eq $sum) { \"$name OK\" } else { \"$name WRONG\" } }");
    page.line("");
    page.paragraph(
        "Then compare the seal, which is the SHA-256 of SHA256SUMS itself, with the one that was noted when the folder was written. Without a seal kept elsewhere, the folder only agrees with itself: someone who changed a file could have rewritten SHA256SUMS too.",
    );
    page.line("  Linux    sha256sum SHA256SUMS");
    page.line("  macOS    shasum -a 256 SHA256SUMS");
    page.line("  Windows  Get-FileHash SHA256SUMS");
    page.line("");
    page.paragraph(
        "With the database that it was made from, here called audit.sqlite, fbsync rebuilds the folder and compares it. sqlite3 shows the same rows without fbsync:",
    );
    let id = manifest.snapshot.id;
    page.line("  fbsync verify . --db audit.sqlite");
    page.line(&format!("  sqlite3 audit.sqlite \"SELECT content_sha256 FROM snapshots WHERE id = {id}\""));
    let of = match manifest.options.businesses.as_slice() {
        [] => String::new(),
        businesses => {
            let ids: Vec<String> = businesses.iter().map(i64::to_string).collect();
            format!(" AND business_id IN ({})", ids.join(", "))
        }
    };
    for table in ["access", "coverage"] {
        let sql = format!("SELECT * FROM {table} WHERE snapshot_id = {id}{of}");
        page.line(&format!("  sqlite3 -header -csv audit.sqlite \"{sql}\""));
    }
}

/// Text in lines that a plain editor shows whole.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn line(&mut self, text: &str) {
        // Names come from other people, and this text is shown in terminals.
        self.0.push_str(&printable(text));
        self.0.push('\n');
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.line(text);
        self.line(&"-".repeat(text.chars().count()));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.line(&line);
        }
        self.line("");
    }

    pub(super) fn item(&mut self, text: &str) {
        for (at, line) in wrapped(text, WIDTH - 2).iter().enumerate() {
            self.line(&format!("{} {line}", if at == 0 { '-' } else { ' ' }));
        }
    }

    fn pair(&mut self, label: &str, text: &str) {
        for (at, line) in wrapped(text, WIDTH - 20).iter().enumerate() {
            self.line(&format!("  {:<18}{line}", if at == 0 { label } else { "" }));
        }
    }
}
