//! Who is one person, across sources and businesses, and what addresses tell of it.
//!
//! The same `identity_id` is one person; else the same e-mail address; else the member record stands
//! alone. A member without identity whose address belongs to exactly one known identity is that
//! identity's; where two identities share the address nobody can tell, so it stays an address.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::reading::{BusinessReading, Identity};
use super::rows::{AccountKey, full_name};

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

    pub(crate) fn learn(identity: &Identity, readings: &[BusinessReading]) -> Self {
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
