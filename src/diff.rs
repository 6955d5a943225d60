//! What changed in one business between two readings of it. Pure.
//!
//! Rows match by `member_uuid`; where one side has none, by account. A person who comes back under
//! a new uuid left and joined: that is what FreshBooks records, and a reviewer should see both.

use std::collections::HashMap;

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

/// One business at one time: its rows, and which sources were read to the end.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) rows: Vec<Row>,
    /// Sources that cannot be relied on for this side.
    pub(crate) unread: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Joined,
    Left,
    RoleChanged,
    Activated,
    Deactivated,
    InvitationAccepted,
    Renamed,
    EmailChanged,
    NotComparable,
}

/// One change; `before` is missing for a joiner, `after` for a leaver.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "scaffold: told by the diff command")]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) before: Option<Row>,
    pub(crate) after: Option<Row>,
}

/// The changes of one business, joiners and leavers last.
pub(crate) fn changes(before: Side, after: Side) -> Vec<Change> {
    let mut pairs = Vec::new();
    let (mut before_rows, mut after_rows) = (before.rows, after.rows);
    for by in [By::Record, By::AccountAndRole, By::Account, By::Email] {
        (before_rows, after_rows) = pair_off(by, before_rows, after_rows, &mut pairs);
    }
    let mut changes: Vec<Change> =
        pairs.into_iter().flat_map(|(before, after)| of_pair(&before, &after)).collect();
    changes.extend(before_rows.into_iter().map(|row| Change {
        kind: if rests_on(&row, &after.unread) { Kind::NotComparable } else { Kind::Left },
        before: Some(row),
        after: None,
    }));
    changes.extend(after_rows.into_iter().map(|row| Change {
        kind: if rests_on(&row, &before.unread) { Kind::NotComparable } else { Kind::Joined },
        before: None,
        after: Some(row),
    }));
    changes
}

/// A row that only an unread source could have named says nothing by its absence.
fn rests_on(row: &Row, unread: &[&str]) -> bool {
    row.sources.split('+').all(|source| unread.contains(&source))
}

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
            By::Account => Some(row.account_key.clone()),
            By::Email => Some(row.email.trim().to_lowercase()).filter(|email| !email.is_empty()),
        }
    }

    /// Two different records are two memberships, whatever else they share.
    fn allows(self, before: &Row, after: &Row) -> bool {
        self == By::Record || before.member_uuid.is_none() || after.member_uuid.is_none()
    }
}

/// Moves rows that agree, one to one, into `pairs` and returns the rest.
fn pair_off(by: By, before: Vec<Row>, after: Vec<Row>, pairs: &mut Vec<(Row, Row)>) -> (Vec<Row>, Vec<Row>) {
    let mut waiting: HashMap<String, Vec<Row>> = HashMap::new();
    let (mut rest_before, mut rest_after) = (Vec::new(), Vec::new());
    for row in before {
        match by.key(&row) {
            Some(key) => waiting.entry(key).or_default().push(row),
            None => rest_before.push(row),
        }
    }
    for row in after {
        let candidates = by.key(&row).and_then(|key| waiting.get_mut(&key));
        let found = candidates.and_then(|known| {
            let at = known.iter().position(|known| by.allows(known, &row))?;
            Some(known.remove(at))
        });
        match found {
            Some(known) => pairs.push((known, row)),
            None => rest_after.push(row),
        }
    }
    rest_before.extend(waiting.into_values().flatten());
    (rest_before, rest_after)
}

/// What happened to one person. Accepting an invitation makes an identity of an address, which is
/// told once and not as a change of everything that follows from it.
fn of_pair(before: &Row, after: &Row) -> Vec<Change> {
    let accepted = before.state == "invited" && after.state == "active";
    let tests = [
        (before.role != after.role, Kind::RoleChanged),
        (accepted, Kind::InvitationAccepted),
        (!accepted && before.state == "inactive" && after.state != "inactive", Kind::Activated),
        (!accepted && before.state == "no_login" && after.state == "active", Kind::Activated),
        (before.state != "inactive" && after.state == "inactive", Kind::Deactivated),
        (!accepted && before.full_name != after.full_name, Kind::Renamed),
        (!accepted && !before.email.trim().eq_ignore_ascii_case(after.email.trim()), Kind::EmailChanged),
    ];
    let happened = tests.into_iter().filter_map(|(happened, kind)| happened.then_some(kind));
    happened.map(|kind| Change { kind, before: Some(before.clone()), after: Some(after.clone()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(uuid: &str, account: &str, role: &str, state: &str, sources: &str) -> Row {
        let email = account.strip_prefix("email:").unwrap_or_default();
        Row {
            member_uuid: (!uuid.is_empty()).then(|| uuid.to_owned()),
            account_key: account.to_owned(),
            email: email.to_owned(),
            full_name: "N".to_owned(),
            role: role.to_owned(),
            state: state.to_owned(),
            sources: sources.to_owned(),
        }
    }

    fn kinds(before: Vec<Row>, after: Vec<Row>, unread: &[&'static str]) -> Vec<Kind> {
        let before = Side { rows: before, unread: Vec::new() };
        let after = Side { rows: after, unread: unread.to_vec() };
        changes(before, after).into_iter().map(|change| change.kind).collect()
    }

    #[test]
    fn one_person_one_change() {
        let listed = |role, state| row("u1", "identity:1", role, state, "team_members");
        let owner = || vec![listed("owner", "active")];
        assert_eq!(kinds(owner(), owner(), &[]), []);
        assert_eq!(kinds(owner(), vec![listed("client", "active")], &[]), [Kind::RoleChanged]);
        assert_eq!(kinds(owner(), vec![listed("owner", "inactive")], &[]), [Kind::Deactivated]);
        assert_eq!(kinds(vec![listed("owner", "inactive")], owner(), &[]), [Kind::Activated]);
        assert_eq!(kinds(owner(), vec![], &[]), [Kind::Left]);
        assert_eq!(kinds(vec![], owner(), &[]), [Kind::Joined]);
    }

    #[test]
    fn an_accepted_invitation_is_told_once() {
        let invited = row("u1", "email:a@x.example", "owner", "invited", "team_members");
        let accepted = row("u1", "identity:9", "owner", "active", "team_members");
        assert_eq!(kinds(vec![invited], vec![accepted], &[]), [Kind::InvitationAccepted]);
    }

    #[test]
    fn a_new_record_is_a_new_membership_and_a_second_source_is_not() {
        let first = row("u1", "identity:1", "owner", "active", "team_members");
        let second = row("u2", "identity:1", "owner", "active", "team_members");
        assert_eq!(kinds(vec![first.clone()], vec![second], &[]), [Kind::Left, Kind::Joined]);
        let by_group = row("", "identity:1", "owner", "active", "business_group");
        assert_eq!(kinds(vec![by_group], vec![first], &[]), []);
    }

    #[test]
    fn who_was_named_by_an_unread_source_alone_did_not_leave() {
        let by_group = row("", "identity:1", "owner", "active", "business_group");
        assert_eq!(kinds(vec![by_group.clone()], vec![], &["business_group"]), [Kind::NotComparable]);
        assert_eq!(kinds(vec![by_group], vec![], &[]), [Kind::Left]);
    }
}
