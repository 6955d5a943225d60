//! `export`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{ZONE, ZONE_HELP, age};
use crate::app::environment::{FBSYNC_DB, FBSYNC_TIMEZONE};
use crate::format::{Format, Guard};
use crate::model::domains;
use crate::time::Zone;

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Which report; `--list` shows them
    pub(crate) report: Option<String>,
    /// The SQLite file; `{profile}` stands for the profile's name
    #[arg(long, value_name = "FILE", env = FBSYNC_DB)]
    pub(crate) db: Option<PathBuf>,
    /// Write the report to this file instead of standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "out", help_heading = "What to write")]
    pub(crate) output: Option<PathBuf>,
    /// Write every report, with manifest, check sums and README, to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "report", help_heading = "What to write")]
    pub(crate) out: Option<PathBuf>,
    /// Replace an existing file, or an earlier evidence folder
    #[arg(long, help_heading = "What to write")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) choosing: Choosing,
    /// Format to write [default: from the file's extension, else csv; a table on a terminal]
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "What to write")]
    pub(crate) format: Option<Format>,
    /// Write only these columns, in this order; not for XLSX [default: all; on a terminal the main ones]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with_all = ["out", "import", "split_by"], help_heading = "What to write")]
    pub(crate) columns: Vec<String>,
    /// Export only this business, as if there were no other; repeatable
    #[arg(long, value_name = "ID", conflicts_with = "split_by", help_heading = "About whom")]
    pub(crate) business: Vec<i64>,
    /// Export only this person, by any of their addresses, or those in a file of addresses; repeatable
    #[arg(long, value_name = "FILE|EMAIL", conflicts_with = "split_by", help_heading = "About whom")]
    pub(crate) people: Vec<String>,
    /// A domain of your own, including its subdomains; people without an address there are external;
    /// repeatable, or several separated by commas
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', value_parser = domains::parse, help_heading = "About whom")]
    pub(crate) own_domain: Vec<String>,
    /// Compare with a list of who works here, as CSV (email; optional name, status, end_date, type, manager):
    /// flag people who left and still have access, people who are not on it, and service accounts
    #[arg(long, value_name = "FILE", help_heading = "Compare with your lists")]
    pub(crate) roster: Option<PathBuf>,
    /// Compare with a list of approved access, as CSV (business_id, email, role; optional reason,
    /// approved_by, until): flag what is not on it, what has expired or is higher, and what is missing
    #[arg(long, value_name = "FILE", help_heading = "Compare with your lists")]
    pub(crate) expected: Option<PathBuf>,
    /// Write a folder for each business, which contains nothing about the others
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "What to write")]
    pub(crate) split_by: Option<SplitBy>,
    /// Begin CSV files with a byte order mark, for Excel
    #[arg(long, help_heading = "What to write")]
    pub(crate) bom: bool,
    /// What to do with text that a spreadsheet would run as a formula
    #[arg(long, value_name = "MODE", value_enum, default_value_t, help_heading = "What to write")]
    pub(crate) formula_guard: Guard,
    /// A file for another product's import
    #[arg(long = "for", value_name = "PRODUCT", value_enum, help_heading = "What to write")]
    pub(crate) import: Option<Import>,
    /// The earlier snapshot that `changes`, `review` and `--for baton` compare with: its id, a date, or
    /// `last-review` [default but for baton: the complete one before]
    #[arg(long, value_name = "ID|DATE|last-review", help_heading = "Which snapshot")]
    pub(crate) since: Option<String>,
    /// Report a business that has more privileged people than this
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "About whom")]
    pub(crate) max_privileged: u32,
    /// Show what each report answers, or the columns of REPORT; with `--json` all columns of all reports
    // Not `exclusive`: FBSYNC_DB in the environment would count as another argument.
    #[arg(long, conflicts_with_all = ["output", "out", "import", "business", "people", "columns"])]
    pub(crate) list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SplitBy {
    Business,
}

/// Products that import a file of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Import {
    /// CSV for the access file uploader
    Vanta,
    /// CSV for the file connector
    #[value(name = "conductorone")]
    ConductorOne,
    /// CSV for the upload of custom data
    Lumos,
    /// CSV for the import of user lists
    #[value(name = "accessowl")]
    AccessOwl,
    /// A .c1z, which `baton` and ConductorOne read
    Baton,
}

/// Which snapshot to work from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Choosing {
    /// Which snapshot: `latest` (the last complete one), its id, or a date: the last complete one at or
    /// before the end of that day
    #[arg(long, value_name = "latest|ID|DATE", default_value = "latest", help_heading = "Which snapshot")]
    pub(crate) snapshot: String,
    /// Maximum age of the snapshot at that date, such as 35d
    #[arg(long, value_name = "TIME", value_parser = age, help_heading = "Which snapshot")]
    pub(crate) within: Option<Duration>,
    #[arg(long, value_name = ZONE, env = FBSYNC_TIMEZONE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP, help_heading = "Which snapshot")]
    pub(crate) timezone: Zone,
    /// Accept a partial snapshot
    #[arg(long, help_heading = "Which snapshot")]
    pub(crate) allow_partial: bool,
}

impl Choosing {
    /// The last complete one, as without any flag.
    pub(crate) fn latest() -> Self {
        Choosing { snapshot: "latest".to_owned(), within: None, timezone: Zone::utc(), allow_partial: false }
    }
}
