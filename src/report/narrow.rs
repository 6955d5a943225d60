//! Limits the people and lists given for a snapshot to what a view can show.

use std::collections::{BTreeSet, HashSet};

use super::expected::Expected;
use super::roster::Roster;
use super::view::{Options, Scope};
use crate::error::Result;
use crate::model::persons::Person;
use crate::store::{People, Reader};

/// Looks up the accounts of the addresses in the lists, and cuts the lists down to the people and
/// businesses of the view. A file made for one business must not reveal how many others there are.
pub(super) fn keep_to_view(
    options: &mut Options,
    reader: &Reader,
    snapshot_id: i64,
    scope: &Scope,
) -> Result<()> {
    let Options { roster, expected, .. } = options;
    if let (Some(expected), Scope::Alone(businesses)) = (&mut *expected, scope) {
        expected.keep_only(|business| businesses.contains(&business));
    }
    if roster.as_ref().is_some_and(Roster::is_open) || expected.as_ref().is_some_and(Expected::is_open) {
        let persons = reader.persons()?;
        let by_address = persons.by_address();
        let accounts_of = |address: &str| {
            let found = by_address.get(address).into_iter().flatten();
            found.flat_map(|person| &person.keys).map(ToString::to_string).collect()
        };
        roster.iter_mut().for_each(|roster| roster.resolve(accounts_of));
        expected.iter_mut().for_each(|expected| expected.resolve(accounts_of));
    }
    if let Some(roster) = roster {
        let accounts = reader.account_addresses(snapshot_id)?;
        let here: HashSet<&str> = accounts.iter().map(|(key, _)| key.as_str()).collect();
        roster.keep_only(|account| here.contains(account));
        if *scope != Scope::Whole {
            let known: HashSet<&str> = accounts.iter().flat_map(|(_, emails)| emails.split(';')).collect();
            roster.forget_the_rest(|address| known.contains(address));
        }
    }
    expected.iter_mut().for_each(Expected::index);
    Ok(())
}

/// The accounts to limit the view to, found by any address that any snapshot has for them, and the
/// addresses that are in no snapshot.
pub(super) fn find_people(reader: &Reader, options: &Options) -> Result<(People, Vec<String>)> {
    if options.people.is_empty() {
        return Ok((People::default(), Vec::new()));
    }
    if let Some(accounts) = &options.accounts {
        return Ok((People::only(accounts.clone()), Vec::new()));
    }
    let persons = reader.persons()?;
    let (mut keys, mut missing) = (BTreeSet::new(), Vec::new());
    for address in &options.people {
        let found: Vec<&Person> = persons.at(address).collect();
        if found.is_empty() {
            missing.push(address.clone());
        }
        keys.extend(found.into_iter().flat_map(|person| &person.keys).map(ToString::to_string));
    }
    Ok((People::only(keys), missing))
}
