//! What can be typed: verbs, flags and their help. No logic; the structs are the options that the
//! commands work from. What stands below the flags (examples, exit codes) is in `help`.

mod export;
mod history;
mod review;
mod signin;
mod sync;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::app::Settings;
use crate::app::environment::{FBSYNC_DB, FBSYNC_PROFILE, FBSYNC_STATE_DIR};
use crate::ui::ColorChoice;
pub(crate) use export::{Choosing, ExportArgs, Import};
pub(crate) use history::{
    DiffArgs, DiffFormat, PruneArgs, PruneRules, SnapshotsArgs, SnapshotsVerb, VerifyArgs, WhoArgs, WhoFormat,
};
pub(crate) use review::{RecordArgs, ReviewArgs, ReviewStatusArgs, ReviewVerb};
pub(crate) use signin::{AuthArgs, LogoutArgs, RefreshArgs, StatusArgs};
pub(crate) use sync::{Include, SyncArgs};
use values::profile_name;

/// What an access review needs and nothing more (API documentation, "Scopes").
pub(crate) const DEFAULT_SCOPES: &str = "user:profile:read user:teams:read";

/// Who has access to which FreshBooks business, in which role: read, recorded and verifiable
///
/// fbsync signs in to FreshBooks, reads who has access to which business in which role, keeps each
/// reading as a snapshot in one SQLite file, and exports it for access reviews. It changes nothing
/// at FreshBooks.
#[derive(Debug, Parser)]
#[command(name = "fbsync", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Which stored sign-in to use
    #[arg(long, global = true, value_name = "NAME", env = FBSYNC_PROFILE, default_value = "default", value_parser = profile_name)]
    pub(crate) profile: String,
    /// Folder of the stored sign-ins [default: $XDG_STATE_HOME/fbsync]
    #[arg(long, global = true, value_name = "DIR", env = FBSYNC_STATE_DIR)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Print only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more detail; repeat for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Never prompt
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// When to use colour in messages
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: ColorChoice,
}

impl From<Common> for Settings {
    fn from(common: Common) -> Self {
        let Common { profile, state_dir, quiet, verbose: verbosity, json, no_input, color } = common;
        Settings { profile, state_dir, quiet, verbosity, color, json, no_input }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Sign in: browser, local redirect capture, code exchange
    Auth(AuthArgs),
    /// Rotate the tokens now
    Refresh(RefreshArgs),
    /// Show the stored sign-ins
    Status(StatusArgs),
    /// Revoke the tokens at FreshBooks, then forget the sign-in
    Logout(LogoutArgs),
    /// Read everything into a new snapshot
    Sync(SyncArgs),
    /// List the snapshots of a database
    Snapshots(SnapshotsArgs),
    /// Show everything about one person: in which businesses, in which roles, since when
    Who(WhoArgs),
    /// Record reviewers' decisions, and show what is left to do
    Review(ReviewArgs),
    /// Write reports from a snapshot: one, or the evidence folder
    Export(ExportArgs),
    /// Show joiners, leavers and changes between two snapshots
    Diff(DiffArgs),
    /// Check an evidence folder, or a database's own chain of hashes
    Verify(VerifyArgs),
    /// Run the whole workflow against a built-in FreshBooks sandbox
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page for each command
    Man(ManArgs),
}

#[derive(Args, Debug)]
pub(crate) struct Database {
    /// The SQLite file; `{profile}` stands for the profile's name
    #[arg(long, value_name = "FILE", env = FBSYNC_DB)]
    pub(crate) db: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Folder to put everything into
    #[arg(long, value_name = "DIR", default_value = "./fbsync-demo")]
    pub(crate) dir: PathBuf,
    /// Show FreshBooks Classic instead: sign in, sync, export and verify
    #[arg(long, conflicts_with = "serve")]
    pub(crate) classic: bool,
    /// Keep the sandbox up, and print the environment to use it with the other commands
    #[arg(long)]
    pub(crate) serve: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: CompletedShell,
}

/// The shells that are completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CompletedShell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Write fbsync.1 and a page for each command into this folder; existing ones are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
