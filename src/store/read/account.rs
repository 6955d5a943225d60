//! The people of a snapshot, across its businesses.

use rusqlite::{Row, types::FromSql, types::FromSqlError, types::FromSqlResult, types::ValueRef};

use super::People;
use crate::error::Result;
use crate::model::Account;
use crate::model::keys::AccountKey;
use crate::model::rows::collate;
use crate::store::shape::ACCOUNT;
use crate::store::{Reader, storage_error};

/// Address and key of an account, which order it, and its row.
type AccountAt = (Box<str>, Box<str>, i64);

impl Reader {
    /// Every account's key and addresses, in no order.
    pub(crate) fn account_addresses(&self, snapshot_id: i64) -> Result<Vec<(String, String)>> {
        let sql = "SELECT account_key, emails FROM accounts WHERE snapshot_id = ?1";
        let read = || -> rusqlite::Result<Vec<(String, String)>> {
            let mut accounts = self.connection().prepare(sql)?;
            accounts.query_map([snapshot_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| storage_error(error, "read the snapshot's accounts"))
    }

    /// Hands the accounts of a snapshot to `take`, by e-mail and key in the order of every report.
    /// Only these two are held for sorting; the rest is read row by row.
    pub(crate) fn accounts(
        &self,
        snapshot_id: i64,
        people: &People,
        mut take: impl FnMut(&Account) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| storage_error(error, "read the snapshot's accounts");
        let mut order = self.account_order(snapshot_id, people).map_err(failed)?;
        order.sort_by(|(a_email, a_key, _), (b_email, b_key, _)| {
            collate(a_email, b_email).then_with(|| collate(a_key, b_key))
        });
        let sql = format!("SELECT {} FROM account_rows WHERE id = ?1", ACCOUNT.kind().names("", |_| true));
        let mut row = self.connection().prepare(&sql).map_err(failed)?;
        for (_, _, id) in &order {
            take(&row.query_row([id], read_account).map_err(failed)?)?;
        }
        Ok(())
    }

    fn account_order(&self, snapshot_id: i64, people: &People) -> rusqlite::Result<Vec<AccountAt>> {
        let sql = format!(
            "SELECT a.email, a.account_key, a.id FROM account_rows a JOIN
                (SELECT DISTINCT e.value AS id FROM snapshot_listings s JOIN listings l ON l.id = s.memberships
                 CROSS JOIN json_each(l.rows) e WHERE s.snapshot_id = ?1) held ON held.id = a.id
             WHERE {}",
            people.condition("a.account_key")
        );
        let mut statement = self.connection().prepare(&sql)?;
        let rows = statement.query_map((snapshot_id, people.parameter()), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        rows.collect()
    }
}

impl FromSql for AccountKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        AccountKey::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

fn read_account(row: &Row) -> rusqlite::Result<Account> {
    Ok(Account {
        key: row.get("account_key")?,
        identity_id: row.get("identity_id")?,
        identity_uuid: row.get("identity_uuid")?,
        email: row.get("email")?,
        emails: row.get("emails")?,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        full_name: row.get("full_name")?,
        businesses: row.get("businesses")?,
    })
}
