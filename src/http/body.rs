//! The body of an answer: decoded, limited in size, and made parsable.
//!
//! The limit applies to the decoded bytes: zeros compressed a thousandfold would otherwise fill the
//! memory. Compression is detected by the first bytes, because some servers misspell the header that
//! should announce it, and some proxies keep the header after they decompress the body.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

/// The start of a gzip member (RFC 1952 section 2.3.1), which no JSON has.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The part of a body that was received, and why the rest is missing.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) broke_off: Option<String>,
}

/// Reads to the end, but at most `most` bytes, both on the wire and decoded.
pub(super) fn read(raw: impl Read, most: u64) -> Body {
    let mut raw = raw.take(most + 1);
    let mut bytes = Vec::new();
    let read = raw.by_ref().take(2).read_to_end(&mut bytes).and_then(|_| match bytes == GZIP {
        true => {
            bytes.clear();
            MultiGzDecoder::new(GZIP.chain(raw)).take(most + 1).read_to_end(&mut bytes)
        }
        false => raw.read_to_end(&mut bytes),
    });
    match read {
        _ if bytes.len() as u64 > most => {
            let broke_off = Some(format!("the answer is larger than {} MiB", most >> 20));
            Body { bytes: Vec::new(), broke_off }
        }
        Ok(_) => Body { bytes, broke_off: None },
        Err(error) => Body { bytes, broke_off: Some(format!("the answer broke off: {error}")) },
    }
}

/// The body as text, tolerant enough that one character cannot make it unreadable: without a byte order
/// mark, and with U+FFFD for bytes that are not UTF-8 and for half a surrogate pair (RFC 8259 section
/// 8.2).
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => whole_pairs(text).map_or(Cow::Borrowed(text), Cow::Owned),
        Cow::Owned(text) => Cow::Owned(whole_pairs(&text).unwrap_or(text)),
    }
}

/// `json` with `\ufffd` in place of every escaped half of a surrogate pair; `None` if there is none.
fn whole_pairs(json: &str) -> Option<String> {
    let mut mended = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', &json.as_bytes()[at..]) {
        at += found;
        let rest = &json.as_bytes()[at..];
        at += match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
            (None, _) => 2.min(rest.len()),
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(_), _) => {
                mended += &json[done..at];
                mended += "\\ufffd";
                done = at + 6;
                6
            }
        };
    }
    (done > 0).then(|| mended + &json[done..])
}

/// The surrogate that is escaped at the start of `text`.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn compressed_bodies_are_recognized_by_their_first_bytes() {
        let members = [gzip(b"{\"a\":"), gzip(b""), gzip(b"1}")].concat();
        let table = [
            (b"".to_vec(), "", None),
            (b"{".to_vec(), "{", None),
            (b"{\"a\":1}".to_vec(), "{\"a\":1}", None),
            (gzip(b"{\"a\":1}"), "{\"a\":1}", None),
            (members, "{\"a\":1}", None),
            (gzip(b"{\"a\":1}")[..10].to_vec(), "", Some("the answer broke off: ")),
            ([gzip(b"{}"), b"junk".to_vec()].concat(), "{}", Some("the answer broke off: ")),
        ];
        for (raw, expected, problem) in table {
            let Body { bytes, broke_off } = read(&raw[..], 1 << 20);
            let starts = |why: &String| problem.is_some_and(|problem| why.starts_with(problem));
            assert_eq!(String::from_utf8_lossy(&bytes), expected);
            assert!(broke_off.as_ref().map_or(problem.is_none(), starts), "{broke_off:?}");
        }
    }

    #[test]
    fn the_limit_applies_before_and_after_decoding() {
        const MOST: u64 = 1 << 20;
        let most = usize::try_from(MOST).expect("small");
        let is_too_large = |raw: &[u8]| {
            let Body { bytes, broke_off } = read(raw, MOST);
            assert!(bytes.capacity() <= 2 * most + 64, "{}", bytes.capacity());
            broke_off.is_some_and(|why| why == "the answer is larger than 1 MiB")
        };
        assert!(!is_too_large(&vec![b' '; most]) && is_too_large(&vec![b' '; most + 1]));
        assert!(!is_too_large(&gzip(&vec![0; most])) && is_too_large(&gzip(&vec![0; 3 * most])));
        // An endless sequence of empty members.
        let nothing = gzip(b"").repeat(most / 8);
        assert!(nothing.len() > 2 * most && read(&nothing[..], MOST).bytes.is_empty());
    }

    #[test]
    fn half_a_pair_becomes_a_replacement_character_and_the_rest_is_unchanged() {
        let table = [
            (r#"{"a":"\ud83d\ude00 \u00e9 \\ud83d \" \/"}"#, None),
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""x\uD83Dy\uDE00z""#, Some(r#""x\ufffdy\ufffdz""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\\\ud83d\n""#, Some(r#""\\\ufffd\n""#)),
            (r#""\ud83d\u0041""#, Some(r#""\ufffd\u0041""#)),
            (r#""\ud8"#, None),
            ("\\", None),
        ];
        for (json, expected) in table {
            assert_eq!(text(json.as_bytes()), expected.unwrap_or(json));
        }
        assert_eq!(text(b"\xef\xbb\xbf{\"a\":\"\xff\"}"), "{\"a\":\"\u{fffd}\"}");
    }
}
