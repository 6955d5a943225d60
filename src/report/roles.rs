//! Counts of roles, business by business.

use std::collections::BTreeMap;

use super::columns::{Column, Type, column};
use super::shared;
use super::summary::place;
use super::{Cell, Take, View};
use crate::error::Result;
use crate::model::role;
use crate::model::rows::collate;

pub(super) const COLUMNS: &[Column] = &[
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    shared::ROLE,
    shared::ROLE_LABEL,
    shared::ROLE_CLASS,
    column("memberships", Type::Integer, "Memberships", "number of memberships with the role"),
    shared::ACTIVE,
    shared::INVITED,
    shared::NO_LOGIN,
    shared::INACTIVE,
];

pub(super) const LEAD: &[&str] = &[
    "business_name",
    "role_label",
    "role_class",
    "memberships",
    "active",
    "invited",
    "no_login",
    "inactive",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    // One business at a time, so that only one business's counts are kept in memory.
    let mut counts: BTreeMap<(usize, String), ([i64; 4], String)> = BTreeMap::new();
    view.reader.holdings(view.snapshot.id, &view.people, |one| {
        let (by_state, class) = counts.entry((one.business, one.role.to_owned())).or_default();
        by_state[place(one.state)] += 1;
        one.role_class.clone_into(class);
    })?;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|((a_place, a), _), ((b_place, b), _)| a_place.cmp(b_place).then_with(|| collate(a, b)));
    for ((place, role), (by_state, class)) in &counts {
        let Some(business) = view.businesses.get(*place) else { continue };
        let [active, invited, no_login, inactive] = by_state.map(Cell::Integer);
        take(&[
            Cell::Integer(view.snapshot.id),
            Cell::text(view.snapshot.finished_at.to_string()),
            Cell::Integer(business.id),
            Cell::text(business.name.as_str()),
            Cell::text(role.as_str()),
            Cell::text(role::label(role)),
            Cell::text(class.as_str()),
            Cell::Integer(by_state.iter().sum()),
            active,
            invited,
            no_login,
            inactive,
        ])?;
    }
    Ok(())
}
