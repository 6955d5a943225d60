//! Signals that ask the command to end. The first signal asks; if the command does not notice, the
//! process ends a moment later. The second signal ends it at once.
//!
//! Only the path of new tokens from FreshBooks to the disk is shielded, from signals and from the end
//! of the command: its own time-outs limit it, and dying halfway would cost the sign-in.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

use crate::error::{Context, Error, Kind, Result};

/// How often a waiting thread checks for a signal.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// How long a command can continue after the first signal. Only a wait that does not check for signals,
/// such as one for an answer or a slow disk, takes longer.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Clone, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicI32>,
    shields: Arc<Shields>,
}

/// How many threads currently delay the end of the process.
#[derive(Default)]
struct Shields {
    state: Mutex<Raised>,
    lowered: Condvar,
}

#[derive(Default)]
struct Raised {
    count: usize,
    /// The command is over: no new shield is granted.
    closed: bool,
}

impl Shields {
    fn lock(&self) -> MutexGuard<'_, Raised> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, is: impl Fn(&Raised) -> bool) -> MutexGuard<'_, Raised> {
        self.lowered.wait_while(self.lock(), |raised| is(raised)).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stop {
    /// Watches for signals from now on. `tell` reports why the process ends if the command did not
    /// notice the signal.
    pub(crate) fn install(tell: impl Fn(&Error) + Copy + Send + 'static) -> Result<Self> {
        let stop = Stop::default();
        let failed = || "cannot watch for signals".to_owned();
        let ending = [SIGINT, SIGTERM, SIGQUIT].into_iter().chain((!hangup_is_ignored()).then_some(SIGHUP));
        let mut signals = Signals::new(ending).context(Kind::Storage, failed)?;
        // With a handler that does nothing, a write beyond `ulimit -f` fails instead of killing us.
        let unused = Arc::<AtomicBool>::default();
        flag::register(Signal::XFSZ.as_raw(), unused).context(Kind::Storage, failed)?;
        let watched = stop.clone();
        let watch = move || signals.forever().for_each(|signal| watched.receive(signal, tell));
        thread::Builder::new().spawn(watch).context(Kind::Storage, failed)?;
        Ok(stop)
    }

    fn receive(&self, signal: i32, tell: impl Fn(&Error) + Copy + Send + 'static) {
        if self.asked.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            let stop = self.clone();
            // If no thread can be started, the second signal still ends the process.
            let _ = thread::Builder::new().spawn(move || stop.end_if_unheard(tell));
            return;
        }
        // Locked until the exit, so that no shield is raised in between.
        let raised = self.shields.lock();
        if raised.count == 0 {
            low_level::exit(self.exit_code());
        }
    }

    /// Ends the process if it has not ended by itself within the grace period after the last shield was
    /// lowered.
    fn end_if_unheard(&self, tell: impl Fn(&Error) + Send + 'static) {
        loop {
            drop(self.shields.wait_while(|raised| raised.count > 0));
            thread::sleep(GRACE);
            let raised = self.shields.lock();
            if raised.count == 0 {
                // In a separate thread, because the command can be stuck writing to standard error.
                let stopped = self.check().err();
                let _ = thread::Builder::new().spawn(move || stopped.iter().for_each(tell));
                thread::sleep(POLL);
                low_level::exit(self.exit_code());
            }
        }
    }

    fn exit_code(&self) -> i32 {
        Kind::Interrupted(self.asked.load(Ordering::SeqCst)).exit_code().into()
    }

    /// Fails once a signal has come.
    pub(crate) fn check(&self) -> Result<()> {
        match self.asked.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Error::new(Kind::Interrupted(signal), "interrupted")),
        }
    }

    /// Waits for a signal and returns the error for it.
    pub(crate) fn wait(&self) -> Error {
        loop {
            match self.check() {
                Err(stopped) => return stopped,
                Ok(()) => thread::sleep(POLL),
            }
        }
    }

    /// Delays signals and the end of the command until the shield is dropped.
    pub(crate) fn shield(&self) -> Shield<'_> {
        self.shields.wait_while(|raised| raised.closed).count += 1;
        Shield(self)
    }

    /// Waits for the last shield and grants no more: a thread that asks for one from now on waits until
    /// the process ends, which is soon.
    pub(crate) fn settle(&self) {
        self.shields.wait_while(|raised| raised.count > 0).closed = true;
    }
}

/// Whether the parent process (`nohup`) wants SIGHUP ignored. If the system does not say, it is not.
fn hangup_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored >> (SIGHUP - 1) & 1 == 1
}

pub(crate) struct Shield<'a>(&'a Stop);

impl Drop for Shield<'_> {
    fn drop(&mut self) {
        self.0.shields.lock().count -= 1;
        self.0.shields.lowered.notify_all();
    }
}
