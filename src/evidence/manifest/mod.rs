//! `manifest.json`: source, identity, options, the choice of snapshot, coverage, files, limits.
//!
//! README.txt is made from it and from nothing else, so each can be held against the other without a
//! database. [`export`] is the one part that follows from no database.

mod export;
mod replaced;
mod review;
mod snapshot;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::choice::{Choice, Deciding};
use super::{Part, Plan, README, Sum};
use crate::error::Result;
use crate::format::{Format, Guard};
use crate::model::Status;
use crate::report::summary::{self, RoleCount};
use crate::report::{self, Expected, Options, Roster, Scope, Style, View};
use crate::store::Horizon;
pub(crate) use export::Stamp;
pub(super) use replaced::DecidedEntry;
pub(super) use review::{FindingEntry, FollowedEntry, ReviewEntry};
pub(super) use snapshot::{CoverageEntry, PastEntry, SnapshotEntry, SourceEntry};

pub(super) const SCHEMA: &str = "fbsync.manifest/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(super) schema: String,
    pub(super) tool: Tool,
    /// False: the data is from somewhere else than FreshBooks.
    pub(super) genuine_host: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) warning: Option<String>,
    pub(super) status: String,
    /// "N of M businesses", and which are missing.
    pub(super) extent: String,
    pub(super) source: SourceEntry,
    pub(super) snapshot: SnapshotEntry,
    pub(super) choice: Choice,
    /// What `changes` starts from.
    pub(super) earlier_snapshot_id: Option<i64>,
    pub(super) earlier_finished_at: Option<String>,
    pub(super) past: PastEntry,
    pub(super) options: OptionsEntry,
    /// The last review, and the last later snapshot, that something in this folder comes from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) horizon: Option<Horizon>,
    /// How the snapshot was reviewed, and what became of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) review: Option<ReviewEntry>,
    pub(super) coverage: Vec<CoverageEntry>,
    /// How many memberships there are by role and state.
    pub(super) roles: Vec<RoleCount>,
    pub(super) files: Vec<FileEntry>,
    pub(super) not_made: Vec<NotMade>,
    pub(super) limits: Vec<String>,
    /// The one part that may differ between two exports of the same evidence.
    pub(super) export: Stamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OptionsEntry {
    pub(super) format: Format,
    pub(super) bom: bool,
    pub(super) formula_guard: Guard,
    /// Only these, as if there were no others; all of them where it is empty.
    pub(super) businesses: Vec<i64>,
    pub(super) part: Option<Part>,
    pub(super) people: Vec<String>,
    /// The keys of these people's accounts.
    pub(super) accounts: Option<BTreeSet<String>>,
    pub(super) own_domains: Vec<String>,
    pub(super) max_privileged: u32,
    /// The snapshot that was named for changes to be told since.
    pub(super) since: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) roster: Option<Roster>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) expected: Option<Expected>,
}

impl OptionsEntry {
    pub(super) fn style(&self) -> Style {
        Style { format: self.format, guard: self.formula_guard, bom: self.bom, ..Style::default() }
    }

    pub(super) fn options(&self) -> Options {
        Options {
            own_domains: self.own_domains.clone(),
            max_privileged: self.max_privileged,
            people: self.people.clone(),
            accounts: self.accounts.clone(),
            since: self.since,
            roster: self.roster.clone(),
            expected: self.expected.clone(),
        }
    }

    /// The options of the folder of one business that was made together with this one; its lists are
    /// taken as they are there, if they can be what these say of it.
    pub(super) fn of_business(&self, one: &OptionsEntry) -> Self {
        let mut options = OptionsEntry { part: Some(super::Part::Business), ..self.clone() };
        options.businesses.clone_from(&one.businesses);
        if let (Some(whole), Some(part)) = (&mut options.roster, &one.roster)
            && part.is_part_of(whole)
        {
            whole.clone_from(part);
        }
        if let (Some(whole), Some(part), [business]) =
            (&mut options.expected, &one.expected, one.businesses.as_slice())
            && part.is_part_of(whole, *business)
        {
            whole.clone_from(part);
        }
        options
    }

    pub(super) fn scope(&self) -> Scope {
        match self.businesses.as_slice() {
            [] => Scope::Whole,
            businesses => Scope::Alone(businesses.to_vec()),
        }
    }

    /// Whose team lists decided which snapshot could be used.
    pub(super) fn deciding(&self) -> Deciding<'_> {
        match (self.part, self.businesses.as_slice()) {
            (Some(_), _) => Deciding::Each,
            (None, []) => Deciding::All,
            (None, these) => Deciding::These(these),
        }
    }
}

/// A report that could not be made, and so is no file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NotMade {
    pub(super) report: String,
    /// Always `not_made`.
    status: String,
    pub(super) reason: String,
}

fn not_made(view: &View) -> Vec<NotMade> {
    let entry = |(report, reason): (&str, String)| NotMade {
        report: report.to_owned(),
        status: "not_made".to_owned(),
        reason,
    };
    report::not_made(view).into_iter().map(entry).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) report: Option<String>,
    /// `ok` or `empty`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) status: Option<String>,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) columns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) formula_guard: Option<GuardEntry>,
    /// Where the file comes from, of those that reviewers filled in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) original: Option<OriginalEntry>,
    /// The cells that were cut to what a spreadsheet takes, each as `row key/column`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) cut_cells: Vec<String>,
}

impl FileEntry {
    /// A file that is no report.
    pub(super) fn plain(path: &str, Sum { sha256, bytes }: Sum) -> Self {
        FileEntry {
            path: path.to_owned(),
            report: None,
            status: None,
            sha256,
            bytes,
            rows: None,
            columns: None,
            formula_guard: None,
            original: None,
            cut_cells: Vec::new(),
        }
    }
}

/// The review that a file was recorded with, and what it was called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OriginalEntry {
    pub(super) review_id: i64,
    pub(super) name: String,
}

/// The cells that were changed so that no spreadsheet runs them, each as `row key/column`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GuardEntry {
    pub(super) mode: Guard,
    pub(super) count: usize,
    pub(super) cells: Vec<String>,
}

impl Manifest {
    /// Everything but the entry of README.txt, which is made from it.
    pub(super) fn of(view: &View, plan: &Plan, files: Vec<FileEntry>) -> Result<Self> {
        let snapshot = &view.snapshot;
        Ok(Manifest {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: "fbsync".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            genuine_host: view.is_genuine(),
            warning: view.warning(),
            status: snapshot.status.to_string(),
            extent: view.extent(),
            source: SourceEntry::of(snapshot),
            snapshot: SnapshotEntry::of(snapshot, &view.scope),
            choice: plan.choice.clone(),
            earlier_snapshot_id: view.earlier.as_ref().map(|earlier| earlier.id),
            earlier_finished_at: view.earlier.as_ref().map(|earlier| earlier.finished_at.to_string()),
            past: PastEntry::of(view),
            options: OptionsEntry {
                format: plan.style.format,
                bom: plan.style.bom,
                formula_guard: plan.style.guard,
                businesses: match &view.scope {
                    Scope::Whole => Vec::new(),
                    Scope::Alone(businesses) => businesses.clone(),
                },
                part: plan.part,
                people: view.options.people.clone(),
                accounts: view.people.keys().cloned(),
                own_domains: view.options.own_domains.clone(),
                max_privileged: view.options.max_privileged,
                since: view.options.since,
                roster: view.options.roster.clone(),
                expected: view.options.expected.clone(),
            },
            horizon: (view.horizon != Horizon::NONE).then_some(view.horizon),
            review: ReviewEntry::of(view)?,
            coverage: view.businesses.iter().map(|business| CoverageEntry::of(view, business)).collect(),
            roles: summary::role_counts(view)?,
            files,
            not_made: not_made(view),
            limits: summary::limits(view).into_iter().map(str::to_owned).collect(),
            export: plan.stamp.of_part(plan.part),
        })
    }

    /// The files that are made from the view; README.txt is made from what is said of them here.
    pub(super) fn made(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(|file| file.path != README)
    }

    pub(super) fn is_partial(&self) -> bool {
        self.status != Status::Complete.as_str()
    }

    pub(super) fn to_json(&self) -> String {
        // Text, numbers and lists always serialize.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
