//! What reports are made of: snapshots, businesses, coverage, accounts and access rows.
//!
//! Access rows are handed on one by one. What grows with the number of businesses is small and comes
//! as a list; of accounts only keys and addresses are held. [`over_time`]: the same of many snapshots.

mod access;
mod account;
mod business;
mod over_time;
mod review;
mod snapshot;

pub(crate) use access::{AccessRow, People};
pub(crate) use business::{BusinessLine, CoverageLine};
pub(crate) use over_time::{Headcount, MemberDates, Timeline};
pub(crate) use review::{Decision, Horizon, Review, ReviewFile};
pub(super) use snapshot::{Owner, newest_complete, owner, whole};
pub(crate) use snapshot::{Side, Snapshot, Usable};
