//! The people of a snapshot and their roles as plain values, from which the files for other products
//! are made.
//!
//! These products keep one status per person and join everything by keys. This leads to two rules:
//!
//! - An `email:` account whose records have different names becomes one person per name.
//! - A role that is switched off counts only if its holder has no live role. Otherwise the person is
//!   enabled, and the role would look active.

use std::collections::{BTreeMap, HashMap};

use super::View;
use super::columns::at;
use crate::error::Result;
use crate::model::marks::State;
use crate::model::rows::collate;

/// Everything that goes into such a file. Only [`Census::gather`] reads the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    /// In report order.
    pub(crate) businesses: Vec<Business>,
    /// Sorted by e-mail and key, as in every report.
    pub(crate) people: Vec<Person>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Business {
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) own_role: String,
    /// The outcome of reading the team list.
    pub(crate) outcome: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// The `account_key`, followed by `/` and the name if several people share it.
    pub(crate) key: String,
    pub(crate) account_key: String,
    pub(crate) email: String,
    /// All addresses, lower case, `;`-joined.
    pub(crate) emails: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) full_name: String,
    /// In report order.
    pub(crate) held: Vec<Held>,
}

/// One row of `access`.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The index of the business in [`Census::businesses`].
    pub(crate) business: usize,
    pub(crate) row_key: String,
    /// The names on this record if other records with its address have different names; otherwise
    /// empty.
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) full_name: String,
    /// FreshBooks' own word, made safe for use in an id: see [`slug`].
    pub(crate) role: String,
    pub(crate) role_label: String,
    pub(crate) state: State,
    /// Times as RFC 3339, empty if unknown.
    pub(crate) created_at: String,
    pub(crate) last_login_at: String,
    pub(crate) flags: String,
}

/// A role of one person in one business, however many member records state it.
#[derive(Clone, Debug)]
pub(crate) struct Grant<'a> {
    pub(crate) business: &'a Business,
    pub(crate) label: &'a str,
    /// At least one, all with this role.
    pub(crate) rows: Vec<&'a Held>,
}

impl Census {
    pub(crate) fn gather(view: &View) -> Result<Self> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let businesses = view.businesses.iter().map(|business| Business {
            id: business.id,
            uuid: text(&business.uuid),
            account_id: text(&business.account_id),
            name: business.name.clone(),
            own_role: business.own_role.clone(),
            outcome: view
                .team_list(business.id)
                .map_or_else(String::new, |line| line.read.outcome.to_string()),
        });
        let mut census = Census { businesses: businesses.collect(), people: Vec::new() };
        let mut held: HashMap<String, Vec<Held>> = HashMap::new();
        let places: HashMap<i64, usize> = census.businesses.iter().map(|one| one.id).zip(0..).collect();
        view.access_rows(|row| {
            let text = |at: usize| row.text(at).map(std::borrow::Cow::into_owned);
            let flags = text(at("flags"))?;
            // Most people have one role, and there can be a hundred thousand people.
            let roles = held.entry(text(at("account_key"))?).or_insert_with(|| Vec::with_capacity(1));
            let name = |at: usize| if is_shared(&flags) { text(at) } else { Ok(String::new()) };
            roles.push(Held {
                business: places.get(&row.integer(at("business_id"))?).copied().unwrap_or_default(),
                row_key: text(at("row_key"))?,
                first_name: name(at("first_name"))?,
                last_name: name(at("last_name"))?,
                full_name: name(at("full_name"))?,
                role: slug(&row.text(at("role"))?),
                role_label: text(at("role_label"))?,
                state: State::parse(&row.text(at("state"))?).unwrap_or(State::Active),
                created_at: text(at("member_created_at"))?,
                last_login_at: text(at("last_login_at"))?,
                flags,
            });
            Ok(())
        })?;
        view.reader.accounts(view.snapshot.id, &view.people, |account| {
            let key = account.key.to_string();
            census.people.extend(told_apart(Person {
                account_key: key.clone(),
                email: account.email.trim().to_owned(),
                emails: account.emails.clone(),
                first_name: account.first_name.trim().to_owned(),
                last_name: account.last_name.trim().to_owned(),
                full_name: account.full_name.clone(),
                held: held.remove(&key).unwrap_or_default(),
                key,
            }));
            Ok(())
        })?;
        Ok(census)
    }

    /// The roles of a person, as a file with one status per person can state them.
    pub(crate) fn grants<'a>(&'a self, person: &'a Person) -> Vec<Grant<'a>> {
        let mut grants: Vec<Grant> = Vec::new();
        for held in person.held.iter().filter(|held| !person.hides(held)) {
            let same = |grant: &&mut Grant| {
                let first = grant.rows[0];
                first.business == held.business && first.role == held.role
            };
            match grants.iter_mut().find(same) {
                Some(grant) => grant.rows.push(held),
                None => grants.push(Grant {
                    business: &self.businesses[held.business],
                    label: &held.role_label,
                    rows: vec![held],
                }),
            }
        }
        grants
    }

    /// How many rows [`Census::grants`] leaves out, in words.
    pub(crate) fn hidden(&self) -> Option<String> {
        let hides = |person: &Person| person.held.iter().filter(|held| person.hides(held)).count();
        counted(self.people.iter().map(hides).sum(), "switched-off role is", "switched-off roles are").map(
            |roles| {
                format!(
                    "{roles} left out: the format has one status for each person, so they would look active"
                )
            },
        )
    }
}

impl Person {
    pub(super) fn has(&self, state: State) -> bool {
        self.held.iter().any(|held| held.state == state)
    }

    /// Whether any role is live.
    pub(crate) fn is_live(&self) -> bool {
        self.held.iter().any(Held::is_live)
    }

    /// Whether the role is switched off while the person has a live one.
    pub(super) fn hides(&self, held: &Held) -> bool {
        held.state == State::Inactive && self.is_live()
    }

    /// The name, otherwise the address, otherwise the key.
    pub(crate) fn called(&self) -> &str {
        let names = [&self.full_name, &self.email, &self.key];
        names.into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }

    /// The last known login; empty if there is none.
    pub(crate) fn last_login_at(&self) -> &str {
        self.held.iter().map(|held| held.last_login_at.as_str()).max().unwrap_or_default()
    }
}

impl Held {
    /// Whether the role gives access, now or once an invitation is accepted.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, State::Active | State::Invited)
    }
}

/// The raw role, unless it is empty or contains a colon, which would make an id of several parts
/// ambiguous.
fn slug(role: &str) -> String {
    match role.trim() {
        "" => "no_role".to_owned(),
        role => role.replace(':', "_"),
    }
}

fn is_shared(flags: &str) -> bool {
    flags.split(';').any(|flag| flag == "shared_email")
}

/// Splits an account by the names at its shared address; any other account stays whole.
fn told_apart(person: Person) -> Vec<Person> {
    let shared = person.held.iter().any(|held| is_shared(&held.flags));
    if !person.account_key.starts_with("email:") || !shared {
        return vec![person];
    }
    let mut by_name: BTreeMap<String, Person> = BTreeMap::new();
    for held in &person.held {
        let name = held.full_name.to_lowercase();
        let one = by_name.entry(name.clone()).or_insert_with(|| Person {
            key: format!("{}/{name}", person.account_key),
            first_name: held.first_name.trim().to_owned(),
            last_name: held.last_name.trim().to_owned(),
            full_name: held.full_name.clone(),
            held: Vec::new(),
            ..person.clone()
        });
        one.held.push(held.clone());
    }
    let mut people: Vec<Person> = by_name.into_values().collect();
    people.sort_by(|a, b| collate(&a.full_name, &b.full_name));
    people
}

/// What a complete snapshot does not cover because its gap was accepted. Partial snapshots already have
/// a warning.
pub(super) fn accepted_gaps(view: &View) -> Option<String> {
    (!view.is_partial() && !view.not_covered().is_empty()).then(|| view.extent())
}

/// "3 roles", "1 role"; `None` for zero.
pub(super) fn counted(n: usize, one: &str, several: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {several}")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A census of businesses, numbered from 1, and people.
    pub(in crate::report) fn census(businesses: &[&str], people: Vec<Person>) -> Census {
        let business =
            |(id, name): (i64, &&str)| Business { id, name: (*name).to_owned(), ..Default::default() };
        Census { businesses: (1..).zip(businesses).map(business).collect(), people }
    }

    /// A person called `First Last`, with roles by business index.
    pub(in crate::report) fn person(
        key: &str,
        email: &str,
        name: &str,
        roles: &[(usize, &str, State)],
    ) -> Person {
        let (first_name, last_name) = name.split_once(' ').unwrap_or((name, ""));
        let held = |(at, (business, role, state)): (usize, &(usize, &str, State))| Held {
            business: *business,
            row_key: format!("{}/{key}#{at}", business + 1),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            full_name: name.to_owned(),
            role: slug(role),
            role_label: crate::model::role::label(role).to_owned(),
            state: *state,
            created_at: String::new(),
            last_login_at: String::new(),
            flags: String::new(),
        };
        Person {
            key: key.to_owned(),
            account_key: key.to_owned(),
            email: email.to_owned(),
            emails: email.to_lowercase(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            full_name: name.to_owned(),
            held: roles.iter().enumerate().map(held).collect(),
        }
    }

    #[test]
    fn a_role_that_is_switched_off_counts_only_if_no_role_is_live() {
        let check = |roles: &[(usize, &str, State)], expected: &[&str]| {
            let census = census(&["A", "B"], vec![person("identity:1", "a@x.example", "Ann Lee", roles)]);
            let grant =
                |grant: Grant| format!("{} {} x{}", grant.business.id, grant.rows[0].role, grant.rows.len());
            let found: Vec<String> = census.grants(&census.people[0]).into_iter().map(grant).collect();
            assert_eq!(found, expected, "{roles:?}");
            let hidden = roles.len()
                - census.grants(&census.people[0]).iter().map(|one| one.rows.len()).sum::<usize>();
            assert_eq!(census.hidden().is_some(), hidden > 0, "{roles:?}");
        };
        use State::{Active, Inactive, Invited, NoLogin};
        check(&[(0, "owner", Inactive), (1, "contractor", Active)], &["2 contractor x1"]);
        check(&[(0, "owner", Inactive), (1, "contractor", Invited)], &["2 contractor x1"]);
        check(&[(0, "owner", Inactive), (1, "contractor", NoLogin)], &["1 owner x1", "2 contractor x1"]);
        check(&[(0, "owner", Inactive), (1, "owner", Inactive)], &["1 owner x1", "2 owner x1"]);
        // Two member records with one role are one grant; one of them can be switched off.
        check(&[(0, "owner", Active), (0, "owner", Invited)], &["1 owner x2"]);
        check(&[(0, "owner", Active), (0, "owner", Inactive)], &["1 owner x1"]);
        check(&[(0, "", Active), (0, "a:b", Active)], &["1 no_role x1", "1 a_b x1"]);
    }

    #[test]
    fn names_at_a_shared_address_are_separate_people() {
        let shared = |key: &str, flags: &str, names: &[&str]| {
            let mut whole = person(key, "office@x.example", "Ann Lee", &[]);
            for name in names {
                let mut one = person(key, "office@x.example", name, &[(0, "owner", State::Active)]);
                one.held[0].flags = flags.to_owned();
                whole.held.append(&mut one.held);
            }
            told_apart(whole)
                .into_iter()
                .map(|one| (one.key, one.full_name, one.held.len()))
                .collect::<Vec<_>>()
        };
        let of = |key: &str, name: &str, rows| (key.to_owned(), name.to_owned(), rows);
        let key = "email:office@x.example";
        assert_eq!(
            shared(key, "shared_email", &["Isla Reid", "Fergus Baird", "ISLA REID"]),
            [
                of(&format!("{key}/fergus baird"), "Fergus Baird", 1),
                of(&format!("{key}/isla reid"), "Isla Reid", 2)
            ]
        );
        assert_eq!(shared(key, "", &["Isla Reid", "Isla"]), [of(key, "Ann Lee", 2)]);
        // An identity is one person, whatever names its records have.
        assert_eq!(
            shared("identity:7", "shared_email", &["Isla Reid", "Isla"]),
            [of("identity:7", "Ann Lee", 2)]
        );
    }
}
