//! Questions to a person at a terminal.
//!
//! The answer is read in a thread, so that a signal ends the wait: a blocked read would not notice it.
//! The terminal's settings are then restored, because a hidden prompt turns its echo off.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::{Ui, printable};
use crate::error::{Context, Error, Kind, Result};
use crate::secret::Secret;
use crate::stop::{POLL, Stop};

const SIGINT: i32 = 2;

impl Ui {
    /// Asks for a line on the terminal. Fails if nobody can answer.
    pub(crate) fn ask(&self, stop: &Stop, question: &str) -> Result<String> {
        self.require_terminal(question)?;
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{} ", printable(question)).and_then(|()| stderr.flush());
        drop(stderr);
        let line = answer(stop, || {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line)
        })?;
        let line = line.context(Kind::Usage, || "cannot read the answer".to_owned())?;
        if !line.ends_with('\n') {
            end_line();
        }
        Ok(line.trim().to_owned())
    }

    /// Asks for a secret, which is not echoed.
    pub(crate) fn ask_secret(&self, stop: &Stop, question: &str) -> Result<Secret> {
        self.require_terminal(question)?;
        let prompt = format!("{} ", printable(question));
        match answer(stop, || {
            rpassword::prompt_password(prompt).map(|line| Secret::given(&Zeroizing::new(line)))
        })? {
            Ok(secret) => Ok(secret),
            // The terminal is raw meanwhile, so Ctrl-C arrives as a key press, possibly before the
            // signal that it is turned into.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                Err(Error::new(Kind::Interrupted(SIGINT), "interrupted"))
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                end_line();
                Ok(Secret::new(""))
            }
            Err(error) => {
                Err(Error::new(Kind::Usage, "cannot read the secret from the terminal").because(error))
            }
        }
    }

    fn require_terminal(&self, question: &str) -> Result<()> {
        match self.may_ask {
            true => Ok(()),
            false => Err(Error::new(Kind::Usage, format!("there is no terminal to ask on: {question}"))),
        }
    }
}

/// What `read` returns, or the signal that came first.
fn answer<T: Send + 'static>(
    stop: &Stop,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<io::Result<T>> {
    let found = Terminal::look();
    let (send, receive) = mpsc::channel();
    let reader = thread::Builder::new().spawn(move || send.send(read()));
    reader.context(Kind::Storage, || "cannot wait for an answer".to_owned())?;
    loop {
        match receive.recv_timeout(POLL) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Disconnected) => return Ok(Err(io::ErrorKind::UnexpectedEof.into())),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(stopped) = stop.check() {
                    if let Some(terminal) = found {
                        terminal.restore();
                    }
                    return Err(stopped);
                }
            }
        }
    }
}

/// The answer did not end the line, so the next message would continue it.
fn end_line() {
    let _ = writeln!(io::stderr().lock());
}

/// The terminal's settings at the time of the question.
struct Terminal {
    device: File,
    settings: Termios,
}

impl Terminal {
    fn look() -> Option<Self> {
        let device = File::open("/dev/tty").ok()?;
        let settings = tcgetattr(&device).ok()?;
        Some(Terminal { device, settings })
    }

    fn restore(&self) {
        let _ = tcsetattr(&self.device, OptionalActions::Now, &self.settings);
    }
}
