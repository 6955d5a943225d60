//! All reports.

use super::columns::{ACCESS, AGE, DECISION, LAST_TIME, OWNER, REASON, SEEN, WHY_REVIEW};
use super::{
    Needs, Reads, Report, access, attention, changes, coverage, decisions, history, offboarding, outcomes,
    overview, people, review, roles, trend,
};

/// A report of memberships; the other reports state what differs.
const MEMBERSHIPS: Report = Report {
    name: "access",
    title: "Who has access to what",
    about: "every membership: one row per account, business and role",
    columns: &[ACCESS],
    per_business: false,
    key: &["row_key"],
    lead: access::LEAD,
    needs: Needs::Nothing,
    reads: Reads::One,
    glance: &["business_name", "full_name", "email", "role_label", "state", "flags"],
    rows: access::all,
    page: None,
    remarks: |_| Ok(Vec::new()),
};

const CHANGES: Report = Report {
    name: "changes",
    title: "Changes",
    about: "who joined, left or changed since an earlier snapshot",
    columns: &[changes::COLUMNS, changes::TIMES],
    key: &["business_id", "account_key", "role", "change"],
    lead: &[],
    needs: Needs::EarlierSnapshot,
    reads: Reads::Earlier,
    glance: &["change", "business_name", "full_name", "before", "after", "note"],
    rows: changes::rows,
    ..MEMBERSHIPS
};

/// What `diff` prints for any two snapshots.
pub(crate) const DIFF: Report = Report { name: "diff", columns: &[changes::COLUMNS], ..CHANGES };

const HISTORY: Report = Report {
    name: "history",
    title: "Access over time",
    about: "every membership in any complete snapshot up to this one: from when, until when, in which roles",
    columns: &[history::COLUMNS],
    key: &["row_key", "first_seen_snapshot_id"],
    lead: history::LEAD,
    needs: Needs::CompleteSnapshot,
    reads: Reads::Past,
    glance: &["business_name", "full_name", "seen", "role_label", "state", "first_seen_at", "gone_at"],
    rows: history::rows,
    ..MEMBERSHIPS
};

/// What `who` prints: the same for one person.
pub(crate) const WHO: Report = Report {
    name: "who",
    lead: history::WHO_LEAD,
    glance: history::WHO_LEAD,
    needs: Needs::People,
    rows: history::who,
    ..HISTORY
};

/// All reports, in the order in which they are listed.
pub(crate) const REPORTS: &[Report] = &[
    MEMBERSHIPS,
    Report {
        name: "accounts",
        title: "People",
        about: "one row per person, with their roles in every business",
        columns: &[people::ACCOUNT],
        key: &["account_key"],
        lead: people::ACCOUNT_LEAD,
        glance: &["full_name", "email", "businesses_count", "privileged_memberships", "roles"],
        rows: people::accounts,
        ..MEMBERSHIPS
    },
    Report {
        name: "roles",
        title: "Roles in each business",
        about: "how many people hold each role in each business",
        columns: &[roles::COLUMNS],
        key: &["business_id", "role"],
        lead: roles::LEAD,
        glance: &["business_name", "role_label", "memberships", "active", "invited", "no_login", "inactive"],
        rows: roles::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "role-matrix",
        title: "People and businesses",
        about: "a grid: one row per person, one column per business, their roles where they meet",
        columns: &[people::MATRIX],
        per_business: true,
        key: &["account_key"],
        lead: people::MATRIX_LEAD,
        glance: &["full_name"],
        rows: people::matrix,
        ..MEMBERSHIPS
    },
    Report {
        name: "privileged",
        title: "Privileged access",
        about: "memberships with full control: owners and admins",
        rows: access::privileged,
        ..MEMBERSHIPS
    },
    Report {
        name: "inactive",
        title: "Inactive memberships",
        about: "deactivated memberships that FreshBooks still lists",
        rows: access::inactive,
        ..MEMBERSHIPS
    },
    Report {
        name: "pending",
        title: "Invitations not accepted",
        about: "invitations not yet accepted, with their age in days",
        columns: &[ACCESS, AGE],
        lead: access::PENDING_LEAD,
        glance: &["business_name", "full_name", "email", "role_label", "age_days", "flags"],
        rows: access::pending,
        ..MEMBERSHIPS
    },
    Report {
        name: "external",
        title: "External people",
        about: "memberships of people who have no address at your own domains",
        needs: Needs::OwnDomain,
        rows: access::external,
        ..MEMBERSHIPS
    },
    Report {
        name: "own-people",
        title: "Your own people",
        about: "memberships of people who have an address at your own domains, and a row for each business whose \
                list was not read",
        columns: &[SEEN, ACCESS, OWNER],
        key: &["row_key"],
        lead: access::SEEN_LEAD,
        needs: Needs::OwnDomain,
        glance: &["business_name", "seen", "full_name", "email", "role_label", "state"],
        rows: access::own_people,
        ..MEMBERSHIPS
    },
    Report {
        name: "multi-business",
        title: "People in several businesses",
        about: "one row per person with access to two or more businesses",
        columns: &[people::ACCOUNT],
        key: &["account_key"],
        lead: people::ACCOUNT_LEAD,
        glance: &["full_name", "email", "businesses_count", "privileged_memberships", "roles"],
        rows: people::multi_business,
        ..MEMBERSHIPS
    },
    Report {
        name: "attention",
        title: "Look here first",
        about: "what to review first, most serious first",
        columns: &[REASON, ACCESS],
        key: &["reason", "row_key"],
        lead: attention::LEAD,
        glance: &["severity", "business_name", "full_name", "role_label", "reason"],
        rows: attention::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "coverage",
        title: "What was read",
        about: "every business and source: the total that FreshBooks reported, and what was received",
        columns: &[coverage::COLUMNS],
        key: &["business_id", "resource"],
        lead: coverage::LEAD,
        glance: &["business_name", "resource", "outcome", "expected", "received", "message"],
        rows: coverage::rows,
        ..MEMBERSHIPS
    },
    CHANGES,
    HISTORY,
    Report {
        name: "trend",
        title: "How many, over time",
        about: "how many people held each class of role, in every complete snapshot up to this one",
        columns: &[trend::COLUMNS],
        key: &["snapshot_id", "business_id", "role_class"],
        lead: trend::LEAD,
        needs: Needs::CompleteSnapshot,
        reads: Reads::Past,
        glance: &[
            "as_of",
            "business_name",
            "role_class",
            "memberships",
            "active",
            "invited",
            "no_login",
            "inactive",
        ],
        rows: trend::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "offboarding",
        title: "To be removed",
        about: "where the people given with --people still have access, and who can remove them there",
        columns: &[offboarding::COLUMNS],
        key: &["business_id", "account_key", "seen"],
        lead: offboarding::LEAD,
        needs: Needs::People,
        reads: Reads::Past,
        glance: &["business_name", "seen", "full_name", "role_label", "can_be_removed_by", "note"],
        rows: offboarding::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "review",
        title: "Access review",
        about: "every membership, those to look at first on top, with columns for the reviewer's decision",
        columns: &[ACCESS, WHY_REVIEW, DECISION, LAST_TIME],
        lead: review::LEAD,
        reads: Reads::Earlier,
        glance: &["business_name", "full_name", "role_label", "state", "why_review"],
        rows: review::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "decisions",
        title: "Decisions",
        about: "what reviewers decided about this snapshot, one row per decision",
        columns: &[decisions::COLUMNS],
        key: &["row_key"],
        lead: decisions::LEAD,
        needs: Needs::Review,
        glance: &["business_name", "full_name", "role", "decision", "change_to", "reviewer"],
        rows: decisions::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "outcomes",
        title: "What became of it",
        about: "each decision to remove or change, and whether later snapshots show that it was carried out",
        columns: &[decisions::COLUMNS, outcomes::COLUMNS],
        key: &["row_key"],
        lead: outcomes::LEAD,
        needs: Needs::Review,
        glance: &["business_name", "full_name", "role", "decision", "change_to", "outcome", "days"],
        rows: outcomes::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "overview",
        title: "Overview",
        about: "a page for the browser: completeness, who has access, what to look at first",
        columns: &[],
        key: &[],
        lead: &[],
        glance: &[],
        reads: Reads::Past,
        page: Some(overview::write),
        ..MEMBERSHIPS
    },
];

pub(crate) fn find(name: &str) -> Option<&'static Report> {
    REPORTS.iter().find(|report| report.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::{ACCESSOWL, CONDUCTORONE, LUMOS, VANTA};

    #[test]
    fn every_description_holds_together() {
        let mut names = BTreeSet::new();
        for report in REPORTS.iter().chain([&DIFF, &WHO, &VANTA, &CONDUCTORONE, &LUMOS, &ACCESSOWL]) {
            assert!(names.insert(report.name), "{} is there twice", report.name);
            let columns: Vec<&str> =
                report.columns.iter().copied().flatten().map(|column| &*column.name).collect();
            let distinct: BTreeSet<&&str> = columns.iter().collect();
            assert_eq!(distinct.len(), columns.len(), "{}: a column twice", report.name);
            for name in report.key.iter().chain(report.lead).chain(report.glance) {
                assert!(columns.contains(name), "{}: {name}", report.name);
            }
        }
    }
}
