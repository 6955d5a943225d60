//! The businesses of a snapshot, and how each was read.

use rusqlite::{OptionalExtension, Row};

use crate::error::Result;
use crate::model::{Coverage, Resource};
use crate::store::{Reader, schema, storage_error};

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

impl BusinessLine {
    /// Its name and id, as they are told.
    pub(crate) fn called(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }
}

/// The first owner in the order of the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) email: String,
}

/// How reading one source of one business went.
#[derive(Clone, Debug)]
pub(crate) struct CoverageLine {
    pub(crate) business_id: i64,
    pub(crate) read: Coverage,
}

impl CoverageLine {
    pub(crate) fn is_team_list(&self) -> bool {
        self.read.resource == Resource::TeamMembers
    }
}

impl Reader {
    /// Every business of a snapshot, in report order.
    pub(crate) fn businesses(&self, snapshot_id: i64) -> Result<Vec<BusinessLine>> {
        let sql = "SELECT b.business_id, b.business_uuid, b.name, b.account_id, b.own_role, sl.memberships AS listing,
                count(m.id) AS rows, coalesce(sum(instr(m.sources, 'team_members') > 0), 0) AS listed,
                coalesce(sum(instr(m.sources, 'team_members') = 0 AND instr(m.sources, 'business_group') > 0), 0)
                    AS grouped,
                count(DISTINCT CASE WHEN m.role_class = 'privileged' AND m.active THEN m.account_key END)
                    AS privileged
            FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN listings l ON l.id = sl.memberships
            LEFT JOIN json_each(l.rows) e LEFT JOIN membership_rows m ON m.id = e.key
            WHERE sl.snapshot_id = ?1 GROUP BY sl.position ORDER BY sl.position";
        let read = || -> rusqlite::Result<Vec<BusinessLine>> {
            let mut lines = self.connection().prepare(sql)?;
            let lines = lines.query_map([snapshot_id], |row| {
                let (rows, listed, grouped): (i64, i64, i64) =
                    (row.get("rows")?, row.get("listed")?, row.get("grouped")?);
                Ok(BusinessLine {
                    id: row.get("business_id")?,
                    uuid: row.get("business_uuid")?,
                    name: row.get("name")?,
                    account_id: row.get("account_id")?,
                    own_role: row.get("own_role")?,
                    rows,
                    rows_team_members: listed,
                    rows_business_group_only: grouped,
                    rows_identity_only: rows - listed - grouped,
                    privileged: row.get("privileged")?,
                    owner: self.owner_in(row.get("listing")?)?,
                })
            })?;
            lines.collect()
        };
        read().map_err(|error| storage_error(error, "read the snapshot's businesses"))
    }

    /// The first owner of a listing; one that is active before one that is not.
    fn owner_in(&self, listing: i64) -> rusqlite::Result<Option<Owner>> {
        let sql = format!(
            "SELECT {}, {} FROM listings l {} WHERE l.id = ?1 AND m.role IN ('owner', 'systemless_owner', 'classic_admin')
             ORDER BY m.active DESC, e.id LIMIT 1",
            schema::FULL_NAME,
            schema::EMAIL,
            schema::MEMBERS
        );
        let mut owner = self.connection().prepare_cached(&sql)?;
        let owner = owner.query_row([listing], |row| Ok(Owner { name: row.get(0)?, email: row.get(1)? }));
        owner.optional()
    }

    /// The coverage of one business of a snapshot, by source.
    pub(in crate::store) fn coverage_of(
        &self,
        snapshot_id: i64,
        business_id: i64,
    ) -> rusqlite::Result<Vec<Coverage>> {
        let sql = "SELECT * FROM coverage WHERE snapshot_id = ?1 AND business_id = ?2";
        let mut lines = self.connection().prepare_cached(sql)?;
        lines.query_map([snapshot_id, business_id], |row| Ok(read_coverage(row)?.read))?.collect()
    }

    /// The coverage of a snapshot, by business id and source.
    pub(crate) fn coverage(&self, snapshot_id: i64) -> Result<Vec<CoverageLine>> {
        let sql = format!(
            "SELECT * FROM coverage WHERE snapshot_id = ?1
             ORDER BY business_id, resource <> '{}', resource",
            Resource::TeamMembers
        );
        let read = || -> rusqlite::Result<Vec<CoverageLine>> {
            let mut lines = self.connection().prepare(&sql)?;
            lines.query_map([snapshot_id], read_coverage)?.collect()
        };
        read().map_err(|error| storage_error(error, "read the snapshot's coverage"))
    }
}

fn read_coverage(row: &Row) -> rusqlite::Result<CoverageLine> {
    let read = Coverage {
        resource: row.get("resource")?,
        outcome: row.get("outcome")?,
        http_status: row.get("http_status")?,
        expected: row.get("expected")?,
        received: row.get("received")?,
        distinct: row.get("distinct_rows")?,
        pages: row.get("pages")?,
        attempts: row.get("attempts")?,
        message: row.get("message")?,
    };
    Ok(CoverageLine { business_id: row.get("business_id")?, read })
}
