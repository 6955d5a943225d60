//! FreshBooks as a signed-in identity sees it: four reads, with answers as model types.
//!
//! - [`client`]: the reads, with an access token that is replaced once if it is refused.
//! - [`me`], [`wire`], [`staff`]: the shapes of the answers: `users/me`, lists and groups, the
//!   deprecated staff list.
//! - [`object`]: JSON, parsed one level deep; [`strip`]: a record without secrets and contact data.
//! - [`recorded`]: reads stored records.
//! - [`tolerant`]: values in more forms than documented; [`oddities`]: entries that are not records.

mod client;
mod me;
#[cfg(test)]
mod mutations;
mod object;
mod oddities;
mod recorded;
mod staff;
mod strip;
mod tolerant;
mod wire;

pub(crate) use client::{FreshBooks, PER_PAGE, Person, Reached, Reply, TeamQuery, Tokens, who_is};
pub(crate) use me::Me;
pub(crate) use oddities::{Noted, Oddities};
pub(crate) use recorded::Recorded;
pub(crate) use staff::{StaffAnswer, StaffPage};
pub(crate) use strip::Records;
pub(crate) use tolerant::Number;
pub(crate) use wire::{Group, Meta, TeamPage};
