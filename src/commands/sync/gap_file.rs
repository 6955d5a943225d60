//! A file of accepted gaps: read with `--accept-gaps`, started with `--write-gaps`.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::Path;

use crate::commands::lists::{Form, Line, List};
use crate::delimited::Problem;
use crate::error::{Context, Kind, Result};
use crate::fsutil::Pending;
use crate::time::Day;

const FORM: Form = Form {
    what: "the accepted gaps",
    columns: "business_id,reason,until",
    needed: 1,
    others: false,
    date: "until",
};

pub(super) struct Entry {
    pub(super) business_id: i64,
    pub(super) reason: String,
    /// The last day on which it is valid; without one it never ends.
    pub(super) until: Option<Day>,
}

pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let mut seen = BTreeSet::new();
    let entry = |line: &Line| -> Result<Entry, Problem> {
        let (business_id, until) = (line.business_id()?, line.day("until")?);
        if !seen.insert(business_id) {
            let what = format!("business {business_id} is listed twice");
            return Err(Problem::new(what, "keep one row for each business"));
        }
        let reason = line.text("reason").ok_or_else(|| {
            let hint = "write why its team list cannot be read, or remove the row";
            Problem::new(format!("there is no reason for business {business_id}"), hint)
        })?;
        Ok(Entry { business_id, reason, until })
    };
    List::read(path, &FORM)?.parsed(entry)
}

/// The businesses that a file names, whether or not their reasons are filled in.
pub(super) fn listed(path: &Path) -> Result<Vec<i64>> {
    List::read(path, &FORM)?.parsed(Line::business_id)
}

/// Creates a file with these businesses, for somebody to fill in the reasons. An existing file is left
/// unchanged, and the businesses that are missing from it are returned.
pub(super) fn write(path: &Path, businesses: &[i64]) -> Result<Vec<i64>> {
    let failed = || format!("cannot write {}", path.display());
    let mut pending = Pending::beside(path).context(Kind::Storage, failed)?;
    writeln!(pending, "{}", FORM.columns).context(Kind::Storage, failed)?;
    for id in businesses {
        writeln!(pending, "{id},,").context(Kind::Storage, failed)?;
    }
    match pending.commit(false) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let known = listed(path)?;
            let lacks = |id: &&i64| !known.contains(id);
            Ok(businesses.iter().filter(lacks).copied().collect())
        }
        committed => committed.map(|()| Vec::new()).context(Kind::Storage, failed),
    }
}
