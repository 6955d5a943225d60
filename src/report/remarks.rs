//! What rosters and lists of expected access say about a row: flags, and reasons for `attention`.

use super::View;
use super::access::{ACCOUNT_KEY, BUSINESS_ID, ROLE, STATE};
use super::expected::{Approval, Verdict};
use crate::error::Result;
use crate::model::marks::State;
use crate::model::role;
use crate::store::AccessRow;
use crate::time::Day;

/// Something that a roster or a list of expected access says about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remark<'v> {
    LeftButActive { last_day: Option<Day>, manager: Option<&'v str> },
    NotOnRoster,
    ServiceAccount { manager: Option<&'v str> },
    NotExpected,
    Expired(&'v Approval),
    HigherThanExpected(&'v Approval),
}

impl Remark<'_> {
    pub(super) fn flag(&self) -> &'static str {
        match self {
            Remark::LeftButActive { .. } => "left_but_active",
            Remark::NotOnRoster => "not_on_roster",
            Remark::ServiceAccount { .. } => "service_account",
            Remark::NotExpected => "not_expected",
            Remark::Expired(_) => "expired",
            Remark::HigherThanExpected(_) => "higher_than_expected",
        }
    }

    /// The remark as a sentence, and in short for a narrow column.
    pub(super) fn told(&self, today: Day) -> (String, String) {
        match self {
            Remark::LeftButActive { last_day, manager } => {
                let (on, short) = match last_day.map(|last| (last, today.days_since(last))) {
                    None => (String::new(), "has left".to_owned()),
                    Some((last, days)) => {
                        let ago = format!("{days} {} ago", if days == 1 { "day" } else { "days" });
                        (format!(" on {last} ({ago})"), format!("left {ago}"))
                    }
                };
                (format!("left{on} according to the roster and still has access{}", by(*manager)), short)
            }
            Remark::NotOnRoster => (
                "no address of this person is on the roster: ask who this is and why they have access"
                    .to_owned(),
                "not on the roster".to_owned(),
            ),
            Remark::ServiceAccount { manager } => (
                format!(
                    "a service account according to the roster: ask who is responsible for it{}",
                    by(*manager)
                ),
                "service account".to_owned(),
            ),
            Remark::NotExpected => {
                ("not on the list of expected access with this role".to_owned(), "not expected".to_owned())
            }
            Remark::Expired(approval) => {
                let until = approval.until.map_or_else(String::new, |until| format!(" until {until}"));
                (
                    format!("this access was expected only{until} and is still there{}", approved(approval)),
                    format!("expected{until}"),
                )
            }
            Remark::HigherThanExpected(approval) => {
                let label = role::label(&approval.role);
                (
                    format!("this role allows more than the expected {label}{}", approved(approval)),
                    format!("expected: {label}"),
                )
            }
        }
    }
}

/// The end of a sentence that names whom to ask.
fn by(manager: Option<&str>) -> String {
    manager.map_or_else(String::new, |manager| format!("; manager: {manager}"))
}

fn approved(approval: &Approval) -> String {
    let by = approval.approved_by.as_ref().map(|by| format!("approved by {by}"));
    let said: Vec<String> = by.into_iter().chain(approval.reason.clone()).collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) }
}

/// Whether a row gives access, now or once an invitation is accepted.
pub(super) fn is_live(row: &AccessRow) -> Result<bool> {
    Ok(matches!(State::parse(&row.text(STATE)?), Some(State::Active | State::Invited)))
}

/// What the lists say about a row. For one that gives no access there is little to say.
pub(super) fn of_row<'v>(view: &'v View, row: &AccessRow) -> Result<Vec<Remark<'v>>> {
    let mut remarks = Vec::new();
    let (roster, expected) = (&view.options.roster, &view.options.expected);
    if roster.is_none() && expected.is_none() {
        return Ok(remarks);
    }
    let (live, account) = (is_live(row)?, row.text(ACCOUNT_KEY)?);
    if let Some(roster) = roster {
        let listed = roster.find(&account, view.today());
        if let Some(manager) = listed.as_ref().filter(|one| one.service_account).map(|one| one.manager) {
            remarks.push(Remark::ServiceAccount { manager });
        }
        match listed {
            None if live => remarks.push(Remark::NotOnRoster),
            Some(listed) if live => {
                let manager = listed.manager;
                remarks.extend(listed.left.map(|last_day| Remark::LeftButActive { last_day, manager }));
            }
            _ => {}
        }
    }
    if let Some(expected) = expected.as_ref().filter(|_| live) {
        let places = expected.places_of(row.integer(BUSINESS_ID)?, &account);
        match expected.judge(places, &row.text(ROLE)?, view.today()) {
            Verdict::Expected => {}
            Verdict::NotExpected => remarks.push(Remark::NotExpected),
            Verdict::Expired(approval) => remarks.push(Remark::Expired(approval)),
            Verdict::Higher(approval) => remarks.push(Remark::HigherThanExpected(approval)),
        }
    }
    Ok(remarks)
}

/// The flags of a row together with those from the lists, `;`-joined and sorted.
pub(super) fn flags(stored: &str, remarks: &[Remark]) -> String {
    let mut flags: Vec<&str> = stored.split(';').filter(|flag| !flag.is_empty()).collect();
    flags.extend(remarks.iter().map(|remark| remark.flag()));
    flags.sort_unstable();
    flags.join(";")
}
