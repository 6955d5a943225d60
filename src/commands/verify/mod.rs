//! `verify`: checks whether an evidence folder or a database agrees with its hashes, and says what that
//! does not prove.
//!
//! Exit code 10 means that problems were found, 7 that none were found but not everything could be
//! compared.

mod database;
mod folder;

use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::ui::Ui;

/// Not provable by any check of a file.
const NEVER_PROVED: &str = "not proved: that what FreshBooks answered was true";

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<()> {
    let database = args.db.as_deref().map(|db| app.database(db)).transpose()?;
    match (&args.folder, database) {
        (Some(folder), database) => folder::verify(app, folder, args, database.as_deref()),
        (None, Some(database)) => database::verify(app, &database, &args.expect),
        (None, None) => Err(Error::new(Kind::Usage, "verify needs a folder or a database")
            .hint("fbsync verify DIR, or fbsync verify --db audit.sqlite")),
    }
}

fn problems<'f>(ui: Ui, findings: impl ExactSizeIterator<Item = &'f str>, what: &str) -> Error {
    let n = findings.len();
    for finding in findings {
        ui.problem(finding);
    }
    let problems = if n == 1 { "1 problem".to_owned() } else { format!("{n} problems") };
    Error::new(Kind::No, format!("{what}: {problems} found"))
        .hint("restore a copy whose hashes you know; this check changed nothing")
        .answering_no()
}
