//! What changed between two readings of one business. Pure.
//!
//! Rows match by `member_uuid`; where one side has none, by account, and last by e-mail. A person who
//! comes back under a new uuid left and joined: that is what FreshBooks records, and a reviewer should
//! see both. What only a source named that was not read on the other side cannot be judged: its absence
//! there says nothing.

mod pairs;

use crate::model::addresses::normalized;
use crate::model::rows::collate;

/// A membership, as far as comparing goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) member_uuid: Option<String>,
    pub(crate) account_key: String,
    pub(crate) email: String,
    pub(crate) full_name: String,
    pub(crate) role: String,
    pub(crate) state: String,
    pub(crate) sources: String,
}

impl Row {
    /// FreshBooks' own name for the record. One that came without is called by the hash of its content,
    /// which any change of it would change.
    fn record(&self) -> Option<&str> {
        self.member_uuid.as_deref().filter(|uuid| !uuid.starts_with("record:"))
    }

    /// Whether nothing but sources that the other side did not read names this row.
    fn rests_on_unread(&self, read: &Read) -> bool {
        !self.sources.split('+').any(|source| read.includes(source))
    }

    fn is_same_person(&self, other: &Row) -> bool {
        let address = normalized(&self.email);
        self.account_key == other.account_key || !address.is_empty() && address == normalized(&other.email)
    }
}

/// The sources that were read to their end. Without the identity there is no snapshot, so it always was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read(pub(crate) Vec<String>);

impl Read {
    pub(crate) fn includes(&self, source: &str) -> bool {
        source == "identity" || self.0.iter().any(|read| read == source)
    }
}

/// One business at one time: its rows, and what they rest on.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) rows: Vec<Row>,
    pub(crate) read: Read,
}

/// The words of the `change` column, in the order in which one person's changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    BusinessAdded,
    BusinessRemoved,
    NotComparable,
    Left,
    Joined,
    InvitationAccepted,
    RoleChanged,
    Activated,
    Deactivated,
    Renamed,
    EmailChanged,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::BusinessAdded => "business_added",
            Kind::BusinessRemoved => "business_removed",
            Kind::NotComparable => "not_comparable",
            Kind::Left => "left",
            Kind::Joined => "joined",
            Kind::InvitationAccepted => "invitation_accepted",
            Kind::RoleChanged => "role_changed",
            Kind::Activated => "activated",
            Kind::Deactivated => "deactivated",
            Kind::Renamed => "renamed",
            Kind::EmailChanged => "email_changed",
        }
    }

    /// Whether something is known to have changed.
    pub(crate) fn is_change(self) -> bool {
        self != Kind::NotComparable
    }
}

/// One change of one membership; `before` is missing for a joiner, `after` for a leaver.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) before: Option<Row>,
    pub(crate) after: Option<Row>,
    /// The same person left and joined under another record.
    pub(crate) reinvited: bool,
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
            _ => |row| &row.state,
        };
        (self.before.as_ref().map(value), self.after.as_ref().map(value))
    }
}

/// The changes of one business, ordered by person.
pub(crate) fn changes(before: Side, after: Side) -> Vec<Change> {
    let (pairs, gone, come) = pairs::pair(before.rows, after.rows, &before.read, &after.read);
    let mut changes: Vec<Change> = pairs.iter().flat_map(|(before, after)| of_pair(before, after)).collect();
    let again = |row: &Row, others: &[Row]| {
        others
            .iter()
            .any(|other| row.record().is_some() && other.record().is_some() && row.is_same_person(other))
    };
    changes.extend(gone.iter().map(|row| {
        let unknown = row.rests_on_unread(&after.read);
        Change {
            kind: if unknown { Kind::NotComparable } else { Kind::Left },
            reinvited: !unknown && again(row, &come),
            before: Some(row.clone()),
            after: None,
        }
    }));
    changes.extend(come.iter().map(|row| {
        let unknown = row.rests_on_unread(&before.read);
        Change {
            kind: if unknown { Kind::NotComparable } else { Kind::Joined },
            reinvited: !unknown && again(row, &gone),
            before: None,
            after: Some(row.clone()),
        }
    }));
    changes.sort_by(told_order);
    changes
}

/// By person, as reports are ordered, then by what happened.
fn told_order(a: &Change, b: &Change) -> std::cmp::Ordering {
    let key = |change: &Change| {
        let row = change.row();
        let text = |value: fn(&Row) -> &str| row.map(value).unwrap_or_default().to_owned();
        (
            text(|row| &row.email),
            text(|row| &row.account_key),
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
    let identified = before.account_key.starts_with("email:") && after.account_key.starts_with("identity:");
    let (was, is) = (before.state.as_str(), after.state.as_str());
    let accepted = is == "active" && (identified || was == "invited");
    let gained = !accepted && (was == "inactive" && is != "inactive" || was != "active" && is == "active");
    let lost = was != "inactive" && is == "inactive" || was == "active" && is != "active";
    // What one source leaves out and another gives is no change.
    let comparable = |a: &str, b: &str| before.record() == after.record() || !a.is_empty() && !b.is_empty();
    let renamed = before.full_name != after.full_name && comparable(&before.full_name, &after.full_name);
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
        |kind| Change { kind, before: Some(before.clone()), after: Some(after.clone()), reinvited: false };
    happened.map(change).collect()
}

#[cfg(test)]
mod tests;
