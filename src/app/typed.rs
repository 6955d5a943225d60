//! Commands of ours that are printed to be typed later, about the sign-in of this run.

use super::App;
use crate::shell;

/// The flags without which such a command would find another sign-in.
#[derive(Clone, Default)]
pub(crate) struct Typed(String);

impl Typed {
    /// `words` are the verb and the options of its own.
    pub(crate) fn command(&self, words: &str) -> String {
        self.command_of("fbsync", words)
    }

    pub(crate) fn command_of(&self, program: &str, words: &str) -> String {
        format!("{program} {words}{}", self.0)
    }
}

impl App {
    /// For commands about the sign-in of `self.profile`.
    pub(crate) fn typed(&self) -> Typed {
        let mut flags = String::new();
        // A profile that the environment names is repeated as well: hints are read in logs, elsewhere.
        if self.profile != "default" || self.usual_profile != "default" {
            flags += &format!(" --profile {}", shell::name(&self.profile));
        }
        if let Some(folder) = &self.named_state_dir {
            flags += &format!(" --state-dir {}", shell::path(folder));
        }
        Typed(flags)
    }

    /// A command that is typed to go on, with `words` for the verb and the options of its own.
    pub(crate) fn command(&self, words: &str) -> String {
        self.typed().command(words)
    }
}
