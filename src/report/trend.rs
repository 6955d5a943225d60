//! `trend`: how many people held each class of role in each snapshot.

use std::collections::BTreeMap;

use super::columns::{Column, Type, column};
use super::{Cell, Take, View, shared, summary};
use crate::error::Result;
use crate::model::{Resource, role};
use crate::store::Headcount;

pub(super) const COLUMNS: &[Column] = &[
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    column(
        "list_read",
        Type::Bool,
        "List read",
        "whether the team list was read completely; if not, the counts are of what other sources list",
    ),
    shared::ROLE_CLASS,
    column("memberships", Type::Integer, "Memberships", "number of memberships with such a role"),
    shared::ACTIVE,
    shared::INVITED,
    shared::NO_LOGIN,
    shared::INACTIVE,
];

pub(super) const LEAD: &[&str] = &[
    "as_of",
    "business_name",
    "list_read",
    "role_class",
    "memberships",
    "active",
    "invited",
    "no_login",
    "inactive",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let past = view.complete_past();
    let timelines = view.reader.timelines(&past)?;
    let mut counts = Vec::with_capacity(timelines.len());
    for timeline in &timelines {
        view.check()?;
        let headcounts = view.reader.headcounts(timeline, &view.people)?;
        counts.push(timeline.readings.iter().zip(headcounts).peekable());
    }
    for (at, snapshot) in past.iter().enumerate() {
        for (timeline, counts) in timelines.iter().zip(&mut counts) {
            let Some((reading, headcount)) = counts.next_if(|(reading, _)| reading.at == at) else {
                continue;
            };
            for (class, by_state) in by_class(&headcount) {
                let [active, invited, no_login, inactive] = by_state.map(Cell::Integer);
                take(&[
                    Cell::Integer(snapshot.id),
                    Cell::text(snapshot.finished_at.to_string()),
                    Cell::Integer(timeline.business_id),
                    Cell::text(reading.name.as_str()),
                    Cell::Bool(reading.read.includes(Resource::TeamMembers)),
                    Cell::text(class),
                    Cell::Integer(by_state.iter().sum()),
                    active,
                    invited,
                    no_login,
                    inactive,
                ])?;
            }
        }
    }
    Ok(())
}

/// The counts in column order, most privileged class first.
fn by_class(headcount: &Headcount) -> Vec<(&str, [i64; 4])> {
    let mut classes: BTreeMap<(usize, &str), [i64; 4]> = BTreeMap::new();
    for ((class, state), n) in headcount {
        let rank = role::CLASSES.iter().position(|known| known == class).unwrap_or(role::CLASSES.len());
        classes.entry((rank, class)).or_default()[summary::place(*state)] += n;
    }
    classes.into_iter().map(|((_, class), by_state)| (class, by_state)).collect()
}
