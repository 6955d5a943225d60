//! The database as a file: whose it is, who may write it, and what is left when a run is broken off.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use fbsync::sandbox::World;

use crate::harness::{DB, Home, mode_of, names_in};
use crate::tables::Tables;

/// Every command that uses a database refuses this one, and leaves it as it is.
#[track_caller]
fn refused_by_all(home: &Home, code: i32, says: &str) {
    let before = home.database_bytes();
    let asked = home.sandbox.requests().len();
    for command in ["sync", "snapshots", "verify", "export access"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--db", DB]);
        let run = home.fbsync(&arguments).exits(code).says(says);
        assert_eq!(run.stdout, "");
    }
    assert_eq!(home.database_bytes(), before);
    assert_eq!(home.sandbox.requests().len(), asked, "FreshBooks was asked all the same");
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let home = Home::synced();
    Tables::open_for_writing(&home.path(DB)).execute("PRAGMA user_version = 7");
    refused_by_all(
        &home,
        9,
        "audit.sqlite was written by a newer fbsync (its schema is version 7, this one knows 1)",
    );
}

#[test]
fn a_database_of_a_version_that_was_never_released_is_refused() {
    let home = Home::synced();
    // A debug build knows a version 0, for `upgrade.rs`.
    for version in if cfg!(debug_assertions) { vec![-1] } else { vec![-1, 0] } {
        Tables::open_for_writing(&home.path(DB)).execute(&format!("PRAGMA user_version = {version}"));
        let message = format!("audit.sqlite has the schema version {version}, which no fbsync ever wrote");
        refused_by_all(&home, 9, &message);
    }
    assert_eq!(home.files(), [DB, "audit.sqlite.lock"]);
}

#[test]
fn a_database_of_somebody_else_is_refused() {
    let home = Home::reading(World::empty());
    Tables::open_for_writing(&home.path(DB)).execute("CREATE TABLE invoices (id INTEGER)");
    refused_by_all(&home, 9, "audit.sqlite is a database of another program");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let home = Home::reading(World::empty());
    fs::write(home.path(DB), "Dear diary,\n".repeat(100)).expect("a file");
    refused_by_all(&home, 9, "audit.sqlite is not a database");
}

#[test]
fn a_folder_in_the_databases_place_is_refused() {
    let home = Home::reading(World::empty());
    fs::create_dir(home.path(DB)).expect("a folder");
    home.sync().exits(9).says("error: ").says("audit.sqlite");
    assert_eq!(home.sandbox.requests(), []);
}

#[test]
fn an_empty_file_becomes_a_database_and_is_none_before() {
    let home = Home::reading(World::many(1, 3));
    fs::write(home.path(DB), "").expect("a file");
    for command in [["snapshots", "--db", DB], ["verify", "--db", DB]] {
        home.fbsync(&command)
            .exits(9)
            .says("audit.sqlite holds no snapshot yet")
            .says("hint: fbsync sync --db");
    }
    home.sync().succeeds();
    assert_eq!(home.tables().number("SELECT count(*) FROM memberships"), 3);
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_reading_it() {
    let home = Home::reading(World::empty());
    for command in ["snapshots", "verify", "export access"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--db", DB]);
        home.fbsync(&arguments).exits(9).says("there is no database audit.sqlite");
    }
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn without_a_name_for_the_database_the_command_is_incomplete() {
    let home = Home::reading(World::empty());
    home.fbsync(&["sync"]).exits(2).says("--db <FILE>");
    home.fbsync(&["sync", "--db", ""]).exits(2);
    let home = home.with("FBSYNC_DB", "from-environment.sqlite");
    home.fbsync(&["sync"]).succeeds();
    assert!(home.path("from-environment.sqlite").exists());
}

#[test]
fn another_identity_is_refused_and_both_are_named() {
    let home = Home::synced();
    let before = home.database_bytes();
    home.sandbox.change(|world| {
        world.me.id = Some(42);
        world.me.email = "other@harbourlight.example".to_owned();
    });
    home.sync().exits(3).says(
        "error: audit.sqlite belongs to ingrid@harbourlight.example, and the sign-in is other@harbourlight.example's",
    );
    assert_eq!(home.database_bytes(), before);
}

#[test]
fn another_origin_is_refused_and_another_port_of_this_machine_is_not() {
    let home = Home::synced();
    let elsewhere = home.sandbox.origin().replace("127.0.0.1", "localhost");
    let sync = |options: &[&str]| {
        let mut sync = home.command(&[&["sync", "--db", DB], options].concat());
        home.run(sync.env("FRESHBOOKS_API_URL", &elsewhere))
    };
    sync(&[])
        .exits(3)
        .says("belongs to http://127.0.0.1, and this sign-in is at http://localhost")
        .says("--new-identity continues this one on purpose");

    let again = Home::reading(World::many(2, 3));
    fs::copy(home.path(DB), again.path(DB)).expect("a copy");
    again.sync().succeeds();
    assert_eq!(again.tables().number("SELECT count(*) FROM snapshots"), 2);

    // It is that one's from then on.
    sync(&["--new-identity"]).succeeds();
    sync(&[]).succeeds();
    home.sync().exits(3).says("belongs to http://localhost");
}

#[test]
fn what_is_created_is_private_whatever_the_umask() {
    for umask in ["000", "0777"] {
        let home = Home::reading(World::many(2, 3));
        let sync = format!("umask {umask}; exec \"$FBSYNC\" sync --db audit.sqlite");
        home.run(&mut home.shell(&sync)).succeeds();
        let export = format!("umask {umask}; exec \"$FBSYNC\" export access --db audit.sqlite -o out.csv");
        home.run(&mut home.shell(&export)).succeeds();
        let export = format!("umask {umask}; exec \"$FBSYNC\" export --db audit.sqlite --out new/folder");
        home.run(&mut home.shell(&export)).succeeds();
        for file in ["audit.sqlite", "audit.sqlite.lock", "out.csv", "new/folder/access.csv"] {
            assert_eq!(mode_of(&home.path(file)), 0o600, "{file} under {umask}");
        }
        for folder in ["new", "new/folder"] {
            assert_eq!(mode_of(&home.path(folder)), 0o700, "{folder} under {umask}");
        }
    }
}

#[test]
fn a_database_that_others_can_read_gets_one_warning_and_keeps_its_mode() {
    let home = Home::synced();
    fs::set_permissions(home.path(DB), Permissions::from_mode(0o644)).expect("a file");
    let run = home.sync().succeeds();
    assert_eq!(run.stderr, "warning: audit.sqlite can be read by other users; chmod 600 'audit.sqlite'\n");
    assert_eq!(mode_of(&home.path(DB)), 0o644);
}

#[test]
fn a_database_that_may_only_be_read_is_found_out_before_anything_is_asked() {
    let home = Home::synced();
    let asked = home.sandbox.requests().len();
    fs::set_permissions(home.path(DB), Permissions::from_mode(0o400)).expect("a file");
    let run = home.run(&mut home.command_under_modes(&["sync", "--db", DB]));
    run.exits(9).says("error: cannot write to audit.sqlite");
    assert_eq!(home.sandbox.requests().len(), asked);
}

#[test]
fn read_only_media_are_enough_to_read_and_nothing_is_left_there() {
    let home = Home::synced();
    let media = home.path("media");
    fs::create_dir(&media).expect("a folder");
    fs::copy(home.path(DB), media.join(DB)).expect("a copy");
    fs::set_permissions(media.join(DB), Permissions::from_mode(0o400)).expect("a file");
    fs::set_permissions(&media, Permissions::from_mode(0o500)).expect("a folder");
    for command in ["snapshots", "verify", "export access"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--db", "media/audit.sqlite"]);
        home.run(&mut home.command_under_modes(&arguments)).succeeds();
    }
    let run = home.run(&mut home.command_under_modes(&["sync", "--db", "media/audit.sqlite"]));
    run.exits(9).says("error: cannot ");
    assert_eq!(names_in(&media), [DB]);
    assert_eq!(fs::read(media.join(DB)).expect("a copy"), home.database_bytes());
    fs::set_permissions(&media, Permissions::from_mode(0o700)).expect("a folder");
}

#[test]
fn reading_changes_no_byte() {
    let home = Home::synced();
    let (before, files) = (home.database_bytes(), home.files());
    for command in ["snapshots", "snapshots --json", "verify", "export access", "status"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--db", DB]);
        home.fbsync(&arguments).succeeds();
    }
    assert_eq!((home.database_bytes(), home.files()), (before, files));
}

#[test]
fn paths_may_hold_spaces_other_scripts_and_the_profiles_name() {
    let home = Home::reading(World::many(1, 2));
    for db in [
        "my books/Prüfung 2026.sqlite",
        "帳簿/監査.sqlite",
        "it's.sqlite",
        "100%.sqlite",
        "a?b#c.sqlite",
        ":memory:",
        "file:x.sqlite?mode=memory",
    ] {
        fs::create_dir_all(home.path(db).parent().expect("a folder")).expect("a folder");
        home.fbsync(&["sync", "--db", db]).succeeds();
        home.fbsync(&["verify", "--db", db]).succeeds();
        assert!(home.path(db).exists(), "{db}");
    }
    fs::create_dir(home.path("acme")).expect("a folder");
    home.fbsync(&["--profile", "acme", "sync", "--db", "{profile}/{profile}.sqlite"]).succeeds();
    assert!(home.path("acme/acme.sqlite").exists());
}
