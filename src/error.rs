//! The only error type: a kind for scripts, a message for people, and hints that can be typed.
//!
//! Every failure ends here. Only the kind decides the exit code; the message says what was being done
//! and to what; the hint says what to do now. Nothing in this file prints.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is, as far as a calling script needs to know. See [`Kind::exit_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bug, or something nobody expected.
    Unexpected,
    /// The command line is invalid.
    Usage,
    /// Configuration, permissions of a local file, or a file in the way.
    Config,
    /// There is no sign-in, or FreshBooks rejects it.
    SignIn,
    /// FreshBooks could not be reached, or was not available after retries.
    Unavailable,
    /// FreshBooks refused the request: scope, role, another 4xx.
    Refused,
    /// A partial snapshot was recorded, or only a partial one exists.
    Partial,
    /// Another fbsync holds the lock.
    Locked,
    /// SQLite or the disk.
    Storage,
    /// A check failed.
    No,
    /// Ended by a signal such as SIGINT (2).
    Interrupted(i32),
    /// The reader closed standard output, which is not a failure.
    ClosedPipe,
}

impl Kind {
    /// The process's exit code, as documented in `--help`.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Kind::ClosedPipe => 0,
            Kind::Unexpected => 1,
            Kind::Usage => 2,
            Kind::Config => 3,
            Kind::SignIn => 4,
            Kind::Unavailable => 5,
            Kind::Refused => 6,
            Kind::Partial => 7,
            Kind::Locked => 8,
            Kind::Storage => 9,
            Kind::No => 10,
            Kind::Interrupted(2) => 130,
            Kind::Interrupted(_) => 143,
        }
    }
}

/// A failure to report to the person who typed the command.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    is_an_answer: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), hints: Vec::new(), is_an_answer: false, source: None }
    }

    /// Says what to do now, with a command if possible. A second hint is an alternative or the next
    /// step.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts the database's path into hints that name it as `--db FILE`, so that they can be typed.
    pub(crate) fn about_database(mut self, path: &str) -> Self {
        let named = format!("--db {path}");
        self.hints.iter_mut().for_each(|hint| *hint = hint.replace("--db FILE", &named));
        self
    }

    /// Adds the underlying error, which is printed as a cause.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Marks what is no failure but the answer "no" to the question that was asked. The exit code gives it,
    /// so with `-q` it is not printed.
    pub(crate) fn answering_no(self) -> Self {
        Error { is_an_answer: true, ..self }
    }

    pub(crate) fn is_an_answer(&self) -> bool {
        self.is_an_answer
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The first hint.
    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hints.first().map(String::as_str)
    }

    /// The message and its causes in one line, for a failure that does not end the command.
    pub(crate) fn with_causes(&self) -> String {
        [vec![self.message.clone()], self.causes()].concat().join(": ")
    }

    /// The causes, outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = StdError::source(self);
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Turns a library's error into ours and says what was being done.
pub(crate) trait Context<T> {
    fn context(self, kind: Kind, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for std::result::Result<T, E> {
    fn context(self, kind: Kind, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::new(kind, message()).because(source))
    }
}
