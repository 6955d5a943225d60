//! Vanta takes one row for each account and rejects extra blanks. An account's owner is an address that
//! Vanta knows, or one of a few fixed phrases.

use std::collections::HashMap;

use super::{Census, IsExternal, Person, State, Table, counted, tidy};

pub(super) fn table(census: &Census, is_external: IsExternal) -> Table {
    let businesses = businesses(census);
    let row = |(person, name): (&Person, String)| {
        let status = if person.is_live() { "Active" } else { "Deactivated" };
        vec![name, owner(person, is_external), roles(person, &businesses), status.to_owned()]
    };
    Table {
        rows: census.people.iter().zip(names(census)).map(row).collect(),
        remarks: remarks(census, is_external),
    }
}

fn remarks(census: &Census, is_external: IsExternal) -> Vec<String> {
    let unknown = is_external("ann@example.com").is_none().then(|| {
        "without --own-domain, every address is an account owner, including people who are not in Vanta"
            .to_owned()
    });
    let held = census.people.iter().flat_map(|person| &person.held);
    let off = held.filter(|held| held.state == State::Inactive).count();
    let off = counted(off, "switched-off role is", "switched-off roles are")
        .map(|roles| format!("{roles} not in the file; `fbsync export inactive` lists them"));
    unknown.into_iter().chain(off).collect()
}

/// Comma-separated, so commas within a role are replaced.
fn roles(person: &Person, businesses: &[String]) -> String {
    let mut roles: Vec<String> = Vec::new();
    for held in person.held.iter().filter(|held| held.state != State::Inactive) {
        let invited = if held.state == State::Invited { " (invited)" } else { "" };
        let role = format!("{}{}{invited}", held.role_label, businesses[held.business]);
        let role = tidy(&role.replace(',', " "));
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles.join(", ")
}

/// The business to name after a role: none if there is only one, with its number if several have the same name.
fn businesses(census: &Census) -> Vec<String> {
    let alike = tally(census.businesses.iter().map(|business| business.name.replace(',', " ")));
    let named = census.businesses.iter().map(|business| match alike(&business.name.replace(',', " ")) {
        _ if census.businesses.len() == 1 => String::new(),
        1 => format!(" ({})", business.name),
        _ => format!(" ({} #{})", business.name, business.id),
    });
    named.collect()
}

/// The address of one's own people; Vanta's phrase for the others.
fn owner(person: &Person, is_external: IsExternal) -> String {
    let mut addresses = std::iter::once(person.email.as_str()).chain(person.emails.split(';'));
    match addresses.find(|address| is_external(address) == Some(false)) {
        Some(own) => tidy(own),
        None if person.email.is_empty() => "No owner".to_owned(),
        None if is_external(&person.email).is_none() => tidy(&person.email),
        None => "External user".to_owned(),
    }
}

/// The address, followed by the name or the key if several people have the same address.
fn names(census: &Census) -> Vec<String> {
    let address =
        |person: &Person| if person.email.is_empty() { person.called() } else { &person.email }.to_owned();
    let named = |person: &Person| format!("{} ({})", address(person), person.full_name);
    let addresses = tally(census.people.iter().map(address));
    let all_named = tally(census.people.iter().map(named));
    let name = |person: &Person| match (addresses(&address(person)), all_named(&named(person))) {
        (1, _) => address(person),
        (_, 1) => named(person),
        _ => format!("{} ({})", address(person), person.key),
    };
    census.people.iter().map(|person| tidy(&name(person))).collect()
}

/// How often a text occurs among these. Capitals and extra blanks do not count.
fn tally(texts: impl Iterator<Item = String>) -> impl Fn(&str) -> u32 {
    let form = |text: &str| tidy(text).to_lowercase();
    let mut tally: HashMap<String, u32> = HashMap::new();
    texts.for_each(|text| *tally.entry(form(&text)).or_default() += 1);
    move |text| tally.get(&form(text)).copied().unwrap_or(0)
}
