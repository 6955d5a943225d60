//! Whatever is in a folder, it is checked to the end; whatever is changed in one is found.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::mutated::{mutated, quarters};

/// What was made of it: findings, or what could not be compared, or why it is no folder.
fn is_found(folder: &Path, reader: Option<&Reader>) -> bool {
    match check(folder, None, reader, &Stop::default()) {
        Ok(verdict) => !verdict.findings.is_empty() || !verdict.is_complete(),
        Err(error) => {
            assert_eq!(error.kind(), crate::error::Kind::No, "{error}");
            true
        }
    }
}

/// The manifest without what no database knows.
fn without_stamp(bytes: &[u8]) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    value.as_object_mut()?.remove("export");
    Some(value)
}

#[test]
fn any_change_to_any_file_is_found_by_the_sums() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    let names = [SUMS, MANIFEST, README, "access.csv"];
    let seeds = names.map(|name| fs::read(folder.path().join(name)).expect("a file"));
    let change = select(vec![0, 1, 2, 3]).prop_flat_map({
        let seeds = seeds.clone();
        move |at: usize| (Just(at), mutated(vec![seeds[at].clone()]))
    });
    proptest!(quarters(4), |((at, bytes) in change)| {
        let path = folder.path().join(names[at]);
        fs::write(&path, &bytes).expect("written");
        let found = is_found(folder.path(), None);
        fs::write(&path, &seeds[at]).expect("written");
        prop_assert!(found || bytes == seeds[at], "{}", names[at]);
    });
}

#[test]
fn any_manifest_that_is_hashed_again_is_found_by_the_database() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    let seed = fs::read(folder.path().join(MANIFEST)).expect("a file");
    let (path, sums) = (folder.path().join(MANIFEST), fs::read(folder.path().join(SUMS)).expect("a file"));
    proptest!(quarters(2), |(bytes in mutated(vec![seed.clone()]))| {
        fs::write(&path, &bytes).expect("written");
        let mut listed = sums::read(&sums, &mut Vec::new());
        listed.insert(MANIFEST.to_owned(), hex(Sha256::digest(&bytes)));
        fs::write(folder.path().join(SUMS), sums::text(&listed)).expect("written");
        let may_pass = without_stamp(&bytes) == without_stamp(&seed);
        prop_assert!(may_pass || is_found(folder.path(), Some(&reader)), "{}", String::from_utf8_lossy(&bytes));
    });
}
