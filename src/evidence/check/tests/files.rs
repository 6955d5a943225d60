//! Without the database: files, README.txt and manifest against each other, and what lies beside them.

use super::*;

#[test]
fn files_readme_and_manifest_are_held_against_each_other_without_a_database() {
    let reader = reader(&[]);
    type Forge = fn(&Path);
    let forgeries: [(Forge, &str); 6] = [
        (
            |e| {
                edit(e, README, |text| text.replace("(4 rows)", "(3 rows)"));
                rehash_listed(e);
            },
            "README.txt does not say what manifest.json says",
        ),
        (
            |e| {
                edit(e, "access.csv", |text| text.split_inclusive('\n').take(5).collect());
                rehash(e);
            },
            "access.csv has 4 rows, and manifest.json says 5",
        ),
        (
            |e| {
                edit(e, "access.csv", |text| text.replacen(",role,", ",rank,", 1));
                rehash(e);
            },
            "access.csv has other columns than manifest.json says",
        ),
        (
            |e| {
                edit(e, MANIFEST, |text| text.replace("\"genuine_host\": true", "\"genuine_host\": false"));
                rehash(e);
            },
            "manifest.json does not say from which server this is",
        ),
        (
            |e| {
                edit(e, MANIFEST, |text| text.replace("\n", "\r\n"));
                sum(e);
            },
            "manifest.json is not in the form that fbsync writes",
        ),
        (
            |e| edit(e, SUMS, |text| text.replace('\n', "\r\n")),
            "SHA256SUMS is not in the form that fbsync writes",
        ),
    ];
    for (forge, expected) in forgeries {
        let folder = CSV.folder(&reader);
        forge(folder.path());
        assert_found(&findings(folder.path(), None), expected);
    }
}

#[test]
fn strays_and_signatures_are_named_and_everything_else_is_found() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    let beside = [
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "._access.csv",
        "SHA256SUMS.sig",
        "SHA256SUMS.asc",
        "SHA256SUMS.tsr",
    ];
    for name in beside {
        fs::write(folder.path().join(name), "x").expect("written");
    }
    fs::create_dir(folder.path().join("__MACOSX")).expect("a folder");
    fs::write(folder.path().join("__MACOSX/a"), "x").expect("written");
    let fine = verdict(folder.path(), Some(&reader));
    assert!(fine.findings.is_empty() && fine.is_complete(), "{fine:?}");
    assert_eq!((fine.strays.len(), fine.signatures.len()), (5, 3));
    for name in ["SHA256SUMS.txt", "README.txt.sig", "DS_Store", "thumbs.db.csv", "more/SHA256SUMS.sig"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, "x").expect("written");
        assert_found(&findings(folder.path(), None), &format!("{name} was added"));
        fs::remove_file(path).expect("removed");
    }
}
