//! Who is one person, across sources and businesses; and from that, memberships and accounts.
//!
//! The same `identity_id` is one person; else the same e-mail address; else the member record
//! stands alone. A member without identity whose address belongs to exactly one known identity is
//! that identity's; where two identities share the address nobody can tell, so it stays an address.
//! Every row that a source names survives: sources are merged only where account, business and role agree.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use sha2::{Digest as _, Sha256};

use super::Timestamp;
use super::reading::{
    Business, BusinessReading, Coverage, Digest, GroupMember, Identity, Outcome, OwnMembership, Resource,
    StaffMember, Text, hex,
};
use super::role;
use super::rows::{
    Account, AccountKey, Flag, Flags, LastLogin, Membership, Sources, State, collate, full_name,
};

/// A business with its memberships, in the order of every report.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) business: Business,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) coverage: Vec<Coverage>,
    /// What further sources said, sorted: a membership names one record, and these would be lost.
    pub(crate) records: Vec<Digest>,
}

/// Merges the sources of each business into memberships and orders everything.
pub(crate) fn listings(identity: &Identity, readings: Vec<BusinessReading>) -> Vec<Listing> {
    let addresses = Addresses::learn(identity, &readings);
    let mut listings: Vec<Listing> =
        readings.into_iter().map(|reading| listing(identity, reading, &addresses)).collect();
    listings
        .sort_by(|a, b| collate(&a.business.name, &b.business.name).then(a.business.id.cmp(&b.business.id)));
    listings
}

fn listing(identity: &Identity, reading: BusinessReading, addresses: &Addresses) -> Listing {
    let incomplete = reading.outcome(Resource::TeamMembers) != Some(Outcome::Ok);
    let owners_unchecked = reading.outcome(Resource::BusinessGroup) != Some(Outcome::Ok);
    let staff_asked = reading.outcome(Resource::Staff).is_some();
    let BusinessReading { business, members, group, staff, coverage } = reading;
    let further = group.iter().map(|named| named.record).chain(staff.iter().map(|person| person.record));
    let mut records: Vec<Digest> = further.chain(business.own.iter().map(|own| own.record)).collect();
    records.sort_unstable();
    records.dedup();

    let mut rows = members;
    for row in &mut rows {
        row.account_key = addresses.key_of(row.identity_id, &row.email, &row.member_uuid);
    }
    let named = group.into_iter().map(|named| from_group(named, addresses));
    let own = business.own.iter().map(|own| from_identity(identity, own));
    add_named_elsewhere(&mut rows, named.chain(own));
    if staff_asked {
        add_logins(&mut rows, &staff);
    }
    for row in &mut rows {
        row.flags.raise(Flag::ListingIncomplete, incomplete);
        row.flags.raise(Flag::OwnersNotChecked, owners_unchecked);
        row.flags.raise(Flag::SharedEmail, addresses.is_shared(&row.email));
    }
    rows.sort_unstable_by(|a, b| {
        // Most rows differ in their address, and writing the keys out costs more than comparing.
        collate(&a.email, &b.email).then_with(|| {
            let (a_key, b_key) = (a.account_key.to_string(), b.account_key.to_string());
            report_order(
                [&a.email, &a_key, &a.role, &a.member_uuid],
                [&b.email, &b_key, &b.role, &b.member_uuid],
            )
        })
    });
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
        let address = Some(normalized(&row.email)).filter(|address| !address.is_empty());
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

fn from_group(named: GroupMember, addresses: &Addresses) -> Membership {
    let key = addresses.key_of(named.identity_id, &named.email, &format!("record:{}", hex(&named.record)));
    let active = named.active.unwrap_or(true);
    Membership {
        email: named.email.into(),
        first_name: named.first_name.into(),
        last_name: named.last_name.into(),
        identity_id: named.identity_id,
        identity_uuid: named.identity_uuid.map(Into::into),
        ..without_member_record(key, named.role, active, Sources::BUSINESS_GROUP, named.record)
    }
}

fn from_identity(identity: &Identity, own: &OwnMembership) -> Membership {
    let key = AccountKey::Identity(identity.id);
    Membership {
        email: identity.email.as_str().into(),
        first_name: identity.first_name.as_str().into(),
        last_name: identity.last_name.as_str().into(),
        identity_id: Some(identity.id),
        identity_uuid: identity.uuid.as_deref().map(Into::into),
        ..without_member_record(key, own.role.clone(), true, Sources::IDENTITY, own.record)
    }
}

fn without_member_record(
    account_key: AccountKey,
    role: String,
    active: bool,
    sources: Sources,
    record: [u8; 32],
) -> Membership {
    let mut flags = Flags::default();
    flags.raise(Flag::UnknownRole, role::class(&role) == role::UNKNOWN);
    Membership {
        account_key,
        role: role::kept(&role),
        member_uuid: Text::default(),
        email: Text::default(),
        first_name: Text::default(),
        last_name: Text::default(),
        job_title: Text::default(),
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

/// The order of rows within a business: by `email, account_key, role, member_uuid`.
pub(crate) fn report_order(a: [&str; 4], b: [&str; 4]) -> Ordering {
    let differing = a.into_iter().zip(b).map(|(a, b)| collate(a, b)).find(|order| order.is_ne());
    differing.unwrap_or(Ordering::Equal)
}

/// An address as it is compared: trimmed, lower case.
pub(crate) fn normalized(email: &str) -> Cow<'_, str> {
    let email = email.trim();
    match email.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        true => Cow::Borrowed(email),
        false => Cow::Owned(email.to_lowercase()),
    }
}

/// What the sources together know of each e-mail address. Kept by half a SHA-256 of the address:
/// as texts, a hundred thousand of them would be held twice.
pub(crate) struct Addresses(HashMap<[u8; 16], Address>);

#[derive(Default)]
struct Address {
    identity: Holder,
    /// The first name seen with it, lower-cased, in the same form.
    name: Option<[u8; 16]>,
    shared: bool,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Holder {
    #[default]
    Nobody,
    One(i64),
    Several,
}

impl Addresses {
    /// What the signed-in identity alone tells.
    pub(crate) fn of(identity: &Identity) -> Self {
        let mut addresses = Addresses(HashMap::new());
        addresses.hold(&identity.email, Some(identity.id));
        addresses
    }

    fn learn(identity: &Identity, readings: &[BusinessReading]) -> Self {
        let mut addresses = Addresses::of(identity);
        for reading in readings {
            for named in &reading.group {
                addresses.hold(&named.email, named.identity_id);
            }
            for member in &reading.members {
                addresses.hold(&member.email, member.identity_id);
                addresses.carry(&member.email, &full_name(&member.first_name, &member.last_name));
            }
        }
        addresses
    }

    fn entry(&mut self, email: &str) -> Option<&mut Address> {
        let address = normalized(email);
        (!address.is_empty()).then(|| self.0.entry(half_hash(&address)).or_default())
    }

    fn get(&self, email: &str) -> Option<&Address> {
        self.0.get(&half_hash(&normalized(email)))
    }

    /// Notes whose identity comes with the address.
    pub(crate) fn hold(&mut self, email: &str, identity_id: Option<i64>) {
        if let (Some(id), Some(address)) = (identity_id, self.entry(email)) {
            address.identity = match address.identity {
                Holder::Nobody => Holder::One(id),
                Holder::One(known) if known == id => Holder::One(id),
                Holder::One(_) | Holder::Several => Holder::Several,
            };
        }
    }

    /// Notes the name that a member record carries beside the address.
    pub(crate) fn carry(&mut self, email: &str, name: &str) {
        if let Some(address) = self.entry(email).filter(|_| !name.is_empty()) {
            let name = half_hash(&name.to_lowercase());
            address.shared |= *address.name.get_or_insert(name) != name;
        }
    }

    /// Who a row with this identity and address is; `record` where neither is known.
    pub(crate) fn key_of(&self, identity_id: Option<i64>, email: &str, record: &str) -> AccountKey {
        let address = normalized(email);
        match (identity_id, self.get(email).map(|address| address.identity)) {
            (Some(id), _) | (None, Some(Holder::One(id))) => AccountKey::Identity(id),
            _ if !address.is_empty() => AccountKey::Email(address.as_ref().into()),
            _ => AccountKey::Member(record.into()),
        }
    }

    /// Whether people of different names use the address.
    pub(crate) fn is_shared(&self, email: &str) -> bool {
        self.get(email).is_some_and(|address| address.shared)
    }
}

fn half_hash(text: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(text)[..16]);
    half
}

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
