//! Days and times as spreadsheets write them, in every unambiguous form.
//!
//! A date that was typed as text, or that went through a CSV file, looks as the program's locale
//! formats it: `2026-09-30`, `30.09.2026`, `9/30/2026`, `30-Sep-26`, or the bare serial number 46295.
//! In `9/10/2026` it is not clear which number is the month, unless the file's other dates show it.

use std::fmt;
use std::ops::RangeInclusive;

pub(crate) use crate::time::Day;
use crate::time::Timestamp;

const SECONDS_A_DAY: f64 = 86_400.0;

/// The serial number of 1970-01-01, where 1 is the first day of 1900 and 1900 counts as a leap year
/// (ECMA-376 part 1, section 18.17.4.1).
const SERIAL_OF_EPOCH: f64 = 25_569.0;

/// From 1999 to 2173: a number outside this range is not meant as the serial of a day.
const SERIALS: RangeInclusive<f64> = 36_161.0..=100_000.0;

/// How much of a moment a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    Day,
    Minute,
    Second,
}

/// A date, possibly with a time of day, in a time zone that the cell does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// As if the zone were UTC.
    at: Timestamp,
    precision: Precision,
}

impl Moment {
    pub(crate) fn day(self) -> Day {
        Day::of(self.at)
    }

    /// The moment, if the cell has a time of day.
    pub(crate) fn clock(self) -> Option<Timestamp> {
        (self.precision != Precision::Day).then_some(self.at)
    }

    /// Whether the cell shows `exact`, to the cell's precision. A second either way is rounding.
    pub(crate) fn shows(self, exact: Timestamp) -> bool {
        let apart = self.at.since(exact).max(exact.since(self.at)).as_secs();
        match self.precision {
            Precision::Day => self.day() == (Moment { at: exact, ..self }).day(),
            Precision::Minute => apart < 60,
            Precision::Second => apart <= 1,
        }
    }

    /// A serial number: days since 1899-12-30, as spreadsheets store dates.
    pub(crate) fn from_serial(serial: f64) -> Option<Self> {
        if !SERIALS.contains(&serial) {
            return None;
        }
        let seconds = ((serial - SERIAL_OF_EPOCH) * SECONDS_A_DAY).round();
        let at = Timestamp::from_unix(seconds as i64)?;
        let precision = if serial.fract() == 0.0 { Precision::Day } else { Precision::Second };
        Some(Moment { at, precision })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.precision {
            Precision::Day => self.day().fmt(f),
            _ => self.at.fmt(f),
        }
    }
}

/// Whether a file writes the day or the month first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    NoDate,
    /// It could be two different days, and nothing decides which.
    Ambiguous,
}

/// The order that the dates of one sheet, taken together, reveal.
pub(crate) fn order<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Order> {
    let (mut day_first, mut month_first) = (false, false);
    for text in texts {
        let (date, _) = split(text);
        if let [Ok(first), Ok(second), _] = parts(date).map(str::parse::<u8>).collect::<Vec<_>>()[..] {
            day_first |= first > 12;
            month_first |= second > 12 && first <= 12;
        }
    }
    match (day_first, month_first) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => None,
    }
}

/// Reads a date, with or without a time of day after it. An offset or zone is ignored.
pub(crate) fn read(text: &str, order: Option<Order>) -> Result<Moment, Doubt> {
    if let Some(serial) = text.trim().replace(',', ".").parse().ok().and_then(Moment::from_serial) {
        return Ok(serial);
    }
    let (date, time) = split(text);
    let (year, month, day) = date_of(date, order)?;
    let (clock, precision) = match time {
        Some(time) => time_of(time).ok_or(Doubt::NoDate)?,
        None => ("00:00:00".to_owned(), Precision::Day),
    };
    let at = Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T{clock}Z")).ok_or(Doubt::NoDate)?;
    Ok(Moment { at, precision })
}

/// The date, and the time of day if there is one.
fn split(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    let clock = text.find(':').and_then(|colon| text[..colon].rfind(|c: char| c == 'T' || c.is_whitespace()));
    match clock {
        Some(at) => (&text[..at], Some(text[at..].trim_start_matches('T').trim())),
        None => (text, None),
    }
}

fn parts(date: &str) -> impl Iterator<Item = &str> {
    date.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

fn date_of(date: &str, order: Option<Order>) -> Result<(u16, u8, u8), Doubt> {
    let parts: Vec<&str> = parts(date).collect();
    let [first, second, third] = parts[..] else { return Err(Doubt::NoDate) };
    let number = |text: &str| text.parse::<u8>().map_err(|_| Doubt::NoDate);
    if let (4, Ok(year)) = (first.len(), first.parse()) {
        return Ok((year, month_named(second).map_or_else(|| number(second), Ok)?, number(third)?));
    }
    let year = match (third.len(), third.parse::<u16>()) {
        (4, Ok(year)) => year,
        (2, Ok(year)) => 2000 + year,
        _ => return Err(Doubt::NoDate),
    };
    if let Some(month) = month_named(second) {
        return Ok((year, month, number(first)?));
    }
    if let Some(month) = month_named(first) {
        return Ok((year, month, number(second)?));
    }
    let (first, second) = (number(first)?, number(second)?);
    // With dots between the numbers, the day comes first.
    let order = if date.contains('.') { Some(Order::DayFirst) } else { order };
    match order {
        _ if first > 12 || first == second => Ok((year, second, first)),
        _ if second > 12 => Ok((year, first, second)),
        Some(Order::DayFirst) => Ok((year, second, first)),
        Some(Order::MonthFirst) => Ok((year, first, second)),
        None => Err(Doubt::Ambiguous),
    }
}

/// A month by its English or German name, or the first three letters.
fn month_named(word: &str) -> Option<u8> {
    const NAMES: [&str; 2] = [
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jän feb mär apr mai jun jul aug sep okt nov dez",
    ];
    let start: String = word.to_lowercase().chars().take(3).collect();
    let position = |names: &&str| names.split(' ').position(|name| name == start);
    NAMES.iter().find_map(position).and_then(|month| u8::try_from(month + 1).ok())
}

/// `HH:MM:SS`, and the precision.
fn time_of(text: &str) -> Option<(String, Precision)> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    let end = text.find(|c| !digits(c)).unwrap_or(text.len());
    let fields: Vec<&str> = text[..end].split(':').collect();
    let hour: u8 = fields.first()?.parse().ok()?;
    let hour = match text[end..].trim().to_ascii_lowercase().replace('.', "").as_str() {
        "pm" if hour < 12 => hour + 12,
        "am" if hour == 12 => 0,
        "" | "z" | "utc" | "am" | "pm" => hour,
        offset if offset.starts_with(['+', '-']) => hour,
        _ => return None,
    };
    let minute = fields.get(1)?;
    match fields.get(2) {
        Some(second) => {
            let whole = second.split('.').next()?;
            Some((format!("{hour:02}:{minute:0>2}:{whole:0>2}"), Precision::Second))
        }
        None => Some((format!("{hour:02}:{minute:0>2}:00"), Precision::Minute)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, order: Option<Order>, expected: Result<&str, Doubt>) {
        let read = read(text, order).map(|moment| moment.to_string());
        assert_eq!(read.as_deref().map_err(|doubt| *doubt), expected, "{text} {order:?}");
    }

    #[test]
    fn a_day_in_every_form() {
        let forms = "2026-09-30 2026/09/30 2026.09.30. 2026.9.30 30.09.2026 30.9.26 9/30/2026 09/30/26 30/09/2026 30-09-2026 \
                     30-Sep-26 30-Sep-2026 2026-Sep-30 Sep-30-2026 46295 46295.0 46295,0";
        let spaced = [
            "30. 9. 2026",
            "2026. 9. 30.",
            "30. September 2026",
            "Sept 30, 2026",
            "30 SEP 2026",
            " 2026-09-30 ",
        ];
        for form in forms.split_whitespace().chain(spaced) {
            for order in [None, Some(Order::DayFirst), Some(Order::MonthFirst)] {
                check(form, order, Ok("2026-09-30"));
            }
        }
        check("1. März 2026", None, Ok("2026-03-01"));
        check("15-Dez-26", None, Ok("2026-12-15"));
    }

    #[test]
    fn the_order_of_day_and_month_must_be_known() {
        for form in ["9/10/2026", "09/10/26", "9-10-2026"] {
            check(form, None, Err(Doubt::Ambiguous));
            check(form, Some(Order::DayFirst), Ok("2026-10-09"));
            check(form, Some(Order::MonthFirst), Ok("2026-09-10"));
        }
        check("9.10.2026", Some(Order::MonthFirst), Ok("2026-10-09"));
        check("9/9/2026", None, Ok("2026-09-09"));
    }

    #[test]
    fn other_texts_are_not_dates() {
        for text in [
            "",
            "soon",
            "Q3",
            "2026",
            "2026-09",
            "30.09.",
            "31.09.2026",
            "13/13/2026",
            "2026-02-30",
            "0",
            "20260930",
            "9/30/226",
            "2026-09-30 25:00",
            "2026-09-30 noon:30",
            "45/2026/1",
            "-46295",
            "1e9",
            "NaN",
        ] {
            check(text, None, Err(Doubt::NoDate));
        }
    }

    #[test]
    fn times_of_day() {
        for form in [
            "2026-09-30T14:05:07Z",
            "2026-09-30 14:05:07",
            "30.09.2026 14:05:07",
            "9/30/2026 2:05:07 PM",
            "30/09/2026, 14:05:07.4",
            "2026-09-30T14:05:07+02:00",
            "9/30/2026 2:05:07 p.m.",
        ] {
            check(form, None, Ok("2026-09-30T14:05:07Z"));
        }
        check("9/30/2026 12:00 AM", None, Ok("2026-09-30T00:00:00Z"));
        check("9/30/2026 12:00 PM", None, Ok("2026-09-30T12:00:00Z"));
        check("46295.5", None, Ok("2026-09-30T12:00:00Z"));
        check("46295,5", None, Ok("2026-09-30T12:00:00Z"));
    }

    #[test]
    fn a_cell_shows_a_moment_to_its_precision() {
        let exact = Timestamp::parse("2026-11-25T07:48:24Z").unwrap();
        let shows = |text| read(text, None).unwrap().shows(exact);
        for text in [
            "2026-11-25T07:48:24Z",
            "2026-11-25 07:48",
            "25.11.2026 07:48:25",
            "11/25/2026",
            "46351.32527777778",
        ] {
            assert!(shows(text), "{text}");
        }
        for text in ["2026-11-25T07:48:30Z", "2026-11-25 07:50", "2026-11-24", "2026-11-25 19:48"] {
            assert!(!shows(text), "{text}");
        }
    }

    #[test]
    fn the_dates_of_a_sheet_reveal_their_order() {
        let table = [
            (&["9/10/2026", "9/30/2026"][..], Some(Order::MonthFirst)),
            (&["9/10/2026", "30/9/2026 14:05"], Some(Order::DayFirst)),
            (&["9/10/2026", "10/11/2026"], None),
            (&["9/30/2026", "30/9/2026"], None),
            (&["9/10/2026", "2026-09-30", "soon", ""], None),
        ];
        for (texts, expected) in table {
            assert_eq!(order(texts.iter().copied()), expected, "{texts:?}");
        }
    }

    #[test]
    fn days_are_counted() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2026-10-30").days_since(day("2026-09-30")), 30);
        assert_eq!(day("2026-09-29").days_since(day("2026-09-30")), 0);
        assert!(day("2026-09-30") < day("2026-10-01"));
        assert_eq!(Day::parse("2026-9-30"), None);
        assert_eq!(read("2026-09-30 23:59:59", None).unwrap().day(), day("2026-09-30"));
    }
}
