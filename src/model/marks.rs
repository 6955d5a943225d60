//! What a row is marked with: its sources, its state, its flags, its last sign-in.

use std::fmt;

use crate::time::Timestamp;

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
