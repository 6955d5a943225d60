//! Who is one person, across sources and businesses, and what addresses tell of it.
//!
//! The same `identity_id` is one person; else the same e-mail address; else the member record stands
//! alone. A member without identity whose address belongs to exactly one known identity is that
//! identity's; where two identities share the address nobody can tell, so it stays an address.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::keys::AccountKey;
use super::reading::{BusinessReading, Identity};
use super::rows::full_name;

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

impl Address {
    fn hold(&mut self, identity_id: Option<i64>) {
        let Some(id) = identity_id else { return };
        self.identity = match self.identity {
            Holder::Nobody => Holder::One(id),
            Holder::One(known) if known == id => Holder::One(id),
            Holder::One(_) | Holder::Several => Holder::Several,
        };
    }

    fn carry(&mut self, name: &str) {
        if !name.is_empty() {
            let name = half_hash(&name.to_lowercase());
            self.shared |= *self.name.get_or_insert(name) != name;
        }
    }
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
                let texts = &member.texts;
                let name = full_name(texts.first_name(), texts.last_name());
                addresses.meet(texts.email(), member.identity_id, &name);
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

    /// Notes what a member record carries beside the address: an identity, a name.
    pub(crate) fn meet(&mut self, email: &str, identity_id: Option<i64>, name: &str) {
        if let Some(address) = self.entry(email) {
            address.hold(identity_id);
            address.carry(name);
        }
    }

    /// Notes whose identity comes with the address.
    pub(crate) fn hold(&mut self, email: &str, identity_id: Option<i64>) {
        if let Some(address) = self.entry(email) {
            address.hold(identity_id);
        }
    }

    /// Who a row with this identity and address is; `record` where neither is known.
    pub(crate) fn key_of(&self, identity_id: Option<i64>, email: &str, record: &str) -> AccountKey {
        let address = normalized(email);
        if let Some(id) = identity_id {
            return AccountKey::Identity(id);
        }
        match self.get(email).map(|address| address.identity) {
            Some(Holder::One(id)) => AccountKey::Identity(id),
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
