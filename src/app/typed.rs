//! Our own commands, printed to be typed later, for the sign-in of this run.

use super::App;
use crate::shell;

/// The flags without which such a command would use another sign-in.
#[derive(Clone, Default)]
pub(crate) struct Typed(String);

impl Typed {
    /// `words` are the subcommand and its options.
    pub(crate) fn command(&self, words: &str) -> String {
        self.command_of("fbsync", words)
    }

    pub(crate) fn command_of(&self, program: &str, words: &str) -> String {
        format!("{program} {words}{}", self.0)
    }
}

impl App {
    /// Commands for the sign-in of `self.profile`.
    pub(crate) fn typed(&self) -> Typed {
        let mut flags = String::new();
        // A profile from the environment is spelled out as well: hints are also read in logs, on other
        // machines.
        if self.profile != "default" || self.usual_profile != "default" {
            flags += &format!(" --profile {}", shell::name(&self.profile));
        }
        if let Some(folder) = &self.named_state_dir {
            flags += &format!(" --state-dir {}", shell::path(folder));
        }
        Typed(flags)
    }

    /// The next command to type, with `words` for the subcommand and its options.
    pub(crate) fn command(&self, words: &str) -> String {
        self.typed().command(words)
    }
}
