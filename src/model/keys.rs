//! Who a row's person is, as one value.

use std::fmt;

use super::addresses::normalized;
use super::reading::Text;

/// Who is one person: identity, else address, else record; the first of these that is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AccountKey {
    /// As [`normalized`] writes it.
    Email(Text),
    Identity(i64),
    /// The member record itself, by its uuid.
    Member(Text),
}

impl AccountKey {
    /// Who a row with these is, by what it says itself.
    pub(crate) fn of(identity_id: Option<i64>, email: &str, record: &str) -> Self {
        match (identity_id, normalized(email)) {
            (Some(id), _) => AccountKey::Identity(id),
            (None, address) if !address.is_empty() => AccountKey::Email(address.into()),
            (None, _) => AccountKey::Member(record.into()),
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("identity", id) => id.parse().ok().map(AccountKey::Identity),
            ("email", address) => Some(AccountKey::Email(address.into())),
            ("member", uuid) => Some(AccountKey::Member(uuid.into())),
            _ => None,
        }
    }

    pub(crate) fn identity(&self) -> Option<i64> {
        match self {
            AccountKey::Identity(id) => Some(*id),
            AccountKey::Email(_) | AccountKey::Member(_) => None,
        }
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountKey::Email(address) => write!(f, "email:{address}"),
            AccountKey::Identity(id) => write!(f, "identity:{id}"),
            AccountKey::Member(uuid) => write!(f, "member:{uuid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_known_names_the_person() {
        let check = |identity, email, expected: &str| {
            let key = AccountKey::of(identity, email, "u1");
            assert_eq!(key.to_string(), expected);
            assert_eq!(AccountKey::parse(expected), Some(key));
        };
        check(Some(7), "ann@x.example", "identity:7");
        check(Some(-7), "", "identity:-7");
        check(None, " Ann@X.example ", "email:ann@x.example");
        check(None, "  ", "member:u1");
        for text in ["", "7", "identity:", "identity:x", "group:7"] {
            assert_eq!(AccountKey::parse(text), None, "{text}");
        }
    }
}
