//! Reports: what each one is called, its columns, where its rows come from.
//!
//! A report is described once ([`Report`]) and listed once ([`REPORTS`]); a new one is one entry. Its
//! rows are handed on one by one, so that a format needs to know nothing of where they come from.
//! Column names are a contract: none is renamed, new ones come last.
//!
//! - [`columns`], [`shared`]: what a column is, and the columns of `access`, which most reports share.
//! - [`view`]: a snapshot, or some of it, as the reports see it.
//! - [`access`], [`people`], [`roles`], [`coverage`], [`changes`], [`attention`], [`review`], [`presets`]: the
//!   rows; [`holdings`]: who holds what, for those of people.
//! - [`format`](mod@format): rows → a file, by [`csv`], [`jsonl`] or [`xlsx`]; [`cover`] is a workbook's first sheet.
//! - [`summary`]: what the cover and the README both tell.

mod access;
mod attention;
mod changes;
mod columns;
mod cover;
mod coverage;
mod csv;
mod format;
mod holdings;
mod jsonl;
mod people;
mod presets;
mod review;
mod roles;
mod shared;
pub(crate) mod summary;
mod view;
mod xlsx;

use std::borrow::Cow;

pub(crate) use changes::cells as change_cells;
pub(crate) use columns::{Column, Type, column};
pub(crate) use format::{Format, Guard, Lines, Style, Written, write};
pub(crate) use jsonl::write_object;
pub(crate) use presets::{CONDUCTORONE, VANTA};
pub(crate) use view::{Limits, Options, Scope, View};

use crate::error::Result;
use columns::{ACCESS, AGE, DECISION, REASON, SEEN, WHY_LOOK};

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Integer(i64),
    Bool(bool),
}

impl<'a> Cell<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Cell::Text(text.into())
    }

    pub(crate) fn optional(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Empty, Cell::text)
    }

    pub(crate) fn count(value: Option<i64>) -> Self {
        value.map_or(Cell::Empty, Cell::Integer)
    }
}

/// As plain text, nothing for an empty one.
impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::Text(text) => f.write_str(text),
            Cell::Integer(value) => write!(f, "{value}"),
            Cell::Bool(value) => write!(f, "{value}"),
        }
    }
}

/// Who takes the rows, one by one.
pub(crate) type Take<'t> = dyn FnMut(&[Cell]) -> Result<()> + 't;

/// What a report needs beyond a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    OwnDomain,
    EarlierSnapshot,
}

#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// One sentence: which rows.
    pub(crate) about: &'static str,
    /// Groups of columns, in order.
    pub(crate) columns: &'static [&'static [Column]],
    /// Whether a column for each business follows.
    pub(crate) per_business: bool,
    /// The columns whose values together name a row.
    pub(crate) key: &'static [&'static str],
    /// The columns that a spreadsheet shows first, the name last of those that stay in sight; the
    /// others follow, grouped and collapsed. Empty: as in every other format.
    pub(crate) lead: &'static [&'static str],
    pub(crate) needs: Needs,
    pub(crate) rows: fn(&View, &mut Take) -> Result<()>,
}

/// What a spreadsheet shows of a membership.
const ACCESS_LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role_label",
    "role_class",
    "state",
    "invitation_accepted_at",
    "member_created_at",
    "last_login_at",
    "is_external",
    "businesses_count",
    "flags",
];

const PENDING_LEAD: &[&str] =
    &["business_name", "full_name", "email", "role_label", "state", "age_days", "member_created_at", "flags"];

const ATTENTION_LEAD: &[&str] = &[
    "severity",
    "business_name",
    "full_name",
    "email",
    "reason",
    "meaning",
    "role_label",
    "state",
    "member_created_at",
];

const SEEN_LEAD: &[&str] =
    &["business_name", "seen", "full_name", "email", "role_label", "role_class", "state", "businesses_count"];

/// The order for a reviewer.
const REVIEW_LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role_label",
    "state",
    "why_look",
    "decision",
    "change_to",
    "justification",
    "reviewer",
    "reviewer_email",
    "reviewed_at",
    "ticket",
];

/// A report of memberships; the others say what differs.
const MEMBERSHIPS: Report = Report {
    name: "access",
    title: "Who has access to what",
    about: "every membership: one row for each account, business and role",
    columns: &[ACCESS],
    per_business: false,
    key: &["row_key"],
    lead: ACCESS_LEAD,
    needs: Needs::Nothing,
    rows: access::all,
};

/// Also what `diff` prints of any two snapshots.
pub(crate) const CHANGES: Report = Report {
    name: "changes",
    title: "Changes since the snapshot before",
    about: "who joined, left or changed since the complete snapshot before",
    columns: &[changes::COLUMNS],
    key: &["business_id", "account_key", "role", "change"],
    lead: &[],
    needs: Needs::EarlierSnapshot,
    rows: changes::rows,
    ..MEMBERSHIPS
};

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
        lead: PENDING_LEAD,
        rows: access::pending,
        ..MEMBERSHIPS
    },
    Report {
        name: "external",
        title: "External people",
        about: "memberships whose e-mail address is not at one of your own domains",
        needs: Needs::OwnDomain,
        rows: access::external,
        ..MEMBERSHIPS
    },
    Report {
        name: "own-people",
        title: "Your own people",
        about: "memberships of people at your own domains, and a row for each business whose list was not read",
        columns: &[SEEN, ACCESS],
        key: &["row_key"],
        lead: SEEN_LEAD,
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
        about: "what a reviewer should look at first, the gravest first",
        columns: &[REASON, ACCESS],
        key: &["reason", "row_key"],
        lead: ATTENTION_LEAD,
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
    Report {
        name: "review",
        title: "Access review",
        about: "every membership, with columns for the reviewer's decision",
        columns: &[ACCESS, WHY_LOOK, DECISION],
        lead: REVIEW_LEAD,
        rows: review::rows,
        ..MEMBERSHIPS
    },
];

pub(crate) fn find(name: &str) -> Option<&'static Report> {
    REPORTS.iter().find(|report| report.name == name)
}

impl Report {
    /// The columns that every format but a spreadsheet has, without those of the businesses.
    pub(crate) fn fixed_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().copied().flatten().filter(|column| !column.sheet_only)
    }

    /// All columns of this view, those that a spreadsheet alone shows included.
    pub(crate) fn all_columns(&self, view: &View) -> Vec<Column> {
        let businesses = view.businesses.iter().filter(|_| self.per_business);
        let of_business = businesses.map(|business| Column {
            name: format!("{} {}", business.id, business.name).into(),
            kind: Type::Text,
            heading: format!("{} ({})", business.name, business.id).into(),
            meaning: "the person's roles in this business; not active ones are marked".into(),
            sheet_only: false,
        });
        self.columns.iter().copied().flatten().cloned().chain(of_business).collect()
    }

    /// Why the report cannot be made of this view.
    pub(crate) fn not_made(&self, view: &View) -> Option<String> {
        match self.needs {
            Needs::OwnDomain if view.options.own_domains.is_empty() => {
                Some("--own-domain was not given".to_owned())
            }
            Needs::EarlierSnapshot => changes::not_made(view),
            Needs::Nothing | Needs::OwnDomain => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_description_holds_together() {
        let mut names = BTreeSet::new();
        for report in REPORTS.iter().chain([&VANTA, &CONDUCTORONE]) {
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
