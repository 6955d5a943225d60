//! A snapshot as a `.c1z` file, which `baton` and ConductorOne read: version 1 of the format.
//!
//! Magic bytes, then one zstd frame that holds a SQLite database, whose rows hold protocol buffers of the
//! package `c1.connector.v2` (ConductorOne/baton-sdk, `pkg/dotc1z`, `proto/c1/connector/v2`). Version 3
//! uses a Pebble directory instead of SQLite. Readers tell the two apart by the magic bytes and accept both.
//!
//! The mapping: a person is a `user`, a business is a `business`, a role of a business is an entitlement
//! of it, and holding that role is a grant. A file holds one *sync* for each snapshot.
//!
//! - [`protobuf`]: the wire format; [`message`]: the messages for people, businesses and roles.
//! - [`table`]: the row that holds each message.
//! - [`envelope`]: the magic bytes and the zstd frame.
//! - [`id`]: names of syncs and users.

mod envelope;
mod id;
mod message;
mod protobuf;
mod table;

use std::io::Write;

use super::census::{self, Census};
use super::format::write_failed;
use super::{Scope, View};
use crate::error::{Error, Kind, Result};
use crate::store::ForeignFile;
use crate::time::Timestamp;

/// A complete snapshot, ready to be written to a file.
pub(crate) struct Sync {
    id: String,
    started_at: Timestamp,
    finished_at: Timestamp,
    census: Census,
    /// Where the file says less than `access`, or something else.
    pub(crate) remarks: Vec<String>,
}

impl Sync {
    /// Reads the view. A partial one is an error ([`Kind::Partial`]): importers treat a sync as complete,
    /// so anyone missing from it would look like a leaver.
    pub(crate) fn of(view: &View) -> Result<Self> {
        let snapshot = &view.snapshot;
        if view.is_partial() {
            let problem = format!("snapshot {} is partial, and a .c1z cannot say so", snapshot.id);
            return Err(Error::new(Kind::Partial, problem)
                .hint("--snapshot ID selects an earlier one, --business ID a business that was read"));
        }
        let businesses: &[i64] = match &view.scope {
            Scope::Whole => &[],
            Scope::Alone(businesses) => businesses,
        };
        let census = Census::gather(view)?;
        Ok(Sync {
            id: id::of_sync(snapshot.finished_at, &snapshot.content_sha256, businesses),
            started_at: snapshot.started_at,
            finished_at: snapshot.finished_at,
            remarks: census.hidden().into_iter().chain(census::accepted_gaps(view)).collect(),
            census,
        })
    }
}

/// Writes the syncs, oldest first, as one file. The same syncs are the same bytes. Returns how many
/// grants it holds.
pub(crate) fn write(syncs: &[Sync], out: &mut dyn Write) -> Result<u64> {
    let file = ForeignFile::new(table::SCHEMA)?;
    let mut grants = 0;
    let mut before = None;
    for sync in syncs {
        grants += table::insert(&file, sync, before == Some(sync.finished_at))?;
        before = Some(sync.finished_at);
    }
    file.finish(|bytes| envelope::write(bytes, out))?.map_err(write_failed)?;
    Ok(grants)
}
