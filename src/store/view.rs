//! What reports are made of: a snapshot's own row, its businesses, coverage, accounts and access rows.
//!
//! Access rows are handed on one by one. What grows with the number of businesses is small and comes
//! as a list; of accounts, keys alone are held.

use rusqlite::{OptionalExtension, Row, Statement};

use super::layout::Field as Value;
use super::{Reader, schema, storage_error};
use crate::error::{Error, Kind, Result};
use crate::model::rows::collate;

/// A snapshot's own row, as far as evidence tells it.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) id: i64,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
    pub(crate) status: String,
    pub(crate) source: String,
    pub(crate) tool_version: String,
    pub(crate) identity_id: i64,
    pub(crate) identity_uuid: Option<String>,
    pub(crate) identity_email: Option<String>,
    pub(crate) identity_name: Option<String>,
    pub(crate) scopes: Option<String>,
    pub(crate) parameters: String,
    pub(crate) note: Option<String>,
    pub(crate) os_user: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) server_date_first: Option<String>,
    pub(crate) server_date_last: Option<String>,
    pub(crate) businesses: i64,
    pub(crate) accounts: i64,
    pub(crate) memberships: i64,
    pub(crate) requests: i64,
    pub(crate) hash_layout: String,
    pub(crate) content_sha256: String,
    pub(crate) previous_sha256: Option<String>,
}

const SNAPSHOT: &str = "SELECT id, started_at, finished_at, status, source, tool_version, identity_id,
    identity_uuid, identity_email, identity_name, scopes, parameters, note, os_user, host, server_date_first,
    server_date_last, businesses, accounts, memberships, requests, hash_layout, content_sha256,
    previous_sha256 FROM snapshots";

fn snapshot_row(row: &Row) -> rusqlite::Result<Snapshot> {
    Ok(Snapshot {
        id: row.get(0)?,
        started_at: row.get(1)?,
        finished_at: row.get(2)?,
        status: row.get(3)?,
        source: row.get(4)?,
        tool_version: row.get(5)?,
        identity_id: row.get(6)?,
        identity_uuid: row.get(7)?,
        identity_email: row.get(8)?,
        identity_name: row.get(9)?,
        scopes: row.get(10)?,
        parameters: row.get(11)?,
        note: row.get(12)?,
        os_user: row.get(13)?,
        host: row.get(14)?,
        server_date_first: row.get(15)?,
        server_date_last: row.get(16)?,
        businesses: row.get(17)?,
        accounts: row.get(18)?,
        memberships: row.get(19)?,
        requests: row.get(20)?,
        hash_layout: row.get(21)?,
        content_sha256: row.get(22)?,
        previous_sha256: row.get(23)?,
    })
}

/// The snapshot `id`; `None` where there is none.
pub(crate) fn find_snapshot(reader: &Reader, id: i64) -> Result<Option<Snapshot>> {
    let found = reader.connection().query_row(&format!("{SNAPSHOT} WHERE id = ?1"), [id], snapshot_row);
    found.optional().map_err(|error| storage_error(error, "read the snapshot"))
}

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

/// One row of the access listing, its columns in the order of the view.
pub(crate) struct AccessRow<'a>(&'a Row<'a>);

impl AccessRow<'_> {
    /// The value of the column at `position`.
    pub(crate) fn value(&self, position: usize) -> Result<Value<'_>> {
        value(self.0, position)
    }

    /// The text of the column at `position`, empty where it holds none.
    pub(crate) fn text(&self, position: usize) -> Result<std::borrow::Cow<'_, str>> {
        Ok(match self.value(position)? {
            Value::Text(text) => text,
            Value::Null | Value::Integer(_) => "".into(),
        })
    }

    pub(crate) fn integer(&self, position: usize) -> Result<i64> {
        Ok(match self.value(position)? {
            Value::Integer(value) => value,
            Value::Null | Value::Text(_) => 0,
        })
    }
}

fn value<'a>(row: &'a Row, position: usize) -> Result<Value<'a>> {
    let value = row.get_ref(position).map_err(|error| storage_error(error, "read the snapshot"))?;
    let foreign =
        || Error::new(Kind::Storage, format!("column {position} of a row holds no text or integer"));
    Value::from_sql(value).ok_or_else(foreign)
}

/// The accounts that a listing is kept to; all of them without one.
#[derive(Clone, Debug, Default)]
pub(crate) struct People(Option<String>);

impl People {
    /// Only the accounts with these keys.
    pub(crate) fn only(keys: &[String]) -> Self {
        People(Some(serde_json::to_string(keys).unwrap_or_default()))
    }
}

/// Hands the rows of a snapshot's access listing to `take`, in report order.
pub(crate) fn access_rows(
    reader: &Reader,
    snapshot_id: i64,
    people: &People,
    mut take: impl FnMut(&AccessRow) -> Result<()>,
) -> Result<()> {
    let failed = |error| storage_error(error, "read the snapshot");
    let only = match &people.0 {
        Some(_) => "AND m.account_key IN (SELECT value FROM json_each(?2))",
        None => "AND ?2 IS NULL",
    };
    let sql = format!("{} WHERE s.id = ?1 {only} {}", schema::ACCESS, schema::ACCESS_ORDER);
    let mut statement = reader.connection().prepare(&sql).map_err(failed)?;
    let mut rows = statement.query((snapshot_id, people.0.as_deref())).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        take(&AccessRow(row))?;
    }
    Ok(())
}

/// A person, across the businesses of a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct AccountLine {
    pub(crate) key: String,
    pub(crate) identity_id: Option<i64>,
    pub(crate) identity_uuid: Option<String>,
    pub(crate) email: String,
    pub(crate) emails: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) full_name: String,
    pub(crate) businesses: i64,
}

/// Every account's key and addresses, in no order.
pub(crate) fn account_addresses(reader: &Reader, snapshot_id: i64) -> Result<Vec<(String, String)>> {
    let sql = "SELECT account_key, emails FROM accounts WHERE snapshot_id = ?1";
    let read = || -> rusqlite::Result<Vec<(String, String)>> {
        let mut accounts = reader.connection().prepare(sql)?;
        accounts.query_map([snapshot_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    read().map_err(|error| storage_error(error, "read the snapshot's accounts"))
}

/// Hands the accounts of a snapshot to `take`, by e-mail and key in the order of every report.
/// Sorting needs the two alone; the rest is fetched row by row.
pub(crate) fn account_lines(
    reader: &Reader,
    snapshot_id: i64,
    people: &People,
    mut take: impl FnMut(&AccountLine) -> Result<()>,
) -> Result<()> {
    let failed = |error| storage_error(error, "read the snapshot's accounts");
    let mut order = account_order(reader, snapshot_id, people).map_err(failed)?;
    order.sort_by(|a, b| collate(&a.email, &b.email).then_with(|| collate(&a.key, &b.key)));
    let prepare = |sql: &str| reader.connection().prepare(sql).map_err(failed);
    let mut own = prepare(
        "SELECT account_key, identity_id, identity_uuid, email, emails, first_name, last_name, full_name,
            businesses FROM account_rows WHERE id = ?1",
    )?;
    let mut single = prepare(&format!("SELECT {} FROM membership_rows m WHERE m.id = ?1", schema::SINGLE))?;
    for place in &order {
        let (statement, id) = match place.row {
            AccountAt::Own(id) => (&mut own, id),
            AccountAt::Membership(id) => (&mut single, id),
        };
        take(&statement.query_row([id], account_row).map_err(failed)?)?;
    }
    Ok(())
}

/// What accounts are sorted by, and where the rest is.
struct AccountPlace {
    email: Box<str>,
    key: Box<str>,
    row: AccountAt,
}

enum AccountAt {
    Own(i64),
    /// An account that is one membership and nothing more.
    Membership(i64),
}

fn account_order(reader: &Reader, snapshot_id: i64, people: &People) -> rusqlite::Result<Vec<AccountPlace>> {
    let sql = format!(
        "SELECT * FROM (
            SELECT a.email, a.account_key, a.id AS own, NULL AS membership FROM {} WHERE s.snapshot_id = ?1
            UNION ALL
            SELECT m.email, m.account_key, NULL, m.id FROM {} AND s.snapshot_id = ?1)
         WHERE ?2 IS NULL OR account_key IN (SELECT value FROM json_each(?2))",
        schema::OWN_ACCOUNTS,
        schema::SINGLE_ACCOUNTS
    );
    let mut statement: Statement = reader.connection().prepare(&sql)?;
    let rows = statement.query_map((snapshot_id, people.0.as_deref()), |row| {
        let membership: Option<i64> = row.get(3)?;
        Ok(AccountPlace {
            email: row.get(0)?,
            key: row.get(1)?,
            row: match membership {
                Some(id) => AccountAt::Membership(id),
                None => AccountAt::Own(row.get(2)?),
            },
        })
    })?;
    rows.collect()
}

fn account_row(row: &Row) -> rusqlite::Result<AccountLine> {
    Ok(AccountLine {
        key: row.get(0)?,
        identity_id: row.get(1)?,
        identity_uuid: row.get(2)?,
        email: row.get(3)?,
        emails: row.get(4)?,
        first_name: row.get(5)?,
        last_name: row.get(6)?,
        full_name: row.get(7)?,
        businesses: row.get(8)?,
    })
}

/// One membership as the reports across businesses need it.
pub(crate) struct Holding<'a> {
    /// Place of the business in the snapshot's order.
    pub(crate) business: usize,
    pub(crate) account_key: &'a str,
    pub(crate) role: &'a str,
    pub(crate) role_class: &'a str,
    pub(crate) state: &'a str,
}

/// Hands every membership to `take`, business by business in report order.
pub(crate) fn holdings(
    reader: &Reader,
    snapshot_id: i64,
    people: &People,
    mut take: impl FnMut(&Holding),
) -> Result<()> {
    let mut read = || -> rusqlite::Result<()> {
        let mut statement = reader.connection().prepare(
            "SELECT sb.position, m.account_key, m.role, m.role_class, m.state FROM snapshot_businesses sb
             JOIN listings l ON l.id = sb.listing CROSS JOIN json_each(l.membership_rows) e
             CROSS JOIN membership_rows m ON m.id = e.value
             WHERE sb.snapshot_id = ?1 AND (?2 IS NULL OR m.account_key IN (SELECT value FROM json_each(?2)))
             ORDER BY sb.position",
        )?;
        let mut rows = statement.query((snapshot_id, people.0.as_deref()))?;
        while let Some(row) = rows.next()? {
            let text = |at: usize| row.get_ref(at).and_then(|value| Ok(value.as_str()?));
            take(&Holding {
                business: usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
                account_key: text(1)?,
                role: text(2)?,
                role_class: text(3)?,
                state: text(4)?,
            });
        }
        Ok(())
    };
    read().map_err(|error| storage_error(error, "read the snapshot's memberships"))
}
