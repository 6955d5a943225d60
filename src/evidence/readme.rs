//! README.txt: the evidence explained to somebody who has never heard of the tool.

use super::manifest::{Chosen, FileEntry, Manifest, NotMade, PastEntry};
use super::{MANIFEST, README, SUMS};
use crate::error::Result;
use crate::format::Guard;
use crate::report::summary::{self, STATES, wrapped};
use crate::report::{self, Limits, View};
use crate::ui::printable;

const WIDTH: usize = 78;

pub(super) fn text(view: &View, manifest: &Manifest) -> Result<String> {
    let mut page = Page::default();
    if let Some(warning) = view.warning() {
        page.line(&warning);
        page.paragraph(
            "This folder was made from another server than FreshBooks' own. It shows what evidence \
             looks like and proves nothing about a real business.",
        );
    }
    page.line("WHO HAS ACCESS TO WHICH FRESHBOOKS BUSINESS");
    page.line("");
    page.paragraph(&format!("{}.", view.extent()));
    if view.is_partial() {
        page.paragraph(
            "THIS IS PARTIAL. Not every business could be read to the end, and the names of the files \
             say so. Do not take it for a complete listing.",
        );
    }
    what_this_is(&mut page, view, manifest);
    how_complete(&mut page, view)?;
    changed(&mut page, manifest);
    page.heading("WHAT THIS SOURCE CANNOT SHOW");
    for limit in Limits::TEXT {
        page.item(limit);
    }
    page.line("");
    files(&mut page, manifest);
    how_to_review(&mut page, manifest);
    how_to_check(&mut page, view);
    Ok(page.0)
}

fn what_this_is(page: &mut Page, view: &View, manifest: &Manifest) {
    let snapshot = &view.snapshot;
    page.heading("WHAT THIS IS");
    page.paragraph(
        "A listing of every person's access, read from FreshBooks through its API and \
         written by the program fbsync. Nothing was typed by hand and nothing was left out but what \
         is said here.",
    );
    page.pair("Source", &summary::source(view));
    page.pair("Signed in as", &summary::signed_in(view));
    page.pair("Read from", &format!("{} (UTC)", snapshot.started_at));
    page.pair("until", &format!("{} (UTC)", snapshot.finished_at));
    if let (Some(first), Some(last)) = (&snapshot.server_date_first, &snapshot.server_date_last) {
        page.pair("FreshBooks' clock", &format!("{first} to {last}"));
    }
    page.pair("Snapshot", &format!("{}, {}", snapshot.id, snapshot.status));
    if let (Some(id), Some(finished_at)) = (manifest.earlier_snapshot_id, &manifest.earlier_finished_at) {
        page.pair("Changes since", &format!("snapshot {id}, {finished_at} (UTC)"));
    }
    if let PastEntry { complete, first_complete: Some(Chosen { id, finished_at }), .. } = &manifest.past {
        let noun = if *complete == 1 { "snapshot" } else { "snapshots" };
        page.pair(
            "History from",
            &format!("{complete} complete {noun}, the first {id}, {finished_at} (UTC)"),
        );
    }
    page.pair("Its SHA-256", &snapshot.content_sha256);
    page.pair("Written by", &format!("fbsync {}", manifest.tool.version));
    let mut kept: Vec<String> = Vec::new();
    if !manifest.options.businesses.is_empty() {
        kept.push("the businesses above alone, as if there were no others".to_owned());
    }
    if !view.options.people.is_empty() {
        kept.push(format!("these people alone: {}", view.options.people.join(", ")));
    }
    match kept.is_empty() {
        true => page.pair("Left out", "nothing"),
        false => page.pair("Kept to", &kept.join("; ")),
    }
    if !view.options.own_domains.is_empty() {
        page.pair("Own domains", &view.options.own_domains.join(", "));
    }
    let lists = [
        ("Roster", view.options.roster.as_ref().map(|roster| (roster.rows, &roster.sha256))),
        ("Expected access", view.options.expected.as_ref().map(|expected| (expected.rows, &expected.sha256))),
    ];
    for (label, list) in lists {
        if let Some((rows, sha256)) = list {
            let rows = format!("{rows} {}", if rows == 1 { "row" } else { "rows" });
            page.pair(label, &format!("{rows} of a file with the SHA-256 {sha256}"));
        }
    }
    page.line("");
}

fn how_complete(page: &mut Page, view: &View) -> Result<()> {
    page.heading("HOW COMPLETE IT IS, AND HOW THE ROWS TIE TO FRESHBOOKS");
    page.paragraph(
        "FreshBooks says with each team list how many people are on it. A list counts as read when as \
         many different people came as FreshBooks said there are. The report `access` then has one row \
         for each of them, and rows for owners and for the person who signed in where the list leaves \
         them out:",
    );
    page.paragraph(
        "rows from the list + from the business group alone + from the sign-in alone = rows in access",
    );
    for tie in summary::ties(view) {
        let expected = tie
            .expected
            .map_or_else(|| "no total given".to_owned(), |total| format!("FreshBooks' total {total}"));
        page.item(&format!(
            "{}: {}, {expected}, received {}; {} + {} + {} = {}",
            tie.business,
            tie.outcome,
            tie.received,
            tie.from_list,
            tie.from_group,
            tie.from_identity,
            tie.rows
        ));
    }
    page.line("");
    page.paragraph(&format!("Of these, by role ({}):", STATES.join(", ").to_lowercase()));
    for count in summary::role_counts(view)? {
        let [active, invited, no_login, inactive] = count.by_state;
        page.item(&format!("{}: {active}, {invited}, {no_login}, {inactive}", count.label));
    }
    page.line("");
    Ok(())
}

fn changed(page: &mut Page, manifest: &Manifest) {
    page.heading("WHAT WAS CHANGED ON THE WAY INTO THESE FILES");
    let guards: Vec<_> = manifest.files.iter().filter_map(|file| file.formula_guard.as_ref()).collect();
    let cells: usize = guards.iter().map(|guard| guard.count).sum();
    let mode = guards.first().map(|guard| guard.mode);
    page.paragraph(&match (mode, cells) {
        (None, _) => "Nothing.".to_owned(),
        (Some(Guard::Off), _) => {
            "Nothing. Text that a spreadsheet may run as a formula was left as it is: do not \
            open these files in a spreadsheet unless you trust the names in them."
                .to_owned()
        }
        (Some(_), 0) => "Nothing: no text begins in a way that a spreadsheet would run.".to_owned(),
        (Some(_), cells) => format!(
            "Text that a spreadsheet would run as a formula got an apostrophe (') in front: {cells} \
             {}. {MANIFEST} names each of them, under `formula_guard`; without its first \
             character the cell is as FreshBooks has it.",
            if cells == 1 { "cell" } else { "cells, counted in every file" }
        ),
    });
    page.paragraph(
        "Columns that the program derives are said to be derived in `fbsync export --list` and on the \
         sheet `Columns` of a workbook; every other column is as FreshBooks gave it, times in UTC.",
    );
}

fn files(page: &mut Page, manifest: &Manifest) {
    page.heading("THE FILES");
    for file in &manifest.files {
        page.item(&format!("{}: {}", file.path, what(file)));
    }
    for NotMade { report, reason, .. } in &manifest.not_made {
        page.item(&format!("{report}: not made, so there is no file of it: {reason}"));
    }
    page.item(&format!("{README}: this text"));
    page.item(&format!("{MANIFEST}: all of this for a program to read"));
    page.item(&format!("{SUMS}: the SHA-256 of every other file"));
    page.line("");
}

fn what(file: &FileEntry) -> String {
    let report = file.report.as_deref().and_then(report::find);
    let Some(report) = report else { return "the folders of the businesses, with their seals".to_owned() };
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

fn how_to_check(page: &mut Page, view: &View) {
    page.heading("TO CHECK THAT NOTHING WAS CHANGED SINCE");
    page.paragraph("In this folder; every file has to be OK:");
    page.line("  Linux    sha256sum -c SHA256SUMS");
    page.line("  macOS    shasum -a 256 -c SHA256SUMS");
    page.line("  Windows  (in PowerShell)");
    page.line("    Get-Content SHA256SUMS | ForEach-Object { $sum, $name = $_ -split '  ', 2;");
    page.line("      if ((Get-FileHash $name).Hash -eq $sum) { \"$name OK\" } else { \"$name WRONG\" } }");
    page.line("");
    page.paragraph(
        "Then compare the seal, which is the SHA-256 of SHA256SUMS itself, with the one that was noted \
         when the folder was written. Without a seal from elsewhere the folder only agrees with itself: \
         whoever changed a file could have written SHA256SUMS anew.",
    );
    page.line("  Linux    sha256sum SHA256SUMS");
    page.line("  macOS    shasum -a 256 SHA256SUMS");
    page.line("  Windows  Get-FileHash SHA256SUMS");
    page.line("");
    page.paragraph(
        "With the database that it was made from, here called audit.sqlite, fbsync makes the folder \
         anew and compares it, and sqlite3 alone can count:",
    );
    let id = view.snapshot.id;
    page.line("  fbsync verify . --db audit.sqlite");
    page.line(&format!("  sqlite3 audit.sqlite \"SELECT content_sha256 FROM snapshots WHERE id = {id}\""));
    let of = |column: &str| match view.businesses.as_slice() {
        businesses if matches!(view.scope, report::Scope::Alone(_)) => {
            let ids: Vec<String> = businesses.iter().map(|business| business.id.to_string()).collect();
            format!(" AND {column} IN ({})", ids.join(", "))
        }
        _ => String::new(),
    };
    page.line(&format!(
        "  sqlite3 -header -csv audit.sqlite \"SELECT * FROM access WHERE snapshot_id = {id}{}\"",
        of("business_id")
    ));
    page.line(&format!(
        "  sqlite3 -header -csv audit.sqlite \"SELECT * FROM coverage WHERE snapshot_id = {id}{}\"",
        of("business_id")
    ));
}

/// Text in lines that a plain editor shows whole.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        // Names come from other people, and this text is shown in terminals.
        self.0.push_str(&printable(text));
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.line(text);
        self.line(&"-".repeat(text.chars().count()));
    }

    fn paragraph(&mut self, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.line(&line);
        }
        self.line("");
    }

    fn item(&mut self, text: &str) {
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
