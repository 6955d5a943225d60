//! Files for other products' imports: their headings, their words, their rules.
//!
//! `docs/imports.md` says where each format is published and when it was read. What a format cannot
//! express is counted and reported. Columns that the product joins on are never changed by the formula guard.

mod accessowl;
mod conductorone;
mod lumos;
#[cfg(test)]
mod tests;
mod vanta;

use super::census::{self, Census, Grant, Person, counted};
use super::columns::{Type, column};
use super::{Cell, Needs, Reads, Report, Take, View};
use crate::error::Result;
use crate::model::marks::State;

/// Whether none of these `;`-joined addresses is at a domain of one's own, where that is known.
type IsExternal<'a> = &'a dyn Fn(&str) -> Option<bool>;

/// The content of a file.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<Vec<String>>,
    /// What the rows leave out or express differently.
    remarks: Vec<String>,
}

macro_rules! columns {
    ($($kind:ident $name:literal),+) => {
        &[&[$(column($name, Type::$kind, $name, "as the importing product defines it")),+]]
    };
}

pub(crate) const VANTA: Report = Report {
    name: "vanta",
    title: "Access file for Vanta",
    about: "one row for each person, for the access file uploader",
    columns: columns!(Id "Account name", Id "Account owner", Text "Role", Id "Status"),
    per_business: false,
    key: &["Account name"],
    lead: &[],
    glance: &[],
    needs: Needs::Nothing,
    reads: Reads::One,
    rows: |view, take| hand_on(view, vanta::table, take),
    page: None,
    remarks: |view| Ok(made(view, vanta::table)?.remarks),
};

pub(crate) const CONDUCTORONE: Report = Report {
    name: "conductorone",
    title: "Accounts and entitlements for ConductorOne",
    about: "one row for each role of each person, for the file connector",
    columns: columns!(
        Text "Last Name", Text "First Name", Text "Full Name", Id "User ID", Id "Username", Id "Email Address",
        Id "User Status", Id "Resource Type", Id "Resource Name", Id "Entitlement",
        Text "Entitlement Display Name", Text "Entitlement Description", Id "Entitlement Slug", Time "Last Login"
    ),
    key: &["User ID", "Resource Name", "Entitlement"],
    rows: |view, take| hand_on(view, conductorone::table, take),
    remarks: |view| Ok(made(view, conductorone::table)?.remarks),
    ..VANTA
};

pub(crate) const LUMOS: Report = Report {
    name: "lumos",
    title: "Accounts for Lumos",
    about: "one row for each person, for the upload of custom data",
    columns: columns!(
        Id "Unique ID", Text "First Name", Text "Last Name", Id "Email", Id "Status", Text "Role"
    ),
    key: &["Unique ID"],
    rows: |view, take| hand_on(view, lumos::table, take),
    remarks: |view| Ok(made(view, lumos::table)?.remarks),
    ..VANTA
};

pub(crate) const ACCESSOWL: Report = Report {
    name: "accessowl",
    title: "User list for AccessOwl",
    about: "one row for each address, a column for each business, for the import of user lists",
    columns: columns!(Id "Email"),
    per_business: true,
    key: &["Email"],
    rows: |view, take| hand_on(view, accessowl::table, take),
    remarks: |view| Ok(made(view, accessowl::table)?.remarks),
    ..VANTA
};

fn made(view: &View, table: fn(&Census, IsExternal) -> Table) -> Result<Table> {
    let mut made = table(&Census::gather(view)?, &|addresses| view.is_external(addresses));
    made.remarks.extend(census::accepted_gaps(view));
    Ok(made)
}

fn hand_on(view: &View, table: fn(&Census, IsExternal) -> Table, take: &mut Take) -> Result<()> {
    let cell = |text: String| if text.is_empty() { Cell::Empty } else { Cell::text(text) };
    let rows = made(view, table)?.rows.into_iter();
    rows.map(|row| row.into_iter().map(cell).collect::<Vec<_>>()).try_for_each(|cells| take(&cells))
}

/// People whom a format has no place for: how many, why, and the first five names.
fn left_out<'a>(people: impl Iterator<Item = &'a Person>, why: &str) -> Option<String> {
    let names: Vec<&str> = people.map(Person::called).collect();
    let count = counted(names.len(), "person is", "people are")?;
    let more = counted(names.len().saturating_sub(5), "other", "others");
    let shown = names.into_iter().take(5).map(str::to_owned).chain(more).collect::<Vec<_>>();
    Some(format!("{count} not in the file {why}: {}", shown.join(", ")))
}

/// Collapses line ends and runs of blanks, and trims both ends.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
