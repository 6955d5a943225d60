//! Whether a cell still says what the snapshot says, whatever programs it went through.
//!
//! Spreadsheets write the same value in many ways: `true` comes back as `WAHR`, a time without its
//! seconds, an id as a number, or text with trailing blanks. None of this is an edit; a changed letter
//! is.

use super::moment::{self, Order};
use super::sheet::Value;
use crate::report::{LONGEST_CELL, Type, in_words};
use crate::time::Timestamp;

/// The number of digits that a spreadsheet's numbers preserve.
const EXACT_DIGITS: usize = 15;

/// Truth values as spreadsheets in various languages, and our own workbook, write them.
const TRUE: [&str; 10] =
    ["true", "yes", "wahr", "ja", "vrai", "verdadero", "verdadeiro", "vero", "waar", "sant"];
const FALSE: [&str; 9] = ["false", "no", "falsch", "nein", "faux", "falso", "onwaar", "falskt", "non"];

/// Compares a cell with our own text for it: `true` or `false`, RFC 3339, digits, or the text itself.
pub(super) fn same(kind: Type, ours: &str, cell: &Value, order: Option<Order>) -> bool {
    match cell {
        Value::Empty => plain(ours).is_empty(),
        Value::Bool(value) => ours == value.to_string(),
        Value::Number(number) => {
            same_number(ours, &number.to_string())
                || kind == Type::Bool && truth(ours) == Some(*number != 0.0)
        }
        Value::Moment(moment) => Timestamp::parse(ours).is_some_and(|exact| moment.shows(exact)),
        Value::Text(text) => {
            let text = plain(text);
            let guarded = || text.strip_prefix('\'').is_some_and(|rest| rest == plain(ours));
            text == plain(ours)
                || guarded()
                || is_start_of(&text, &plain(ours))
                || kind == Type::Word && text == plain(&in_words(ours))
                || same_number(ours, &text)
                || kind == Type::Bool && truth(&text).is_some() && truth(&text) == truth(ours)
                || kind == Type::Time && shows(&text, ours, order)
        }
    }
}

/// A workbook's cell holds no more than this.
fn is_start_of(text: &str, ours: &str) -> bool {
    text.strip_suffix('…').is_some_and(|start| {
        ours.len() > LONGEST_CELL
            && start.encode_utf16().count() + 2 >= LONGEST_CELL
            && ours.starts_with(start)
    })
}

/// The text without surrounding blanks, and with every other run of blanks and line breaks as one
/// space.
pub(super) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn truth(text: &str) -> Option<bool> {
    let text = text.to_lowercase();
    let among = |words: &[&str]| words.contains(&text.as_str());
    (among(&TRUE) || among(&FALSE)).then(|| among(&TRUE))
}

fn shows(text: &str, ours: &str, order: Option<Order>) -> bool {
    let Some(exact) = Timestamp::parse(ours) else { return false };
    let orders = [order, Some(Order::DayFirst), Some(Order::MonthFirst)];
    // If the order is not known, either is accepted.
    let tried = if order.is_some() { &orders[..1] } else { &orders[1..] };
    tried.iter().any(|order| moment::read(text, *order).is_ok_and(|moment| moment.shows(exact)))
}

/// The same number, to as many digits as the cell has: `6.1E+11` is what remains of a long id.
fn same_number(ours: &str, cell: &str) -> bool {
    let cell = cell.replace(',', ".");
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let Some((exact, shown)) = number(ours).zip(number(&cell)) else { return false };
    let mantissa = cell.split(['e', 'E']).next().unwrap_or_default();
    let (digits, rounding) = match mantissa.len() < cell.len() {
        true => (mantissa.bytes().filter(u8::is_ascii_digit).count().min(EXACT_DIGITS), 0.5),
        // Further digits become zeros.
        false => (EXACT_DIGITS, 1.0),
    };
    let last_digit = 10_f64.powf(exact.abs().log10().floor() - digits as f64 + 1.0);
    exact == shown || (exact - shown).abs() < rounding * last_digit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn the_same_value_in_another_form() {
        let at = "2026-11-25T07:48:24Z";
        let moment = |text| Value::Moment(moment::read(text, None).unwrap());
        let table = [
            (Type::Text, "Zoë", text("Zoë")),
            (Type::Text, "Zoë  Ray", text("\u{a0}Zoë Ray ")),
            (Type::Text, "two\r\nlines", text("two\nlines")),
            (Type::Text, "=1+1", text("'=1+1")),
            (Type::Text, "=1+1", text("=1+1")),
            (Type::Text, &"a".repeat(40_000), text(&("a".repeat(LONGEST_CELL - 1) + "…"))),
            (Type::Word, "no_login", text("no login")),
            (Type::Word, "no_login", text("no_login")),
            (Type::Word, "a_b;c", text("a b; c")),
            (Type::Text, "", Value::Empty),
            (Type::Text, " ", Value::Empty),
            (Type::NumericId, "48202", Value::Number(48202.0)),
            (Type::NumericId, "1234567890123456", Value::Number(1_234_567_890_123_450.0)),
            (Type::NumericId, "612345678901", text("6,12346E+11")),
            (Type::Id, "12E34", Value::Number(12e34)),
            (Type::Id, "0815", Value::Number(815.0)),
            (Type::Bool, "true", Value::Bool(true)),
            (Type::Bool, "true", text("WAHR")),
            (Type::Bool, "false", text("no")),
            (Type::Bool, "false", Value::Number(0.0)),
            (Type::Time, at, text("2026-11-25 07:48")),
            (Type::Time, at, text("11/25/2026 7:48 AM")),
            (Type::Time, at, moment("2026-11-25 07:48:24")),
            (Type::Time, "2026-09-10T07:48:24Z", text("9/10/2026")),
            (Type::Time, "2026-09-10T07:48:24Z", text("10/9/2026")),
        ];
        for (kind, ours, cell) in table {
            assert!(same(kind, ours, &cell, None), "{ours} {cell:?}");
        }
    }

    #[test]
    fn an_edit_is_detected() {
        let table = [
            (Type::Text, "Zoë", text("Zoe")),
            (Type::Text, "Owner", Value::Empty),
            (Type::Text, "Owner", text("Own…")),
            (Type::Text, &"a".repeat(40_000), text("aaa…")),
            (Type::Text, &"a".repeat(40_000), text(&("b".repeat(LONGEST_CELL - 1) + "…"))),
            (Type::Text, "no_login", text("no login")),
            (Type::Text, "", text("Owner")),
            (Type::Text, "Ann", text("''Ann")),
            (Type::Id, "Qd81Zx", text("qd81zX")),
            (Type::Id, "yes", text("true")),
            (Type::NumericId, "6100030", Value::Number(6_100_031.0)),
            (Type::NumericId, "6100030", text("6100031")),
            (Type::NumericId, "612345678901", text("6,13E+11")),
            (Type::Bool, "true", text("no")),
            (Type::Bool, "true", Value::Bool(false)),
            (Type::Bool, "", text("no")),
            (Type::Time, "2026-11-25T07:48:24Z", text("2026-11-26 07:48")),
            (Type::Time, "", text("2026-11-26 07:48")),
            (Type::Time, "2026-11-25T07:48:24Z", Value::Empty),
            (Type::Text, "nan", Value::Number(f64::NAN)),
        ];
        for (kind, ours, cell) in table {
            assert!(!same(kind, ours, &cell, None), "{ours} {cell:?}");
        }
        let us = Some(Order::MonthFirst);
        assert!(!same(Type::Time, "2026-09-10T07:48:24Z", &text("10/9/2026"), us));
    }
}
