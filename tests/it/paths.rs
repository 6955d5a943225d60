//! Which file `--db` means: always a path, always the file that it leads to, never one that is begun
//! unnoticed; and a file that another program left in WAL mode.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;

use fbsync::sandbox::{Fault, Trouble, World};

use crate::harness::{DB, Home, NEW_DB, names_in};
use crate::running::{FOR_EVER, send, start, until};
use crate::tables::Tables;

/// What is a URI, an option or a name of its own to SQLite.
const ODD_NAMES: [&str; 9] = [
    ":memory:",
    "file:x.sqlite",
    "file:x.sqlite?mode=memory",
    "file::memory:?cache=shared",
    "file:x.sqlite?immutable=1",
    "x.sqlite?vfs=unix-none",
    "x%2esqlite",
    "-x.sqlite",
    "x#y",
];

#[test]
fn whatever_it_is_called_it_is_a_file_of_that_name() {
    for name in ODD_NAMES {
        let home = Home::reading(World::many(1, 2));
        let db = format!("--db={name}");
        home.fbsync(&["sync", &db]).succeeds();
        let lock = format!("{name}.lock");
        let mut expected = [name, lock.as_str()];
        expected.sort_unstable();
        assert_eq!(home.files(), expected, "{name}");
        assert!(fs::read(home.path(name)).expect("a file").starts_with(b"SQLite format 3\0"), "{name}");
        home.fbsync(&["sync", &db]).succeeds();
        for command in [&["verify"][..], &["export", "access"], &["snapshots"]] {
            home.fbsync(&[command, &[&db]].concat()).succeeds();
        }
        // In WAL mode it is opened by a URI of ours, in which the name is just as much a name.
        wal(&home, name);
        home.fbsync(&["verify", &db]).succeeds();
        assert_eq!(home.files(), expected, "{name}");
    }
}

#[test]
fn the_lock_is_that_of_the_file_whatever_name_it_was_called_by() {
    let home = Home::synced();
    fs::create_dir(home.path("folder")).expect("a folder");
    symlink(format!("../{DB}"), home.path("folder/link.sqlite")).expect("a link");
    symlink("link.sqlite", home.path("folder/again.sqlite")).expect("a link");
    symlink("folder", home.path("other")).expect("a link");
    let absolute = home.path(DB).display().to_string();
    let lock = File::open(home.path("audit.sqlite.lock")).expect("a lock file");
    lock.try_lock().expect("nobody holds it");
    let names =
        ["./audit.sqlite", "folder/link.sqlite", "other/again.sqlite", "folder/../audit.sqlite", &absolute];
    for name in names {
        home.fbsync(&["sync", "--db", name]).exits(8);
        home.fbsync(&["verify", "--db", name]).succeeds();
    }
    lock.unlock().expect("it was held");
    for name in names {
        home.fbsync(&["sync", "--db", name]).succeeds();
    }
    assert_eq!(names_in(&home.path("folder")), ["again.sqlite", "link.sqlite"]);
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), 6);
}

#[test]
fn a_link_that_leads_nowhere_yet_says_where_the_database_begins() {
    let home = Home::reading(World::many(1, 2));
    fs::create_dir(home.path("volume")).expect("a folder");
    symlink("volume/audit.sqlite", home.path("link.sqlite")).expect("a link");
    home.fbsync(&["verify", "--db", "link.sqlite"]).exits(9).says("there is no database");
    home.fbsync(&["sync", "--db", "link.sqlite"]).succeeds().says("new database link.sqlite");
    assert_eq!(names_in(&home.path("volume")), [DB, "audit.sqlite.lock"]);
    // The volume is not mounted: its folder is there, and nothing in it.
    fs::remove_dir_all(home.path("volume")).expect("removed");
    home.fbsync(&["sync", "--db", "link.sqlite"]).exits(9);
    symlink("loop", home.path("loop")).expect("a link");
    home.fbsync(&["sync", "--db", "loop"]).exits(9);
}

#[test]
fn a_database_is_never_begun_unnoticed() {
    let home = Home::reading(World::many(1, 2));
    for quiet in [&[][..], &["-q"], &["--json"]] {
        let run = home.fbsync(&[&["sync", "--db", DB], quiet].concat()).succeeds();
        assert_eq!(run.stderr, NEW_DB);
        home.fbsync(&[&["sync", "--db", DB, "--no-create"], quiet].concat())
            .succeeds()
            .does_not_say("new database");
        fs::remove_file(home.path(DB)).expect("removed");
    }
    fs::remove_file(home.path("audit.sqlite.lock")).expect("removed");
    // A file that is empty is no database, whoever left it there.
    fs::write(home.path("empty"), "").expect("a file");
    home.fbsync(&["sync", "--db", "empty", "--no-create"]).exits(9).says("--no-create begins none");
    home.fbsync(&["sync", "--db", "empty", "-q"]).succeeds().says("new database empty\n");
    for name in ["empty", "empty.lock"] {
        fs::remove_file(home.path(name)).expect("removed");
    }
    let asked = home.sandbox.requests().len();
    for db in [DB, "missing/audit.sqlite", "missing/folder/audit.sqlite"] {
        let run = home.fbsync(&["sync", "--db", db, "--no-create"]).exits(9);
        run.says("--no-create was given").says("hint: ");
    }
    for db in ["missing/audit.sqlite", "missing/folder/audit.sqlite"] {
        let run = home.fbsync(&["sync", "--db", db]).exits(9);
        run.says("error: there is no folder missing").says("hint: ").says("mkdir -p 'missing");
    }
    assert_eq!((home.files(), home.sandbox.requests().len()), (Vec::new(), asked));
}

#[test]
fn a_folder_in_the_databases_place_is_told_with_a_name_to_type() {
    let home = Home::reading(World::empty());
    fs::create_dir(home.path("books")).expect("a folder");
    for (db, hint) in [
        ("books", "--db 'books/audit.sqlite'"),
        ("/", "--db '/audit.sqlite'"),
        (".", "--db './audit.sqlite'"),
    ] {
        for command in [&["verify"][..], &["sync"], &["export", "access"], &["status", "--max-age", "1h"]] {
            let run = home.fbsync(&[command, &["--db", db]].concat()).exits(9);
            run.says(&format!("{db} is a folder, not a database")).says(hint).does_not_say("chmod");
        }
    }
}

#[test]
fn a_lock_that_cannot_be_had_says_what_to_do() {
    let home = Home::synced();
    fs::remove_file(home.path("audit.sqlite.lock")).expect("removed");
    fs::create_dir(home.path("audit.sqlite.lock")).expect("a folder");
    home.sync().exits(9).says("error: cannot lock ").says("hint: ");
    fs::remove_dir(home.path("audit.sqlite.lock")).expect("removed");
    symlink("/dev/null", home.path("audit.sqlite.lock")).expect("a link");
    home.sync().exits(9).says("it is a symbolic link").says("hint: rm '");
    fs::remove_file(home.path("audit.sqlite.lock")).expect("removed");
    fs::set_permissions(home.path("."), Permissions::from_mode(0o500)).expect("chmod");
    let run = home.run(&mut home.command_under_modes(&["sync", "--db", DB]));
    fs::set_permissions(home.path("."), Permissions::from_mode(0o700)).expect("chmod");
    run.exits(9).says("error: cannot lock ").says("hint: ls -ld '");
}

/// Another program switches the file to WAL mode, and closes it.
fn wal(home: &Home, name: &str) {
    Tables::open_for_writing(&home.path(name)).execute("PRAGMA journal_mode = WAL");
}

const READING: [&[&str]; 6] = [
    &["snapshots"],
    &["verify"],
    &["export", "access"],
    &["diff"],
    &["status", "--max-age", "1h"],
    &["verify", "ev"],
];

#[test]
fn wal_mode_is_read_without_leaving_anything_also_on_read_only_media() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds();
    wal(&home, DB);
    let media = home.path("media");
    fs::create_dir(&media).expect("a folder");
    fs::rename(home.path(DB), media.join(DB)).expect("moved");
    let before = fs::read(media.join(DB)).expect("a database");
    for mode in [0o700, 0o500] {
        fs::set_permissions(&media, Permissions::from_mode(mode)).expect("chmod");
        for command in READING {
            let arguments = [command, &["--db", "media/audit.sqlite"]].concat();
            home.run(&mut home.command_under_modes(&arguments)).succeeds();
            assert_eq!(names_in(&media), [DB], "{command:?}");
        }
    }
    fs::set_permissions(&media, Permissions::from_mode(0o700)).expect("chmod");
    assert_eq!(fs::read(media.join(DB)).expect("a database"), before);
    // Who writes leaves it as we do.
    home.fbsync(&["sync", "--db", "media/audit.sqlite"]).succeeds();
    assert_eq!(names_in(&media), [DB, "audit.sqlite.lock"]);
    assert_eq!(&fs::read(media.join(DB)).expect("a database")[18..20], [1, 1]);
    home.fbsync(&["verify", "--db", "media/audit.sqlite"]).succeeds();
}

#[test]
fn what_a_wal_still_holds_is_read_and_the_wal_stays() {
    let home = Home::synced();
    wal(&home, DB);
    let other = Tables::open_for_writing(&home.path(DB));
    // Only the WAL knows it.
    other.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 7");
    let files = [DB, "audit.sqlite-shm", "audit.sqlite-wal", "audit.sqlite.lock"];
    assert_eq!(home.files(), files);
    // Copied away while the other program was at it, with and without what it shares in memory.
    for (folder, copied) in [("all", &files[..3]), ("no-shm", &[DB, "audit.sqlite-wal"])] {
        let folder = home.path(folder);
        fs::create_dir(&folder).expect("a folder");
        for name in copied {
            fs::copy(home.path(name), folder.join(name)).expect("a copy");
        }
        for mode in [0o700, 0o500] {
            fs::set_permissions(&folder, Permissions::from_mode(mode)).expect("chmod");
            for command in [&["verify"][..], &["export", "access"], &["snapshots"]] {
                let db = folder.join(DB).display().to_string();
                let run = home.run(&mut home.command_under_modes(&[command, &["--db", &db]].concat()));
                run.exits(9).says("was written by a newer fbsync (its schema is version 7");
                assert_eq!(names_in(&folder), copied, "{command:?}");
            }
        }
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("chmod");
    }
    // While it is at it.
    home.fbsync(&["verify", "--db", DB]).exits(9).says("its schema is version 7");
    assert_eq!(home.files().len(), files.len() + 2);
    drop(other);
}

#[test]
fn one_round_of_a_service_that_lost_its_volume_says_so() {
    let home = Home::reading(World::many(1, 2));
    fs::create_dir(home.path("volume")).expect("a folder");
    let db = "volume/audit.sqlite";
    home.fbsync(&["sync", "--db", db]).succeeds();
    home.sandbox.arm(Fault::on("/users/me").skip(1).then(Trouble::Delay(FOR_EVER)));
    let asked = home.sandbox.count("GET", "/users/me");
    let child = start(&home, &["sync", "--db", db, "--every", "1s", "--no-create"]);
    until("the second round", || home.sandbox.count("GET", "/users/me") > asked + 1);
    send(&child, rustix::process::Signal::TERM);
    home.read(child.wait_with_output().expect("ends")).exits(143);
    fs::remove_file(home.path(db)).expect("removed");
    let mut service = home.command(&["sync", "--db", db, "--every", "1s", "--no-create"]);
    home.run(service.stdout(Stdio::null())).exits(9).says("--no-create was given");
}
