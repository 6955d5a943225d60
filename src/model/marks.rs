//! What a row is marked with: its sources, its state, its flags, its last sign-in.

use std::fmt;

use super::reading::Resource;
use super::words::words;
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

    pub(crate) fn has(self, other: Sources) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether they have a source in common.
    pub(crate) fn meets(self, other: Sources) -> bool {
        self.0 & other.0 != 0
    }

    /// Reads what [`Display`](fmt::Display) writes; sources of a later version are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut sources = Sources::default();
        let known = text.split('+').filter_map(|word| Self::NAMES.iter().find(|(_, name)| *name == word));
        known.for_each(|(source, _)| sources.add(*source));
        sources
    }
}

impl From<Resource> for Sources {
    fn from(resource: Resource) -> Self {
        match resource {
            Resource::TeamMembers => Sources::TEAM_MEMBERS,
            Resource::BusinessGroup => Sources::BUSINESS_GROUP,
            Resource::Staff => Sources::STAFF,
        }
    }
}

impl fmt::Display for Sources {
    /// `+`-joined, in the order of the contract.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, "+", Self::NAMES.iter().filter(|(source, _)| self.meets(*source)).map(|(_, name)| *name))
    }
}

fn joined<'w>(f: &mut fmt::Formatter<'_>, by: &str, words: impl Iterator<Item = &'w str>) -> fmt::Result {
    for (at, word) in words.enumerate() {
        if at > 0 {
            f.write_str(by)?;
        }
        f.write_str(word)?;
    }
    Ok(())
}

words! {
    /// Whether a membership gives access now.
    State { Active = "active", Inactive = "inactive", Invited = "invited", NoLogin = "no_login", }
}

impl State {
    /// What people call it.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            State::Active => "With access",
            State::Invited => "Invited",
            State::NoLogin => "Without login",
            State::Inactive => "Inactive",
        }
    }
}

words! {
    /// What a reviewer decides about a row.
    Verdict { Keep = "keep", Remove = "remove", Change = "change", Ask = "ask", }
}

words! {
    /// What is recorded with a decision because an auditor would ask.
    Concern {
        DecidedWithinAMinute = "decided_within_a_minute",
        Late = "late",
        OwnAccessUnreviewed = "own_access_unreviewed",
        SelfReview = "self_review",
    }
}

impl Concern {
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Concern::DecidedWithinAMinute => "this reviewer decided every row within one minute",
            Concern::Late => "decided more than 30 days after the snapshot",
            Concern::OwnAccessUnreviewed => "nobody else reviewed this reviewer's own access",
            Concern::SelfReview => "the reviewer is the person reviewed",
        }
    }
}

words! {
    /// What a snapshot is: of everything in scope, of less, or erased but for its hashes.
    Status { Complete = "complete", Partial = "partial", Pruned = "pruned", }
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

    /// From the two columns that it is written to.
    pub(crate) fn of(status: &str, moment: Option<Timestamp>) -> Self {
        match (status, moment) {
            ("known", Some(moment)) => LastLogin::At(moment),
            ("never", _) => LastLogin::Never,
            ("not_requested", _) => LastLogin::NotRequested,
            _ => LastLogin::NotProvided,
        }
    }

    pub(crate) fn moment(self) -> Option<Timestamp> {
        match self {
            LastLogin::At(moment) => Some(moment),
            LastLogin::NotRequested | LastLogin::NotProvided | LastLogin::Never => None,
        }
    }
}

words! {
    /// What a reviewer should know about a row, beside its columns; in alphabetical order, in which
    /// they are written.
    Flag {
        /// The team list could not be read to its end.
        ListingIncomplete = "listing_incomplete",
        /// Inactive, and never accepted the invitation.
        NeverAccepted = "never_accepted",
        /// The business group could not be read, so an owner may be missing.
        OwnersNotChecked = "owners_not_checked",
        /// The address is shared by people of different names.
        SharedEmail = "shared_email",
        /// A role that is not in FreshBooks' table.
        UnknownRole = "unknown_role",
    }
}

/// The flags of a row, in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    pub(crate) fn set(&mut self, flag: Flag, raised: bool) {
        self.0 = self.0 & !(1 << flag as u8) | u8::from(raised) << flag as u8;
    }

    /// Reads what [`Display`](fmt::Display) writes; flags of a later version are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut flags = Flags::default();
        text.split(';').filter_map(Flag::parse).for_each(|flag| flags.set(flag, true));
        flags
    }
}

impl fmt::Display for Flags {
    /// `;`-joined and sorted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raised = Flag::ALL.iter().filter(|flag| self.0 & (1 << **flag as u8) != 0);
        joined(f, ";", raised.map(|flag| flag.as_str()))
    }
}
