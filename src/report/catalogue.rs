//! Every report there is.

use super::columns::{ACCESS, AGE, DECISION, LAST_TIME, OWNER, REASON, SEEN, WHY_REVIEW};
use super::{
    Needs, Reads, Report, access, attention, changes, coverage, decisions, history, offboarding, outcomes,
    overview, people, review, roles, trend,
};

/// A report of memberships; the others say what differs.
const MEMBERSHIPS: Report = Report {
    name: "access",
    title: "Who has access to what",
    about: "every membership: one row for each account, business and role",
    columns: &[ACCESS],
    per_business: false,
    key: &["row_key"],
    lead: access::LEAD,
    needs: Needs::Nothing,
    reads: Reads::One,
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
    rows: changes::rows,
    ..MEMBERSHIPS
};

/// What `diff` prints of any two snapshots.
pub(crate) const DIFF: Report = Report { name: "diff", columns: &[changes::COLUMNS], ..CHANGES };

const HISTORY: Report = Report {
    name: "history",
    title: "Access over time",
    about: "every membership that any complete snapshot up to this one has: since when, until when, as what",
    columns: &[history::COLUMNS],
    key: &["row_key", "first_seen_snapshot_id"],
    lead: history::LEAD,
    needs: Needs::CompleteSnapshot,
    reads: Reads::Past,
    rows: history::rows,
    ..MEMBERSHIPS
};

/// What `who` prints: the same of one person.
pub(crate) const WHO: Report =
    Report { name: "who", lead: history::WHO_LEAD, needs: Needs::People, rows: history::who, ..HISTORY };

/// Every report there is, in the order in which they are listed.
pub(crate) const REPORTS: &[Report] = &[
    MEMBERSHIPS,
    Report {
        name: "accounts",
        title: "People",
        about: "one row for each person, with the roles in every business",
        columns: &[people::ACCOUNT],
        key: &["account_key"],
        lead: people::ACCOUNT_LEAD,
        rows: people::accounts,
        ..MEMBERSHIPS
    },
    Report {
        name: "roles",
        title: "Roles in each business",
        about: "how many hold which role in which business",
        columns: &[roles::COLUMNS],
        key: &["business_id", "role"],
        lead: roles::LEAD,
        rows: roles::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "role-matrix",
        title: "People and businesses",
        about: "a grid: one row for each person, one column for each business, the roles where they meet",
        columns: &[people::MATRIX],
        per_business: true,
        key: &["account_key"],
        lead: people::MATRIX_LEAD,
        rows: people::matrix,
        ..MEMBERSHIPS
    },
    Report {
        name: "privileged",
        title: "Privileged access",
        about: "memberships whose role can do everything: owners and admins",
        rows: access::privileged,
        ..MEMBERSHIPS
    },
    Report {
        name: "inactive",
        title: "Inactive memberships",
        about: "memberships that are switched off and still listed",
        rows: access::inactive,
        ..MEMBERSHIPS
    },
    Report {
        name: "pending",
        title: "Invitations not accepted",
        about: "people who were invited and have not accepted, with the days since",
        columns: &[ACCESS, AGE],
        lead: access::PENDING_LEAD,
        rows: access::pending,
        ..MEMBERSHIPS
    },
    Report {
        name: "external",
        title: "External people",
        about: "memberships of people without an address at one of your own domains",
        needs: Needs::OwnDomain,
        rows: access::external,
        ..MEMBERSHIPS
    },
    Report {
        name: "own-people",
        title: "Your own people",
        about: "memberships of people with an address at your own domains, and a row for each business whose \
                list was not read",
        columns: &[SEEN, ACCESS, OWNER],
        key: &["row_key"],
        lead: access::SEEN_LEAD,
        needs: Needs::OwnDomain,
        rows: access::own_people,
        ..MEMBERSHIPS
    },
    Report {
        name: "multi-business",
        title: "People in several businesses",
        about: "one row for each person with access to two or more businesses",
        columns: &[people::ACCOUNT],
        key: &["account_key"],
        lead: people::ACCOUNT_LEAD,
        rows: people::multi_business,
        ..MEMBERSHIPS
    },
    Report {
        name: "attention",
        title: "Look here first",
        about: "what a reviewer should look at first, most serious first",
        columns: &[REASON, ACCESS],
        key: &["reason", "row_key"],
        lead: attention::LEAD,
        rows: attention::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "coverage",
        title: "What was read",
        about: "every business and source: what FreshBooks said there is, and what was received",
        columns: &[coverage::COLUMNS],
        key: &["business_id", "resource"],
        lead: coverage::LEAD,
        rows: coverage::rows,
        ..MEMBERSHIPS
    },
    CHANGES,
    HISTORY,
    Report {
        name: "trend",
        title: "How many, over time",
        about: "how many people held what sort of role, in every complete snapshot up to this one",
        columns: &[trend::COLUMNS],
        key: &["snapshot_id", "business_id", "role_class"],
        lead: trend::LEAD,
        needs: Needs::CompleteSnapshot,
        reads: Reads::Past,
        rows: trend::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "offboarding",
        title: "To be removed",
        about: "where the people named with --people still are, and who can remove them there",
        columns: &[offboarding::COLUMNS],
        key: &["business_id", "account_key", "seen"],
        lead: offboarding::LEAD,
        needs: Needs::People,
        reads: Reads::Past,
        rows: offboarding::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "review",
        title: "Access review",
        about: "every membership, what to look at first, with columns for the reviewer's decision",
        columns: &[ACCESS, WHY_REVIEW, DECISION, LAST_TIME],
        lead: review::LEAD,
        reads: Reads::Earlier,
        rows: review::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "decisions",
        title: "Decisions",
        about: "what reviewers decided about this snapshot, one row for each membership that was decided",
        columns: &[decisions::COLUMNS],
        key: &["row_key"],
        lead: decisions::LEAD,
        needs: Needs::Review,
        rows: decisions::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "outcomes",
        title: "What became of it",
        about: "each decision to remove or change, and what the snapshots since then show of it",
        columns: &[decisions::COLUMNS, outcomes::COLUMNS],
        key: &["row_key"],
        lead: outcomes::LEAD,
        needs: Needs::Review,
        rows: outcomes::rows,
        ..MEMBERSHIPS
    },
    Report {
        name: "overview",
        title: "Overview",
        about: "a page to look at in a browser: completeness, who has access, what to look at first",
        columns: &[],
        key: &[],
        lead: &[],
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
            for name in report.key.iter().chain(report.lead) {
                assert!(columns.contains(name), "{}: {name}", report.name);
            }
        }
    }
}
