//! The same businesses and people in many snapshots.
//!
//! A business that did not change points to the same listing in snapshot after snapshot. Each listing
//! is read once, as numbers, and each row that is new in it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use rusqlite::OptionalExtension as _;
use serde::de::{Deserializer as _, MapAccess, Visitor};

use super::{People, Snapshot};
use crate::diff::tenure::{Entry, Tenure, Tenures};
use crate::diff::{self, Read};
use crate::error::Result;
use crate::model::marks::State;
use crate::model::persons::{Acquaintance, Persons};
use crate::model::rows::{collate, full_name};
use crate::store::{Reader, compare, schema, storage_error};
use crate::time::Timestamp;

/// A business in one of many snapshots.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// The snapshot's place among them.
    pub(crate) at: usize,
    /// What the business was called then.
    pub(crate) name: String,
    pub(crate) read: Read,
    listing: i64,
}

/// A business in all the snapshots that have it, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    pub(crate) business_id: i64,
    pub(crate) readings: Vec<Reading>,
}

impl Timeline {
    /// What it is called in the newest snapshot that has it.
    pub(crate) fn name(&self) -> &str {
        self.readings.last().map_or("", |reading| &reading.name)
    }
}

/// How many hold roles of a class, by their state.
pub(crate) type Headcount = BTreeMap<(String, State), i64>;

/// FreshBooks' own dates of a member record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MemberDates {
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) accepted_at: Option<Timestamp>,
}

impl Reader {
    /// Everybody whom any snapshot knows.
    pub(crate) fn persons(&self) -> Result<Persons> {
        let mut acquaintance = Acquaintance::default();
        let mut read = || -> rusqlite::Result<()> {
            let mut accounts =
                self.connection().prepare("SELECT account_key, emails, full_name FROM account_rows")?;
            let mut rows = accounts.query([])?;
            while let Some(row) = rows.next()? {
                acquaintance.meet(row.get(0)?, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            }
            let members = "SELECT account_key, email, first_name, last_name FROM membership_rows";
            let mut members = self.connection().prepare(members)?;
            let mut rows = members.query([])?;
            while let Some(row) = rows.next()? {
                let name = full_name(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
                acquaintance.meet(row.get(0)?, row.get_ref(1)?.as_str()?, &name);
            }
            Ok(())
        };
        read().map_err(|error| storage_error(error, "look for people"))?;
        Ok(acquaintance.persons())
    }

    /// The businesses in which these people ever had a row.
    pub(crate) fn businesses_of(&self, people: &People) -> Result<HashSet<i64>> {
        let of_them = people.condition("account_key");
        let sql = format!("SELECT DISTINCT business_id FROM membership_rows WHERE {of_them}");
        let read = || -> rusqlite::Result<HashSet<i64>> {
            let mut businesses = self.connection().prepare(&sql)?;
            businesses.query_map((None::<i64>, people.parameter()), |row| row.get(0))?.collect()
        };
        read().map_err(|error| storage_error(error, "look for people"))
    }

    /// Every business that one of these snapshots has, in the order of reports.
    pub(crate) fn timelines(&self, snapshots: &[Snapshot]) -> Result<Vec<Timeline>> {
        let mut timelines: BTreeMap<i64, Vec<Reading>> = BTreeMap::new();
        for (at, snapshot) in snapshots.iter().enumerate() {
            let places = compare::places(self.connection(), snapshot.id);
            for place in places.map_err(|error| storage_error(error, "read the snapshots' businesses"))? {
                let compare::Place { business_id, name, listing, read, .. } = place;
                timelines.entry(business_id).or_default().push(Reading { at, name, read, listing });
            }
        }
        let timeline = |(business_id, readings)| Timeline { business_id, readings };
        let mut timelines: Vec<Timeline> = timelines.into_iter().map(timeline).collect();
        // The sort is stable, so that equal names stay ordered by id.
        timelines.sort_by(|a, b| collate(a.name(), b.name()));
        Ok(timelines)
    }

    /// Every membership that the business ever had. `now` is the place of the last snapshot.
    pub(crate) fn tenures(&self, timeline: &Timeline, now: usize) -> Result<Vec<Tenure>> {
        let mut tenures = Tenures::default();
        let mut newest: Option<&Reading> = None;
        let mut follow = || -> rusqlite::Result<()> {
            for reading in &timeline.readings {
                let same =
                    |newest: &Reading| newest.listing == reading.listing && newest.read == reading.read;
                match newest.is_some_and(same) {
                    true => tenures.unchanged(reading.at),
                    false => {
                        let listing = self.entries(reading.listing)?;
                        tenures.follow(reading.at, reading.read, &listing, |entries| self.rows(entries))?;
                    }
                }
                newest = Some(reading);
            }
            Ok(())
        };
        follow().map_err(|error| storage_error(error, "follow the memberships"))?;
        Ok(tenures.finish(now))
    }

    /// How many people held which roles in each reading of the business.
    pub(crate) fn headcounts(&self, timeline: &Timeline, people: &People) -> Result<Vec<Rc<Headcount>>> {
        let read = || -> rusqlite::Result<Vec<Rc<Headcount>>> {
            let kinds = self.kinds(timeline.business_id, people)?;
            let mut known: HashMap<i64, Rc<Headcount>> = HashMap::new();
            let mut counts = Vec::with_capacity(timeline.readings.len());
            for reading in &timeline.readings {
                let count = match known.get(&reading.listing) {
                    Some(count) => Rc::clone(count),
                    None => {
                        let count = Rc::new(counted(&self.entries(reading.listing)?, &kinds));
                        known.insert(reading.listing, Rc::clone(&count));
                        count
                    }
                };
                counts.push(count);
            }
            Ok(counts)
        };
        read().map_err(|error| storage_error(error, "count the memberships"))
    }

    /// What FreshBooks says of when the membership began.
    pub(crate) fn member_dates(&self, entry: Entry) -> Result<MemberDates> {
        let sql = "SELECT member_created_at, invitation_accepted_at FROM membership_rows WHERE id = ?1";
        let read = || -> rusqlite::Result<Option<MemberDates>> {
            let mut dates = self.connection().prepare_cached(sql)?;
            let dates = dates.query_row([entry.membership], |row| {
                Ok(MemberDates { created_at: row.get(0)?, accepted_at: row.get(1)? })
            });
            dates.optional()
        };
        let dates = read().map_err(|error| storage_error(error, "read a membership's dates"))?;
        Ok(dates.unwrap_or_default())
    }

    /// The rows of entries, in their order.
    fn rows(&self, entries: &[Entry]) -> rusqlite::Result<Vec<diff::Row>> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        // As a listing has them.
        let pairs = entries.iter().map(|entry| format!("\"{}\":{}", entry.membership, entry.account));
        let listing = format!("{{{}}}", pairs.collect::<Vec<_>>().join(","));
        let sql = format!("SELECT {} FROM (SELECT ?1 AS rows) l {}", compare::compared(), schema::MEMBERS);
        let mut rows = self.connection().prepare_cached(&sql)?;
        let rows: Vec<diff::Row> =
            rows.query_map([listing], compare::read_row)?.collect::<rusqlite::Result<_>>()?;
        match rows.len() == entries.len() {
            true => Ok(rows),
            // A row that a listing names is gone.
            false => Err(rusqlite::Error::QueryReturnedNoRows),
        }
    }

    /// What a listing has, in order.
    pub(in crate::store) fn entries(&self, listing: i64) -> rusqlite::Result<Vec<Entry>> {
        let mut rows = self.connection().prepare_cached("SELECT rows FROM listings WHERE id = ?1")?;
        rows.query_row([listing], |row| {
            let json = serde_json::Deserializer::from_str(row.get_ref(0)?.as_str()?).deserialize_map(Entries);
            json.map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
            })
        })
    }

    /// Class and state of every row that the business ever had.
    fn kinds(&self, business_id: i64, people: &People) -> rusqlite::Result<HashMap<i64, (String, State)>> {
        let sql = format!(
            "SELECT id, role_class, state FROM membership_rows WHERE business_id = ?1 AND {}",
            people.condition("account_key")
        );
        let mut kinds = self.connection().prepare_cached(&sql)?;
        kinds
            .query_map((business_id, people.parameter()), |row| {
                Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
            })?
            .collect()
    }
}

fn counted(listing: &[Entry], kinds: &HashMap<i64, (String, State)>) -> Headcount {
    let mut count: HashMap<&(String, State), i64> = HashMap::new();
    for kind in listing.iter().filter_map(|entry| kinds.get(&entry.membership)) {
        *count.entry(kind).or_default() += 1;
    }
    count.into_iter().map(|(kind, n)| (kind.clone(), n)).collect()
}

/// Reads a listing's object: the number of each membership, and that of the account that holds it.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the rows of a listing")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Vec<Entry>, M::Error> {
        let mut entries = Vec::new();
        while let Some((membership, account)) = map.next_entry()? {
            entries.push(Entry { membership, account });
        }
        Ok(entries)
    }
}
