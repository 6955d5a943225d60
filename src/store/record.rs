//! Decisions into a review, in one transaction. Append-only like snapshots, and in the same chain: a later
//! decision about a row supersedes an earlier one, which stays.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::field::Field;
use super::hash::LAYOUT;
use super::open::identify;
use super::read::{Decision, Review, ReviewFile};
use super::shape::{DECISION, REVIEW, REVIEW_FILE};
use super::write::{count, insert_lines, insert_own_row};
use super::{Contents, Writer, chain, storage_error};
use crate::app::die_if_chosen;
use crate::error::{Error, Kind, Result};
use crate::model::reading::hex;
use crate::shell;
use crate::time::Timestamp;

/// A review as it is about to be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(crate) snapshot_id: i64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) files: Vec<ReviewFile>,
    pub(crate) undecided: i64,
    pub(crate) note: Option<String>,
    pub(crate) os_user: String,
}

impl Writer {
    /// Adds a review. On any failure the database is as it was.
    pub(crate) fn record(&self, judgement: &Judgement) -> Result<Review> {
        let failed = |error| storage_error(error, &format!("record the review in {}", self.path.display()));
        let mut connection = self.connect()?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if let Contents::Nothing = identify(&transaction, &self.path)? {
            return Err(Error::new(Kind::Storage, format!("{} holds no snapshot yet", self.path.display())));
        }
        self.refuse_before_last(&transaction, judgement)?;
        let review = insert_review(&transaction, judgement).map_err(failed)?;
        die_if_chosen("commit");
        transaction.commit().map_err(failed)?;
        die_if_chosen("committed");
        Ok(review)
    }

    /// A review that seems older than the one before it would put what was decided in the wrong order.
    fn refuse_before_last(&self, connection: &Connection, judgement: &Judgement) -> Result<()> {
        let last = "SELECT id, recorded_at FROM reviews ORDER BY id DESC LIMIT 1";
        let last = connection.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).optional();
        let last: Option<(i64, Timestamp)> =
            last.map_err(|error| storage_error(error, "read the last review"))?;
        let now = judgement.recorded_at;
        match last {
            Some((id, at)) if now < at => {
                let message =
                    format!("it is {now} by this machine, before review {id} of {at}; nothing was recorded");
                Err(Error::new(Kind::Config, message).hint(format!(
                    "check this machine's clock with `date -u`; `fbsync review list --db {}` lists the times",
                    shell::path(&self.path)
                )))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn insert_review(connection: &Connection, judgement: &Judgement) -> rusqlite::Result<Review> {
    let id = connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM reviews", [], |row| row.get(0))?;
    insert_lines(connection, id, &REVIEW_FILE, judgement.files.iter().map(|file| (0, file)))?;
    insert_lines(connection, id, &DECISION, judgement.decisions.iter().map(|decision| (0, decision)))?;
    let mut review = Review {
        id,
        snapshot_id: judgement.snapshot_id,
        recorded_at: judgement.recorded_at,
        files: count(judgement.files.len()),
        decisions: count(judgement.decisions.len()),
        undecided: judgement.undecided,
        note: judgement.note.clone(),
        os_user: Some(judgement.os_user.clone()),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        hash_layout: LAYOUT.name(),
        content_sha256: String::new(),
        previous_sha256: chain::head(connection)?.map(|link| link.sha256),
    };
    let own: Vec<Field> = REVIEW.fields(0, &review).collect();
    let sha256 = chain::review(connection, &REVIEW.kind(), LAYOUT, &own)?;
    review.content_sha256 = hex(sha256);
    // Last, since its presence makes the rest a review.
    insert_own_row(connection, &REVIEW, &review)?;
    Ok(review)
}
