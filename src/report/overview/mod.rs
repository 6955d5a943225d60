//! `overview`: one page to look at, for whoever opens no spreadsheet.
//!
//! Its figures are the reports' own: it asks them for their rows and adds nothing but the line over time.
//! The modules make plain values; `templates/overview.html` says where they stand and escapes every one
//! of them. The page allows nothing but its own style and script, by their hashes, and asks no network.
//!
//! - [`rows`]: other people's text, as a page can show it; lists that end.
//! - [`access`]: who has access, by role and by business. [`over_time`]: members, joiners and leavers.
//! - [`lists`]: what to look at first, changes, decisions, everybody.

mod access;
mod lists;
mod over_time;
mod rows;

#[cfg(test)]
mod tests;

use std::io::Write;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::format::write_failed;
use super::{Scope, View, summary};
use crate::error::Result;
use crate::model::marks::State;
use crate::model::{Outcome, role};
use crate::shell;
use crate::store::CoverageLine;
use crate::time::Timestamp;
use access::Access;
use lists::{Changes, Everybody, Group, Reviews};
use over_time::OverTime;
use rows::{Listed, Shown};

/// Businesses that could not be read, or lines of any other table of businesses.
const MOST_BUSINESSES: usize = 500;

#[derive(Template)]
#[template(path = "overview.html", whitespace = "minimize")]
struct Page {
    style: Embedded,
    script: Embedded,
    title: Shown,
    warning: Option<Shown>,
    partial: bool,
    /// "6 of 7 businesses"
    read: String,
    as_of: Timestamp,
    snapshot_id: i64,
    facts: Vec<(&'static str, Shown)>,
    gaps: Listed<Gap>,
    access: Access,
    over_time: Option<OverTime>,
    attention: Vec<Group>,
    changes: Option<Changes>,
    reviews: Option<Reviews>,
    everybody: Everybody,
    /// What the rows of everybody can be narrowed to.
    businesses: Vec<(i64, Shown)>,
    memberships: i64,
    limits: Vec<&'static str>,
    version: &'static str,
}

/// Writes the page and returns how many memberships it lists.
pub(super) fn write(view: &View, out: &mut dyn Write) -> Result<u64> {
    let everybody = Everybody::gather(view)?;
    let listed = everybody.rows.shown.len() as u64;
    let page = Page {
        style: Embedded::new(include_str!("../../../templates/overview.css")),
        script: Embedded::new(include_str!("../../../templates/overview.js")),
        title: title(view),
        warning: view.warning().as_deref().map(Shown::new),
        partial: view.is_partial(),
        read: view.read(),
        as_of: view.as_of(),
        snapshot_id: view.snapshot.id,
        facts: facts(view),
        gaps: gaps(view),
        access: Access::gather(view)?,
        over_time: OverTime::gather(view),
        attention: lists::attention(view)?,
        changes: Changes::gather(view)?,
        reviews: Reviews::gather(view)?,
        everybody,
        businesses: view.businesses.iter().map(|one| (one.id, Shown::new(&one.name))).collect(),
        memberships: view.snapshot.memberships,
        limits: summary::limits(view),
        version: env!("CARGO_PKG_VERSION"),
    };
    page.write_into(out).and_then(|()| out.write_all(b"\n")).map_err(write_failed)?;
    Ok(listed)
}

/// Style or script, and the hash that the page's policy allows it by (CSP level 3, section 6.7.2).
struct Embedded {
    text: &'static str,
    hash: String,
}

impl Embedded {
    fn new(text: &'static str) -> Self {
        Embedded { text, hash: STANDARD.encode(Sha256::digest(text)) }
    }
}

fn title(view: &View) -> Shown {
    match view.businesses.as_slice() {
        [one] => Shown::new(&format!("Who has access to {}", one.name)),
        _ => Shown::new("Who has access to which FreshBooks business"),
    }
}

fn facts(view: &View) -> Vec<(&'static str, Shown)> {
    let (snapshot, options) = (&view.snapshot, &view.options);
    let mut facts = vec![
        ("Source", summary::source(&snapshot.source)),
        (
            "Signed in as",
            summary::signed_in(
                snapshot.identity_name.as_deref(),
                snapshot.identity_email.as_deref(),
                snapshot.identity_id,
            ),
        ),
        ("Read (UTC)", format!("{} to {}", snapshot.started_at.minute(), snapshot.finished_at.minute())),
        ("Snapshot", format!("{}, {}", snapshot.id, snapshot.status)),
        ("Its SHA-256", snapshot.content_sha256.clone()),
    ];
    if !options.people.is_empty() {
        facts.push(("Only these people", options.people.join(", ")));
    }
    if !options.own_domains.is_empty() {
        facts.push(("Own domains", options.own_domains.join(", ")));
    }
    facts.into_iter().map(|(label, text)| (label, Shown::new(&text))).collect()
}

/// A business whose team list was not read to its end.
struct Gap {
    business: Shown,
    id: i64,
    read: String,
    message: Shown,
}

fn gaps(view: &View) -> Listed<Gap> {
    let mut gaps = Listed::new(MOST_BUSINESSES, command(view, "coverage"));
    for business in view.not_covered() {
        let list = view.team_list(business.id);
        gaps.push(|| Gap {
            business: Shown::new(&business.name),
            id: business.id,
            read: how_read(list),
            message: Shown::new(list.and_then(|list| list.read.message.as_deref()).unwrap_or_default()),
        });
    }
    gaps
}

/// How reading a team list went, in words.
fn how_read(list: Option<&CoverageLine>) -> String {
    let Some(CoverageLine { read, .. }) = list else { return "not asked for".to_owned() };
    let of = |total: Option<i64>| match total {
        Some(total) => format!("{} of {total}", read.received),
        None => format!("{}, no total given", read.received),
    };
    match read.outcome {
        Outcome::Ok => of(read.expected),
        Outcome::Denied => "refused by FreshBooks".to_owned(),
        Outcome::Failed => "could not be read".to_owned(),
        Outcome::Mismatch => format!("does not agree: {}", of(read.expected)),
        Outcome::Skipped => "skipped".to_owned(),
    }
}

/// The command that gives a report whole. The database goes by its usual name: a page names no path.
fn command(view: &View, report: &str) -> String {
    let options = &view.options;
    let mut words = vec![format!("fbsync export {report} --db audit.sqlite --snapshot {}", view.snapshot.id)];
    if let Scope::Alone(businesses) = &view.scope {
        words.extend(businesses.iter().map(|id| format!("--business {id}")));
    }
    words.extend(options.people.iter().map(|one| format!("--people {}", shell::word(one))));
    words.extend(options.own_domains.iter().map(|one| format!("--own-domain {}", shell::name(one))));
    words.extend(options.roster.iter().map(|_| "--roster FILE".to_owned()));
    words.extend(options.expected.iter().map(|_| "--expected FILE".to_owned()));
    if options.max_privileged != 3 {
        words.push(format!("--max-privileged {}", options.max_privileged));
    }
    if let Some(since) = options.since.filter(|_| report == "changes") {
        words.push(format!("--since {since}"));
    }
    if view.is_partial() {
        words.push("--allow-partial".to_owned());
    }
    words.join(" ")
}
