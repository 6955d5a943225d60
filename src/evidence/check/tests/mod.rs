//! Forged folders: whatever is changed in one, and hashed again as somebody would, is found.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]
#![expect(clippy::disallowed_methods, reason = "a forger writes without asking fsutil")]

mod database;
mod files;
mod manifest;
mod mutations;
mod versions;

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::evidence::split::Order;
use crate::evidence::{self, Choice, Deciding, Demand, Plan, README, Source, Stamp, readme};
use crate::format::Format;
use crate::report::{Options, Scope, Style};
use crate::store::tests::reader;
use crate::time::Zone;

/// How the folders of these tests are made.
struct Making {
    snapshot: &'static str,
    format: Format,
    scope: Scope,
    people: &'static [&'static str],
    /// What changes are told since, and where that leads.
    since: Option<(&'static str, i64)>,
}

const CSV: Making =
    Making { snapshot: "latest", format: Format::Csv, scope: Scope::Whole, people: &[], since: None };
const DATED: Making = Making { snapshot: "2026-02-28", ..CSV };

impl Making {
    fn choice(&self, reader: &Reader) -> Choice {
        let (zone, usable) = (Zone::utc(), Deciding::All.usable(false));
        let id = if self.snapshot == "latest" { 3 } else { 2 };
        let chosen = reader.snapshot(id).expect("a snapshot");
        let choice = Choice::of(reader, self.snapshot, &zone, usable, &chosen).expect("a choice");
        choice.since(self.since.map(|(text, _)| text), &zone).expect("a choice")
    }

    fn options(&self) -> Options {
        let own_domains = vec!["x.example".to_owned()];
        let people = self.people.iter().map(|one| (*one).to_owned()).collect();
        let since = self.since.map(|(_, id)| id);
        Options {
            own_domains,
            max_privileged: 3,
            people,
            since,
            accounts: None,
            roster: serde_json::from_value(json!({ "sha256": "ab".repeat(32), "rows": 3, "entries": [{
                "emails": ["bob@x.example"], "accounts": null, "left": true, "service_account": false,
                "manager": "Ann Lee",
            }] }))
            .expect("a roster"),
            expected: None,
        }
    }

    fn style(&self) -> Style {
        Style { format: self.format, ..Style::default() }
    }

    fn folder(&self, reader: &Reader) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let (choice, stop) = (self.choice(reader), Stop::default());
        let stamp = stamp();
        let demand =
            Demand { snapshot_id: choice.chosen.id, scope: self.scope.clone(), past: true, horizon: None };
        let source = Source::open(reader, &demand).expect("a source");
        let view = source.view(self.options(), &stop).expect("a view");
        let plan = Plan { style: self.style(), choice: &choice, stamp: &stamp, part: None, index: None };
        evidence::write(folder.path(), &view, &plan).expect("written");
        folder
    }

    /// All businesses, each with a folder of its own.
    fn split_of(&self, reader: &Reader, snapshot_id: i64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let order = Order {
            reader,
            demand: Demand { snapshot_id, scope: Scope::Whole, past: true, horizon: None },
            options: self.options(),
            style: self.style(),
            choice: &self.choice(reader),
            stamp: &stamp(),
            stop: &Stop::default(),
        };
        split::write(folder.path(), &order).expect("written");
        folder
    }
}

fn stamp() -> Stamp {
    let stamp = json!({ "time": "2026-04-01T08:00:00Z", "user": "ann", "host": "desk" });
    serde_json::from_value(stamp).expect("a stamp")
}

fn verdict(folder: &Path, reader: Option<&Reader>) -> Verdict {
    check(folder, None, reader, &Stop::default()).expect("readable")
}

fn findings(folder: &Path, reader: Option<&Reader>) -> Vec<String> {
    verdict(folder, reader).findings
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a file")
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&read(folder, MANIFEST)).expect("JSON")
}

/// Writes `SHA256SUMS` as it should be for what is there.
fn sum(folder: &Path) {
    let mut sums = sums::Sums::new();
    for path in fsutil::files_below(folder).expect("files") {
        let name = path.to_str().expect("UTF-8").to_owned();
        if name != SUMS {
            sums.insert(name, hex(Sha256::digest(fs::read(folder.join(path)).expect("a file"))));
        }
    }
    fs::write(folder.join(SUMS), sums::text(&sums)).expect("written");
}

/// The manifest in the form that fbsync writes, if there is one for what it says.
fn text_of(manifest: &Value) -> String {
    let same = |known: &Manifest| serde_json::to_value(known).is_ok_and(|value| value == *manifest);
    match serde_json::from_value::<Manifest>(manifest.clone()).ok().filter(same) {
        Some(manifest) => manifest.to_json(),
        None => serde_json::to_string_pretty(manifest).expect("JSON") + "\n",
    }
}

/// Writes the manifest and the sums.
fn reseal(folder: &Path, manifest: &Value) {
    let text = text_of(manifest);
    fs::write(folder.join(MANIFEST), &text).expect("written");
    // The other files are as they were.
    let mut sums = sums::read(&fs::read(folder.join(SUMS)).expect("sums"), &mut Vec::new());
    sums.insert(MANIFEST.to_owned(), hex(Sha256::digest(text)));
    fs::write(folder.join(SUMS), sums::text(&sums)).expect("written");
}

/// Makes the manifest say what the other files are, and README.txt what the manifest says.
fn rehash(folder: &Path) {
    let mut manifest: Manifest = serde_json::from_value(manifest(folder)).expect("a manifest");
    for file in &mut manifest.files {
        if file.path == README {
            continue;
        }
        let bytes = fs::read(folder.join(&file.path)).expect("a file");
        file.sha256 = hex(Sha256::digest(&bytes));
        file.bytes = bytes.len() as u64;
    }
    fs::write(folder.join(README), readme::text(&manifest)).expect("written");
    for file in &mut manifest.files {
        let bytes = fs::read(folder.join(&file.path)).expect("a file");
        (file.sha256, file.bytes) = (hex(Sha256::digest(&bytes)), bytes.len() as u64);
    }
    fs::write(folder.join(MANIFEST), manifest.to_json()).expect("written");
    sum(folder);
}

/// Makes manifest and sums say what the files are, README.txt as it is.
fn rehash_listed(folder: &Path) {
    let mut manifest: Manifest = serde_json::from_value(manifest(folder)).expect("a manifest");
    for file in &mut manifest.files {
        let bytes = fs::read(folder.join(&file.path)).expect("a file");
        (file.sha256, file.bytes) = (hex(Sha256::digest(&bytes)), bytes.len() as u64);
    }
    fs::write(folder.join(MANIFEST), manifest.to_json()).expect("written");
    sum(folder);
}

fn assert_found(found: &[String], expected: &str) {
    assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:?}");
}

fn edit(folder: &Path, name: &str, change: impl FnOnce(String) -> String) {
    let text = read(folder, name);
    let changed = change(text.clone());
    assert_ne!(changed, text, "{name}: nothing to change");
    fs::write(folder.join(name), changed).expect("written");
}
