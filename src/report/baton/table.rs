//! Which row holds each message. Readers filter by columns and show messages, so both must agree.

use std::collections::BTreeMap;

use super::protobuf::Message;
use super::{Sync, id, message};
use crate::error::Result;
use crate::report::census::Held;
use crate::store::{ForeignFile, Plain};
use crate::time::Timestamp;

pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The columns that end every table except that of the syncs.
struct Rows<'a> {
    file: &'a ForeignFile,
    sync: &'a str,
    found: &'a str,
}

impl Rows<'_> {
    fn insert(&self, table: &str, texts: &[(&str, &str)], data: &Message) -> Result<()> {
        let mut cells: Vec<(&str, Plain)> =
            texts.iter().map(|(name, value)| (*name, Plain::Text(value))).collect();
        cells.push(("data", Plain::Blob(data.as_bytes())));
        cells.push(("sync_id", Plain::Text(self.sync)));
        cells.push(("discovered_at", Plain::Text(self.found)));
        self.file.insert(table, &cells)
    }
}

/// Adds a sync with everything in it; returns its grants. Readers find the newest by its end: one that
/// ended within the same second as the one before it (`tie`) gets a nanosecond more.
pub(super) fn insert(file: &ForeignFile, sync: &Sync, tie: bool) -> Result<u64> {
    // Compared byte by byte by readers: a blank and no `T`, no zone, and UTC.
    let text = |moment: Timestamp| moment.to_string().replace('T', " ").replace('Z', "");
    let ended = text(sync.finished_at) + if tie { ".000000001" } else { "" };
    let run = [
        ("sync_id", Plain::Text(&sync.id)),
        ("started_at", Plain::Text(&text(sync.started_at))),
        ("ended_at", Plain::Text(&ended)),
        ("sync_token", Plain::Text("")),
        ("sync_type", Plain::Text("full")),
        // There are no nested groups: no reader has to look for them.
        ("grants_backfilled", Plain::Integer(1)),
    ];
    file.insert("v1_sync_runs", &run)?;
    let rows = Rows { file, sync: &sync.id, found: &ended };
    for (id, kind) in message::resource_types() {
        rows.insert("v1_resource_types", &[("external_id", id)], &kind)?;
    }
    resources(&rows, sync)?;
    entitlements(&rows, sync)?;
    grants(&rows, sync)
}

fn resources(rows: &Rows, sync: &Sync) -> Result<()> {
    let insert = |kind: &str, id: &str, data: &Message| {
        let texts = [("resource_type_id", kind), ("external_id", &format!("{kind}:{id}"))];
        rows.insert("v1_resources", &texts, data)
    };
    for business in &sync.census.businesses {
        insert(message::BUSINESS, &business.id.to_string(), &message::business(business))?;
    }
    for person in &sync.census.people {
        let hidden = person.held.iter().filter(|held| person.hides(held));
        let named = |held: &Held| format!("{} of {}", held.role, sync.census.businesses[held.business].id);
        let user = message::user(person, &hidden.map(named).collect::<Vec<_>>());
        insert(message::USER, &id::of_user(&person.key), &user)?;
    }
    Ok(())
}

/// Every role that is seen in a business, held or switched off.
fn entitlements(rows: &Rows, sync: &Sync) -> Result<()> {
    let held = sync.census.people.iter().flat_map(|person| &person.held);
    let roles: BTreeMap<(usize, &str), &Held> =
        held.map(|held| ((held.business, held.role.as_str()), held)).collect();
    for ((business, role), held) in roles {
        let business = &sync.census.businesses[business];
        let texts = [
            ("resource_type_id", message::BUSINESS),
            ("resource_id", &business.id.to_string()),
            ("external_id", &message::entitlement_id(business, role)),
        ];
        rows.insert("v1_entitlements", &texts, &message::entitlement(business, held))?;
    }
    Ok(())
}

fn grants(rows: &Rows, sync: &Sync) -> Result<u64> {
    let mut count = 0;
    for person in &sync.census.people {
        let user = id::of_user(&person.key);
        for grant in sync.census.grants(person) {
            let entitlement = message::entitlement_id(grant.business, &grant.rows[0].role);
            let id = format!("{entitlement}:{}:{user}", message::USER);
            let texts = [
                ("resource_type_id", message::BUSINESS),
                ("resource_id", &grant.business.id.to_string()),
                ("entitlement_id", &entitlement),
                ("principal_resource_type_id", message::USER),
                ("principal_resource_id", &user),
                ("external_id", &id),
            ];
            rows.insert("v1_grants", &texts, &message::grant(&id, &grant, &user))?;
            count += 1;
        }
    }
    Ok(count)
}
