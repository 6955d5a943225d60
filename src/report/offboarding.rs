//! `offboarding`: where somebody still has access, and who can remove it.

use std::collections::HashMap;

use super::access::{ACCOUNT_KEY, ACTIVE, BUSINESS_ID, EMAIL, FULL_NAME, ROLE_CLASS};
use super::columns::{Column, Type, column};
use super::presence::{self, Presence};
use super::{Cell, Take, View, shared};
use crate::diff::tenure::{Seen, Tenure};
use crate::error::Result;
use crate::model::role;
use crate::store::{AccessRow, People};

pub(super) const COLUMNS: &[Column] = &[
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    column(
        "seen",
        Type::Word,
        "There",
        "yes; or cannot_tell, if the business's list was not read and the person may have access unseen",
    ),
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    shared::ACCOUNT_KEY,
    shared::FULL_NAME,
    shared::MEMBER_EMAIL,
    column(
        "role",
        Type::Text,
        "Role (raw)",
        "every role of the person there, in FreshBooks' own words, ;-joined",
    ),
    column("role_label", Type::Text, "Role", "the same, as FreshBooks' pages name them"),
    column(
        "state",
        Type::Word,
        "Status",
        "derived: active, inactive, invited or no_login, one for each role",
    ),
    column(
        "can_be_removed_by",
        Type::Text,
        "Who can remove them",
        "the business's other active owners and admins, ;-joined",
    ),
    column("own_role", Type::Text, "Own role", "the role there of the signed-in person"),
    column("note", Type::Text, "Note", "a remark on the row"),
    column("done_on", Type::Date, "Done on", "the day on which the access was removed"),
    column("done_by", Type::Text, "Done by", "who removed it"),
];

pub(super) const LEAD: &[&str] = &[
    "business_name",
    "seen",
    "full_name",
    "email",
    "role_label",
    "state",
    "can_be_removed_by",
    "own_role",
    "note",
    "done_on",
    "done_by",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let removers = removers(view)?;
    let mut presences = presence::of_people(view)?;
    presences.retain(|presence| presence.seen != Seen::No);
    let alike = |a: &Presence, b: &Presence| {
        let key = |one: &Presence| one.tenure.as_ref().map(|tenure| tenure.row.account_key.clone());
        (a.business_id, a.seen, key(a)) == (b.business_id, b.seen, key(b))
    };
    for group in presences.chunk_by(alike) {
        take(&cells(view, &removers, group))?;
    }
    Ok(())
}

/// The active owners and admins of each business, as `name <address>`, without the people to be
/// removed.
fn removers(view: &View) -> Result<HashMap<i64, Vec<String>>> {
    let mut removers: HashMap<i64, Vec<String>> = HashMap::new();
    view.reader.access_rows(view.snapshot.id, &People::default(), |row| {
        if row.text(ROLE_CLASS)? == "privileged" && row.integer(ACTIVE)? != 0 && !is_one_of_them(view, row)? {
            let who = format!("{} <{}>", row.text(FULL_NAME)?, row.text(EMAIL)?);
            removers.entry(row.integer(BUSINESS_ID)?).or_default().push(who.trim().to_owned());
        }
        Ok(())
    })?;
    Ok(removers)
}

fn is_one_of_them(view: &View, row: &AccessRow) -> Result<bool> {
    Ok(view.people.has(&row.text(ACCOUNT_KEY)?))
}

/// One row for all roles of a person in a business.
fn cells<'c>(view: &'c View, removers: &HashMap<i64, Vec<String>>, group: &'c [Presence]) -> Vec<Cell<'c>> {
    let Some(first) = group.first() else { return Vec::new() };
    let tenures = || group.iter().filter_map(|presence| presence.tenure.as_ref());
    let each = |value: fn(&Tenure) -> &str| text(tenures().map(value));
    let person = |value: fn(&Tenure) -> &str| text(tenures().next().map(value).into_iter());
    let business = view.businesses.iter().find(|business| business.id == first.business_id);
    let removers = removers.get(&first.business_id).map_or(&[][..], Vec::as_slice);
    vec![
        Cell::Integer(view.snapshot.id),
        Cell::text(view.snapshot.finished_at.to_string()),
        Cell::text(first.seen.as_str()),
        Cell::Integer(first.business_id),
        Cell::text(first.business_name.as_str()),
        tenures().next().map_or(Cell::Empty, |tenure| Cell::text(tenure.row.account_key.to_string())),
        person(|tenure| &tenure.row.shown_name),
        person(|tenure| &tenure.row.shown_email),
        each(|tenure| &tenure.row.role),
        each(|tenure| role::label(&tenure.row.role)),
        each(|tenure| tenure.row.state.as_str()),
        text(removers.iter().map(String::as_str)),
        business.map_or(Cell::Empty, |business| Cell::text(business.own_role.as_str())),
        text(group.iter().map(|presence| presence.note.as_str()).filter(|note| !note.is_empty())),
        Cell::Empty,
        Cell::Empty,
    ]
}

fn text<'t>(parts: impl Iterator<Item = &'t str>) -> Cell<'static> {
    match parts.collect::<Vec<_>>().join("; ") {
        none if none.is_empty() => Cell::Empty,
        joined => Cell::text(joined),
    }
}
