//! The key figures of a listing, for a workbook's first sheet and README.txt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::left_out::Parameters;
use super::{Reads, Report, View};
use crate::error::Result;
use crate::model::marks::State;
use crate::model::role;
use crate::store::{BusinessLine, Snapshot};

/// What this source cannot show, as worded in every manifest and README.txt.
const LIMITS: [&str; 9] = [
    "authorised apps and API tokens, which can act for a person, are not visible through this API",
    "clients' logins to their portal are not visible",
    "project-level access is not visible",
    "per-person settings beyond the role are not visible",
    "access by FreshBooks' own staff is not visible",
    "whether people sign in with multi-factor authentication is not visible",
    "changes that were made and reverted between two snapshots are not visible; FreshBooks' own audit log \
         does not cover team changes at all, and `diff` shows how two snapshots differ",
    "FreshBooks has two kinds of accountant, one of them with full access, and the API may use the same \
         role for both: ask which one it is",
    "a removed person may appear as inactive, or not at all",
];

/// What FreshBooks Classic does not show in addition.
const CLASSIC_LIMITS: [&str; 2] = [
    "FreshBooks Classic has no roles: staff 1, whose account created the system, is listed as its \
     administrator, and what other staff can do is not visible",
    "FreshBooks Classic gives times without a time zone: they are kept as text in the records and do not \
     appear in the reports",
];

/// What the source of the snapshot cannot show.
pub(crate) fn limits(view: &View) -> Vec<&'static str> {
    let is_classic = view.businesses.iter().any(|business| role::is_classic(&business.own_role));
    LIMITS.into_iter().chain(CLASSIC_LIMITS.into_iter().filter(|_| is_classic)).collect()
}

/// How many people have a role, grouped by what it gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoleCount {
    /// The role as FreshBooks' own pages name it.
    pub(crate) role: String,
    with_access: i64,
    invited: i64,
    without_login: i64,
    inactive: i64,
}

impl RoleCount {
    /// The counts in the order of [`STATES`].
    pub(crate) fn by_state(&self) -> [i64; 4] {
        [self.with_access, self.invited, self.without_login, self.inactive]
    }
}

/// The words for the four states, in order.
pub(crate) const STATES: [&str; 4] = [
    State::Active.in_words(),
    State::Invited.in_words(),
    State::NoLogin.in_words(),
    State::Inactive.in_words(),
];

/// The index of a state in [`STATES`].
pub(super) fn place(state: State) -> usize {
    match state {
        State::Active => 0,
        State::Invited => 1,
        State::NoLogin => 2,
        State::Inactive => 3,
    }
}

pub(crate) fn role_counts(view: &View) -> Result<Vec<RoleCount>> {
    let mut counts: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    view.reader.holdings(view.snapshot.id, &view.people, |one| {
        counts.entry(role::label(one.role).to_owned()).or_default()[place(one.state)] += 1;
    })?;
    let count = |(role, [with_access, invited, without_login, inactive]): (_, [i64; 4])| RoleCount {
        role,
        with_access,
        invited,
        without_login,
        inactive,
    };
    Ok(counts.into_iter().map(count).collect())
}

/// How one business's rows compare with FreshBooks' totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) business_id: i64,
    pub(crate) business: String,
    pub(crate) outcome: String,
    /// "accepted: REASON", where its gap was.
    pub(crate) accepted: Option<String>,
    pub(crate) expected: Option<i64>,
    pub(crate) received: i64,
    pub(crate) from_list: i64,
    pub(crate) from_group: i64,
    pub(crate) from_identity: i64,
    pub(crate) rows: i64,
}

impl Tie {
    /// "denied; accepted: REASON (until 2026-12-31)".
    pub(crate) fn told(&self, parameters: &Parameters) -> String {
        let Some(accepted) = &self.accepted else { return self.outcome.clone() };
        let until = parameters.accept_gaps_until.get(&self.business_id);
        let until = until.map_or_else(String::new, |until| format!(" (until {until})"));
        format!("{}; {accepted}{until}", self.outcome)
    }
}

pub(crate) fn ties(view: &View) -> Vec<Tie> {
    let tie = |business: &BusinessLine| {
        let list = view.team_list(business.id);
        Tie {
            business_id: business.id,
            business: business.called(),
            accepted: list.filter(|line| line.read.is_accepted()).and_then(|line| line.read.message.clone()),
            outcome: list.map_or("not asked", |line| line.read.outcome.as_str()).to_owned(),
            expected: list.and_then(|line| line.read.expected),
            received: list.map_or(0, |line| line.read.received),
            from_list: business.rows_team_members,
            from_group: business.rows_business_group_only,
            from_identity: business.rows_identity_only,
            rows: business.rows,
        }
    };
    view.businesses.iter().map(tie).collect()
}

/// Whether the data came from FreshBooks' own server.
pub(crate) fn is_genuine(api: &str) -> bool {
    api == crate::app::FRESHBOOKS_API || crate::classic::is_genuine(api)
}

/// The warning that evidence from another server has to start with.
pub(crate) fn warning(api: &str) -> Option<String> {
    let host = api.split_once("://").map_or(api, |(_, host)| host);
    (!is_genuine(api)).then(|| format!("NOT FROM FRESHBOOKS: {host}"))
}

/// Where the data was read from.
pub(crate) fn source(api: &str) -> String {
    let system = if is_genuine(api) { "FreshBooks" } else { "not FreshBooks" };
    format!("{system}, {api}")
}

/// The snapshots that the report uses beside the view's.
pub(crate) fn since(report: &Report, view: &View) -> Option<String> {
    match report.reads {
        Reads::One => None,
        Reads::Earlier => view
            .earlier
            .as_ref()
            .map(|Snapshot { id, finished_at, .. }| format!("snapshot {id} of {finished_at}")),
        Reads::Past => view.complete_past().first().map(|Snapshot { id, finished_at, .. }| {
            format!("every complete snapshot since {id} of {finished_at}")
        }),
    }
}

/// Who signed in, in one line.
pub(crate) fn signed_in(name: Option<&str>, email: Option<&str>, identity_id: i64) -> String {
    let (name, email) = (name.unwrap_or_default(), email.unwrap_or_default());
    format!("{name} <{email}>, identity {identity_id}").trim_start().to_owned()
}

/// The text with a capital first letter.
pub(super) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Breaks a text into lines of at most `width` characters, between words if possible.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            word.clone_into(line);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable x", 4), ["unbreakable", "x"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
