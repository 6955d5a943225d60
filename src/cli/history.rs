//! `snapshots`, `who`, `diff`, `verify`: what a database or a folder holds.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::values::{ZONE, ZONE_HELP, age, expectation, seal};
use super::{Choosing, Database};
use crate::app::environment::{FBSYNC_DB, FBSYNC_TIMEZONE};
use crate::time::Zone;

#[derive(Args, Debug)]
pub(crate) struct SnapshotsArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<SnapshotsVerb>,
    /// The SQLite file; `{profile}` stands for the profile's name
    #[arg(long, value_name = "FILE", env = FBSYNC_DB, global = true)]
    pub(crate) db: Option<PathBuf>,
    /// Show all snapshots, not just the last 20
    #[arg(long)]
    pub(crate) all: bool,
    /// Print only the id, time and hash of the newest one, to keep elsewhere for `verify --expect`
    #[arg(long, conflicts_with_all = ["all", "period"])]
    pub(crate) head: bool,
    /// Show the complete ones of a year, a quarter or a month; exit code 10 if there is none
    #[arg(long, value_name = "2026|2026-Q3|2026-09", conflicts_with = "all")]
    pub(crate) period: Option<String>,
    #[arg(long, value_name = ZONE, env = FBSYNC_TIMEZONE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP, global = true)]
    pub(crate) timezone: Zone,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotsVerb {
    /// Erase the content of old snapshots; their ids, times and hashes stay
    #[command(override_usage = "fbsync snapshots prune --db <FILE> <RULES> [OPTIONS]")]
    Prune(PruneArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) rules: PruneRules,
    // After those that it has from `snapshots`.
    /// Do not ask for confirmation
    #[arg(long, display_order = 10)]
    pub(crate) yes: bool,
}

/// What stays and what goes. The newest complete snapshot always stays.
#[derive(Args, Debug, Default)]
#[group(required = true, multiple = true)]
pub(crate) struct PruneRules {
    /// Keep the last N complete snapshots, and everything between them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "What stays")]
    pub(crate) keep_last: Option<u32>,
    /// Keep the last snapshot of each day, going back this far
    #[arg(long, value_name = "TIME", value_parser = age, help_heading = "What stays")]
    pub(crate) keep_daily: Option<Duration>,
    /// Keep the last snapshot of each month, going back this far
    #[arg(long, value_name = "TIME", value_parser = age, help_heading = "What stays")]
    pub(crate) keep_monthly: Option<Duration>,
    /// Erase only snapshots older than this, such as 7y
    #[arg(long, value_name = "TIME", value_parser = age, help_heading = "What goes")]
    pub(crate) older_than: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct WhoArgs {
    /// An e-mail address, a name, an identity id or an account key
    #[arg(value_name = "ADDRESS|NAME|ID", required = true)]
    pub(crate) person: Vec<String>,
    #[command(flatten)]
    pub(crate) database: Database,
    #[command(flatten)]
    pub(crate) choosing: Choosing,
    /// How to print it [default: on a terminal a table, else csv]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<WhoFormat>,
    /// Print only these columns, in this order; `export --list history` shows them
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhoFormat {
    /// All columns; text that a spreadsheet would run gets a leading `'`
    Csv,
    /// One JSON object per line
    Jsonl,
}

#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The earlier snapshot: its id, or a date [default: the complete one before the later]
    #[arg(long, value_name = "ID|DATE")]
    pub(crate) from: Option<String>,
    /// The later snapshot: its id, or a date [default: the last complete one]
    #[arg(long, value_name = "ID|DATE")]
    pub(crate) to: Option<String>,
    #[arg(long, value_name = ZONE, env = FBSYNC_TIMEZONE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP)]
    pub(crate) timezone: Zone,
    /// How to print the changes [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<DiffFormat>,
    /// Exit with code 10 if anything changed
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DiffFormat {
    /// Aligned columns, the ones a person reads; on a terminal fitted to its width
    Table,
    /// All columns; text that a spreadsheet would run gets a leading `'`
    Csv,
    /// One JSON object per line
    Jsonl,
    /// One JSON array
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// An evidence folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// The database to check, or to rebuild the folder from
    #[arg(long, value_name = "FILE", env = FBSYNC_DB)]
    pub(crate) db: Option<PathBuf>,
    /// The seal that was printed when the folder was written; the whole line `seal: HEX` works too
    #[arg(long, value_name = "HEX", value_parser = seal, requires = "folder")]
    pub(crate) seal: Option<String>,
    /// A hash that was kept elsewhere, as `snapshots --head` printed it; repeatable
    #[arg(long, value_name = "ID:HEX", value_parser = expectation, requires = "db")]
    pub(crate) expect: Vec<(String, String)>,
}
