//! What to look at first, changes, and everybody: the rows of reports, as many as a page can hold.

use std::collections::{BTreeMap, HashSet};

use super::command;
use super::shown::{Listed, Shown, spaced};
use crate::diff::Kind;
use crate::error::Result;
use crate::model::marks::State;
use crate::model::role;
use crate::report::columns::{ACCESS, REASON, WHY_REVIEW, places};
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
    let mut groups: Vec<Group> = Vec::new();
    attention::rows(view, &mut |cells| {
        let [severity, reason, meaning, name, email, role, business] = ATTENTION.map(|at| &cells[at]);
        let reason = Shown::from(reason);
        let at = groups.iter().position(|group| group.reason == reason).unwrap_or_else(|| {
            let items = Listed::new(MOST_FOR_A_REASON, command(view, "attention"));
            groups.push(Group { severity: severity.into(), reason, meaning: meaning.into(), items });
            groups.len() - 1
        });
        groups[at].items.push(|| {
            let (name, email) = (Shown::filled(name), Shown::filled(email));
            let (person, email) = if name.is_some() { (name, email) } else { (email, None) };
            Item { person, email, role: role.into(), business: business.into() }
        });
        Ok(())
    })?;
    Ok(groups)
}

pub(super) struct Changes {
    pub(super) since: Snapshot,
    pub(super) counts: String,
    pub(super) rows: Listed<Change>,
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
    /// Nothing where there is no earlier snapshot.
    pub(super) fn gather(view: &View) -> Result<Option<Self>> {
        let Some(since) = view.earlier.clone() else { return Ok(None) };
        let mut rows = Listed::new(MOST_CHANGES, command(view, "changes"));
        let mut counts: BTreeMap<Option<Kind>, (String, usize)> = BTreeMap::new();
        changes::rows(view, &mut |cells| {
            let [word, name, email, business, role, before, after, note] = CHANGES.map(|at| &cells[at]);
            let (kind, word) = (Kind::parse(&word.to_string()), word.to_string());
            counts.entry(kind).or_insert_with(|| (word.replace('_', " "), 0)).1 += 1;
            rows.push(|| Change {
                kind: Shown::new(&spaced(&word)),
                who: Shown::filled(name).unwrap_or_else(|| email.into()),
                business: business.into(),
                role: match role {
                    Cell::Text(role) => Shown::new(role::label(role)),
                    _ => Shown::default(),
                },
                turned: turned(kind, before, after),
                note: note.into(),
            });
            Ok(())
        })?;
        let counts: Vec<String> = counts.into_values().map(|(word, n)| format!("{n} {word}")).collect();
        let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        Ok(Some(Changes { since, counts, rows }))
    }
}

/// What it was and what it is, in the words of whatever changed.
fn turned(kind: Option<Kind>, before: &Cell, after: &Cell) -> String {
    let said = |cell: &Cell| {
        let value = cell.to_string();
        Shown::new(match (kind, State::parse(&value)) {
            _ if value.is_empty() => "",
            (Some(Kind::RoleChanged), _) => role::label(&value),
            (Some(Kind::Renamed | Kind::EmailChanged | Kind::BusinessRenamed), _) | (_, None) => &value,
            (_, Some(state)) => state.in_words(),
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
    /// What the rows can be narrowed to.
    pub(super) businesses: Vec<(i64, Shown)>,
    pub(super) classes: [&'static str; 5],
    pub(super) states: &'static [State],
}

pub(super) struct Person {
    pub(super) business_id: Shown,
    pub(super) class: Shown,
    pub(super) state: State,
    pub(super) name: Shown,
    pub(super) email: Shown,
    pub(super) business: Shown,
    pub(super) role: Shown,
    /// A day.
    pub(super) added: String,
    pub(super) why: Shown,
}

const PEOPLE: [usize; 10] = places(
    &[ACCESS, WHY_REVIEW],
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
        "why_review",
    ],
);

impl Everybody {
    pub(super) fn gather(view: &View) -> Result<Self> {
        let mut rows = Listed::new(MOST_PEOPLE, command(view, "access"));
        let mut people = HashSet::new();
        review::rows(view, &mut |cells| {
            let [key, id, class, state, name, email, business, role, added, why] =
                PEOPLE.map(|at| &cells[at]);
            people.insert(key.to_string());
            rows.push(|| Person {
                business_id: id.into(),
                class: class.into(),
                state: State::parse(&state.to_string()).unwrap_or(State::Active),
                name: name.into(),
                email: email.into(),
                business: business.into(),
                role: role.into(),
                added: added.to_string().chars().take("2026-06-30".len()).collect(),
                why: why.into(),
            });
            Ok(())
        })?;
        Ok(Everybody {
            rows,
            people: people.len(),
            businesses: view.businesses.iter().map(|one| (one.id, Shown::new(&one.name))).collect(),
            classes: role::CLASSES,
            states: State::ALL,
        })
    }
}
