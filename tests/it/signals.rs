//! SIGINT and SIGTERM: the first asks, the second ends at once, and neither costs a sign-in.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fbsync::sandbox::{Fault, Trouble, browser};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{Home, Run};
use crate::running::{FOR_EVER, send, start, until};

const TOKEN: &str = "/auth/oauth/token";

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
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
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
