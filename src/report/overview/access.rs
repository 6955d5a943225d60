//! Who has access, by role and by business, with the lengths of the bars.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::shown::{Listed, Shown};
use super::{MOST_BUSINESSES, command, how_read};
use crate::error::Result;
use crate::model::Outcome;
use crate::report::columns::places;
use crate::report::{Cell, View, roles};

/// The classes that have a column of their own, the most powerful first; the others share the last.
const CLASSES: [&str; 4] = ["privileged", "standard", "limited", "other"];

pub(super) struct Access {
    pub(super) roles: Vec<Role>,
    pub(super) businesses: Listed<Business>,
}

pub(super) struct Role {
    pub(super) label: Shown,
    pub(super) class: Shown,
    pub(super) with_access: Bar,
    /// Invited, without login, inactive.
    pub(super) without: [i64; 3],
}

pub(super) struct Business {
    pub(super) name: Shown,
    pub(super) id: i64,
    pub(super) read: String,
    pub(super) is_read: bool,
    /// By [`CLASSES`].
    pub(super) with_access: Vec<Bar>,
    pub(super) without: i64,
}

/// A number and its share of the largest beside it. What is there is seen, however small its share.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) count: i64,
    /// One of [`CLASSES`].
    pub(super) class: &'static str,
    pub(super) percent: String,
}

impl Bar {
    fn new(count: i64, most: i64, class: usize) -> Self {
        let percent = count as f64 * 100.0 / most.max(1) as f64;
        let percent = if count > 0 { percent.max(1.0) } else { 0.0 };
        Bar { count, class: CLASSES[class], percent: format!("{percent:.1}") }
    }
}

const AT: [usize; 7] = places(
    &[roles::COLUMNS],
    ["business_id", "role_label", "role_class", "active", "invited", "no_login", "inactive"],
);

/// With access by class, and without.
type Tally = ([i64; 4], i64);

impl Access {
    pub(super) fn gather(view: &View) -> Result<Self> {
        // By the place of the class, the label and the class.
        let mut by_role: BTreeMap<(usize, String, String), [i64; 4]> = BTreeMap::new();
        let mut by_business: BTreeMap<i64, Tally> = BTreeMap::new();
        roles::rows(view, &mut |cells| {
            let [id, label, class, states @ ..] = AT.map(|at| &cells[at]);
            let states = states.map(number);
            let class = class.to_string();
            let place = CLASSES.iter().position(|known| *known == class).unwrap_or(CLASSES.len() - 1);
            let (with_access, without) = by_business.entry(number(id)).or_default();
            with_access[place] += states[0];
            *without += states[1..].iter().sum::<i64>();
            let sums = by_role.entry((place, label.to_string(), class)).or_default();
            sums.iter_mut().zip(states).for_each(|(sum, n)| *sum += n);
            Ok(())
        })?;
        let mut by_role: Vec<_> = by_role.into_iter().collect();
        by_role.sort_by_key(|((place, ..), states)| (*place, Reverse(states[0])));
        let most = by_role.iter().map(|(_, states)| states[0]).max().unwrap_or(0);
        let role = |((place, label, class), [active, without @ ..]): ((_, String, String), [i64; 4])| Role {
            label: Shown::new(&label),
            class: Shown::new(&class),
            with_access: Bar::new(active, most, place),
            without,
        };
        Ok(Access {
            roles: by_role.into_iter().map(role).collect(),
            businesses: businesses(view, &by_business),
        })
    }

    /// Memberships with access, those of them that are privileged, and invitations.
    pub(super) fn sums(&self) -> [i64; 3] {
        let privileged = self.roles.iter().filter(|role| role.with_access.class == CLASSES[0]);
        [
            self.roles.iter().map(|role| role.with_access.count).sum(),
            privileged.map(|role| role.with_access.count).sum(),
            self.roles.iter().map(|role| role.without[0]).sum(),
        ]
    }
}

fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Integer(value) => *value,
        _ => 0,
    }
}

fn businesses(view: &View, tallies: &BTreeMap<i64, Tally>) -> Listed<Business> {
    let most = |class: usize| tallies.values().map(|(with_access, _)| with_access[class]).max().unwrap_or(0);
    let mut businesses = Listed::new(MOST_BUSINESSES, command(view, "roles"));
    for business in &view.businesses {
        let list = view.team_list(business.id);
        let (with_access, without) = tallies.get(&business.id).copied().unwrap_or_default();
        businesses.push(|| Business {
            name: Shown::new(&business.name),
            id: business.id,
            read: how_read(list),
            is_read: list.is_some_and(|list| list.read.outcome == Outcome::Ok),
            with_access: (0..).zip(with_access).map(|(at, count)| Bar::new(count, most(at), at)).collect(),
            without,
        });
    }
    businesses
}
