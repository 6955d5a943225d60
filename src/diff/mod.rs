//! What changed between two readings of one business. Pure.
//!
//! Rows match by `member_uuid`; where one side has none, by account, and last by e-mail. A person who
//! comes back under a new uuid left and joined: that is what FreshBooks records, and a reviewer should
//! see both. What only a source named that was not read on the other side cannot be judged: its absence
//! there says nothing. [`tenure`] follows memberships over many readings by the same rules.

mod pairs;
pub(crate) mod tenure;

use crate::model::addresses::{composed, normalized};
use crate::model::keys::AccountKey;
use crate::model::marks::{Sources, State};
use crate::model::rows::collate;
use crate::model::words::words;
use pairs::Paired;

/// A membership, as far as comparing goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) member_uuid: Option<String>,
    pub(crate) account_key: AccountKey,
    pub(crate) email: String,
    pub(crate) full_name: String,
    pub(crate) role: String,
    pub(crate) state: State,
    pub(crate) sources: Sources,
    /// Its own address, else its account's: what a person reads.
    pub(crate) shown_email: String,
    pub(crate) shown_name: String,
}

impl AsRef<Row> for Row {
    fn as_ref(&self) -> &Row {
        self
    }
}

impl Row {
    /// FreshBooks' own name for the record. One that came without is called by the hash of its content,
    /// which any change of it would change.
    fn record(&self) -> Option<&str> {
        self.member_uuid.as_deref().filter(|uuid| !uuid.starts_with("record:"))
    }

    /// What names it in reports: by its record, else by who holds which role.
    pub(crate) fn key(&self, business_id: i64) -> String {
        match &self.member_uuid {
            Some(uuid) => format!("{business_id}/{uuid}"),
            None => format!("{business_id}/{}/{}", self.account_key, self.role),
        }
    }

    /// Whether its absence on the other side says nothing, since the source that would have named it
    /// was not read there. Of whoever is in a team list, only a team list tells.
    fn rests_on_unread(&self, read: Read) -> bool {
        match self.sources.has(Sources::TEAM_MEMBERS) {
            true => !read.0.has(Sources::TEAM_MEMBERS),
            false => !self.sources.meets(read.0),
        }
    }

    fn is_same_person(&self, other: &Row) -> bool {
        let address = normalized(&self.email);
        self.account_key == other.account_key || !address.is_empty() && address == normalized(&other.email)
    }

    /// Whether both are known to FreshBooks as persons, and as different ones.
    fn is_another_identity(&self, other: &Row) -> bool {
        let identities = self.account_key.identity().zip(other.account_key.identity());
        identities.is_some_and(|(one, another)| one != another)
    }
}

/// The sources that were read to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read(Sources);

impl Default for Read {
    /// Without the identity there is no snapshot, so it always was.
    fn default() -> Self {
        Read(Sources::IDENTITY)
    }
}

impl Read {
    pub(crate) fn add(&mut self, source: impl Into<Sources>) {
        self.0.add(source.into());
    }

    pub(crate) fn extend(&mut self, other: Read) {
        self.0.add(other.0);
    }

    pub(crate) fn includes(self, source: impl Into<Sources>) -> bool {
        self.0.has(source.into())
    }
}

/// One business at one time: its rows, and what they rest on.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) rows: Vec<Row>,
    pub(crate) read: Read,
}

words! {
    /// The words of the `change` column, in the order in which one person's changes are told.
    Kind {
        BusinessAdded = "business_added",
        BusinessRemoved = "business_removed",
        BusinessRenamed = "business_renamed",
        NotComparable = "not_comparable",
        Left = "left",
        Joined = "joined",
        InvitationAccepted = "invitation_accepted",
        RoleChanged = "role_changed",
        Activated = "activated",
        Deactivated = "deactivated",
        Renamed = "renamed",
        EmailChanged = "email_changed",
    }
}

impl Kind {
    /// Whether something is known to have changed.
    pub(crate) fn is_change(self) -> bool {
        self != Kind::NotComparable
    }
}

/// Why somebody who left is there again, or somebody who joined was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The same person under another record.
    Reinvited,
    /// Another person under the same record.
    AnotherIdentity,
}

/// One change of one membership; `before` is missing for a joiner, `after` for a leaver.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) before: Option<Row>,
    pub(crate) after: Option<Row>,
    pub(crate) again: Option<Again>,
}

impl Change {
    /// The row that speaks for the person: as it is now, else as it last was.
    pub(crate) fn row(&self) -> Option<&Row> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// The values of `before` and `after`: what the change is a change of.
    pub(crate) fn values(&self) -> (Option<&str>, Option<&str>) {
        let value: fn(&Row) -> &str = match self.kind {
            Kind::RoleChanged => |row| &row.role,
            Kind::Renamed => |row| &row.full_name,
            Kind::EmailChanged => |row| &row.email,
            _ => |row| row.state.as_str(),
        };
        (self.before.as_ref().map(value), self.after.as_ref().map(value))
    }
}

/// The changes of one business, ordered by person.
pub(crate) fn changes(before: Side, after: Side) -> Vec<Change> {
    let Paired { pairs, gone, come } = pairs::pair(before.rows, after.rows, before.read, after.read);
    let mut changes: Vec<Change> = pairs.iter().flat_map(|(before, after)| of_pair(before, after)).collect();
    let kind = |row: &Row, read: Read, known: Kind| match row.rests_on_unread(read) {
        true => Kind::NotComparable,
        false => known,
    };
    changes.extend(gone.iter().map(|row| {
        let kind = kind(row, after.read, Kind::Left);
        Change { kind, again: again(kind, row, &come), before: Some(row.clone()), after: None }
    }));
    changes.extend(come.iter().map(|row| {
        let kind = kind(row, before.read, Kind::Joined);
        Change { kind, again: again(kind, row, &gone), before: None, after: Some(row.clone()) }
    }));
    changes.sort_by(told_order);
    changes
}

/// What became of a row of the earlier reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is there, as this row.
    There(Row),
    /// It is gone, and its person is there under a new record: invited once more.
    Reinvited(Row),
    Gone,
    /// The source that would name it was not read.
    Unknown,
}

/// What became of each row of the earlier reading. Without a later one nothing is known.
pub(crate) fn fates(before: Side, after: Option<Side>) -> Vec<(Row, Fate)> {
    let Some(after) = after else {
        return before.rows.into_iter().map(|row| (row, Fate::Unknown)).collect();
    };
    let Paired { pairs, gone, come } = pairs::pair(before.rows, after.rows, before.read, after.read);
    let there = pairs.into_iter().map(|(before, after)| (before, Fate::There(after)));
    let gone = gone.into_iter().map(|row| {
        let again = come.iter().find(|other| row.is_same_person(other)).cloned();
        let fate = match again {
            _ if row.rests_on_unread(after.read) => Fate::Unknown,
            Some(again) => Fate::Reinvited(again),
            None => Fate::Gone,
        };
        (row, fate)
    });
    there.chain(gone).collect()
}

/// What the other side's unmatched rows say of somebody who left or joined.
fn again(kind: Kind, row: &Row, others: &[Row]) -> Option<Again> {
    let record = row.record().filter(|_| kind != Kind::NotComparable)?;
    let mut others = others.iter().filter(|other| other.record().is_some());
    others.find_map(|other| match other.record() == Some(record) {
        true => Some(Again::AnotherIdentity),
        false => row.is_same_person(other).then_some(Again::Reinvited),
    })
}

/// By person, as reports are ordered, then by what happened.
fn told_order(a: &Change, b: &Change) -> std::cmp::Ordering {
    let key = |change: &Change| {
        let row = change.row();
        let text = |value: fn(&Row) -> &str| row.map(value).unwrap_or_default().to_owned();
        (
            text(|row| &row.email),
            row.map(|row| row.account_key.to_string()).unwrap_or_default(),
            text(|row| &row.role),
            row.and_then(|row| row.member_uuid.clone()),
        )
    };
    let (a_key, b_key) = (key(a), key(b));
    collate(&a_key.0, &b_key.0)
        .then_with(|| collate(&a_key.1, &b_key.1))
        .then(a.kind.cmp(&b.kind))
        .then_with(|| collate(&a_key.2, &b_key.2))
        .then_with(|| a_key.3.cmp(&b_key.3))
}

/// What happened to one person. Accepting an invitation makes an identity of an address, which is
/// told once and not as a change of everything that follows from it; a role that changed on the way
/// is another matter, and is never kept back.
fn of_pair(before: &Row, after: &Row) -> Vec<Change> {
    let (was, is) = (before.state, after.state);
    let identified =
        matches!(before.account_key, AccountKey::Email(_)) && after.account_key.identity().is_some();
    let (active, inactive) = (State::Active, State::Inactive);
    let accepted = is == active && (identified || was == State::Invited);
    let gained = !accepted && (was == inactive && is != inactive || was != active && is == active);
    let lost = was != inactive && is == inactive || was == active && is != active;
    // What one source leaves out and another gives is no change.
    let comparable = |a: &str, b: &str| before.record() == after.record() || !a.is_empty() && !b.is_empty();
    let (name, new_name) = (composed(&before.full_name), composed(&after.full_name));
    let renamed = name != new_name && comparable(&name, &new_name);
    let (address, new_address) = (normalized(&before.email), normalized(&after.email));
    let moved = address != new_address && comparable(&address, &new_address);
    let tests = [
        (accepted, Kind::InvitationAccepted),
        (before.role != after.role, Kind::RoleChanged),
        (gained, Kind::Activated),
        (lost, Kind::Deactivated),
        (!accepted && renamed, Kind::Renamed),
        (!accepted && moved, Kind::EmailChanged),
    ];
    let happened = tests.into_iter().filter_map(|(happened, kind)| happened.then_some(kind));
    let change =
        |kind| Change { kind, before: Some(before.clone()), after: Some(after.clone()), again: None };
    happened.map(change).collect()
}

#[cfg(test)]
mod tests;
