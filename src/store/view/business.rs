//! The businesses of a snapshot, and how each was read.

use rusqlite::OptionalExtension;

use crate::error::Result;
use crate::store::{Reader, storage_error};

/// A business of a snapshot, with how its rows came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BusinessLine {
    pub(crate) id: i64,
    pub(crate) uuid: Option<String>,
    pub(crate) name: String,
    pub(crate) account_id: Option<String>,
    pub(crate) own_role: String,
    pub(crate) rows: i64,
    /// Rows that the team list named, whatever else did.
    pub(crate) rows_team_members: i64,
    /// Rows that the business group named and the list did not.
    pub(crate) rows_business_group_only: i64,
    /// Rows that neither named.
    pub(crate) rows_identity_only: i64,
    /// Active people with a privileged role.
    pub(crate) privileged: i64,
    pub(crate) owner: Option<Owner>,
}

/// The first owner in the order of the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) email: String,
}

/// Every business of a snapshot, in report order.
pub(crate) fn business_lines(reader: &Reader, snapshot_id: i64) -> Result<Vec<BusinessLine>> {
    let sql = "SELECT b.business_id, b.business_uuid, b.name, b.account_id, b.own_role, sb.listing,
            count(m.id), coalesce(sum(instr(m.sources, 'team_members') > 0), 0),
            coalesce(sum(instr(m.sources, 'team_members') = 0 AND instr(m.sources, 'business_group') > 0), 0),
            count(DISTINCT CASE WHEN m.role_class = 'privileged' AND m.active THEN m.account_key END)
        FROM snapshot_businesses sb JOIN business_rows b ON b.id = sb.business_row
        JOIN listings l ON l.id = sb.listing
        LEFT JOIN json_each(l.membership_rows) e LEFT JOIN membership_rows m ON m.id = e.value
        WHERE sb.snapshot_id = ?1 GROUP BY sb.position ORDER BY sb.position";
    let owner = "SELECT trim(trim(m.first_name) || ' ' || trim(m.last_name)), m.email
        FROM listings l CROSS JOIN json_each(l.membership_rows) e
        CROSS JOIN membership_rows m ON m.id = e.value
        WHERE l.id = ?1 AND m.role IN ('owner', 'systemless_owner')
        ORDER BY m.active DESC, e.key LIMIT 1";
    let read = || -> rusqlite::Result<Vec<BusinessLine>> {
        let mut owner = reader.connection().prepare(owner)?;
        let mut lines = reader.connection().prepare(sql)?;
        let lines = lines.query_map([snapshot_id], |row| {
            let listing: i64 = row.get(5)?;
            let (rows, listed, grouped): (i64, i64, i64) = (row.get(6)?, row.get(7)?, row.get(8)?);
            let owner = owner.query_row([listing], |row| Ok(Owner { name: row.get(0)?, email: row.get(1)? }));
            Ok(BusinessLine {
                id: row.get(0)?,
                uuid: row.get(1)?,
                name: row.get(2)?,
                account_id: row.get(3)?,
                own_role: row.get(4)?,
                rows,
                rows_team_members: listed,
                rows_business_group_only: grouped,
                rows_identity_only: rows - listed - grouped,
                privileged: row.get(9)?,
                owner: owner.optional()?,
            })
        })?;
        lines.collect()
    };
    read().map_err(|error| storage_error(error, "read the snapshot's businesses"))
}

/// How reading one source of one business went.
#[derive(Clone, Debug)]
pub(crate) struct CoverageLine {
    pub(crate) business_id: i64,
    pub(crate) resource: String,
    pub(crate) outcome: String,
    pub(crate) http_status: Option<i64>,
    pub(crate) expected: Option<i64>,
    pub(crate) received: i64,
    pub(crate) distinct_rows: i64,
    pub(crate) pages: i64,
    pub(crate) attempts: i64,
    pub(crate) message: Option<String>,
}

impl CoverageLine {
    pub(crate) fn is_team_list(&self) -> bool {
        self.resource == "team_members"
    }

    /// Whether a gap was accepted beforehand, so that the snapshot counts as complete all the same.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.outcome.as_str(), "denied" | "mismatch")
            && self.message.as_deref().is_some_and(|message| message.starts_with("accepted: "))
    }
}

/// The coverage of a snapshot, by business id and source.
pub(crate) fn coverage_lines(reader: &Reader, snapshot_id: i64) -> Result<Vec<CoverageLine>> {
    let sql = "SELECT business_id, resource, outcome, http_status, expected, received, distinct_rows, pages,
            attempts, message FROM coverage WHERE snapshot_id = ?1
        ORDER BY business_id, resource <> 'team_members', resource";
    let read = || -> rusqlite::Result<Vec<CoverageLine>> {
        let mut lines = reader.connection().prepare(sql)?;
        let lines = lines.query_map([snapshot_id], |row| {
            Ok(CoverageLine {
                business_id: row.get(0)?,
                resource: row.get(1)?,
                outcome: row.get(2)?,
                http_status: row.get(3)?,
                expected: row.get(4)?,
                received: row.get(5)?,
                distinct_rows: row.get(6)?,
                pages: row.get(7)?,
                attempts: row.get(8)?,
                message: row.get(9)?,
            })
        })?;
        lines.collect()
    };
    read().map_err(|error| storage_error(error, "read the snapshot's coverage"))
}
