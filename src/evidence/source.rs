//! From what was asked to a view of it: the snapshot, the businesses, the people.

use std::collections::BTreeSet;

use crate::error::{Error, Kind, Result};
use crate::model::Status;
use crate::report::{Options, Scope, View};
use crate::stop::Stop;
use crate::store::{Horizon, Reader, Snapshot};

/// A snapshot, and the database of the businesses alone where not all are wanted.
pub(crate) struct Source<'r> {
    whole: &'r Reader,
    alone: Option<Reader>,
    snapshot: Snapshot,
    scope: Scope,
    horizon: Horizon,
}

/// What of a database is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    pub(crate) snapshot_id: i64,
    pub(crate) scope: Scope,
    /// Whether earlier snapshots are wanted too; of all businesses they are there anyway.
    pub(crate) past: bool,
    /// How far the database counts; all of it without.
    pub(crate) horizon: Option<Horizon>,
}

impl<'r> Source<'r> {
    pub(crate) fn open(whole: &'r Reader, demand: &Demand) -> Result<Self> {
        let id = demand.snapshot_id;
        let none = || {
            Error::new(Kind::Usage, format!("there is no snapshot {id}"))
                .hint("fbsync snapshots --all --db FILE")
        };
        let snapshot = whole.find_snapshot(id)?.ok_or_else(none)?;
        if snapshot.status == Status::Pruned {
            return Err(Error::new(Kind::Usage, format!("the content of snapshot {id} was pruned")));
        }
        let scope = demand.scope.clone();
        let horizon = demand.horizon.map_or_else(|| whole.horizon(None), Ok)?;
        let Scope::Alone(businesses) = &scope else {
            return Ok(Source { whole, alone: None, snapshot, scope, horizon });
        };
        let alone = whole.alone(id, businesses, demand.past, horizon)?;
        let snapshot = alone.find_snapshot(id)?.ok_or_else(none)?;
        Ok(Source { whole, alone: Some(alone), snapshot, scope, horizon })
    }

    pub(crate) fn view<'s>(&'s self, options: Options, stop: &'s Stop) -> Result<View<'s>> {
        let reader = self.alone.as_ref().unwrap_or(self.whole);
        View::new(reader, self.snapshot.clone(), self.scope.clone(), options, self.horizon, stop)
    }
}

/// Holds snapshots against their hashes before anything is made of them that is to be trusted.
pub(crate) fn recheck(reader: &Reader, snapshots: &BTreeSet<i64>) -> Result<()> {
    let found = reader.recheck(snapshots)?;
    let Some(first) = found.first() else { return Ok(()) };
    let problem = format!("the database does not agree with its hashes ({}); nothing was exported", first.0);
    Err(Error::new(Kind::Storage, problem)
        .hint("fbsync verify --db FILE shows everything that is wrong with it"))
}
