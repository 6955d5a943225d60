//! One account per person, summed up from all their memberships.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::addresses::normalized;
use super::keys::AccountKey;
use super::reading::Identity;
use super::rows::{Account, Membership, full_name};

/// A membership and the id of its business.
pub(crate) type Held<'a> = (i64, &'a Membership);

/// The memberships of a snapshot by the person who holds them. Persons are numbered in the order in
/// which they first appear, so that nothing has to be sorted by key.
pub(crate) struct People<'a> {
    identity: &'a Identity,
    rows: Vec<Held<'a>>,
    /// The person of each row.
    persons: Vec<u32>,
    pub(crate) count: usize,
}

impl<'a> People<'a> {
    pub(crate) fn of(identity: &'a Identity, rows: impl Iterator<Item = Held<'a>>) -> Self {
        let rows: Vec<Held> = rows.collect();
        let mut numbers: HashMap<&AccountKey, u32> = HashMap::with_capacity(rows.len());
        let number = |(_, row): &Held<'a>| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(&row.account_key).or_insert(next)
        };
        let persons = rows.iter().map(number).collect();
        let count = numbers.len();
        People { identity, rows, persons, count }
    }

    /// The person who holds each row, as a position in [`People::accounts`].
    pub(crate) fn persons(&self) -> &[u32] {
        &self.persons
    }

    /// Every person's account in the order of first appearance. One at a time, since there can be as
    /// many accounts as memberships.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = Account> {
        let mut order: Vec<u32> = (0..self.persons.len()).filter_map(|at| u32::try_from(at).ok()).collect();
        order.sort_by_key(|at| self.persons[*at as usize]);
        let mut held = Vec::new();
        let mut order = order.into_iter().peekable();
        std::iter::from_fn(move || {
            let first = order.next()?;
            let person = self.persons[first as usize];
            held.clear();
            held.push(self.rows[first as usize]);
            while let Some(next) = order.next_if(|at| self.persons[*at as usize] == person) {
                held.push(self.rows[next as usize]);
            }
            held.sort_by(speaks_before);
            Some(account(self.identity, &held))
        })
    }
}

/// The newest record speaks for the person; the lowest business id and uuid break the tie.
fn speaks_before((a_business, a): &Held, (b_business, b): &Held) -> Ordering {
    let newest = b.member_updated_at.cmp(&a.member_updated_at);
    newest.then(a_business.cmp(b_business)).then_with(|| a.texts.member_uuid().cmp(b.texts.member_uuid()))
}

/// The account of the person who holds these memberships, the one that speaks for them first.
fn account(identity: &Identity, held: &[Held]) -> Account {
    let rows = || held.iter().map(|(_, row)| *row);
    let key = held[0].1.account_key.clone();
    let own = key == AccountKey::Identity(identity.id);
    let named = rows().find(|row| !row.full_name().is_empty());
    let (first_name, last_name) = match named {
        _ if own => (identity.first_name.clone(), identity.last_name.clone()),
        Some(row) => (row.texts.first_name().to_owned(), row.texts.last_name().to_owned()),
        None => Default::default(),
    };
    let addresses = rows().map(|row| normalized(row.texts.email()));
    let mut emails: Vec<Cow<str>> = addresses
        .chain(own.then(|| normalized(&identity.email)))
        .filter(|address| !address.is_empty())
        .collect();
    emails.sort_unstable();
    emails.dedup();
    let mut businesses: Vec<i64> = held.iter().map(|(business, _)| *business).collect();
    businesses.sort_unstable();
    businesses.dedup();
    let email = match own {
        true => identity.email.as_str(),
        false => rows().map(|row| row.texts.email()).find(|email| !email.trim().is_empty()).unwrap_or(""),
    };
    Account {
        identity_id: key.identity(),
        identity_uuid: match own {
            true => identity.uuid.clone(),
            false => rows().find_map(|row| row.identity_uuid.as_deref().map(str::to_owned)),
        },
        email: email.to_owned(),
        emails: emails.join(";"),
        full_name: full_name(&first_name, &last_name),
        first_name,
        last_name,
        businesses: i64::try_from(businesses.len()).unwrap_or(i64::MAX),
        key,
    }
}

/// The address of everybody who has memberships without one: reports show it for these rows, and sort
/// them by it.
pub(crate) struct Lent(HashMap<AccountKey, String>);

impl Lent {
    pub(crate) fn of<'a>(identity: &'a Identity, rows: impl Iterator<Item = Held<'a>> + Clone) -> Self {
        let lacks = |(_, row): &Held<'a>| row.texts.email().is_empty();
        let lacking: HashSet<&AccountKey> =
            rows.clone().filter(lacks).map(|(_, row)| &row.account_key).collect();
        if lacking.is_empty() {
            return Lent(HashMap::new());
        }
        let theirs = rows.filter(|(_, row)| lacking.contains(&row.account_key));
        let accounts = People::of(identity, theirs);
        Lent(accounts.accounts().map(|account| (account.key, account.email)).collect())
    }

    /// The membership's own address, else its account's.
    pub(crate) fn shown<'a>(&'a self, row: &'a Membership) -> &'a str {
        match row.texts.email() {
            "" => self.0.get(&row.account_key).map_or("", String::as_str),
            own => own,
        }
    }
}
