//! Which access is expected, according to an approved list.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::model::role;
use crate::time::Day;

/// The list of approvals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// The hash of the file.
    pub(crate) sha256: String,
    /// The number of rows in the file.
    pub(crate) rows: usize,
    entries: Vec<Approval>,
    #[serde(skip)]
    places: HashMap<(i64, String), Vec<usize>>,
}

/// A row of the list: this person can have this role in this business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) business_id: i64,
    /// As written by [`normalized`](crate::model::addresses::normalized).
    pub(crate) email: String,
    /// The keys of all accounts that any snapshot lists under the address; `None` until they are looked
    /// up.
    pub(crate) accounts: Option<BTreeSet<String>>,
    /// FreshBooks' own word.
    pub(crate) role: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) approved_by: Option<String>,
    /// The last day on which it is valid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) until: Option<Day>,
}

/// How a person's role compares with what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    Expected,
    NotExpected,
    /// It was expected, until the approval's last day.
    Expired(&'a Approval),
    /// The approved role allows less.
    Higher(&'a Approval),
}

impl Expected {
    pub(crate) fn of(sha256: String, entries: Vec<Approval>) -> Self {
        Expected { sha256, rows: entries.len(), entries, places: HashMap::new() }
    }

    /// Keeps only the rows of these businesses.
    pub(crate) fn keep_only(&mut self, is_meant: impl Fn(i64) -> bool) {
        self.entries.retain(|approval| is_meant(approval.business_id));
        self.rows = self.entries.len();
    }

    /// Whether the accounts of the addresses still have to be looked up.
    pub(crate) fn is_open(&self) -> bool {
        self.entries.iter().any(|approval| approval.accounts.is_none())
    }

    /// Looks up the accounts of the addresses.
    pub(crate) fn resolve(&mut self, accounts_of: impl Fn(&str) -> BTreeSet<String>) {
        for approval in &mut self.entries {
            approval.accounts.get_or_insert_with(|| accounts_of(&approval.email));
        }
    }

    /// All businesses that the list names.
    pub(crate) fn businesses(&self) -> BTreeSet<i64> {
        self.entries.iter().map(|approval| approval.business_id).collect()
    }

    /// Whether this is exactly the part of the whole list that is about one business.
    pub(crate) fn is_part_of(&self, whole: &Expected, business_id: i64) -> bool {
        let without_accounts = |approval: &Approval| Approval { accounts: None, ..approval.clone() };
        let of_business = whole.entries.iter().filter(|approval| approval.business_id == business_id);
        let same = self.entries.iter().map(without_accounts).eq(of_business.map(without_accounts));
        self.sha256 == whole.sha256 && self.rows == self.entries.len() && same
    }

    /// Prepares the list for look-ups.
    pub(crate) fn index(&mut self) {
        self.places.clear();
        for (at, approval) in self.entries.iter().enumerate() {
            for account in approval.accounts.iter().flatten() {
                let key = (approval.business_id, account.clone());
                self.places.entry(key).or_default().push(at);
            }
        }
    }

    /// The indexes of the approvals for an account in a business.
    pub(crate) fn places_of(&self, business_id: i64, account_key: &str) -> &[usize] {
        self.places.get(&(business_id, account_key.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// How a role compares, on that day, with the approvals at these indexes.
    pub(crate) fn judge(&self, places: &[usize], role: &str, today: Day) -> Verdict<'_> {
        let suffices = |approval: &&Approval| approval.role == role || role::outranks(&approval.role, role);
        let approvals = places.iter().map(|at| &self.entries[*at]);
        let (lasting, over) = approvals.partition::<Vec<_>, _>(|approval| approval.lasts(today));
        if lasting.iter().any(suffices) {
            return Verdict::Expected;
        }
        let lower = lasting.into_iter().find(|approval| role::outranks(role, &approval.role));
        let expired = over.into_iter().filter(suffices).max_by_key(|approval| approval.until);
        match (lower, expired) {
            (Some(lower), _) => Verdict::Higher(lower),
            (None, Some(expired)) => Verdict::Expired(expired),
            (None, None) => Verdict::NotExpected,
        }
    }

    /// All approvals valid on that day, with their indexes.
    pub(crate) fn lasting(&self, today: Day) -> impl Iterator<Item = (usize, &Approval)> {
        self.entries.iter().enumerate().filter(move |(_, approval)| approval.lasts(today))
    }
}

impl Approval {
    fn lasts(&self, today: Day) -> bool {
        self.until.is_none_or(|until| until >= today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes approvals as `role [until]`, and compares a role with them.
    #[track_caller]
    fn check(approvals: &[&str], role: &str, expected: &str) {
        let approval = |text: &&str| {
            let (role, until) = text.split_once(' ').unwrap_or((text, ""));
            let (email, until) = ("ann@x.example".to_owned(), Day::parse(until));
            Approval { business_id: 1, email, role: role.to_owned(), until, ..Approval::default() }
        };
        let mut list = Expected::of("hash".to_owned(), approvals.iter().map(approval).collect());
        list.resolve(|email| BTreeSet::from([format!("key of {email}")]));
        list.index();
        let places = list.places_of(1, "key of ann@x.example");
        assert_eq!(places.len(), approvals.len());
        let verdict = match list.judge(places, role, Day::parse("2026-06-30").expect("a day")) {
            Verdict::Expected => "expected".to_owned(),
            Verdict::NotExpected => "not expected".to_owned(),
            Verdict::Expired(last) => format!("expired {}", last.until.expect("a day")),
            Verdict::Higher(lower) => format!("higher than {}", lower.role),
        };
        assert_eq!(verdict, expected, "{approvals:?} {role}");
    }

    #[test]
    fn a_role_is_compared_with_the_approvals() {
        check(&[], "owner", "not expected");
        check(&["business_manager"], "business_manager", "expected");
        // Less than approved needs no action; a different role of the same weight was not approved.
        check(&["business_partner"], "business_manager", "expected");
        check(&["business_accountant"], "business_manager", "not expected");
        check(&["business_manager"], "business_partner", "higher than business_manager");
        check(&["business_partner"], "owner", "higher than business_partner");
        check(&["client", "business_employee"], "business_employee", "expected");
        check(&["client", "contractor"], "business_manager", "higher than client");
        // How much an unknown role allows is not known.
        check(&["workshop_wizard"], "workshop_wizard", "expected");
        check(&["owner"], "workshop_wizard", "not expected");
        check(&["workshop_wizard"], "owner", "not expected");
    }

    #[test]
    fn an_approval_counts_to_the_end_of_its_last_day() {
        check(&["owner 2026-06-30"], "owner", "expected");
        check(&["owner 2026-06-29"], "owner", "expired 2026-06-29");
        check(&["owner 2025-06-29", "owner 2026-05-31"], "owner", "expired 2026-05-31");
        check(&["owner 2025-06-29", "owner"], "owner", "expected");
        check(&["owner 2025-06-29", "client 2027-06-30"], "owner", "higher than client");
        check(&["client 2025-06-29"], "owner", "not expected");
    }

    #[test]
    fn other_people_and_other_businesses_have_separate_approvals() {
        let of = |business_id, email: &str| Approval {
            business_id,
            email: email.to_owned(),
            ..Approval::default()
        };
        let mut list = Expected::of("hash".to_owned(), vec![of(1, "ann@x"), of(2, "ann@x"), of(1, "bo@x")]);
        list.resolve(|email| BTreeSet::from([email.to_owned()]));
        list.index();
        assert_eq!(list.places_of(1, "ann@x"), [0]);
        assert!(list.places_of(3, "ann@x").is_empty());
        let whole = list.clone();
        list.keep_only(|business| business == 1);
        assert_eq!((list.rows, list.entries.len()), (2, 2));
        assert!(list.is_part_of(&whole, 1) && !list.is_part_of(&whole, 2));
        let changes: [fn(&mut Expected); 4] = [
            |list| list.sha256 = "another".to_owned(),
            |list| list.rows = 3,
            |list| list.entries[0].role = "owner".to_owned(),
            |list| drop(list.entries.pop()),
        ];
        for change in changes {
            let mut changed = list.clone();
            change(&mut changed);
            assert!(!changed.is_part_of(&whole, 1), "{changed:?}");
        }
    }
}
