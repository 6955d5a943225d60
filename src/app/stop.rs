//! SIGINT and SIGTERM: the first one asks, the second one ends the process at once.
//!
//! Only the rotation of tokens is shielded from the second: it is bounded by its own time-outs, and
//! dying between FreshBooks' answer and our disk would cost the sign-in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::error::{Context, Error, Kind, Result};

#[derive(Clone, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicI32>,
    shields: Arc<AtomicUsize>,
}

impl Stop {
    /// Watches for signals from now on.
    pub(super) fn install() -> Result<Self> {
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
        if !first && self.shields.load(Ordering::SeqCst) == 0 {
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

    /// Holds a second signal off until the shield is dropped.
    pub(crate) fn shield(&self) -> Shield<'_> {
        self.shields.fetch_add(1, Ordering::SeqCst);
        Shield(self)
    }
}

pub(crate) struct Shield<'a>(&'a Stop);

impl Drop for Shield<'_> {
    fn drop(&mut self) {
        self.0.shields.fetch_sub(1, Ordering::SeqCst);
    }
}
