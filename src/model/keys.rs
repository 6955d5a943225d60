//! Who a row's person is, as one value.

use std::cmp::Ordering;
use std::fmt;

use super::reading::Text;

/// Who is one person: the first of these that is known. The order is that of their texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AccountKey {
    /// Trimmed and lower-cased.
    Email(Text),
    Identity(i64),
    /// The member record itself, by its uuid.
    Member(Text),
}

impl AccountKey {
    /// The order of their texts, without writing them.
    pub(crate) fn cmp_text(&self, other: &Self) -> Ordering {
        match (self, other) {
            (AccountKey::Identity(a), AccountKey::Identity(b)) => cmp_digits(*a, *b),
            (AccountKey::Email(a), AccountKey::Email(b)) | (AccountKey::Member(a), AccountKey::Member(b)) => {
                a.cmp(b)
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// `email:` comes before `identity:` before `member:`.
    fn rank(&self) -> u8 {
        match self {
            AccountKey::Email(_) => 0,
            AccountKey::Identity(_) => 1,
            AccountKey::Member(_) => 2,
        }
    }
}

/// Compares numbers as their decimal texts: 10 before 9.
fn cmp_digits(a: i64, b: i64) -> Ordering {
    let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) else {
        return a.to_string().cmp(&b.to_string());
    };
    let length = |n: u64| n.checked_ilog10().unwrap_or(0);
    let longest = length(a).max(length(b));
    let padded = |n: u64| u128::from(n) * 10_u128.pow(longest - length(n));
    padded(a).cmp(&padded(b)).then(length(a).cmp(&length(b)))
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
    fn keys_are_ordered_as_their_texts_are() {
        let mut keys: Vec<AccountKey> =
            [0, 9, 10, 99, 100, 1, -5, i64::MAX, 12].map(AccountKey::Identity).into();
        keys.extend(["b@x", "a@x"].map(|text| AccountKey::Email(text.into())));
        keys.extend(["u2", "u1"].map(|text| AccountKey::Member(text.into())));
        let mut texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
        keys.sort_by(AccountKey::cmp_text);
        texts.sort();
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), texts);
    }
}
