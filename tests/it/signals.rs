//! Signals that ask to end: the first is heard within moments, the second at once, and none costs a sign-in.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fbsync::sandbox::{Fault, Trouble, World, browser};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{DB, Home, Run};
use crate::running::{FOR_EVER, send, start, until};
use crate::tables::Tables;

const TOKEN: &str = "/auth/oauth/token";

const SIGNALS: [(&str, Signal, i32); 4] = [
    ("INT", Signal::INT, 130),
    ("TERM", Signal::TERM, 143),
    ("HUP", Signal::HUP, 143),
    ("QUIT", Signal::QUIT, 143),
];

/// Sends `signal` again and again, as an impatient person does: two at the same moment count as one.
fn insist(home: &Home, mut child: Child, signal: Signal) -> Run {
    let deadline = Instant::now() + FOR_EVER / 2;
    while child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < deadline, "it does not listen");
        let _ = kill_process(Pid::from_child(&child), signal);
        thread::sleep(Duration::from_millis(10));
    }
    home.read(child.wait_with_output().expect("ends"))
}

#[test]
fn a_second_signal_does_not_wait_for_a_slow_answer() {
    for (_, signal, code) in SIGNALS {
        let home = Home::with_sign_in();
        home.sandbox.arm(Fault::on("/users/me").then(Trouble::Delay(FOR_EVER)));
        let asked = home.sandbox.count("GET", "/users/me");
        let child = start(&home, &["sync", "--db", "a.sqlite"]);
        until("a request", || home.sandbox.count("GET", "/users/me") > asked);
        insist(&home, child, signal).exits(code);
        home.fbsync(&["sync", "--db", "a.sqlite"]).succeeds();
    }
}

#[test]
fn signals_while_somebody_is_waited_for_end_the_wait() {
    let home = Home::new();
    let auth = home.begin_auth(&[], Stdio::null());
    send(&auth.child, Signal::INT);
    let _ = kill_process(Pid::from_child(&auth.child), Signal::INT);
    home.finish(auth).exits(130);
    assert_eq!((home.posts(), home.store().exists()), (0, false));
}

#[test]
fn no_number_of_signals_breaks_a_rotation() {
    let home = Home::with_sign_in();
    let before = home.stored();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_millis(700))));
    let asked = home.posts();
    let child = start(&home, &["refresh"]);
    until("the POST", || home.posts() > asked);
    let run = insist(&home, child, Signal::TERM);
    assert!(matches!(run.code, Some(0 | 143)), "{run}");
    let stored = home.stored();
    assert_ne!(stored["refresh_token"], before["refresh_token"]);
    assert_eq!(stored["in_flight"], Value::Null);
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.succeeds();
    assert_eq!(posts, 1);
}

#[test]
fn no_number_of_signals_loses_the_tokens_of_a_sign_in() {
    let home = Home::new();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_millis(700))));
    let mut auth = home.begin_auth(&["--paste"], Stdio::piped());
    auth.type_in(&browser::consent(&auth.address).expect("consent"));
    until("the POST", || home.posts() > 0);
    while auth.child.try_wait().expect("a child").is_none() {
        send(&auth.child, Signal::INT);
        thread::sleep(Duration::from_millis(10));
    }
    let run = home.finish(auth);
    assert!(matches!(run.code, Some(0 | 130)), "{run}");
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_sign_in_that_cannot_be_stored_at_once_waits_with_its_code() {
    let home = Home::with_sign_in();
    let lock = fs::File::options().write(true).open(home.state().join("default.lock")).expect("the lock");
    let mut auth = home.begin_auth(&["--paste"], Stdio::piped());
    lock.lock().expect("locked");
    let (posts, run) = home.posts_of(|| {
        auth.type_in(&browser::consent(&auth.address).expect("consent"));
        let open = format!("/proc/{}/fd", auth.child.id());
        until("at the lock", || holds(&open, &home.state().join("default.lock")));
        send(&auth.child, Signal::INT);
        home.finish(auth)
    });
    run.exits(130).says("error: interrupted");
    assert_eq!(posts, 0);
}

/// Whether a process, by its folder of open files, has `path` open.
fn holds(open: &str, path: &Path) -> bool {
    let files = fs::read_dir(open).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file == path)
}

#[test]
fn a_signal_ends_the_wait_for_the_lock() {
    let home = Home::with_sign_in();
    let before = home.stored();
    let path = home.state().join("default.lock");
    let lock = fs::File::options().write(true).open(&path).expect("the lock");
    lock.lock().expect("locked");
    let (posts, run) = home.posts_of(|| {
        let child = start(&home, &["refresh"]);
        let open = format!("/proc/{}/fd", child.id());
        until("at the lock", || holds(&open, &path));
        send(&child, Signal::TERM);
        home.read(child.wait_with_output().expect("ends"))
    });
    run.exits(143).says("error: interrupted");
    assert_eq!((posts, home.stored()), (0, before));
}

/// The end of a run that would otherwise wait or work for ever.
fn ends(home: &Home, mut child: Child) -> Run {
    until("it ends", || child.try_wait().expect("a child").is_some());
    home.read(child.wait_with_output().expect("ends"))
}

#[test]
fn no_signal_at_any_step_of_a_rotation_costs_the_pair() {
    for (name, _, code) in SIGNALS {
        for step in ["before-mark", "before-post", "after-post", "before-rename", "after-rename"] {
            let home = Home::with_sign_in();
            let before = home.stored();
            let mut refresh = home.command(&["refresh"]);
            let run = home.run(refresh.env("FBSYNC_TEST_DIE_AT", format!("{name}:{step}")));
            assert!(run.code == Some(0) || run.code == Some(code), "{name} {step}: {run}");
            let after = home.stored();
            assert_ne!(after["refresh_token"], before["refresh_token"], "{name} {step}");
            assert_eq!(after["in_flight"], Value::Null, "{name} {step}");
            home.fbsync(&["refresh"]).succeeds();

            // The first pair of a sign-in has no older one to fall back to.
            let home = Home::new();
            let grant = home.grant();
            let mut import = home.command(&["auth", "--import-refresh-token"]);
            import.env("FBSYNC_REFRESH_TOKEN", grant).env("FBSYNC_TEST_DIE_AT", format!("{name}:{step}"));
            let run = home.run(&mut import);
            assert!(run.code == Some(0) || run.code == Some(code), "{name} {step}: {run}");
            home.fbsync(&["refresh"]).succeeds();
        }
    }
}

#[test]
fn one_signal_ends_what_looks_for_none() {
    for (_, signal, code) in SIGNALS {
        // An answer that does not come.
        let home = Home::with_sign_in();
        home.sandbox.arm(Fault::on("/users/me").then(Trouble::Delay(FOR_EVER)));
        let asked = home.sandbox.count("GET", "/users/me");
        let child = start(&home, &["sync", "--db", "a.sqlite"]);
        until("a request", || home.sandbox.count("GET", "/users/me") > asked);
        send(&child, signal);
        ends(&home, child).exits(code).says("error: interrupted");
        assert!(!home.path("a.sqlite").exists());
    }
    // A pipe that nobody reads, and is full.
    let home = Home::reading(World::with_members(2_000));
    home.sync().succeeds();
    let child = start(&home, &["export", "access", "--db", DB]);
    until("it watches", || watches(&child));
    send(&child, Signal::TERM);
    ends(&home, child).exits(143);
    // Standard input that never comes to its end.
    let home = Home::new().without("FBSYNC_CLIENT_SECRET");
    let mut auth = home.command(&["auth", "--no-browser", "--client-secret-file", "-"]);
    let mut child = auth.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("fbsync starts");
    let open = child.stdin.take();
    until("it watches", || watches(&child));
    send(&child, Signal::INT);
    ends(&home, child).exits(130).says("error: interrupted");
    drop(open);
}

/// Whether the process has a handler for SIGTERM yet.
fn watches(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
    u64::from_str_radix(caught.trim(), 16).unwrap_or_default() >> (Signal::TERM.as_raw() - 1) & 1 == 1
}

#[test]
fn one_signal_ends_a_query_without_an_end() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    let records = format!(
        "DROP TABLE records; CREATE VIEW records AS {endless} SELECT printf('%064d', i) AS sha256, '{{}}' AS body FROM n"
    );
    let coverage = format!(
        "DROP TABLE coverage; CREATE VIEW coverage AS {endless} SELECT 1 AS snapshot_id, i AS business_id,
         'team_members' AS resource, 'ok' AS outcome, 200 AS http_status, 0 AS expected, 0 AS received,
         0 AS distinct_rows, 1 AS pages, 1 AS attempts, NULL AS message FROM n"
    );
    for (change, arguments) in [
        (&records, &["verify", "--db", DB][..]),
        (&coverage, &["verify", "--db", DB]),
        (&coverage, &["export", "access", "--db", DB]),
        (&coverage, &["export", "--db", DB, "--out", "ev"]),
        (&coverage, &["snapshots", "--db", DB]),
    ] {
        let home = Home::synced();
        Tables::open_for_writing(&home.path(DB)).execute(&format!("PRAGMA foreign_keys = OFF; {change}"));
        for (name, _, code) in SIGNALS {
            let mut command = home.command(arguments);
            command.env("FBSYNC_TEST_DIE_AT", format!("{name}:reading"));
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("fbsync starts");
            let run = ends(&home, child);
            // `verify` looks at a schema before it reads what the schema gives, and ends there.
            if arguments[0] != "verify" || run.code != Some(10) {
                run.exits(code).says("error: interrupted");
            }
            assert!(!home.files().iter().any(|name| name.starts_with(".fbsync-")), "{:?}", home.files());
        }
    }
}

#[test]
fn who_started_it_to_outlive_the_terminal_is_obeyed() {
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on("/users/me").then(Trouble::Delay(FOR_EVER)));
    let asked = home.sandbox.count("GET", "/users/me");
    let mut shell = home.shell("trap '' HUP; exec $FBSYNC sync --db a.sqlite");
    let child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell");
    until("a request", || home.sandbox.count("GET", "/users/me") > asked);
    send(&child, Signal::HUP);
    // Had the first one been heard, it would have named the code.
    send(&child, Signal::INT);
    ends(&home, child).exits(130);
}
