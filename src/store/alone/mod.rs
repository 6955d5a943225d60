//! Some businesses of a snapshot, as if the snapshot held no others.
//!
//! What a client is handed must tell nothing of another client, and much of a row may come from
//! elsewhere: who an address belongs to, that others use it too, a person's further addresses and
//! businesses. So the rows are put through the rules of [`addresses`](crate::model::addresses) once more, with these businesses
//! as all there is, and written to a database in memory that every report reads like any other.

mod row;

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::content::{self, count};
use super::layout::Field;
use super::query::WHOLE;
use super::view::{Snapshot, find_snapshot};
use super::{Reader, compare, schema, storage_error};
use crate::error::{Error, Kind, Result};
use crate::model::Identity;
use crate::model::accounts::Accounts;
use crate::model::keys::AccountKey;
use row::{StoredRow, own_fields, relate};

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
