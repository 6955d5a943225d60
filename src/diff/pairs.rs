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

    /// The key, where the other side, of which so much was read, can be judged by it.
    fn key_where(self, row: &Row, other_side: Read) -> Option<String> {
        let can_tell = !self.is_loose() || !row.rests_on_unread(other_side);
        can_tell.then(|| self.key(row)).flatten()
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

/// All of them, strictest first.
const EVERY: &[By] = &[By::Record, By::AccountAndRole, By::Account, By::Email];

/// Pairs, and what is left of either side.
pub(super) struct Paired<B, A> {
    pub(super) pairs: Vec<(B, A)>,
    pub(super) gone: Vec<B>,
    pub(super) come: Vec<A>,
}

/// Pairs the rows of two readings, of which so much was read.
pub(super) fn pair<B: AsRef<Row>, A: AsRef<Row>>(
    before: Vec<B>,
    after: Vec<A>,
    read_before: Read,
    read_after: Read,
) -> Paired<B, A> {
    let mut so_far = Paired { pairs: Vec::new(), gone: before, come: after };
    EVERY.iter().for_each(|by| so_far.pair_by(*by, read_before, read_after));
    so_far
}

/// Pairs rows with those of memberships that had ended: what is back is the same record, or the same
/// account in the same role.
pub(super) fn pair_again<B: AsRef<Row>, A: AsRef<Row>>(ended: Vec<B>, come: Vec<A>) -> Paired<B, A> {
    let mut so_far = Paired { pairs: Vec::new(), gone: ended, come };
    let strict = EVERY.iter().filter(|by| !by.is_loose());
    strict.for_each(|by| so_far.pair_by(*by, Read::default(), Read::default()));
    so_far
}

impl<B: AsRef<Row>, A: AsRef<Row>> Paired<B, A> {
    fn pair_by(&mut self, by: By, read_before: Read, read_after: Read) {
        if self.gone.is_empty() || self.come.is_empty() {
            return;
        }
        let mut groups: BTreeMap<String, (Vec<B>, Vec<A>)> = BTreeMap::new();
        let (mut still_gone, mut still_come) = (Vec::new(), Vec::new());
        for row in self.come.drain(..) {
            match by.key_where(row.as_ref(), read_before) {
                Some(key) => groups.entry(key).or_default().1.push(row),
                None => still_come.push(row),
            }
        }
        // Of those that ended there can be many more.
        for row in self.gone.drain(..) {
            let group = by.key_where(row.as_ref(), read_after).and_then(|key| groups.get_mut(&key));
            match group {
                Some((before, _)) => before.push(row),
                None => still_gone.push(row),
            }
        }
        for (mut before, mut after) in groups.into_values() {
            // Which of several rows it is must not depend on the order in which they were found.
            before.sort_by(|a, b| a.as_ref().member_uuid.cmp(&b.as_ref().member_uuid));
            after.sort_by(|a, b| a.as_ref().member_uuid.cmp(&b.as_ref().member_uuid));
            if by.is_loose() && (before.len(), after.len()) != (1, 1) {
                still_gone.extend(before);
                still_come.extend(after);
            } else {
                still_gone.extend(pair_off(by, before, after, &mut self.pairs, &mut still_come));
            }
        }
        (self.gone, self.come) = (still_gone, still_come);
    }
}

/// Pairs rows that agree, one to one and in order; returns the earlier ones that found none.
fn pair_off<B: AsRef<Row>, A: AsRef<Row>>(
    by: By,
    mut before: Vec<B>,
    after: Vec<A>,
    pairs: &mut Vec<(B, A)>,
    unmatched: &mut Vec<A>,
) -> Vec<B> {
    for row in after {
        match before.iter().position(|earlier| by.allows(earlier.as_ref(), row.as_ref())) {
            Some(at) => pairs.push((before.remove(at), row)),
            None => unmatched.push(row),
        }
    }
    before
}
