//! What an access review speaks of, and the rules that make rows of it. No I/O, no clock.
//!
//! - [`reading`]: what one run received, source by source, before anything is derived from it.
//! - [`relate`](mod@relate): the sources merged into memberships, in the order of every report.
//! - [`domains`]: whose addresses are one's own.
//! - [`addresses`]: who is one person; [`keys`]: how that is written; [`people`]: one account a person;
//!   [`persons`]: the same over many snapshots.
//! - [`rows`]: memberships and accounts as they are kept, with their [`marks`]; [`texts`]: their texts.
//! - [`role`]: labels and classes of FreshBooks' roles.

pub(crate) mod addresses;
pub(crate) mod domains;
pub(crate) mod keys;
pub(crate) mod marks;
pub(crate) mod people;
pub(crate) mod persons;
pub(crate) mod reading;
pub(crate) mod relate;
pub(crate) mod role;
pub(crate) mod rows;
pub(crate) mod texts;
pub(crate) mod words;

pub(crate) use marks::Status;
pub(crate) use reading::{
    Business, BusinessReading, Coverage, Identity, Outcome, Reading, RequestLine, Resource, Run, StaffMember,
};
pub(crate) use relate::{Listing, from_group, relate, relate_again};
pub(crate) use rows::{Account, Membership};

#[cfg(test)]
mod tests;
