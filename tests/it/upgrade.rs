//! What becomes of a database that an older fbsync wrote.
//!
//! Nothing before version 1 was released, so there is a made-up version 0 that debug builds alone can
//! read: in it no snapshot said which one it follows, and there was no `latest_access`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use fbsync::sandbox::{Fault, Trouble};

use crate::harness::{DB, Home, Run, mode_of, names_in};
use crate::snapshots::broken_off;
use crate::sync::ME;
use crate::tables::Tables;

const BACKUP: &str = "audit.sqlite.v0.bak";

/// What `verify` alone says in addition.
const LIMIT: &str = "not proved: that the triggers and views of schema version 0 were in place; \
                     those checked are of a temporary copy, brought up to date\n";

const SYNC: [&str; 3] = ["sync", "--db", DB];
const PRUNE: [&str; 7] = ["snapshots", "prune", "--db", DB, "--keep-last", "1", "--yes"];

/// Makes of a database what version 0 would have written.
fn age(home: &Home) {
    Tables::open_for_writing(&home.path(DB)).execute(
        "DROP VIEW latest_access; DROP TRIGGER snapshots_no_delete;
         ALTER TABLE snapshots DROP COLUMN previous_sha256; PRAGMA user_version = 0",
    );
}

/// A home whose database holds two snapshots.
fn twice_synced() -> Home {
    let home = Home::synced();
    home.sandbox.change(|world| drop(world.businesses[0].members.pop()));
    home.sync().succeeds();
    home
}

/// The same, by version 0.
fn older() -> Home {
    let home = twice_synced();
    age(&home);
    home
}

fn version(home: &Home) -> i64 {
    home.tables().number("PRAGMA user_version")
}

fn dying_at(home: &Home, step: &str, arguments: &[&str]) {
    let run = home.run(home.command(arguments).env("FBSYNC_TEST_DIE_AT", step));
    assert_eq!(run.signal, Some(9), "{step}: {run}");
}

/// Runs what ends with this code, leaves the database as it is and reads no list at FreshBooks.
#[track_caller]
fn refused(home: &Home, arguments: &[&str], code: i32) -> Run {
    let state = || {
        let lists = home.sandbox.requests().iter().filter(|seen| !seen.path.ends_with(ME)).count();
        (home.database_bytes(), lists)
    };
    let before = state();
    let run = home.fbsync(arguments).exits(code);
    assert!(state() == before, "{run}");
    run
}

#[test]
fn an_older_database_reads_as_if_it_were_of_today_and_is_left_as_it_is() {
    let home = twice_synced().with("FBSYNC_DB", DB);
    home.fbsync(&["export", "--out", "evidence"]).succeeds();
    let read = || {
        let commands = [
            "snapshots",
            "snapshots --head",
            "export access",
            "export accounts --people ingrid@harbourlight.example",
            "export access --business 9001",
            "diff",
            "verify",
            "verify evidence",
            "status --json",
        ];
        commands.map(|command| {
            let run = home.fbsync(&command.split(' ').collect::<Vec<_>>()).succeeds();
            // How old a snapshot is depends on when one asks.
            let lines = run.stdout.lines().filter(|line| !line.contains("seconds_old"));
            (command, lines.collect::<Vec<_>>().join("\n"), run.stderr.replace(LIMIT, ""))
        })
    };
    let today = read();
    age(&home);
    let (bytes, files) = (home.database_bytes(), home.files());
    assert_eq!(read(), today);
    assert!((home.database_bytes(), home.files()) == (bytes, files));
    home.fbsync(&["verify"]).succeeds().says(LIMIT);
}

#[test]
fn an_older_database_is_read_on_read_only_media() {
    let home = older();
    let media = home.path("media");
    fs::create_dir(&media).expect("a folder");
    fs::copy(home.path(DB), media.join(DB)).expect("a copy");
    fs::set_permissions(media.join(DB), Permissions::from_mode(0o400)).expect("a file");
    fs::set_permissions(&media, Permissions::from_mode(0o500)).expect("a folder");
    let verified = home.run(&mut home.command_under_modes(&["verify", "--db", "media/audit.sqlite"]));
    let synced = home.run(&mut home.command_under_modes(&["sync", "--db", "media/audit.sqlite"]));
    fs::set_permissions(&media, Permissions::from_mode(0o700)).expect("a folder");
    verified.succeeds().says("ok: 2 snapshots");
    synced.exits(9);
    assert_eq!(names_in(&media), [DB]);
    assert!(fs::read(media.join(DB)).expect("a copy") == home.database_bytes());
}

#[test]
fn nothing_is_left_of_the_copy_that_was_read_however_the_process_dies() {
    let home = older();
    // More than SQLite keeps in memory.
    Tables::open_for_writing(&home.path(DB))
        .execute("CREATE TABLE filler AS SELECT zeroblob(8000000) AS bytes");
    let (bytes, files) = (home.database_bytes(), home.files());
    dying_at(&home, "copy", &["snapshots", "--db", DB]);
    assert!((home.database_bytes(), home.files()) == (bytes, files));
    home.fbsync(&["snapshots", "--db", DB, "-v"]).succeeds().says("audit.sqlite has schema version 0; ");
    home.fbsync(&["verify", "--db", DB]).exits(10).says("filler is not part of fbsync's schema");
    assert_eq!(home.files(), [DB, "audit.sqlite.lock"]);
}

#[test]
fn who_writes_brings_it_up_to_date_after_a_backup() {
    for (command, snapshots) in [(&SYNC[..], 3), (&PRUNE[..], 2)] {
        let home = older();
        let before = home.tables().dump();
        let line = format!("umask 000; exec \"$FBSYNC\" {}", command.join(" "));
        let run = home.run(&mut home.shell(&line)).succeeds();
        let said = "audit.sqlite is brought from schema version 0 to 1; as it was, it is kept in audit.sqlite.v0.bak";
        assert_eq!(run.stderr.lines().next(), Some(said), "{run}");

        home.fbsync(&["verify", "--db", DB]).succeeds().says(&format!("ok: {snapshots} snapshots"));
        assert_eq!(version(&home), 1);
        let tables = home.tables();
        let members = "SELECT count(*) FROM latest_access";
        assert_eq!(tables.number(members), 5);
        let links = "SELECT count(*) FROM snapshots a JOIN snapshots b ON b.id = a.id - 1
                     WHERE a.previous_sha256 = b.content_sha256";
        assert_eq!(tables.number(links), snapshots - 1);
        assert_eq!(mode_of(&home.path(BACKUP)), 0o600);
        assert!(Tables::open(&home.path(BACKUP)).dump() == before);
        assert_eq!(home.files(), [DB, "audit.sqlite.lock", BACKUP]);

        let kept = fs::read(home.path(BACKUP)).expect("a backup");
        home.sync().succeeds().does_not_say("schema version");
        assert!(fs::read(home.path(BACKUP)).expect("a backup") == kept);
    }
}

#[test]
fn pruning_tells_of_the_backup_that_still_holds_everything() {
    let home = older();
    let warning = "warning: audit.sqlite.v0.bak still holds what was erased; rm 'audit.sqlite.v0.bak'";
    home.fbsync(&PRUNE).succeeds().says(warning);
    fs::remove_file(home.path(BACKUP)).expect("a backup");
    home.sync().succeeds();
    home.fbsync(&PRUNE).succeeds().does_not_say("warning");
}

#[test]
fn pruning_that_erases_nothing_leaves_the_version_too() {
    let home = older();
    refused(&home, &["snapshots", "prune", "--db", DB, "--keep-last", "9", "--yes"], 0);
    refused(&home, &["snapshots", "prune", "--db", DB, "--keep-last", "1"], 2).says("hint: --yes");
    assert_eq!((version(&home), home.files().contains(&BACKUP.to_owned())), (0, false));
}

#[test]
fn a_sync_that_is_refused_leaves_the_older_file_and_makes_no_backup() {
    let home = older();
    refused(&home, &[&SYNC[..], &["--business", "4711"]].concat(), 2);
    home.sandbox.arm(Fault::on(ME).times(usize::MAX).then(Trouble::unavailable()));
    refused(&home, &SYNC, 5).says("cannot read who is signed in");
    home.sandbox.disarm_all();
    home.sandbox.change(|world| world.me.id = Some(42));
    refused(&home, &SYNC, 3).says("audit.sqlite belongs to ingrid@harbourlight.example");
    let home = home.with("FBSYNC_ACCESS_TOKEN", "expired-long-ago");
    refused(&home, &SYNC, 4).says("FreshBooks rejects the access token");
    let home = home.without("FBSYNC_ACCESS_TOKEN");
    refused(&home, &SYNC, 4).says("nobody is signed in").does_not_say("schema version");
    assert_eq!((version(&home), home.files().contains(&BACKUP.to_owned())), (0, false));

    let home = home.with_bare_token();
    home.fbsync(&[&SYNC[..], &["--new-identity"]].concat()).succeeds().says("schema version 0");
    assert_eq!((version(&home), home.files().contains(&BACKUP.to_owned())), (1, true));
}

#[test]
fn a_file_in_the_backups_place_is_never_replaced() {
    let home = older();
    fs::write(home.path(BACKUP), "last year's").expect("a file");
    for command in [&SYNC[..], &PRUNE[..]] {
        refused(&home, command, 3)
            .says("error: audit.sqlite.v0.bak is in the way of the backup")
            .says("hint: mv 'audit.sqlite.v0.bak' 'audit.sqlite.v0.bak.earlier'");
    }
    assert_eq!(fs::read_to_string(home.path(BACKUP)).expect("a file"), "last year's");
    assert_eq!(home.files(), [DB, "audit.sqlite.lock", BACKUP]);
}

#[test]
fn killed_at_any_step_it_is_the_older_or_the_newer_one() {
    for (step, left) in [("backup", 0), ("upgrade", 0), ("commit", 1)] {
        let home = older();
        let before = (home.database_bytes(), home.tables().dump());
        dying_at(&home, step, &SYNC);
        assert_eq!(version(&home), left, "{step}");
        assert!(left == 1 || home.database_bytes() == before.0, "{step}");
        home.fbsync(&["verify", "--db", DB]).succeeds().says("ok: 2 snapshots");
        assert_eq!(home.files().contains(&BACKUP.to_owned()), step != "backup");

        home.sync().succeeds();
        home.fbsync(&["verify", "--db", DB]).succeeds().says("ok: 3 snapshots");
        assert!(Tables::open(&home.path(BACKUP)).dump() == before.1, "{step}");
        assert_eq!(home.files(), [DB, "audit.sqlite.lock", BACKUP], "{step}");
    }
}

#[test]
fn an_older_database_in_which_a_write_was_broken_off_is_mended_first() {
    for command in ["verify", "sync"] {
        let home = older();
        let db = broken_off(&home);
        home.fbsync(&[command, "--db", &db]).succeeds().says("a write was broken off, and is undone first");
        home.fbsync(&["verify", "--db", &db]).succeeds();
    }
}

#[test]
fn a_step_that_fails_loses_nothing() {
    let home = twice_synced();
    // It says 0 and has already what the step would add.
    Tables::open_for_writing(&home.path(DB)).execute("PRAGMA user_version = 0");
    for command in [&SYNC[..], &PRUNE[..], &["verify", "--db", DB]] {
        refused(&home, command, 9).says("error: cannot ").says("caused by: duplicate column name");
    }
    home.sync().says("cannot bring audit.sqlite up to date; it is as it was");
    assert_eq!(home.files(), [DB, "audit.sqlite.lock", BACKUP]);
}

#[test]
fn an_older_database_that_was_altered_is_not_brought_up_to_date() {
    let home = older();
    Tables::open_for_writing(&home.path(DB)).tamper("UPDATE snapshots SET note = 'signed' WHERE id = 1");
    for command in [&SYNC[..], &PRUNE[..]] {
        refused(&home, command, 9)
            .says("since it was altered (snapshot 1 has been changed); it is as it was")
            .says("hint: fbsync verify --db 'audit.sqlite'");
    }
    refused(&home, &["verify", "--db", DB], 10).says("snapshot 1 has been changed");
}

#[test]
fn somebody_who_reads_is_waited_for() {
    let home = older();
    let before = home.tables().dump();
    let reader = Tables::open(&home.path(DB));
    // Not by reading the file: to close it would free the lock of whatever is open in this process.
    reader.execute("BEGIN; SELECT count(*) FROM snapshots");
    let mut hasty = home.command(&SYNC);
    home.run(hasty.env("FBSYNC_TEST_PATIENCE", "1"))
        .exits(9)
        .says("error: cannot bring audit.sqlite up to date; it is as it was")
        .says("hint: another program holds the database; close it and run the command again");
    assert!(reader.dump() == before);
    fs::remove_file(home.path(BACKUP)).expect("a backup");

    let mut patient = home.command(&SYNC);
    let mut patient = patient.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    // Who waits for the last reader lets no further one in.
    while home.run(home.command(&["snapshots", "--db", DB]).env("FBSYNC_TEST_PATIENCE", "0")).code == Some(0)
    {
        assert!(patient.try_wait().expect("a child").is_none(), "it did not wait");
    }
    reader.execute("COMMIT");
    home.read(patient.wait_with_output().expect("ends")).succeeds();
    assert_eq!(version(&home), 1);
}
