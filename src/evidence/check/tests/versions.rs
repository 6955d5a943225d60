//! Folders of other versions.

use super::*;

/// The folder as another version would have written it.
fn written_by(folder: &Path, version: &str) {
    edit(folder, MANIFEST, |text| {
        text.replacen(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), &format!("\"{version}\""), 1)
    });
    rehash(folder);
}

#[test]
fn only_a_newer_version_is_compared_cell_by_cell() {
    let reader = reader(&[]);
    for making in [CSV, Making { format: Format::Jsonl, ..CSV }] {
        let access = format!("access.{}", making.format.extension());
        let folder = making.folder(&reader);
        written_by(folder.path(), "0.0.9");
        assert_found(&findings(folder.path(), None), "0.0.9, which was never released");

        let folder = making.folder(&reader);
        written_by(folder.path(), "99.0.0");
        let newer = verdict(folder.path(), Some(&reader));
        assert_eq!((newer.findings.as_slice(), newer.written_by.as_deref()), ([].as_slice(), Some("99.0.0")));
        assert_eq!(
            (newer.not_compared, newer.pruned.len()),
            (vec![README.to_owned(), "overview.html".to_owned()], 0)
        );
        assert!(!verdict(folder.path(), None).is_complete());

        // That it calls itself newer hides nothing, nor does a manifest that says nothing of columns.
        edit(folder.path(), &access, |text| text.replacen("privileged", "limited", 1));
        rehash(folder.path());
        let mut forged = manifest(folder.path());
        for file in forged["files"].as_array_mut().expect("files") {
            file.as_object_mut().expect("a file").remove("columns");
        }
        reseal(folder.path(), &forged);
        assert_found(&findings(folder.path(), Some(&reader)), &format!("{access}: row 2"));
        let mut forged = manifest(folder.path());
        forged["snapshot"]["memberships"] = json!(4);
        reseal(folder.path(), &forged);
        assert_found(&findings(folder.path(), Some(&reader)), "snapshot.memberships is 4, by the database 5");
    }
    let workbooks = Making { format: Format::Xlsx, ..CSV }.folder(&reader);
    assert_eq!(findings(workbooks.path(), Some(&reader)), [""; 0]);
    written_by(workbooks.path(), "99.0.0");
    let newer = verdict(workbooks.path(), Some(&reader));
    assert!(newer.findings.is_empty() && newer.not_compared.contains(&"access.xlsx".to_owned()), "{newer:?}");
    // What only a newer version can read is not compared; of no version it is a finding.
    edit(workbooks.path(), MANIFEST, |text| text.replace("fbsync.manifest/1", "fbsync.manifest/2"));
    sum(workbooks.path());
    let newer = verdict(workbooks.path(), Some(&reader));
    assert_eq!((newer.findings, newer.not_compared), (Vec::new(), vec![MANIFEST.to_owned()]));
    edit(workbooks.path(), MANIFEST, |text| text.replace("99.0.0", env!("CARGO_PKG_VERSION")));
    sum(workbooks.path());
    assert_found(&findings(workbooks.path(), None), "has the schema fbsync.manifest/2");
}
