//! What comes from outside, changed a little: seeds with bytes replaced, moved and cut off, and with what
//! parsers trip over put in.

use std::fs;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

/// What parsers trip over.
const TRIPS: [&[u8]; 32] = [
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"\"",
    b"\"\"",
    b"'",
    b"\\ud83d",
    b"\\u0000",
    b"\\",
    b"{",
    b"}",
    b"[[[[[[[[",
    b"]",
    b",",
    b":",
    b";",
    b"\t",
    b"\r\n",
    b"\n\n",
    b" ",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"9223372036854775808",
    b"../",
    b"%00",
    b"&",
    b"<",
];

#[derive(Clone, Debug)]
enum Edit {
    /// Other bytes in place of so many.
    Replace(Index, usize, Vec<u8>),
    /// So many once more, somewhere else.
    Repeat(Index, usize, Index),
    /// Nothing behind this place.
    Cut(Index),
}

impl Edit {
    fn make(&self, bytes: &mut Vec<u8>) {
        let range = |at: &Index, length: usize| {
            let from = at.index(bytes.len() + 1);
            from..(from + length).min(bytes.len())
        };
        match self {
            Edit::Replace(at, length, with) => drop(bytes.splice(range(at, *length), with.iter().copied())),
            Edit::Repeat(at, length, to) => {
                let again = bytes[range(at, *length)].to_vec();
                let to = to.index(bytes.len() + 1);
                drop(bytes.splice(to..to, again));
            }
            Edit::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let with = prop_oneof![
        select(TRIPS.to_vec()).prop_map(<[u8]>::to_vec),
        proptest::collection::vec(any::<u8>(), 0..4),
        "[0-9a-z]{1,3}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        8 => (any::<Index>(), 0..12_usize, with).prop_map(|(at, length, with)| Edit::Replace(at, length, with)),
        3 => (any::<Index>(), 0..80_usize, any::<Index>()).prop_map(|(at, length, to)| Edit::Repeat(at, length, to)),
        1 => any::<Index>().prop_map(Edit::Cut),
    ]
}

/// One of the seeds, with up to five edits.
pub(crate) fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (select(seeds), proptest::collection::vec(edit(), 1..6)).prop_map(|(mut bytes, edits)| {
        edits.iter().for_each(|edit| edit.make(&mut bytes));
        bytes
    })
}

/// Files of `fixtures/`, as seeds.
pub(crate) fn fixtures(names: &[&str]) -> Vec<Vec<u8>> {
    let path = |name| format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    names.iter().map(|name| fs::read(path(name)).expect(name)).collect()
}

/// So many cases, a multiple of a quarter of what `PROPTEST_CASES` asks for (256 without it); always the same
/// ones first.
pub(crate) fn quarters(number: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: (usual.cases * number / 4).max(1),
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..usual
    }
}
