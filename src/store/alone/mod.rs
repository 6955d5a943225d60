//! Some businesses of a snapshot, as if the snapshot held no others.
//!
//! What a client is handed must tell nothing of another client, and much of a row can come from
//! elsewhere: who an address belongs to, that others use it too, a person's further addresses and
//! businesses. So the memberships are read back, related again with these businesses as all there is,
//! and written to a database in memory that every report reads like any other. Reviews follow them
//! ([`reviews`]).

mod reviews;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::read::{Horizon, Snapshot};
use super::shape::{COVERAGE, SNAPSHOT};
use super::write::{self, Totals};
use super::{Reader, schema, storage_error};
use crate::error::{Error, Kind, Result};
use crate::model::keys::AccountKey;
use crate::model::marks::{Flags, LastLogin, Sources};
use crate::model::reading::{Digest, OwnMembership, unhex};
use crate::model::texts::{Parts, Texts};
use crate::model::{Business, Coverage, Identity, Listing, Membership, Run, Status, relate_again, role};

/// What a snapshot has of the businesses that are taken out: of each its id, its row and its listing.
type Held = Vec<(i64, i64, i64)>;

/// A snapshot that is in the target, and what it was made of there.
struct Copied {
    id: i64,
    held: Held,
    identity: (i64, Option<String>, Option<String>),
    totals: Totals,
}

/// The memberships that were read, by number: from snapshot to snapshot few are new.
type Known = HashMap<i64, Membership>;

impl Reader {
    /// The snapshot with only these businesses, what was decided about them, the later ones that tell what
    /// became of that, and where the past is wanted, behind it every earlier one. Their ids, times and
    /// hashes stay those of the whole.
    pub(crate) fn alone(
        &self,
        snapshot_id: i64,
        businesses: &[i64],
        past: bool,
        horizon: Horizon,
    ) -> Result<Reader> {
        let failed = |error| storage_error(error, "take businesses out of the snapshot");
        let wanted = serde_json::json!(businesses).to_string();
        let mut held = self.held(&wanted).map_err(failed)?;
        let known = held.get(&snapshot_id).map_or(&[][..], Vec::as_slice);
        if let Some(missing) = businesses.iter().find(|id| known.iter().all(|(known, ..)| known != *id)) {
            let message = format!("snapshot {snapshot_id} holds no business {missing}");
            return Err(Error::new(Kind::Usage, message).hint(format!(
                "sqlite3 FILE \"SELECT business_id, name FROM businesses WHERE snapshot_id = {snapshot_id}\""
            )));
        }
        let target = Connection::open_in_memory().map_err(failed)?;
        schema::create(&target).map_err(failed)?;
        let mut copied = None;
        let snapshot = self.snapshot(snapshot_id)?;
        let later = self.followed_in(&snapshot, businesses, horizon)?;
        let mut wanted = if past { self.snapshots_until(&snapshot)? } else { vec![snapshot.clone()] };
        wanted.extend(later);
        let mut known = Known::new();
        for snapshot in wanted {
            let held = held.remove(&snapshot.id).unwrap_or_default();
            copied = Some(self.copy(snapshot, held, copied, &mut known, &target).map_err(failed)?);
        }
        let alone = Reader { connection: target };
        self.copy_reviews(&snapshot, businesses, &alone, horizon)?;
        Ok(alone)
    }

    /// What each snapshot has of these businesses, in order.
    fn held(&self, wanted: &str) -> rusqlite::Result<HashMap<i64, Held>> {
        let mut rows = self.connection.prepare(
            "SELECT s.snapshot_id, b.business_id, b.id, s.memberships
             FROM snapshot_listings s JOIN business_rows b ON b.id = s.business_row
             WHERE s.business_row IN
                (SELECT id FROM business_rows WHERE business_id IN (SELECT value FROM json_each(?1)))
             ORDER BY s.snapshot_id, s.position",
        )?;
        let mut rows = rows.query([wanted])?;
        let mut held: HashMap<i64, Held> = HashMap::new();
        while let Some(row) = rows.next()? {
            held.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?, row.get(3)?));
        }
        Ok(held)
    }

    /// Adds a snapshot to the target. Where it has what the one before has, that is not related again.
    fn copy(
        &self,
        snapshot: Snapshot,
        held: Held,
        before: Option<Copied>,
        known: &mut Known,
        target: &Connection,
    ) -> rusqlite::Result<Copied> {
        let identity =
            (snapshot.identity_id, snapshot.identity_uuid.clone(), snapshot.identity_email.clone());
        let coverage = held
            .iter()
            .map(|(business, ..)| self.coverage_of(snapshot.id, *business))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let complete = coverage.iter().all(|lines| lines.iter().any(Coverage::is_whole_list));
        // What belongs to the snapshot comes before the row that says it is finished, as always.
        let transaction = target.unchecked_transaction()?;
        let totals = match before.filter(|before| (&before.held, &before.identity) == (&held, &identity)) {
            Some(before) => {
                write::repeat_content(&transaction, before.id, snapshot.id)?;
                let lines = held.iter().zip(&coverage);
                let lines = lines.flat_map(|((id, ..), lines)| lines.iter().map(|line| (*id, line)));
                write::insert_lines(&transaction, snapshot.id, &COVERAGE, lines)?;
                before.totals
            }
            None => {
                let run = self.run(&snapshot, &held)?;
                let mut listings = self.listings(&held, coverage, known)?;
                relate_again(&run.identity, &mut listings);
                write::insert_content(&transaction, snapshot.id, &run, &listings)?
            }
        };
        let id = snapshot.id;
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
        transaction.commit()?;
        Ok(Copied { id, held, identity, totals })
    }

    /// The run as far as it is known of the whole: requests tell of other businesses.
    fn run(&self, snapshot: &Snapshot, held: &Held) -> rusqlite::Result<Run> {
        // The identity's two names are its account's, which every business has; the snapshot's own row
        // has them as one.
        let names = "SELECT a.first_name, a.last_name FROM listings l CROSS JOIN json_each(l.rows) e
             CROSS JOIN account_rows a ON a.id = e.value WHERE l.id = ?1 AND a.account_key = ?2 LIMIT 1";
        let key = AccountKey::Identity(snapshot.identity_id).to_string();
        let listing = held.first().map(|(.., listing)| listing);
        let mut names = self.connection.prepare_cached(names)?;
        let names = names.query_row((listing, key), |row| Ok((row.get(0)?, row.get(1)?)));
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
        held: &Held,
        coverage: Vec<Vec<Coverage>>,
        known: &mut Known,
    ) -> rusqlite::Result<Vec<Listing>> {
        let mut business = self.connection.prepare_cached("SELECT * FROM business_rows WHERE id = ?1")?;
        let listing = |((_, row, listing), coverage): (&(i64, i64, i64), Vec<Coverage>)| {
            let business = business.query_row([row], read_business)?;
            let memberships = self.memberships(*listing, known)?;
            Ok(Listing { business, memberships, coverage, records: Vec::new() })
        };
        held.iter().zip(coverage).map(listing).collect()
    }

    fn memberships(&self, listing: i64, known: &mut Known) -> rusqlite::Result<Vec<Membership>> {
        let entries = self.entries(listing)?;
        let numbers = entries.iter().map(|entry| entry.membership);
        let new: Vec<i64> = numbers.clone().filter(|number| !known.contains_key(number)).collect();
        let mut rows = self.connection.prepare_cached(
            "SELECT m.* FROM json_each(?1) e CROSS JOIN membership_rows m ON m.id = e.value",
        )?;
        let mut rows = rows.query([serde_json::json!(new).to_string()])?;
        while let Some(row) = rows.next()? {
            known.insert(row.get("id")?, read_membership(row)?);
        }
        Ok(numbers.filter_map(|number| known.get(&number).cloned()).collect())
    }
}

pub(super) fn read_business(row: &Row) -> rusqlite::Result<Business> {
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

pub(super) fn read_membership(row: &Row) -> rusqlite::Result<Membership> {
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
