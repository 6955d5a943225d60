//! A reading into a snapshot, in one transaction.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::compare::{self, Anchor, Place};
use super::content::{self, Written, count};
use super::layout::{self, Content, Field};
use super::open::identify;
use super::table::Stored;
use super::{Contents, Spool, Writer, query, rows, schema, storage_error};
use crate::app::die_if_chosen;
use crate::diff::Read;
use crate::error::{Error, Kind, Result};
use crate::model::accounts::Accounts;
use crate::model::listings::{self, Listing};
use crate::model::reading::Hex;
use crate::model::rows::full_name;
use crate::model::{Membership, Outcome, Reading};

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
    pub(crate) id: i64,
    pub(crate) complete: bool,
    pub(crate) businesses: i64,
    pub(crate) accounts: i64,
    pub(crate) memberships: i64,
    /// `None` where there is nothing earlier to compare with.
    pub(crate) delta: Option<Delta>,
}

/// What changed since the last complete snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) since: i64,
    pub(crate) joined: i64,
    pub(crate) left: i64,
    pub(crate) changed: i64,
}

impl Writer {
    /// Adds a snapshot. On any failure the database is as it was.
    pub(crate) fn record(&self, reading: Reading, spool: Spool, provenance: &Provenance) -> Result<Recorded> {
        let failed = |error| storage_error(error, &format!("record the snapshot in {}", self.path.display()));
        let mut connection = self.connect()?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if let Contents::Nothing = identify(&transaction, &self.path)? {
            schema::create(&transaction).map_err(failed)?;
        }
        insert_bodies(&transaction, spool, failed)?;
        let recorded = insert_snapshot(&transaction, reading, provenance).map_err(failed)?;
        die_if_chosen("commit");
        transaction.commit().map_err(failed)?;
        Ok(recorded)
    }
}

fn insert_bodies(
    connection: &Connection,
    spool: Spool,
    failed: impl Fn(rusqlite::Error) -> Error + Copy,
) -> Result<()> {
    let prepare = |sql: &str| connection.prepare(sql).map_err(failed);
    let is_empty = prepare("SELECT 1 FROM records LIMIT 1")?.exists([]).map(|any| !any).map_err(failed)?;
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

fn insert_snapshot(
    connection: &Connection,
    mut reading: Reading,
    provenance: &Provenance,
) -> rusqlite::Result<Recorded> {
    let id: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM snapshots", [], |row| row.get(0))?;
    let complete = reading.is_complete();
    let businesses = std::mem::take(&mut reading.businesses);
    let listings = listings::listings(&reading.identity, businesses);
    let written = content::insert_listings(
        connection,
        listings.iter().map(|Listing { business, memberships, .. }| {
            (business.id, business, memberships.iter().map(|row| (business.id, row)))
        }),
    )?;
    let members =
        listings.iter().flat_map(|listing| listing.memberships.iter().map(|row| (listing.business.id, row)));
    let people = Accounts::of(&reading.identity, members, Membership::bearer);
    let people_count = count(people.count);
    let accounts = content::insert_accounts(connection, people.into_rows())?;
    let further = listings.iter().map(|listing| listing.records.as_slice());
    let records: Vec<Stored> = further
        .chain([std::slice::from_ref(&reading.identity_record)])
        .map(|records| content::insert_records(connection, records))
        .collect::<rusqlite::Result<_>>()?;
    let recorded = Recorded {
        id,
        complete,
        businesses: count(listings.len()),
        accounts: people_count,
        memberships: listings.iter().map(|listing| count(listing.memberships.len())).sum(),
        delta: delta(connection, id, &listings, &written)?,
    };

    let mut fields = own_row(&recorded, &reading, provenance, previous_hash(connection)?);
    let mut content = Content::default();
    content.line("snapshot", &fields);
    insert_listings(connection, id, &mut content, &written, &accounts, &records)?;
    insert_proof(connection, id, &mut content, &listings, &reading.requests)?;
    let content_sha256 = content.finish();
    fields.insert(fields.len() - 1, Field::digest(&content_sha256));
    // Last, since its presence is what makes the rest a snapshot.
    content::insert(connection, "snapshots", &fields)?;
    Ok(recorded)
}

/// Columns of `snapshots` but `content_sha256`, which covers them.
fn own_row<'a>(
    recorded: &Recorded,
    reading: &'a Reading,
    provenance: &'a Provenance,
    previous: Option<String>,
) -> Vec<Field<'a>> {
    let identity = &reading.identity;
    let delta = |of: fn(&Delta) -> i64| Field::optional_integer(recorded.delta.as_ref().map(of));
    vec![
        Field::from(recorded.id),
        Field::moment(Some(reading.started_at)),
        Field::moment(Some(reading.finished_at)),
        Field::text(if recorded.complete { "complete" } else { "partial" }),
        Field::text(provenance.source.as_str()),
        Field::text(env!("CARGO_PKG_VERSION")),
        Field::from(identity.id),
        Field::optional_text(identity.uuid.as_deref()),
        Field::text(identity.email.as_str()),
        Field::text(full_name(&identity.first_name, &identity.last_name)),
        Field::optional_text(provenance.scopes.as_deref()),
        Field::text(provenance.parameters.as_str()),
        Field::optional_text(provenance.note.as_deref()),
        Field::text(provenance.os_user.as_str()),
        Field::text(provenance.host.as_str()),
        Field::moment(reading.server_date_first),
        Field::moment(reading.server_date_last),
        Field::from(recorded.businesses),
        Field::from(recorded.accounts),
        Field::from(recorded.memberships),
        Field::from(count(reading.requests.len())),
        delta(|delta| delta.joined),
        delta(|delta| delta.left),
        delta(|delta| delta.changed),
        Field::text(layout::NAME),
        previous.map_or(Field::Null, Field::text),
    ]
}

fn previous_hash(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let last = "SELECT content_sha256 FROM snapshots ORDER BY id DESC LIMIT 1";
    connection.query_row(last, [], |row| row.get(0)).optional()
}

/// What the snapshot points to.
fn insert_listings(
    connection: &Connection,
    id: i64,
    content: &mut Content,
    written: &[Written],
    accounts: &Stored,
    records: &[Stored],
) -> rusqlite::Result<()> {
    content::attach(connection, id, written, accounts)?;
    for Written { business, listing } in written {
        content.line("business", &[Field::digest(&business.sha256), Field::digest(&listing.sha256)]);
    }
    content.line("accounts", &[Field::digest(&accounts.sha256)]);
    let mut insert =
        connection.prepare_cached("INSERT OR ROLLBACK INTO snapshot_records VALUES (?1, ?2, ?3)")?;
    for (position, records) in records.iter().enumerate() {
        insert.execute(params![id, count(position), records.id])?;
        content.line("records", &[Field::digest(&records.sha256)]);
    }
    Ok(())
}

/// What was asked, and how far each business was read.
fn insert_proof(
    connection: &Connection,
    id: i64,
    content: &mut Content,
    listings: &[Listing],
    requests: &[crate::model::RequestLine],
) -> rusqlite::Result<()> {
    let mut coverage: Vec<_> = listings
        .iter()
        .flat_map(|listing| listing.coverage.iter().map(|coverage| (listing.business.id, coverage)))
        .collect();
    coverage.sort_by_key(|(business_id, coverage)| (*business_id, coverage.resource.as_str()));
    let coverage = coverage.into_iter().map(|(business_id, coverage)| rows::coverage(business_id, coverage));
    insert_lines(connection, id, content, "coverage", "coverage", coverage)?;
    let requests = requests.iter().enumerate().map(|(at, line)| rows::request(count(at) + 1, line));
    insert_lines(connection, id, content, "requests", "request", requests)
}

/// Writes rows that belong to this snapshot alone, and their lines of the content.
fn insert_lines<'a>(
    connection: &Connection,
    id: i64,
    content: &mut Content,
    table: &str,
    kind: &str,
    lines: impl Iterator<Item = Vec<Field<'a>>>,
) -> rusqlite::Result<()> {
    for fields in lines {
        content.line(kind, &fields);
        let own = std::iter::once(Field::Integer(id)).chain(fields);
        content::insert(connection, table, &own.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Counts what changed since the last complete snapshot, by the same comparison that `diff` tells.
fn delta(
    connection: &Connection,
    id: i64,
    listings: &[Listing],
    written: &[Written],
) -> rusqlite::Result<Option<Delta>> {
    let Some(since) = query::last_complete(connection)? else { return Ok(None) };
    let place = |(listing, written): (&Listing, &Written)| {
        let read = listing.coverage.iter().filter(|coverage| coverage.outcome == Outcome::Ok);
        Place {
            business_id: listing.business.id,
            name: listing.business.name.clone(),
            snapshot_id: id,
            listing: written.listing.id,
            read: Read(read.map(|coverage| coverage.resource.as_str().to_owned()).collect()),
        }
    };
    let this = Anchor { id, places: listings.iter().zip(written).map(place).collect() };
    let [joined, left, changed] = compare::count(connection, &Anchor::read(connection, since)?, &this)?;
    Ok(Some(Delta { since, joined, left, changed }))
}

/// The database may be continued by the identity and origin that began it alone: another one's
/// businesses would make leavers of people who never left.
pub(crate) fn check_owner(writer: &Writer, source: &str, identity_id: i64, email: &str) -> Result<()> {
    let Some(owner) = writer.owner()? else { return Ok(()) };
    let shown = writer.path().display();
    if owner.source != source {
        let message = format!("{shown} belongs to {}, and this sign-in is at {source}", owner.source);
        return Err(Error::new(Kind::Config, message)
            .hint("name another database with --db; --new-identity continues this one on purpose"));
    }
    if owner.identity_id != identity_id {
        let message = format!("{shown} belongs to {}, and the sign-in is {email}'s", owner.email);
        return Err(Error::new(Kind::Config, message).hint(
            "name another database with --db, or another sign-in with --profile; --new-identity continues \
             this one on purpose",
        ));
    }
    Ok(())
}
