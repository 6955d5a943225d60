//! The secrets that this process sent or was given, so that answers that repeat one can be recognized.
//!
//! A server, a proxy or an error page can repeat what it was sent, in a message, in a header, in a
//! field of a record. Text that repeats a secret, in any encoding, is neither shown nor stored.
//!
//! A secret is recognized by its ends, which can still be found in base64 and in an excerpt. Of a token
//! with dots (a JWT) only the last part is used: the first part is the same in every token of an
//! issuer, and FreshBooks' answers contain other tokens.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

use crate::secret::Secret;

/// How many characters at either end are searched for: 16 do not match by chance.
const END: usize = 16;

/// How many consecutive characters of a secret count as a piece of it, wherever in the secret they are.
const PIECE: usize = 24;

/// A shorter secret could appear in a normal answer by chance, so it does not make one unusable.
const SHORTEST_IN_DATA: usize = 8;

/// The same for a message, which is only left out.
const SHORTEST_IN_WORDS: usize = 3;

/// How many layers of encoding are removed; a secret under more layers is not found.
const LAYERS: usize = 3;

/// Shared by all clones of a client.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<RwLock<Vec<Trail>>>);

/// One secret and the texts that reveal it.
struct Trail {
    secret: Secret,
    finders: Vec<Finder<'static>>,
}

impl Sent {
    /// Remembers a secret from now on.
    pub(super) fn note(&self, secret: &Secret) {
        let known = |trails: &[Trail]| trails.iter().any(|trail| trail.secret == *secret);
        if known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut trails = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !known(&trails) {
            trails.push(Trail::of(secret));
        }
    }

    /// Whether an answer repeats a secret and must not be used.
    pub(super) fn is_in(&self, data: &str) -> bool {
        self.finds(data, SHORTEST_IN_DATA)
    }

    /// Whether a message contains a secret, or a piece of one, and must not be shown.
    pub(super) fn is_in_words(&self, words: &str) -> bool {
        let trails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_piece = |text: &[u8]| {
            trails.iter().any(|trail| Finder::new(text).find(trail.secret.expose().as_bytes()).is_some())
        };
        self.finds(words, SHORTEST_IN_WORDS) || words.as_bytes().windows(PIECE).any(is_piece)
    }

    /// `text` without secrets that appear in it unencoded: the rest of a message is worth reading.
    pub(super) fn cut_out_of<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let trails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let secrets = trails.iter().map(|trail| trail.secret.expose());
        let standing = secrets.filter(|secret| secret.len() >= SHORTEST_IN_DATA && text.contains(secret));
        standing.fold(Cow::Borrowed(text), |text, secret| Cow::Owned(text.replace(secret, "[redacted]")))
    }

    /// `words` from the other side, unless they contain a secret.
    pub(super) fn silence(&self, words: String) -> String {
        match self.is_in_words(&words) {
            true => "[redacted]".to_owned(),
            false => words,
        }
    }

    fn finds(&self, text: &str, shortest: usize) -> bool {
        let trails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let finds = |text: &str| {
            let mut trails = trails.iter().filter(|trail| trail.secret.expose().len() >= shortest);
            trails.any(|trail| trail.finders.iter().any(|finder| finder.find(text.as_bytes()).is_some()))
        };
        let mut layer = Cow::Borrowed(text);
        for _ in 0..LAYERS {
            if finds(&layer) {
                return true;
            }
            match decoded(&layer) {
                Some(inner) => layer = Cow::Owned(inner),
                None => return false,
            }
        }
        finds(&layer)
    }
}

impl Trail {
    fn of(secret: &Secret) -> Self {
        let bytes = secret.expose().as_bytes();
        // A JWT's signature; any other secret has only one part.
        let part =
            bytes.rsplit(|byte| *byte == b'.').next().filter(|part| part.len() >= END).unwrap_or(bytes);
        let length = part.len().min(END);
        let ends = [&part[..length], &part[part.len() - length..]];
        let mut marks: Vec<Vec<u8>> = ends.iter().map(|end| end.to_vec()).collect();
        for (end, shift) in ends.iter().flat_map(|end| (0..3).map(move |shift| (end, shift))) {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                // Three bytes become four characters, so the encoded text depends on where the secret
                // begins. The characters that it shares with its neighbours are cut off.
                let encoded = engine.encode([&[0; 2][..shift], end].concat()).into_bytes();
                let (first, last) = ((shift * 8).div_ceil(6), (shift + length) * 8 / 6);
                marks.push(encoded[first..last].to_vec());
            }
        }
        marks.sort();
        marks.dedup();
        let finders = marks.into_iter().map(|mark| Finder::new(&mark).into_owned()).collect();
        Trail { secret: secret.clone(), finders }
    }
}

/// `text` without one layer of percent-encoding (RFC 3986 section 2.1), of JSON's escapes (RFC 8259
/// section 7) and of XML's character references; `None` if there is nothing to decode.
fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut plain = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = memchr::memchr3(b'%', b'\\', b'&', &bytes[at..]) {
        at += found;
        let hex = |from: usize, to: usize| {
            let digits = bytes.get(at + from..at + to)?;
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        let (code, length) = match (bytes[at], bytes.get(at + 1)) {
            (b'%', _) => (hex(1, 3), 3),
            (b'&', _) => character_reference(&bytes[at..]),
            (_, Some(b'u')) => (hex(2, 6), 6),
            (_, Some(escaped)) => (Some(u32::from(*escaped)), 2),
            (_, None) => (None, 1),
        };
        match code {
            None => at += 1,
            Some(code) => {
                plain.extend_from_slice(&bytes[done..at]);
                // Secrets are ASCII; for any other character a placeholder is enough.
                plain.push(u8::try_from(code).ok().filter(u8::is_ascii).unwrap_or(b'?'));
                at = (at + length).min(bytes.len());
                done = at;
            }
        }
    }
    (done > 0).then(|| {
        plain.extend_from_slice(&bytes[done..]);
        String::from_utf8_lossy(&plain).into_owned()
    })
}

/// The character that `&#101;` or `&#x65;` stands for, and the length of the reference.
fn character_reference(text: &[u8]) -> (Option<u32>, usize) {
    let reference = || {
        let digits = text.strip_prefix(b"&#")?;
        let end = digits.iter().take(8).position(|byte| *byte == b';')?;
        let digits = std::str::from_utf8(&digits[..end]).ok()?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        Some((code.ok()?, end + 3))
    };
    reference().map_or((None, 1), |(code, length)| (Some(code), length))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const OPAQUE: &str = "3f1c0a9d5e7b2846f0a1c3e5d7b9082466aa11bb22cc33dd44ee55ff66778899";
    const JWT: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJqdGkiOiI0MiJ9.c2ln~bmF0dXJl?b2Y_dGhlIHRva2Vu";

    fn knowing(secrets: &[&str]) -> Sent {
        let sent = Sent::default();
        secrets.iter().for_each(|secret| sent.note(&Secret::new(*secret)));
        sent
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }

    fn json(text: &str) -> String {
        text.bytes().map(|byte| format!("\\u{byte:04X}")).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_encoding() {
        let sent = knowing(&[OPAQUE, JWT]);
        for secret in [OPAQUE, JWT] {
            let ways: [fn(&str) -> String; 9] = [
                |text| text.to_owned(),
                percent,
                |text| percent(text).to_uppercase(),
                json,
                |text| percent(&json(text)),
                |text| text.bytes().map(|byte| format!("&#{byte};")).collect(),
                |text| text.bytes().map(|byte| format!("&#x{byte:X};")).collect(),
                |text| STANDARD.encode(text),
                |text| URL_SAFE_NO_PAD.encode(text),
            ];
            for (way, around) in
                ways.iter().flat_map(|way| ["", "x", "Bearer ", "Bearer: "].map(|a| (way, a)))
            {
                let text =
                    format!("{{\"error\":\"100% &amp; \\n {}\"}}", way(&format!("{around}{secret}\n")));
                assert!(sent.is_in(&text), "{text}");
                assert_eq!(sent.silence(text), "[redacted]");
            }
        }
        let quoted = format!("Bearer {OPAQUE}, not {JWT}, is no good");
        assert_eq!(sent.cut_out_of(&quoted), "Bearer [redacted], not [redacted], is no good");
        // An excerpt, from either end.
        assert!(sent.is_in(&OPAQUE[..40]) && sent.is_in(&OPAQUE[40..]) && sent.is_in(&JWT[JWT.len() - 20..]));
        assert!(!sent.is_in(&OPAQUE[17..45]) && sent.is_in_words(&OPAQUE[17..45]));
        assert!(!sent.is_in(&JWT[..40]) && sent.is_in_words(&JWT[..40]));
    }

    #[test]
    fn other_text_is_not_taken_for_a_secret() {
        let sent = knowing(&[OPAQUE, JWT, "access", "ab"]);
        // Another token of the same issuer has the same start; a short secret is a word.
        let honest =
            format!("{{\"fasttrack_token\":\"{}.c29tZXRoaW5nIGVsc2U\",\"access\":\"100%\"}}", &JWT[..57]);
        assert!(!sent.is_in(&honest));
        assert_eq!(sent.silence("no access".to_owned()), "[redacted]");
        assert_eq!(sent.silence("about".to_owned()), "about");
        assert!(!Sent::default().is_in(OPAQUE));
    }
}
