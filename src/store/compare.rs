//! Two snapshots, compared business by business.
//!
//! For each business either side is the newest reading at or before its snapshot in which the team list
//! was whole, so that a list which could not be read one night makes leavers of nobody. Where there is
//! none, what the other sources named is compared, and the rest is told as not comparable. A business
//! whose listing is the same row by row needs no look, and only one business's rows are held at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension};

use super::{Reader, schema, storage_error};
use crate::diff::{self, Again, Change, Kind, Read};
use crate::error::Result;
use crate::model::addresses::composed;
use crate::model::marks::Sources;
use crate::model::rows::{collate, full_name};
use crate::model::{Outcome, Resource};
use crate::time::Timestamp;

/// One business in one snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(super) business_id: i64,
    pub(super) name: String,
    pub(super) snapshot_id: i64,
    /// Nothing of a snapshot that is being written: it has no row of its own yet.
    finished_at: Option<Timestamp>,
    pub(super) listing: i64,
    pub(super) read: Read,
}

impl Place {
    fn is_whole(&self) -> bool {
        self.read.includes(Resource::TeamMembers)
    }

    /// Whether both are the same rows, resting on the same sources.
    pub(crate) fn is_same_reading(&self, other: &Place) -> bool {
        (self.listing, self.read) == (other.listing, other.read)
    }
}

/// A snapshot as one side of a comparison.
struct Anchor {
    id: i64,
    finished_at: Option<Timestamp>,
    places: Vec<Place>,
}

/// A change and where it happened.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) business_id: i64,
    pub(crate) business_name: String,
    pub(crate) from_snapshot_id: i64,
    pub(crate) from_finished_at: Option<Timestamp>,
    pub(crate) to_snapshot_id: i64,
    pub(crate) to_finished_at: Option<Timestamp>,
    pub(crate) change: Change,
    /// The names of a business that was renamed.
    names: Option<[String; 2]>,
    pub(crate) note: Option<String>,
}

impl Located {
    /// The values of `before` and `after`: what the change is a change of.
    pub(crate) fn values(&self) -> (Option<&str>, Option<&str>) {
        match &self.names {
            Some([before, after]) => (Some(before), Some(after)),
            None => self.change.values(),
        }
    }
}

impl Reader {
    /// Hands every change between two snapshots to `take`: by business, then by person.
    pub(crate) fn changes(
        &self,
        from: i64,
        to: i64,
        mut take: impl FnMut(Located) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| storage_error(error, "compare the snapshots");
        let connection = self.connection();
        let from = Anchor::read(connection, from).map_err(failed)?;
        let to = Anchor::read(connection, to).map_err(failed)?;
        for pair in pairs(&from, &to) {
            for located in compare(connection, &from, &to, pair).map_err(failed)? {
                take(located)?;
            }
        }
        Ok(())
    }
}

/// The businesses of a snapshot, to be compared one by one.
pub(crate) struct Places(Anchor);

impl Places {
    /// The business, if its team list was read to its end.
    pub(crate) fn whole(&self, business_id: i64) -> Option<&Place> {
        self.of(business_id).filter(|place| place.is_whole())
    }

    /// The business, however much of it was read.
    pub(crate) fn of(&self, business_id: i64) -> Option<&Place> {
        self.0.places.iter().find(|place| place.business_id == business_id)
    }
}

impl Reader {
    /// The businesses of a snapshot; none where its content was pruned.
    pub(crate) fn places(&self, snapshot_id: i64) -> Result<Places> {
        let read = Anchor::read(self.connection(), snapshot_id).map(Places);
        read.map_err(|error| storage_error(error, "compare the snapshots"))
    }

    /// A business as one side of a comparison.
    pub(crate) fn side(&self, place: &Place) -> Result<diff::Side> {
        let rows = rows(self.connection(), place.listing);
        let rows = rows.map_err(|error| storage_error(error, "compare the snapshots"))?;
        Ok(diff::Side { rows, read: place.read })
    }
}

/// How many joined, left, changed: counted over the very rows that [`Reader::changes`] tells. The later
/// snapshot may still lack its own row.
pub(super) fn count(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<[i64; 3]> {
    let (from, to) = (Anchor::read(connection, from)?, Anchor::read(connection, to)?);
    let [mut joined, mut left, mut changed] = [0; 3];
    for pair in pairs(&from, &to) {
        for located in compare(connection, &from, &to, pair)? {
            match located.change.kind {
                Kind::Joined => joined += 1,
                Kind::Left => left += 1,
                kind => changed += i64::from(kind.is_change()),
            }
        }
    }
    Ok([joined, left, changed])
}

/// The businesses of a snapshot, in order.
pub(super) fn places(connection: &Connection, snapshot_id: i64) -> rusqlite::Result<Vec<Place>> {
    Ok(Anchor::read(connection, snapshot_id)?.places)
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
        from_finished_at: from.finished_at,
        to_snapshot_id: to.id,
        to_finished_at: to.finished_at,
        change: Change { kind, before: None, after: None, again: None },
        names: None,
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
    if composed(&before.name) != composed(&after.name) {
        let names = Some([before.name.clone(), after.name.clone()]);
        told.push(Located { names, ..of_business(after, Kind::BusinessRenamed, None) });
    }
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
        Ok(diff::Side { rows: rows(connection, place.listing)?, read: place.read })
    };
    told.extend(diff::changes(side(&earlier)?, side(&later)?).into_iter().map(|change| Located {
        from_snapshot_id: earlier.snapshot_id,
        from_finished_at: earlier.finished_at,
        to_snapshot_id: later.snapshot_id,
        to_finished_at: later.finished_at,
        note: note(&change, &earlier, &later),
        change,
        ..of_business(after, Kind::NotComparable, None)
    }));
    Ok(told)
}

fn note(change: &Change, earlier: &Place, later: &Place) -> Option<String> {
    match change.again {
        Some(Again::Reinvited) => return Some("re-invited".to_owned()),
        Some(Again::AnotherIdentity) => return Some("another identity".to_owned()),
        None => {}
    }
    let unread = match (change.kind, &change.before) {
        (Kind::NotComparable, Some(_)) => later,
        (Kind::NotComparable, None) => earlier,
        _ => return None,
    };
    let sources = change.row().map(|row| row.sources).unwrap_or_default();
    Some(format!("named only by {sources}, which was not read in snapshot {}", unread.snapshot_id))
}

impl Anchor {
    fn read(connection: &Connection, id: i64) -> rusqlite::Result<Anchor> {
        let mut own = connection.prepare_cached("SELECT finished_at FROM snapshots WHERE id = ?1")?;
        let finished_at = own.query_row([id], |row| row.get(0)).optional()?;
        let mut read: HashMap<i64, Read> = HashMap::new();
        let coverage = format!(
            "SELECT business_id, resource FROM coverage WHERE snapshot_id = ?1 AND outcome = '{}'",
            Outcome::Ok
        );
        let mut coverage = connection.prepare_cached(&coverage)?;
        let mut lines = coverage.query([id])?;
        while let Some(line) = lines.next()? {
            let resource: Resource = line.get(1)?;
            read.entry(line.get(0)?).or_default().add(resource);
        }
        let mut businesses = connection.prepare_cached(
            "SELECT b.business_id, b.name, s.memberships FROM snapshot_listings s
             JOIN business_rows b ON b.id = s.business_row WHERE s.snapshot_id = ?1 ORDER BY s.position",
        )?;
        let places = businesses.query_map([id], |row| {
            let business_id = row.get(0)?;
            let read = read.remove(&business_id).unwrap_or_default();
            let (name, listing) = (row.get(1)?, row.get(2)?);
            Ok(Place { business_id, name, snapshot_id: id, finished_at, listing, read })
        })?;
        Ok(Anchor { id, finished_at, places: places.collect::<rusqlite::Result<_>>()? })
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

/// The snapshots that a comparison reads in place of this one: where its team lists were last read to
/// their end, of the businesses in which they were not.
pub(super) fn read_in_place_of(connection: &Connection, id: i64) -> rusqlite::Result<BTreeSet<i64>> {
    let mut read = BTreeSet::new();
    for place in Anchor::read(connection, id)?.places.iter().filter(|place| !place.is_whole()) {
        read.extend(last_read(connection, place.business_id, id)?);
    }
    Ok(read)
}

/// The newest snapshot, not after `at_most`, in which the business's team list was read to its end.
pub(super) fn last_read(
    connection: &Connection,
    business_id: i64,
    at_most: i64,
) -> rusqlite::Result<Option<i64>> {
    // The snapshot that is being written has no row of its own yet, and none comes after it.
    let newest = format!(
        "SELECT s.id FROM snapshots s JOIN coverage c ON c.snapshot_id = s.id
         LEFT JOIN snapshots last ON last.id = ?1
         WHERE (last.id IS NULL OR (s.finished_at, s.id) <= (last.finished_at, last.id))
             AND c.business_id = ?2 AND c.resource = '{}' AND c.outcome = '{}'
         ORDER BY s.finished_at DESC, s.id DESC LIMIT 1",
        Resource::TeamMembers,
        Outcome::Ok
    );
    connection.prepare_cached(&newest)?.query_row([at_most, business_id], |row| row.get(0)).optional()
}

/// What is selected of memberships `m` and accounts `a` to compare them.
pub(super) fn compared() -> String {
    format!(
        "m.member_uuid, m.account_key, m.email, m.first_name, m.last_name, m.role, m.state, m.sources,
         {} AS shown_email, {} AS shown_name",
        schema::EMAIL,
        schema::FULL_NAME
    )
}

/// The rows of a listing, as far as comparing goes.
fn rows(connection: &Connection, listing: i64) -> rusqlite::Result<Vec<diff::Row>> {
    let sql = format!("SELECT {} FROM listings l {} WHERE l.id = ?1", compared(), schema::MEMBERS);
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([listing], read_row)?.collect()
}

pub(super) fn read_row(row: &rusqlite::Row) -> rusqlite::Result<diff::Row> {
    let (first_name, last_name): (String, String) = (row.get("first_name")?, row.get("last_name")?);
    Ok(diff::Row {
        member_uuid: row.get("member_uuid")?,
        account_key: row.get("account_key")?,
        email: row.get("email")?,
        full_name: full_name(&first_name, &last_name),
        role: row.get("role")?,
        state: row.get("state")?,
        sources: Sources::parse(row.get_ref("sources")?.as_str()?),
        shown_email: row.get("shown_email")?,
        shown_name: row.get("shown_name")?,
    })
}
