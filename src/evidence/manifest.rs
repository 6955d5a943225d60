//! `manifest.json`: source, identity, options, the choice of snapshot, coverage, files, limits.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::app::{self, Clock};
use crate::error::Result;
use crate::report::{Format, Guard, Limits, Options, Scope, Style, View};

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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SourceEntry {
    system: String,
    api: String,
    identity: IdentityEntry,
    scopes: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct IdentityEntry {
    id: i64,
    uuid: Option<String>,
    email: Option<String>,
    name: Option<String>,
}

/// What the snapshot says of itself; of the whole snapshot alone: totals, options, note, machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SnapshotEntry {
    pub(super) id: i64,
    pub(super) started_at: String,
    pub(super) finished_at: String,
    server_date_first: Option<String>,
    server_date_last: Option<String>,
    tool_version: String,
    businesses: i64,
    accounts: i64,
    memberships: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    run: Option<RunEntry>,
    hash_layout: String,
    pub(super) content_sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RunEntry {
    requests: i64,
    parameters: serde_json::Value,
    note: Option<String>,
    os_user: Option<String>,
    host: Option<String>,
    previous_sha256: Option<String>,
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
        Style { format: self.format, guard: self.formula_guard, bom: self.bom }
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
pub(super) struct CoverageEntry {
    business_id: i64,
    business_name: String,
    own_role: String,
    rows_in_access: i64,
    sources: Vec<ResourceEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ResourceEntry {
    resource: String,
    outcome: String,
    expected: Option<i64>,
    received: i64,
    distinct: i64,
    pages: i64,
    message: Option<String>,
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
            status: snapshot.status.clone(),
            extent: view.extent(),
            source: SourceEntry {
                system: "FreshBooks".to_owned(),
                api: snapshot.source.clone(),
                identity: IdentityEntry {
                    id: snapshot.identity_id,
                    uuid: snapshot.identity_uuid.clone(),
                    email: snapshot.identity_email.clone(),
                    name: snapshot.identity_name.clone(),
                },
                scopes: snapshot.scopes.clone(),
            },
            snapshot: snapshot_entry(view),
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
            coverage: coverage(view),
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
    Chosen { id: view.snapshot.id, finished_at: view.snapshot.finished_at.clone() }
}

fn snapshot_entry(view: &View) -> SnapshotEntry {
    let snapshot = &view.snapshot;
    let run = RunEntry {
        requests: snapshot.requests,
        parameters: serde_json::from_str(&snapshot.parameters).unwrap_or_default(),
        note: snapshot.note.clone(),
        os_user: snapshot.os_user.clone(),
        host: snapshot.host.clone(),
        previous_sha256: snapshot.previous_sha256.clone(),
    };
    SnapshotEntry {
        id: snapshot.id,
        started_at: snapshot.started_at.clone(),
        finished_at: snapshot.finished_at.clone(),
        server_date_first: snapshot.server_date_first.clone(),
        server_date_last: snapshot.server_date_last.clone(),
        tool_version: snapshot.tool_version.clone(),
        businesses: snapshot.businesses,
        accounts: snapshot.accounts,
        memberships: snapshot.memberships,
        run: (view.scope == Scope::Whole).then_some(run),
        hash_layout: snapshot.hash_layout.clone(),
        content_sha256: snapshot.content_sha256.clone(),
    }
}

fn coverage(view: &View) -> Vec<CoverageEntry> {
    let entry = |business: &crate::store::BusinessLine| CoverageEntry {
        business_id: business.id,
        business_name: business.name.clone(),
        own_role: business.own_role.clone(),
        rows_in_access: business.rows,
        sources: view
            .coverage
            .iter()
            .filter(|line| line.business_id == business.id)
            .map(|line| ResourceEntry {
                resource: line.resource.clone(),
                outcome: line.outcome.clone(),
                expected: line.expected,
                received: line.received,
                distinct: line.distinct_rows,
                pages: line.pages,
                message: line.message.clone(),
            })
            .collect(),
    };
    view.businesses.iter().map(entry).collect()
}
