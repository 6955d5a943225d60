//! One pace for all workers: when FreshBooks asks one of them to slow down, it means the whole program.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A moment before which no request is made. Shared by all workers.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<Mutex<Option<Instant>>>);

impl Pace {
    /// Makes no request for `duration` from now. Returns whether that is later than before.
    pub(super) fn hold(&self, duration: Duration) -> bool {
        let until = Instant::now() + duration;
        let mut agreed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let later = agreed.is_none_or(|agreed| agreed < until);
        if later {
            *agreed = Some(until);
        }
        later
    }

    /// How long to wait before the next request.
    pub(super) fn wait(&self) -> Duration {
        let agreed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        agreed.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}
