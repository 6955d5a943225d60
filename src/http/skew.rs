//! The difference between this machine's clock and the server's, as far as an answer shows it.

use std::fmt;

use crate::time::{Timestamp, spoken};

/// Smaller differences come from the transfer time of an answer and the rounding of `Date`.
const TOLERATED: u64 = 60;

/// Whole seconds by which this machine's clock is ahead; negative if it is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skew(i64);

impl Skew {
    /// From the time at which an answer arrived, according to each clock.
    pub(crate) fn between(here: Timestamp, there: Timestamp) -> Self {
        let seconds =
            |later: Timestamp, earlier| i64::try_from(later.since(earlier).as_secs()).unwrap_or(i64::MAX);
        Skew(seconds(here, there) - seconds(there, here))
    }

    pub(crate) fn seconds(self) -> i64 {
        self.0
    }

    /// Whether one of the clocks is wrong.
    pub(crate) fn matters(self) -> bool {
        self.0.unsigned_abs() > TOLERATED
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = spoken(std::time::Duration::from_secs(self.0.unsigned_abs()));
        let way = if self.0 < 0 { "behind" } else { "ahead of" };
        write!(f, "this machine's clock is {amount} {way} FreshBooks'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skew_has_a_direction_and_a_tolerance() {
        let at = |seconds| Timestamp::from_unix(seconds).expect("a time");
        for (here, there, seconds, matters, told) in [
            (1000, 1000, 0, false, "0 s ahead of"),
            (1060, 1000, 60, false, "1 min ahead of"),
            (1061, 1000, 61, true, "1 min ahead of"),
            (1000, 8230, -7230, true, "2 h 1 min behind"),
        ] {
            let skew = Skew::between(at(here), at(there));
            assert_eq!((skew.seconds(), skew.matters()), (seconds, matters));
            assert_eq!(skew.to_string(), format!("this machine's clock is {told} FreshBooks'"));
        }
    }
}
