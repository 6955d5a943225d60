//! Who is one person over many snapshots, and finding somebody by whatever is known of them.
//!
//! An account's key can change: an invited address becomes an identity once the invitation is accepted.
//! So an address belongs to the one identity that has it in any snapshot; where two have it nobody can
//! tell, and it stays a person of its own.

use std::collections::{BTreeSet, HashMap};

use super::addresses::{composed, normalized};
use super::keys::AccountKey;
use super::rows::collate;

/// A person, with everything that any snapshot says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The keys of their accounts; that of an identity first.
    pub(crate) keys: Vec<AccountKey>,
    /// As [`normalized`] writes them.
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) names: BTreeSet<String>,
}

/// Gathers what rows say of each account.
#[derive(Default)]
pub(crate) struct Acquaintance(HashMap<AccountKey, Person>);

impl Acquaintance {
    /// Takes in a row: its `;`-joined addresses and its name, either of which may be empty.
    pub(crate) fn meet(&mut self, key: AccountKey, addresses: &str, name: &str) {
        let person = self.0.entry(key).or_insert_with_key(|key| Person {
            keys: vec![key.clone()],
            addresses: BTreeSet::new(),
            names: BTreeSet::new(),
        });
        for address in addresses.split(';').map(normalized).filter(|address| !address.is_empty()) {
            if !person.addresses.contains(&*address) {
                person.addresses.insert(address.into_owned());
            }
        }
        if !name.is_empty() && !person.names.contains(name) {
            person.names.insert(name.to_owned());
        }
    }

    /// Joins the accounts of each person.
    pub(crate) fn persons(self) -> Persons {
        let is_identity = |person: &Person| person.keys.iter().any(|key| key.identity().is_some());
        let (mut persons, others): (Vec<Person>, Vec<Person>) = self.0.into_values().partition(is_identity);
        let mut holders: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, person) in persons.iter().enumerate() {
            for address in &person.addresses {
                holders.entry(address.clone()).or_default().push(at);
            }
        }
        for other in others {
            let holders = match other.keys.as_slice() {
                [AccountKey::Email(address)] => holders.get(&**address).map_or(&[][..], Vec::as_slice),
                _ => &[],
            };
            match holders {
                [only] => persons[*only].learn(other),
                _ => persons.push(other),
            }
        }
        persons.sort_by(|a, b| {
            let address = |person: &Person| person.addresses.first().cloned().unwrap_or_default();
            collate(&address(a), &address(b))
                .then_with(|| collate(&a.name_of_account(), &b.name_of_account()))
        });
        Persons(persons)
    }
}

impl Person {
    /// The key to name them by.
    pub(crate) fn name_of_account(&self) -> String {
        self.keys.first().map(ToString::to_string).unwrap_or_default()
    }

    fn learn(&mut self, other: Person) {
        self.keys.extend(other.keys);
        self.keys[1..].sort_by_cached_key(ToString::to_string);
        self.addresses.extend(other.addresses);
        self.names.extend(other.names);
    }
}

/// Everybody whom any snapshot knows, by address, then key.
#[derive(Clone, Debug)]
pub(crate) struct Persons(Vec<Person>);

impl Persons {
    /// Whom `asked` names: an account's key, an identity's number, an address or a name. Where nobody has
    /// just that name, those who have every word of it.
    pub(crate) fn find(&self, asked: &str) -> Vec<&Person> {
        let (address, name) = (normalized(asked), plain(asked));
        let key = match asked.trim().parse() {
            Ok(id) => Some(AccountKey::Identity(id)),
            Err(_) => AccountKey::parse(asked.trim()),
        };
        let exactly = |person: &&Person| {
            key.as_ref().is_some_and(|key| person.keys.contains(key))
                || person.addresses.contains(&*address)
                || person.names.iter().any(|known| plain(known) == name)
        };
        let found: Vec<&Person> = self.0.iter().filter(exactly).collect();
        if !found.is_empty() || name.is_empty() {
            return found;
        }
        let words: Vec<&str> = name.split(' ').collect();
        let by_words = |person: &&Person| {
            person.names.iter().any(|known| {
                let known = plain(known);
                let known: Vec<&str> = known.split(' ').collect();
                words.iter().all(|word| known.contains(word))
            })
        };
        self.0.iter().filter(by_words).collect()
    }

    /// Everybody by each of their addresses.
    pub(crate) fn by_address(&self) -> HashMap<&str, Vec<&Person>> {
        let mut persons: HashMap<&str, Vec<&Person>> = HashMap::new();
        for person in &self.0 {
            for address in &person.addresses {
                persons.entry(address).or_default().push(person);
            }
        }
        persons
    }

    /// Everybody who has the address.
    pub(crate) fn at(&self, address: &str) -> impl Iterator<Item = &Person> {
        let address = normalized(address).into_owned();
        self.0.iter().filter(move |person| person.addresses.contains(&address))
    }
}

/// A name as it is compared: lower case, composed, one blank between its words.
fn plain(name: &str) -> String {
    composed(&name.to_lowercase()).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accounts as `key addresses name`; blanks in a name are `_`.
    fn persons(accounts: &[&str]) -> Persons {
        let mut acquaintance = Acquaintance::default();
        for account in accounts {
            let [key, addresses, name] = account.split(' ').collect::<Vec<_>>()[..] else {
                panic!("three words: {account}");
            };
            let key = AccountKey::parse(key).expect("a key");
            acquaintance.meet(key, addresses, &name.replace('_', " "));
        }
        acquaintance.persons()
    }

    #[track_caller]
    fn check(accounts: &[&str], asked: &str, expected: &[&str]) {
        let persons = persons(accounts);
        let keys =
            |person: &&Person| person.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let found: Vec<String> = persons.find(asked).iter().map(keys).collect();
        assert_eq!(found, expected, "{asked}");
    }

    #[test]
    fn somebody_is_found_by_key_number_address_or_name() {
        let accounts = [
            "identity:7 ann@x.example;ann@old.example Ann_Lee",
            "identity:8 bo@m\u{fc}nchen.example Zoe\u{308}_Lee",
            "email:cy@x.example cy@x.example Cy_Lee",
            "member:u1  Dee",
        ];
        let ann: &[&str] = &["identity:7"];
        for asked in
            ["7", " 7 ", "identity:7", "ann@x.example", " ANN@old.example", "ann  LEE", "lee ann", "Ann"]
        {
            check(&accounts, asked, ann);
        }
        for asked in ["bo@xn--mnchen-3ya.example", "BO@M\u{dc}NCHEN.example", "zo\u{eb} lee"] {
            check(&accounts, asked, &["identity:8"]);
        }
        check(&accounts, "email:cy@x.example", &["email:cy@x.example"]);
        check(&accounts, "member:u1", &["member:u1"]);
        check(&accounts, "Lee", &["identity:7", "identity:8", "email:cy@x.example"]);
        for asked in ["", "  ", "9", "an", "ann@y.example", "identity:9", "member:u2", "Ann Dee"] {
            check(&accounts, asked, &[]);
        }
    }

    #[test]
    fn a_whole_name_counts_before_its_words() {
        check(&["identity:1 a@x.example Lee", "identity:2 b@x.example Ann_Lee"], "lee", &["identity:1"]);
    }

    #[test]
    fn an_address_is_its_one_identity_s() {
        let invited = "email:ann@x.example ann@x.example Ann";
        let ann = "identity:7 ann@x.example;ann@work.example Ann_Lee";
        check(&[invited, ann], "ann@work.example", &["identity:7 email:ann@x.example"]);
        check(&[invited, ann], "email:ann@x.example", &["identity:7 email:ann@x.example"]);
        // Of two nobody can tell.
        let three = [invited, ann, "identity:8 ann@x.example Bo"];
        check(&three, "ann@x.example", &["identity:7", "email:ann@x.example", "identity:8"]);
        assert_eq!(persons(&three).at("Ann@x.example").count(), 3);
    }
}
