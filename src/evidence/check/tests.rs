//! Forged folders: whatever is changed in one, and hashed again as somebody would, is found.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::evidence::split::{self, Order};
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
}

const CSV: Making = Making { snapshot: "latest", format: Format::Csv, scope: Scope::Whole };
const DATED: Making = Making { snapshot: "2026-02-28", ..CSV };

impl Making {
    fn choice(&self, reader: &Reader) -> Choice {
        let (zone, usable) = (Zone::utc(), Deciding::All.usable(false));
        let id = if self.snapshot == "latest" { 3 } else { 2 };
        let chosen = reader.snapshot(id).expect("a snapshot");
        Choice::of(reader, self.snapshot, &zone, usable, &chosen).expect("a choice")
    }

    fn options() -> Options {
        let own_domains = vec!["x.example".to_owned()];
        Options { own_domains, max_privileged: 3, people: Vec::new() }
    }

    fn style(&self) -> Style {
        Style { format: self.format, ..Style::default() }
    }

    fn folder(&self, reader: &Reader) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let (choice, stop) = (self.choice(reader), Stop::default());
        let stamp = stamp();
        let demand = Demand { snapshot_id: choice.chosen.id, scope: self.scope.clone() };
        let source = Source::open(reader, &demand).expect("a source");
        let view = source.view(Making::options(), &stop).expect("a view");
        let plan = Plan { style: self.style(), choice: &choice, stamp: &stamp, part: None, index: None };
        evidence::write(folder.path(), &view, &plan).expect("written");
        folder
    }

    /// All businesses, each with a folder of its own.
    fn split_of(&self, reader: &Reader, snapshot_id: i64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let order = Order {
            reader,
            snapshot_id,
            options: Making::options(),
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

/// Writes the manifest, in the form that fbsync writes if there is one for what it says, and the sums.
fn reseal(folder: &Path, manifest: &Value) {
    let same = |known: &Manifest| serde_json::to_value(known).is_ok_and(|value| value == *manifest);
    let text = match serde_json::from_value::<Manifest>(manifest.clone()).ok().filter(same) {
        Some(manifest) => manifest.to_json(),
        None => serde_json::to_string_pretty(manifest).expect("JSON") + "\n",
    };
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

/// Every value that can stand in place of this one, each with where it was changed.
fn changed(value: &Value, path: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut put = |what: &str, value: Value| all.push((format!("{path}{what}"), value));
    match value {
        Value::Null => put(" null", json!("x")),
        Value::Bool(bool) => put(" flipped", json!(!bool)),
        Value::Number(number) => put("+1", json!(number.as_i64().expect("an integer") + 1)),
        Value::String(text) => {
            put(" longer", json!(format!("{text}x")));
            put(" null", Value::Null);
        }
        Value::Array(array) => {
            let again = array.first().cloned().unwrap_or_else(|| json!("x"));
            put(" one more", Value::Array(array.iter().cloned().chain([again]).collect()));
            if !array.is_empty() {
                put(" one less", Value::Array(array[1..].to_vec()));
            }
            // Of many names, those at the ends stand for all.
            let is_end = |at: usize| at == 0 || at + 1 == array.len();
            for (at, part) in array.iter().enumerate().filter(|(at, part)| !part.is_string() || is_end(*at)) {
                for (place, part) in changed(part, &format!("{path}[{at}]")) {
                    let mut array = array.clone();
                    array[at] = part;
                    all.push((place, Value::Array(array)));
                }
            }
        }
        Value::Object(object) => {
            let mut more = object.clone();
            more.insert("more".to_owned(), json!(1));
            put(" a key more", Value::Object(more));
            for (key, part) in object {
                let mut less = object.clone();
                less.remove(key);
                all.push((format!("{path}.{key} removed"), Value::Object(less)));
                for (place, part) in changed(part, &format!("{path}.{key}")) {
                    let mut object = object.clone();
                    object.insert(key.clone(), part);
                    all.push((place, Value::Object(object)));
                }
            }
        }
    }
    all
}

/// What no database knows. It is held to its form, and to what can be true.
fn is_claimed(place: &str) -> bool {
    [".export.user longer", ".export.host longer"].contains(&place)
}

#[test]
fn a_manifest_with_anything_changed_is_found() {
    let reader = reader(&[]);
    for making in [DATED, Making { scope: Scope::Alone(vec![200]), format: Format::Jsonl, ..CSV }] {
        let folder = making.folder(&reader);
        assert_eq!(findings(folder.path(), Some(&reader)), [""; 0]);
        let original = manifest(folder.path());
        reseal(folder.path(), &original);
        assert_eq!(findings(folder.path(), Some(&reader)), [""; 0], "the form is not what fbsync writes");
        let all = changed(&original, "");
        assert!(all.len() > 400, "{}", all.len());
        for (place, forged) in all {
            reseal(folder.path(), &forged);
            // Whatever is found without the database is found with it, by the same check.
            let found = Some(findings(folder.path(), None)).filter(|found| !found.is_empty());
            let found = found.unwrap_or_else(|| findings(folder.path(), Some(&reader)));
            assert_eq!(found.is_empty(), is_claimed(&place), "{place}: {found:?}");
        }
    }
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

#[test]
fn a_row_changed_in_every_place_of_the_folder_is_found_by_the_database() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    edit(folder.path(), "access.csv", |text| text.replacen("privileged", "limited", 1));
    rehash(folder.path());
    assert_eq!(findings(folder.path(), None), [""; 0]);
    assert_found(&findings(folder.path(), Some(&reader)), "access.csv is not what the database gives");
}

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
        assert_eq!((newer.not_compared, newer.pruned.len()), (vec![README.to_owned()], 0));
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
    assert_eq!(pruned.not_compared, ["changes.csv"]);
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
    // Snapshot 1 is there and was not the one before; a pruned one that came later cannot have been.
    assert_found(&findings(folder.path(), Some(&later)), "changes.csv is not what the database gives");
}

#[test]
fn what_was_asked_leads_to_what_was_chosen() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    let original = manifest(folder.path());
    for (asked, zone, time, fine) in [
        ("latest", None, "2026-04-01T08:00:00Z", true),
        // Typed in another way, it leads to the same snapshot.
        ("3", None, "2026-04-01T08:00:00Z", true),
        ("2", None, "2026-04-01T08:00:00Z", false),
        ("yesterday", None, "2026-04-01T08:00:00Z", false),
        ("2026-03-31", None, "2026-04-01T08:00:00Z", false),
        ("latest", Some("UTC"), "2026-04-01T08:00:00Z", false),
        ("latest", Some("Europe/Atlantis"), "2026-04-01T08:00:00Z", false),
    ] {
        let mut forged = original.clone();
        forged["choice"]["asked"] = json!(asked);
        forged["choice"]["timezone"] = json!(zone);
        forged["export"]["time"] = json!(time);
        reseal(folder.path(), &forged);
        rehash(folder.path());
        let found = findings(folder.path(), Some(&reader));
        assert_eq!(found.is_empty(), fine, "{asked} {zone:?} {time}: {found:?}");
    }
    // The latest one at the time of the export: a later one says nothing against it, an earlier one does.
    let dated = Making { snapshot: "2", ..DATED }.folder(&reader);
    for (time, fine) in [("2026-03-15T00:00:00Z", true), ("2026-04-01T08:00:00Z", false)] {
        let mut forged = manifest(dated.path());
        forged["choice"]["asked"] = json!("latest");
        forged["export"]["time"] = json!(time);
        reseal(dated.path(), &forged);
        rehash(dated.path());
        let found = findings(dated.path(), Some(&reader));
        assert_eq!(found.is_empty(), fine, "{time}: {found:?}");
    }
    // The next one may have come after the export.
    let dated = DATED.folder(&reader);
    for (time, fine) in [("2026-03-15T00:00:00Z", true), ("2026-04-01T08:00:00Z", false)] {
        let mut forged = manifest(dated.path());
        forged["choice"]["next"] = Value::Null;
        forged["export"]["time"] = json!(time);
        reseal(dated.path(), &forged);
        let found = findings(dated.path(), Some(&reader));
        assert_eq!(found.is_empty(), fine, "{time}: {found:?}");
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

#[test]
fn the_folders_of_a_split_are_those_of_one_export() {
    let reader = reader(&[]);
    let books = |folder: &Path| folder.join("100-books");
    let index = "_firm/index.csv";
    let firm = |folder: &Path| rehash(&folder.join(split::FIRM));
    let forgeries: [(&str, &dyn Fn(&Path), &str); 5] = [
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
