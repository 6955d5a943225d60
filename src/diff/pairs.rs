//! Which row of one reading is the same membership as which row of the other.

use std::collections::BTreeMap;

use super::{Read, Row};
use crate::model::addresses::normalized;

/// What two rows have to agree on to be the same membership, strictest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Record,
    AccountAndRole,
    Account,
    Email,
}

impl By {
    fn key(self, row: &Row) -> Option<String> {
        match self {
            By::Record => row.member_uuid.clone(),
            By::AccountAndRole => Some(format!("{}\n{}", row.account_key, row.role)),
            By::Account => Some(row.account_key.to_string()),
            By::Email => Some(normalized(&row.email).into_owned()).filter(|address| !address.is_empty()),
        }
    }

    /// Two different records are two memberships, whatever else they share; and so are two different
    /// persons, whatever record they share.
    fn allows(self, before: &Row, after: &Row) -> bool {
        let unrecorded = before.record().is_none() || after.record().is_none();
        (self == By::Record || unrecorded) && !before.is_another_identity(after)
    }

    /// Where the role may differ, only one that is replaced by one other is the same membership, and
    /// only where both sides could be read: otherwise somebody's one role might pass for the other.
    fn is_loose(self) -> bool {
        matches!(self, By::Account | By::Email)
    }
}

/// Pairs, and what is left of either side.
pub(super) fn pair(
    before: Vec<Row>,
    after: Vec<Row>,
    read_before: Read,
    read_after: Read,
) -> (Vec<(Row, Row)>, Vec<Row>, Vec<Row>) {
    let mut pairs = Vec::new();
    let (mut gone, mut come) = (before, after);
    for by in [By::Record, By::AccountAndRole, By::Account, By::Email] {
        let mut groups: BTreeMap<String, (Vec<Row>, Vec<Row>)> = BTreeMap::new();
        let (mut still_gone, mut still_come) = (Vec::new(), Vec::new());
        for row in gone {
            match by.key(&row).filter(|_| !by.is_loose() || !row.rests_on_unread(read_after)) {
                Some(key) => groups.entry(key).or_default().0.push(row),
                None => still_gone.push(row),
            }
        }
        for row in come {
            match by.key(&row).filter(|_| !by.is_loose() || !row.rests_on_unread(read_before)) {
                Some(key) => groups.entry(key).or_default().1.push(row),
                None => still_come.push(row),
            }
        }
        for (before, after) in groups.into_values() {
            if by.is_loose() && (before.len(), after.len()) != (1, 1) {
                still_gone.extend(before);
                still_come.extend(after);
            } else {
                still_gone.extend(pair_off(by, before, after, &mut pairs, &mut still_come));
            }
        }
        (gone, come) = (still_gone, still_come);
    }
    (pairs, gone, come)
}

/// Pairs rows that agree, one to one and in order; returns the earlier ones that found none.
fn pair_off(
    by: By,
    mut before: Vec<Row>,
    after: Vec<Row>,
    pairs: &mut Vec<(Row, Row)>,
    unmatched: &mut Vec<Row>,
) -> Vec<Row> {
    for row in after {
        match before.iter().position(|earlier| by.allows(earlier, &row)) {
            Some(at) => pairs.push((before.remove(at), row)),
            None => unmatched.push(row),
        }
    }
    before
}
