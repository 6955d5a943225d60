//! The memberships of a snapshot, put through the rules on people as if there were no others.

use std::collections::BTreeSet;

use rusqlite::Row;

use crate::model::Identity;
use crate::model::accounts::{Bearer, Lent};
use crate::model::addresses::Addresses;
use crate::model::keys::AccountKey;
use crate::model::listings::report_order;
use crate::model::marks::Flag;
use crate::model::rows::full_name;
use crate::store::check::fields;
use crate::store::layout::Field;
use crate::time::Timestamp;

use super::Business;

/// A membership as it is stored, and what the rules on people need of it.
pub(super) struct StoredRow {
    pub(super) fields: Vec<Field<'static>>,
    account_key: AccountKey,
    key_text: String,
    /// The identity that the sources of this row give it; not one that an address led to.
    identity_id: Option<i64>,
    /// What the row itself holds.
    own_identity_id: Option<i64>,
    identity_uuid: Option<String>,
    role: String,
    member_uuid: String,
    email: String,
    first_name: String,
    last_name: String,
    flags: String,
    listed: bool,
    updated_at: Option<Timestamp>,
    record_sha256: String,
}

/// Where `account_key` and `flags` lie among the columns behind `id` and `sha256`.
const ACCOUNT_KEY_AT: usize = 1;
const FLAGS_AT: usize = 17;

impl StoredRow {
    pub(super) fn read(row: &Row, columns: usize) -> rusqlite::Result<Self> {
        let text = |name: &str| -> rusqlite::Result<String> {
            Ok(row.get::<_, Option<String>>(name)?.unwrap_or_default())
        };
        let (sources, key_text) = (text("sources")?, text("account_key")?);
        // A source that names people by identity has told this row's, even where the list did not.
        let named = sources.split('+').any(|source| matches!(source, "identity" | "business_group"));
        let told = key_text.strip_prefix("identity:").filter(|_| named).and_then(|id| id.parse().ok());
        let own: Option<i64> = row.get("identity_id")?;
        Ok(StoredRow {
            fields: own_fields(row, 2..columns)?,
            account_key: AccountKey::Identity(0),
            identity_id: own.or(told),
            own_identity_id: own,
            identity_uuid: row.get("identity_uuid")?,
            role: text("role")?,
            member_uuid: text("member_uuid")?,
            email: text("email")?,
            first_name: text("first_name")?,
            last_name: text("last_name")?,
            flags: text("flags")?,
            listed: sources.split('+').any(|source| source == "team_members"),
            updated_at: row
                .get::<_, Option<String>>("member_updated_at")?
                .and_then(|text| Timestamp::parse(&text)),
            record_sha256: text("record_sha256")?,
            key_text,
        })
    }

    /// Says anew who the row's person is and what is to be known of the address.
    fn relate(&mut self, addresses: &Addresses) {
        let record = match self.member_uuid.as_str() {
            "" => format!("record:{}", self.record_sha256),
            uuid => uuid.to_owned(),
        };
        self.account_key = addresses.key_of(self.identity_id, &self.email, &record);
        self.key_text = self.account_key.to_string();
        let shared = Flag::SharedEmail.as_str();
        let mut flags: BTreeSet<&str> =
            self.flags.split(';').filter(|flag| !flag.is_empty() && *flag != shared).collect();
        if addresses.is_shared(&self.email) {
            flags.insert(shared);
        }
        let flags = flags.into_iter().collect::<Vec<_>>().join(";");
        self.fields[ACCOUNT_KEY_AT] = Field::text(self.key_text.clone());
        self.fields[FLAGS_AT] = Field::text(flags);
    }

    pub(super) fn bearer(&self, business_id: i64) -> Bearer<'_> {
        Bearer {
            business_id,
            account_key: &self.account_key,
            member_uuid: &self.member_uuid,
            email: &self.email,
            first_name: &self.first_name,
            last_name: &self.last_name,
            identity_id: self.own_identity_id,
            identity_uuid: self.identity_uuid.as_deref(),
            updated_at: self.updated_at,
        }
    }

    fn place<'a>(&'a self, lent: &'a Lent) -> [&'a str; 4] {
        [lent.shown(&self.email, &self.account_key), &self.key_text, &self.role, &self.member_uuid]
    }
}

/// Puts the rows through the rules on people, and in order.
pub(super) fn relate(identity: &Identity, businesses: &mut [Business]) {
    let mut addresses = Addresses::of(identity);
    for row in businesses.iter().flat_map(|business| &business.rows) {
        let name = full_name(&row.first_name, &row.last_name);
        addresses.meet(&row.email, row.identity_id, if row.listed { &name } else { "" });
    }
    for business in businesses.iter_mut() {
        business.rows.iter_mut().for_each(|row| row.relate(&addresses));
    }
    let rows = businesses.iter().flat_map(|business| business.rows.iter().map(|row| (business.id, row)));
    let lent = Lent::of(identity, rows, StoredRow::bearer);
    for business in businesses.iter_mut() {
        business.rows.sort_by(|a, b| report_order(a.place(&lent), b.place(&lent)));
    }
}

/// Values that outlive the row they were read from.
pub(super) fn own_fields(
    row: &Row,
    columns: std::ops::Range<usize>,
) -> rusqlite::Result<Vec<Field<'static>>> {
    let foreign = || rusqlite::Error::InvalidColumnType(0, String::new(), rusqlite::types::Type::Blob);
    let fields = fields(row, columns)?.ok_or_else(foreign)?;
    Ok(fields.into_iter().map(Field::into_owned).collect())
}
