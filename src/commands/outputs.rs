//! Files that no command overwrites, even with `--force`: those that fbsync itself keeps.

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::store;

/// Refuses a file or folder that is the database, its journal or lock, or a stored sign-in, or that
/// contains one of them. Compares the files themselves, not their names.
pub(super) fn check(app: &App, db: &Path, output: &Path) -> Result<()> {
    let shown = output.display();
    let refused = |what: &str, hint: String| {
        Err(Error::new(Kind::Config, format!("{shown} is {what}; it was left as it is")).hint(hint))
    };
    let another = || "choose another file or folder".to_owned();
    if store::files_of(db).iter().any(|kept| is_or_holds(output, kept)) {
        return refused("the database, or belongs to it", another());
    }
    if sign_ins(app).iter().any(|kept| is_or_holds(output, kept)) {
        return refused("a stored sign-in, or is in the folder for sign-ins", another());
    }
    match fs::metadata(output).ok().and_then(|found| fsutil::other_than_regular(found.file_type())) {
        None | Some("a folder") => Ok(()),
        Some(what) => refused(what, "`-o -` writes to standard output".to_owned()),
    }
}

/// All files in the state folder, and one that would be created there.
fn sign_ins(app: &App) -> Vec<PathBuf> {
    let Ok(folder) = app.state_dir() else { return Vec::new() };
    let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.chain([folder.clone()]).collect()
}

fn is_or_holds(output: &Path, kept: &Path) -> bool {
    let within = |inner: &Path, outer: &Path| match (fsutil::real_path(inner), fsutil::real_path(outer)) {
        (Ok(inner), Ok(outer)) => inner.starts_with(outer),
        _ => false,
    };
    fsutil::same_file(output, kept)
        || kept.exists() && within(kept, output)
        || kept.is_dir() && within(output, kept)
}
