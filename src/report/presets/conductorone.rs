//! ConductorOne derives an entitlement's id from resource type, resource name and entitlement, and orphans
//! its settings when one of them changes. So these hold ids; names are only in the columns for display.

use super::{Census, Grant, IsExternal, Person, Table, left_out};

pub(super) fn table(census: &Census, _: IsExternal) -> Table {
    let (addressed, others): (Vec<_>, Vec<_>) = census.people.iter().partition(|one| !one.email.is_empty());
    let others = left_out(others.into_iter(), "because ConductorOne requires an e-mail address");
    let grants = |person| census.grants(person).into_iter().map(move |grant| row(person, &grant));
    Table {
        rows: addressed.into_iter().flat_map(grants).collect(),
        remarks: census.hidden().into_iter().chain(others).collect(),
    }
}

fn row(person: &Person, grant: &Grant) -> Vec<String> {
    let (business, role) = (grant.business, grant.rows[0].role.as_str());
    let (id, label) = (business.id.to_string(), grant.label);
    let Person { last_name, first_name, full_name, key, email, .. } = person;
    // There is one status for each person. An open invitation is a way in, so a reviewer has to see it.
    let status = if person.is_live() { "Enabled" } else { "Disabled" };
    let display_name = format!("{label} ({})", business.name);
    let description = format!("{label} of {}", business.name);
    let account = [last_name, first_name, full_name, key, email, email, status];
    let entitlement = ["Business", &id, role, &display_name, &description, role, person.last_login_at()];
    account.into_iter().chain(entitlement).map(str::to_owned).collect()
}
