//! Files for other products' imports: their headings, their words, one file each.
//!
//! Vanta takes a row a person and refuses spaces at the ends; ConductorOne takes a row an entitlement,
//! the person's columns repeated.

use super::access::cells;
use super::columns::{Column, Type, at, column};
use super::{Cell, Needs, Report, Take, View};
use crate::error::Result;
use crate::store::AccessRow;

const fn plain(name: &'static str) -> Column {
    column(name, Type::Text, name, "as the importing product defines it")
}

const PRESET: Report = Report {
    name: "",
    title: "",
    about: "",
    columns: &[],
    per_business: false,
    key: &[],
    lead: &[],
    needs: Needs::Nothing,
    rows: vanta,
};

pub(crate) const VANTA: Report = Report {
    name: "vanta",
    title: "Access file for Vanta",
    about: "one row for each person, for the access file import",
    columns: &[&[plain("Account name"), plain("Account owner"), plain("Role"), plain("Status")]],
    key: &["Account name"],
    rows: vanta,
    ..PRESET
};

pub(crate) const CONDUCTORONE: Report = Report {
    name: "conductorone",
    title: "Accounts and entitlements for ConductorOne",
    about: "one row for each entitlement of each person, for the file import",
    columns: &[&[
        plain("Last Name"),
        plain("First Name"),
        plain("Full Name"),
        plain("User ID"),
        plain("Username"),
        plain("Email Address"),
        plain("User Status"),
        plain("Resource Type"),
        plain("Resource Name"),
        plain("Entitlement"),
        plain("Entitlement Display Name"),
        plain("Entitlement Description"),
        plain("Entitlement Slug"),
    ]],
    key: &["User ID", "Resource Name", "Entitlement"],
    rows: conductorone,
    ..PRESET
};

fn vanta(view: &View, take: &mut Take) -> Result<()> {
    // Roles and status of each person, from the listing; a person's rows lie in several businesses.
    let mut persons: std::collections::HashMap<String, (Vec<String>, bool)> = Default::default();
    view.access_rows(|row| {
        let (roles, active) = persons.entry(row.text(at("account_key"))?.into_owned()).or_default();
        // A comma would make two roles of one.
        let role = format!("{} ({})", row.text(at("role_label"))?, row.text(at("business_name"))?);
        roles.push(role.replace(',', " "));
        *active |= row.text(at("state"))? == "active";
        Ok(())
    })?;
    let mut rows = 0;
    view.reader.accounts(view.snapshot.id, &view.people, |account| {
        view.look(&mut rows)?;
        let key = account.key.to_string();
        let (roles, active) = persons.remove(&key).unwrap_or_default();
        let email = account.email.trim();
        let name = [email, account.full_name.trim(), key.trim()];
        let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        take(&[
            Cell::text(name),
            Cell::text(if email.is_empty() { "No owner" } else { email }),
            Cell::text(roles.join(", ").trim().to_owned()),
            Cell::text(if active { "Active" } else { "Deactivated" }),
        ])
    })
}

fn conductorone(view: &View, take: &mut Take) -> Result<()> {
    view.access_rows(|row: &AccessRow| {
        let mut access = cells(view, row)?;
        let mut of = |name: &str| std::mem::replace(&mut access[place(name)], Cell::Empty);
        let active = row.text(at("state"))? == "active";
        let business = row.text(at("business_name"))?;
        let label = row.text(at("role_label"))?;
        let role = row.text(at("role"))?;
        let email = of("email");
        take(&[
            of("last_name"),
            of("first_name"),
            of("full_name"),
            of("account_key"),
            email.clone(),
            email,
            Cell::text(if active { "Enabled" } else { "Disabled" }),
            Cell::text("Business"),
            Cell::text(business.as_ref()),
            Cell::text(role.as_ref()),
            Cell::text(label.as_ref()),
            Cell::text(format!("{label} of {business}")),
            Cell::text(role.as_ref()),
        ])
    })
}

fn place(name: &str) -> usize {
    super::columns::ACCESS.iter().position(|column| column.name == name).unwrap_or_default()
}
