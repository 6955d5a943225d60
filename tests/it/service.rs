//! `sync --every`, a service that reads again and again; and how any sync ends when it is told to.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use fbsync::sandbox::{Fault, Reading, Trouble, World};
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{DB, Home, Run};
use crate::running::{FOR_EVER, send, start, until};
use crate::sync::{ME, TEAM, three};

const TOKEN: &str = "/auth/oauth/token";

/// What whoever pressed Ctrl-C takes for "at once".
const AT_ONCE: Duration = Duration::from_secs(2);

/// Reads again as soon as a round is over, and ends by itself.
fn service(home: &Home) -> Run {
    home.fbsync(&["sync", "--db", DB, "--every", "6h"])
}

/// Ends the service in its round number `last` with a sign-in that is dead.
fn end_in_round(home: &Home, last: usize) {
    let dead = Fault::on(ME).skip(last - 1).times(usize::MAX);
    home.sandbox.arm(dead.then(Trouble::unauthenticated()));
}

#[test]
fn rounds_follow_one_another_until_the_sign_in_is_dead() {
    let home = Home::reading(three());
    end_in_round(&home, 3);
    let run = service(&home).exits(4).says("error: FreshBooks rejects the access token");
    let told: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("snapshot ")).collect();
    let same = "3 businesses, 13 accounts, 15 memberships";
    assert_eq!(
        told,
        [format!("snapshot 1: {same}"), format!("snapshot 2: {same} (0 joined, 0 left since snapshot 1)")]
    );
    assert_eq!(home.tables().rows("SELECT id, status FROM snapshots"), ["1|complete", "2|complete"]);
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn what_passes_by_itself_is_told_and_survived() {
    let mut world = three();
    world.business(9002).expect("a business").team_list = Reading::Refused(403);
    let home = Home::reading(world);
    // The second round finds nobody at home, and after that the list can be read.
    home.sandbox.arm(Fault::on(ME).skip(1).times(5).then(Trouble::unavailable()));
    let mended = |world: &mut World| {
        world.business(9002).expect("a business").team_list = Reading::Allowed;
    };
    home.sandbox.arm(Fault::on(ME).skip(1).then(Trouble::hook(mended)));
    end_in_round(&home, 2);
    let run = service(&home).exits(4);
    let told = [
        "error: snapshot 1 is partial",
        "error: cannot read who is signed in: HTTP 503",
        "snapshot 2: 3 businesses, ",
    ];
    let places: Vec<_> = told.iter().map(|text| run.stderr.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{run}");
    assert_eq!(home.tables().rows("SELECT id, status FROM snapshots"), ["1|partial", "2|complete"]);
}

#[test]
fn what_no_later_round_can_mend_ends_the_service() {
    let home = Home::reading(three());
    home.sync().succeeds();
    home.sandbox.change(|world| {
        world.me.id = Some(6_100_002);
        world.me.email = "jan@harbourlight.example".to_owned();
    });
    service(&home).exits(3).says("belongs to ingrid@harbourlight.example");
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), 1);

    home.fbsync(&["sync", "--db", DB, "--every", "0s"]).exits(2).says("hint: --every 6h");
    home.fbsync(&["sync", "--db", DB, "--max-time", "0s"]).exits(2).says("hint: --max-time 30m");
    for everlasting in ["18446744073709551615s", "600000000000d"] {
        for option in ["--every", "--max-time"] {
            home.fbsync(&["sync", "--db", DB, option, everlasting]).exits(2).says("too long");
        }
    }
}

#[test]
fn a_request_that_the_time_was_up_for_is_not_open_in_the_next_round() {
    // Somebody who listens and never answers.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let origin = format!("http://{}", silent.local_addr().expect("an address"));
    let home = Home::reading(three()).with("FRESHBOOKS_API_URL", &origin).without("FBSYNC_TEST_NO_SLEEP");
    let mut child = start(&home, &["sync", "--db", DB, "--every", "6h", "--max-time", "1s"]);
    let (mut asked, _) = silent.accept().expect("a request");
    asked.set_read_timeout(Some(FOR_EVER / 6)).expect("a time-out");
    let closed = asked.read_to_end(&mut Vec::new());
    assert!(closed.is_ok() && child.try_wait().expect("a child").is_none(), "still open: {closed:?}");
    send(&child, Signal::TERM);
    home.read(child.wait_with_output().expect("ends")).exits(143).says("not reached within 1 s");
}

#[test]
fn the_database_is_free_between_rounds_and_a_signal_ends_the_wait() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let home = Home::reading(three()).without("FBSYNC_TEST_NO_SLEEP");
        let mut child = start(&home, &["sync", "--db", DB, "--every", "6h", "-v"]);
        let mut said = Vec::new();
        let mut stderr = child.stderr.take().expect("a pipe");
        while !String::from_utf8_lossy(&said).contains("the next round begins in ") {
            let mut bytes = [0; 512];
            let read = stderr.read(&mut bytes).expect("text");
            assert!(read > 0, "it ended: {}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&bytes[..read]);
        }
        home.sync().succeeds();
        send(&child, signal);
        let told = Instant::now();
        stderr.read_to_end(&mut said).expect("text");
        let mut output = child.wait_with_output().expect("ends");
        assert!(told.elapsed() < AT_ONCE);
        output.stderr = said;
        let told = "error: interrupted between two rounds; snapshots recorded: 1\n";
        home.read(output).exits(code).says(told);
        assert_eq!(home.tables().rows("SELECT id, status FROM snapshots"), ["1|complete", "2|complete"]);
    }
}

#[test]
fn rounds_are_so_far_apart_from_start_to_start() {
    let home = Home::reading(three()).without("FBSYNC_TEST_NO_SLEEP");
    end_in_round(&home, 2);
    let began = Instant::now();
    home.fbsync(&["sync", "--db", DB, "--every", "1s"]).exits(4);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), 1);
}

#[test]
fn a_round_that_finds_the_database_taken_tries_again() {
    let home = Home::reading(three());
    home.sync().succeeds();
    let lock = std::fs::File::open(home.path("audit.sqlite.lock")).expect("a lock file");
    lock.lock().expect("nobody holds it");
    let home = home.without("FBSYNC_TEST_NO_SLEEP");
    end_in_round(&home, 2);
    let child = start(&home, &["sync", "--db", DB, "--every", "1s"]);
    thread::sleep(Duration::from_millis(300));
    lock.unlock().expect("it was held");
    home.read(child.wait_with_output().expect("ends")).exits(4).says("error: another fbsync is writing");
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), 2);
}

#[test]
fn one_signal_ends_a_sync_at_once_however_slow_freshbooks_is() {
    for path in [ME, TEAM] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let home = Home::reading(three());
            home.sandbox.arm(Fault::on(path).then(Trouble::Delay(FOR_EVER)));
            let child = start(&home, &["sync", "--db", DB]);
            until("a request", || home.sandbox.count("GET", path) > 0);
            send(&child, signal);
            let told = Instant::now();
            home.read(child.wait_with_output().expect("ends")).exits(code).says("error: interrupted");
            assert!(told.elapsed() < AT_ONCE, "{path}: {:?}", told.elapsed());
            assert!(!home.path(DB).exists() || home.tables().rows("SELECT id FROM snapshots").is_empty());
        }
    }
}

#[test]
fn a_signal_while_a_worker_rotates_the_tokens_costs_no_sign_in() {
    for path in [ME, TEAM] {
        let home = Home::signed_in_to(three());
        let before = home.stored();
        home.sandbox.arm(Fault::on(path).then(Trouble::unauthenticated()));
        home.sandbox.arm(Fault::on(TOKEN).then(Trouble::Delay(Duration::from_millis(700))));
        let asked = home.posts();
        let child = start(&home, &["sync", "--db", DB]);
        until("the POST", || home.posts() > asked);
        send(&child, Signal::TERM);
        home.read(child.wait_with_output().expect("ends")).exits(143);
        let stored = home.stored();
        assert_eq!(stored["in_flight"], Value::Null, "{path}");
        assert_ne!(stored["refresh_token"], before["refresh_token"], "{path}");
        home.sync().succeeds();
    }
}
