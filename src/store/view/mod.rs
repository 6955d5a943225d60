//! What reports are made of: a snapshot's own row, its businesses, coverage, accounts and access rows.
//!
//! Access rows are handed on one by one. What grows with the number of businesses is small and comes
//! as a list; of accounts, keys alone are held.

mod access;
mod account;
mod business;
mod snapshot;

pub(crate) use access::{AccessRow, People, access_rows, holdings};
pub(crate) use account::{AccountLine, account_addresses, account_lines};
pub(crate) use business::{BusinessLine, CoverageLine, business_lines, coverage_lines};
pub(crate) use snapshot::{Snapshot, find_snapshot};
