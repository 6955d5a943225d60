//! What can be typed: verbs, flags and their help. No logic; the structs are the options that the
//! commands work from. What stands below the flags (examples, exit codes) is in `help`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::model::Zone;
use crate::report::{Format, Guard};
use crate::ui::ColorChoice;

/// FreshBooks compares the redirect URI character for character, so the default is one that a
/// person can copy; the port lies outside the ranges that systems hand out on their own.
pub(crate) const DEFAULT_REDIRECT: &str = "https://localhost:8799/callback";

/// What an access review needs and nothing more (API documentation, "Scopes").
pub(crate) const DEFAULT_SCOPES: &str = "user:profile:read user:teams:read";

/// Who has access to which FreshBooks business, in which role: read, kept, proved
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
    #[arg(long, global = true, value_name = "NAME", env = "FBSYNC_PROFILE", default_value = "default", value_parser = profile_name)]
    pub(crate) profile: String,
    /// Folder of the stored sign-ins [default: $XDG_STATE_HOME/fbsync]
    #[arg(long, global = true, value_name = "DIR", env = "FBSYNC_STATE_DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Say only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more; repeat for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Never ask anything
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Colour what is said
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: ColorChoice,
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
    /// Write reports from a snapshot: one, or the evidence folder
    Export(ExportArgs),
    /// Tell joiners, leavers and changes between two snapshots
    Diff(DiffArgs),
    /// Check an evidence folder, or a database's own chain of hashes
    Verify(VerifyArgs),
    /// Show the whole of it against a built-in FreshBooks sandbox
    Demo(DemoArgs),
    /// Print what makes a shell complete commands and flags on Tab
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page a command
    Man(ManArgs),
}

#[derive(Args, Debug)]
pub(crate) struct Database {
    /// The SQLite file; `{profile}` stands for the profile's name
    #[arg(long, value_name = "FILE", env = "FBSYNC_DB")]
    pub(crate) db: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct AuthArgs {
    /// Client id of your FreshBooks app
    #[arg(long, value_name = "ID", env = "FBSYNC_CLIENT_ID", help_heading = "Your app")]
    pub(crate) client_id: Option<String>,
    /// Redirect URI, exactly as registered with the app
    /// [default: the one stored, else https://localhost:8799/callback]
    #[arg(long, value_name = "URI", env = "FBSYNC_REDIRECT_URI", help_heading = "Your app")]
    pub(crate) redirect_uri: Option<String>,
    /// Scopes to ask for, space separated; empty asks for the app's own
    #[arg(long, value_name = "SCOPES", default_value = DEFAULT_SCOPES, help_heading = "Your app")]
    pub(crate) scope: String,
    /// File that holds the client secret; `-` is standard input
    #[arg(long, value_name = "PATH", env = "FBSYNC_CLIENT_SECRET_FILE", help_heading = "Your app")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Print the address, do not open a browser
    #[arg(long, help_heading = "The way back")]
    pub(crate) no_browser: bool,
    /// Listen to nothing; read the address that the browser ended on from standard input
    #[arg(long, help_heading = "The way back")]
    pub(crate) paste: bool,
    /// How long to wait for the browser
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration, help_heading = "The way back")]
    pub(crate) timeout: Duration,
    /// Leave PKCE (RFC 7636) out
    #[arg(long, help_heading = "The way back")]
    pub(crate) no_pkce: bool,
    /// Certificate for the redirect address, PEM, from your own local CA
    #[arg(long, value_name = "PEM", requires = "redirect_key", help_heading = "The way back")]
    pub(crate) redirect_cert: Option<PathBuf>,
    /// Key of that certificate, PEM
    #[arg(long, value_name = "PEM", requires = "redirect_cert", help_heading = "The way back")]
    pub(crate) redirect_key: Option<PathBuf>,
    /// Take a refresh token got elsewhere (prompt, standard input or FBSYNC_REFRESH_TOKEN) and rotate it
    #[arg(long, conflicts_with = "paste")]
    pub(crate) import_refresh_token: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RefreshArgs {
    /// Only when the access token expires within this time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) if_expires_within: Option<Duration>,
    /// Take over a sign-in that was stored on another machine
    #[arg(long)]
    pub(crate) adopt: bool,
}

#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// Also show the last snapshot of this database
    #[arg(long, value_name = "FILE", env = "FBSYNC_DB")]
    pub(crate) db: Option<PathBuf>,
    /// Ask FreshBooks whether each sign-in still works
    #[arg(long)]
    pub(crate) check: bool,
    /// End with exit code 10 when the database's last complete snapshot is older than this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_age: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct LogoutArgs {
    /// Every stored sign-in, not just this profile's
    #[arg(long)]
    pub(crate) all: bool,
}

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
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What stays and what goes. The newest complete snapshot always stays.
#[derive(Args, Debug, Default)]
#[group(required = true, multiple = true)]
pub(crate) struct PruneRules {
    /// Keep the last N complete snapshots, and what came between them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keep_last: Option<u32>,
    /// Erase only what is older than this, such as 7y
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
    /// Keep the last one of each day this far back
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) keep_daily: Option<Duration>,
    /// Keep the last one of each month this far back
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) keep_monthly: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Which report; `--list` shows them all
    pub(crate) report: Option<String>,
    /// The SQLite file; `{profile}` stands for the profile's name
    #[arg(long, value_name = "FILE", env = "FBSYNC_DB")]
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
    /// What to write [default: from the file's extension, else csv]
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "What to write")]
    pub(crate) format: Option<Format>,
    /// Only this business, as if there were no other; repeatable
    #[arg(long, value_name = "ID", conflicts_with = "split_by", help_heading = "About whom")]
    pub(crate) business: Vec<i64>,
    /// Only this person, by any of the addresses, or those in a file of addresses; repeatable
    #[arg(long, value_name = "FILE|EMAIL", conflicts_with = "split_by", help_heading = "About whom")]
    pub(crate) people: Vec<String>,
    /// A domain of your own, its subdomains included: people elsewhere are external; repeatable
    #[arg(long, value_name = "DOMAIN", help_heading = "About whom")]
    pub(crate) own_domain: Vec<String>,
    /// A folder for each business, which tells nothing of the others
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "What to write")]
    pub(crate) split_by: Option<SplitBy>,
    /// Begin CSV files with a byte order mark, for Excel
    #[arg(long, help_heading = "What to write")]
    pub(crate) bom: bool,
    /// What to do with text that a spreadsheet would run as a formula
    #[arg(long, value_name = "MODE", value_enum, default_value_t, help_heading = "What to write")]
    pub(crate) formula_guard: Guard,
    /// A file for another product's import
    #[arg(long = "for", value_name = "PRODUCT", value_enum, conflicts_with_all = ["report", "out"], help_heading = "What to write")]
    pub(crate) import: Option<Import>,
    /// More privileged people than this in a business are worth a look
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "About whom")]
    pub(crate) max_privileged: u32,
    /// Show every report with its columns
    #[arg(long, conflicts_with_all = ["report", "output", "out", "import", "business", "people"])]
    pub(crate) list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SplitBy {
    Business,
}

/// Products that import a file of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Import {
    Vanta,
    #[value(name = "conductorone")]
    ConductorOne,
}

/// Which snapshot to work from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Choosing {
    /// Which snapshot: `latest` (the last complete one), its id, or a date: the last complete one at or
    /// before the end of that day
    #[arg(long, value_name = "latest|ID|DATE", default_value = "latest", help_heading = "Which snapshot")]
    pub(crate) snapshot: String,
    /// How old it may be at that date, such as 35d
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Which snapshot")]
    pub(crate) within: Option<Duration>,
    #[arg(long, value_name = ZONE, env = ZONE_VARIABLE, default_value = "UTC", value_parser = Zone::named, help = ZONE_HELP, help_heading = "Which snapshot")]
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

const ZONE: &str = "AREA/CITY";
const ZONE_VARIABLE: &str = "FBSYNC_TIMEZONE";
const ZONE_HELP: &str = "Where a day begins and ends, such as Europe/Oslo";

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
    /// Aligned columns, the ones a person reads
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
    /// The seal that was noted when the folder was written
    #[arg(long, value_name = "HEX", requires = "folder")]
    pub(crate) seal: Option<String>,
    /// A snapshot's hash that was kept elsewhere, as `snapshots --head` printed it; may be repeated
    #[arg(long, value_name = "ID:HEX", value_parser = expectation, requires = "db")]
    pub(crate) expect: Vec<(i64, String)>,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Folder to put everything into
    #[arg(long, value_name = "DIR", default_value = "./fbsync-demo")]
    pub(crate) dir: PathBuf,
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
    /// Write fbsync.1 and a page for each command into this folder; those that are there are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// A profile's name becomes a file's name, so it is kept to what no file system minds.
fn profile_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !text.is_empty() && text.len() <= 64 && !text.starts_with('.') && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("use letters, digits, `-`, `_` and `.`, 64 at most, no `.` in front".to_owned()),
    }
}

/// A business's id, and after `=` why its gap is accepted.
fn accepted_gap(text: &str) -> Result<(i64, Option<String>), String> {
    let (id, reason) = match text.split_once('=') {
        Some((id, reason)) => (id, Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty())),
        None => (text, None),
    };
    let id = id.trim().parse().map_err(|_| "give a business's id, and after `=` the reason".to_owned())?;
    Ok((id, reason))
}

/// A snapshot's id and the whole of its hash: a part of one would prove little.
fn expectation(text: &str) -> Result<(i64, String), String> {
    let (id, hash) = text.split_once(':').ok_or("give a snapshot's id, a colon and its hash")?;
    let id = id.parse().map_err(|_| "give a snapshot's id before the colon")?;
    match hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok((id, hash.to_ascii_lowercase())),
        false => Err("give all 64 hexadecimal digits of the hash".to_owned()),
    }
}

/// A length of time: a whole number and `s`, `m`, `h`, `d`, `w` or `y`. A year is taken for the longest
/// there is, so that what has to be kept for years never goes a day early.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 7 * 86_400,
        Some('y') => 366 * 86_400,
        _ => return Err("give a number and a unit, such as 90s, 30m, 26h, 7d, 4w or 7y".to_owned()),
    };
    let number: u64 =
        text[..text.len() - 1].parse().map_err(|_| "give a whole number and a unit".to_owned())?;
    let seconds = number.checked_mul(unit).ok_or("that is too long")?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!(duration("26h"), Ok(Duration::from_secs(93_600)));
        for bad in ["", "h", "5", "-1h", "1.5h", "5ä", "99999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
