//! What was decided about some businesses, as if there were no others.
//!
//! A decision names its row as the whole snapshot did: an account that an address of another business made
//! one, a name that only another business gives. It is told again by the row as it is alone. Of the files
//! that the decisions came from, which hold rows of others, nothing is copied.

use std::collections::{BTreeMap, HashMap};

use super::Known;
use crate::error::Result;
use crate::model::marks::Verdict;
use crate::model::reading::Digest;
use crate::model::{Listing, Membership, Status};
use crate::store::read::{Decision, Horizon, Review, Snapshot, Usable};
use crate::store::shape::{DECISION, REVIEW, SNAPSHOT};
use crate::store::write::{count, insert_lines, insert_own_row};
use crate::store::{Reader, storage_error};

/// What stays the same of a row, whatever it is related to: business, record, role.
type Mark = (i64, Digest, String, String);

fn marked(listings: &[Listing]) -> impl Iterator<Item = (Mark, String)> + '_ {
    listings.iter().flat_map(|Listing { business, memberships, .. }| {
        memberships.iter().map(|row| {
            let uuid = row.texts.member_uuid().to_owned();
            ((business.id, row.record, row.role.to_string(), uuid), row_key(business.id, row))
        })
    })
}

fn row_key(business_id: i64, row: &Membership) -> String {
    match row.texts.member_uuid() {
        "" => format!("{business_id}/{}/{}", row.account_key, row.role),
        uuid => format!("{business_id}/{uuid}"),
    }
}

/// How a row is told.
struct Told {
    account_key: String,
    full_name: String,
    email: String,
}

impl Reader {
    /// The snapshots that may tell what became of what was to be removed or changed there; none if nothing
    /// was.
    pub(super) fn followed_in(
        &self,
        snapshot: &Snapshot,
        wanted: &[i64],
        horizon: Horizon,
    ) -> Result<Vec<Snapshot>> {
        let is_followed =
            |decision: &Decision| matches!(decision.decision, Verdict::Remove | Verdict::Change);
        for review in self.reviews_of(snapshot.id, horizon.review)? {
            for business in wanted {
                if self.decisions(review.id, *business)?.iter().any(is_followed) {
                    let any = Usable { allow_partial: true, businesses: &[] };
                    return self.later(any, snapshot, horizon.snapshot);
                }
            }
        }
        Ok(Vec::new())
    }

    /// Copies what was decided about these businesses: of the snapshot, and of those before it. One that was
    /// pruned since is there as its tombstone.
    pub(super) fn copy_reviews(
        &self,
        snapshot: &Snapshot,
        wanted: &[i64],
        alone: &Reader,
        horizon: Horizon,
    ) -> Result<()> {
        let failed = |error| storage_error(error, "take businesses out of the reviews");
        let mut reviewed = self.reviewed_before(snapshot, horizon.review)?;
        reviewed.push(snapshot.clone());
        for snapshot in reviewed {
            let copied = alone.find_snapshot(snapshot.id)?;
            let is_pruned = snapshot.status == Status::Pruned;
            if copied.is_none() && !is_pruned {
                continue;
            }
            let names = match is_pruned {
                true => {
                    insert_own_row(&alone.connection, &SNAPSHOT, &snapshot).map_err(failed)?;
                    None
                }
                false => Some(self.names(snapshot.id, wanted, alone).map_err(failed)?),
            };
            for review in self.reviews_of(snapshot.id, horizon.review)? {
                self.copy_review(&review, wanted, alone, names.as_ref())?;
            }
        }
        Ok(())
    }

    /// The names that the rows of a snapshot have there, by those that they have here.
    fn names(
        &self,
        snapshot_id: i64,
        wanted: &[i64],
        alone: &Reader,
    ) -> rusqlite::Result<HashMap<String, String>> {
        let wanted = serde_json::json!(wanted).to_string();
        let names = |reader: &Reader| -> rusqlite::Result<HashMap<Mark, String>> {
            let held = reader.held(&wanted)?.remove(&snapshot_id).unwrap_or_default();
            let listings = reader.listings(&held, vec![Vec::new(); held.len()], &mut Known::new())?;
            Ok(marked(&listings).collect())
        };
        let mut there = names(alone)?;
        let here = names(self)?.into_iter();
        Ok(here.filter_map(|(mark, name)| Some((name, there.remove(&mark)?))).collect())
    }

    /// Copies what a review decided about these businesses, if it did; `names` has the rows' names as they
    /// are now, by those in the whole, and nothing where the snapshot was pruned.
    fn copy_review(
        &self,
        review: &Review,
        wanted: &[i64],
        alone: &Reader,
        names: Option<&HashMap<String, String>>,
    ) -> Result<()> {
        let mut decisions = Vec::new();
        for business in wanted {
            decisions.extend(self.decisions(review.id, *business)?);
        }
        if decisions.is_empty() {
            return Ok(());
        }
        if let Some(names) = names {
            let told = alone.told(review.snapshot_id)?;
            decisions = decisions.into_iter().filter_map(|decision| retold(decision, names, &told)).collect();
        }
        let rows: i64 = match names {
            Some(names) => count(names.len()),
            None => count(decisions.len()),
        };
        let review = Review {
            files: 0,
            decisions: count(decisions.len()),
            undecided: rows - count(decisions.len()),
            // What tells of other businesses, or of the machine.
            note: None,
            os_user: None,
            previous_sha256: None,
            ..review.clone()
        };
        let write = || -> rusqlite::Result<()> {
            let transaction = alone.connection.unchecked_transaction()?;
            insert_lines(&transaction, review.id, &DECISION, decisions.iter().map(|decision| (0, decision)))?;
            insert_own_row(&transaction, &REVIEW, &review)?;
            transaction.commit()
        };
        write().map_err(|error| storage_error(error, "take businesses out of the review"))
    }

    /// How the rows of a snapshot are told, by their names.
    fn told(&self, snapshot_id: i64) -> Result<BTreeMap<String, Told>> {
        let sql = "SELECT row_key, account_key, full_name, email FROM access WHERE snapshot_id = ?1";
        let read = || -> rusqlite::Result<BTreeMap<String, Told>> {
            let mut rows = self.connection.prepare(sql)?;
            let rows = rows.query_map([snapshot_id], |row| {
                let told = Told { account_key: row.get(1)?, full_name: row.get(2)?, email: row.get(3)? };
                Ok((row.get(0)?, told))
            })?;
            rows.collect()
        };
        read().map_err(|error| storage_error(error, "read the snapshot"))
    }
}

fn retold(
    decision: Decision,
    names: &HashMap<String, String>,
    told: &BTreeMap<String, Told>,
) -> Option<Decision> {
    let row_key = names.get(&decision.row_key)?;
    let Told { account_key, full_name, email } = told.get(row_key)?;
    Some(Decision {
        row_key: row_key.clone(),
        account_key: account_key.clone(),
        full_name: full_name.clone(),
        email: email.clone(),
        ..decision
    })
}
