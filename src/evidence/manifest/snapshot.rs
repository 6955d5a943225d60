//! What a manifest says of the snapshot, and nobody chose: its source, itself, its coverage.

use serde::{Deserialize, Serialize};

use crate::evidence::choice::Chosen;
use crate::model::reading::ACCEPTED;
use crate::model::{Outcome, Resource};
use crate::report::left_out::Parameters;
use crate::report::summary::Tie;
use crate::report::{Scope, View};
use crate::store::{BusinessLine, CoverageLine, Snapshot};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct SourceEntry {
    system: String,
    pub(in crate::evidence) api: String,
    pub(in crate::evidence) identity: IdentityEntry,
    scopes: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct IdentityEntry {
    pub(in crate::evidence) id: i64,
    uuid: Option<String>,
    pub(in crate::evidence) email: Option<String>,
    pub(in crate::evidence) name: Option<String>,
}

impl SourceEntry {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        SourceEntry {
            system: "FreshBooks".to_owned(),
            api: snapshot.source.clone(),
            identity: IdentityEntry {
                id: snapshot.identity_id,
                uuid: snapshot.identity_uuid.clone(),
                email: snapshot.identity_email.clone(),
                name: snapshot.identity_name.clone(),
            },
            scopes: snapshot.scopes.clone(),
        }
    }
}

/// What the snapshot says of itself; of the whole snapshot alone: totals, options, note, machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct SnapshotEntry {
    pub(in crate::evidence) id: i64,
    pub(in crate::evidence) started_at: String,
    pub(in crate::evidence) finished_at: String,
    pub(in crate::evidence) server_date_first: Option<String>,
    pub(in crate::evidence) server_date_last: Option<String>,
    tool_version: String,
    businesses: i64,
    accounts: i64,
    memberships: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    run: Option<RunEntry>,
    hash_layout: String,
    pub(in crate::evidence) content_sha256: String,
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

impl SnapshotEntry {
    pub(super) fn of(snapshot: &Snapshot, scope: &Scope) -> Self {
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
            started_at: snapshot.started_at.to_string(),
            finished_at: snapshot.finished_at.to_string(),
            server_date_first: snapshot.server_date_first.map(|date| date.to_string()),
            server_date_last: snapshot.server_date_last.map(|date| date.to_string()),
            tool_version: snapshot.tool_version.clone(),
            businesses: snapshot.businesses,
            accounts: snapshot.accounts,
            memberships: snapshot.memberships,
            run: (*scope == Scope::Whole).then_some(run),
            hash_layout: snapshot.hash_layout.clone(),
            content_sha256: snapshot.content_sha256.clone(),
        }
    }

    /// The options of the sync.
    pub(in crate::evidence) fn parameters(&self) -> Parameters {
        let given = self.run.as_ref().map(|run| run.parameters.clone());
        given.and_then(|given| serde_json::from_value(given).ok()).unwrap_or_default()
    }

    /// This, with everything that the tombstone of a pruned snapshot still tells in its place.
    pub(in crate::evidence) fn with_tombstone(&self, tombstone: &Snapshot, scope: &Scope) -> Self {
        let told = SnapshotEntry::of(tombstone, scope);
        match (told.run, &self.run) {
            // Of some businesses only: their totals went with the content.
            (None, _) => SnapshotEntry {
                businesses: self.businesses,
                accounts: self.accounts,
                memberships: self.memberships,
                run: None,
                ..told
            },
            (Some(told_run), run) => {
                let RunEntry { requests, previous_sha256, .. } = told_run.clone();
                let erased = run.clone().unwrap_or(told_run);
                SnapshotEntry { run: Some(RunEntry { requests, previous_sha256, ..erased }), ..told }
            }
        }
    }
}

/// What the reports over time are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct PastEntry {
    /// How many snapshots, the one of this folder included.
    pub(in crate::evidence) snapshots: usize,
    pub(in crate::evidence) complete: usize,
    pub(in crate::evidence) first_complete: Option<Chosen>,
}

impl PastEntry {
    pub(in crate::evidence) fn of(view: &View) -> Self {
        let complete = view.complete_past();
        PastEntry {
            snapshots: view.past.len(),
            complete: complete.len(),
            first_complete: complete.first().map(Chosen::of),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct CoverageEntry {
    pub(in crate::evidence) business_id: i64,
    pub(in crate::evidence) business_name: String,
    own_role: String,
    pub(in crate::evidence) rows_team_members: i64,
    pub(in crate::evidence) rows_business_group_only: i64,
    pub(in crate::evidence) rows_identity_only: i64,
    pub(in crate::evidence) rows_in_access: i64,
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

impl CoverageEntry {
    pub(super) fn of(view: &View, business: &BusinessLine) -> Self {
        let lines = view.coverage.iter().filter(|line| line.business_id == business.id);
        CoverageEntry {
            business_id: business.id,
            business_name: business.name.clone(),
            own_role: business.own_role.clone(),
            rows_team_members: business.rows_team_members,
            rows_business_group_only: business.rows_business_group_only,
            rows_identity_only: business.rows_identity_only,
            rows_in_access: business.rows,
            sources: lines.map(ResourceEntry::of).collect(),
        }
    }
}

impl CoverageEntry {
    pub(in crate::evidence) fn tie(&self) -> Tie {
        let list = self.sources.iter().find(|source| source.resource == Resource::TeamMembers.as_str());
        Tie {
            business_id: self.business_id,
            business: format!("{} ({})", self.business_name, self.business_id),
            accepted: list.and_then(ResourceEntry::accepted),
            outcome: list.map_or("not asked", |list| list.outcome.as_str()).to_owned(),
            expected: list.and_then(|list| list.expected),
            received: list.map_or(0, |list| list.received),
            from_list: self.rows_team_members,
            from_group: self.rows_business_group_only,
            from_identity: self.rows_identity_only,
            rows: self.rows_in_access,
        }
    }
}

impl ResourceEntry {
    fn accepted(&self) -> Option<String> {
        let is_gap = self.outcome != Outcome::Ok.as_str();
        self.message.clone().filter(|message| is_gap && message.starts_with(ACCEPTED))
    }

    fn of(CoverageLine { read: line, .. }: &CoverageLine) -> Self {
        ResourceEntry {
            resource: line.resource.to_string(),
            outcome: line.outcome.to_string(),
            expected: line.expected,
            received: line.received,
            distinct: line.distinct,
            pages: line.pages,
            message: line.message.clone(),
        }
    }
}
