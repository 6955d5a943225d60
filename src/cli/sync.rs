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
    /// Only this business; repeat for more
    #[arg(long, value_name = "ID", help_heading = "What to read")]
    pub(crate) business: Vec<i64>,
    /// Not this business; repeat for more
    #[arg(long, value_name = "ID", help_heading = "What to read")]
    pub(crate) skip_business: Vec<i64>,
    /// Also read the deprecated staff list: last login, number of logins
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "What to read")]
    pub(crate) include: Vec<Include>,
    /// This business may stay unlisted and the snapshot still be complete; it is tried all the same
    #[arg(long, value_name = "ID[=REASON]", value_parser = accepted_gap, help_heading = "Completeness")]
    pub(crate) accept_gap: Vec<(i64, Option<String>)>,
    /// The same from a CSV file: business_id,reason,until
    #[arg(long, value_name = "FILE", help_heading = "Completeness")]
    pub(crate) accept_gaps: Vec<PathBuf>,
    /// Requests in flight at most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16), help_heading = "Effort")]
    pub(crate) jobs: u8,
    /// Stop asking after this time and record what has come
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Effort")]
    pub(crate) max_time: Option<Duration>,
    /// Stay and repeat, so far apart
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Effort")]
    pub(crate) every: Option<Duration>,
    /// Fail instead of beginning a new database, for unattended runs
    #[arg(long)]
    pub(crate) no_create: bool,
    /// A remark kept with the snapshot
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Continue a database that another identity or origin began
    #[arg(long)]
    pub(crate) new_identity: bool,
    /// Take over a sign-in that was stored on another machine
    #[arg(long)]
    pub(crate) adopt: bool,
}

/// Sources beyond the team list and the business group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Include {
    /// The deprecated staff list
    Staff,
}
