//! Listings into a snapshot, in one transaction.

use std::fmt::Write as _;
use std::fs;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params, params_from_iter};

use super::field::Field;
use super::file::real_path;
use super::hash::{Hasher, LAYOUT};
use super::kind::{Shape, Storage};
use super::once::{self, Stored, Table};
use super::open::identify;
use super::read::{self, Snapshot};
use super::shape::{ACCOUNT, BUSINESS, COVERAGE, MEMBERSHIP, REQUEST, SNAPSHOT};
use super::{Contents, Spool, Writer, chain, compare, is_begun, is_there, schema, storage_error};
use crate::app::die_if_chosen;
use crate::error::{Error, Kind, Result};
use crate::model::people::People;
use crate::model::reading::{Digest, Hex, hex};
use crate::model::relate::rows;
use crate::model::rows::full_name;
use crate::model::{Business, Listing, Membership, Run, Status};
use crate::shell;

/// Where a reading comes from, beside what it read.
#[derive(Clone, Debug)]
pub(crate) struct Provenance {
    /// The API's origin.
    pub(crate) source: String,
    pub(crate) scopes: Option<String>,
    /// The options of the run, as a JSON object.
    pub(crate) parameters: String,
    pub(crate) note: Option<String>,
    pub(crate) os_user: String,
    pub(crate) host: String,
}

/// A snapshot that is in the database now.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) snapshot: Snapshot,
    /// The complete snapshot that joiners, leavers and changes were counted since.
    pub(crate) since: Option<i64>,
}

impl Writer {
    /// Adds a snapshot. On any failure the database is as it was: one that was not there before is not there.
    pub(crate) fn write(
        &self,
        run: &Run,
        listings: &[Listing],
        spool: Spool,
        provenance: &Provenance,
    ) -> Result<Recorded> {
        let was_there = is_there(&self.path)?;
        let recorded = self.add(run, listings, spool, provenance);
        if recorded.is_err() && !was_there {
            self.remove_unbegun();
        }
        recorded
    }

    fn add(
        &self,
        run: &Run,
        listings: &[Listing],
        spool: Spool,
        provenance: &Provenance,
    ) -> Result<Recorded> {
        let failed = |error| storage_error(error, &format!("record the snapshot in {}", self.path.display()));
        let mut connection = self.connect()?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let is_new = matches!(identify(&transaction, &self.path)?, Contents::Nothing);
        if is_new {
            schema::create(&transaction).map_err(failed)?;
        }
        self.refuse_to_go_back(&transaction, run)?;
        insert_bodies(&transaction, spool, failed)?;
        let recorded = insert_snapshot(&transaction, run, listings, provenance).map_err(failed)?;
        if is_new {
            schema::create_triggers(&transaction).map_err(failed)?;
        }
        die_if_chosen("commit");
        transaction.commit().map_err(failed)?;
        Ok(recorded)
    }

    /// Removes the file that this run created and could not begin. Whatever went wrong is told already.
    fn remove_unbegun(&self) {
        let Ok(real) = real_path(&self.path) else { return };
        if matches!(is_begun(&real), Ok(false)) {
            let _ = fs::remove_file(real);
        }
    }

    /// Snapshots are found by their time. One that ends before its predecessor would be found instead
    /// of it.
    fn refuse_to_go_back(&self, connection: &Connection, run: &Run) -> Result<()> {
        let newest = "SELECT id, finished_at FROM snapshots ORDER BY finished_at DESC LIMIT 1";
        let newest = connection.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional();
        let newest: Option<(i64, String)> =
            newest.map_err(|error| storage_error(error, "read the newest snapshot"))?;
        let finished_at = run.finished_at.to_string();
        match newest {
            Some((id, newest)) if newest > finished_at => {
                let message = format!(
                    "this reading ended at {finished_at}, before snapshot {id} of {newest}; nothing was recorded"
                );
                Err(Error::new(Kind::Config, message).hint(format!(
                    "check this machine's clock with `date -u`; `fbsync snapshots --db {}` lists the times",
                    shell::path(&self.path)
                )))
            }
            _ => Ok(()),
        }
    }
}

fn insert_bodies(
    connection: &Connection,
    spool: Spool,
    failed: impl Fn(rusqlite::Error) -> Error + Copy,
) -> Result<()> {
    let prepare = |sql: &str| connection.prepare(sql).map_err(failed);
    let is_empty = !prepare("SELECT 1 FROM records LIMIT 1")?.exists([]).map_err(failed)?;
    let mut known = prepare("SELECT 1 FROM records WHERE sha256 = ?1")?;
    let mut insert = prepare("INSERT OR ROLLBACK INTO records (sha256, body) VALUES (?1, ?2)")?;
    spool.drain(|sha256, body| {
        let sha256 = Hex::of(sha256);
        if is_empty || !known.exists([sha256.as_str()]).map_err(failed)? {
            insert.execute([sha256.as_str(), body]).map_err(failed)?;
        }
        Ok(())
    })
}

pub(super) fn insert_snapshot(
    connection: &Connection,
    run: &Run,
    listings: &[Listing],
    provenance: &Provenance,
) -> rusqlite::Result<Recorded> {
    let id = next_id(connection)?;
    let totals = insert_content(connection, id, run, listings)?;
    let since = read::newest_complete(connection)?;
    let delta = since.map(|since| compare::count(connection, since, id)).transpose()?;
    let [joined, left, changed] = delta.map_or([None; 3], |counts| counts.map(Some));
    let snapshot = Snapshot {
        joined,
        left,
        changed,
        previous_sha256: chain::head(connection)?.map(|link| link.sha256),
        ..own_row(id, run, listings, provenance, totals)
    };
    let snapshot = insert_head(connection, snapshot)?;
    Ok(Recorded { snapshot, since })
}

fn next_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM snapshots", [], |row| row.get(0))
}

/// How many businesses, accounts and memberships a snapshot holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    pub(super) businesses: i64,
    pub(super) accounts: i64,
    pub(super) memberships: i64,
}

/// Everything of a snapshot but its own row.
pub(super) fn insert_content(
    connection: &Connection,
    id: i64,
    run: &Run,
    listings: &[Listing],
) -> rusqlite::Result<Totals> {
    let people = People::of(&run.identity, rows(listings));
    let accounts = insert_accounts(connection, &people)?;
    let mut tables = Tables::of(connection)?;
    let mut holders = people.persons().iter().map(|person| accounts[*person as usize]);
    for (position, listing) in listings.iter().enumerate() {
        let business = tables.business(&listing.business)?;
        let memberships = tables.memberships(listing, &mut holders)?;
        let records = once::store_records(connection, &listing.records)?;
        point_to(connection, id, count(position), Some((business, memberships)), records)?;
    }
    let identity = once::store_records(connection, &[run.identity_record])?;
    point_to(connection, id, count(listings.len()), None, identity)?;
    insert_proof(connection, id, run, listings)?;
    Ok(Totals {
        businesses: count(listings.len()),
        accounts: count(people.count),
        memberships: count(people.persons().len()),
    })
}

/// Lets a snapshot consist of what another has, except its proof.
pub(super) fn repeat_content(connection: &Connection, of: i64, id: i64) -> rusqlite::Result<()> {
    let mut repeat = connection.prepare_cached(
        "INSERT OR ROLLBACK INTO snapshot_listings
         SELECT ?2, position, business_row, memberships, records FROM snapshot_listings WHERE snapshot_id = ?1",
    )?;
    repeat.execute([of, id])?;
    Ok(())
}

/// Says that a snapshot consists of this.
fn point_to(
    connection: &Connection,
    id: i64,
    position: i64,
    business: Option<(Stored, Stored)>,
    records: Stored,
) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT OR ROLLBACK INTO snapshot_listings VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let (business, memberships) = business.map(|(row, listing)| (row.id, listing.id)).unzip();
    insert.execute(params![id, position, business, memberships, records.id])?;
    Ok(())
}

/// The accounts in the order of their persons' numbers.
fn insert_accounts(connection: &Connection, people: &People) -> rusqlite::Result<Vec<Stored>> {
    let known = once::known_accounts(connection)?;
    let mut table = Table::of(connection, &ACCOUNT)?;
    let mut stored = Vec::with_capacity(people.count);
    for account in people.accounts() {
        stored.push(table.store(0, &account, |sha256| Ok(known.get(sha256).copied()))?);
    }
    Ok(stored)
}

/// The tables that listings are written to.
struct Tables<'c> {
    connection: &'c Connection,
    businesses: Table<'c, Business>,
    memberships: Table<'c, Membership>,
}

impl<'c> Tables<'c> {
    fn of(connection: &'c Connection) -> rusqlite::Result<Self> {
        let businesses = Table::of(connection, &BUSINESS)?;
        Ok(Tables { connection, businesses, memberships: Table::of(connection, &MEMBERSHIP)? })
    }

    fn business(&mut self, business: &Business) -> rusqlite::Result<Stored> {
        let mut find = self.connection.prepare_cached("SELECT id FROM business_rows WHERE sha256 = ?1")?;
        let known = |sha256: &Digest| find.query_row([sha256], |row| row.get(0)).optional();
        self.businesses.store(business.id, business, known)
    }

    /// A business's memberships, each with the account that holds it.
    fn memberships(
        &mut self,
        listing: &Listing,
        holders: &mut impl Iterator<Item = Stored>,
    ) -> rusqlite::Result<Stored> {
        let business_id = listing.business.id;
        let known = once::known_memberships(self.connection, business_id)?;
        let mut hasher = Hasher::default();
        hasher.head("memberships", listing.memberships.len());
        let mut rows = String::from("{");
        for (row, holder) in listing.memberships.iter().zip(holders) {
            let known = |sha256: &Digest| Ok(known.get(sha256).copied());
            let stored = self.memberships.store(business_id, row, known)?;
            hasher.digests([&stored.sha256, &holder.sha256]);
            let comma = if rows.len() > 1 { "," } else { "" };
            // Writing into a string does not fail.
            let _ = write!(rows, "{comma}\"{}\":{}", stored.id, holder.id);
        }
        rows.push('}');
        once::store_listing(self.connection, "memberships", hasher.finish(), &rows)
    }
}

/// What was asked, and how far each business was read.
fn insert_proof(connection: &Connection, id: i64, run: &Run, listings: &[Listing]) -> rusqlite::Result<()> {
    let coverage = listings
        .iter()
        .flat_map(|listing| listing.coverage.iter().map(|coverage| (listing.business.id, coverage)));
    insert_lines(connection, id, &COVERAGE, coverage)?;
    let requests = run.requests.iter().enumerate().map(|(at, line)| (count(at) + 1, line));
    insert_lines(connection, id, &REQUEST, requests)
}

pub(super) fn insert_lines<'m, T: 'static>(
    connection: &Connection,
    id: i64,
    shape: &Shape<T>,
    lines: impl Iterator<Item = (i64, &'m T)>,
) -> rusqlite::Result<()> {
    let kind = shape.kind();
    let Storage::Line { id: head, .. } = kind.storage else { return Ok(()) };
    let mut insert = connection.prepare(&kind.insert(&[head]))?;
    for (number, line) in lines {
        let own = std::iter::once(id.into()).chain(shape.fields(number, line));
        insert.execute(params_from_iter(own))?;
    }
    Ok(())
}

/// A snapshot's own row, without what is counted against others and without its hashes.
fn own_row(id: i64, run: &Run, listings: &[Listing], provenance: &Provenance, totals: Totals) -> Snapshot {
    let identity = &run.identity;
    let complete = listings.iter().all(Listing::suffices);
    Snapshot {
        id,
        started_at: run.started_at,
        finished_at: run.finished_at,
        status: if complete { Status::Complete } else { Status::Partial },
        source: provenance.source.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        identity_id: identity.id,
        identity_uuid: identity.uuid.clone(),
        identity_email: Some(identity.email.clone()),
        identity_name: Some(full_name(&identity.first_name, &identity.last_name)),
        scopes: provenance.scopes.clone(),
        parameters: provenance.parameters.clone(),
        note: provenance.note.clone(),
        os_user: Some(provenance.os_user.clone()),
        host: Some(provenance.host.clone()),
        server_date_first: run.server_date_first,
        server_date_last: run.server_date_last,
        businesses: totals.businesses,
        accounts: totals.accounts,
        memberships: totals.memberships,
        requests: count(run.requests.len()),
        joined: None,
        left: None,
        changed: None,
        hash_layout: LAYOUT.name(),
        content_sha256: String::new(),
        previous_sha256: None,
    }
}

/// Hashes a snapshot and writes its own row: last, since its presence makes the rest a snapshot.
fn insert_head(connection: &Connection, mut snapshot: Snapshot) -> rusqlite::Result<Snapshot> {
    let kind = SNAPSHOT.kind();
    let erasable = chain::erasable(connection, &kind, LAYOUT, &own_fields(&snapshot))?;
    snapshot.content_sha256 = hex(chain::content(&kind, LAYOUT, &own_fields(&snapshot), &erasable));
    connection
        .execute("INSERT OR ROLLBACK INTO erasable VALUES (?1, ?2)", params![snapshot.id, hex(erasable)])?;
    insert_own_row(connection, &SNAPSHOT, &snapshot)?;
    Ok(snapshot)
}

fn own_fields(snapshot: &Snapshot) -> Vec<Field<'_>> {
    SNAPSHOT.fields(0, snapshot).collect()
}

pub(super) fn insert_own_row<T: 'static>(
    connection: &Connection,
    shape: &Shape<T>,
    row: &T,
) -> rusqlite::Result<()> {
    connection.prepare(&shape.kind().insert(&[]))?.execute(params_from_iter(shape.fields(0, row)))?;
    Ok(())
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
