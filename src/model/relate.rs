//! The sources of each business, related to each other: who is one person, which rows are the same
//! membership, in the order of every report.
//!
//! Every row that a source names survives: sources are merged only where account, business and role
//! agree. A member record is a row of its own, even where one person has two.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::addresses::{Addresses, normalized};
use super::keys::AccountKey;
use super::marks::{Flag, Flags, LastLogin, Sources, State};
use super::people::{Held, Lent};
use super::reading::{
    Business, BusinessReading, Coverage, Digest, GroupMember, Identity, Outcome, OwnMembership, Resource,
    StaffMember, hex,
};
use super::role;
use super::rows::{Membership, collate};
use super::texts::{Parts, Texts};

/// A business with its memberships, in the order of every report.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) business: Business,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) coverage: Vec<Coverage>,
    /// What further sources said, sorted: a membership names one record, and these would be lost.
    pub(crate) records: Vec<Digest>,
}

impl Listing {
    /// Whether a snapshot can be called complete with it: the team list was read and its numbers
    /// agree, or its gap is accepted, or it was skipped on purpose.
    pub(crate) fn suffices(&self) -> bool {
        let list = self.coverage.iter().find(|coverage| coverage.resource == Resource::TeamMembers);
        list.is_some_and(Coverage::suffices)
    }
}

/// Merges the sources of each business into memberships and orders everything.
pub(crate) fn relate(identity: &Identity, readings: Vec<BusinessReading>) -> Vec<Listing> {
    let addresses = Addresses::learn(identity, &readings);
    let mut listings: Vec<Listing> =
        readings.into_iter().map(|reading| merge(identity, reading, &addresses)).collect();
    settle(identity, &mut listings);
    listings
}

/// Relates memberships that were merged before as if there were no others: nothing of what other
/// businesses tell about these people stays.
pub(crate) fn relate_again(identity: &Identity, listings: &mut [Listing]) {
    let mut addresses = Addresses::of(identity);
    for (_, row) in rows(listings) {
        // Names count where a team list gives them: the group may spell them in another way.
        let name = if row.sources.has(Sources::TEAM_MEMBERS) { row.full_name() } else { String::new() };
        addresses.meet(row.texts.email(), row.identity_id, &name);
    }
    for row in listings.iter_mut().flat_map(|listing| &mut listing.memberships) {
        addresses.place(row);
    }
    settle(identity, listings);
}

/// Every membership, in order.
pub(crate) fn rows(listings: &[Listing]) -> impl Iterator<Item = Held<'_>> + Clone {
    listings.iter().flat_map(|listing| listing.memberships.iter().map(|row| (listing.business.id, row)))
}

/// Puts everything in order.
fn settle(identity: &Identity, listings: &mut [Listing]) {
    let lent = Lent::of(identity, rows(listings));
    listings.iter_mut().for_each(|listing| sort(&mut listing.memberships, &lent));
    listings
        .sort_by(|a, b| collate(&a.business.name, &b.business.name).then(a.business.id.cmp(&b.business.id)));
}

fn merge(identity: &Identity, reading: BusinessReading, addresses: &Addresses) -> Listing {
    let incomplete = reading.outcome(Resource::TeamMembers) != Some(Outcome::Ok);
    let owners_unchecked = match reading.outcome(Resource::BusinessGroup) {
        Some(outcome) => outcome != Outcome::Ok,
        // Classic has no such source; of a business that was left out on purpose it was not asked.
        None => reading.outcome(Resource::TeamMembers) == Some(Outcome::Skipped),
    };
    let staff_asked = reading.outcome(Resource::Staff).is_some();
    let BusinessReading { business, members, group, staff, coverage } = reading;
    let further = group.iter().map(|named| named.record).chain(staff.iter().map(|person| person.record));
    let mut records: Vec<Digest> = further.chain(business.own.iter().map(|own| own.record)).collect();
    records.sort_unstable();
    records.dedup();

    let mut rows = members;
    rows.iter_mut().for_each(|row| addresses.place(row));
    let named = group.into_iter().map(from_group);
    let own = business.own.iter().map(|own| from_identity(identity, own));
    let named = named.chain(own).map(|mut row| {
        addresses.place(&mut row);
        row
    });
    add_named_elsewhere(&mut rows, named);
    if staff_asked {
        add_logins(&mut rows, &staff);
    }
    for row in &mut rows {
        row.flags.set(Flag::ListingIncomplete, incomplete);
        row.flags.set(Flag::OwnersNotChecked, owners_unchecked);
    }
    Listing { business, memberships: rows, coverage, records }
}

/// Notes the further sources of the rows there are, and adds what only those sources name.
fn add_named_elsewhere(rows: &mut Vec<Membership>, named: impl Iterator<Item = Membership>) {
    // Keyed by account and looked up once a row: a group may be as long as the list.
    let mut elsewhere: HashMap<AccountKey, Vec<Named>> = HashMap::new();
    for row in named {
        let known = elsewhere.entry(row.account_key.clone()).or_default();
        match known.iter_mut().find(|known| known.row.role == row.role) {
            Some(known) => known.row.learn_from(&row),
            None => known.push(Named { row, listed: false }),
        }
    }
    for row in rows.iter_mut() {
        for known in elsewhere.get_mut(&row.account_key).into_iter().flatten() {
            if known.row.role == row.role {
                row.learn_from(&known.row);
                known.listed = true;
            }
        }
    }
    let unlisted = elsewhere.into_values().flatten().filter(|named| !named.listed);
    rows.extend(unlisted.map(|named| named.row));
}

/// Joins the staff list by e-mail, the only thing that it shares with a team list. An address that is
/// in it twice counts with its latest sign-in.
fn add_logins(rows: &mut [Membership], staff: &[StaffMember]) {
    let mut by_address: HashMap<Cow<str>, &StaffMember> = HashMap::new();
    for person in staff {
        let known = by_address.entry(normalized(&person.email)).or_insert(person);
        if person.last_login_at > known.last_login_at {
            *known = person;
        }
    }
    for row in rows {
        let address = Some(normalized(row.texts.email())).filter(|address| !address.is_empty());
        row.last_login = match address.and_then(|address| by_address.get(&address)) {
            None => LastLogin::NotProvided,
            Some(person) => {
                row.sources.add(Sources::STAFF);
                row.logins = person.logins;
                match (person.last_login_at, person.logins) {
                    (Some(moment), _) => LastLogin::At(moment),
                    (None, Some(0)) => LastLogin::Never,
                    (None, _) => LastLogin::NotProvided,
                }
            }
        };
    }
}

/// A row that the group or the identity names, and whether a member record says the same.
struct Named {
    row: Membership,
    listed: bool,
}

/// The membership that an entry of a business group describes.
pub(crate) fn from_group(named: GroupMember) -> Membership {
    Membership {
        texts: named_only(&named.email, &named.first_name, &named.last_name),
        identity_id: named.identity_id,
        identity_uuid: named.identity_uuid.map(Into::into),
        ..without_member_record(
            named.role,
            named.active.unwrap_or(true),
            Sources::BUSINESS_GROUP,
            named.record,
        )
    }
}

fn from_identity(identity: &Identity, own: &OwnMembership) -> Membership {
    Membership {
        texts: named_only(&identity.email, &identity.first_name, &identity.last_name),
        identity_id: Some(identity.id),
        identity_uuid: identity.uuid.as_deref().map(Into::into),
        ..without_member_record(own.role.clone(), true, Sources::IDENTITY, own.record)
    }
}

fn named_only(email: &str, first_name: &str, last_name: &str) -> Texts {
    Texts::of(Parts { email, first_name, last_name, ..Parts::default() })
}

fn without_member_record(role: String, active: bool, sources: Sources, record: Digest) -> Membership {
    let mut flags = Flags::default();
    flags.set(Flag::UnknownRole, role::class(&role) == role::UNKNOWN);
    Membership {
        account_key: AccountKey::of(None, "", &hex(record)),
        role: role::kept(&role),
        texts: Texts::of(Parts::default()),
        active,
        state: if active { State::Active } else { State::Inactive },
        invitation_accepted_at: None,
        member_created_at: None,
        member_updated_at: None,
        last_login: LastLogin::NotRequested,
        logins: None,
        flags,
        sources,
        record,
        identity_id: None,
        identity_uuid: None,
    }
}

/// Nearly all rows differ in the first letters of their addresses. Comparing these as numbers leaves
/// the texts, which lie all over memory, to be looked at once each.
fn sort(rows: &mut [Membership], lent: &Lent) {
    let letters = |row: &Membership| first_letters(lent.shown(row));
    rows.sort_by_cached_key(letters);
    for alike in rows.chunk_by_mut(|a, b| letters(a) == letters(b)) {
        alike.sort_unstable_by(|a, b| {
            let (a_key, b_key) = (a.account_key.to_string(), b.account_key.to_string());
            report_order(
                [lent.shown(a), &a_key, &a.role, a.texts.member_uuid()],
                [lent.shown(b), &b_key, &b.role, b.texts.member_uuid()],
            )
        });
    }
}

/// A number that is ordered as [`collate`] orders, as far as it goes.
fn first_letters(text: &str) -> u128 {
    let head = &text.as_bytes()[..text.len().min(16)];
    let lower_cased = match head.is_ascii() {
        true => head.to_ascii_lowercase(),
        false => text.chars().take(16).flat_map(char::to_lowercase).collect::<String>().into_bytes(),
    };
    let mut letters = [0; 16];
    letters.iter_mut().zip(lower_cased).for_each(|(letter, byte)| *letter = byte);
    if text.is_empty() { u128::MAX } else { u128::from_be_bytes(letters) }
}

/// The order of rows within a business: by `email, account_key, role, member_uuid`.
fn report_order(a: [&str; 4], b: [&str; 4]) -> Ordering {
    let differing = a.into_iter().zip(b).map(|(a, b)| collate(a, b)).find(|order| order.is_ne());
    differing.unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

        #[test]
        fn first_letters_never_contradict_the_order(a in "(a{0,3}|a{13,17})[abBéÉ]{0,3}", b in "(a{0,3}|a{13,17})[abBéÉ]{0,3}") {
            let by_letters = first_letters(&a).cmp(&first_letters(&b));
            prop_assert!(by_letters.is_eq() || by_letters == collate(&a, &b), "{a} {b}");
        }

        #[test]
        fn whatever_people_are_called(a in ".{0,20}", b in ".{0,20}") {
            let by_letters = first_letters(&a).cmp(&first_letters(&b));
            prop_assert!(by_letters.is_eq() || by_letters == collate(&a, &b), "{a} {b}");
        }
    }
}
