//! Who is one person, across sources and businesses, and what addresses tell of it.
//!
//! The same `identity_id` is one person; else the same e-mail address; else the member record stands
//! alone. A member without identity whose address belongs to exactly one known identity is that
//! identity's; where two identities share the address nobody can tell, so it stays an address.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::keys::AccountKey;
use super::marks::Flag;
use super::reading::{BusinessReading, Identity};
use super::rows::{Membership, full_name};

/// An address as it is compared: trimmed, lower case, in Unicode's composed form (NFC), the domain as
/// the DNS has it (IDNA).
pub(crate) fn normalized(email: &str) -> Cow<'_, str> {
    let email = email.trim();
    if email.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(email);
    }
    let lower_cased = composed(&email.to_lowercase()).into_owned();
    let in_ascii = lower_cased.rsplit_once('@').and_then(|(local, domain)| {
        let domain = idna::domain_to_ascii(domain).ok().filter(|domain| !domain.is_empty())?;
        Some(format!("{local}@{domain}"))
    });
    Cow::Owned(in_ascii.unwrap_or(lower_cased))
}

/// Text in Unicode's composed form (NFC), in which texts that look the same are the same.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().collect()),
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
            let name = half_hash(&composed(&name.to_lowercase()));
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

    /// Says of a row who it is, and whether people of different names use its address.
    pub(crate) fn place(&self, row: &mut Membership) {
        let address = self.get(row.texts.email());
        let known = || match address?.identity {
            Holder::One(id) => Some(id),
            Holder::Nobody | Holder::Several => None,
        };
        let identity_id = row.identity_id.or_else(known);
        row.account_key = AccountKey::of(identity_id, row.texts.email(), &row.record_name());
        row.flags.set(Flag::SharedEmail, address.is_some_and(|address| address.shared));
    }
}

fn half_hash(text: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(text)[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_address_has_one_form() {
        let check = |email: &str, expected: &str| assert_eq!(normalized(email), expected, "{email:?}");
        check("ann@x.example", "ann@x.example");
        check("  Ann@X.Example\u{a0}", "ann@x.example");
        check("Jose\u{301}@x.example", "jos\u{e9}@x.example");
        check("ann@M\u{fc}nchen.example", "ann@xn--mnchen-3ya.example");
        check("ann@mu\u{308}nchen.example", "ann@xn--mnchen-3ya.example");
        check("ann@XN--MNCHEN-3YA.example", "ann@xn--mnchen-3ya.example");
        check("a@b@M\u{fc}nchen.example", "a@b@xn--mnchen-3ya.example");
        check("Not An Address", "not an address");
        check("ann@", "ann@");
        check(" ", "");
    }
}
