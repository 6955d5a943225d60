//! `manifest.json`: source, identity, options, the choice of snapshot, coverage, files, limits.

mod snapshot;

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::app::{self, Clock};
use crate::error::Result;
use crate::format::{Format, Guard};
use crate::report::{Limits, Options, Scope, Style, View};
use snapshot::{CoverageEntry, SnapshotEntry, SourceEntry};

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
    pub(super) options: OptionsEntry,
    pub(super) coverage: Vec<CoverageEntry>,
    pub(super) files: Vec<FileEntry>,
    pub(super) limits: Vec<String>,
    /// The one part that may differ between two exports of the same evidence.
    pub(super) export: Stamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
}

/// How the snapshot was chosen. Nothing in it depends on when that was; but the next one after a date
/// may come later than the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// As it was asked for: `latest`, an id, or a date.
    pub(crate) asked: String,
    /// Whose days a date is meant in.
    pub(crate) timezone: Option<String>,
    /// The moment that a date stands for.
    pub(crate) moment: Option<String>,
    pub(crate) chosen: Chosen,
    /// How long before the moment it was finished.
    pub(crate) seconds_before: Option<u64>,
    /// The one after the moment that could have been used as well.
    pub(crate) next: Option<Chosen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub(crate) id: i64,
    pub(crate) finished_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OptionsEntry {
    format: Format,
    bom: bool,
    formula_guard: Guard,
    /// These alone, as if there were no others; all of them where it is empty.
    pub(super) businesses: Vec<i64>,
    pub(super) part: Option<super::Part>,
    people: Vec<String>,
    own_domains: Vec<String>,
    max_privileged: u32,
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
        }
    }

    pub(super) fn scope(&self) -> Scope {
        match self.businesses.as_slice() {
            [] => Scope::Whole,
            businesses => Scope::Alone(businesses.to_vec()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) report: Option<String>,
    /// `ok`, `empty`, or `not_made` with the reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) reason: Option<String>,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) columns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) formula_guard: Option<GuardEntry>,
    /// The cells that were cut to what a spreadsheet takes, each as `row key/column`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) cut_cells: Vec<String>,
}

impl FileEntry {
    /// A file that is no report.
    pub(super) fn plain(path: &str, sha256: String, bytes: u64) -> Self {
        FileEntry {
            path: path.to_owned(),
            report: None,
            status: None,
            reason: None,
            sha256,
            bytes,
            rows: None,
            columns: None,
            formula_guard: None,
            cut_cells: Vec::new(),
        }
    }
}

/// The cells that were changed so that no spreadsheet runs them, each as `row key/column`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GuardEntry {
    pub(super) mode: Guard,
    pub(super) count: usize,
    pub(super) cells: Vec<String>,
}

/// Who exported, where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) time: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) host: Option<String>,
}

impl Stamp {
    /// Now and here; or only the time that everything is to bear.
    pub(crate) fn of_this_run(clock: &Clock) -> Result<Self> {
        Ok(match app::source_date_epoch()? {
            Some(moment) => Stamp { time: moment.to_string(), user: None, host: None },
            None => Stamp {
                time: clock.now().to_string(),
                user: Some(app::os_user()),
                host: Some(app::host_name()),
            },
        })
    }
}

impl Manifest {
    pub(super) fn of(view: &View, plan: &Plan, files: Vec<FileEntry>) -> Self {
        let snapshot = &view.snapshot;
        Manifest {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: "fbsync".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            genuine_host: view.is_genuine(),
            warning: view.warning(),
            status: snapshot.status.to_string(),
            extent: view.extent(),
            source: SourceEntry::of(snapshot),
            snapshot: SnapshotEntry::of(view),
            choice: Choice { chosen: chosen(view), ..plan.choice.clone() },
            earlier_snapshot_id: view.earlier,
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
                own_domains: view.options.own_domains.clone(),
                max_privileged: view.options.max_privileged,
            },
            coverage: view.businesses.iter().map(|business| CoverageEntry::of(view, business)).collect(),
            files,
            limits: Limits::TEXT.map(str::to_owned).to_vec(),
            export: match plan.part {
                // Where the accountant works is none of the client's business.
                Some(super::Part::Business) => {
                    Stamp { time: plan.stamp.time.clone(), user: None, host: None }
                }
                _ => plan.stamp.clone(),
            },
        }
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(|file| file.report.is_some())
    }

    pub(super) fn to_json(&self) -> String {
        // Text, numbers and lists always serialize.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// From the database, so that a folder whose manifest says otherwise is found out.
fn chosen(view: &View) -> Chosen {
    Chosen { id: view.snapshot.id, finished_at: view.snapshot.finished_at.to_string() }
}
