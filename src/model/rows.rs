//! Memberships and accounts, one value a row, as they go into the database.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::Timestamp;
use super::reading::{Digest, Member, Text};
use super::role;

/// Which sources named a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources(u8);

impl Sources {
    pub(crate) const IDENTITY: Sources = Sources(1);
    pub(crate) const TEAM_MEMBERS: Sources = Sources(2);
    pub(crate) const BUSINESS_GROUP: Sources = Sources(4);
    pub(crate) const STAFF: Sources = Sources(8);

    const NAMES: [(Sources, &'static str); 4] = [
        (Self::IDENTITY, "identity"),
        (Self::TEAM_MEMBERS, "team_members"),
        (Self::BUSINESS_GROUP, "business_group"),
        (Self::STAFF, "staff"),
    ];

    pub(crate) fn add(&mut self, other: Sources) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Sources {
    /// `+`-joined, in the order of the contract.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::NAMES.iter().filter(|(source, _)| self.0 & source.0 != 0);
        f.write_str(&named.map(|(_, name)| *name).collect::<Vec<_>>().join("+"))
    }
}

/// Whether a membership gives access now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Inactive,
    Invited,
    NoLogin,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Inactive => "inactive",
            State::Invited => "invited",
            State::NoLogin => "no_login",
        }
    }
}

/// What is known of somebody's last sign-in: "never" and "unknown" are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastLogin {
    NotRequested,
    NotProvided,
    Never,
    At(Timestamp),
}

impl LastLogin {
    pub(crate) fn status(self) -> &'static str {
        match self {
            LastLogin::NotRequested => "not_requested",
            LastLogin::NotProvided => "not_provided_by_source",
            LastLogin::Never => "never",
            LastLogin::At(_) => "known",
        }
    }

    pub(crate) fn moment(self) -> Option<Timestamp> {
        match self {
            LastLogin::At(moment) => Some(moment),
            LastLogin::NotRequested | LastLogin::NotProvided | LastLogin::Never => None,
        }
    }
}

/// What a reviewer should know about a row, beside its columns. The order is the alphabet's,
/// which is the order they are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flag {
    /// The team list could not be read to its end.
    ListingIncomplete,
    /// Inactive, and never accepted the invitation.
    NeverAccepted,
    /// The business group could not be read, so an owner may be missing.
    OwnersNotChecked,
    /// The address is shared by people of different names.
    SharedEmail,
    /// A role that is not in FreshBooks' table.
    UnknownRole,
}

impl Flag {
    const ALL: [Flag; 5] = [
        Flag::ListingIncomplete,
        Flag::NeverAccepted,
        Flag::OwnersNotChecked,
        Flag::SharedEmail,
        Flag::UnknownRole,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Flag::ListingIncomplete => "listing_incomplete",
            Flag::NeverAccepted => "never_accepted",
            Flag::OwnersNotChecked => "owners_not_checked",
            Flag::SharedEmail => "shared_email",
            Flag::UnknownRole => "unknown_role",
        }
    }
}

/// The flags of a row, in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    /// Raises `flag` if `condition` holds; one that was raised stays so.
    pub(crate) fn raise(&mut self, flag: Flag, condition: bool) {
        self.0 |= u8::from(condition) << flag as u8;
    }
}

impl fmt::Display for Flags {
    /// `;`-joined and sorted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raised = Flag::ALL.iter().filter(|flag| self.0 & (1 << **flag as u8) != 0);
        f.write_str(&raised.map(|flag| flag.as_str()).collect::<Vec<_>>().join(";"))
    }
}

/// Who is one person: the first of these that is known. The order is that of their texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AccountKey {
    /// Trimmed and lower-cased.
    Email(Text),
    Identity(i64),
    /// The member record itself, by its uuid.
    Member(Text),
}

impl AccountKey {
    /// The order of their texts, without writing them.
    pub(crate) fn cmp_text(&self, other: &Self) -> Ordering {
        match (self, other) {
            (AccountKey::Identity(a), AccountKey::Identity(b)) => cmp_digits(*a, *b),
            (AccountKey::Email(a), AccountKey::Email(b)) | (AccountKey::Member(a), AccountKey::Member(b)) => {
                a.cmp(b)
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// `email:` comes before `identity:` before `member:`.
    fn rank(&self) -> u8 {
        match self {
            AccountKey::Email(_) => 0,
            AccountKey::Identity(_) => 1,
            AccountKey::Member(_) => 2,
        }
    }
}

/// Compares numbers as their decimal texts: 10 before 9.
fn cmp_digits(a: i64, b: i64) -> Ordering {
    let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) else {
        return a.to_string().cmp(&b.to_string());
    };
    let length = |n: u64| n.checked_ilog10().unwrap_or(0);
    let longest = length(a).max(length(b));
    let padded = |n: u64| u128::from(n) * 10_u128.pow(longest - length(n));
    padded(a).cmp(&padded(b)).then(length(a).cmp(&length(b)))
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountKey::Email(address) => write!(f, "email:{address}"),
            AccountKey::Identity(id) => write!(f, "identity:{id}"),
            AccountKey::Member(uuid) => write!(f, "member:{uuid}"),
        }
    }
}

/// An account's role in a business.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) account_key: AccountKey,
    pub(crate) role: Cow<'static, str>,
    /// Empty where there is no member record.
    pub(crate) member_uuid: Text,
    pub(crate) email: Text,
    pub(crate) first_name: Text,
    pub(crate) last_name: Text,
    pub(crate) job_title: Text,
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
    /// The record's own identity, which `account_key` may have from elsewhere.
    pub(crate) identity_id: Option<i64>,
    pub(crate) identity_uuid: Option<Text>,
}

impl Membership {
    /// The membership that a team list's record stands for. Who it is can only be said by somebody
    /// who knows the other records; until then the key is empty.
    pub(crate) fn from_member(member: Member) -> Self {
        Membership {
            account_key: AccountKey::Member(Text::default()),
            state: state_of(&member),
            flags: flags_of(&member),
            role: member.role,
            member_uuid: member.uuid,
            email: member.email,
            first_name: member.first_name,
            last_name: member.last_name,
            job_title: member.job_title,
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

    /// Takes over what another source adds to the same account, business and role.
    pub(crate) fn learn_from(&mut self, other: &Membership) {
        self.sources.add(other.sources);
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
    flags.raise(Flag::NeverAccepted, never_accepted);
    flags.raise(Flag::UnknownRole, unknown_role);
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
    fn keys_are_ordered_as_their_texts_are() {
        let mut keys: Vec<AccountKey> =
            [0, 9, 10, 99, 100, 1, -5, i64::MAX, 12].map(AccountKey::Identity).into();
        keys.extend(["b@x", "a@x"].map(|text| AccountKey::Email(text.into())));
        keys.extend(["u2", "u1"].map(|text| AccountKey::Member(text.into())));
        let mut texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
        keys.sort_by(AccountKey::cmp_text);
        texts.sort();
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), texts);
    }

    #[test]
    fn half_a_name_has_no_space() {
        assert_eq!(full_name("Ife", "Okafor"), "Ife Okafor");
        assert_eq!(full_name("", "Okafor"), "Okafor");
        assert_eq!(full_name("", " "), "");
    }
}
