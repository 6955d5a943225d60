//! `snapshots`: the list, the head, periods and gaps; choosing one by its date; pruning; and what a
//! snapshot costs.

use std::fs;

use fbsync::sandbox::{Member, World};

use crate::harness::{DB, Home, Run, names_in};
use crate::tables::Tables;

const DAY: i64 = 86_400;
/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;

/// Runs fbsync so many seconds after the new year began.
fn at(home: &Home, seconds: i64, arguments: &[&str]) -> Run {
    home.run(home.command(arguments).env("FBSYNC_TEST_CLOCK", (NEW_YEAR + seconds).to_string()))
}

/// One business; a reading at noon of each of these days of the year.
fn read_on(days: &[i64]) -> Home {
    let home = Home::reading(World::many(1, 3));
    for day in days {
        at(&home, day * DAY + DAY / 2, &["sync", "--db", DB, "--note", &format!("remark of day {day}")])
            .succeeds();
    }
    home
}

fn snapshots(home: &Home, arguments: &[&str]) -> Run {
    home.fbsync(&[&["snapshots", "--db", DB], arguments].concat())
}

fn statuses(home: &Home) -> String {
    home.tables().rows("SELECT status FROM snapshots ORDER BY id").join(" ")
}

#[test]
fn coverage_and_gaps_are_listed() {
    let home = read_on(&[0, 1, 4]);
    let listed = snapshots(&home, &["-v"])
        .succeeds()
        .says("the longest time between complete ones: 3 d, before snapshot 3");
    let cells: Vec<Vec<&str>> = listed.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        cells[0].join(" "),
        "id finished_at status businesses accounts memberships joined left changed read gap"
    );
    assert_eq!(cells[1].join(" "), "1 2026-01-01T12:00:00Z complete 1 3 3 - - - 1 -");
    assert_eq!(cells[3].join(" "), "3 2026-01-05T12:00:00Z complete 1 3 3 0 0 0 1 3 d");
    let json = snapshots(&home, &["--json"]).succeeds().json();
    assert_eq!(
        (&json[2]["businesses_read"], &json[2]["seconds_since_complete"]),
        (&1.into(), &(3 * DAY).into())
    );
}

#[test]
fn the_head_is_one_line_to_keep() {
    let home = read_on(&[0, 1]);
    let hash = home.tables().one("SELECT content_sha256 FROM snapshots WHERE id = 2");
    let head = snapshots(&home, &["--head"]).succeeds();
    assert_eq!(head.stdout, format!("2 2026-01-02T12:00:00Z {hash}\n"));
    assert_eq!(snapshots(&home, &["--head", "--json"]).succeeds().json()["content_sha256"], hash.as_str());
    snapshots(&home, &["--head", "--all"]).exits(2);
}

#[test]
fn a_period_holds_its_complete_snapshots_or_none() {
    // 31 March, 23:00 in UTC, is April in Oslo.
    let home = Home::reading(World::many(1, 3));
    at(&home, 89 * DAY + 23 * 3600, &["sync", "--db", DB]).succeeds();
    let ids = |arguments: &[&str]| snapshots(&home, &[arguments, &["--json"]].concat()).succeeds().json();
    for period in ["2026", "2026-Q1", "2026-03"] {
        assert_eq!(ids(&["--period", period])[0]["id"], 1);
    }
    snapshots(&home, &["--period", "2026-04"]).exits(10).says("there is no complete snapshot in 2026-04");
    assert_eq!(ids(&["--period", "2026-Q2", "--timezone", "Europe/Oslo"])[0]["id"], 1);
    snapshots(&home, &["--period", "2026-Q1", "--timezone", "Europe/Oslo"]).exits(10);
    for bad in ["2026-Q5", "26", "2026-13", "last"] {
        snapshots(&home, &["--period", bad]).exits(2);
    }
    home.fbsync(&["snapshots", "--db", DB, "--period", "2026", "--timezone", "Mars/Olympus"]).exits(2);
}

#[test]
fn a_date_takes_the_last_complete_snapshot_before_its_end() {
    let home = read_on(&[0, 10]);
    let export = |arguments: &[&str]| home.fbsync(&[&["export", "access", "--db", DB], arguments].concat());
    export(&["--snapshot", "2026-01-05"])
        .succeeds()
        .says("snapshot 1 (complete, 2026-01-01T12:00:00Z) is the last one at 2026-01-05T23:59:59Z, 4 d 12 h before it")
        .says("the next one is snapshot 2 of 2026-01-11T12:00:00Z");
    export(&["--snapshot", "2026-01-11"]).succeeds().says("snapshot 2 ").says("there is none after it");
    export(&["--snapshot", "2026-01-11T11:59:59Z"]).succeeds().says("snapshot 1 ");
    export(&["--snapshot", "2026-01-11T12:00:00+01:00"]).succeeds().says("snapshot 1 ");
    export(&["--snapshot", "2026-01-01", "--timezone", "Pacific/Auckland"])
        .exits(10)
        .says("there is no snapshot at or before 2026-01-01T10:59:59Z");
    export(&["--snapshot", "2025-12-31"]).exits(10);
    export(&["--snapshot", "2026-01-08", "--within", "7d"]).exits(10).says("7 d 12 h before it");
    export(&["--snapshot", "2026-01-08", "--within", "8d"]).succeeds();
    export(&["--snapshot", "1", "--within", "8d"]).exits(2);
    export(&["--snapshot", "tomorrow"]).exits(2);
    at(&home, 20 * DAY, &["export", "access", "--db", DB, "--within", "5d"]).exits(10);
}

#[test]
fn only_a_partial_one_at_a_date_is_not_taken_unasked() {
    let home = Home::reading(World::many(1, 3));
    home.sandbox.change(|world| world.businesses[0].team_list = fbsync::sandbox::Reading::Refused(403));
    at(&home, 0, &["sync", "--db", DB]).exits(7);
    let export = ["export", "access", "--db", DB, "--snapshot", "2026-01-01"];
    home.fbsync(&export).exits(7).says("--allow-partial");
    home.fbsync(&[&export[..], &["--allow-partial"]].concat()).succeeds().says("snapshot 1 (partial");
    at(&home, 0, &["status", "--max-age", "26h", "--db", DB]).exits(10).says("holds no complete snapshot");
}

#[test]
fn status_judges_the_age_of_the_last_complete_snapshot() {
    let home = read_on(&[0]);
    let status =
        |seconds, arguments: &[&str]| at(&home, seconds, &[&["status", "--db", DB], arguments].concat());
    let said = status(DAY, &[]).succeeds().stdout;
    assert!(
        said.ends_with("audit.sqlite: snapshot 1 (complete, 2026-01-01T12:00:00Z, 12 h ago)\n"),
        "{said}"
    );
    status(DAY, &["--max-age", "26h"]).succeeds();
    status(3 * DAY, &["--max-age", "26h"]).exits(10).says("is older than 1 d 2 h");
    // The database alone: a home whose sign-ins cannot be looked at is no hindrance.
    let mut alone = home.command(&["status", "--max-age", "26h", "--db", DB, "--json"]);
    alone
        .env_remove("HOME")
        .env_remove("XDG_STATE_HOME")
        .env("FBSYNC_TEST_CLOCK", (NEW_YEAR + DAY).to_string());
    assert_eq!(home.run(&mut alone).succeeds().json()["database"]["last_complete_snapshot"]["id"], 1);
    home.fbsync(&["status", "--max-age", "26h"]).exits(2);
    home.fbsync(&["status", "--max-age", "26h", "--db", "none.sqlite"]).exits(10);
    home.fbsync(&["status", "--db", "none.sqlite"]).succeeds();
}

fn prune(home: &Home, arguments: &[&str]) -> Run {
    at(home, 400 * DAY, &[&["snapshots", "prune", "--db", DB, "--yes"], arguments].concat())
}

#[test]
fn pruning_keeps_the_chain_and_leaves_no_text() {
    let home = Home::reading(World::many(2, 3));
    let secret = "vanished.person@x.example";
    home.sandbox.change(|world| {
        let member = Member { uuid: Some("u".to_owned()), ..Member::new("Vanya", "Ished", secret, "owner") };
        world.businesses[0].members.push(member);
    });
    at(&home, 0, &["sync", "--db", DB, "--note", "a remark to forget"]).succeeds();
    home.sandbox.change(|world| drop(world.businesses[0].members.pop()));
    at(&home, DAY, &["sync", "--db", DB]).succeeds();
    at(&home, 2 * DAY, &["sync", "--db", DB]).succeeds();
    let kept = "SELECT * FROM access WHERE snapshot_id > 1";
    // What the business groups and users/me said of those who stayed is nobody's row, and stays.
    let records = "SELECT count(*) FROM records WHERE body NOT LIKE '%vanished.person%'";
    let kept_records = home.tables().number(records);
    let hashes = "SELECT id, started_at, finished_at, content_sha256, previous_sha256 FROM snapshots";
    let before = (home.tables().rows(kept), home.tables().rows(hashes));

    let run = prune(&home, &["--keep-last", "2"]).succeeds().says("erased the content of 1 snapshot: ");
    assert_eq!(run.stdout, "");
    assert_eq!(statuses(&home), "pruned complete complete");
    assert_eq!((home.tables().rows(kept), home.tables().rows(hashes)), before);
    assert_eq!(home.tables().number(records), kept_records);
    let bytes = fs::read(home.path(DB)).expect("a database");
    for text in [secret, "Vanya", "a remark to forget"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text} is still there");
    }
    let head = before.1[0].split('|').nth(3).expect("a hash").to_owned();
    home.fbsync(&["verify", "--db", DB, "--expect", &format!("1:{head}")])
        .succeeds()
        .says("ok: 3 snapshots")
        .says("not proved: what 1 pruned snapshot contained; only times, counts and hashes are left");
    // The guards are back, and the next snapshot follows.
    let refusal = Tables::open_for_writing(&home.path(DB)).refusal("DELETE FROM snapshots");
    assert!(refusal.contains("append-only"), "{refusal}");
    at(&home, 3 * DAY, &["sync", "--db", DB]).succeeds();
    home.fbsync(&["verify", "--db", DB]).succeeds();
    home.fbsync(&["export", "access", "--db", DB, "--snapshot", "1"])
        .exits(2)
        .says("the content of snapshot 1 was pruned");
    home.fbsync(&["diff", "--db", DB, "--from", "1"]).exits(2).says("was pruned");
}

#[test]
fn pruning_asks_and_spares_what_it_must() {
    let home = read_on(&[0, 1, 2]);
    let before = fs::read(home.path(DB)).expect("a database");
    home.fbsync(&["snapshots", "prune", "--db", DB, "--keep-last", "1"]).exits(2).says("hint: --yes");
    home.fbsync(&["snapshots", "prune", "--db", DB, "--yes"]).exits(2);
    home.fbsync(&["snapshots", "--all", "prune", "--db", DB, "--keep-last", "1", "--yes"]).exits(2);
    home.fbsync(&["snapshots", "prune", "--db", DB, "--keep-last", "0", "--yes"]).exits(2);
    prune(&home, &["--keep-last", "3"]).succeeds().says("these rules prune no snapshot");
    assert_eq!(fs::read(home.path(DB)).expect("a database"), before);
    let json = prune(&home, &["--older-than", "1d", "--json"]).succeeds().json();
    assert_eq!(json["pruned"], serde_json::json!([1, 2]));
    assert_eq!(statuses(&home), "pruned pruned complete");
}

#[test]
fn pruning_by_days_and_months() {
    let home = read_on(&[0, 5, 40, 396, 397]);
    let mut twice = home.command(&["sync", "--db", DB]);
    home.run(twice.env("FBSYNC_TEST_CLOCK", (NEW_YEAR + 397 * DAY + DAY / 2 + 60).to_string())).succeeds();
    prune(&home, &["--keep-daily", "30d", "--keep-monthly", "2y"]).succeeds();
    // Of January the last, February, and of each of the last days the last.
    assert_eq!(statuses(&home), "pruned complete complete complete pruned complete");
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn pruning_takes_the_lock_and_refuses_what_was_altered() {
    let home = read_on(&[0, 1]);
    let lock = fs::OpenOptions::new().write(true).open(home.path("audit.sqlite.lock")).expect("a lock");
    lock.lock().expect("the lock");
    prune(&home, &["--keep-last", "1"]).exits(8);
    lock.unlock().expect("it was held");
    Tables::open_for_writing(&home.path(DB))
        .tamper("UPDATE membership_rows SET role = 'client' WHERE id = 1");
    let before = fs::read(home.path(DB)).expect("a database");
    prune(&home, &["--keep-last", "1"])
        .exits(10)
        .says("membership row 1 has been changed")
        .says("nothing was pruned");
    assert_eq!(fs::read(home.path(DB)).expect("a database"), before);
}

#[test]
fn pruning_that_is_killed_has_happened_or_not() {
    for (step, expected) in [("commit", "complete complete"), ("vacuum", "pruned complete")] {
        let home = read_on(&[0, 1]);
        let mut command = home.command(&["snapshots", "prune", "--db", DB, "--yes", "--keep-last", "1"]);
        let run = home.run(command.env("FBSYNC_TEST_DIE_AT", step));
        assert_eq!(run.signal, Some(9), "{run}");
        home.fbsync(&["verify", "--db", DB]).succeeds();
        assert_eq!(statuses(&home), expected);
    }
}

#[test]
fn a_sync_that_is_killed_at_the_commit_was_never_there() {
    let home = read_on(&[0]);
    let mut command = home.command(&["sync", "--db", DB]);
    assert_eq!(home.run(command.env("FBSYNC_TEST_DIE_AT", "commit")).signal, Some(9));
    home.fbsync(&["verify", "--db", DB]).succeeds().says("ok: 1 snapshot, ");
    home.sync().succeeds();
    assert_eq!(statuses(&home), "complete complete");
}

/// What a power cut in the middle of a write leaves: half of it in the file, the rest in the journal.
pub(crate) fn broken_off(home: &Home) -> String {
    let folder = home.path("cut");
    fs::create_dir(&folder).expect("a folder");
    let writer = Tables::open_for_writing(&home.path(DB));
    // So small a cache makes SQLite write before the commit.
    writer.execute("PRAGMA cache_size = 1; BEGIN IMMEDIATE; CREATE TABLE half (text TEXT)");
    writer.execute(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
         INSERT INTO half SELECT hex(zeroblob(50)) FROM n; DROP TRIGGER snapshots_no_update",
    );
    for name in [DB, "audit.sqlite-journal"] {
        fs::copy(home.path(name), folder.join(name)).expect("a copy");
    }
    writer.execute("ROLLBACK");
    format!("cut/{DB}")
}

#[test]
fn a_write_that_was_broken_off_is_undone_by_whoever_comes_next() {
    for command in [
        "snapshots",
        "verify",
        "export access",
        "diff",
        "status",
        "sync",
        "snapshots prune --older-than 1d --yes",
    ] {
        let home = read_on(&[0]);
        let db = broken_off(&home);
        let arguments: Vec<&str> = command.split(' ').chain(["--db", &db]).collect();
        home.fbsync(&arguments)
            .succeeds()
            .says("cut/audit.sqlite: a write was broken off, and is undone first");
        assert!(!names_in(&home.path("cut")).contains(&"audit.sqlite-journal".to_owned()));
        home.fbsync(&["verify", "--db", &db]).succeeds();
    }
}

#[test]
fn a_write_that_was_broken_off_on_read_only_media_is_explained() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = read_on(&[0]);
    let db = broken_off(&home);
    let modes = |file, folder| {
        fs::set_permissions(home.path(&db), fs::Permissions::from_mode(file)).expect("a file");
        fs::set_permissions(home.path("cut"), fs::Permissions::from_mode(folder)).expect("a folder");
    };
    modes(0o400, 0o500);
    let run = home.run(&mut home.command_under_modes(&["verify", "--db", &db]));
    modes(0o600, 0o700);
    run.exits(9).says("hint: a write was broken off; copy the file and the -journal beside it");
}

/// What one more snapshot of the same adds to the file.
fn growth(world: World) -> u64 {
    let home = Home::reading(world);
    let size = || fs::metadata(home.path(DB)).expect("a database").len();
    home.sync().succeeds();
    home.sync().succeeds();
    let before = size();
    // Several, so that the size of a page does not count.
    for _ in 0..4 {
        home.sync().succeeds();
    }
    (size() - before) / 4
}

#[test]
fn an_unchanged_business_costs_next_to_nothing() {
    let (one, many) = (growth(World::many(1, 1000)), growth(World::many(200, 5)));
    assert!(one < 64 * 1024, "{one} bytes for 1,000 memberships in one business");
    assert!(many < 256 * 1024, "{many} bytes for 1,000 memberships in 200");
}

#[test]
fn a_snapshot_bears_the_time_of_freshbooks_and_never_goes_back() {
    let home = Home::reading(World::many(1, 3));
    let now = home.sandbox.now().as_second();
    let home = home.at_another_time(now + 3 * DAY);
    home.sync().succeeds().says("ahead of FreshBooks'");
    let off = home.tables().one(
        "SELECT abs(unixepoch(finished_at) - unixepoch(server_date_last)) < 60, json_extract(parameters,
         '$.clock_offset_seconds') / 86400 FROM snapshots",
    );
    assert_eq!(off, "1|3");
    home.fbsync(&["verify", "--db", DB]).succeeds();
    // FreshBooks' own time goes back: then nothing can be trusted to say when this reading was.
    home.sandbox.change(|world| world.date = "2020-01-01T00:00:00Z".parse().ok());
    home.sync().exits(3).says("before snapshot 1").says("nothing was recorded");
    assert_eq!(home.tables().number("SELECT count(*) FROM snapshots"), 1);
}
