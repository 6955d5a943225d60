//! A moment in whole seconds, always UTC: the only form of time that fbsync keeps.
//!
//! Written as RFC 3339 with `Z` at a fixed width, so that the texts sort in order of time. Only this
//! file uses `jiff`, which does all calendar arithmetic.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::Range;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Seconds since 1970-01-01T00:00:00Z, plus one. The value is never zero, so an `Option<Timestamp>`
/// needs no extra space; a member has four of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timestamp(NonZeroU64);

const SECONDS_A_DAY: u64 = 86_400;

/// The last year with four digits is 9999, and jiff's range ends there as well.
const LATEST: u64 = 253_402_207_200;

impl Timestamp {
    pub(crate) const EPOCH: Timestamp = Timestamp(NonZeroU64::MIN);

    /// From Unix seconds; `None` outside the years that can be written in four digits.
    pub(crate) fn from_unix(seconds: i64) -> Option<Self> {
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds <= LATEST)?;
        Some(Timestamp(NonZeroU64::MIN.saturating_add(seconds)))
    }

    /// Reads what FreshBooks writes: RFC 3339 with `Z`, an offset, a fraction, or no zone at all, which
    /// its projects API uses for UTC. `None` if it cannot be read.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let seconds = match text.parse::<jiff::Timestamp>() {
            Ok(moment) => moment.as_second(),
            Err(_) => {
                let civil = text.parse::<jiff::civil::DateTime>().ok()?;
                civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second()
            }
        };
        Self::from_unix(seconds)
    }

    /// Reads RFC 3339 with an offset, as a person types it to name an exact moment.
    pub(crate) fn parse_exact(text: &str) -> Option<Self> {
        Self::from_unix(text.parse::<jiff::Timestamp>().ok()?.as_second())
    }

    /// Reads a local time of FreshBooks' accounting API, which uses US Eastern time with daylight
    /// saving (official SDKs). A time that occurs twice is read as the first of the two; a time that
    /// the change skips is read with the offset before the change.
    pub(crate) fn parse_eastern(text: &str) -> Option<Self> {
        // The rule in force since 2007, so no time zone database is needed.
        let eastern = jiff::tz::TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").ok()?;
        let civil = text.trim().parse::<jiff::civil::DateTime>().ok()?;
        Self::from_unix(eastern.to_ambiguous_timestamp(civil).compatible().ok()?.as_second())
    }

    /// Reads an HTTP date (RFC 9110 section 5.6.7), as in `Date` and `Retry-After`.
    pub(crate) fn parse_http_date(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::parse(text).ok()?;
        Self::from_unix(moment.timestamp().as_second())
    }

    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        let later = self.0.saturating_add(duration.as_secs());
        Timestamp(later.min(NonZeroU64::MIN.saturating_add(LATEST)))
    }

    pub(crate) fn saturating_sub(self, duration: Duration) -> Self {
        Timestamp(NonZeroU64::MIN.saturating_add(self.unix().saturating_sub(duration.as_secs())))
    }

    /// The day in UTC, `YYYY-MM-DD`.
    pub(crate) fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    /// The minute in UTC, `YYYY-MM-DD HH:MM`, for people.
    pub(crate) fn minute(self) -> String {
        self.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
    }

    /// The time elapsed since `earlier`; zero if `earlier` is later.
    pub(crate) fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_secs(self.unix().saturating_sub(earlier.unix()))
    }

    /// Seconds since 1970.
    pub(crate) fn unix(self) -> u64 {
        self.0.get() - 1
    }

    fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(i64::try_from(self.unix()).ok()?).ok()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.to_jiff().ok_or(fmt::Error)?;
        // Without a fraction, jiff writes whole seconds and `Z`, much faster than with a pattern.
        moment.fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::parse(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a time"))
    }
}

/// The time zone in which days begin and end. Never the machine's own zone, so that a question has the
/// same answer on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// By its name in the IANA database, such as `Europe/Oslo`.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        TimeZone::get(name)
            .map(Zone)
            .map_err(|_| "there is no such time zone; use a name like Europe/Oslo".into())
    }

    pub(crate) fn utc() -> Self {
        Zone(TimeZone::UTC)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The last second of a day, given as `YYYY-MM-DD`.
    pub(crate) fn end_of_day(&self, day: &str) -> Option<Timestamp> {
        let next = date(day)?.tomorrow().ok()?;
        Some(self.start(next)?.saturating_sub(Duration::from_secs(1)))
    }

    /// A year (`2026`), a quarter (`2026-Q3`) or a month (`2026-09`); the end is exclusive.
    pub(crate) fn period(&self, text: &str) -> Option<Range<Timestamp>> {
        let (year, part) = text.split_once('-').unwrap_or((text, ""));
        let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
        let (first, months) = match part.strip_prefix('Q') {
            Some(quarter) if digits(quarter, 1) => ((quarter.parse::<i8>().ok()? - 1) * 3 + 1, 3),
            None if part.is_empty() && !text.contains('-') => (1, 12),
            None if digits(part, 2) => (part.parse().ok()?, 1),
            _ => return None,
        };
        let first = Date::new(digits(year, 4).then(|| year.parse().ok())??, first, 1).ok()?;
        let next = first.checked_add(jiff::Span::new().months(months)).ok()?;
        Some(self.start(first)?..self.start(next)?)
    }

    /// The day of a moment, `YYYY-MM-DD`; its first seven characters are the month.
    pub(crate) fn day_of(&self, moment: Timestamp) -> String {
        let local = moment.to_jiff().map(|moment| moment.to_zoned(self.0.clone()));
        local.map(|local| local.date().to_string()).unwrap_or_default()
    }

    fn start(&self, day: Date) -> Option<Timestamp> {
        Timestamp::from_unix(day.to_zoned(self.0.clone()).ok()?.timestamp().as_second())
    }
}

/// A day of the calendar, in no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Day(Timestamp);

impl Day {
    /// Reads `YYYY-MM-DD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        date(text)?;
        Timestamp::parse(&format!("{text}T00:00:00Z")).map(Day)
    }

    /// The day of a moment in UTC.
    pub(crate) fn of(moment: Timestamp) -> Self {
        let of_day = moment.unix() % SECONDS_A_DAY;
        Day(moment.saturating_sub(Duration::from_secs(of_day)))
    }

    /// Whole days since `earlier`; zero if `earlier` is later.
    pub(crate) fn days_since(self, earlier: Day) -> u64 {
        self.0.since(earlier.0).as_secs() / SECONDS_A_DAY
    }
}

/// As `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.day())
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Day::parse(&text).ok_or_else(|| format!("`{text}` is not a date"))
    }
}

/// Accepts only this unambiguous form: jiff would read `20260630` as well.
fn date(text: &str) -> Option<Date> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    (shape == "9999-99-99").then(|| text.parse().ok())?
}

/// A duration for people: `35 s`, `12 min`, `11 h 58 min`, `3 d 4 h`. Rounded from one hour up, so one
/// second less than twelve hours is twelve hours.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let nearest = |unit: u64| (seconds + unit / 2) / unit;
    let (minutes, hours) = (nearest(60), nearest(3600));
    let pair = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ if minutes < 24 * 60 => pair(minutes / 60, "h", minutes % 60, "min"),
        _ => pair(hours / 24, "d", hours % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_the_api_writes() {
        let same =
            ["2024-02-01T09:30:00Z", "2024-02-01T09:30:00", "2024-02-01 09:30:00", "2024-02-01T09:30:00.25Z"];
        for text in same.into_iter().chain(["2024-02-01T04:30:00-05:00", " 2024-02-01T09:30:00Z "]) {
            let moment = Timestamp::parse(text).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), Some("2024-02-01T09:30:00Z"), "{text}");
        }
        for text in ["", "0000-00-00 00:00:00", "yesterday", "2024-13-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn eastern_times_follow_daylight_saving() {
        let utc = |text: &str| Timestamp::parse_eastern(text).map(|moment| moment.to_string());
        assert_eq!(utc("2026-01-15 09:00:00").as_deref(), Some("2026-01-15T14:00:00Z"));
        assert_eq!(utc("2026-07-01 12:00:00").as_deref(), Some("2026-07-01T16:00:00Z"));
        // Occurs twice on the night the clocks go back: the first of the two.
        assert_eq!(utc("2026-11-01 01:30:00").as_deref(), Some("2026-11-01T05:30:00Z"));
        // Skipped on the night they go forward.
        assert_eq!(utc("2026-03-08 02:30:00").as_deref(), Some("2026-03-08T07:30:00Z"));
        assert_eq!(utc("0000-00-00 00:00:00"), None);
        assert_eq!(utc(""), None);
    }

    #[test]
    fn reads_http_dates() {
        let moment = Timestamp::parse_http_date("Thu, 01 Feb 2024 09:30:00 GMT");
        assert_eq!(moment.map(Timestamp::unix), Some(1_706_779_800));
        assert_eq!(Timestamp::parse_http_date("120"), None);
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("a zone")
    }

    #[test]
    fn a_day_ends_where_the_zone_says() {
        let ends = |name, day| zone(name).end_of_day(day).map(|moment| moment.to_string());
        assert_eq!(ends("UTC", "2026-06-30").as_deref(), Some("2026-06-30T23:59:59Z"));
        assert_eq!(ends("Europe/Oslo", "2026-06-30").as_deref(), Some("2026-06-30T21:59:59Z"));
        assert_eq!(ends("Europe/Oslo", "2026-12-31").as_deref(), Some("2026-12-31T22:59:59Z"));
        // The clocks go forward at midnight: the next day begins at one.
        assert_eq!(ends("America/Asuncion", "2023-09-30").as_deref(), Some("2023-10-01T03:59:59Z"));
        for bad in ["2026-02-30", "2026-6-30", "20260630", "30.06.2026", "2026-06-30T00:00:00Z", ""] {
            assert_eq!(ends("UTC", bad), None, "{bad}");
        }
        assert!(Zone::named("Europe/Atlantis").is_err());
    }

    #[test]
    fn a_period_is_a_year_a_quarter_or_a_month() {
        let period =
            |name, text| zone(name).period(text).map(|range| format!("{} {}", range.start, range.end));
        let expected = Some("2026-07-01T00:00:00Z 2026-10-01T00:00:00Z".to_owned());
        assert_eq!(period("UTC", "2026-Q3"), expected);
        assert_eq!(period("UTC", "2026"), Some("2026-01-01T00:00:00Z 2027-01-01T00:00:00Z".to_owned()));
        assert_eq!(period("UTC", "2026-12"), Some("2026-12-01T00:00:00Z 2027-01-01T00:00:00Z".to_owned()));
        assert_eq!(
            period("Europe/Oslo", "2026-03"),
            Some("2026-02-28T23:00:00Z 2026-03-31T22:00:00Z".to_owned())
        );
        for bad in [
            "",
            "26",
            "2026-",
            "2026-Q5",
            "2026-Q0",
            "2026-13",
            "2026-9",
            "2026-Q",
            "2026-09-01",
            "-2026",
            "2026-Q-1",
        ] {
            assert_eq!(period("UTC", bad), None, "{bad}");
        }
    }

    #[test]
    fn says_lengths_of_time() {
        let said = |lengths: [u64; 5]| lengths.map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(
            said([35, 720, 7200, 43_080, 273_600]),
            ["35 s", "12 min", "2 h", "11 h 58 min", "3 d 4 h"]
        );
        assert_eq!(said([59, 3599, 43_199, 86_399, 90_000]), ["59 s", "59 min", "12 h", "1 d", "1 d 1 h"]);
    }
}
