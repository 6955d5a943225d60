//! `attention`: what a reviewer should look at first, and why.
//!
//! The most serious rows come first. The listing is read once for each severity, so nothing is kept in
//! memory.

use std::borrow::Cow;
use std::collections::HashSet;

use super::access::{
    ACCOUNT_KEY, ACTIVE, BUSINESS_ID, EMAIL, ROLE, ROLE_CLASS, ROLE_LABEL, ROW_KEY, age_days, business_cells,
    cells, has_flag, is_pending, prefixed,
};
use super::expected::Approval;
use super::remarks::{self, Remark};
use super::{Cell, Take, View};
use crate::error::Result;
use crate::model::role;
use crate::store::{AccessRow, BusinessLine};

pub(super) const LEAD: &[&str] = &[
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

/// After this time, a pending invitation is reported as old.
const OLD_INVITATION_DAYS: i64 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// High, and before all others.
    First,
    High,
    Medium,
    Info,
}

impl Severity {
    const ALL: [Severity; 4] = [Severity::First, Severity::High, Severity::Medium, Severity::Info];

    fn as_str(self) -> &'static str {
        match self {
            Severity::First | Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Info => "info",
        }
    }
}

/// A reason to look at a row: its severity, one word, a sentence, and a short form for a narrow column.
struct Reason {
    severity: Severity,
    name: &'static str,
    meaning: Cow<'static, str>,
    short: Cow<'static, str>,
}

const fn reason(
    severity: Severity,
    name: &'static str,
    meaning: &'static str,
    short: &'static str,
) -> Reason {
    Reason { severity, name, meaning: Cow::Borrowed(meaning), short: Cow::Borrowed(short) }
}

const LIST_NOT_READABLE: Reason = reason(
    Severity::High,
    "list_not_readable",
    "the team list was not read completely: people who are not listed here may have access",
    "list not readable",
);
const NO_OWNER_SEEN: Reason = reason(
    Severity::High,
    "no_owner_seen",
    "no source lists an owner of this business: somebody with full control is missing from the listing",
    "no owner seen",
);
const TOO_MANY_PRIVILEGED: Reason = reason(
    Severity::Medium,
    "too_many_privileged",
    "more people than the agreed limit have full control of this business",
    "too many privileged",
);
const ONLY_ONE_PRIVILEGED: Reason = reason(
    Severity::Info,
    "only_one_privileged",
    "only one person has full control of this business: nobody can take over",
    "only one privileged",
);
const EXTERNAL_PRIVILEGED: Reason = reason(
    Severity::High,
    "external_privileged",
    "someone with no address at your own domains has full control of this business",
    "external and privileged",
);
const INACTIVE_PRIVILEGED: Reason = reason(
    Severity::Medium,
    "inactive_privileged",
    "deactivated, but with full control as soon as it is activated again",
    "privileged but deactivated",
);
const UNKNOWN_ROLE: Reason = reason(
    Severity::Medium,
    "unknown_role",
    "a role that FreshBooks does not document: ask what it allows",
    "unknown role",
);
const SHARED_EMAIL: Reason = reason(
    Severity::Medium,
    "shared_email",
    "people with different names share this address: it is not possible to tell who signed in",
    "shared address",
);
const INVITED_LONG_AGO: Reason = reason(
    Severity::Medium,
    "invited_over_30_days",
    "invited more than 30 days ago and not accepted: withdraw the invitation if it is not needed",
    "invited long ago",
);
const ACCOUNTANT_ACCESS: Reason = reason(
    Severity::Info,
    "accountant_access",
    "an accountant's access, which is easily forgotten when the engagement ends",
    "accountant",
);

const EXPECTED_MISSING: Reason = reason(
    Severity::Info,
    "expected_missing",
    "expected access is missing: no one with this address has access to this business",
    "expected and missing",
);

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    // Only a roster has reasons with the highest rank.
    let first = usize::from(view.options.roster.is_none());
    for severity in Severity::ALL.into_iter().skip(first) {
        for business in &view.businesses {
            for reason in of_business(view, business).into_iter().filter(|r| r.severity == severity) {
                take(&prefixed(reason.cells(), business_cells(view, business)))?;
            }
        }
        view.access_rows(|row| {
            for reason in of_row(view, row)?.iter().filter(|reason| reason.severity == severity) {
                take(&prefixed(reason.cells(), cells(view, row)?))?;
            }
            Ok(())
        })?;
    }
    missing(view, take)
}

impl Reason {
    fn cells(&self) -> [Cell<'_>; 3] {
        [self.severity.as_str(), self.name, &self.meaning].map(Cell::text)
    }

    fn of(remark: &Remark, view: &View) -> Self {
        let severity = match remark {
            Remark::LeftButActive { .. } => Severity::First,
            Remark::NotExpected | Remark::HigherThanExpected(_) => Severity::High,
            Remark::Expired(_) | Remark::NotOnRoster => Severity::Medium,
            Remark::ServiceAccount { .. } => Severity::Info,
        };
        let (meaning, short) = remark.told(view.today());
        Reason { severity, name: remark.flag(), meaning: meaning.into(), short: short.into() }
    }
}

/// The reasons for a row, as a short text for the review sheet.
pub(super) fn in_short(view: &View, row: &AccessRow) -> Result<Vec<String>> {
    Ok(of_row(view, row)?.iter().map(|reason| reason.short.to_string()).collect())
}

/// What is not known about a row because no own domains were given.
pub(super) fn unanswered(view: &View, row: &AccessRow) -> Result<Option<&'static str>> {
    let would_count = row.text(ROLE_CLASS)? == "privileged" && row.integer(ACTIVE)? != 0;
    let unknown = would_count && view.options.own_domains.is_empty() && !is_client(view, row)?;
    Ok(unknown.then_some("external? not known (no --own-domain)"))
}

fn of_business(view: &View, business: &BusinessLine) -> Vec<Reason> {
    // The rows of some people say nothing about a whole business.
    let some_people = !view.options.people.is_empty();
    let unread = !view.is_read(business.id);
    let tests = [
        (unread, LIST_NOT_READABLE),
        (!unread && !some_people && business.owner.is_none(), NO_OWNER_SEEN),
        (!some_people && business.privileged > i64::from(view.options.max_privileged), TOO_MANY_PRIVILEGED),
        (!unread && !some_people && business.privileged == 1, ONLY_ONE_PRIVILEGED),
    ];
    tests.into_iter().filter_map(|(found, reason)| found.then_some(reason)).collect()
}

/// The reasons from rosters and approvals come first, because somebody else decided them.
fn of_row(view: &View, row: &AccessRow) -> Result<Vec<Reason>> {
    let privileged = row.text(ROLE_CLASS)? == "privileged";
    let active = row.integer(ACTIVE)? != 0;
    let external = view.is_external(&row.addresses()?) == Some(true);
    let client = is_client(view, row)?;
    let waiting = is_pending(row)? && age_days(view, row)?.is_some_and(|days| days > OLD_INVITATION_DAYS);
    let tests = [
        (privileged && active && external && !client, EXTERNAL_PRIVILEGED),
        (privileged && !active, INACTIVE_PRIVILEGED),
        (has_flag(row, "unknown_role")?, UNKNOWN_ROLE),
        (has_flag(row, "shared_email")?, SHARED_EMAIL),
        (waiting, INVITED_LONG_AGO),
        (row.text(ROLE)? == "business_accountant", ACCOUNTANT_ACCESS),
    ];
    let remarks = remarks::of_row(view, row)?;
    // A roster lists your own people, so it says nothing about others who are missing from it.
    let telling = remarks.iter().filter(|remark| **remark != Remark::NotOnRoster || !external);
    let reasons = telling.map(|remark| Reason::of(remark, view));
    Ok(reasons.chain(tests.into_iter().filter_map(|(found, reason)| found.then_some(reason))).collect())
}

/// Whether the business belongs to a client of an accountant: clients own their books.
fn is_client(view: &View, row: &AccessRow) -> Result<bool> {
    Ok(role::is_owner(&row.text(ROLE)?) && !view.is_own_business(row.integer(BUSINESS_ID)?))
}

/// Expected access that is missing, in businesses whose lists were read.
fn missing(view: &View, take: &mut Take) -> Result<()> {
    let Some(expected) = &view.options.expected else { return Ok(()) };
    let mut seen: HashSet<usize> = HashSet::new();
    view.access_rows(|row| {
        if remarks::is_live(row)? {
            seen.extend(expected.places_of(row.integer(BUSINESS_ID)?, &row.text(ACCOUNT_KEY)?));
        }
        Ok(())
    })?;
    for (place, approval) in expected.lasting(view.today()) {
        if seen.contains(&place) || !view.is_read(approval.business_id) || !view.is_asked_for(approval) {
            continue;
        }
        let Some(business) = view.businesses.iter().find(|one| one.id == approval.business_id) else {
            continue;
        };
        let mut cells = business_cells(view, business);
        let Approval { business_id, email, role, .. } = approval;
        cells[ROW_KEY] = Cell::text(format!("{business_id}/email:{email}/{role}"));
        cells[EMAIL] = Cell::text(email.as_str());
        cells[ROLE] = Cell::text(role.as_str());
        cells[ROLE_LABEL] = Cell::text(role::label(role));
        cells[ROLE_CLASS] = Cell::text(role::class(role));
        take(&prefixed(EXPECTED_MISSING.cells(), cells))?;
    }
    Ok(())
}
