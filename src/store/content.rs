//! Listings on their way into the database: each once, found by its hash.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::layout::{self, Field};
use super::rows::Columns;
use super::table::{Stored, Table, known_memberships};
use crate::model::Account;
use crate::model::reading::Digest;

/// A business's row and listing.
pub(super) struct Written {
    pub(super) business: Stored,
    pub(super) listing: Stored,
}

/// Writes businesses in the order given: for each its id, its own row, and its memberships.
pub(super) fn insert_listings<B: Columns>(
    connection: &Connection,
    businesses: impl Iterator<Item = (i64, B, impl Iterator<Item = impl Columns>)>,
) -> rusqlite::Result<Vec<Written>> {
    let mut business_rows = Table::of(connection, "business")?;
    let mut membership_rows = Table::of(connection, "membership")?;
    let insert_one = |(business_id, business, members): (i64, B, _)| {
        let business = business_rows.store(&business)?;
        let listing = insert_listing(connection, &mut membership_rows, business_id, members)?;
        Ok(Written { business, listing })
    };
    businesses.map(insert_one).collect()
}

fn insert_listing(
    connection: &Connection,
    table: &mut Table,
    business_id: i64,
    members: impl Iterator<Item = impl Columns>,
) -> rusqlite::Result<Stored> {
    let known = known_memberships(connection, business_id)?;
    let mut ids = String::from("[");
    let mut hashes = Vec::new();
    for row in members {
        let Stored { id, sha256 } = table.store_unless(&row, |sha256| Ok(known.get(sha256).copied()))?;
        if !hashes.is_empty() {
            ids.push(',');
        }
        ids.push_str(&id.to_string());
        hashes.push(sha256);
    }
    ids.push(']');
    find_or_insert(connection, &hashes, |_| Ok(ids))
}

/// Writes the accounts that are rows of their own, in the order of their keys.
pub(super) fn insert_accounts(
    connection: &Connection,
    accounts: impl Iterator<Item = Account>,
) -> rusqlite::Result<Stored> {
    let mut table = Table::of(connection, "account")?;
    let stored = accounts.map(|account| table.store(&account));
    let stored: Vec<Stored> = stored.collect::<rusqlite::Result<_>>()?;
    let hashes: Vec<Digest> = stored.iter().map(|row| row.sha256).collect();
    find_or_insert(connection, &hashes, |listing_id| {
        // The key once more, in the order of which the listing can be searched.
        let mut insert = connection.prepare_cached(
            "INSERT OR ROLLBACK INTO listing_accounts SELECT ?1, account_key, id FROM account_rows WHERE id = ?2",
        )?;
        for row in &stored {
            insert.execute([listing_id, row.id])?;
        }
        Ok(NO_MEMBERSHIPS.to_owned())
    })
}

/// Writes which records there were that rows do not name, sorted.
pub(super) fn insert_records(connection: &Connection, records: &[Digest]) -> rusqlite::Result<Stored> {
    find_or_insert(connection, records, |listing_id| {
        let mut insert =
            connection.prepare_cached("INSERT OR ROLLBACK INTO listing_records VALUES (?1, ?2)")?;
        for sha256 in records {
            insert.execute(params![listing_id, sha256])?;
        }
        Ok(NO_MEMBERSHIPS.to_owned())
    })
}

/// In the listings that are not a business's.
const NO_MEMBERSHIPS: &str = "[]";

/// Finds the listing, or has its rows written and adds it. `write_rows` gets its id and returns the
/// ids of its memberships, as a JSON array.
fn find_or_insert(
    connection: &Connection,
    hashes: &[Digest],
    write_rows: impl FnOnce(i64) -> rusqlite::Result<String>,
) -> rusqlite::Result<Stored> {
    let sha256 = layout::listing(hashes);
    let mut find = connection.prepare_cached("SELECT id FROM listings WHERE sha256 = ?1")?;
    if let Some(id) = find.query_row([sha256], |row| row.get(0)).optional()? {
        return Ok(Stored { id, sha256 });
    }
    let id: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM listings", [], |row| row.get(0))?;
    let memberships = write_rows(id)?;
    let mut insert = connection.prepare_cached("INSERT OR ROLLBACK INTO listings VALUES (?1, ?2, ?3, ?4)")?;
    insert.execute(params![id, sha256, count(hashes.len()), memberships])?;
    Ok(Stored { id, sha256 })
}

/// Says that a snapshot consists of these listings.
pub(super) fn attach(
    connection: &Connection,
    snapshot_id: i64,
    businesses: &[Written],
    accounts: &Stored,
) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT OR ROLLBACK INTO snapshot_businesses VALUES (?1, ?2, ?3, ?4)")?;
    for (position, written) in businesses.iter().enumerate() {
        insert.execute(params![snapshot_id, count(position), written.business.id, written.listing.id])?;
    }
    let mut insert =
        connection.prepare_cached("INSERT OR ROLLBACK INTO snapshot_accounts VALUES (?1, ?2)")?;
    insert.execute([snapshot_id, accounts.id])?;
    Ok(())
}

/// Adds a row of a table that a snapshot has for itself: one field a column.
pub(super) fn insert(connection: &Connection, table: &str, fields: &[Field]) -> rusqlite::Result<()> {
    let places = vec!["?"; fields.len()].join(", ");
    let sql = format!("INSERT OR ROLLBACK INTO {table} VALUES ({places})");
    connection.prepare_cached(&sql)?.execute(params_from_iter(fields))?;
    Ok(())
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;
    use crate::model::accounts::Accounts;
    use crate::model::addresses::{Addresses, normalized};
    use crate::model::reading::Member;
    use crate::model::rows::{Membership, full_name};
    use crate::model::texts::Parts;
    use crate::model::{Identity, role};
    use crate::store::schema;

    fn membership(email: &str, first_name: &str, last_name: &str, addresses: &Addresses) -> Membership {
        let texts = Parts { member_uuid: "u", email, first_name, last_name, job_title: "" };
        let mut row = Membership::from_member(Member {
            texts,
            identity_id: None,
            role: role::kept("client"),
            active: true,
            invitation_accepted_at: None,
            created_at: None,
            updated_at: None,
            record: [0; 32],
        });
        row.account_key = addresses.key_of(None, email, "u");
        row
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

        /// An account that is one membership is made by the view, and any other by the rules on people:
        /// nobody may be able to tell which.
        #[test]
        fn an_account_is_the_same_however_it_is_stored(
            email in "[a-cA-CéÉ@ \t\u{3000}]{0,10}", first in "[aé \t\u{a0}]{0,4}", last in "[bÉ \n]{0,4}"
        ) {
            let identity =
                Identity { id: 1, uuid: None, email: String::new(), first_name: String::new(), last_name: String::new() };
            let row = membership(&email, &first, &last, &Addresses::of(&identity));
            let connection = Connection::open_in_memory()?;
            schema::create(&connection)?;
            connection.pragma_update(None, "foreign_keys", false)?;
            let business: &[Field] = &[
                Field::from(7), Field::Null, Field::Null, Field::text(""), Field::text(""), Field::Null, Field::Null,
                Field::Null, Field::Null, Field::text(""),
            ];
            let written = insert_listings(&connection, [(7, business, [(7, &row)].into_iter())].into_iter())?;
            let people = Accounts::of(&identity, [(7, &row)].into_iter(), Membership::bearer);
            let accounts = insert_accounts(&connection, people.into_rows())?;
            attach(&connection, 1, &written, &accounts)?;

            let found: [String; 6] = connection.query_row(
                "SELECT account_key, email, emails, first_name, last_name, full_name FROM accounts",
                [],
                |found| Ok([found.get(0)?, found.get(1)?, found.get(2)?, found.get(3)?, found.get(4)?, found.get(5)?]),
            )?;
            let name = full_name(&first, &last);
            let if_any = |text: &str, any: bool| if any { text.to_owned() } else { String::new() };
            let expected = [
                row.account_key.to_string(),
                if_any(&email, !email.trim().is_empty()),
                normalized(&email).into_owned(),
                if_any(&first, !name.is_empty()),
                if_any(&last, !name.is_empty()),
                name,
            ];
            prop_assert_eq!(found, expected);
        }
    }
}
