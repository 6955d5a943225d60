//! Answers that are meant to blow up: each costs little memory, and ends as a failed try or an odd
//! entry.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fbsync::sandbox::{Fault, Trouble, World};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::{DB, Home};

const MIB: usize = 1 << 20;

/// KiB. A page that is as large as may be, what is read of it, and what is kept of it.
const MOST: u64 = 400 << 10;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A team list of `entries`, of which FreshBooks says that there are three.
fn page(entries: &str) -> Vec<u8> {
    format!("{{\"response\":[{entries}],\"meta\":{{\"page\":1,\"per_page\":100,\"total\":3}}}}").into_bytes()
}

/// As much as fits into an answer of the largest size.
fn fill(entry: &str) -> String {
    entry.repeat(31 * MIB / entry.len())
}

/// Runs to the end: exit code and peak memory in KiB, as far as this system tells.
fn measured(command: &mut Command) -> (Option<i32>, u64) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("fbsync starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim_end_matches("kB").trim().parse().ok());
        peak = peak.max(now.unwrap_or(0));
        match child.try_wait().expect("a child") {
            Some(status) => return (status.code(), peak),
            None => thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// One sync whose first try of `path` gets this.
fn peak_of(path: &str, trouble: Trouble) -> (Home, Option<i32>, u64) {
    let home = Home::reading(World::with_members(3));
    home.sandbox.arm(Fault::on(path).then(trouble));
    let (code, peak) = measured(&mut home.command(&["sync", "--db", DB]));
    (home, code, peak)
}

#[test]
fn an_answer_that_is_too_much_is_a_failed_try() {
    let crowd = |entry: &str| Trouble::Raw(page(fill(entry).trim_end_matches(',')));
    let table = [
        ("compressed blanks", Trouble::Raw(gzip(&vec![b' '; 40 * MIB]))),
        ("a compressed list", Trouble::Raw(gzip(&page(&" ".repeat(40 * MIB))))),
        ("blanks", Trouble::Raw(vec![b' '; 33 * MIB])),
        ("nulls", crowd("null,")),
        ("empty records", crowd("{},")),
        ("numbers", crowd("0,")),
        ("an unended list", Trouble::Raw(fill("[").into_bytes())),
        ("a large complaint", {
            let body = format!("{{\"error\":\"forbidden\",\"more\":[{}0]}}", fill("0,"));
            Trouble::Status { code: 403, headers: Vec::new(), body }
        }),
    ];
    for (name, trouble) in table {
        let (home, code, peak) = peak_of("/team_members", trouble);
        assert_eq!(code, Some(0), "{name}");
        assert!(peak < MOST, "{name}: {} MiB", peak >> 10);
        let coverage = "SELECT outcome, received, attempts FROM coverage WHERE resource = 'team_members'";
        assert_eq!(home.tables().one(coverage), "ok|3|2", "{name}");
    }
}

/// Deeper than any stack goes that has a frame for each level.
const DEEP: usize = MIB / 2;

#[test]
fn an_entry_that_is_too_much_is_an_odd_one() {
    let fields: Vec<String> = (0..300_000).map(|n| format!("\"{n:x}\":1")).collect();
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{\"uuid\":\"a\",\"deep\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    let table = [
        ("many fields", format!("{{{}}}", fields.join(",")), "response[0] has too many fields on page 1"),
        ("lists in lists", nested("[", "]", DEEP), ""),
        ("records in records", nested("{\"a\":", "}", DEEP), ""),
        ("nothing but depth", format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)), "is not an object"),
        ("a long name", format!("{{\"uuid\":\"a\",\"first_name\":\"{}\"}}", fill("x")), ""),
        ("half emojis", format!("{{\"uuid\":\"a\",\"first_name\":\"{}\"}}", "\\ud83d".repeat(DEEP)), ""),
    ];
    for (name, entry, told) in table {
        let entries = format!("{entry},{{\"uuid\":\"b\"}},{{\"uuid\":\"c\"}}");
        let (home, code, peak) = peak_of("/team_members", Trouble::Raw(page(&entries)));
        assert!(peak < MOST, "{name}: {} MiB", peak >> 10);
        let coverage = "SELECT received, distinct_rows, attempts, coalesce(message, '') FROM coverage
             WHERE resource = 'team_members'";
        let coverage = home.tables().one(coverage);
        match told {
            "" => assert_eq!((code, coverage.as_str()), (Some(0), "3|3|1|"), "{name}"),
            told => assert!(
                code == Some(7) && coverage.starts_with("3|2|1|") && coverage.contains(told),
                "{name}: {coverage}"
            ),
        }
        home.fbsync(&["verify", "--db", DB]).succeeds();
    }
}

#[test]
fn a_token_answer_that_is_too_much_is_a_lost_one() {
    let home = Home::with_sign_in();
    let bomb = || Trouble::Raw(gzip(&vec![b' '; 64 * MIB]));
    home.sandbox.arm(Fault::on("/auth/oauth/token").times(1).then(bomb()));
    let (code, peak) = measured(&mut home.command(&["refresh"]));
    assert_eq!(code, Some(0));
    assert!(peak < 64 << 10, "{} MiB", peak >> 10);
    home.sandbox.arm(Fault::on("/auth/oauth/token").times(2).then(bomb()));
    home.fbsync(&["refresh"]).exits(5).says("the answer is larger than 1 MiB").says("they are kept");
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_map_of_accounts_as_large_as_an_answer_is_passed_over() {
    let accounts: Vec<String> = (0..400_000).map(|n| format!("\"{n:x}\":\"active\"")).collect();
    let accounts = format!("{{{}}}", accounts.join(","));
    let rewrite = move |_: &fbsync::sandbox::Asked, answer: &mut fbsync::sandbox::Answer| {
        let body = String::from_utf8(std::mem::take(&mut answer.body)).expect("UTF-8");
        answer.body = body
            .replace("\"subscription_statuses\":", &format!("\"subscription_statuses\":{accounts},\"was\":"))
            .into();
    };
    let (home, code, peak) = peak_of("/users/me", Trouble::rewrite(rewrite));
    assert_eq!(code, Some(0));
    assert!(peak < MOST, "{} MiB", peak >> 10);
    assert_eq!(home.tables().one("SELECT name, subscription_status FROM businesses"), "Business 0001|");
}
