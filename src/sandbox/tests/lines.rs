//! The connections themselves: many, slow, kept alive, hung up on, closed.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::{Line, ME, TEAM, get, start};
use crate::sandbox::{Fault, Trouble, World, http_date};

const BURST: usize = 40;
const SLOW: usize = 20;

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn a_burst_is_answered_while_half_of_it_is_slow() {
    let sandbox = start(World::with_members(3));
    let head = bearer(&sandbox.grant().0);
    // Several times: whether a connection is queued behind another is a matter of luck.
    for _ in 0..5 {
        sandbox.arm(Fault::on("team_members").times(SLOW).then(Trouble::Delay(Duration::from_millis(300))));
        let (barrier, began) = (Barrier::new(BURST), Instant::now());
        thread::scope(|scope| {
            let asking: Vec<_> = (0..BURST)
                .map(|n| {
                    let (sandbox, barrier, head) = (&sandbox, &barrier, &head);
                    scope.spawn(move || {
                        barrier.wait();
                        let mut line = Line::to(sandbox);
                        let got = line.ask("GET", if n < SLOW { TEAM } else { ME }, head, "").unwrap();
                        // Handed out, to be kept open: a line that closes lets another have its thread.
                        (line, got.status)
                    })
                })
                .collect();
            let got: Vec<_> = asking.into_iter().map(|asking| asking.join().unwrap()).collect();
            assert!(got.iter().all(|(_, status)| *status == 200));
        });
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
    assert!(sandbox.busiest() >= 16, "{}", sandbox.busiest());
    assert_eq!(sandbox.requests().len(), 5 * BURST);
}

#[test]
fn a_line_kept_alive_is_quick() {
    let sandbox = start(World::with_members(1));
    let (head, mut line) = (bearer(&sandbox.grant().0), Line::to(&sandbox));
    sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::Raw(vec![b' '; 300_000])));
    // An answer smaller than any buffer on its way, and one larger than all of them.
    for target in [ME, TEAM] {
        let began = Instant::now();
        for _ in 0..200 {
            assert_eq!(line.ask("GET", target, &head, "").unwrap().status, 200);
        }
        // One delayed ACK an answer would be eight seconds.
        assert!(began.elapsed() < Duration::from_secs(1), "{target}: {:?}", began.elapsed());
    }
    assert_eq!(sandbox.count("GET", ""), 400);
}

#[test]
fn an_answer_has_the_sandboxs_own_headers() {
    let clock = "2026-03-01T12:00:00Z".parse().unwrap();
    let got = get(&start(World { clock: Some(clock), ..World::with_members(1) }), ME);
    let dates: Vec<_> = got.head.lines().filter(|line| line.to_lowercase().starts_with("date:")).collect();
    assert_eq!(dates, [format!("Date: {}", http_date(clock))]);
    assert_eq!(got.header("server"), None);
}

#[test]
fn a_line_kept_alive_is_hung_up_on_at_once() {
    for trouble in [Trouble::Drop, Trouble::AnswerLost, Trouble::CutBody] {
        let half = matches!(trouble, Trouble::CutBody);
        let sandbox = start(World::with_members(3));
        let (head, mut line) = (bearer(&sandbox.grant().0), Line::to(&sandbox));
        let whole = line.ask("GET", TEAM, &head, "").unwrap().body;
        sandbox.arm(Fault::on(TEAM).then(trouble));
        let began = Instant::now();
        let ask = format!("GET {TEAM} HTTP/1.1\r\nHost: h\r\nUser-Agent: fbsync/test\r\n{head}\r\n");
        line.0.get_mut().write_all(ask.as_bytes()).unwrap();
        let mut got = String::new();
        line.0.read_to_string(&mut got).unwrap();
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        let (head, body) = got.split_once("\r\n\r\n").unwrap_or_default();
        assert_eq!(body, if half { &whole[..whole.len() / 2] } else { "" });
        assert_eq!(head.contains(&format!("Content-Length: {}", whole.len())), half);
    }
}

#[test]
fn a_panic_in_a_hook_hangs_up() {
    let sandbox = start(World::with_members(1));
    sandbox.arm(Fault::on(ME).then(Trouble::hook(|_| panic!("on purpose"))));
    assert!(Line::to(&sandbox).ask("GET", ME, &bearer(&sandbox.grant().0), "").is_err());
    assert_eq!(get(&sandbox, ME).status, 200);
}

#[test]
fn a_client_may_close_its_half_and_wait() {
    let sandbox = start(World::with_members(1));
    let mut line = Line::to(&sandbox);
    let ask = format!("GET {ME} HTTP/1.1\r\nHost: h\r\n{}\r\n", bearer(&sandbox.grant().0));
    line.0.get_mut().write_all(ask.as_bytes()).unwrap();
    line.0.get_mut().shutdown(Shutdown::Write).unwrap();
    assert_eq!(line.read().unwrap().status, 200);
    assert_eq!(line.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_long_body_arrives_and_a_chunked_one_is_refused() {
    let sandbox = start(World::empty());
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let long = "x".repeat(100_000);
    let mut line = Line::to(&sandbox);
    for _ in 0..2 {
        line.ask("POST", "/auth/oauth/token", form, &format!("grant_type={long}")).unwrap();
    }
    assert!(sandbox.requests().iter().all(|seen| seen.form[0].1 == long));
    let ask = "POST /auth/oauth/token HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    line.0.get_mut().write_all(ask.as_bytes()).unwrap();
    let mut rest = Vec::new();
    line.0.read_to_end(&mut rest).unwrap();
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn closing_ends_every_line_and_frees_the_port() {
    let sandbox = start(World::with_members(1));
    let head = bearer(&sandbox.grant().0);
    let address = sandbox.origin().strip_prefix("http://").unwrap().to_owned();
    let mut lines: Vec<_> = (0..10).map(|_| Line::to(&sandbox)).collect();
    for line in &mut lines {
        assert_eq!(line.ask("GET", ME, &head, "").unwrap().status, 200);
    }
    let began = Instant::now();
    drop(sandbox);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(TcpStream::connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(lines.iter_mut().all(|line| line.ask("GET", ME, &head, "").is_err()));
}
