//! One row a person, made of all their memberships.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Timestamp;
use super::addresses::normalized;
use super::reading::Identity;
use super::rows::{Account, AccountKey, Membership, full_name};

/// What a membership tells of the person who holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer<'a> {
    pub(crate) business_id: i64,
    pub(crate) account_key: &'a AccountKey,
    pub(crate) member_uuid: &'a str,
    pub(crate) email: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) identity_uuid: Option<&'a str>,
    pub(crate) updated_at: Option<Timestamp>,
}

impl Bearer<'_> {
    /// The newest record speaks for the person; the rest of the order only makes it certain which.
    fn speaks_before(&self, other: &Self) -> Ordering {
        let newest = other.updated_at.cmp(&self.updated_at);
        newest
            .then(self.business_id.cmp(&other.business_id))
            .then_with(|| self.member_uuid.cmp(other.member_uuid))
    }
}

impl Membership {
    /// Who holds it.
    pub(crate) fn bearer(&self, business_id: i64) -> Bearer<'_> {
        Bearer {
            business_id,
            account_key: &self.account_key,
            member_uuid: &self.member_uuid,
            email: &self.email,
            first_name: &self.first_name,
            last_name: &self.last_name,
            identity_uuid: self.identity_uuid.as_deref(),
            updated_at: self.member_updated_at,
        }
    }
}

/// One row a person, ordered by `account_key`, made of all their memberships; one after the other,
/// since there may be as many as memberships. `rows` come with their business, and `bearer` tells who
/// holds one.
pub(crate) fn accounts<'a, R>(
    identity: &'a Identity,
    rows: impl Iterator<Item = (i64, &'a R)>,
    bearer: fn(&'a R, i64) -> Bearer<'a>,
) -> impl Iterator<Item = Account> {
    let mut rows: Vec<(i64, &R)> = rows.collect();
    rows.sort_unstable_by(|(a_id, a), (b_id, b)| {
        let (a, b) = (bearer(a, *a_id), bearer(b, *b_id));
        a.account_key.cmp_text(b.account_key).then_with(|| a.speaks_before(&b))
    });
    let mut bearers = rows.into_iter().map(move |(id, row)| bearer(row, id)).peekable();
    std::iter::from_fn(move || {
        let mut own = vec![bearers.next()?];
        let key = own[0].account_key;
        while let Some(next) = bearers.next_if(|next| next.account_key == key) {
            own.push(next);
        }
        Some(account(identity, key, &own))
    })
}

fn account(identity: &Identity, key: &AccountKey, bearers: &[Bearer]) -> Account {
    let own = *key == AccountKey::Identity(identity.id);
    let address = bearers.iter().map(|bearer| bearer.email).find(|email| !email.trim().is_empty());
    let named = bearers.iter().find(|bearer| !full_name(bearer.first_name, bearer.last_name).is_empty());
    let (first_name, last_name) = match named {
        _ if own => (identity.first_name.clone(), identity.last_name.clone()),
        Some(bearer) => (bearer.first_name.to_owned(), bearer.last_name.to_owned()),
        None => Default::default(),
    };
    let own_address = own.then(|| normalized(&identity.email));
    let emails: BTreeSet<Cow<str>> = bearers
        .iter()
        .map(|bearer| normalized(bearer.email))
        .chain(own_address)
        .filter(|email| !email.is_empty())
        .collect();
    let businesses: BTreeSet<i64> = bearers.iter().map(|bearer| bearer.business_id).collect();
    Account {
        key: key.clone(),
        identity_id: match key {
            AccountKey::Identity(id) => Some(*id),
            AccountKey::Email(_) | AccountKey::Member(_) => None,
        },
        identity_uuid: match own {
            true => identity.uuid.clone(),
            false => bearers.iter().find_map(|bearer| bearer.identity_uuid.map(str::to_owned)),
        },
        email: if own { identity.email.clone() } else { address.unwrap_or_default().to_owned() },
        emails: emails.into_iter().collect::<Vec<_>>().join(";"),
        first_name,
        last_name,
        businesses: i64::try_from(businesses.len()).unwrap_or(i64::MAX),
    }
}
