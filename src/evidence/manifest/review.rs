//! What a manifest says of the reviews of its snapshot: who decided what and when, what an auditor would
//! ask about, and what became of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::replaced::{ChangedEntry, ReplacedFindingEntry, changes, in_words};
use crate::error::Result;
use crate::evidence::choice::Chosen;
use crate::model::role;
use crate::report::View;
use crate::report::decisions::{Standing, every};
use crate::report::outcomes::{Followed, follow};
use crate::store::{Decision, Review};

/// As many as README.txt tells of one by one; all of them are in the report `outcomes`.
const MOST: usize = 40;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct ReviewEntry {
    pub(in crate::evidence) decided: usize,
    pub(in crate::evidence) undecided: usize,
    /// How many rows by decision; those that count, each the last one about its row.
    pub(in crate::evidence) decisions: BTreeMap<String, usize>,
    pub(in crate::evidence) reviewers: Vec<ReviewerEntry>,
    /// What an auditor would ask about.
    pub(in crate::evidence) findings: Vec<FindingEntry>,
    /// The same of decisions that a later review replaced.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(in crate::evidence) replaced_findings: Vec<ReplacedFindingEntry>,
    /// How many times a decision was replaced by another one.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub(in crate::evidence) changes: usize,
    /// The first of these, in words.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(in crate::evidence) changed: Vec<ChangedEntry>,
    pub(in crate::evidence) recorded: Vec<RecordedEntry>,
    /// What was to be removed or changed, by outcome.
    pub(in crate::evidence) outcomes: BTreeMap<String, usize>,
    /// The first of these, in words.
    pub(in crate::evidence) followed: Vec<FollowedEntry>,
    /// The last snapshot that was looked at for it.
    pub(in crate::evidence) followed_until: Option<Chosen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct ReviewerEntry {
    pub(in crate::evidence) reviewer: String,
    pub(in crate::evidence) decisions: usize,
    pub(in crate::evidence) first_on: String,
    pub(in crate::evidence) last_on: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct FindingEntry {
    pub(in crate::evidence) finding: String,
    pub(in crate::evidence) reviewer: String,
    pub(in crate::evidence) decisions: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct RecordedEntry {
    pub(in crate::evidence) id: i64,
    pub(in crate::evidence) recorded_at: String,
    pub(in crate::evidence) decisions: i64,
    pub(in crate::evidence) undecided: i64,
    pub(in crate::evidence) note: Option<String>,
    os_user: Option<String>,
    content_sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::evidence) struct FollowedEntry {
    pub(in crate::evidence) person: String,
    pub(in crate::evidence) business: String,
    pub(in crate::evidence) role: String,
    /// `remove`, or `change to …`.
    pub(in crate::evidence) decision: String,
    pub(in crate::evidence) justification: String,
    pub(in crate::evidence) reviewer: String,
    pub(in crate::evidence) reviewed_at: String,
    pub(in crate::evidence) outcome: String,
    /// The snapshot that first shows it.
    pub(in crate::evidence) seen: Option<Chosen>,
    pub(in crate::evidence) days: Option<i64>,
}

impl ReviewEntry {
    /// `None` where the snapshot was not reviewed.
    pub(super) fn of(view: &View) -> Result<Option<Self>> {
        if view.reviews.is_empty() {
            return Ok(None);
        }
        let mut entry = ReviewEntry {
            recorded: view.reviews.iter().map(RecordedEntry::of).collect(),
            followed_until: view.reader.find_snapshot(view.horizon.snapshot)?.as_ref().map(Chosen::of),
            ..ReviewEntry::default()
        };
        let mut reviewers: BTreeMap<String, ReviewerEntry> = BTreeMap::new();
        let mut findings: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut replaced: BTreeMap<(i64, String, String), usize> = BTreeMap::new();
        every(view.reader, &view.reviews, |_, decided| {
            for of_row in decided {
                let Some((Standing { decision, .. }, earlier)) =
                    of_row.split_last().filter(|(last, _)| last.is_of(view))
                else {
                    continue;
                };
                for change in changes(&of_row) {
                    entry.changes += 1;
                    if entry.changed.len() < MOST {
                        entry.changed.push(change);
                    }
                }
                for one in earlier {
                    for (finding, reviewer) in found(&one.decision) {
                        *replaced.entry((one.review.id, finding, reviewer)).or_default() += 1;
                    }
                }
                entry.decided += 1;
                *entry.decisions.entry(decision.decision.to_string()).or_default() += 1;
                for finding in found(decision) {
                    *findings.entry(finding).or_default() += 1;
                }
                let reviewer = person(&decision.reviewer, &decision.reviewer_email);
                let known = reviewers.entry(reviewer).or_insert_with_key(|reviewer| ReviewerEntry {
                    reviewer: reviewer.clone(),
                    decisions: 0,
                    first_on: decision.reviewed_at.clone(),
                    last_on: decision.reviewed_at.clone(),
                });
                known.add(decision);
            }
            Ok(())
        })?;
        let mut rows: usize = 0;
        view.access_rows(|_| {
            rows += 1;
            Ok(())
        })?;
        entry.undecided = rows.saturating_sub(entry.decided);
        entry.reviewers = reviewers.into_values().collect();
        let finding = |((finding, reviewer), decisions)| FindingEntry { finding, reviewer, decisions };
        entry.findings = findings.into_iter().map(finding).collect();
        let replaced = replaced.into_iter().map(|((review_id, finding, reviewer), decisions)| {
            ReplacedFindingEntry { review_id, found: FindingEntry { finding, reviewer, decisions } }
        });
        entry.replaced_findings = replaced.collect();
        let mut followed = follow(view.reader, &view.snapshot, &view.reviews, view.horizon.snapshot)?;
        followed.retain(|one| one.standing.is_of(view));
        for one in &followed {
            *entry.outcomes.entry(one.outcome.to_string()).or_default() += 1;
        }
        entry.followed = followed.iter().take(MOST).map(|one| FollowedEntry::of(view, one)).collect();
        Ok(Some(entry))
    }
}

impl ReviewerEntry {
    fn add(&mut self, decision: &Decision) {
        self.decisions += 1;
        let day = &decision.reviewed_at;
        if *day < self.first_on {
            self.first_on.clone_from(day);
        }
        if *day > self.last_on {
            self.last_on.clone_from(day);
        }
    }
}

impl RecordedEntry {
    fn of(review: &Review) -> Self {
        RecordedEntry {
            id: review.id,
            recorded_at: review.recorded_at.to_string(),
            decisions: review.decisions,
            undecided: review.undecided,
            note: review.note.clone(),
            os_user: review.os_user.clone(),
            content_sha256: review.content_sha256.clone(),
        }
    }
}

impl FollowedEntry {
    fn of(view: &View, followed: &Followed) -> Self {
        let decision = &followed.standing.decision;
        FollowedEntry {
            person: person(&decision.full_name, &decision.email),
            business: decision.business_name.clone(),
            role: role::label(&decision.role).to_owned(),
            decision: in_words(decision),
            justification: decision.justification.clone(),
            reviewer: person(&decision.reviewer, &decision.reviewer_email),
            reviewed_at: decision.reviewed_at.clone(),
            outcome: followed.outcome.to_string(),
            seen: followed.seen.as_ref().map(Chosen::of),
            days: followed.days(&view.snapshot),
        }
    }
}

/// What an auditor would ask about a decision, and whom.
fn found(decision: &Decision) -> impl Iterator<Item = (String, String)> {
    let findings = decision.findings.split(';').filter(|finding| !finding.is_empty());
    findings.map(|finding| (finding.to_owned(), person(&decision.reviewer, &decision.reviewer_email)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// `NAME <ADDRESS>`, or what there is of it.
pub(super) fn person(name: &str, address: &str) -> String {
    match (name, address) {
        (name, "") => name.to_owned(),
        ("", address) => address.to_owned(),
        (name, address) => format!("{name} <{address}>"),
    }
}
