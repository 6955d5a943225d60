//! The evidence folder: sealed, made anew, and every way of tampering found.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fbsync::sandbox::World;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::harness::{Home, Run};
use crate::reports::{REPORTS, synced, world};

const OWN: [&str; 2] = ["--own-domain", "harbourlight.example"];

fn export(home: &Home, folder: &str, more: &[&str]) -> Run {
    home.fbsync(&[&["export", "--out", folder], more].concat())
}

fn seal(run: &Run) -> String {
    run.stdout.trim().strip_prefix("seal: ").expect("a seal").to_owned()
}

fn manifest(home: &Home, folder: &str) -> Value {
    let bytes = fs::read(home.path(folder).join("manifest.json")).expect("a manifest");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Writes SHA256SUMS anew, as somebody would who changed a file and kept its size; the manifest as well.
fn rehash(folder: &Path) {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name != "SHA256SUMS" && name != "manifest.json")
        .collect();
    names.sort();
    let hash = |name: &str| {
        let bytes = fs::read(folder.join(name)).expect("a file");
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let mut text = fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    for file in manifest["files"].as_array().expect("files") {
        let [path, before] = ["path", "sha256"].map(|name| file[name].as_str().expect("text"));
        text = text.replace(before, &hash(path));
    }
    fs::write(folder.join("manifest.json"), text).expect("written");
    names.push("manifest.json".to_owned());
    names.sort();
    let sums: String = names.iter().map(|name| format!("{}  {name}\n", hash(name))).collect();
    fs::write(folder.join("SHA256SUMS"), sums).expect("written");
}

#[test]
fn the_folder_says_what_it_is_and_can_be_checked_without_the_program() {
    let home = synced(world());
    let sealed = seal(&export(&home, "e", &OWN).succeeds());
    let manifest = manifest(&home, "e");
    assert_eq!(manifest["genuine_host"], false);
    assert_eq!(manifest["extent"], "7 of 7 businesses");
    let files = manifest["files"].as_array().expect("files");
    for report in REPORTS {
        let file = files.iter().find(|file| file["report"] == report).expect("every report");
        let status = file["status"].as_str().expect("a status");
        assert!(matches!(status, "ok" | "empty"), "{report}: {status}");
    }
    let readme = fs::read_to_string(home.path("e/README.txt")).expect("a README");
    assert!(readme.starts_with("NOT FROM FRESHBOOKS: 127.0.0.1\n"), "{readme}");
    assert!(!readme.contains(home.path("").to_str().expect("a path")), "a path of the machine: {readme}");
    let check =
        Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(home.path("e")).status();
    assert!(check.expect("sha256sum").success());
    home.fbsync(&["verify", "e", "--db", "audit.sqlite", "--seal", &sealed])
        .succeeds()
        .says("ok: rebuilt from the database: byte-for-byte identical");
}

#[test]
fn without_an_own_domain_the_reports_that_need_one_say_so() {
    let home = synced(world());
    export(&home, "e", &[]).succeeds();
    let manifest = manifest(&home, "e");
    let readme = fs::read_to_string(home.path("e/README.txt")).expect("a README");
    for (report, reason) in [
        ("external", "--own-domain was not given"),
        ("own-people", "--own-domain was not given"),
        ("changes", "there is no earlier complete snapshot"),
        ("offboarding", "--people was not given"),
    ] {
        let not_made = manifest["not_made"].as_array().expect("a list");
        let told = not_made.iter().find(|one| one["report"] == report).expect(report);
        assert_eq!((&told["status"], &told["reason"]), (&"not_made".into(), &reason.into()));
        assert!(!home.path(&format!("e/{report}.csv")).exists(), "{report}");
        let files = manifest["files"].as_array().expect("files");
        assert!(files.iter().all(|file| file["report"] != report), "{report}");
        // Lines of the README are broken between words.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words(&readme).contains(&words(&format!("- {report}: not made, so it has no file: {reason}")))
        );
    }
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
}

#[test]
fn exports_have_one_seal_however_often_they_are_made() {
    let home = synced(world()).with("SOURCE_DATE_EPOCH", "1782900000");
    for format in ["csv", "xlsx"] {
        let seals: Vec<String> = (0..4)
            .map(|n| seal(&export(&home, &format!("{format}{n}"), &["--format", format]).succeeds()))
            .collect();
        assert!(seals.iter().all(|seal| *seal == seals[0]), "{seals:?}");
    }
}

#[test]
fn what_is_there_stays_unless_it_is_ours_and_forced() {
    let home = synced(world());
    let first = seal(&export(&home, "e", &[]).succeeds());
    // The same evidence: nothing to do, and the seal that was noted stays good.
    assert_eq!(seal(&export(&home, "e", &[]).succeeds()), first);
    export(&home, "e", &OWN).exits(3).says("--force");
    fs::write(home.path("e/mine.txt"), "mine").expect("written");
    export(&home, "e", &[OWN.as_slice(), &["--force"]].concat()).exits(3).says("mine.txt");
    assert_eq!(fs::read_to_string(home.path("e/mine.txt")).expect("kept"), "mine");
    fs::remove_file(home.path("e/mine.txt")).expect("removed");
    let second = seal(&export(&home, "e", &[OWN.as_slice(), &["--force"]].concat()).succeeds());
    assert_ne!(first, second);
    fs::write(home.path("plain"), "x").expect("written");
    export(&home, "plain", &["--force"]).exits(3);
    let left: Vec<_> =
        fs::read_dir(home.path("")).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".fbsync-")), "{left:?}");
}

#[test]
fn every_way_of_tampering_is_found() {
    type Tamper = fn(&Path);
    let ways: [(&str, Tamper); 7] = [
        ("access.csv was changed", |e| {
            let text = fs::read_to_string(e.join("access.csv")).expect("a file");
            fs::write(e.join("access.csv"), text.replacen("owner", "clown", 1)).expect("written");
        }),
        ("extra.csv was added", |e| fs::write(e.join("extra.csv"), "x").expect("written")),
        ("roles.csv is missing", |e| fs::remove_file(e.join("roles.csv")).expect("removed")),
        ("rolls.csv was added", |e| fs::rename(e.join("roles.csv"), e.join("rolls.csv")).expect("renamed")),
        ("manifest.json was changed", |e| {
            let text = fs::read_to_string(e.join("manifest.json")).expect("a file");
            fs::write(e.join("manifest.json"), text.replace("\"complete\"", "\"partial\"")).expect("written");
        }),
        ("SHA256SUMS does not", |e| {
            let text = fs::read_to_string(e.join("SHA256SUMS")).expect("a file");
            let kept: String = text
                .lines()
                .filter(|line| !line.contains("roles.csv"))
                .map(|line| format!("{line}\n"))
                .collect();
            fs::write(e.join("SHA256SUMS"), kept).expect("written");
        }),
        ("a line that is not a hash and a name", |e| {
            let text = fs::read_to_string(e.join("SHA256SUMS")).expect("a file");
            fs::write(e.join("SHA256SUMS"), format!("{text}{}  ../../passwd\n", "0".repeat(64)))
                .expect("written");
        }),
    ];
    let home = synced(world());
    for (at, (finding, tamper)) in ways.into_iter().enumerate() {
        let name = format!("e{at}");
        export(&home, &name, &[]).succeeds();
        tamper(&home.path(&name));
        home.fbsync(&["verify", &name]).exits(10).says(finding);
    }
}

#[test]
fn a_folder_hashed_again_is_found_by_its_seal_or_the_database() {
    let home = synced(world());
    let sealed = seal(&export(&home, "e", &[]).succeeds());
    let path = home.path("e/access.csv");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replacen("Owner", "Admin", 1)).expect("written");
    rehash(&home.path("e"));
    let alone = |arguments: &[&str]| home.run(home.command(arguments).env_remove("FBSYNC_DB"));
    alone(&["verify", "e"]).succeeds().says("not proved: that nobody rewrote the whole folder");
    alone(&["verify", "e", "--seal", &sealed]).exits(10).says("this is not the folder that was sealed");
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"])
        .exits(10)
        .says("access.csv is not what the database gives");
}

#[test]
fn a_row_changed_in_the_database_is_found() {
    let home = synced(world());
    export(&home, "e", &[]).succeeds();
    let database = rusqlite::Connection::open(home.path("audit.sqlite")).expect("a database");
    database
        .execute_batch(
            "DROP TRIGGER membership_rows_no_update;
             UPDATE membership_rows SET role_class = 'limited' WHERE role = 'owner'",
        )
        .expect("changed");
    drop(database);
    let run = home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).exits(10);
    run.says("access.csv is not what the database gives").says("the database: membership row");
}

#[test]
fn what_cannot_be_compared_is_said_and_is_not_success() {
    let home = synced(world());
    export(&home, "e", &[]).succeeds();
    let path = home.path("e/manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let newer = text.replacen(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "\"99.0.0\"", 1);
    fs::write(&path, newer).expect("written");
    rehash(&home.path("e"));
    let run = home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).exits(7);
    run.says("not compared: README.txt").says("hint: fbsync 99.0.0 wrote it");
    let json = home.fbsync(&["verify", "e", "--json"]).exits(7).json();
    assert_eq!((&json["ok"], &json["written_by"]), (&false.into(), &"99.0.0".into()));
}

#[test]
fn nothing_is_exported_from_an_altered_database() {
    let home = synced(world());
    export(&home, "before", &[]).succeeds();
    let database = rusqlite::Connection::open(home.path("audit.sqlite")).expect("a database");
    database
        .execute_batch(
            "DROP TRIGGER membership_rows_no_update;
             UPDATE membership_rows SET role_class = 'limited' WHERE role = 'owner';
             CREATE TRIGGER membership_rows_no_update BEFORE UPDATE ON membership_rows
             BEGIN SELECT RAISE(ABORT, 'x'); END",
        )
        .expect("changed");
    drop(database);
    for arguments in [
        &["export", "--out", "e"][..],
        &["export", "--out", "s", "--split-by", "business"],
        &["export", "access", "-o", "a.xlsx"],
        &["export", "--for", "vanta"],
        &["export", "--for", "baton", "-o", "b.c1z"],
        &["export", "--for", "lumos", "-o", "l", "--split-by", "business"],
    ] {
        let run = home.fbsync(arguments).exits(9).says("does not agree with its hashes");
        assert_eq!(run.stdout, "", "{arguments:?}");
        run.says("hint: fbsync verify --db");
    }
    let there = ["e", "s", "a.xlsx", "b.c1z", "l"].iter().any(|name| home.path(name).exists());
    assert!(!there, "something was left there");
    home.fbsync(&["verify", "before", "--db", "audit.sqlite"]).exits(10);
}

#[test]
fn a_report_does_not_hide_that_rows_are_gone() {
    let home = synced(world());
    let database = rusqlite::Connection::open(home.path("audit.sqlite")).expect("a database");
    database
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             DROP TRIGGER membership_rows_no_delete;
             DELETE FROM membership_rows WHERE role = 'owner';
             CREATE TRIGGER membership_rows_no_delete BEFORE DELETE ON membership_rows
             BEGIN SELECT RAISE(ABORT, 'x'); END",
        )
        .expect("deleted");
    drop(database);
    for arguments in [&["export", "access"][..], &["export", "attention", "-o", "a.csv"]] {
        let run = home.fbsync(arguments).exits(9).says("memberships of snapshot 1");
        run.says("hint: fbsync verify --db 'audit.sqlite'");
    }
    assert!(!home.path("a.csv").exists());
}

#[test]
fn a_signature_beside_the_sums_is_named_with_what_checks_it() {
    let home = synced(world());
    export(&home, "e", &[]).succeeds();
    fs::write(home.path("e/SHA256SUMS.sig"), "x").expect("written");
    fs::write(home.path("e/SHA256SUMS.tsr"), "x").expect("written");
    let run = home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
    run.says("ssh-keygen -Y verify").says("openssl ts -verify -in SHA256SUMS.tsr -data SHA256SUMS");
    // Signed evidence is the same evidence, and is not replaced by unsigned.
    export(&home, "e", &[]).succeeds().says("holds that evidence already");
    export(&home, "e", &["--force", "--bom"]).exits(3).says("SHA256SUMS.sig");
}

#[test]
fn a_seal_is_taken_as_it_was_printed_and_only_whole() {
    let home = synced(world());
    let line = export(&home, "e", &[]).succeeds().stdout;
    home.fbsync(&["verify", "e", "--seal", &line]).succeeds().says("the seal is the expected one");
    let cut_off = &line.trim_end()[..line.len() - 3];
    for wrong in [cut_off, "zz", "", &line.replace("seal: ", "SHA256SUMS ")] {
        home.fbsync(&["verify", "e", "--seal", wrong]).exits(2);
    }
}

#[test]
fn partial_is_said_everywhere() {
    let mut denied = world();
    denied.business(48_203).expect("Möbius").team_list = fbsync::sandbox::Reading::Refused(403);
    let home = synced(denied);
    export(&home, "e", &[]).exits(7);
    export(&home, "e", &["--allow-partial"]).succeeds();
    let manifest = manifest(&home, "e");
    assert_eq!(
        (&manifest["status"], &manifest["extent"]),
        (&"partial".into(), &"6 of 7 businesses; not covered: Möbius Werkstatt GmbH (48203)".into())
    );
    for file in manifest["files"].as_array().expect("files").iter().filter(|file| file["report"].is_string())
    {
        let path = file["path"].as_str().expect("a path");
        assert!(path.ends_with(".partial.csv") || path.ends_with(".partial.html"), "{file}");
    }
    let readme = fs::read_to_string(home.path("e/README.txt")).expect("a README");
    assert!(
        readme.contains("THIS IS PARTIAL") && readme.contains("6 of 7 businesses; not covered"),
        "{readme}"
    );
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
}

/// Every byte below a folder, workbooks unzipped, with the names of the files.
fn everything(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path: PathBuf = entry.path();
        text.push_str(&entry.file_name().to_string_lossy());
        text.push('\n');
        if path.extension().is_some_and(|extension| extension == "xlsx") {
            let mut zip = zip::ZipArchive::new(fs::File::open(&path).expect("a file")).expect("a workbook");
            for at in 0..zip.len() {
                let mut part = zip.by_index(at).expect("a part");
                let name = part.name().expect("a name").into_owned();
                text.push_str(&name);
                part.read_to_string(&mut text).expect("XML");
            }
        } else {
            text.push_str(&String::from_utf8(fs::read(&path).expect("a file")).expect("UTF-8"));
        }
    }
    text
}

/// What tells of a business and its people, as FreshBooks has it.
fn telling(business: &fbsync::sandbox::Business) -> Vec<String> {
    let mut words = vec![business.id.to_string()];
    words.extend(business.name.clone());
    words.extend(business.uuid.clone());
    words.extend(business.account_id.clone());
    for member in &business.members {
        words.extend(member.uuid.clone());
        words.extend(member.email.clone().map(|email| email.to_lowercase()));
        words.extend(member.identity_id.map(|id| id.to_string()));
        words.extend(
            member
                .first_name
                .clone()
                .zip(member.last_name.clone())
                .map(|(a, b)| format!("{a} {b}").trim().to_owned()),
        );
    }
    for row in &business.group {
        words.extend(row.email.clone());
        words.extend(row.identity_id.map(|id| id.to_string()));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether the word stands in the text and not inside a longer one, such as a hash.
fn tells(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        free(text[..at].chars().next_back()) && free(text[at + word.len()..].chars().next())
    })
}

#[test]
fn a_client_s_folder_tells_nothing_of_another_client() {
    let mut world: World = world();
    // A mailbox that two businesses use under different names, and a person with two addresses.
    let mut shared = world.businesses[5].members[1].clone();
    shared.email = Some("office@oldmill.example".to_owned());
    shared.first_name = Some("Quentin".to_owned());
    shared.uuid = Some("u-quentin".to_owned());
    world.businesses[1].members.push(shared);
    let mut second = world.businesses[1].members[0].clone();
    second.email = Some("second.address@elsewhere.example".to_owned());
    second.uuid = Some("u-second".to_owned());
    world.businesses[6].members.push(second);
    let home = synced(world.clone());
    home.fbsync(&["sync", "--note", "thinking of Kestrel Logistics"]).succeeds();
    for format in ["csv", "xlsx", "jsonl"] {
        let run = export(
            &home,
            format,
            &["--split-by", "business", "--format", format, "--own-domain", "harbourlight.example"],
        );
        let sealed = seal(&run.succeeds());
        for own in &world.businesses {
            let folder =
                fs::read_dir(home.path(format)).expect("folders").flatten().map(|entry| entry.path());
            let folder = folder.into_iter().find(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&format!("{}-", own.id)))
            });
            let folder = folder.expect("a folder for each business");
            let text = everything(&folder);
            let mut known = telling(own);
            // Who signed in is told everywhere.
            known.extend([world.me.email.clone(), "6100001".to_owned(), "Ingrid Solheim".to_owned()]);
            for other in world.businesses.iter().filter(|other| other.id != own.id) {
                for word in telling(other).iter().filter(|word| !known.contains(word)) {
                    assert!(!tells(&text, word), "{} tells of {word}", folder.display());
                }
            }
            assert!(!text.contains("thinking of"), "the note");
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            if format == "csv" {
                home.fbsync(&["verify", &format!("{format}/{name}"), "--db", "audit.sqlite"]).succeeds();
            }
        }
        home.fbsync(&["verify", format, "--db", "audit.sqlite", "--seal", &sealed]).succeeds();
    }
    // The firm's index knows every folder's seal.
    let path = fs::read_dir(home.path("csv"))
        .expect("folders")
        .flatten()
        .map(|entry| entry.path())
        .min()
        .expect("one");
    let file = fs::read_dir(&path)
        .expect("files")
        .flatten()
        .map(|e| e.path())
        .find(|p| p.to_string_lossy().ends_with("access.csv"))
        .expect("access");
    fs::write(file, "row_key\r\n").expect("written");
    rehash(&path);
    home.fbsync(&["verify", "csv"]).exits(10).says("_firm/index.csv says");
}

#[test]
fn a_business_that_could_not_be_read_gets_a_line_and_no_folder() {
    let mut denied = world();
    denied.business(48_203).expect("Möbius").team_list = fbsync::sandbox::Reading::Refused(403);
    let home = synced(denied);
    let run = export(&home, "s", &["--split-by", "business"]).exits(7);
    run.says("Möbius Werkstatt GmbH (48203)");
    let index = fs::read_to_string(home.path("s/_firm/index.csv")).expect("an index");
    assert_eq!(
        index.lines().next(),
        Some("business_id,business_name,folder,outcome,rows,owner_name,owner_email,as_of,seal")
    );
    assert!(index.contains("48203,Möbius Werkstatt GmbH,,denied,"), "{index}");
    let folders = fs::read_dir(home.path("s")).expect("folders").count();
    assert_eq!(folders, 7);
    home.fbsync(&["verify", "s", "--db", "audit.sqlite"]).succeeds();
}
