//! The systemd units: one file each, shown on a page as it is, and part of the package.

use std::fs;
use std::path::{Path, PathBuf};

use crate::readme::blocks;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The names and texts of the files in a folder.
fn files(folder: &str) -> Vec<(String, String)> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, fs::read_to_string(&path).ok()?))
    };
    fs::read_dir(root(folder)).expect("a folder").filter_map(read).collect()
}

/// `UPDATE_FIXTURES=systemd` writes the files from the pages.
#[test]
fn every_unit_on_a_page_is_the_one_that_is_packaged() {
    let mut pages: Vec<String> = files("docs").into_iter().map(|(_, text)| text).collect();
    pages.push(fs::read_to_string(root("README.md")).expect("the README"));
    let blocks: Vec<_> = pages.iter().flat_map(|page| blocks::all(page)).collect();
    let shown: Vec<_> = blocks.iter().filter(|block| block.kind == "ini").collect();
    assert_eq!(shown.len(), 4, "a service, a timer and two services for alarms");
    for block in shown {
        let name = block.file_name().expect("a name");
        let file = root("docs/systemd").join(name);
        if std::env::var("UPDATE_FIXTURES").is_ok_and(|what| what == "systemd") {
            fs::write(&file, &block.text).expect("written");
        }
        assert_eq!(fs::read_to_string(&file).expect(name), block.text, "{name}");
    }
    let manifest = fs::read_to_string(root("Cargo.toml")).expect("the manifest");
    for (name, _) in files("docs/systemd") {
        let packaged = |pattern: &str| manifest.contains(&format!("\"target/package-parts/{pattern}\""));
        assert!(packaged(&name) || name.ends_with(".service") && packaged("*.service"), "{name}");
    }
}
