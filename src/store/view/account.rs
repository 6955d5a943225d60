//! The people of a snapshot, across its businesses.

use rusqlite::{Row, Statement};

use super::People;
use crate::error::Result;
use crate::model::rows::collate;
use crate::store::{Reader, schema, storage_error};

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
