//! What an access review speaks of, and the rules that make rows of it. No I/O, no clock.
//!
//! [`role`] holds the labels and classes of FreshBooks' roles, [`reading`] what
//! one run received, source by source, before anything is derived from it. [`addresses`] says who is one
//! person and [`keys`] how that is written, [`listings`] merges the sources into memberships, [`accounts`] sums them up by person, and
//! [`rows`] are memberships and accounts as they are kept, with their [`marks`].

pub(crate) mod accounts;
pub(crate) mod addresses;
pub(crate) mod keys;
pub(crate) mod listings;
pub(crate) mod marks;
pub(crate) mod reading;
pub(crate) mod role;
pub(crate) mod rows;
pub(crate) mod texts;

pub(crate) use reading::{
    Business, BusinessReading, Coverage, Identity, Outcome, Reading, RequestLine, Resource, StaffMember,
};
pub(crate) use rows::{Account, Membership};
