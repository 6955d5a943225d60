//! A reading into a snapshot, in one transaction.

use rusqlite::{
    CachedStatement, Connection, OptionalExtension, TransactionBehavior, params, params_from_iter,
};

use super::layout::{self, Content, Field};
use super::{Contents, Writer, identify, query, rows, schema, storage_error};
use crate::diff;
use crate::error::{Error, Kind, Result};
use crate::fetch::Spool;
use crate::model::people::{self, Listing};
use crate::model::reading::{Digest, hex};
use crate::model::rows::full_name;
use crate::model::{Outcome, Reading, Resource};

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
        spool.drain(|record| {
            insert_record(&transaction, &record.sha256, &record.body).map_err(failed)?;
            Ok(())
        })?;
        let recorded = insert_snapshot(&transaction, reading, provenance).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(recorded)
    }
}

fn insert_record(connection: &Connection, sha256: &Digest, body: &str) -> rusqlite::Result<()> {
    let sha256 = hex(sha256);
    let mut known = connection.prepare_cached("SELECT 1 FROM records WHERE sha256 = ?1")?;
    if known.exists([&sha256])? {
        return Ok(());
    }
    let mut insert = connection.prepare_cached("INSERT INTO records (sha256, body) VALUES (?1, ?2)")?;
    insert.execute([sha256.as_str(), body])?;
    Ok(())
}

fn insert_snapshot(
    connection: &Connection,
    reading: Reading,
    provenance: &Provenance,
) -> rusqlite::Result<Recorded> {
    let id: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM snapshots", [], |row| row.get(0))?;
    let complete = reading.is_complete();
    let Reading {
        identity,
        businesses,
        requests,
        started_at,
        finished_at,
        server_date_first,
        server_date_last,
    } = reading;
    let listings = people::listings(&identity, businesses);
    let accounts = people::accounts(&identity, listings.iter().flat_map(Listing::bearers));
    let memberships = listings.iter().map(|listing| count(listing.memberships.len())).sum();

    let written: Vec<Written> = listings
        .iter()
        .map(|listing| insert_listing(connection, listing))
        .collect::<rusqlite::Result<_>>()?;
    let accounts_listing = insert_accounts(connection, &accounts)?;
    let delta = delta(connection, &listings, &written)?;

    let name = full_name(&identity.first_name, &identity.last_name);
    let delta_field = |of: fn(&Delta) -> i64| Field::optional_integer(delta.as_ref().map(of));
    let mut fields = vec![
        Field::from(id),
        Field::moment(Some(started_at)),
        Field::moment(Some(finished_at)),
        Field::text(if complete { "complete" } else { "partial" }),
        Field::text(provenance.source.as_str()),
        Field::text(env!("CARGO_PKG_VERSION")),
        Field::from(identity.id),
        Field::optional_text(identity.uuid.as_deref()),
        Field::text(identity.email.as_str()),
        Field::text(name),
        Field::optional_text(provenance.scopes.as_deref()),
        Field::text(provenance.parameters.as_str()),
        Field::optional_text(provenance.note.as_deref()),
        Field::text(provenance.os_user.as_str()),
        Field::text(provenance.host.as_str()),
        Field::moment(server_date_first),
        Field::moment(server_date_last),
        Field::from(count(listings.len())),
        Field::from(count(accounts.len())),
        Field::from(memberships),
        Field::from(count(requests.len())),
        delta_field(|delta| delta.joined),
        delta_field(|delta| delta.left),
        delta_field(|delta| delta.changed),
        Field::text(layout::NAME),
        Field::optional_text(previous_hash(connection)?.as_deref()),
    ]
    .into_iter()
    .map(into_owned)
    .collect::<Vec<_>>();

    let mut content = Content::default();
    content.line("snapshot", &fields);
    insert_parts(connection, id, &mut content, &listings, &written, &accounts_listing, &requests)?;
    let content_sha256 = content.finish();
    fields.insert(fields.len() - 1, Field::digest(&content_sha256));
    // Last, since its presence is what makes the rest a snapshot.
    let places = vec!["?"; fields.len()].join(", ");
    connection.execute(&format!("INSERT INTO snapshots VALUES ({places})"), params_from_iter(&fields))?;

    let (businesses, accounts) = (count(listings.len()), count(accounts.len()));
    Ok(Recorded { id, complete, businesses, accounts, memberships, delta })
}

pub(super) fn into_owned(field: Field<'_>) -> Field<'static> {
    match field {
        Field::Null => Field::Null,
        Field::Integer(value) => Field::Integer(value),
        Field::Text(text) => Field::text(text.into_owned()),
    }
}

fn previous_hash(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let last = "SELECT content_sha256 FROM snapshots ORDER BY id DESC LIMIT 1";
    connection.query_row(last, [], |row| row.get(0)).optional()
}

/// A row or listing that is in the database, whether it was before or not.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) sha256: Digest,
}

/// A business's row and listing.
struct Written {
    business: Stored,
    listing: Stored,
}

fn insert_parts(
    connection: &Connection,
    id: i64,
    content: &mut Content,
    listings: &[Listing],
    written: &[Written],
    accounts: &Stored,
    requests: &[crate::model::RequestLine],
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached("INSERT INTO snapshot_businesses VALUES (?1, ?2, ?3, ?4)")?;
    for (position, written) in written.iter().enumerate() {
        insert.execute(params![id, count(position), written.business.id, written.listing.id])?;
        content.line(
            "business",
            &[Field::digest(&written.business.sha256), Field::digest(&written.listing.sha256)],
        );
    }
    connection.execute("INSERT INTO snapshot_accounts VALUES (?1, ?2)", [id, accounts.id])?;
    content.line("accounts", &[Field::digest(&accounts.sha256)]);

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
        let places = vec!["?"; fields.len() + 1].join(", ");
        let mut insert = connection.prepare_cached(&format!("INSERT INTO {table} VALUES ({places})"))?;
        insert.execute(params_from_iter(std::iter::once(&Field::Integer(id)).chain(&fields)))?;
    }
    Ok(())
}

fn insert_listing(connection: &Connection, listing: &Listing) -> rusqlite::Result<Written> {
    let business = insert_row(connection, "business_rows", "business", &rows::business(&listing.business))?;
    let of_row = |row| rows::membership(listing.business.id, row);
    let hashes: Vec<Digest> =
        listing.memberships.iter().map(|row| layout::row("membership", &of_row(row))).collect();
    let listing = find_or_insert_listing(connection, &hashes, |listing_id| {
        let mut insert = connection.prepare_cached("INSERT INTO listing_memberships VALUES (?1, ?2, ?3)")?;
        for ((position, row), hash) in listing.memberships.iter().enumerate().zip(&hashes) {
            let row = find_or_insert_row(connection, "membership_rows", hash, || of_row(row))?;
            insert.execute(params![listing_id, count(position), row])?;
        }
        Ok(())
    })?;
    Ok(Written { business, listing })
}

pub(super) fn insert_accounts(
    connection: &Connection,
    accounts: &[crate::model::Account],
) -> rusqlite::Result<Stored> {
    let hashes: Vec<Digest> =
        accounts.iter().map(|account| layout::row("account", &rows::account(account))).collect();
    find_or_insert_listing(connection, &hashes, |listing_id| {
        let mut insert = connection.prepare_cached("INSERT INTO listing_accounts VALUES (?1, ?2, ?3)")?;
        for (account, hash) in accounts.iter().zip(&hashes) {
            let row = find_or_insert_row(connection, "account_rows", hash, || rows::account(account))?;
            insert.execute(params![listing_id, account.key.to_string(), row])?;
        }
        Ok(())
    })
}

/// A listing that is known costs nothing more; a new one is written rows first.
pub(super) fn find_or_insert_listing(
    connection: &Connection,
    hashes: &[Digest],
    write_rows: impl FnOnce(i64) -> rusqlite::Result<()>,
) -> rusqlite::Result<Stored> {
    let sha256 = layout::listing(hashes);
    let mut find = connection.prepare_cached("SELECT id FROM listings WHERE sha256 = ?1")?;
    if let Some(id) = find.query_row([sha256.as_slice()], |row| row.get(0)).optional()? {
        return Ok(Stored { id, sha256 });
    }
    let id: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM listings", [], |row| row.get(0))?;
    write_rows(id)?;
    connection
        .execute("INSERT INTO listings VALUES (?1, ?2, ?3)", params![id, sha256, count(hashes.len())])?;
    Ok(Stored { id, sha256 })
}

pub(super) fn insert_row(
    connection: &Connection,
    table: &str,
    kind: &str,
    fields: &[Field],
) -> rusqlite::Result<Stored> {
    let sha256 = layout::row(kind, fields);
    let id = find_or_insert_row(connection, table, &sha256, || fields.to_vec())?;
    Ok(Stored { id, sha256 })
}

pub(super) fn find_or_insert_row<'a>(
    connection: &Connection,
    table: &str,
    sha256: &Digest,
    fields: impl FnOnce() -> Vec<Field<'a>>,
) -> rusqlite::Result<i64> {
    let mut find: CachedStatement =
        connection.prepare_cached(&format!("SELECT id FROM {table} WHERE sha256 = ?1"))?;
    if let Some(id) = find.query_row([sha256.as_slice()], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let fields = fields();
    let places = vec!["?"; fields.len()].join(", ");
    let mut insert = connection.prepare_cached(&format!("INSERT INTO {table} VALUES (NULL, ?, {places})"))?;
    let hash: &dyn rusqlite::ToSql = &sha256.as_slice();
    let values = std::iter::once(hash).chain(fields.iter().map(|field| field as &dyn rusqlite::ToSql));
    insert.execute(params_from_iter(values))?;
    Ok(connection.last_insert_rowid())
}

/// Counts what changed, business by business, against the newest earlier reading in which the
/// business's list was whole. A listing that is the same row by row needs no look.
fn delta(
    connection: &Connection,
    listings: &[Listing],
    written: &[Written],
) -> rusqlite::Result<Option<Delta>> {
    let Some(since) = query::last_complete(connection)? else { return Ok(None) };
    let mut delta = Delta { since, ..Delta::default() };
    for (listing, written) in listings.iter().zip(written) {
        let readable = |listing: &Listing| {
            listing.coverage.iter().any(|c| c.resource == Resource::TeamMembers && c.outcome == Outcome::Ok)
        };
        let before = query::last_whole_listing(connection, listing.business.id)?;
        let Some(before) = before.filter(|before| before.listing != written.listing.id && readable(listing))
        else {
            continue;
        };
        let unread = match listing
            .coverage
            .iter()
            .any(|c| c.resource == Resource::BusinessGroup && c.outcome == Outcome::Ok)
        {
            true => Vec::new(),
            false => vec!["business_group"],
        };
        let rows = query::diff_rows(connection, before.listing)?;
        let before = diff::Side { rows, unread: before.unread };
        let after = diff::Side { rows: query::diff_rows(connection, written.listing.id)?, unread };
        for change in diff::changes(before, after) {
            match change.kind {
                diff::Kind::Joined => delta.joined += 1,
                diff::Kind::Left => delta.left += 1,
                diff::Kind::NotComparable => {}
                _ => delta.changed += 1,
            }
        }
    }
    Ok(Some(delta))
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The database may be continued by the identity and origin that began it alone: another one's
/// businesses would make leavers of people who never left.
pub(crate) fn check_owner(writer: &Writer, source: &str, identity_id: i64, email: &str) -> Result<()> {
    let Some(owner) = writer.owner()? else { return Ok(()) };
    let shown = writer.path().display();
    if owner.source != source {
        let message = format!("{shown} belongs to {}, and this sign-in is at {source}", owner.source);
        return Err(Error::new(Kind::Config, message).hint("name another database with --db"));
    }
    if owner.identity_id != identity_id {
        let message = format!("{shown} belongs to {}, and the sign-in is {email}'s", owner.email);
        return Err(Error::new(Kind::Config, message)
            .hint("name another database with --db, or another sign-in with --profile"));
    }
    Ok(())
}
