//! This sync as a command to type: without its options, the hint would lead to other gaps.

use std::fmt::Display;
use std::path::Path;

use crate::app::App;
use crate::cli::{Include, SyncArgs};
use crate::shell;

/// `fbsync sync` with the options for what to read and which gaps are already accepted.
pub(super) fn command(app: &App, args: &SyncArgs, db: &Path) -> String {
    let mut command = app.command(&format!("sync --db {}", shell::path(db)));
    let mut add = |option: &str, value: &dyn Display| command.push_str(&format!(" {option} {value}"));
    args.business.iter().for_each(|id| add("--business", id));
    args.skip_business.iter().for_each(|id| add("--skip-business", id));
    if args.include.contains(&Include::Staff) {
        add("--include", &"staff");
    }
    for path in &args.accept_gaps {
        add("--accept-gaps", &shell::path(path));
    }
    for (id, reason) in &args.accept_gap {
        match reason {
            None => add("--accept-gap", id),
            Some(reason) => add("--accept-gap", &shell::word(&format!("{id}={reason}"))),
        }
    }
    command
}
