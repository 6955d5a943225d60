//! Reports across businesses: a row a person, or counts of roles.

use std::collections::{BTreeMap, HashMap};

use super::columns::{Column, Type, column};
use super::shared;
use super::{Cell, Take, View};
use crate::error::Result;
use crate::model::role;
use crate::model::rows::collate;
use crate::store::{self, AccountLine};

pub(super) const ACCOUNT: &[Column] = &[
    shared::ACCOUNT_KEY,
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::IDENTITY_ID,
    column(
        "identity_uuid",
        Type::Id,
        "Identity uuid",
        "FreshBooks' uuid of the person, where a source gives it",
    ),
    shared::FULL_NAME,
    column("first_name", Type::Text, "First name", "as the person's newest record has it"),
    column("last_name", Type::Text, "Last name", "as the person's newest record has it"),
    shared::ACCOUNT_EMAIL,
    column("emails", Type::Text, "All e-mails", "every address of the person, lower case, ;-joined"),
    shared::IS_EXTERNAL,
    shared::BUSINESSES_COUNT,
    column(
        "memberships_count",
        Type::Integer,
        "Memberships",
        "derived: how many rows of `access` are the person's",
    ),
    column("active_memberships", Type::Integer, "Active", "derived: how many of them are active"),
    column(
        "privileged_memberships",
        Type::Integer,
        "Privileged",
        "derived: how many of the active ones are privileged",
    ),
    column(
        "roles",
        Type::Text,
        "Roles",
        "every role as `business: role`, joined by `; `, in FreshBooks' own words",
    ),
];

pub(super) const ACCOUNT_LEAD: &[&str] = &[
    "full_name",
    "email",
    "roles",
    "businesses_count",
    "memberships_count",
    "active_memberships",
    "privileged_memberships",
    "is_external",
    "emails",
];

pub(super) const ROLE: &[Column] = &[
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    shared::ROLE,
    shared::ROLE_LABEL,
    shared::ROLE_CLASS,
    column("memberships", Type::Integer, "Memberships", "how many hold the role"),
    column("active", Type::Integer, "With access", "how many of them are active"),
    column("invited", Type::Integer, "Invited", "how many have not accepted their invitation"),
    column("no_login", Type::Integer, "Without login", "how many are profiles that cannot sign in"),
    column("inactive", Type::Integer, "Inactive", "how many are switched off"),
];

pub(super) const ROLE_LEAD: &[&str] = &[
    "business_name",
    "role_label",
    "role_class",
    "memberships",
    "active",
    "invited",
    "no_login",
    "inactive",
];

pub(super) const MATRIX: &[Column] = &[
    column("account_key", Type::Id, "Account key", "names the person"),
    shared::FULL_NAME,
    shared::ACCOUNT_EMAIL,
    shared::BUSINESSES_COUNT,
];

pub(super) const MATRIX_LEAD: &[&str] = &["full_name", "email", "businesses_count"];

/// One role of one person in one business, in few bytes: there may be a hundred thousand.
#[derive(Clone, Copy, Debug)]
struct Held {
    person: u32,
    business: u32,
    role: u16,
    state: State,
    privileged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Invited,
    NoLogin,
    Inactive,
}

impl State {
    fn of(text: &str) -> Self {
        match text {
            "invited" => State::Invited,
            "no_login" => State::NoLogin,
            "inactive" => State::Inactive,
            _ => State::Active,
        }
    }

    /// Put behind a role that gives no access now.
    fn mark(self) -> &'static str {
        match self {
            State::Active => "",
            State::Invited => " (invited)",
            State::NoLogin => " (no login)",
            State::Inactive => " (inactive)",
        }
    }
}

/// Who holds which roles where, gathered once and asked person by person.
struct Holdings {
    persons: HashMap<Box<str>, u32>,
    roles: Vec<Box<str>>,
    /// By person; within a person in report order.
    held: Vec<Held>,
}

impl Holdings {
    fn gather(view: &View) -> Result<Self> {
        let mut holdings = Holdings { persons: HashMap::new(), roles: Vec::new(), held: Vec::new() };
        store::holdings(view.reader, view.snapshot.id, &view.people, |one| {
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
                state: State::of(one.state),
                privileged: one.role_class == "privileged",
            });
        })?;
        // Stable: the order within a person stays that of the listing.
        holdings.held.sort_by_key(|held| held.person);
        Ok(holdings)
    }

    fn of(&self, account_key: &str) -> &[Held] {
        let Some(person) = self.persons.get(account_key) else { return &[] };
        let first = self.held.partition_point(|held| held.person < *person);
        let behind = self.held.partition_point(|held| held.person <= *person);
        &self.held[first..behind]
    }

    /// The role in FreshBooks' own word.
    fn role(&self, held: &Held) -> &str {
        match self.roles.get(usize::from(held.role)).map(AsRef::as_ref) {
            Some("") | None => role::label(""),
            Some(role) => role,
        }
    }
}

pub(super) fn accounts(view: &View, take: &mut Take) -> Result<()> {
    account_rows(view, take, |_| true)
}

pub(super) fn multi_business(view: &View, take: &mut Take) -> Result<()> {
    account_rows(view, take, |account| account.businesses >= 2)
}

fn account_rows(view: &View, take: &mut Take, keep: fn(&AccountLine) -> bool) -> Result<()> {
    let holdings = Holdings::gather(view)?;
    let mut rows = 0;
    store::account_lines(view.reader, view.snapshot.id, &view.people, |account| {
        view.look(&mut rows)?;
        if !keep(account) {
            return Ok(());
        }
        let held = holdings.of(&account.key);
        let name = |held: &Held| match view.businesses.get(held.business as usize) {
            Some(business) => format!("{}: {}", business.name, holdings.role(held)),
            None => holdings.role(held).to_owned(),
        };
        let roles: Vec<String> = held.iter().map(name).collect();
        let active = held.iter().filter(|held| held.state == State::Active);
        take(&[
            Cell::text(account.key.as_str()),
            Cell::Integer(view.snapshot.id),
            Cell::text(view.snapshot.finished_at.as_str()),
            Cell::count(account.identity_id),
            Cell::optional(account.identity_uuid.as_deref()),
            Cell::text(account.full_name.as_str()),
            Cell::text(account.first_name.as_str()),
            Cell::text(account.last_name.as_str()),
            Cell::text(account.email.as_str()),
            Cell::text(account.emails.as_str()),
            view.is_external(&domain(&account.email)).map_or(Cell::Empty, Cell::Bool),
            Cell::Integer(account.businesses),
            counted(held.len()),
            counted(active.clone().count()),
            counted(active.filter(|held| held.privileged).count()),
            Cell::text(roles.join("; ")),
        ])
    })
}

fn counted(n: usize) -> Cell<'static> {
    Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn domain(email: &str) -> String {
    email.trim().split_once('@').map_or_else(String::new, |(_, domain)| domain.to_ascii_lowercase())
}

pub(super) fn roles(view: &View, take: &mut Take) -> Result<()> {
    // Business by business, so that no more than one business's counts are held.
    let mut counts: BTreeMap<(usize, String), ([i64; 4], String)> = BTreeMap::new();
    store::holdings(view.reader, view.snapshot.id, &view.people, |one| {
        let (by_state, class) = counts.entry((one.business, one.role.to_owned())).or_default();
        let state = match State::of(one.state) {
            State::Active => 0,
            State::Invited => 1,
            State::NoLogin => 2,
            State::Inactive => 3,
        };
        by_state[state] += 1;
        one.role_class.clone_into(class);
    })?;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|((a_place, a), _), ((b_place, b), _)| a_place.cmp(b_place).then_with(|| collate(a, b)));
    for ((place, role), (by_state, class)) in &counts {
        let Some(business) = view.businesses.get(*place) else { continue };
        let [active, invited, no_login, inactive] = by_state.map(Cell::Integer);
        take(&[
            Cell::Integer(view.snapshot.id),
            Cell::text(view.snapshot.finished_at.as_str()),
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

pub(super) fn matrix(view: &View, take: &mut Take) -> Result<()> {
    let holdings = Holdings::gather(view)?;
    let mut rows = 0;
    store::account_lines(view.reader, view.snapshot.id, &view.people, |account| {
        view.look(&mut rows)?;
        let mut grid = vec![String::new(); view.businesses.len()];
        for held in holdings.of(&account.key) {
            if let Some(cell) = grid.get_mut(held.business as usize) {
                let joint = if cell.is_empty() { "" } else { "; " };
                *cell = format!("{cell}{joint}{}{}", holdings.role(held), held.state.mark());
            }
        }
        let mut cells = vec![
            Cell::text(account.key.as_str()),
            Cell::text(account.full_name.as_str()),
            Cell::text(account.email.as_str()),
            Cell::Integer(account.businesses),
        ];
        cells.extend(grid.iter().map(|roles| match roles.as_str() {
            "" => Cell::Empty,
            roles => Cell::text(roles),
        }));
        take(&cells)
    })
}
