//! Who works here, according to a list that others keep, and the flags and reasons that follow from it.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::time::Day;

/// The roster, limited to people in the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roster {
    /// The hash of the file.
    pub(crate) sha256: String,
    /// The number of rows in the file.
    pub(crate) rows: usize,
    entries: Vec<Entry>,
    /// The entries for each account.
    #[serde(skip)]
    places: HashMap<String, Vec<usize>>,
}

/// A row of the roster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// As written by [`normalized`](crate::model::addresses::normalized).
    pub(crate) emails: Vec<String>,
    /// The keys of all accounts that any snapshot lists under one of these addresses; `None` until they
    /// are looked up.
    pub(crate) accounts: Option<BTreeSet<String>>,
    /// According to the status; the end date takes precedence.
    pub(crate) left: bool,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) end_date: Option<Day>,
    pub(crate) service_account: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) manager: Option<String>,
}

/// What a roster says about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed<'a> {
    /// Whether the person has left, and the last day if it is known.
    pub(crate) left: Option<Option<Day>>,
    pub(crate) service_account: bool,
    pub(crate) manager: Option<&'a str>,
}

impl Entry {
    fn has_left(&self, today: Day) -> bool {
        self.end_date.map_or(self.left, |last| last < today)
    }
}

impl Roster {
    pub(crate) fn of(sha256: String, entries: Vec<Entry>) -> Self {
        Roster { sha256, rows: entries.len(), entries, places: HashMap::new() }
    }

    /// Whether the accounts of the addresses still have to be looked up.
    pub(crate) fn is_open(&self) -> bool {
        self.entries.iter().any(|entry| entry.accounts.is_none())
    }

    /// Looks up the accounts of the addresses.
    pub(crate) fn resolve(&mut self, accounts_of: impl Fn(&str) -> BTreeSet<String>) {
        for entry in &mut self.entries {
            let accounts = || entry.emails.iter().flat_map(|email| accounts_of(email)).collect();
            entry.accounts.get_or_insert_with(accounts);
        }
    }

    /// Drops the rows of people who have no account here: the reader has no business seeing them.
    pub(crate) fn keep_only(&mut self, is_here: impl Fn(&str) -> bool) {
        self.entries.retain(|entry| entry.accounts.iter().flatten().any(|account| is_here(account)));
        self.places.clear();
        for (at, entry) in self.entries.iter().enumerate() {
            for account in entry.accounts.iter().flatten() {
                self.places.entry(account.clone()).or_default().push(at);
            }
        }
    }

    /// Drops the rows and addresses that are not known here.
    pub(crate) fn forget_the_rest(&mut self, is_known: impl Fn(&str) -> bool) {
        self.rows = self.entries.len();
        self.entries.iter_mut().for_each(|entry| entry.emails.retain(|email| is_known(email)));
    }

    /// Whether this can be the part of the whole roster that is about one business.
    pub(crate) fn is_part_of(&self, whole: &Roster) -> bool {
        let told = |entry: &Entry| (entry.left, entry.end_date, entry.service_account, entry.manager.clone());
        let is_of = |entry: &Entry, whole: &Entry| {
            told(entry) == told(whole) && entry.emails.iter().all(|email| whole.emails.contains(email))
        };
        let known = |entry: &Entry| whole.entries.iter().any(|whole| is_of(entry, whole));
        self.sha256 == whole.sha256 && self.rows == self.entries.len() && self.entries.iter().all(known)
    }

    /// What the roster says on that day about the holder of the account; `None` if they are not on it.
    /// A current row takes precedence over ended ones.
    pub(crate) fn find(&self, account_key: &str, today: Day) -> Option<Listed<'_>> {
        let places = self.places.get(account_key)?;
        let entries: Vec<&Entry> = places.iter().map(|at| &self.entries[*at]).collect();
        let speaks = entries.iter().find(|entry| !entry.has_left(today));
        let speaks = speaks.or_else(|| entries.iter().max_by_key(|entry| entry.end_date))?;
        Some(Listed {
            left: speaks.has_left(today).then_some(speaks.end_date),
            service_account: entries.iter().any(|entry| entry.service_account),
            manager: speaks.manager.as_deref(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `addresses left|here|DATE [service]`; an account's key is its address.
    fn roster(rows: &[&str]) -> Roster {
        let entry = |row: &&str| {
            let words: Vec<&str> = row.split(' ').collect();
            Entry {
                emails: words[0].split(';').map(str::to_owned).collect(),
                accounts: None,
                left: words[1] == "left",
                end_date: Day::parse(words[1]),
                service_account: words.contains(&"service"),
                manager: None,
            }
        };
        let mut roster = Roster::of("hash".to_owned(), rows.iter().map(entry).collect());
        assert!(rows.is_empty() || roster.is_open());
        roster.resolve(|address| BTreeSet::from([address.to_owned()]));
        assert!(!roster.is_open());
        roster.keep_only(|_| true);
        roster
    }

    #[track_caller]
    fn check(rows: &[&str], account: &str, expected: &str) {
        let today = Day::parse("2026-06-30").expect("a day");
        let found = match roster(rows).find(account, today) {
            None => "not on it".to_owned(),
            Some(Listed { left, service_account, .. }) => {
                let left = left.map(|last| last.map_or("left".to_owned(), |last| last.to_string()));
                let service = if service_account { " service" } else { "" };
                format!("{}{service}", left.unwrap_or("here".to_owned()))
            }
        };
        assert_eq!(found, expected, "{rows:?} {account}");
    }

    #[test]
    fn a_person_is_found_by_any_address() {
        check(&["ann@x here"], "ann@x", "here");
        check(&["ann@x;ann@y left"], "ann@y", "left");
        check(&["ann@x here"], "bo@x", "not on it");
        check(&[], "ann@x", "not on it");
    }

    #[test]
    fn the_last_day_takes_precedence_over_the_status() {
        check(&["ann@x 2026-06-29"], "ann@x", "2026-06-29");
        check(&["ann@x 2026-06-30"], "ann@x", "here");
        check(&["ann@x left"], "ann@x", "left");
    }

    #[test]
    fn a_current_row_takes_precedence_over_ended_ones() {
        check(&["ann@x 2025-01-31", "ann@x here"], "ann@x", "here");
        check(&["ann@x 2025-01-31", "ann@x 2026-01-31"], "ann@x", "2026-01-31");
        check(&["ann@x left", "ann@home;ann@x 2027-01-31"], "ann@x", "here");
        check(&["ann@x left", "ann@x left service"], "ann@x", "left service");
    }

    #[test]
    fn rows_of_others_are_not_kept() {
        let mut roster = roster(&["ann@x here", "bo@x left", "cy@x;cy@y here"]);
        roster.keep_only(|account| account == "cy@y");
        assert_eq!((roster.rows, roster.entries.len()), (3, 1));
        roster.forget_the_rest(|address| address == "cy@y");
        assert_eq!((roster.rows, roster.entries[0].emails.as_slice()), (1, &["cy@y".to_owned()][..]));

        let whole = self::roster(&["ann@x here", "bo@x left", "cy@x;cy@y here"]);
        assert!(roster.is_part_of(&whole) && !whole.is_part_of(&roster));
        let changes: [fn(&mut Roster); 4] = [
            |roster| roster.sha256 = "another".to_owned(),
            |roster| roster.rows = 3,
            |roster| roster.entries[0].left = true,
            |roster| roster.entries[0].emails.push("dee@x".to_owned()),
        ];
        for change in changes {
            let mut changed = roster.clone();
            change(&mut changed);
            assert!(!changed.is_part_of(&whole), "{changed:?}");
        }
    }
}
