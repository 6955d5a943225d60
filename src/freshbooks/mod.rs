//! FreshBooks as a signed-in identity sees it: three reads, answers as model types.
//!
//! - [`client`]: the reads, with the token of a session, renewed once when it is refused.
//! - [`wire`]: the shapes of the answers.
//! - [`strip`]: a record without secrets and contact data.
//! - [`tolerant`]: values in more forms than documented.

mod client;
mod strip;
mod tolerant;
mod wire;

pub(crate) use client::{FreshBooks, PER_PAGE, Person, Reply, TeamQuery, who_is};
pub(crate) use strip::Record;
pub(crate) use wire::{Group, Meta, TeamPage};
