//! Reports across businesses, with one row per person.

use super::columns::{Column, Type, column};
use super::holdings::{Held, Holdings, mark};
use super::shared;
use super::{Cell, Take, View};
use crate::error::Result;
use crate::model::Account;
use crate::model::marks::State;

pub(super) const ACCOUNT: &[Column] = &[
    shared::ACCOUNT_KEY,
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::IDENTITY_ID,
    column(
        "identity_uuid",
        Type::Id,
        "Identity uuid",
        "FreshBooks' uuid of the person, if a source gives it",
    ),
    shared::FULL_NAME,
    column("first_name", Type::Text, "First name", "from the person's newest record"),
    column("last_name", Type::Text, "Last name", "from the person's newest record"),
    shared::ACCOUNT_EMAIL,
    column("emails", Type::Text, "All e-mails", "every address of the person, lower case, ;-joined"),
    shared::IS_EXTERNAL,
    shared::BUSINESSES_COUNT,
    column(
        "memberships_count",
        Type::Integer,
        "Memberships",
        "derived: number of the person's rows in `access`",
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

pub(super) const MATRIX: &[Column] = &[
    column("account_key", Type::Id, "Account key", "identifies the person"),
    shared::FULL_NAME,
    shared::ACCOUNT_EMAIL,
    shared::BUSINESSES_COUNT,
];

pub(super) const MATRIX_LEAD: &[&str] = &["full_name", "email", "businesses_count"];

pub(super) fn accounts(view: &View, take: &mut Take) -> Result<()> {
    account_rows(view, take, |_| true)
}

pub(super) fn multi_business(view: &View, take: &mut Take) -> Result<()> {
    account_rows(view, take, |account| account.businesses >= 2)
}

fn account_rows(view: &View, take: &mut Take, keep: fn(&Account) -> bool) -> Result<()> {
    let holdings = Holdings::gather(view)?;
    let mut rows = 0;
    view.reader.accounts(view.snapshot.id, &view.people, |account| {
        view.look(&mut rows)?;
        if !keep(account) {
            return Ok(());
        }
        let held = holdings.of(&account.key.to_string());
        let name = |held: &Held| match view.businesses.get(held.business as usize) {
            Some(business) => format!("{}: {}", business.name, holdings.role(held)),
            None => holdings.role(held).to_owned(),
        };
        let roles: Vec<String> = held.iter().map(name).collect();
        let active = held.iter().filter(|held| held.state == State::Active);
        take(&[
            Cell::text(account.key.to_string()),
            Cell::Integer(view.snapshot.id),
            Cell::text(view.snapshot.finished_at.to_string()),
            Cell::count(account.identity_id),
            Cell::optional(account.identity_uuid.as_deref()),
            Cell::text(account.full_name.as_str()),
            Cell::text(account.first_name.as_str()),
            Cell::text(account.last_name.as_str()),
            Cell::text(account.email.as_str()),
            Cell::text(account.emails.as_str()),
            view.is_external(&account.emails).map_or(Cell::Empty, Cell::Bool),
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

pub(super) fn matrix(view: &View, take: &mut Take) -> Result<()> {
    let holdings = Holdings::gather(view)?;
    let mut rows = 0;
    view.reader.accounts(view.snapshot.id, &view.people, |account| {
        view.look(&mut rows)?;
        let mut grid = vec![String::new(); view.businesses.len()];
        for held in holdings.of(&account.key.to_string()) {
            if let Some(cell) = grid.get_mut(held.business as usize) {
                let joint = if cell.is_empty() { "" } else { "; " };
                *cell = format!("{cell}{joint}{}{}", holdings.role(held), mark(held.state));
            }
        }
        let mut cells = vec![
            Cell::text(account.key.to_string()),
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
