//! When to ask again, and how long to wait first.
//!
//! Only reads are asked again: a refresh token may be spent by a request whose answer was never
//! seen, so the token endpoint has rules of its own. Nothing in this file sleeps, reads the clock
//! or draws random numbers; `http` does all three. That lets the whole schedule be tested at once.

use std::time::Duration;

use crate::time::Timestamp;

/// Tries in all. With the waits below, five of them last about half a minute, which outlives a
/// restart of a service behind a load balancer; longer troubles are for the next run.
pub(crate) const TRIES: u32 = 5;

/// The first wait, doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// No single wait of our own is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// FreshBooks' limit is counted by the minute, so an honest `Retry-After` stays below this;
/// a longer one is cut, since a command that seems to hang is killed and helps nobody.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);

/// How a try ended, as far as asking again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer that says so itself, or a 200 whose body is not what was asked for.
    Answered { status: u16, retry_after: Option<Duration> },
    /// No answer, or half of one.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wait(Duration),
    GiveUp,
}

/// Judges try number `attempt` (from 1). `jitter` between 0 and 1 spreads clients that fail together.
pub(crate) fn judge(attempt: u32, outcome: Outcome, jitter: f64) -> Verdict {
    let retry_after = match outcome {
        Outcome::Answered { status, retry_after } if worth_retrying(status) => retry_after,
        Outcome::Answered { .. } => return Verdict::GiveUp,
        Outcome::Broken => None,
    };
    if attempt >= TRIES {
        return Verdict::GiveUp;
    }
    Verdict::Wait(match retry_after {
        Some(asked) => asked.min(LONGEST_RETRY_AFTER),
        None => own_wait(attempt, jitter),
    })
}

/// Doubling, of which the upper half is left to chance.
fn own_wait(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_WAIT);
    doubled.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// 200 stands for a body that could not be used: gateways answer so with pages of their own.
pub(crate) fn worth_retrying(status: u16) -> bool {
    matches!(status, 200 | 429 | 500 | 502 | 503 | 504)
}

/// Reads `Retry-After` in both its forms (RFC 9110 section 10.2.3). It counts on 429 and 503 alone:
/// FreshBooks has been seen to send it with a 200.
pub(crate) fn retry_after(status: u16, header: Option<&str>, now: Timestamp) -> Option<Duration> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let text = header?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Timestamp::parse_http_date(text).map(|moment| moment.since(now)),
    }
}

/// How long the allowance is used up: `X-RateLimit-Remaining: 0` and the Unix time it is filled at.
pub(crate) fn exhausted(remaining: Option<&str>, reset: Option<&str>, now: Timestamp) -> Option<Duration> {
    let used_up = remaining?.trim() == "0";
    let reset = Timestamp::from_unix(reset?.trim().parse().ok()?)?;
    let pause = reset.since(now).min(LONGEST_RETRY_AFTER);
    (used_up && !pause.is_zero()).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let verdicts: Vec<Verdict> =
            (1..=TRIES).map(|attempt| judge(attempt, Outcome::Broken, 1.0)).collect();
        let seconds = |n| Verdict::Wait(Duration::from_secs(n));
        assert_eq!(verdicts, [seconds(1), seconds(2), seconds(4), seconds(8), Verdict::GiveUp]);
        assert_eq!(judge(1, Outcome::Broken, 0.0), Verdict::Wait(Duration::from_millis(500)));
    }

    #[test]
    fn a_refusal_is_final_and_an_overload_is_not() {
        let answered = |status| Outcome::Answered { status, retry_after: None };
        for status in [400, 401, 402, 403, 404, 422, 302] {
            assert_eq!(judge(1, answered(status), 0.5), Verdict::GiveUp, "{status}");
        }
        for status in [200, 429, 500, 502, 503, 504] {
            assert!(matches!(judge(1, answered(status), 0.5), Verdict::Wait(_)), "{status}");
        }
    }

    #[test]
    fn retry_after_in_both_forms_is_obeyed_and_capped() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").expect("a time");
        assert_eq!(retry_after(429, Some("17"), now), Some(Duration::from_secs(17)));
        assert_eq!(
            retry_after(503, Some("Thu, 01 Jan 2026 00:00:40 GMT"), now),
            Some(Duration::from_secs(40))
        );
        assert_eq!(retry_after(503, Some("Wed, 31 Dec 2025 00:00:00 GMT"), now), Some(Duration::ZERO));
        assert_eq!(retry_after(200, Some("59"), now), None);
        assert_eq!(retry_after(429, Some("soon"), now), None);
        let reset = (now.since(Timestamp::EPOCH).as_secs() + 60).to_string();
        assert_eq!(exhausted(Some("0"), Some(&reset), now), Some(Duration::from_secs(60)));
        assert_eq!(exhausted(Some("3"), Some(&reset), now), None);
        assert_eq!(exhausted(Some("0"), Some("0"), now), None);
        let long = Outcome::Answered { status: 429, retry_after: Some(Duration::from_secs(86_400)) };
        assert_eq!(judge(1, long, 0.5), Verdict::Wait(LONGEST_RETRY_AFTER));
    }
}
