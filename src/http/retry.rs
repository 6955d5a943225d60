//! When to retry, and how long to wait first.
//!
//! Only reads are retried: a refresh token can be spent by a request whose answer never arrived, so the
//! token endpoint has its own rules. Nothing in this file sleeps, reads the clock or draws random
//! numbers; `http` does all three. So the whole schedule can be tested instantly.

use std::time::Duration;

use crate::time::Timestamp;

/// The number of tries. With the waits below, five take about half a minute, which is longer than the
/// restart of a service behind a load balancer; longer problems are left to the next run.
pub(crate) const TRIES: u32 = 5;

/// The first wait, doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait of our own.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// FreshBooks' limit is counted per minute, so a sensible `Retry-After` is below this. A longer one is
/// cut: a command that seems to hang gets killed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);

/// How a try ended, as far as retries are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Another try would end the same way.
    Final,
    /// A retry can succeed. Contains the minimum wait that the other side asked for.
    Passing { retry_after: Option<Duration> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wait(Duration),
    GiveUp,
}

/// Judges try number `attempt` (from 1). `jitter` between 0 and 1 spreads clients that fail together.
pub(crate) fn judge(attempt: u32, outcome: Outcome, jitter: f64) -> Verdict {
    match outcome {
        Outcome::Passing { retry_after } if attempt < TRIES => {
            let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
            // A server with problems that says "at once" should still not be flooded.
            Verdict::Wait(asked.max(own_wait(attempt, jitter)))
        }
        Outcome::Passing { .. } | Outcome::Final => Verdict::GiveUp,
    }
}

/// Doubled each time; the upper half is random.
fn own_wait(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_WAIT);
    doubled.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// Whether a status stands for a temporary problem: too early, too many requests, or a problem on the
/// server's side, including the codes of proxies (520 to 530). "Not implemented" and "HTTP version not
/// supported" are permanent.
pub(crate) fn passes(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599) && !matches!(status, 501 | 505)
}

/// Reads `Retry-After` in both forms (RFC 9110 section 10.2.3); `now` is the server's own time. It
/// counts only with a status that is worth waiting for: FreshBooks has been seen to send it with a 200.
pub(crate) fn retry_after(status: u16, header: Option<&str>, now: Timestamp) -> Option<Duration> {
    let text = header.filter(|_| passes(status))?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Timestamp::parse_http_date(text).map(|moment| moment.since(now)),
    }
}

/// How long the rate limit remains used up: `X-RateLimit-Remaining: 0`, with the Unix time of the reset
/// or otherwise `Retry-After`. `now` is the server's own time.
pub(crate) fn exhausted(
    remaining: Option<&str>,
    reset: Option<&str>,
    retry_after: Option<&str>,
    now: Timestamp,
) -> Option<Duration> {
    let is_used_up = remaining?.trim().parse() == Ok(0_u64);
    let at = |text: &str| Some(Timestamp::from_unix(text.trim().parse().ok()?)?.since(now));
    let pause = reset.and_then(at).or_else(|| retry_after?.trim().parse().ok().map(Duration::from_secs))?;
    let pause = pause.min(LONGEST_RETRY_AFTER);
    (is_used_up && !pause.is_zero()).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROKEN: Outcome = Outcome::Passing { retry_after: None };

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn waits_double_and_end() {
        let verdicts: Vec<Verdict> = (1..=TRIES).map(|attempt| judge(attempt, BROKEN, 1.0)).collect();
        let waits = [1, 2, 4, 8].map(|n| Verdict::Wait(seconds(n)));
        assert_eq!(verdicts, [&waits[..], &[Verdict::GiveUp]].concat());
        assert_eq!(judge(1, BROKEN, 0.0), Verdict::Wait(Duration::from_millis(500)));
        assert_eq!(judge(1, Outcome::Final, 0.5), Verdict::GiveUp);
    }

    #[test]
    fn retry_after_lengthens_a_wait_and_never_shortens_it() {
        let asked = |n| judge(3, Outcome::Passing { retry_after: Some(seconds(n)) }, 1.0);
        for (n, wait) in [(0, 4), (3, 4), (5, 5), (120, 120), (86_400, 120)] {
            assert_eq!(asked(n), Verdict::Wait(seconds(wait)), "{n}");
        }
    }

    #[test]
    fn server_errors_are_temporary_except_unsupported_requests() {
        let passing: Vec<u16> = (100..=599).filter(|status| passes(*status)).collect();
        let mut expected = vec![408, 425, 429];
        expected.extend((500..=599).filter(|status| ![501, 505].contains(status)));
        assert_eq!(passing, expected);
    }

    #[test]
    fn retry_after_is_read_in_both_forms_against_the_servers_time() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").expect("a time");
        let table = [
            (429, "17", Some(17)),
            (408, " 0 ", Some(0)),
            (503, "Thu, 01 Jan 2026 00:00:40 GMT", Some(40)),
            (503, "Wed, 31 Dec 2025 00:00:00 GMT", Some(0)),
            (200, "59", None),
            (403, "59", None),
            (429, "soon", None),
            (429, "-5", None),
        ];
        for (status, header, expected) in table {
            assert_eq!(retry_after(status, Some(header), now), expected.map(seconds), "{status} {header}");
        }
        assert_eq!(retry_after(429, None, now), None);
    }

    #[test]
    fn a_rate_limit_is_used_up_until_it_is_reset() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").expect("a time");
        let reset = (now.since(Timestamp::EPOCH).as_secs() + 60).to_string();
        let far = (now.since(Timestamp::EPOCH).as_secs() + 86_400).to_string();
        let table = [
            (Some("0"), Some(reset.as_str()), None, Some(60)),
            (Some(" 0 "), Some(reset.as_str()), Some("59"), Some(60)),
            (Some("0"), None, Some("59"), Some(59)),
            (Some("0"), Some(far.as_str()), None, Some(120)),
            (Some("3"), Some(reset.as_str()), Some("59"), None),
            (Some("0"), Some("0"), None, None),
            (Some("0"), None, None, None),
            (Some("none"), Some(reset.as_str()), None, None),
            (None, Some(reset.as_str()), None, None),
        ];
        for (remaining, reset, retry_after, expected) in table {
            let found = exhausted(remaining, reset, retry_after, now);
            assert_eq!(found, expected.map(seconds), "{remaining:?} {reset:?} {retry_after:?}");
        }
    }
}
