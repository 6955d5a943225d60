//! A file of accepted gaps: read with `--accept-gaps`, started with `--write-gaps`.

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
    pub(super) reason: Option<String>,
    /// The last day on which it is valid; without one it never ends.
    pub(super) until: Option<Day>,
}

pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let entry = |line: &Line| -> Result<Entry, Problem> {
        let (reason, until) = (line.text("reason"), line.day("until")?);
        Ok(Entry { business_id: line.business_id()?, reason, until })
    };
    List::read(path, &FORM)?.parsed(entry)
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
            let known = read(path)?;
            let lacks = |id: &&i64| known.iter().all(|entry| entry.business_id != **id);
            Ok(businesses.iter().filter(lacks).copied().collect())
        }
        committed => committed.map(|()| Vec::new()).context(Kind::Storage, failed),
    }
}
