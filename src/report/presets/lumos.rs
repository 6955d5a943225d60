//! Lumos takes one row for each account, with a status from its own list.

use super::{Census, Grant, IsExternal, Person, State, Table, left_out, tidy};

pub(super) fn table(census: &Census, _: IsExternal) -> Table {
    let (fit, others): (Vec<_>, Vec<_>) = census.people.iter().partition(|person| fits(person));
    let why = "because Lumos requires an e-mail address, or a first and a last name";
    let row = |person: &Person| {
        let roles: Vec<String> = census.grants(person).iter().map(role).collect();
        let Person { key, first_name, last_name, email, .. } = person;
        [key, first_name, last_name, email, status(person), &roles.join(";")].map(str::to_owned).to_vec()
    };
    Table {
        rows: fit.into_iter().map(row).collect(),
        remarks: census.hidden().into_iter().chain(left_out(others.into_iter(), why)).collect(),
    }
}

fn fits(person: &Person) -> bool {
    !person.email.is_empty() || !person.first_name.is_empty() && !person.last_name.is_empty()
}

/// The delimiter between roles, which is chosen at the import, must not be part of their names.
fn role(grant: &Grant) -> String {
    let role = format!("{} ({} {})", grant.label, grant.business.id, grant.business.name);
    tidy(&role.replace(';', " "))
}

fn status(person: &Person) -> &'static str {
    match () {
        () if person.has(State::Active) => "ACTIVE",
        () if person.has(State::Invited) => "STAGED",
        () => "SUSPENDED",
    }
}
