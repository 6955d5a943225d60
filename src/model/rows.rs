//! Memberships and accounts, one value a row, as they go into the database.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::keys::AccountKey;
use super::marks::{Flag, Flags, LastLogin, Sources, State};
use super::reading::{Digest, Member, Text, hex};
use super::role;
use super::texts::Texts;
use crate::time::Timestamp;

/// An account's role in a business.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) account_key: AccountKey,
    pub(crate) role: Cow<'static, str>,
    pub(crate) texts: Texts,
    pub(crate) active: bool,
    pub(crate) state: State,
    pub(crate) invitation_accepted_at: Option<Timestamp>,
    pub(crate) member_created_at: Option<Timestamp>,
    pub(crate) member_updated_at: Option<Timestamp>,
    pub(crate) last_login: LastLogin,
    pub(crate) logins: Option<i64>,
    pub(crate) flags: Flags,
    pub(crate) sources: Sources,
    pub(crate) record: Digest,
    /// The identity that a source of this row gives; `account_key` may have one from an address.
    pub(crate) identity_id: Option<i64>,
    pub(crate) identity_uuid: Option<Text>,
}

impl Membership {
    /// The membership that a record of a team list describes. Its key is what the record alone says;
    /// other records may know whose identity its address is.
    pub(crate) fn from_member(member: Member) -> Self {
        Membership {
            account_key: AccountKey::of(member.identity_id, member.texts.email, member.texts.member_uuid),
            state: state_of(&member),
            flags: flags_of(&member),
            role: member.role,
            texts: Texts::of(member.texts),
            active: member.active,
            invitation_accepted_at: member.invitation_accepted_at,
            member_created_at: member.created_at,
            member_updated_at: member.updated_at,
            last_login: LastLogin::NotRequested,
            logins: None,
            sources: Sources::TEAM_MEMBERS,
            record: member.record,
            identity_id: member.identity_id,
            identity_uuid: None,
        }
    }

    pub(crate) fn full_name(&self) -> String {
        full_name(self.texts.first_name(), self.texts.last_name())
    }

    /// What names its record: FreshBooks' uuid, else the hash of the record.
    pub(crate) fn record_name(&self) -> Cow<'_, str> {
        match self.texts.member_uuid() {
            "" => Cow::Owned(format!("record:{}", hex(self.record))),
            uuid => Cow::Borrowed(uuid),
        }
    }

    /// A field in which the row does not say what its record says, of those that it takes from there.
    pub(crate) fn differs_from(&self, record: &Membership) -> Option<&'static str> {
        let (own, texts) = (&self.texts, &record.texts);
        let identity_key = record.identity_id.map(AccountKey::Identity);
        let same = [
            ("role", self.role == record.role),
            ("active", self.active == record.active),
            ("state", self.state == record.state),
            ("member_uuid", own.member_uuid() == texts.member_uuid()),
            ("email", own.email() == texts.email()),
            ("first_name", own.first_name() == texts.first_name()),
            ("last_name", own.last_name() == texts.last_name()),
            ("job_title", own.job_title() == texts.job_title()),
            ("invitation_accepted_at", self.invitation_accepted_at == record.invitation_accepted_at),
            ("member_created_at", self.member_created_at == record.member_created_at),
            ("member_updated_at", self.member_updated_at == record.member_updated_at),
            // Where the record is silent, another source can have told.
            ("identity_id", record.identity_id.is_none() || self.identity_id == record.identity_id),
            ("identity_uuid", record.identity_uuid.is_none() || self.identity_uuid == record.identity_uuid),
            ("account_key", identity_key.is_none_or(|key| self.account_key == key)),
        ];
        same.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }

    /// Takes over what another source adds to the same account, business and role.
    pub(crate) fn learn_from(&mut self, other: &Membership) {
        self.sources.add(other.sources);
        self.identity_id = self.identity_id.or(other.identity_id);
        if self.identity_uuid.is_none() {
            self.identity_uuid.clone_from(&other.identity_uuid);
        }
    }
}

/// An inactive one is that first; otherwise an identity or an acceptance date proves a login.
fn state_of(member: &Member) -> State {
    let has_login = member.identity_id.is_some() || member.invitation_accepted_at.is_some();
    match () {
        () if !member.active => State::Inactive,
        () if has_login => State::Active,
        () if &*member.role == role::NO_SEAT => State::NoLogin,
        () => State::Invited,
    }
}

fn flags_of(member: &Member) -> Flags {
    let never_accepted =
        !member.active && member.identity_id.is_none() && member.invitation_accepted_at.is_none();
    let unknown_role = role::class(&member.role) == role::UNKNOWN;
    let mut flags = Flags::default();
    flags.set(Flag::NeverAccepted, never_accepted);
    flags.set(Flag::UnknownRole, unknown_role);
    flags
}

/// A person's user account, across businesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) key: AccountKey,
    pub(crate) identity_id: Option<i64>,
    pub(crate) identity_uuid: Option<String>,
    pub(crate) email: String,
    /// Every address of the person, lower-cased, sorted, `;`-joined.
    pub(crate) emails: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) full_name: String,
    /// In how many businesses.
    pub(crate) businesses: i64,
}

/// First and last name in one, without the space that a missing half would leave.
pub(crate) fn full_name(first: &str, last: &str) -> String {
    format!("{} {}", first.trim(), last.trim()).trim().to_owned()
}

/// The order of every report: lower-cased by Unicode without a locale, then by bytes, empty last.
pub(crate) fn collate(a: &str, b: &str) -> Ordering {
    let lower_cased = || match a.is_ascii() && b.is_ascii() {
        // Nearly every address; comparing bytes is many times quicker.
        true => {
            let (a, b) = (a.bytes(), b.bytes());
            a.map(|byte| byte.to_ascii_lowercase()).cmp(b.map(|byte| byte.to_ascii_lowercase()))
        }
        false => a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase)),
    };
    a.is_empty().cmp(&b.is_empty()).then_with(lower_cased).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_lower_case_then_bytes_and_empty_last() {
        let mut names = ["", "béla", "Béla", "anna", "Zoë", "=cmd", "Ähre", "zoe"];
        names.sort_by(|a, b| collate(a, b));
        assert_eq!(names, ["=cmd", "anna", "Béla", "béla", "zoe", "Zoë", "Ähre", ""]);
    }

    #[test]
    fn half_a_name_has_no_space() {
        assert_eq!(full_name("Ife", "Okafor"), "Ife Okafor");
        assert_eq!(full_name("", "Okafor"), "Okafor");
        assert_eq!(full_name("", " "), "");
    }
}
