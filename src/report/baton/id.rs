//! Stable ids of syncs and of people.

use sha2::{Digest as _, Sha256};

use crate::model::reading::hex;
use crate::time::Timestamp;

/// Seconds between 1970 and the year from which KSUIDs count (segmentio/ksuid).
const KSUID_EPOCH: u64 = 1_400_000_000;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A KSUID, which converters of the format require: the end of the snapshot, then the beginning of its
/// content hash where others have random bytes. A selection of businesses gives another id.
pub(super) fn of_sync(finished_at: Timestamp, content_sha256: &str, businesses: &[i64]) -> String {
    let content = match businesses {
        [] => content_sha256.to_owned(),
        these => hex(Sha256::digest(format!("{content_sha256} {these:?}"))),
    };
    let seconds = finished_at.since(Timestamp::EPOCH).as_secs().saturating_sub(KSUID_EPOCH);
    let payload = content.get(..32).and_then(|half| u128::from_str_radix(half, 16).ok()).unwrap_or_default();
    ksuid(u32::try_from(seconds).unwrap_or(u32::MAX), payload)
}

/// 20 bytes in 27 characters: four of time, sixteen of payload.
fn ksuid(seconds: u32, payload: u128) -> String {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4..].copy_from_slice(&payload.to_be_bytes());
    let mut digits = [b'0'; 27];
    for digit in digits.iter_mut().rev() {
        // One long division by 62; what remains is the next digit from the right.
        let remainder = bytes.iter_mut().fold(0, |carry: u32, byte| {
            let value = carry << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            value % 62
        });
        *digit = BASE62[remainder as usize];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// A person's id, derived from their key: the identity's number, or a hash of the address, or the id of the
/// member record. It has no colon, because colons join the parts of other ids.
pub(super) fn of_user(key: &str) -> String {
    match key.split_once(':') {
        Some(("identity", id)) => id.to_owned(),
        Some(("email", address)) => format!("e-{}", &hex(Sha256::digest(address))[..16]),
        Some(("member", record)) => format!("m-{}", record.replace(':', "-")),
        _ => format!("k-{}", &hex(Sha256::digest(key))[..16]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of segmentio/ksuid, and its smallest and largest.
    #[test]
    fn a_ksuid_is_written_as_its_authors_write_it() {
        let check = |seconds, payload, expected: &str| assert_eq!(ksuid(seconds, payload), expected);
        check(107_608_047, 0xB5A1_CD34_B5F9_9D11_54FB_6853_345C_9735, "0ujtsYcgvSTl8PAuAdqWYSMnLOv");
        check(0, 0, "000000000000000000000000000");
        check(u32::MAX, u128::MAX, "aWgEPTl1tmebfsQzFP4bxwgy80V");
    }

    #[test]
    fn a_sync_s_name_follows_from_time_content_and_businesses() {
        let name = |seconds, sha256: &str, businesses: &[i64]| {
            of_sync(Timestamp::from_unix(seconds).expect("a time"), sha256, businesses)
        };
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let names = [
            name(1_782_820_800, &a, &[]),
            name(1_782_820_801, &a, &[]),
            name(1_782_820_800, &b, &[]),
            name(1_782_820_800, &a, &[1]),
            name(1_782_820_800, &a, &[2]),
        ];
        assert!(names.iter().all(|name| name.len() == 27));
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
        assert_eq!(names[0], name(1_782_820_800, &a, &[]));
        assert!(names[0] < names[1], "later ones sort behind");
    }

    #[test]
    fn a_user_s_id_has_no_colon() {
        assert_eq!(of_user("identity:6100001"), "6100001");
        assert_eq!(of_user("email:ann@x.example"), "e-ff8cae1e494318af");
        assert_eq!(of_user("member:6f0d2c1e-0000"), "m-6f0d2c1e-0000");
        assert_eq!(of_user("member:record:ab"), "m-record-ab");
        assert_ne!(of_user("email:ann@x.example"), of_user("email:ann@x.example/ann lee"));
    }
}
