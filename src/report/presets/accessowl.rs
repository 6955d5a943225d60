//! AccessOwl takes one row for each address and one column for each resource; a cell holds the permissions.

use std::collections::BTreeMap;

use super::{Census, IsExternal, State, Table, counted, left_out, tidy};
use crate::model::role;

pub(super) fn table(census: &Census, _: IsExternal) -> Table {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for person in census.people.iter().filter(|person| person.is_live() && !person.email.is_empty()) {
        // People who share an address are one row.
        let place = *places.entry(person.email.to_lowercase()).or_insert(rows.len());
        if place == rows.len() {
            rows.push(vec![String::new(); 1 + census.businesses.len()]);
            rows[place][0].clone_from(&person.email);
        }
        for held in person.held.iter().filter(|held| held.is_live()) {
            let cell = &mut rows[place][1 + held.business];
            let permission = match tidy(&held.role_label.replace(';', " ")) {
                blank if blank.is_empty() => role::label("").to_owned(),
                permission => permission,
            };
            if cell.split(';').all(|known| known != permission) {
                *cell = if cell.is_empty() { permission } else { format!("{cell};{permission}") };
            }
        }
    }
    let remarks = remarks(census, rows.len());
    Table { rows, remarks }
}

fn remarks(census: &Census, rows: usize) -> Vec<String> {
    let people = || census.people.iter();
    let outside = left_out(people().filter(|person| !person.is_live()), "because no role lets them in");
    let nameless = people().filter(|person| person.is_live() && person.email.is_empty());
    let nameless = left_out(nameless, "because AccessOwl requires an e-mail address");
    let invited = people().filter(|person| person.has(State::Invited)).count();
    let invited = counted(invited, "person with an open invitation is", "people with open invitations are")
        .map(|people| {
            format!("{people} listed as if they had accepted: AccessOwl does not know invitations")
        });
    let addressed = people().filter(|person| person.is_live() && !person.email.is_empty()).count();
    let shared = counted(addressed - rows, "person shares", "people share")
        .map(|people| format!("{people} a row with another: AccessOwl identifies people by their address"));
    [outside, nameless, invited, shared].into_iter().flatten().collect()
}
