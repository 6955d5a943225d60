//! How much a sync asks at once, for how long, and whose readings it continues.

use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fbsync::sandbox::{Fault, Trouble, World};

use crate::harness::{DB, Home, NEW_DB, Run};
use crate::sync::{ME, TEAM, team_outcomes, three};

fn sync(home: &Home, options: &[&str]) -> Run {
    home.fbsync(&[&["sync", "--db", DB], options].concat())
}

/// What a snapshot holds, without its times and the order in which rows were stored.
fn content(home: &Home, snapshot: i64) -> Vec<String> {
    let tables = home.tables();
    let of = |columns: &str, from: &str| {
        tables
            .rows(&format!("SELECT {columns} FROM {from} WHERE snapshot_id = {snapshot} ORDER BY 1, 2, 3, 4"))
    };
    let mut content =
        of("business_id, account_key, role, member_uuid, flags, sources, record_sha256", "memberships");
    content.extend(of("account_key, email, full_name, businesses", "accounts"));
    content.extend(of("business_id, resource, outcome, received, pages, attempts", "coverage"));
    content.extend(of("seq, url, status, sha256, attempts", "requests"));
    let hashes = "position, l.sha256 FROM snapshot_listings s JOIN listings l ON l.id = s.memberships";
    content.extend(tables.rows(&format!("SELECT {hashes} WHERE snapshot_id = {snapshot} ORDER BY 1")));
    content
}

#[test]
fn the_number_of_jobs_changes_nothing_but_the_haste() {
    let mut contents = Vec::new();
    for (jobs, busy) in [("1", 1..=1), ("4", 2..=4), ("8", 3..=8), ("16", 5..=16)] {
        let mut world = World::many(12, 220);
        world.latency = Duration::from_millis(15);
        let home = Home::reading(world);
        sync(&home, &["--jobs", jobs, "--include", "staff"]).succeeds();
        let busiest = home.sandbox.busiest();
        assert!(busy.contains(&busiest), "--jobs {jobs}: {busiest} at once");
        let origin = home.sandbox.origin();
        let content: Vec<String> =
            content(&home, 1).into_iter().map(|line| line.replace(&origin, "")).collect();
        assert!(content.len() > 12 * 220, "{}", content.len());
        contents.push(content);
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
    for wrong in ["0", "17", "many"] {
        sync(&Home::new(), &["--jobs", wrong]).exits(2);
    }
}

#[test]
fn a_request_to_slow_down_is_heard_by_every_worker_and_told_once() {
    let home = Home::reading(World::many(6, 5));
    home.sandbox.arm(Fault::on("/team_members").times(2).then(Trouble::too_many("7")));
    let run = sync(&home, &["--jobs", "4", "-v"]).succeeds();
    let notes = run.stderr.lines().filter(|line| line.ends_with(" in 7 s")).count();
    assert_eq!((notes, run.stderr.replace(NEW_DB, "").lines().count()), (2, 3), "{run}");
    let outcomes = team_outcomes(&home);
    assert!(outcomes.iter().all(|line| line.contains("|ok|200|5|")), "{outcomes:#?}");

    // In real time: nobody asks until the second is over, whoever was told.
    let home = Home::reading(World::many(6, 5)).without("FBSYNC_TEST_NO_SLEEP");
    home.sandbox.arm(Fault::on("/9001/team_members").then(Trouble::too_many("1")));
    let (before, began) = (home.sandbox.count("GET", "/"), Instant::now());
    let mut child = home.command(&["sync", "--db", DB, "--jobs", "2", "-v"]);
    let child = child.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("fbsync starts");
    std::thread::sleep(Duration::from_millis(700));
    let asked = home.sandbox.count("GET", "/") - before;
    home.read(child.wait_with_output().expect("ends")).succeeds().says("HTTP 429");
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert!(asked < 13, "{asked} requests went out, as if nobody had been told");
}

#[test]
fn an_allowance_that_is_used_up_is_waited_for_and_told_who_wants_to_know() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    for (options, told) in [(&[][..], false), (&["-v"], true), (&["-q"], false)] {
        let home = Home::reading(three());
        let headers = Trouble::AddHeaders(vec![("X-RateLimit-Remaining".to_owned(), "0".to_owned())]);
        let used_up = headers.header("X-RateLimit-Reset", &(now + 90).to_string());
        home.sandbox.arm(Fault::on(ME).then(used_up));
        let run = sync(&home, options).succeeds();
        assert_eq!(run.stderr.contains("rate limit reached; waiting "), told, "{run}");
        assert_eq!(home.tables().number("SELECT max(attempts) FROM requests"), 1);
    }
}

#[test]
fn what_was_not_reached_in_time_failed_and_the_rest_is_kept() {
    let mut world = three();
    let members = World::with_members(150).businesses.remove(0).members;
    world.business(9002).expect("a business").members = members;
    let home = Home::reading(world).without("FBSYNC_TEST_NO_SLEEP");
    let second = Fault::on(TEAM).query_contains("page=2&").times(usize::MAX);
    home.sandbox.arm(second.then(Trouble::Delay(Duration::from_secs(30))));
    let began = Instant::now();
    let said = "warning: Business 0002 (9002): failed: not reached within 1 s";
    sync(&home, &["--max-time", "1s"]).exits(7).says(said).says("hint: run it again");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let outcomes = team_outcomes(&home);
    assert_eq!(outcomes, ["9001|ok|200|5|1", "9002|failed||100|1", "9003|ok|200|5|1"]);
    let kept =
        "SELECT count(*) FROM memberships WHERE business_id = 9002 AND flags LIKE '%listing_incomplete%'";
    assert!(home.tables().number(kept) >= 100);
    assert_eq!(
        home.tables().one("SELECT status, parameters ->> 'max_time_seconds' FROM snapshots"),
        "partial|1"
    );
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn the_time_is_up_for_who_is_signed_in_as_well() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(ME).then(Trouble::Delay(Duration::from_secs(30))));
    let began = Instant::now();
    let said = "error: cannot read who is signed in: not reached within 1 s";
    sync(&home, &["--max-time", "1s"]).exits(5).says(said);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(!home.path(DB).exists());
}

#[test]
fn another_identity_is_refused_until_it_is_wanted_and_that_is_recorded() {
    let home = Home::reading(three());
    sync(&home, &[]).succeeds();
    home.sandbox.change(|world| {
        world.me.id = Some(6_100_002);
        world.me.email = "jan@harbourlight.example".to_owned();
    });
    let asked = home.sandbox.count("GET", "team_members");
    sync(&home, &[])
        .exits(3)
        .says("audit.sqlite belongs to ingrid@harbourlight.example")
        .says("the sign-in is jan@harbourlight.example's")
        .says("hint: ")
        .says("--new-identity continues this one on purpose");
    assert_eq!(home.sandbox.count("GET", "team_members"), asked);
    sync(&home, &["--new-identity"]).succeeds();
    // It is Jan's from here on.
    sync(&home, &[]).succeeds();
    let columns = "SELECT id, identity_id, json_extract(parameters, '$.new_identity') FROM snapshots";
    assert_eq!(home.tables().rows(columns), ["1|6100001|0", "2|6100002|1", "3|6100002|0"]);
    home.fbsync(&["verify", "--db", DB]).succeeds();
}
