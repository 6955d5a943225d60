//! `snapshots`, `diff`, `verify`: what a database or a folder holds.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Database;
use super::values::{ZONE, ZONE_HELP, ZONE_VARIABLE, duration, expectation, seal};
use crate::time::Zone;

#[derive(Args, Debug)]
pub(crate) struct SnapshotsArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<SnapshotsVerb>,
    /// The SQLite file; `{profile}` stands for the profile's name
    #[arg(long, value_name = "FILE", env = "FBSYNC_DB", global = true)]
    pub(crate) db: Option<PathBuf>,
    /// All of them, not just the last 20
    #[arg(long)]
    pub(crate) all: bool,
    /// Print id, time and hash of the newest one alone, to keep elsewhere for `verify --expect`
    #[arg(long, conflicts_with_all = ["all", "period"])]
    pub(crate) head: bool,
    /// The complete ones of a year, a quarter or a month; exit code 10 if there is none
    #[arg(long, value_name = "2026|2026-Q3|2026-09", conflicts_with = "all")]
    pub(crate) period: Option<String>,
    #[arg(long, value_name = ZONE, env = ZONE_VARIABLE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP, global = true)]
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
    /// Do not ask
    #[arg(long, display_order = 10)]
    pub(crate) yes: bool,
}

/// What stays and what goes. The newest complete snapshot always stays.
#[derive(Args, Debug, Default)]
#[group(required = true, multiple = true)]
pub(crate) struct PruneRules {
    /// Keep the last N complete snapshots, and what came between them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "What stays")]
    pub(crate) keep_last: Option<u32>,
    /// Keep the last one of each day this far back
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "What stays")]
    pub(crate) keep_daily: Option<Duration>,
    /// Keep the last one of each month this far back
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "What stays")]
    pub(crate) keep_monthly: Option<Duration>,
    /// Erase only what is older than this, such as 7y
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "What goes")]
    pub(crate) older_than: Option<Duration>,
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
    #[arg(long, value_name = ZONE, env = ZONE_VARIABLE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP)]
    pub(crate) timezone: Zone,
    /// How to print the changes [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<DiffFormat>,
    /// End with exit code 10 when something changed
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DiffFormat {
    /// Aligned columns, the ones a person reads; on a terminal fitted to its width
    Table,
    /// All columns, text that a spreadsheet would run with a `'` in front
    Csv,
    /// One JSON object a line
    Jsonl,
    /// One JSON array
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// An evidence folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// The database: by itself, or what the folder is derived from anew
    #[arg(long, value_name = "FILE", env = "FBSYNC_DB")]
    pub(crate) db: Option<PathBuf>,
    /// The seal that was noted when the folder was written; the whole line `seal: HEX` will do
    #[arg(long, value_name = "HEX", value_parser = seal, requires = "folder")]
    pub(crate) seal: Option<String>,
    /// A snapshot's hash that was kept elsewhere, as `snapshots --head` printed it; may be repeated
    #[arg(long, value_name = "ID:HEX", value_parser = expectation, requires = "db")]
    pub(crate) expect: Vec<(String, String)>,
}
