//! Who has access, by role and by business, with the lengths of the bars.

use std::collections::BTreeMap;

use super::shown::{Listed, Shown};
use super::{MOST_BUSINESSES, command, how_read};
use crate::error::Result;
use crate::model::Outcome;
use crate::report::columns::places;
use crate::report::summary::capitalized;
use crate::report::{Cell, View, roles};

/// The classes that have a column of their own, the most powerful first; the others share the last.
pub(super) const CLASSES: [&str; 4] = ["privileged", "standard", "limited", "other"];

const AT: [usize; 7] = places(
    &[roles::COLUMNS],
    ["business_id", "role_label", "role_class", "active", "invited", "no_login", "inactive"],
);

pub(super) struct Access {
    pub(super) figures: Vec<(i64, &'static str)>,
    pub(super) roles: Vec<Role>,
    pub(super) businesses: Listed<Business>,
}

pub(super) struct Role {
    pub(super) label: Shown,
    /// One of [`CLASSES`].
    pub(super) class: &'static str,
    pub(super) class_in_words: Shown,
    pub(super) with_access: Bar,
    /// Invited, without login, inactive.
    pub(super) without: [i64; 3],
}

pub(super) struct Business {
    pub(super) name: Shown,
    pub(super) id: i64,
    pub(super) read: String,
    pub(super) is_read: bool,
    /// With access, by [`CLASSES`].
    pub(super) by_class: Vec<Bar>,
    pub(super) no_access: i64,
}

/// A number and its share of the largest beside it. What is there is seen, however small its share.
pub(super) struct Bar {
    pub(super) count: i64,
    pub(super) class: &'static str,
    pub(super) percent: String,
}

impl Bar {
    fn new(count: i64, most: i64, class: &'static str) -> Self {
        let percent = count as f64 * 100.0 / most.max(1) as f64;
        let percent = if count > 0 { percent.max(1.0) } else { 0.0 };
        Bar { count, class, percent: format!("{percent:.1}") }
    }
}

/// With access, invited, without login, inactive.
type ByState = [i64; 4];

impl Access {
    pub(super) fn gather(view: &View, people: usize) -> Result<Self> {
        // The place of a role's class leads, so that the roles come in that order.
        let mut by_role: BTreeMap<(usize, String, String), ByState> = BTreeMap::new();
        let mut by_business: BTreeMap<i64, ([i64; 4], i64)> = BTreeMap::new();
        roles::rows(view, &mut |cells| {
            let [id, label, class, states @ ..] = AT.map(|at| &cells[at]);
            let states = states.map(number);
            let (class, label) = (class.to_string(), label.to_string());
            let place = place_of(&class);
            let (with_access, no_access) = by_business.entry(number(id)).or_default();
            with_access[place] += states[0];
            *no_access += states[1..].iter().sum::<i64>();
            let sum = by_role.entry((place, label, class)).or_default();
            sum.iter_mut().zip(states).for_each(|(sum, n)| *sum += n);
            Ok(())
        })?;
        let mut by_role: Vec<_> = by_role.into_iter().collect();
        // The stable sort keeps the order of the labels where as many hold the role.
        by_role.sort_by(|((a, ..), n), ((b, ..), m)| a.cmp(b).then(m[0].cmp(&n[0])));
        let sum = |of: fn(&ByState) -> i64, from: &[((usize, String, String), ByState)]| {
            from.iter().map(|(_, states)| of(states)).sum()
        };
        let privileged: Vec<_> = by_role.iter().filter(|((place, ..), _)| *place == 0).cloned().collect();
        Ok(Access {
            figures: vec![
                (i64::try_from(people).unwrap_or(i64::MAX), "people"),
                (sum(|states| states[0], &by_role), "memberships with access"),
                (sum(|states| states[0], &privileged), "of these privileged"),
                (sum(|states| states[1], &by_role), "invited"),
            ],
            roles: roles_of(by_role),
            businesses: businesses(view, &by_business),
        })
    }
}

fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Integer(value) => *value,
        _ => 0,
    }
}

fn place_of(class: &str) -> usize {
    CLASSES.iter().position(|known| *known == class).unwrap_or(CLASSES.len() - 1)
}

fn roles_of(by_role: Vec<((usize, String, String), ByState)>) -> Vec<Role> {
    let most = by_role.iter().map(|(_, states)| states[0]).max().unwrap_or(0);
    let role = |((place, label, class), states): ((usize, String, String), ByState)| Role {
        label: Shown::new(&label),
        class: CLASSES[place],
        class_in_words: Shown::new(&capitalized(&class)),
        with_access: Bar::new(states[0], most, CLASSES[place]),
        without: [states[1], states[2], states[3]],
    };
    by_role.into_iter().map(role).collect()
}

fn businesses(view: &View, counts: &BTreeMap<i64, ([i64; 4], i64)>) -> Listed<Business> {
    let most = |class: usize| counts.values().map(|(with_access, _)| with_access[class]).max().unwrap_or(0);
    let most: Vec<i64> = (0..CLASSES.len()).map(most).collect();
    let mut businesses = Listed::new(MOST_BUSINESSES, command(view, "roles"));
    for business in &view.businesses {
        businesses.push(|| {
            let (with_access, no_access) = counts.get(&business.id).copied().unwrap_or_default();
            let list = view.team_list(business.id);
            let bars = with_access.iter().zip(&most).zip(CLASSES);
            Business {
                name: Shown::new(&business.name),
                id: business.id,
                read: how_read(list),
                is_read: list.is_some_and(|list| list.read.outcome == Outcome::Ok),
                by_class: bars.map(|((count, most), class)| Bar::new(*count, *most, class)).collect(),
                no_access,
            }
        });
    }
    businesses
}
