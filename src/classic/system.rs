//! A Classic system, identified by the name before `.freshbooks.com` in its address.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::app::{App, environment};
use crate::error::{Error, Kind, Result};

/// The name of a system, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct System(String);

impl System {
    /// Takes the name, or the address that people sign in at.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let name = lower.strip_prefix("https://").unwrap_or(&lower);
        let name = name.split_once('/').map_or(name, |(host, _)| host);
        let name = name.strip_suffix(".freshbooks.com").unwrap_or(name);
        match is_label(name) {
            true => Ok(System(name.to_owned())),
            false => Err(Error::new(Kind::Usage, format!("`{text}` is not the name of a Classic system"))
                .hint("use the part of its address before .freshbooks.com: fbsync auth --classic NAME")),
        }
    }

    /// `app`, pointed at this system.
    pub(crate) fn app(&self, app: &App) -> Result<App> {
        Ok(app.at(environment::classic_origin(&self.own_origin())?))
    }

    fn own_origin(&self) -> String {
        format!("https://{self}.freshbooks.com")
    }

    /// Systems have no number of their own, so it is derived from the name.
    pub(crate) fn business_id(&self) -> i64 {
        first_52_bits(&format!("classic:{self}"))
    }

    /// Staff ids start at 1 in every system, so the system's name is part of this one.
    pub(crate) fn identity_id(&self, staff_id: &str) -> i64 {
        first_52_bits(&format!("classic:{self}:staff:{staff_id}"))
    }
}

/// Whether `origin` is that of a system at FreshBooks itself.
pub(crate) fn is_genuine(origin: &str) -> bool {
    System::parse(origin).is_ok_and(|system| system.own_origin() == origin)
}

/// One label of a host name (RFC 1123 section 2.1), so that it cannot name another host.
fn is_label(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-') && !name.ends_with('-')
}

/// Of its SHA-256. JSON readers and spreadsheets hold integers of up to 53 bits exactly.
fn first_52_bits(text: &str) -> i64 {
    let digest = Sha256::digest(text);
    digest.iter().take(7).fold(0, |bits, byte| bits << 8 | i64::from(*byte)) >> 4
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for System {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        System::parse(&text)
    }
}

impl From<System> for String {
    fn from(system: System) -> String {
        system.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_named_as_people_know_it_and_leads_nowhere_else() {
        let table = [
            ("acme", Some("acme")),
            (" Acme-2 ", Some("acme-2")),
            ("acme.freshbooks.com", Some("acme")),
            ("https://ACME.freshbooks.com/menu.php", Some("acme")),
            ("", None),
            ("-acme", None),
            ("acme-", None),
            ("a.b", None),
            ("acme@evil", None),
            ("evil.example/x", None),
            ("evil.example:1", None),
            ("http://acme", None),
            ("acmé", None),
        ];
        for (text, expected) in table {
            assert_eq!(System::parse(text).ok().map(String::from).as_deref(), expected, "{text}");
        }
        assert!(System::parse(&"a".repeat(63)).is_ok() && System::parse(&"a".repeat(64)).is_err());
    }

    #[test]
    fn only_freshbooks_hosts_are_genuine() {
        let table = [
            ("https://acme.freshbooks.com", true),
            ("http://acme.freshbooks.com", false),
            ("https://acme.freshbooks.com:8443", false),
            ("https://a.b.freshbooks.com", false),
            ("https://freshbooks.com", false),
            ("https://acme.freshbooks.com.evil.example", false),
            ("http://127.0.0.1", false),
            ("acme", false),
        ];
        for (origin, expected) in table {
            assert_eq!(is_genuine(origin), expected, "{origin}");
        }
    }

    #[test]
    fn its_number_is_the_first_13_digits_of_the_hash() {
        let acme = System::parse("acme").expect("a name");
        // printf classic:acme | sha256sum
        assert_eq!(format!("{:013x}", acme.business_id()), "77623a502e3b4");
        // printf classic:acme:staff:1 | sha256sum
        assert_eq!(format!("{:013x}", acme.identity_id("1")), "028f5e0db98a4");
    }
}
