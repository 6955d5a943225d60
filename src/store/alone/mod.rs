//! Some businesses of a snapshot, as if the snapshot held no others.
//!
//! What a client is handed must tell nothing of another client, and much of a row can come from
//! elsewhere: who an address belongs to, that others use it too, a person's further addresses and
//! businesses. So the memberships are read back, related again with these businesses as all there is,
//! and written to a database in memory that every report reads like any other. Reviews follow them
//! (`reviews`).

mod reviews;

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row};

use super::read::{CoverageLine, Horizon, Snapshot, whole};
use super::shape::SNAPSHOT;
use super::{Reader, compare, schema, storage_error, write};
use crate::error::{Error, Kind, Result};
use crate::model::keys::AccountKey;
use crate::model::marks::{Flags, LastLogin, Sources};
use crate::model::reading::{Digest, OwnMembership, unhex};
use crate::model::texts::{Parts, Texts};
use crate::model::{Business, Identity, Listing, Membership, Run, Status, relate_again, role};
use reviews::Names;

impl Reader {
    /// The snapshot with only these businesses, behind it the earlier ones that it is compared with, and
    /// what was decided about them. Ids, times and hashes stay those of the whole.
    pub(crate) fn alone(&self, snapshot_id: i64, businesses: &[i64], horizon: Horizon) -> Result<Reader> {
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
        let snapshot = self.snapshot(snapshot_id)?;
        let mut needed = self.needed(snapshot_id, businesses).map_err(failed)?;
        let reviewed = self.reviewed_before(&snapshot, horizon.review)?;
        needed.extend(reviewed.iter().map(|reviewed| reviewed.id));
        needed.extend(self.needed_to_follow(&snapshot, businesses, horizon)?);
        let alone = Reader { connection: target };
        for id in needed {
            if let Some(snapshot) = self.find_snapshot(id)? {
                self.copy(snapshot, businesses, &alone, horizon)?;
            }
        }
        Ok(alone)
    }

    fn business_ids(&self, snapshot_id: i64) -> rusqlite::Result<Vec<i64>> {
        let mut ids = self.connection.prepare("SELECT business_id FROM businesses WHERE snapshot_id = ?1")?;
        ids.query_map([snapshot_id], |row| row.get(0))?.collect()
    }

    /// The snapshot, the one before it in which none of these lists has a gap, and those in which the
    /// lists that both lack were last read.
    fn needed(&self, snapshot_id: i64, wanted: &[i64]) -> rusqlite::Result<BTreeSet<i64>> {
        let mut earlier = self.connection.prepare(&format!(
            "SELECT s.id FROM snapshots s JOIN snapshots this ON this.id = ?1
             WHERE (s.finished_at, s.id) < (this.finished_at, this.id) AND s.status <> '{}' AND NOT EXISTS (
                 SELECT 1 FROM coverage WHERE snapshot_id = s.id AND resource = 'team_members'
                     AND business_id IN (SELECT value FROM json_each(?2)) AND NOT ({}))
             ORDER BY s.finished_at DESC, s.id DESC LIMIT 1",
            Status::Pruned,
            whole()
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

    fn copy(&self, snapshot: Snapshot, wanted: &[i64], alone: &Reader, horizon: Horizon) -> Result<()> {
        let failed = |error| storage_error(error, "take businesses out of the snapshot");
        let target = &alone.connection;
        let reviews = self.reviews_of(snapshot.id, horizon.review)?;
        if snapshot.status == Status::Pruned {
            write::insert_own_row(target, &SNAPSHOT, &snapshot).map_err(failed)?;
            return reviews.iter().try_for_each(|review| self.copy_review(review, wanted, alone, None));
        }
        let run = self.run(&snapshot).map_err(failed)?;
        let coverage = self.coverage(snapshot.id)?;
        let mut listings = self.listings(snapshot.id, wanted, &coverage).map_err(failed)?;
        let names = (!reviews.is_empty()).then(|| Names::of(&listings));
        relate_again(&run.identity, &mut listings);
        let names = names.map(|names| names.now(&listings));
        let write = || -> rusqlite::Result<()> {
            // What belongs to the snapshot comes before the row that says it is finished, as always.
            let transaction = target.unchecked_transaction()?;
            let totals = write::insert_content(&transaction, snapshot.id, &run, &listings)?;
            let complete = listings.iter().all(Listing::suffices);
            write::insert_own_row(
                &transaction,
                &SNAPSHOT,
                &Snapshot {
                    status: if complete { Status::Complete } else { Status::Partial },
                    businesses: totals.businesses,
                    accounts: totals.accounts,
                    memberships: totals.memberships,
                    // What tells of other businesses: options, note, machine, counts of changes.
                    parameters: "{}".to_owned(),
                    note: None,
                    os_user: None,
                    host: None,
                    requests: 0,
                    joined: None,
                    left: None,
                    changed: None,
                    previous_sha256: None,
                    ..snapshot
                },
            )?;
            transaction.commit()
        };
        write().map_err(failed)?;
        reviews.iter().try_for_each(|review| self.copy_review(review, wanted, alone, names.as_ref()))
    }

    /// The run as far as it is known of the whole: requests tell of other businesses.
    fn run(&self, snapshot: &Snapshot) -> rusqlite::Result<Run> {
        // The identity's two names are its account's; the snapshot's own row has them as one.
        let names = self.connection.query_row(
            "SELECT first_name, last_name FROM accounts WHERE snapshot_id = ?1 AND account_key = ?2",
            (snapshot.id, AccountKey::Identity(snapshot.identity_id).to_string()),
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
        let (first_name, last_name) = names.optional()?.unwrap_or_default();
        Ok(Run {
            started_at: snapshot.started_at,
            finished_at: snapshot.finished_at,
            server_date_first: snapshot.server_date_first,
            server_date_last: snapshot.server_date_last,
            identity: Identity {
                id: snapshot.identity_id,
                uuid: snapshot.identity_uuid.clone(),
                email: snapshot.identity_email.clone().unwrap_or_default(),
                first_name,
                last_name,
            },
            identity_record: Digest::default(),
            requests: Vec::new(),
        })
    }

    fn listings(
        &self,
        snapshot_id: i64,
        wanted: &[i64],
        coverage: &[CoverageLine],
    ) -> rusqlite::Result<Vec<Listing>> {
        let mut statement = self.connection.prepare(
            "SELECT s.memberships, b.* FROM snapshot_listings s JOIN business_rows b ON b.id = s.business_row
             WHERE s.snapshot_id = ?1 ORDER BY s.position",
        )?;
        let mut found = statement.query([snapshot_id])?;
        let mut listings = Vec::new();
        while let Some(row) = found.next()? {
            let business = read_business(row)?;
            if wanted.contains(&business.id) {
                let own = coverage.iter().filter(|line| line.business_id == business.id);
                let coverage = own.map(|line| line.read.clone()).collect();
                let memberships = self.memberships(row.get("memberships")?)?;
                listings.push(Listing { business, memberships, coverage, records: Vec::new() });
            }
        }
        Ok(listings)
    }

    fn memberships(&self, listing: i64) -> rusqlite::Result<Vec<Membership>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.* FROM listings l CROSS JOIN json_each(l.rows) e
             CROSS JOIN membership_rows m ON m.id = e.key WHERE l.id = ?1",
        )?;
        statement.query_map([listing], read_membership)?.collect()
    }
}

fn read_business(row: &Row) -> rusqlite::Result<Business> {
    let record: String = row.get("record_sha256")?;
    Ok(Business {
        id: row.get("business_id")?,
        uuid: row.get("business_uuid")?,
        account_id: row.get("account_id")?,
        name: row.get("name")?,
        active: row.get("active")?,
        status: row.get("status")?,
        subscription_status: row.get("subscription_status")?,
        timezone: row.get("timezone")?,
        own: vec![OwnMembership { role: row.get("own_role")?, record: unhex(&record).unwrap_or_default() }],
    })
}

fn read_membership(row: &Row) -> rusqlite::Result<Membership> {
    let text =
        |name: &str| Ok::<_, rusqlite::Error>(row.get_ref(name)?.as_str_or_null()?.unwrap_or_default());
    Ok(Membership {
        account_key: row.get("account_key")?,
        role: role::kept(text("role")?),
        texts: Texts::of(Parts {
            member_uuid: text("member_uuid")?,
            email: text("email")?,
            first_name: text("first_name")?,
            last_name: text("last_name")?,
            job_title: text("job_title")?,
        }),
        active: row.get("active")?,
        state: row.get("state")?,
        invitation_accepted_at: row.get("invitation_accepted_at")?,
        member_created_at: row.get("member_created_at")?,
        member_updated_at: row.get("member_updated_at")?,
        last_login: LastLogin::of(text("last_login_status")?, row.get("last_login_at")?),
        logins: row.get("logins")?,
        flags: Flags::parse(text("flags")?),
        sources: Sources::parse(text("sources")?),
        record: unhex(text("record_sha256")?).unwrap_or_default(),
        identity_id: row.get("identity_id")?,
        identity_uuid: row.get::<_, Option<String>>("identity_uuid")?.map(Into::into),
    })
}
