//! Who has access, by role and by business.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::rows::{Listed, Shown};
use super::{MOST_BUSINESSES, command, how_read};
use crate::error::Result;
use crate::model::Outcome;
use crate::report::columns::places;
use crate::report::{Cell, View, roles};

/// The classes that have a column of their own, the most powerful first; the others share the last one.
const CLASSES: [&str; 4] = ["privileged", "standard", "limited", "other"];

pub(super) struct Access {
    pub(super) roles: Vec<Role>,
    pub(super) businesses: Listed<Business>,
    /// The largest numbers with access: the scales of the bars.
    pub(super) most_in_a_role: i64,
    pub(super) most_in_a_business: i64,
}

pub(super) struct Role {
    pub(super) label: Shown,
    pub(super) class: Shown,
    /// One of [`CLASSES`].
    pub(super) column: &'static str,
    /// With access, invited, without login, inactive.
    pub(super) states: [i64; 4],
}

pub(super) struct Business {
    pub(super) name: Shown,
    pub(super) id: i64,
    pub(super) read: String,
    pub(super) is_read: bool,
    /// With access, by [`CLASSES`].
    pub(super) by_class: [i64; 4],
    pub(super) without: i64,
}

impl Business {
    pub(super) fn with_access(&self) -> i64 {
        self.by_class.iter().sum()
    }
}

const AT: [usize; 7] = places(
    &[roles::COLUMNS],
    ["business_id", "role_label", "role_class", "active", "invited", "no_login", "inactive"],
);

impl Access {
    pub(super) fn gather(view: &View) -> Result<Self> {
        let mut by_role: BTreeMap<(usize, String, String), [i64; 4]> = BTreeMap::new();
        let mut by_business: BTreeMap<i64, ([i64; 4], i64)> = BTreeMap::new();
        roles::rows(view, &mut |cells| {
            let [id, label, class, states @ ..] = AT.map(|at| &cells[at]);
            let (class, states) = (class.to_string(), states.map(number));
            let place = CLASSES.iter().position(|known| *known == class).unwrap_or(CLASSES.len() - 1);
            let (by_class, without) = by_business.entry(number(id)).or_default();
            by_class[place] += states[0];
            *without += states[1..].iter().sum::<i64>();
            let sums = by_role.entry((place, label.to_string(), class)).or_default();
            sums.iter_mut().zip(states).for_each(|(sum, n)| *sum += n);
            Ok(())
        })?;
        let mut by_role: Vec<_> = by_role.into_iter().collect();
        by_role.sort_by_key(|((place, ..), states)| (*place, Reverse(states[0])));
        let role = |((place, label, class), states): ((usize, String, String), _)| Role {
            label: Shown::new(&label),
            class: Shown::new(&class),
            column: CLASSES[place],
            states,
        };
        let mut businesses = Listed::new(MOST_BUSINESSES, command(view, "roles"));
        for business in &view.businesses {
            let list = view.team_list(business.id);
            let (by_class, without) = by_business.get(&business.id).copied().unwrap_or_default();
            businesses.push(|| Business {
                name: Shown::new(&business.name),
                id: business.id,
                read: how_read(list),
                is_read: list.is_some_and(|list| list.read.outcome == Outcome::Ok),
                by_class,
                without,
            });
        }
        let in_businesses = by_business.values().map(|(by_class, _)| by_class.iter().sum());
        Ok(Access {
            most_in_a_role: by_role.iter().map(|(_, states)| states[0]).max().unwrap_or(0),
            most_in_a_business: in_businesses.max().unwrap_or(0),
            roles: by_role.into_iter().map(role).collect(),
            businesses,
        })
    }

    /// Memberships with access, those of them that are privileged, and invitations.
    pub(super) fn sums(&self) -> [i64; 3] {
        let privileged = self.roles.iter().filter(|role| role.column == CLASSES[0]);
        [
            self.roles.iter().map(|role| role.states[0]).sum(),
            privileged.map(|role| role.states[0]).sum(),
            self.roles.iter().map(|role| role.states[1]).sum(),
        ]
    }
}

/// How long a bar is. What is there is seen, however small its share.
pub(super) fn percent(count: &i64, most: &i64) -> f64 {
    match *count {
        0 => 0.0,
        count => (count as f64 * 100.0 / *most as f64).max(1.0),
    }
}

fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Integer(value) => *value,
        _ => 0,
    }
}
