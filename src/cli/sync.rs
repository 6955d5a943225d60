//! `sync`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Database;
use super::values::{accepted_gap, duration};

#[derive(Args, Debug)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    pub(crate) database: Database,
    /// Read only this business; repeatable
    #[arg(long, value_name = "ID", help_heading = "What to read")]
    pub(crate) business: Vec<i64>,
    /// Leave out this business; repeatable
    #[arg(long, value_name = "ID", help_heading = "What to read")]
    pub(crate) skip_business: Vec<i64>,
    /// Also read the deprecated staff list: last login, number of logins
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "What to read")]
    pub(crate) include: Vec<Include>,
    /// Treat the snapshot as complete even if this business cannot be listed; it is still tried
    #[arg(long, value_name = "ID[=REASON]", value_parser = accepted_gap, help_heading = "Completeness")]
    pub(crate) accept_gap: Vec<(i64, Option<String>)>,
    /// Read such businesses from a CSV file: business_id,reason,until
    #[arg(long, value_name = "FILE", help_heading = "Completeness")]
    pub(crate) accept_gaps: Vec<PathBuf>,
    /// Write such a file to fill in: one line for each business that could not be listed, without a
    /// reason. An existing file is never overwritten
    #[arg(long, value_name = "FILE", help_heading = "Completeness")]
    pub(crate) write_gaps: Option<PathBuf>,
    /// Maximum number of concurrent requests
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16), help_heading = "Effort")]
    pub(crate) jobs: u8,
    /// Stop after this time and record what was received
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Effort")]
    pub(crate) max_time: Option<Duration>,
    /// Keep running and repeat at this interval
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Effort")]
    pub(crate) every: Option<Duration>,
    /// Fail instead of creating a database, for unattended runs
    #[arg(long)]
    pub(crate) no_create: bool,
    /// Write Prometheus metrics about the run and the newest snapshot, whatever the outcome
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// A note to keep with the snapshot
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Continue a database that another identity or origin started
    #[arg(long)]
    pub(crate) new_identity: bool,
    /// Adopt a sign-in that was stored on another machine
    #[arg(long)]
    pub(crate) adopt: bool,
}

/// Sources beyond the team list and the business group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Include {
    /// The deprecated staff list
    Staff,
}
