//! `SHA256SUMS`: the SHA-256 of every other file, in the form that `sha256sum` and `shasum` read.
//!
//! A folder has exactly one such file: the lines are sorted by name, and anything that the same lines
//! could be written with as well (other line ends, upper-case digits, a second order) is a finding. Else
//! one folder could have many seals.

use std::collections::BTreeMap;

use super::SUMS;

/// The hashes by name.
pub(super) type Sums = BTreeMap<String, String>;

pub(super) fn text(sums: &Sums) -> String {
    sums.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect()
}

/// Reads what can be read of it, and says what is wrong with the rest.
pub(super) fn read(bytes: &[u8], found: &mut Vec<String>) -> Sums {
    let mut sums = Sums::new();
    let whole = String::from_utf8_lossy(bytes);
    for line in whole.lines() {
        match line.split_once("  ").filter(|(sha256, name)| is_sha256(sha256) && is_name(name)) {
            None => found.push(format!("{SUMS} has a line that is not a hash and a name: {line:?}")),
            Some((sha256, name)) => {
                if sums.insert(name.to_owned(), sha256.to_owned()).is_some() {
                    found.push(format!("{SUMS} lists {name} twice"));
                }
            }
        }
    }
    if found.is_empty() && text(&sums).as_bytes() != bytes {
        found
            .push(format!("{SUMS} is not in the form that fbsync writes: sorted by name, lines ended by LF"));
    }
    sums
}

/// Whether it is a SHA-256 as fbsync writes it.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A path below the folder. One that leads elsewhere is none of ours.
fn is_name(name: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    !name.contains(['\\', '\0', '\r']) && name.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_bytes_that_its_lines_give_are_right() {
        let [a, b] = ["0a".repeat(32), "1b".repeat(32)];
        let check = |text: String, expected: &str| {
            let mut found = Vec::new();
            read(text.as_bytes(), &mut found);
            let fine =
                if expected.is_empty() { found.is_empty() } else { found.join("; ").contains(expected) };
            assert!(fine, "{text:?}: {found:?}");
        };
        check(format!("{a}  access.csv\n{b}  reviewed/a b.xlsx\n"), "");
        check(String::new(), "");
        check(format!("{b}  roles.csv\n{a}  access.csv\n"), "sorted");
        check(format!("{a}  access.csv\r\n{b}  roles.csv\r\n"), "LF");
        check(format!("{a}  access.csv\n{b}  roles.csv"), "LF");
        check(format!("{a}  access.csv\n\n"), "not a hash");
        check(format!("\u{feff}{a}  access.csv\n"), "not a hash");
        check(format!("{}  access.csv\n", a.to_uppercase()), "not a hash");
        check(format!("{}  access.csv\n", &a[1..]), "not a hash");
        check(format!("{a} *access.csv\n"), "not a hash");
        check(format!("{a}  access.csv\n{a}  access.csv\n"), "twice");
        check(format!("{a}  access.csv\n{b}  access.csv\n"), "twice");
        for name in ["../passwd", "/etc/passwd", "a/../../b", "a\\b", "", ".", "a//b", "a/"] {
            check(format!("{a}  {name}\n"), "not a hash");
        }
        let mut found = Vec::new();
        assert!(read(b"\xff\xfe", &mut found).is_empty() && found.len() == 1);
    }
}
