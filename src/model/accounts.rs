//! One row a person, made of all their memberships.
//!
//! Nearly everybody has one membership, and then it says all that an account would; only the others
//! are made here. What counts as saying it all is what the database's view `accounts` makes of one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::addresses::normalized;
use super::keys::AccountKey;
use super::reading::Identity;
use super::rows::{Account, Membership, full_name};
use crate::time::Timestamp;

/// What a membership tells of the person who holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer<'a> {
    pub(crate) business_id: i64,
    pub(crate) account_key: &'a AccountKey,
    pub(crate) member_uuid: &'a str,
    pub(crate) email: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    /// As the membership's own row has it.
    pub(crate) identity_id: Option<i64>,
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

    /// Whether an account of this membership alone would hold nothing else, letter by letter.
    fn says_it_all(&self) -> bool {
        let as_it_stands = |text: &str| text.trim().len() == text.len();
        let identity_id = match self.account_key {
            AccountKey::Identity(id) => Some(*id),
            AccountKey::Email(_) | AccountKey::Member(_) => None,
        };
        identity_id == self.identity_id
            && self.email.is_ascii()
            && [self.email, self.first_name, self.last_name].into_iter().all(as_it_stands)
    }
}

impl Membership {
    /// Who holds it.
    pub(crate) fn bearer(&self, business_id: i64) -> Bearer<'_> {
        Bearer {
            business_id,
            account_key: &self.account_key,
            member_uuid: self.texts.member_uuid(),
            email: self.texts.email(),
            first_name: self.texts.first_name(),
            last_name: self.texts.last_name(),
            identity_id: self.identity_id,
            identity_uuid: self.identity_uuid.as_deref(),
            updated_at: self.member_updated_at,
        }
    }
}

/// Who the people of a snapshot are.
pub(crate) struct Accounts<'a, R> {
    pub(crate) count: usize,
    identity: &'a Identity,
    /// The memberships, with their business, of everybody who is more than one membership.
    rows: Vec<(i64, &'a R)>,
    bearer: fn(&'a R, i64) -> Bearer<'a>,
}

impl<'a, R> Accounts<'a, R> {
    /// `rows` come with their business, and `bearer` tells who holds one.
    pub(crate) fn of(
        identity: &'a Identity,
        rows: impl Iterator<Item = (i64, &'a R)> + Clone,
        bearer: fn(&'a R, i64) -> Bearer<'a>,
    ) -> Self {
        let mut memberships: HashMap<&AccountKey, u32> = HashMap::new();
        for (id, row) in rows.clone() {
            *memberships.entry(bearer(row, id).account_key).or_default() += 1;
        }
        let own = AccountKey::Identity(identity.id);
        let is_more = |(id, row): &(i64, &'a R)| {
            let bearer = bearer(row, *id);
            let key = bearer.account_key;
            memberships.get(key).is_some_and(|count| *count > 1) || *key == own || !bearer.says_it_all()
        };
        Accounts { count: memberships.len(), identity, rows: rows.filter(is_more).collect(), bearer }
    }

    /// Everybody who is more than one membership, ordered by `account_key`; one after the other, since
    /// there may be as many as memberships.
    pub(crate) fn into_rows(self) -> impl Iterator<Item = Account> {
        let Accounts { identity, mut rows, bearer, .. } = self;
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
}

/// The address of everybody who has memberships without one: that is what reports show for these, and
/// where they sort them.
pub(crate) struct Lent(HashMap<AccountKey, String>);

impl Lent {
    pub(crate) fn of<'a, R>(
        identity: &'a Identity,
        rows: impl Iterator<Item = (i64, &'a R)> + Clone,
        bearer: fn(&'a R, i64) -> Bearer<'a>,
    ) -> Self {
        let lacks = |(id, row): &(i64, &'a R)| bearer(row, *id).email.is_empty();
        let lacking: HashSet<&AccountKey> =
            rows.clone().filter(lacks).map(|(id, row)| bearer(row, id).account_key).collect();
        if lacking.is_empty() {
            return Lent(HashMap::new());
        }
        let theirs = rows.filter(|(id, row)| lacking.contains(bearer(row, *id).account_key));
        let accounts = Accounts::of(identity, theirs, bearer).into_rows();
        Lent(accounts.map(|account| (account.key, account.email)).collect())
    }

    /// The membership's own address, else its account's.
    pub(crate) fn shown<'a>(&'a self, own: &'a str, key: &AccountKey) -> &'a str {
        match own.is_empty() {
            true => self.0.get(key).map_or("", String::as_str),
            false => own,
        }
    }
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
