//! What to look at first, changes, and everybody: the rows of reports, as many as a page can hold.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::command;
use super::shown::{Listed, Shown};
use crate::diff::Kind;
use crate::error::Result;
use crate::model::marks::State;
use crate::model::role;
use crate::report::columns::{ACCESS, REASON, WHY_LOOK, places};
use crate::report::summary::{capitalized, in_words};
use crate::report::{Cell, View, attention, changes, review};
use crate::store::Snapshot;

/// Rows of everybody: what a browser lays out and searches at once.
const MOST_PEOPLE: usize = 5_000;
const MOST_CHANGES: usize = 200;
/// Rows for each reason to look.
const MOST_FOR_A_REASON: usize = 10;

/// Everything that `attention` says for one reason.
pub(super) struct Group {
    pub(super) severity: Shown,
    pub(super) severity_in_words: Shown,
    pub(super) reason: Shown,
    pub(super) meaning: Shown,
    pub(super) items: Listed<Item>,
}

/// A person in a business, or a business.
pub(super) struct Item {
    pub(super) person: Option<Shown>,
    pub(super) email: Option<Shown>,
    pub(super) role: Shown,
    pub(super) business: Shown,
}

const ATTENTION: [usize; 7] = places(
    &[REASON, ACCESS],
    ["severity", "reason", "meaning", "full_name", "email", "role_label", "business_name"],
);

/// By reason, the most serious first.
pub(super) fn attention(view: &View) -> Result<Vec<Group>> {
    let mut groups: Vec<(String, Group)> = Vec::new();
    attention::rows(view, &mut |cells| {
        let [severity, reason, meaning, name, email, role, business] = ATTENTION.map(|at| &cells[at]);
        let reason = reason.to_string();
        let at = groups.iter().position(|(known, _)| *known == reason).unwrap_or_else(|| {
            let group = Group {
                severity: severity.into(),
                severity_in_words: Shown::new(&capitalized(&severity.to_string())),
                reason: Shown::new(&spaced(&reason)),
                meaning: Shown::new(&format!("{}.", capitalized(&meaning.to_string()))),
                items: Listed::new(MOST_FOR_A_REASON, command(view, "attention")),
            };
            groups.push((reason, group));
            groups.len() - 1
        });
        groups[at].1.items.push(|| {
            let (name, email) = (Shown::filled(name), Shown::filled(email));
            let (person, email) = if name.is_some() { (name, email) } else { (email, None) };
            Item { person, email, role: role.into(), business: business.into() }
        });
        Ok(())
    })?;
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// A word of a vocabulary as people write it.
pub(super) fn spaced(word: &str) -> String {
    capitalized(&word.replace('_', " "))
}

pub(super) enum Changes {
    NotMade(Shown),
    Made { since: Snapshot, counts: String, rows: Listed<Change> },
}

pub(super) struct Change {
    pub(super) kind: Shown,
    pub(super) who: Shown,
    pub(super) business: Shown,
    pub(super) role: Shown,
    pub(super) turned: String,
    pub(super) note: Shown,
}

const CHANGES: [usize; 8] = places(
    &[changes::COLUMNS],
    ["change", "full_name", "email", "business_name", "role", "before", "after", "note"],
);

impl Changes {
    pub(super) fn gather(view: &View) -> Result<Self> {
        let (Some(earlier), None) = (view.earlier, changes::not_made(view)) else {
            return Ok(Changes::NotMade(Shown::new(&changes::not_made(view).unwrap_or_default())));
        };
        let mut rows = Listed::new(MOST_CHANGES, command(view, "changes"));
        let mut counts: BTreeMap<Option<Kind>, usize> = BTreeMap::new();
        changes::rows(view, &mut |cells| {
            let [word, name, email, business, role, before, after, note] = CHANGES.map(|at| &cells[at]);
            let kind = Kind::parse(&word.to_string());
            *counts.entry(kind).or_default() += 1;
            rows.push(|| Change {
                kind: Shown::new(&spaced(&word.to_string())),
                who: Shown::filled(name).unwrap_or_else(|| email.into()),
                business: business.into(),
                role: Shown::new(match role {
                    Cell::Text(role) => role::label(role),
                    _ => "",
                }),
                turned: turned(kind, before, after),
                note: note.into(),
            });
            Ok(())
        })?;
        let counted = |(kind, n): (Option<Kind>, usize)| {
            format!("{n} {}", kind.map_or("unknown", Kind::as_str).replace('_', " "))
        };
        let counts: Vec<String> = counts.into_iter().map(counted).collect();
        let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        Ok(Changes::Made { since: view.reader.snapshot(earlier)?, counts, rows })
    }
}

/// What it was and what it is, in the words of whatever changed.
fn turned(kind: Option<Kind>, before: &Cell, after: &Cell) -> String {
    let said = |cell: &Cell| {
        let value = cell.to_string();
        Shown::new(match kind {
            _ if value.is_empty() => "",
            Some(Kind::RoleChanged) => role::label(&value),
            Some(Kind::Renamed | Kind::EmailChanged | Kind::BusinessRenamed) => &value,
            _ => match State::parse(&value) {
                Some(state) => in_words(state),
                None => &value,
            },
        })
    };
    match (said(before), said(after)) {
        (before, after) if before.is_empty() && after.is_empty() => String::new(),
        (before, after) => format!("{before} → {after}").trim().to_owned(),
    }
}

pub(super) struct Everybody {
    pub(super) rows: Listed<Person>,
    /// Distinct accounts.
    pub(super) people: usize,
    /// What the rows can be narrowed to: the value that they bear, and its words.
    pub(super) businesses: Vec<(i64, Shown)>,
    pub(super) classes: Vec<(Shown, Shown)>,
    pub(super) states: Vec<(&'static str, &'static str)>,
}

pub(super) struct Person {
    pub(super) business_id: Shown,
    pub(super) class: Shown,
    pub(super) state: &'static str,
    pub(super) name: Shown,
    pub(super) email: Shown,
    pub(super) business: Shown,
    pub(super) role: Shown,
    pub(super) state_in_words: &'static str,
    pub(super) added: String,
    pub(super) why: Shown,
}

const PEOPLE: [usize; 10] = places(
    &[ACCESS, WHY_LOOK],
    [
        "account_key",
        "business_id",
        "role_class",
        "state",
        "full_name",
        "email",
        "business_name",
        "role_label",
        "member_created_at",
        "why_look",
    ],
);

impl Everybody {
    pub(super) fn gather(view: &View) -> Result<Self> {
        let mut rows = Listed::new(MOST_PEOPLE, command(view, "access"));
        let (mut people, mut classes, mut states) = (HashSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut businesses = HashSet::new();
        review::rows(view, &mut |cells| {
            let [key, id, class, state, name, email, business, role, added, why] =
                PEOPLE.map(|at| &cells[at]);
            people.insert(key.to_string());
            let state = State::parse(&state.to_string()).unwrap_or(State::Active);
            rows.push(|| {
                states.insert(state);
                classes.insert(class.to_string());
                businesses.insert(id.to_string());
                Person {
                    business_id: id.into(),
                    class: class.into(),
                    state: state.as_str(),
                    name: name.into(),
                    email: email.into(),
                    business: business.into(),
                    role: role.into(),
                    state_in_words: in_words(state),
                    added: added.to_string().chars().take("2026-06-30".len()).collect(),
                    why: why.into(),
                }
            });
            Ok(())
        })?;
        let named = view.businesses.iter().filter(|business| businesses.contains(&business.id.to_string()));
        Ok(Everybody {
            rows,
            people: people.len(),
            businesses: named.map(|business| (business.id, Shown::new(&business.name))).collect(),
            classes: classes
                .iter()
                .map(|class| (Shown::new(class), Shown::new(&capitalized(class))))
                .collect(),
            states: states.into_iter().map(|state| (state.as_str(), in_words(state))).collect(),
        })
    }
}
