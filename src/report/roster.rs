//! Who works here, by a list that others keep: the flags and reasons that a roster gives.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::time::Day;

/// The roster, as far as it is about people of the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roster {
    /// Of the file that it was read from.
    pub(crate) sha256: String,
    /// How many rows the file has.
    pub(crate) rows: usize,
    entries: Vec<Entry>,
    #[serde(skip)]
    places: HashMap<String, Vec<usize>>,
}

/// A row of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// As [`normalized`](crate::model::addresses::normalized) writes them.
    pub(crate) emails: Vec<String>,
    /// By the status; the end date counts before it.
    pub(crate) left: bool,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) end_date: Option<Day>,
    pub(crate) service_account: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) manager: Option<String>,
}

/// What a roster says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed<'a> {
    /// The last day, where it is known.
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

    /// Drops the rows of which nobody has an address: people without access are none of the reader's
    /// business.
    pub(crate) fn keep_only(&mut self, is_known: impl Fn(&str) -> bool) {
        self.entries.retain(|entry| entry.emails.iter().any(|email| is_known(email)));
        self.places.clear();
        for (at, entry) in self.entries.iter().enumerate() {
            for email in &entry.emails {
                self.places.entry(email.clone()).or_default().push(at);
            }
        }
    }

    /// As if the file held no more than the rows that were kept.
    pub(crate) fn forget_the_rest(&mut self) {
        self.rows = self.entries.len();
    }

    /// What it says on that day of somebody with these addresses; nothing where they are not on it. One
    /// row that is still going counts more than others that ended.
    pub(crate) fn find<'a, 'e>(
        &'a self,
        addresses: impl Iterator<Item = &'e str>,
        today: Day,
    ) -> Option<Listed<'a>> {
        let places = addresses.filter_map(|address| self.places.get(address)).flatten();
        let entries: Vec<&Entry> = places.map(|at| &self.entries[*at]).collect();
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

    /// Rows as `addresses left|here|DATE [service]`.
    fn roster(rows: &[&str]) -> Roster {
        let entry = |row: &&str| {
            let words: Vec<&str> = row.split(' ').collect();
            Entry {
                emails: words[0].split(';').map(str::to_owned).collect(),
                left: words[1] == "left",
                end_date: Day::parse(words[1]),
                service_account: words.contains(&"service"),
                manager: None,
            }
        };
        let mut roster = Roster::of("hash".to_owned(), rows.iter().map(entry).collect());
        roster.keep_only(|_| true);
        roster
    }

    #[track_caller]
    fn check(rows: &[&str], addresses: &str, expected: &str) {
        let today = Day::parse("2026-06-30").expect("a day");
        let found = match roster(rows).find(addresses.split(';'), today) {
            None => "not on it".to_owned(),
            Some(Listed { left, service_account, .. }) => {
                let left = left.map(|last| last.map_or("left".to_owned(), |last| last.to_string()));
                let service = if service_account { " service" } else { "" };
                format!("{}{service}", left.unwrap_or("here".to_owned()))
            }
        };
        assert_eq!(found, expected, "{rows:?} {addresses}");
    }

    #[test]
    fn somebody_is_found_by_any_address() {
        check(&["ann@x here"], "ann@x", "here");
        check(&["ann@x here"], "ann@home;ann@x", "here");
        check(&["ann@x;ann@y left"], "ann@y", "left");
        check(&["ann@x here"], "bo@x", "not on it");
        check(&["ann@x here"], "", "not on it");
        check(&[], "ann@x", "not on it");
    }

    #[test]
    fn the_last_day_counts_before_the_status() {
        check(&["ann@x 2026-06-29"], "ann@x", "2026-06-29");
        check(&["ann@x 2026-06-30"], "ann@x", "here");
        check(&["ann@x left"], "ann@x", "left");
    }

    #[test]
    fn a_row_that_is_still_going_counts_more_than_those_that_ended() {
        check(&["ann@x 2025-01-31", "ann@x here"], "ann@x", "here");
        check(&["ann@x 2025-01-31", "ann@x 2026-01-31"], "ann@x", "2026-01-31");
        check(&["ann@x left", "ann@home 2027-01-31"], "ann@x;ann@home", "here");
        check(&["ann@x left", "ann@x left service"], "ann@x", "left service");
    }

    #[test]
    fn rows_of_others_are_not_kept() {
        let mut roster = roster(&["ann@x here", "bo@x left", "cy@x;cy@y here"]);
        roster.keep_only(|address| address == "cy@y");
        assert_eq!((roster.rows, roster.entries.len()), (3, 1));
        roster.forget_the_rest();
        assert_eq!(roster.rows, 1);
    }
}
