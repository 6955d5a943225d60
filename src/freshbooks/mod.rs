//! FreshBooks as a signed-in identity sees it: four reads, answers as model types.
//!
//! - [`client`]: the reads, with an access token, another one once when it is refused.
//! - [`me`], [`wire`], [`staff`]: the shapes of the answers: of `users/me`, of lists and groups, of the
//!   deprecated staff list.
//! - [`object`]: JSON one level deep; [`strip`]: a record without secrets and contact data.
//! - [`recorded`]: what a stored record says.
//! - [`tolerant`]: values in more forms than documented; [`oddities`]: entries that are no records.

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
