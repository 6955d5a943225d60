//! SIGINT and SIGTERM: the first one asks, the second one ends the process at once.
//!
//! Only the way of new tokens from FreshBooks to the disk is shielded, from the second and from the end
//! of the command: it is bounded by its own time-outs, and dying on it would cost the sign-in.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::error::{Context, Error, Kind, Result};

/// How often whoever waits looks whether a signal came.
pub(crate) const POLL: Duration = Duration::from_millis(50);

#[derive(Clone, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicI32>,
    shields: Arc<Shields>,
}

/// Who holds the end off.
#[derive(Default)]
struct Shields {
    state: Mutex<Raised>,
    lowered: Condvar,
}

#[derive(Default)]
struct Raised {
    count: usize,
    /// The command is over: nobody may begin what would have to be waited for.
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
    /// Watches for signals from now on.
    pub(crate) fn install() -> Result<Self> {
        let stop = Stop::default();
        let failed = || "cannot watch for signals".to_owned();
        let mut signals = Signals::new([SIGINT, SIGTERM]).context(Kind::Unexpected, failed)?;
        let watched = stop.clone();
        let watch = move || signals.forever().for_each(|signal| watched.receive(signal));
        std::thread::Builder::new().spawn(watch).context(Kind::Unexpected, failed)?;
        Ok(stop)
    }

    fn receive(&self, signal: i32) {
        let first = self.asked.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        // Held to the end, so that no shield is raised meanwhile.
        let raised = self.shields.lock();
        if !first && raised.count == 0 {
            low_level::exit(128 + signal);
        }
    }

    /// Fails once a signal has come.
    pub(crate) fn check(&self) -> Result<()> {
        match self.asked.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Error::new(Kind::Interrupted(signal), "interrupted")),
        }
    }

    /// Waits for nothing else. What it ends with.
    pub(crate) fn wait(&self) -> Error {
        loop {
            match self.check() {
                Err(stopped) => return stopped,
                Ok(()) => std::thread::sleep(POLL),
            }
        }
    }

    /// Holds a second signal and the end of the command off until the shield is dropped.
    pub(crate) fn shield(&self) -> Shield<'_> {
        self.shields.wait_while(|raised| raised.closed).count += 1;
        Shield(self)
    }

    /// Waits for what a worker has shielded, and lets nobody begin anything of the kind any more: a
    /// thread that raises a shield from now on waits for the end of the process, which is near.
    pub(crate) fn settle(&self) {
        self.shields.wait_while(|raised| raised.count > 0).closed = true;
    }
}

pub(crate) struct Shield<'a>(&'a Stop);

impl Drop for Shield<'_> {
    fn drop(&mut self) {
        self.0.shields.lock().count -= 1;
        self.0.shields.lowered.notify_all();
    }
}
