//! Two syncs at once, a sync that is broken off, a disk that is full: what was there stays.

use std::fs::File;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use fbsync::sandbox::{Fault, Trouble, World};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{DB, Home, Run};

#[test]
fn a_second_sync_at_once_is_refused_before_it_asks_anything() {
    let home = Home::reading(World::many(2, 3));
    let (told, second) = mpsc::channel();
    let mut other = home.command(&["sync", "--db", DB]);
    // While the first one waits for its first answer.
    let start_another =
        Trouble::hook(move |_| told.send(other.output().expect("fbsync starts")).expect("a test"));
    home.sandbox.arm(Fault::on("/users/me").then(start_another));
    home.sync().succeeds();
    let second = home.read(second.recv().expect("a second run"));
    second.exits(8).says("error: another fbsync is writing to audit.sqlite").says("hint: ");
    assert_eq!(home.sandbox.count("GET", "/users/me"), 1);
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), 1);
}

#[test]
fn the_lock_is_a_file_of_its_own_and_reading_needs_none() {
    let home = Home::synced();
    let lock = File::open(home.path("audit.sqlite.lock")).expect("a lock file");
    lock.try_lock().expect("nobody holds it");
    home.sync().exits(8);
    for command in ["snapshots", "verify", "export access"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--db", DB]);
        home.fbsync(&arguments).succeeds();
    }
    // Dropping it would not do: a process that another test is about to start may hold a copy.
    lock.unlock().expect("it was held");
    home.sync().succeeds();
}

/// Starts a sync and ends it by `signal` between the lists of its two businesses.
fn broken_off(home: &Home, signal: Signal) -> Run {
    let (tell, pid) = mpsc::channel::<Pid>();
    let strike = Trouble::hook(move |_| kill_process(pid.recv().expect("a process"), signal).expect("alive"));
    home.sandbox.arm(Fault::on("/9001/team_members").then(strike));
    // So late that only the signal can end the run.
    let late = Trouble::Delay(Duration::from_secs(600));
    home.sandbox.arm(Fault::on("/9002/team_members").then(late));
    let mut sync = home.command(&["sync", "--db", DB, "--jobs", "1"]);
    let child = sync.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("fbsync starts");
    tell.send(Pid::from_child(&child)).expect("a fault");
    home.read(child.wait_with_output().expect("fbsync ends"))
}

#[test]
fn a_sync_that_is_broken_off_leaves_what_was_there() {
    for (signal, code) in [
        (Signal::INT, Some(130)),
        (Signal::TERM, Some(143)),
        (Signal::HUP, Some(143)),
        (Signal::QUIT, Some(143)),
        (Signal::KILL, None),
    ] {
        let home = Home::synced();
        let (before, files) = (home.database_bytes(), home.files());
        let run = broken_off(&home, signal);
        home.sandbox.disarm_all();
        assert_eq!(run.code, code, "{run}");
        assert_eq!((home.database_bytes(), home.files()), (before, files));
        // Its lock is gone with it.
        home.sync().succeeds();
        assert_eq!(home.tables().rows("SELECT id FROM snapshots"), ["1", "2"]);
        home.fbsync(&["verify", "--db", DB]).succeeds();
    }
}

#[test]
fn a_disk_that_is_full_leaves_no_empty_database_behind() {
    let home = Home::reading(World::with_members(3));
    let full = "ulimit -f 16; exec \"$FBSYNC\" sync --db audit.sqlite";
    home.run(&mut home.shell(full)).exits(9).says("error: cannot record the snapshot in audit.sqlite");
    assert_eq!(home.files(), ["audit.sqlite.lock"]);
    // An empty file that somebody else put there is theirs.
    std::fs::write(home.path(DB), "").expect("a file");
    home.run(&mut home.shell(full)).exits(9);
    assert_eq!(home.database_bytes(), b"");
}

#[test]
fn a_folder_that_a_full_disk_cannot_hold_is_named() {
    let home = Home::synced();
    let run = home.run(&mut home.shell("ulimit -f 4; exec \"$FBSYNC\" export --db audit.sqlite --out ev"));
    run.exits(9).says("error: cannot write ev\n  caused by: ");
    assert_eq!(home.files(), [DB, "audit.sqlite.lock"]);
}

#[test]
fn a_disk_that_is_full_loses_nothing() {
    let home = Home::reading(World::with_members(3));
    home.sync().succeeds();
    let before = home.tables().rows("SELECT * FROM access");
    home.sandbox.change(|world| *world = World::with_members(3000));
    // A write beyond the limit fails as on a full disk. In blocks of 512 bytes.
    for (blocks, failed) in [
        (64, "error: cannot keep the records that arrived"),
        (2500, "error: cannot record the snapshot in audit.sqlite"),
        (4000, "error: cannot record the snapshot in audit.sqlite"),
    ] {
        let line = format!("ulimit -f {blocks}; exec \"$FBSYNC\" sync --db audit.sqlite");
        home.run(&mut home.shell(&line)).exits(9).says(failed);
        home.fbsync(&["verify", "--db", DB]).succeeds();
        assert_eq!(home.tables().rows("SELECT * FROM access"), before);
    }
    home.sync().succeeds();
}
