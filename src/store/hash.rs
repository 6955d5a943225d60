//! How content becomes a hash. Documented in the README, so that it can be recomputed without fbsync.
//!
//! Layout `fbsync-1`, everything in UTF-8, every hash SHA-256. What is hashed begins with a line that
//! says what kind of thing it is and how many parts it has: nothing passes for a thing of another kind,
//! and no section runs into the next (compare git's `blob 12\0`, RFC 9162 section 2.1.1).
//!
//! - a record: its text, a JSON object. It alone begins with `{`, and anybody can check it;
//! - a row: `membership 24`, and on the next line its columns as a compact JSON array;
//! - a listing: `memberships 2`, and a line for each row: its hash and that of the account which holds
//!   it; or `records 3`, and the hash of each record, sorted;
//! - what pruning erases of a snapshot: `erasable 4` and four sections, each headed like a thing of its
//!   own: `provenance` (the snapshot's columns that are erased), `listings` (for each business the hashes
//!   of its row, its memberships and its further records, then that of the identity's record),
//!   `coverage` and `requests`;
//! - a snapshot: `snapshot 2`, its columns that stay but `content_sha256`, and the hash of what is erasable.
//!
//! A layout never changes: a column that comes later enters the hashes of a later layout only.

use std::io::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::field::Field;
use crate::model::reading::{Digest, Hex};

/// The layout of whatever this version writes.
pub(super) const LAYOUT: Layout = Layout(1);

/// A version of the layout of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Layout(pub(super) i64);

impl Layout {
    /// As the column `hash_layout` has it.
    pub(super) fn name(self) -> String {
        format!("fbsync-{}", self.0)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let number = name.strip_prefix("fbsync-")?.parse().ok()?;
        Some(Layout(number)).filter(|layout| layout.name() == name)
    }
}

/// A hash in the making, fed line by line.
#[derive(Default)]
pub(super) struct Hasher {
    sha256: Sha256,
    line: Vec<u8>,
}

impl Hasher {
    /// Begins a thing, or the next section of one, of which so many parts follow.
    pub(super) fn head(&mut self, kind: &str, parts: usize) {
        self.line.clear();
        // A vector takes everything.
        let _ = writeln!(self.line, "{kind} {parts}");
        self.sha256.update(&self.line);
    }

    pub(super) fn row<T: Serialize>(&mut self, fields: impl Iterator<Item = T>) {
        self.line.clear();
        let mut mark = b'[';
        for field in fields {
            self.line.push(mark);
            // Numbers and text always serialize.
            let _ = serde_json::to_writer(&mut self.line, &field);
            mark = b',';
        }
        self.line.extend_from_slice(if mark == b'[' { b"[]\n" } else { b"]\n" });
        self.sha256.update(&self.line);
    }

    /// A line of hashes.
    pub(super) fn digests<'d>(&mut self, digests: impl IntoIterator<Item = &'d Digest>) {
        self.line.clear();
        for digest in digests {
            if !self.line.is_empty() {
                self.line.push(b' ');
            }
            self.line.extend_from_slice(Hex::of(digest).as_str().as_bytes());
        }
        self.line.push(b'\n');
        self.sha256.update(&self.line);
    }

    /// The hash, and everything as at the beginning.
    pub(super) fn finish(&mut self) -> Digest {
        self.sha256.finalize_reset().into()
    }

    /// The hash of a row that stands for itself.
    pub(super) fn of_row(&mut self, kind: &str, fields: &[Field]) -> Digest {
        self.head(kind, fields.len());
        self.row(fields.iter());
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::hex;

    #[test]
    fn the_documented_text_is_what_is_hashed() {
        let mut hasher = Hasher::default();
        let check = |made: Digest, text: &str| assert_eq!(hex(made), hex(Sha256::digest(text)), "{text}");
        let fields = [Field::from(7), Field::Null, Field::from("Zoë \"Z\"\n")];
        check(hasher.of_row("business", &fields), "business 3\n[7,null,\"Zoë \\\"Z\\\"\\n\"]\n");
        check(hasher.of_row("business", &[]), "business 0\n[]\n");

        hasher.head("memberships", 1);
        hasher.digests([&[0xab; 32], &[0x01; 32]]);
        let text = format!("memberships 1\n{} {}\n", "ab".repeat(32), "01".repeat(32));
        check(hasher.finish(), &text);
    }

    #[test]
    fn nothing_passes_for_a_thing_of_another_kind_or_for_another_number_of_parts() {
        let fields = [Field::from(7), Field::from("x")];
        let row = |kind: &str| Hasher::default().of_row(kind, &fields);
        assert_ne!(row("business"), row("account"));
        // The same lines, in sections that end elsewhere.
        let sections = |coverage: usize, requests: usize| {
            let mut hasher = Hasher::default();
            for (section, lines) in [("lines", coverage), ("lines", requests)] {
                hasher.head(section, lines);
                (0..lines).for_each(|_| hasher.row(fields.iter()));
            }
            hasher.finish()
        };
        assert_ne!(sections(1, 2), sections(2, 1));
        let listing = |kind: &str| {
            let mut hasher = Hasher::default();
            hasher.head(kind, 1);
            hasher.digests([&[1; 32]]);
            hasher.finish()
        };
        assert_ne!(listing("memberships"), listing("records"));
    }

    #[test]
    fn a_layout_has_one_name() {
        assert_eq!(Layout::named("fbsync-1"), Some(LAYOUT));
        for name in ["", "fbsync-", "fbsync-01", "fbsync-+1", "fbsync-1 ", "FBSYNC-1"] {
            assert_eq!(Layout::named(name), None, "{name:?}");
        }
    }
}
