//! Who has which role in which business, for the reports about people.

use std::collections::HashMap;

use super::View;
use crate::error::Result;
use crate::model::marks::State;
use crate::model::role;

/// One role of one person in one business. Kept small, because there can be a hundred thousand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    person: u32,
    pub(super) business: u32,
    role: u16,
    pub(super) state: State,
    pub(super) privileged: bool,
}

/// What follows a role that gives no access now.
pub(super) fn mark(state: State) -> &'static str {
    match state {
        State::Active => "",
        State::Invited => " (invited)",
        State::NoLogin => " (no login)",
        State::Inactive => " (inactive)",
    }
}

/// All roles of all people, collected once and looked up person by person.
pub(super) struct Holdings {
    persons: HashMap<Box<str>, u32>,
    roles: Vec<Box<str>>,
    /// Grouped by person; in report order for each person.
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
        // The sort is stable, so each person's roles stay in the order of the listing.
        holdings.held.sort_by_key(|held| held.person);
        Ok(holdings)
    }

    pub(super) fn of(&self, account_key: &str) -> &[Held] {
        let Some(person) = self.persons.get(account_key) else { return &[] };
        let first = self.held.partition_point(|held| held.person < *person);
        let behind = self.held.partition_point(|held| held.person <= *person);
        &self.held[first..behind]
    }

    /// FreshBooks' own word for the role.
    pub(super) fn role(&self, held: &Held) -> &str {
        match self.roles.get(usize::from(held.role)).map(AsRef::as_ref) {
            Some("") | None => role::label(""),
            Some(role) => role,
        }
    }
}
