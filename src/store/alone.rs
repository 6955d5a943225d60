//! Some businesses of a snapshot, as if the snapshot held no others.
//!
//! What a client is handed must tell nothing of another client, and much of a row may come from
//! elsewhere: who an address belongs to, that others use it too, a person's further addresses and
//! businesses. So the rows are put through the rules of [`addresses`](crate::model::addresses) once more, with these businesses
//! as all there is, and written to a database in memory that every report reads like any other.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::check::fields;
use super::content::{self, count};
use super::layout::Field;
use super::query::WHOLE;
use super::view::{Snapshot, find_snapshot};
use super::{Reader, compare, schema, storage_error};
use crate::error::{Error, Kind, Result};
use crate::model::accounts::{Accounts, Bearer, Lent};
use crate::model::addresses::Addresses;
use crate::model::listings::report_order;
use crate::model::rows::{AccountKey, Flag, full_name};
use crate::model::{Identity, Timestamp};

impl Reader {
    /// The snapshot with these businesses alone, and behind it the earlier ones that it is compared
    /// with. Their ids, times and hashes stay those of the whole.
    pub(crate) fn alone(&self, snapshot_id: i64, businesses: &[i64]) -> Result<Reader> {
        let failed = |error| storage_error(error, "take businesses out of the snapshot");
        let known: Vec<i64> = self.business_ids(snapshot_id).map_err(failed)?;
        if let Some(missing) = businesses.iter().find(|id| !known.contains(id)) {
            let message = format!("snapshot {snapshot_id} holds no business {missing}");
            return Err(Error::new(Kind::Usage, message).hint(format!(
                "sqlite3 FILE \"SELECT business_id, name FROM businesses WHERE snapshot_id = {snapshot_id}\""
            )));
        }
        let target = Connection::open_in_memory().map_err(failed)?;
        schema::create(&target).map_err(failed)?;
        // An append-only table takes the next id alone, and here some are left out.
        target.execute_batch("DROP TRIGGER snapshots_no_insert").map_err(failed)?;
        for id in self.needed(snapshot_id, businesses).map_err(failed)? {
            if let Some(snapshot) = find_snapshot(self, id)? {
                self.copy(&snapshot, businesses, &target).map_err(failed)?;
            }
        }
        Ok(Reader { connection: target, older: None })
    }

    fn business_ids(&self, snapshot_id: i64) -> rusqlite::Result<Vec<i64>> {
        let mut ids = self.connection.prepare("SELECT business_id FROM businesses WHERE snapshot_id = ?1")?;
        ids.query_map([snapshot_id], |row| row.get(0))?.collect()
    }

    /// The snapshot, the one before it in which none of these lists has a gap, and those in which the
    /// lists that both lack were last read.
    fn needed(&self, snapshot_id: i64, wanted: &[i64]) -> rusqlite::Result<BTreeSet<i64>> {
        let mut earlier = self.connection.prepare(&format!(
            "SELECT id FROM snapshots WHERE id < ?1 AND status <> 'pruned' AND NOT EXISTS (
                 SELECT 1 FROM coverage WHERE snapshot_id = snapshots.id AND resource = 'team_members'
                     AND business_id IN (SELECT value FROM json_each(?2)) AND NOT ({WHOLE}))
             ORDER BY id DESC LIMIT 1"
        ))?;
        let wanted_json = serde_json::json!(wanted).to_string();
        let earlier: Option<i64> =
            earlier.query_row((snapshot_id, wanted_json), |row| row.get(0)).optional()?;
        let mut needed = BTreeSet::from([snapshot_id]);
        for side in earlier.into_iter().chain([snapshot_id]) {
            needed.insert(side);
            for business in wanted {
                needed.extend(compare::last_read(&self.connection, *business, side)?);
            }
        }
        Ok(needed)
    }

    fn copy(&self, snapshot: &Snapshot, wanted: &[i64], target: &Connection) -> rusqlite::Result<()> {
        let identity = self.identity(snapshot)?;
        let mut businesses = self.read_businesses(snapshot.id, wanted)?;
        relate(&identity, &mut businesses);

        // What belongs to the snapshot comes before the row that says it is finished, as always.
        let transaction = target.unchecked_transaction()?;
        let fields = businesses.iter().map(|business| {
            (business.id, business.fields.as_slice(), business.rows.iter().map(|row| row.fields.as_slice()))
        });
        let written = content::insert_listings(&transaction, fields)?;
        let rows = businesses.iter().flat_map(|business| business.rows.iter().map(|row| (business.id, row)));
        let people = Accounts::of(&identity, rows, StoredRow::bearer);
        let people_count = count(people.count);
        let accounts = content::insert_accounts(&transaction, people.into_rows())?;
        content::attach(&transaction, snapshot.id, &written, &accounts)?;
        let whole = self.copy_coverage(&transaction, snapshot.id, wanted)?;
        let memberships = businesses.iter().map(|business| count(business.rows.len())).sum();
        let totals = [count(businesses.len()), people_count, memberships];
        insert_snapshot(&transaction, snapshot, whole, totals)?;
        transaction.commit()
    }

    /// The signed-in identity. Its two names are the account's; the snapshot's own row has them as one.
    fn identity(&self, snapshot: &Snapshot) -> rusqlite::Result<Identity> {
        let key = AccountKey::Identity(snapshot.identity_id).to_string();
        let names = self.connection.query_row(
            "SELECT first_name, last_name FROM accounts WHERE snapshot_id = ?1 AND account_key = ?2",
            params![snapshot.id, key],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
        let (first_name, last_name) = names.optional()?.unwrap_or_default();
        Ok(Identity {
            id: snapshot.identity_id,
            uuid: snapshot.identity_uuid.clone(),
            email: snapshot.identity_email.clone().unwrap_or_default(),
            first_name,
            last_name,
        })
    }

    fn read_businesses(&self, snapshot_id: i64, wanted: &[i64]) -> rusqlite::Result<Vec<Business>> {
        let mut statement = self.connection.prepare(
            "SELECT s.listing, b.* FROM snapshot_businesses s JOIN business_rows b ON b.id = s.business_row
             WHERE s.snapshot_id = ?1 ORDER BY s.position",
        )?;
        let columns = statement.column_count();
        let mut found = statement.query([snapshot_id])?;
        let mut businesses = Vec::new();
        while let Some(row) = found.next()? {
            let (listing, id): (i64, i64) = (row.get(0)?, row.get("business_id")?);
            if wanted.contains(&id) {
                // Behind `listing`, `id` and `sha256`.
                let fields = own_fields(row, 3..columns)?;
                businesses.push(Business { id, fields, rows: self.read_rows(listing)? });
            }
        }
        Ok(businesses)
    }

    fn read_rows(&self, listing: i64) -> rusqlite::Result<Vec<StoredRow>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.* FROM listings l CROSS JOIN json_each(l.membership_rows) e
             CROSS JOIN membership_rows m ON m.id = e.value WHERE l.id = ?1",
        )?;
        let columns = statement.column_count();
        let rows = statement.query_map([listing], |row| StoredRow::read(row, columns))?;
        rows.collect()
    }

    /// Copies the coverage of the businesses and tells whether each list was read, or its gap accepted.
    fn copy_coverage(&self, target: &Connection, snapshot_id: i64, wanted: &[i64]) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare("SELECT * FROM coverage WHERE snapshot_id = ?1")?;
        let columns = statement.column_count();
        let mut lines = statement.query([snapshot_id])?;
        while let Some(row) = lines.next()? {
            if wanted.contains(&row.get("business_id")?) {
                content::insert(target, "coverage", &own_fields(row, 0..columns)?)?;
            }
        }
        let whole = format!(
            "SELECT NOT EXISTS (SELECT 1 FROM coverage WHERE snapshot_id = ?1 AND resource = 'team_members'
                 AND NOT ({WHOLE}))"
        );
        target.query_row(&whole, [snapshot_id], |row| row.get(0))
    }
}

struct Business {
    id: i64,
    fields: Vec<Field<'static>>,
    rows: Vec<StoredRow>,
}

/// A membership as it is stored, and what the rules on people need of it.
struct StoredRow {
    fields: Vec<Field<'static>>,
    account_key: AccountKey,
    key_text: String,
    /// The identity that the sources of this row give it; not one that an address led to.
    identity_id: Option<i64>,
    /// What the row itself holds.
    own_identity_id: Option<i64>,
    identity_uuid: Option<String>,
    role: String,
    member_uuid: String,
    email: String,
    first_name: String,
    last_name: String,
    flags: String,
    listed: bool,
    updated_at: Option<Timestamp>,
    record_sha256: String,
}

/// Where `account_key` and `flags` lie among the columns behind `id` and `sha256`.
const ACCOUNT_KEY_AT: usize = 1;
const FLAGS_AT: usize = 17;

impl StoredRow {
    fn read(row: &Row, columns: usize) -> rusqlite::Result<Self> {
        let text = |name: &str| -> rusqlite::Result<String> {
            Ok(row.get::<_, Option<String>>(name)?.unwrap_or_default())
        };
        let (sources, key_text) = (text("sources")?, text("account_key")?);
        // A source that names people by identity has told this row's, even where the list did not.
        let named = sources.split('+').any(|source| matches!(source, "identity" | "business_group"));
        let told = key_text.strip_prefix("identity:").filter(|_| named).and_then(|id| id.parse().ok());
        let own: Option<i64> = row.get("identity_id")?;
        Ok(StoredRow {
            fields: own_fields(row, 2..columns)?,
            account_key: AccountKey::Identity(0),
            identity_id: own.or(told),
            own_identity_id: own,
            identity_uuid: row.get("identity_uuid")?,
            role: text("role")?,
            member_uuid: text("member_uuid")?,
            email: text("email")?,
            first_name: text("first_name")?,
            last_name: text("last_name")?,
            flags: text("flags")?,
            listed: sources.split('+').any(|source| source == "team_members"),
            updated_at: row
                .get::<_, Option<String>>("member_updated_at")?
                .and_then(|text| Timestamp::parse(&text)),
            record_sha256: text("record_sha256")?,
            key_text,
        })
    }

    /// Says anew who the row's person is and what is to be known of the address.
    fn relate(&mut self, addresses: &Addresses) {
        let record = match self.member_uuid.as_str() {
            "" => format!("record:{}", self.record_sha256),
            uuid => uuid.to_owned(),
        };
        self.account_key = addresses.key_of(self.identity_id, &self.email, &record);
        self.key_text = self.account_key.to_string();
        let shared = Flag::SharedEmail.as_str();
        let mut flags: BTreeSet<&str> =
            self.flags.split(';').filter(|flag| !flag.is_empty() && *flag != shared).collect();
        if addresses.is_shared(&self.email) {
            flags.insert(shared);
        }
        let flags = flags.into_iter().collect::<Vec<_>>().join(";");
        self.fields[ACCOUNT_KEY_AT] = Field::text(self.key_text.clone());
        self.fields[FLAGS_AT] = Field::text(flags);
    }

    fn bearer(&self, business_id: i64) -> Bearer<'_> {
        Bearer {
            business_id,
            account_key: &self.account_key,
            member_uuid: &self.member_uuid,
            email: &self.email,
            first_name: &self.first_name,
            last_name: &self.last_name,
            identity_id: self.own_identity_id,
            identity_uuid: self.identity_uuid.as_deref(),
            updated_at: self.updated_at,
        }
    }

    fn place<'a>(&'a self, lent: &'a Lent) -> [&'a str; 4] {
        [lent.shown(&self.email, &self.account_key), &self.key_text, &self.role, &self.member_uuid]
    }
}

/// Puts the rows through the rules on people, and in order.
fn relate(identity: &Identity, businesses: &mut [Business]) {
    let mut addresses = Addresses::of(identity);
    for row in businesses.iter().flat_map(|business| &business.rows) {
        let name = full_name(&row.first_name, &row.last_name);
        addresses.meet(&row.email, row.identity_id, if row.listed { &name } else { "" });
    }
    for business in businesses.iter_mut() {
        business.rows.iter_mut().for_each(|row| row.relate(&addresses));
    }
    let rows = businesses.iter().flat_map(|business| business.rows.iter().map(|row| (business.id, row)));
    let lent = Lent::of(identity, rows, StoredRow::bearer);
    for business in businesses.iter_mut() {
        business.rows.sort_by(|a, b| report_order(a.place(&lent), b.place(&lent)));
    }
}

/// The snapshot's own row, without what tells of other businesses: totals, options, note, machine.
fn insert_snapshot(
    target: &Connection,
    snapshot: &Snapshot,
    whole: bool,
    [businesses, accounts, memberships]: [i64; 3],
) -> rusqlite::Result<()> {
    target.execute(
        r#"INSERT INTO snapshots (id, started_at, finished_at, status, source, tool_version, identity_id,
               identity_uuid, identity_email, identity_name, scopes, parameters, server_date_first,
               server_date_last, businesses, accounts, memberships, requests, hash_layout, content_sha256)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, '{}', ?12, ?13, ?14, ?15, ?16, 0, ?17, ?18)"#,
        params![
            snapshot.id,
            snapshot.started_at,
            snapshot.finished_at,
            if whole { "complete" } else { "partial" },
            snapshot.source,
            snapshot.tool_version,
            snapshot.identity_id,
            snapshot.identity_uuid,
            snapshot.identity_email,
            snapshot.identity_name,
            snapshot.scopes,
            snapshot.server_date_first,
            snapshot.server_date_last,
            businesses,
            accounts,
            memberships,
            snapshot.hash_layout,
            snapshot.content_sha256,
        ],
    )?;
    Ok(())
}

/// Values that outlive the row they were read from.
fn own_fields(row: &Row, columns: std::ops::Range<usize>) -> rusqlite::Result<Vec<Field<'static>>> {
    let foreign = || rusqlite::Error::InvalidColumnType(0, String::new(), rusqlite::types::Type::Blob);
    let fields = fields(row, columns)?.ok_or_else(foreign)?;
    Ok(fields.into_iter().map(Field::into_owned).collect())
}
