//! Against the database: as it was, pruned since, and business by business.

use super::*;

#[test]
fn a_row_changed_in_every_place_of_the_folder_is_found_by_the_database() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    edit(folder.path(), "access.csv", |text| text.replacen("privileged", "limited", 1));
    rehash(folder.path());
    assert_eq!(findings(folder.path(), None), [""; 0]);
    assert_found(&findings(folder.path(), Some(&reader)), "access.csv is not what the database gives");
}

#[test]
fn what_was_pruned_since_is_compared_as_far_as_the_tombstone_goes() {
    let folder = DATED.folder(&reader(&[]));
    let later = reader(&[1, 2]);
    let pruned = verdict(folder.path(), Some(&later));
    assert_eq!((pruned.findings.as_slice(), &pruned.pruned), ([].as_slice(), &[2].into()));
    assert!(pruned.not_compared.contains(&"access.csv".to_owned()), "{pruned:?}");
    let original = manifest(folder.path());
    for (path, value) in [
        ("/snapshot/started_at", json!("2026-02-27T03:00:00Z")),
        ("/snapshot/content_sha256", json!("0".repeat(64))),
        ("/snapshot/memberships", json!(1)),
        ("/snapshot/run/previous_sha256", Value::Null),
        ("/source/api", json!("https://api.example.com")),
    ] {
        let mut forged = original.clone();
        *forged.pointer_mut(path).expect(path) = value;
        reseal(folder.path(), &forged);
        rehash(folder.path());
        let name = path[1..].replace('/', ".");
        assert_found(&findings(folder.path(), Some(&later)), &format!("manifest.json: {name} is "));
    }
    // A snapshot that the database never had is another thing.
    let mut forged = original;
    (forged["snapshot"]["id"], forged["choice"]["chosen"]["id"]) = (json!(7), json!(7));
    reseal(folder.path(), &forged);
    assert_found(&findings(folder.path(), Some(&later)), "the database has no snapshot 7");
}

#[test]
fn changes_since_what_was_pruned_are_not_compared_and_everything_else_is() {
    let later = reader(&[2]);
    let folder = CSV.folder(&reader(&[]));
    let pruned = verdict(folder.path(), Some(&later));
    assert_eq!((pruned.findings.as_slice(), &pruned.pruned), ([].as_slice(), &[2].into()));
    assert_eq!(pruned.not_compared, ["changes.csv", "history.csv", "trend.csv", "overview.html"]);
    for name in ["access.csv", "role-matrix.csv", "coverage.csv"] {
        let folder = CSV.folder(&reader(&[]));
        edit(folder.path(), name, |text| text.replacen("Books", "Boots", 1));
        rehash(folder.path());
        assert_found(
            &findings(folder.path(), Some(&later)),
            &format!("{name} is not what the database gives"),
        );
    }
    let mut forged = manifest(folder.path());
    forged["earlier_snapshot_id"] = json!(1);
    reseal(folder.path(), &forged);
    assert_found(&findings(folder.path(), Some(&later)), "manifest.json: earlier_finished_at is");
    // More of the past than was ever pruned is no reason to compare less.
    let mut forged = manifest(CSV.folder(&reader(&[])).path());
    forged["past"]["snapshots"] = json!(4);
    reseal(folder.path(), &forged);
    rehash(folder.path());
    assert_found(&findings(folder.path(), Some(&reader(&[]))), "manifest.json: past.snapshots is 4");
    assert_found(&findings(folder.path(), Some(&later)), "changes.csv is not what the database gives");
}

#[test]
fn the_folders_of_a_split_are_those_of_one_export() {
    let reader = reader(&[]);
    let books = |folder: &Path| folder.join("100-books");
    let index = "_firm/index.csv";
    let firm = |folder: &Path| rehash(&folder.join(split::FIRM));
    type Forge<'f> = &'f dyn Fn(&Path);
    let forgeries: [(&str, Forge, &str); 5] = [
        ("nothing", &|_| {}, ""),
        (
            "another name",
            &|e| {
                fs::rename(books(e), e.join("100-boots")).expect("renamed");
                edit(e, index, |text| text.replace("100-books", "100-boots"));
                firm(e);
            },
            "100-boots/ is not of the same export",
        ),
        (
            "a folder of another snapshot, its seal in the index",
            &|e| {
                let older = Making { snapshot: "2026-02-28", ..CSV };
                let other = older.split_of(&reader, 2);
                let before = seal_of(&books(e));
                fs::remove_dir_all(books(e)).expect("removed");
                fs::rename(books(other.path()), books(e)).expect("moved");
                edit(e, index, |text| text.replace(&before, &seal_of(&books(e))));
                firm(e);
            },
            "100-books/ is not of the same export as _firm/",
        ),
        (
            "a folder taken out, and out of the index",
            &|e| {
                let seal = seal_of(&books(e));
                fs::remove_dir_all(books(e)).expect("removed");
                edit(e, index, |text| text.replace(&seal, "").replace("100-books", ""));
                firm(e);
            },
            "there is no folder 100-books, which the database gives",
        ),
        (
            "another owner in the index",
            &|e| {
                edit(e, index, |text| text.replacen("me@x.example", "you@x.example", 1));
                firm(e);
            },
            "_firm/index.csv is not what the database gives",
        ),
    ];
    for (what, forge, expected) in forgeries {
        let folder = CSV.split_of(&reader, 3);
        forge(folder.path());
        let found = findings(folder.path(), Some(&reader));
        match expected {
            "" => assert_eq!(found, [""; 0], "{what}"),
            expected => assert_found(&found, expected),
        }
    }
    // By itself, the firm's folder cannot say whether its seals are right.
    let folder = CSV.split_of(&reader, 3);
    let alone = verdict(&folder.path().join(split::FIRM), Some(&reader));
    assert!(alone.findings.is_empty() && alone.unchecked.len() == 1, "{alone:?}");
}

fn seal_of(folder: &Path) -> String {
    hex(Sha256::digest(fs::read(folder.join(SUMS)).expect("sums")))
}
