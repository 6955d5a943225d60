//! `verify`: whether an evidence folder, or a database, agrees with its hashes; and what that does not
//! prove.
//!
//! Exit 10 says that something is wrong, 7 that nothing is but not all could be compared.

mod database;
mod folder;

use crate::app::App;
use crate::cli::VerifyArgs;
use crate::error::{Error, Kind, Result};
use crate::ui::Ui;

/// By no check of a file, ever.
const NEVER_PROVED: &str = "not proved: that what FreshBooks answered was true";

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<()> {
    let database = args.db.as_deref().map(|db| app.database(db)).transpose()?;
    match (&args.folder, database) {
        (Some(folder), database) => folder::verify(app, folder, args, database.as_deref()),
        (None, Some(database)) => database::verify(app, &database, &args.expect),
        (None, None) => Err(Error::new(Kind::Usage, "verify what?")
            .hint("fbsync verify DIR, or fbsync verify --db audit.sqlite")),
    }
}

fn problems<'f>(ui: Ui, findings: impl ExactSizeIterator<Item = &'f str>, what: &str) -> Error {
    let n = findings.len();
    for finding in findings {
        ui.warn(finding);
    }
    let problems = if n == 1 { "1 problem".to_owned() } else { format!("{n} problems") };
    Error::new(Kind::No, format!("{what}: {problems} found"))
        .hint("go back to a copy whose hashes you know; nothing was changed by this check")
        .answering_no()
}
