//! Two snapshots, compared business by business.
//!
//! For each business either side is the newest reading at or before its snapshot in which the team list
//! was whole, so that a list which could not be read one night makes leavers of nobody. Where there is
//! none, what the other sources named is compared, and the rest is told as not comparable. A business
//! whose listing is the same row by row needs no look, and only one business's rows are held at a time.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension};

use super::{Reader, query, storage_error};
use crate::diff::{self, Change, Kind, Read};
use crate::error::Result;
use crate::model::rows::collate;

/// One business in one snapshot.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) business_id: i64,
    pub(super) name: String,
    pub(super) snapshot_id: i64,
    pub(super) listing: i64,
    pub(super) read: Read,
}

impl Place {
    fn is_whole(&self) -> bool {
        self.read.includes("team_members")
    }
}

/// A snapshot as one side of a comparison.
pub(super) struct Anchor {
    pub(super) id: i64,
    pub(super) places: Vec<Place>,
}

/// A change and where it happened.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) business_id: i64,
    pub(crate) business_name: String,
    pub(crate) from_snapshot_id: i64,
    pub(crate) to_snapshot_id: i64,
    pub(crate) change: Change,
    pub(crate) note: Option<String>,
}

/// Hands every change between two snapshots to `take`: by business, then by person. E-mail and name
/// are the membership's own, else the account's.
pub(crate) fn changes(
    reader: &Reader,
    from: i64,
    to: i64,
    mut take: impl FnMut(Located) -> Result<()>,
) -> Result<()> {
    let failed = |error| storage_error(error, "compare the snapshots");
    let connection = reader.connection();
    let from = Anchor::read(connection, from).map_err(failed)?;
    let to = Anchor::read(connection, to).map_err(failed)?;
    for pair in pairs(&from, &to) {
        for mut located in compare(connection, &from, &to, pair).map_err(failed)? {
            name_persons(connection, &mut located).map_err(failed)?;
            take(located)?;
        }
    }
    Ok(())
}

/// How many joined, left, changed: counted over the very rows that [`changes`] tells.
pub(super) fn count(connection: &Connection, from: &Anchor, to: &Anchor) -> rusqlite::Result<[i64; 3]> {
    let [mut joined, mut left, mut changed] = [0; 3];
    for pair in pairs(from, to) {
        for located in compare(connection, from, to, pair)? {
            match located.change.kind {
                Kind::Joined => joined += 1,
                Kind::Left => left += 1,
                kind => changed += i64::from(kind.is_change()),
            }
        }
    }
    Ok([joined, left, changed])
}

type Pair<'a> = (Option<&'a Place>, Option<&'a Place>);

/// Every business of either side, in the order of reports.
fn pairs<'a>(from: &'a Anchor, to: &'a Anchor) -> Vec<Pair<'a>> {
    let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
    for place in &from.places {
        pairs.entry(place.business_id).or_default().0 = Some(place);
    }
    for place in &to.places {
        pairs.entry(place.business_id).or_default().1 = Some(place);
    }
    let mut pairs: Vec<Pair> = pairs.into_values().collect();
    let name = |pair: &Pair<'a>| pair.1.or(pair.0).map_or("", |place| place.name.as_str());
    // The sort is stable, so that equal names stay ordered by id.
    pairs.sort_by(|a, b| collate(name(a), name(b)));
    pairs
}

fn compare(
    connection: &Connection,
    from: &Anchor,
    to: &Anchor,
    pair: Pair,
) -> rusqlite::Result<Vec<Located>> {
    let of_business = |place: &Place, kind, note| Located {
        business_id: place.business_id,
        business_name: place.name.clone(),
        from_snapshot_id: from.id,
        to_snapshot_id: to.id,
        change: Change { kind, before: None, after: None, reinvited: false },
        note,
    };
    let (before, after) = match pair {
        (Some(before), Some(after)) => (before, after),
        // The people of a removed business did not leave it, and those of an added one were there.
        (Some(place), None) => return Ok(vec![of_business(place, Kind::BusinessRemoved, None)]),
        (None, Some(place)) => return Ok(vec![of_business(place, Kind::BusinessAdded, None)]),
        (None, None) => return Ok(Vec::new()),
    };
    let earlier = newest_whole(connection, before, from.id)?;
    let later = newest_whole(connection, after, to.id)?;
    let mut told = Vec::new();
    if !later.is_whole() || later.snapshot_id <= earlier.snapshot_id {
        let note = match earlier.is_whole() {
            true => format!("team list not read since snapshot {}", earlier.snapshot_id),
            false => "team list not read in either snapshot".to_owned(),
        };
        told.push(of_business(after, Kind::NotComparable, Some(note)));
    }
    if later.snapshot_id <= earlier.snapshot_id || later.listing == earlier.listing {
        return Ok(told);
    }
    let side = |place: &Place| -> rusqlite::Result<diff::Side> {
        Ok(diff::Side { rows: query::diff_rows(connection, place.listing)?, read: place.read.clone() })
    };
    told.extend(diff::changes(side(&earlier)?, side(&later)?).into_iter().map(|change| Located {
        from_snapshot_id: earlier.snapshot_id,
        to_snapshot_id: later.snapshot_id,
        note: note(&change, &earlier, &later),
        change,
        ..of_business(after, Kind::NotComparable, None)
    }));
    Ok(told)
}

fn note(change: &Change, earlier: &Place, later: &Place) -> Option<String> {
    if change.reinvited {
        return Some("re-invited".to_owned());
    }
    let unread = match (change.kind, &change.before) {
        (Kind::NotComparable, Some(_)) => later,
        (Kind::NotComparable, None) => earlier,
        _ => return None,
    };
    let sources = change.row().map(|row| row.sources.clone()).unwrap_or_default();
    Some(format!("named by {sources} alone, not read in snapshot {}", unread.snapshot_id))
}

impl Anchor {
    pub(super) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Anchor> {
        let mut read: HashMap<i64, Read> = HashMap::new();
        let mut coverage = connection.prepare_cached(
            "SELECT business_id, resource FROM coverage WHERE snapshot_id = ?1 AND outcome = 'ok'",
        )?;
        let mut lines = coverage.query([id])?;
        while let Some(line) = lines.next()? {
            read.entry(line.get(0)?).or_default().0.push(line.get(1)?);
        }
        let mut businesses = connection.prepare_cached(
            "SELECT b.business_id, b.name, s.listing FROM snapshot_businesses s
             JOIN business_rows b ON b.id = s.business_row WHERE s.snapshot_id = ?1 ORDER BY s.position",
        )?;
        let places = businesses.query_map([id], |row| {
            let business_id = row.get(0)?;
            let read = read.remove(&business_id).unwrap_or_default();
            Ok(Place { business_id, name: row.get(1)?, snapshot_id: id, listing: row.get(2)?, read })
        })?;
        Ok(Anchor { id, places: places.collect::<rusqlite::Result<_>>()? })
    }
}

/// The place itself where its team list was whole, else the newest earlier one of which that is true,
/// else the place itself.
fn newest_whole(connection: &Connection, place: &Place, at_most: i64) -> rusqlite::Result<Place> {
    if place.is_whole() {
        return Ok(place.clone());
    }
    let Some(id) = last_read(connection, place.business_id, at_most)? else { return Ok(place.clone()) };
    let found = Anchor::read(connection, id)?.places.into_iter();
    let mut found = found.filter(|known| known.business_id == place.business_id);
    Ok(found.next().unwrap_or_else(|| place.clone()))
}

/// The newest snapshot, not after `at_most`, in which the business's team list was read to its end.
pub(super) fn last_read(
    connection: &Connection,
    business_id: i64,
    at_most: i64,
) -> rusqlite::Result<Option<i64>> {
    let mut newest = connection.prepare_cached(
        "SELECT s.id FROM snapshots s JOIN coverage c ON c.snapshot_id = s.id
         WHERE s.id <= ?1 AND c.business_id = ?2 AND c.resource = 'team_members' AND c.outcome = 'ok'
         ORDER BY s.id DESC LIMIT 1",
    )?;
    newest.query_row([at_most, business_id], |row| row.get(0)).optional()
}

/// Fills in from the account what the membership itself leaves out.
fn name_persons(connection: &Connection, located: &mut Located) -> rusqlite::Result<()> {
    let (from, to) = (located.from_snapshot_id, located.to_snapshot_id);
    let Change { before, after, .. } = &mut located.change;
    for (snapshot_id, row) in [(from, before), (to, after)] {
        let Some(row) = row else { continue };
        if !row.email.is_empty() && !row.full_name.is_empty() {
            continue;
        }
        let mut account = connection.prepare_cached(
            "SELECT email, full_name FROM accounts WHERE snapshot_id = ?1 AND account_key = ?2",
        )?;
        let found = account.query_row((snapshot_id, &row.account_key), |found| {
            Ok((found.get::<_, String>(0)?, found.get::<_, String>(1)?))
        });
        if let Some((email, full_name)) = found.optional()? {
            if row.email.is_empty() {
                row.email = email;
            }
            if row.full_name.is_empty() {
                row.full_name = full_name;
            }
        }
    }
    Ok(())
}
