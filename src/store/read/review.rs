//! Recorded reviews: what was decided, by whom, from which files.

use rusqlite::{Params, Row};
use serde::{Deserialize, Serialize};

use super::{Snapshot, Usable};
use crate::error::Result;
use crate::model::Status;
use crate::model::marks::Verdict;
use crate::store::shape::{DECISION, REVIEW};
use crate::store::{Reader, storage_error};
use crate::time::Timestamp;

/// How far a database is taken into account. A folder that was made earlier knows nothing of the reviews
/// and snapshots that came since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Horizon {
    /// The last review that counts; 0 for none.
    pub(crate) review: i64,
    /// The last snapshot that is looked at for what became of decisions; 0 for none.
    pub(crate) snapshot: i64,
}

/// A review's own row.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    pub(crate) id: i64,
    pub(crate) snapshot_id: i64,
    pub(crate) recorded_at: Timestamp,
    /// How many files it was read from.
    pub(crate) files: i64,
    pub(crate) decisions: i64,
    /// Rows of the snapshot that it decides nothing about.
    pub(crate) undecided: i64,
    pub(crate) note: Option<String>,
    pub(crate) os_user: Option<String>,
    pub(crate) tool_version: String,
    pub(crate) hash_layout: String,
    pub(crate) content_sha256: String,
    pub(crate) previous_sha256: Option<String>,
}

/// A file that a review was read from, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReviewFile {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) body: Vec<u8>,
}

/// What was decided about one row of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) row_key: String,
    pub(crate) decision: Verdict,
    /// FreshBooks' own word for the role that it should become.
    pub(crate) change_to: Option<String>,
    pub(crate) reviewer: String,
    pub(crate) reviewer_email: String,
    /// A day, `YYYY-MM-DD`.
    pub(crate) reviewed_at: String,
    pub(crate) justification: String,
    pub(crate) ticket: String,
    /// What an auditor would ask, `;`-joined.
    pub(crate) findings: String,
    pub(crate) business_id: i64,
    pub(crate) business_name: String,
    pub(crate) account_key: String,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) state: String,
}

impl Horizon {
    /// Nothing at all.
    pub(crate) const NONE: Horizon = Horizon { review: 0, snapshot: 0 };

    /// As far as either of the two.
    pub(crate) fn or(self, other: Horizon) -> Horizon {
        Horizon { review: self.review.max(other.review), snapshot: self.snapshot.max(other.snapshot) }
    }
}

impl Reader {
    /// Everything that the database holds, or held at a time.
    pub(crate) fn horizon(&self, until: Option<Timestamp>) -> Result<Horizon> {
        let reviews = self.reviews()?;
        let last = reviews.iter().rfind(|review| until.is_none_or(|until| review.recorded_at <= until));
        let newest = self.newest_snapshot(Usable::default(), until)?;
        Ok(Horizon {
            review: last.map_or(0, |review| review.id),
            snapshot: newest.map_or(0, |newest| newest.id),
        })
    }

    /// Of all this, what tells something about a snapshot: the last review of it or of one before, and, if
    /// something was to be removed or changed, the last snapshot after it.
    pub(crate) fn horizon_of(&self, snapshot: &Snapshot, horizon: Horizon) -> Result<Horizon> {
        let review = "SELECT coalesce(max(r.id), 0) FROM reviews r JOIN snapshots s ON s.id = r.snapshot_id
             WHERE r.id <= ?1 AND (s.finished_at, s.id) <= (?2, ?3)";
        let later = format!(
            "SELECT coalesce(max(id), 0) FROM snapshots
             WHERE id <= ?1 AND (finished_at, id) > (?2, ?3) AND status <> '{}'
                 AND EXISTS (SELECT 1 FROM reviews r JOIN decisions d ON d.review_id = r.id
                     WHERE r.snapshot_id = ?3 AND r.id <= {} AND d.decision IN ('{}', '{}'))",
            Status::Partial,
            horizon.review,
            Verdict::Remove,
            Verdict::Change
        );
        let finished_at = snapshot.finished_at.to_string();
        let id = |sql: &str, last: i64| -> rusqlite::Result<i64> {
            self.connection()
                .prepare_cached(sql)?
                .query_row((last, &finished_at, snapshot.id), |row| row.get(0))
        };
        let read = || -> rusqlite::Result<Horizon> {
            Ok(Horizon { review: id(review, horizon.review)?, snapshot: id(&later, horizon.snapshot)? })
        };
        read().map_err(|error| storage_error(error, "read the reviews"))
    }

    /// Every review, oldest first.
    pub(crate) fn reviews(&self) -> Result<Vec<Review>> {
        self.reviews_where("ORDER BY id", [])
    }

    /// The reviews of a snapshot, up to the one with the id `last`; oldest first.
    pub(crate) fn reviews_of(&self, snapshot_id: i64, last: i64) -> Result<Vec<Review>> {
        let rest = "WHERE snapshot_id = ?1 AND id <= ?2 ORDER BY id";
        self.reviews_where(rest, (snapshot_id, last))
    }

    /// The businesses about which a review decides, with the names that they had.
    pub(crate) fn decided_businesses(&self, review_id: i64) -> Result<Vec<(i64, String)>> {
        let sql = "SELECT DISTINCT business_id, business_name FROM decisions WHERE review_id = ?1";
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut businesses = self.connection().prepare_cached(sql)?;
            businesses.query_map([review_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| storage_error(error, "read the reviews"))
    }

    /// What one review decided about a business, by row.
    pub(crate) fn decisions(&self, review_id: i64, business_id: i64) -> Result<Vec<Decision>> {
        let mut decisions = Vec::new();
        self.each_decision(review_id, business_id, |decision| {
            decisions.push(decision);
            Ok(())
        })?;
        Ok(decisions)
    }

    /// Hands on what one review decided about a business, by row.
    pub(crate) fn each_decision(
        &self,
        review_id: i64,
        business_id: i64,
        mut take: impl FnMut(Decision) -> Result<()>,
    ) -> Result<()> {
        // Every row key begins with its business, and the table lies in their order.
        let sql = format!(
            "SELECT {} FROM decisions
             WHERE review_id = ?1 AND row_key >= ?2 || '/' AND row_key < ?2 || '0' ORDER BY row_key",
            DECISION.kind().names("", |_| true)
        );
        let failed = |error| storage_error(error, "read the reviews");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query((review_id, business_id)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            take(read_decision(row).map_err(failed)?)?;
        }
        Ok(())
    }

    /// The files of a review, by name.
    pub(crate) fn review_files(&self, review_id: i64) -> Result<Vec<ReviewFile>> {
        let sql = "SELECT name, sha256, body FROM review_files WHERE review_id = ?1 ORDER BY name";
        let file = |row: &Row| {
            Ok(ReviewFile { name: row.get("name")?, sha256: row.get("sha256")?, body: row.get("body")? })
        };
        let read = || -> rusqlite::Result<Vec<ReviewFile>> {
            self.connection().prepare(sql)?.query_map([review_id], file)?.collect()
        };
        read().map_err(|error| storage_error(error, "read the files of the review"))
    }

    /// The first review of a snapshot that was recorded from a file of this hash.
    pub(crate) fn review_of_file(&self, snapshot_id: i64, sha256: &str) -> Result<Option<i64>> {
        let sql = "SELECT min(r.id) FROM review_files f JOIN reviews r ON r.id = f.review_id
             WHERE r.snapshot_id = ?1 AND f.sha256 = ?2";
        let read = || self.connection().query_row(sql, (snapshot_id, sha256), |row| row.get(0));
        read().map_err(|error| storage_error(error, "read the files of the reviews"))
    }

    /// Who decided in a review: names and addresses, in order.
    pub(crate) fn reviewers(&self, review_id: i64) -> Result<Vec<(String, String)>> {
        let sql =
            "SELECT DISTINCT reviewer, reviewer_email FROM decisions WHERE review_id = ?1 ORDER BY 1, 2";
        let read = || -> rusqlite::Result<Vec<(String, String)>> {
            let mut reviewers = self.connection().prepare_cached(sql)?;
            reviewers.query_map([review_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| storage_error(error, "read the reviews"))
    }

    fn reviews_where(&self, rest: &str, params: impl Params) -> Result<Vec<Review>> {
        let sql = format!("SELECT {} FROM reviews {rest}", REVIEW.kind().names("", |_| true));
        let read = || -> rusqlite::Result<Vec<Review>> {
            self.connection().prepare_cached(&sql)?.query_map(params, read_review)?.collect()
        };
        read().map_err(|error| storage_error(error, "read the reviews"))
    }
}

fn read_review(row: &Row) -> rusqlite::Result<Review> {
    Ok(Review {
        id: row.get("id")?,
        snapshot_id: row.get("snapshot_id")?,
        recorded_at: row.get("recorded_at")?,
        files: row.get("files")?,
        decisions: row.get("decisions")?,
        undecided: row.get("undecided")?,
        note: row.get("note")?,
        os_user: row.get("os_user")?,
        tool_version: row.get("tool_version")?,
        hash_layout: row.get("hash_layout")?,
        content_sha256: row.get("content_sha256")?,
        previous_sha256: row.get("previous_sha256")?,
    })
}

fn read_decision(row: &Row) -> rusqlite::Result<Decision> {
    Ok(Decision {
        row_key: row.get("row_key")?,
        decision: row.get("decision")?,
        change_to: row.get("change_to")?,
        reviewer: row.get("reviewer")?,
        reviewer_email: row.get("reviewer_email")?,
        reviewed_at: row.get("reviewed_at")?,
        justification: row.get("justification")?,
        ticket: row.get("ticket")?,
        findings: row.get("findings")?,
        business_id: row.get("business_id")?,
        business_name: row.get("business_name")?,
        account_key: row.get("account_key")?,
        full_name: row.get("full_name")?,
        email: row.get("email")?,
        role: row.get("role")?,
        state: row.get("state")?,
    })
}
