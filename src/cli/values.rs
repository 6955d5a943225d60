//! How values are typed.

use std::time::Duration;

use crate::review::Reviewer;

pub(super) const ZONE: &str = "AREA/CITY";
pub(super) const ZONE_HELP: &str = "Where a day begins and ends, such as Europe/Oslo";

/// A profile's name becomes a file's name, so it is kept to what no file system minds.
pub(super) fn profile_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !text.is_empty() && text.len() <= 64 && !text.starts_with('.') && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("use letters, digits, `-`, `_` and `.`, 64 at most, no `.` in front".to_owned()),
    }
}

/// A business's id, and after `=` why its gap is accepted.
pub(super) fn accepted_gap(text: &str) -> Result<(i64, Option<String>), String> {
    let (id, reason) = match text.split_once('=') {
        Some((id, reason)) => (id, Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty())),
        None => (text, None),
    };
    let id = id.trim().parse().map_err(|_| "give a business's id, and after `=` the reason".to_owned())?;
    Ok((id, reason))
}

/// A snapshot's id, or `review-3`, and its hash.
pub(super) fn expectation(text: &str) -> Result<(String, String), String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (name, hash) = match words.as_slice() {
        [name, _time, hash] => (*name, *hash),
        _ => text.trim().split_once(':').ok_or("give a snapshot's id, a colon and its hash")?,
    };
    if name.strip_prefix("review-").unwrap_or(name).parse::<i64>().is_err() {
        return Err("give a snapshot's id, or a name like review-3, before the colon".to_owned());
    }
    Ok((name.to_owned(), sha256(hash)?))
}

/// A seal, or the line that `export` printed it in.
pub(super) fn seal(text: &str) -> Result<String, String> {
    let text = text.trim();
    sha256(text.strip_prefix("seal:").unwrap_or(text))
}

/// The whole of a SHA-256: a part of one would prove little.
fn sha256(text: &str) -> Result<String, String> {
    let hash = text.trim();
    match hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(hash.to_ascii_lowercase()),
        false => Err("give all 64 hexadecimal digits of the hash".to_owned()),
    }
}

/// A name and an address: whether reviewers judged their own access is told by the address.
pub(super) fn reviewer(text: &str) -> Result<Reviewer, String> {
    let reviewer = Reviewer::parse(text);
    match reviewer.name.is_empty() || !reviewer.email.contains('@') {
        true => Err("give a name and an address: 'Ann Ray <ann@example.com>'".to_owned()),
        false => Ok(reviewer),
    }
}

/// A thousand years in seconds; clocks count further than this, but not for ever.
const LONGEST: u64 = 1000 * 366 * 86_400;

/// A length of time: a whole number and `s`, `m`, `h`, `d`, `w` or `y`. A year is taken for the longest
/// there is, so that what has to be kept for years never goes a day early.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 7 * 86_400,
        Some('y') => 366 * 86_400,
        _ => return Err("give a number and a unit, such as 90s, 30m, 26h, 7d, 4w or 7y".to_owned()),
    };
    let number: u64 =
        text[..text.len() - 1].parse().map_err(|_| "give a whole number and a unit".to_owned())?;
    let seconds = number.checked_mul(unit).filter(|seconds| *seconds <= LONGEST).ok_or("that is too long")?;
    Ok(Duration::from_secs(seconds))
}

/// How old a snapshot is, in hours or more: nobody counts that in minutes, and `3m` may mean three months
/// to whoever types it beside `--keep-monthly`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    match text.chars().last() {
        Some('s' | 'm') => Err("give hours, days, weeks or years; three months are 92d".to_owned()),
        _ => duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_whole() {
        let hash = "0a".repeat(32);
        let line = format!("seal: {hash}");
        for text in
            [hash.as_str(), &hash.to_uppercase(), &line, &format!(" {line}\n"), &line.replace(' ', "")]
        {
            assert_eq!(seal(text).as_ref(), Ok(&hash), "{text:?}");
        }
        let longer = format!("{hash}0");
        for text in ["", "zz", "seal:", &hash[1..], &longer, &hash.replace('a', "g"), &format!("seal {hash}")]
        {
            assert!(seal(text).is_err(), "{text:?}");
            assert!(expectation(&format!("3:{text}")).is_err(), "{text:?}");
        }
        assert_eq!(expectation(&format!("3:{hash}")), Ok(("3".to_owned(), hash.clone())));
        let line = format!("review-3 2026-06-30T12:00:00Z {hash}\n");
        assert_eq!(expectation(&line), Ok(("review-3".to_owned(), hash)));
    }

    #[test]
    fn reviewers() {
        let ann = Reviewer { name: "Ann Ray".to_owned(), email: "ann@x.example".to_owned() };
        assert_eq!(reviewer(" Ann Ray <ann@x.example> "), Ok(ann));
        for bad in ["", "Ann", "ann@x.example", "<ann@x.example>", "Ann <>", "Ann <ann>"] {
            assert!(reviewer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!(duration("26h"), Ok(Duration::from_secs(93_600)));
        assert_eq!(age("26h"), duration("26h"));
        assert!(duration("3m").is_ok() && age("3m").is_err() && age("90s").is_err() && age("5").is_err());
        for bad in ["", "h", "5", "-1h", "1.5h", "5ä", "99999999999999999999d", "18446744073709551615s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
