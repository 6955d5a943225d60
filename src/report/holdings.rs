//! Who holds which roles where: what the reports of people are made from.

use std::collections::HashMap;

use super::View;
use crate::error::Result;
use crate::model::marks::State;
use crate::model::role;

/// One role of one person in one business, in few bytes: there may be a hundred thousand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    person: u32,
    pub(super) business: u32,
    role: u16,
    pub(super) state: State,
    pub(super) privileged: bool,
}

/// What stands behind a role that gives no access now.
pub(super) fn mark(state: State) -> &'static str {
    match state {
        State::Active => "",
        State::Invited => " (invited)",
        State::NoLogin => " (no login)",
        State::Inactive => " (inactive)",
    }
}

/// Who holds which roles where, gathered once and asked person by person.
pub(super) struct Holdings {
    persons: HashMap<Box<str>, u32>,
    roles: Vec<Box<str>>,
    /// By person; within a person in report order.
    held: Vec<Held>,
}

impl Holdings {
    pub(super) fn gather(view: &View) -> Result<Self> {
        let mut holdings = Holdings { persons: HashMap::new(), roles: Vec::new(), held: Vec::new() };
        view.reader.holdings(view.snapshot.id, &view.people, |one| {
            let next = u32::try_from(holdings.persons.len()).unwrap_or(u32::MAX);
            let person = match holdings.persons.get(one.account_key) {
                Some(person) => *person,
                None => *holdings.persons.entry(one.account_key.into()).or_insert(next),
            };
            let role = holdings.roles.iter().position(|known| **known == *one.role).unwrap_or_else(|| {
                holdings.roles.push(one.role.into());
                holdings.roles.len() - 1
            });
            holdings.held.push(Held {
                person,
                business: u32::try_from(one.business).unwrap_or(u32::MAX),
                role: u16::try_from(role).unwrap_or(u16::MAX),
                state: one.state,
                privileged: one.role_class == "privileged",
            });
        })?;
        // Stable: the order within a person stays that of the listing.
        holdings.held.sort_by_key(|held| held.person);
        Ok(holdings)
    }

    pub(super) fn of(&self, account_key: &str) -> &[Held] {
        let Some(person) = self.persons.get(account_key) else { return &[] };
        let first = self.held.partition_point(|held| held.person < *person);
        let behind = self.held.partition_point(|held| held.person <= *person);
        &self.held[first..behind]
    }

    /// The role in FreshBooks' own word.
    pub(super) fn role(&self, held: &Held) -> &str {
        match self.roles.get(usize::from(held.role)).map(AsRef::as_ref) {
            Some("") | None => role::label(""),
            Some(role) => role,
        }
    }
}
