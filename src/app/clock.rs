//! The time, and waiting.

use std::time::{Duration, Instant, SystemTime};

use super::environment;
use crate::error::Result;
use crate::stop::{POLL, Stop};
use crate::time::Timestamp;

#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// A clock set by a test: the chosen time, and when the process started.
    chosen: Option<(i64, Instant)>,
    never_sleep: bool,
}

impl Clock {
    pub(super) fn from_process() -> Result<Self> {
        let chosen = environment::test_clock()?.map(|seconds| (seconds, Instant::now()));
        Ok(Clock { chosen, never_sleep: environment::test_no_sleep() })
    }

    /// Reads the clock every time: a monotonic counter would stand still while the machine sleeps.
    pub(crate) fn now(&self) -> Timestamp {
        let seconds = match self.chosen {
            Some((start, since)) => start.saturating_add(whole_seconds(since.elapsed())),
            None => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, whole_seconds),
        };
        Timestamp::from_unix(seconds).unwrap_or(Timestamp::EPOCH)
    }

    /// The time that a test set for this process, if any.
    pub(crate) fn of_a_test(&self) -> Option<Timestamp> {
        self.chosen.map(|_| self.now())
    }

    /// Waits; a signal ends the wait with its error.
    pub(crate) fn sleep(&self, duration: Duration, stop: &Stop) -> Result<()> {
        let deadline = Instant::now() + if self.never_sleep { Duration::ZERO } else { duration };
        loop {
            stop.check()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(POLL));
        }
    }

    /// Waits without heeding signals, as inside a token rotation.
    pub(crate) fn pause(&self, duration: Duration) {
        if !self.never_sleep {
            std::thread::sleep(duration);
        }
    }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
