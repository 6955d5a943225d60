//! `review`: reviewers' decisions, recorded and followed up.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Database;
use super::values::{ZONE, ZONE_HELP, reviewer};
use crate::app::environment::FBSYNC_TIMEZONE;
use crate::review::Reviewer;
use crate::time::Zone;

#[derive(Args, Debug)]
pub(crate) struct ReviewArgs {
    #[command(subcommand)]
    pub(crate) verb: ReviewVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReviewVerb {
    /// Record the decisions of filled review sheets
    Record(RecordArgs),
    /// Show what is decided, what is left to do, and what was carried out
    Status(ReviewStatusArgs),
    /// List the reviews of a database
    List(Database),
}

#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// Filled copies of what `fbsync export review` makes: XLSX, ODS or CSV
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) database: Database,
    /// Who decided, for rows that name no reviewer; rows without a date are then dated today
    #[arg(long, value_name = "NAME <EMAIL>", value_parser = reviewer)]
    pub(crate) reviewer: Option<Reviewer>,
    /// Accept rows that are undecided or in no sheet, to be recorded later
    #[arg(long)]
    pub(crate) part: bool,
    /// A remark to keep with the review
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Check the sheets, and record nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long, value_name = ZONE, env = FBSYNC_TIMEZONE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP)]
    pub(crate) timezone: Zone,
}

#[derive(Args, Debug)]
pub(crate) struct ReviewStatusArgs {
    #[command(flatten)]
    pub(crate) database: Database,
    /// Only this reviewed snapshot: its id, or a date [default: every reviewed one]
    #[arg(long, value_name = "ID|DATE")]
    pub(crate) snapshot: Option<String>,
    #[arg(long, value_name = ZONE, env = FBSYNC_TIMEZONE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP)]
    pub(crate) timezone: Zone,
    /// Print only these columns, in this order: those of the reports `decisions` and `outcomes`
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        ReviewArgs::augment_args(clap::Command::new("review")).debug_assert();
    }
}
