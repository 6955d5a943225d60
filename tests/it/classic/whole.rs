//! A Classic sign-in from its beginning to its end, through every command that takes one.

use std::fs;

use fbsync::sandbox::classic::System;

use super::signed_in_to;
use crate::harness::{DB, Home, names_in};

/// Two snapshots. Between them Ife leaves and the invited contractor accepts.
fn home() -> Home {
    let home = signed_in_to(System::default()).with("FBSYNC_DB", DB);
    home.fbsync(&["sync", "-v"]).succeeds().says("last logins have no time zone");
    home.sandbox.change(|world| {
        world.classic.staff.remove(1);
        world.classic.contractors[1].status = "accepted".to_owned();
    });
    // What is true of every system is no news to a nightly job.
    let nightly = home.fbsync(&["sync"]).succeeds();
    assert_eq!((nightly.stdout.as_str(), nightly.stderr.as_str()), ("", ""), "{nightly}");
    home
}

#[test]
fn every_command_takes_a_classic_sign_in() {
    let home = home();
    let secrets = ["access_token", "access_token_secret", "client_secret"]
        .map(|name| home.stored()[name].as_str().expect("a secret").to_owned());
    let diff = home.fbsync(&["diff", "--format", "csv"]).succeeds().stdout;
    let changes: Vec<&str> = diff.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(changes, ["left", "invitation_accepted"], "{diff}");

    home.fbsync(&["export", "--out", "evidence"]).succeeds();
    home.fbsync(&["verify", "evidence", "--db", DB]).succeeds().says("byte-for-byte identical");
    home.fbsync(&["verify", "--db", DB]).succeeds();
    home.fbsync(&["who", "ife@harbourlight.example"]).succeeds();
    for product in ["vanta", "conductorone", "lumos", "accessowl"] {
        home.fbsync(&["export", "--for", product]).succeeds();
    }
    home.fbsync(&["export", "--for", "baton", "--since", "1", "-o", "sync.c1z"]).succeeds();
    home.fbsync(&["status", "--check"]).succeeds();
    home.fbsync(&["refresh"]).succeeds();
    home.fbsync(&["logout"]).succeeds();
    home.fbsync(&["sync"]).exits(4);

    let written = names_in(&home.path("evidence")).into_iter().map(|name| format!("evidence/{name}"));
    for name in written.chain([DB.to_owned(), "sync.c1z".to_owned()]) {
        let bytes = fs::read(home.path(&name)).expect("a file");
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name}");
        }
    }
}

#[test]
fn evidence_says_what_classic_cannot_show_and_knows_its_owner() {
    let home = home();
    home.fbsync(&["export", "--out", "evidence"]).succeeds();
    let readme = fs::read_to_string(home.path("evidence/README.txt")).expect("a file");
    assert!(readme.contains("FreshBooks Classic has no roles: staff 1"), "{readme}");
    // The administrator is whose system it is.
    let attention = fs::read_to_string(home.path("evidence/attention.csv")).expect("a file");
    assert!(!attention.contains("no_owner_seen"), "{attention}");
    let usual = Home::synced();
    usual.fbsync(&["export", "--db", DB, "--out", "evidence"]).succeeds();
    let readme = fs::read_to_string(usual.path("evidence/README.txt")).expect("a file");
    assert!(!readme.contains("Classic"), "{readme}");
}
