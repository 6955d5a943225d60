//! `review record`: whole or not at all.

use std::fs;
use std::process::Command;

use fbsync::sandbox::{World, changes};

use super::{DAY, NOON, Row, email, fill, fixture, fixtures, keep, on_day, read_once, record, remove, rows};
use super::{set, sheet, somebody, write};
use crate::harness::{DB, Home};
use crate::reports::{synced, world};

/// The demo's second reading, on the very second that the filled sheets of the fixtures were made at.
fn as_when_the_fixtures_were_made() -> Home {
    loop {
        let home = synced(world());
        home.sandbox.change(changes::quarter_later);
        home.fbsync(&["sync"]).succeeds();
        let made = home.tables().one("SELECT finished_at FROM snapshots WHERE id = 2");
        // On a busy machine a reading can take a second.
        if made == "2026-06-30T12:00:00Z" {
            return home.with("FBSYNC_TEST_CLOCK", &(NOON + 40 * DAY).to_string());
        }
    }
}

#[test]
fn what_every_program_wrote_is_recorded_alike() {
    let home = as_when_the_fixtures_were_made();
    let expected = fs::read_to_string(fixture("decisions.csv")).expect("a fixture");
    let expected: Vec<Row> =
        csv::Reader::from_reader(expected.as_bytes()).deserialize().map(|row| row.expect("CSV")).collect();
    for name in fixtures() {
        let run = home.fbsync(&["review", "record", &fixture(&name), "--part", "--json"]).succeeds();
        run.says("decided more than 30 days after the snapshot (1 decision, marked late)")
            .says("nobody else reviewed this reviewer's own access")
            .says("the reviewer is the person reviewed");
        let id = home.tables().number("SELECT max(id) FROM reviews");
        for row in &expected {
            let columns = "decision, ifnull(change_to, ''), reviewer, reviewer_email, reviewed_at, justification, ticket, findings";
            let key = &row["row_key"];
            let sql = format!("SELECT {columns} FROM decisions WHERE review_id = {id} AND row_key = '{key}'");
            let columns = columns.replace("ifnull(change_to, '')", "change_to");
            let wanted: Vec<&str> = columns.split(", ").map(|column| row[column].as_str()).collect();
            assert_eq!(home.tables().one(&sql), wanted.join("|"), "{name}");
        }
        let body = fs::read(fixture(&name)).expect("a fixture");
        let body: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        let stored = format!("SELECT name, hex(body) FROM review_files WHERE review_id = {id}");
        assert_eq!(home.tables().one(&stored), format!("{name}|{}", body.to_uppercase()), "{name}");
    }
    home.fbsync(&["verify"]).succeeds();
}

#[test]
fn everything_wrong_is_told_at_once_and_nothing_recorded() {
    let home = read_once();
    let rows = sheet(&home, &[]);
    let before = home.database_bytes();
    let mut wrong = rows.clone();
    set(&mut wrong[0], &[("decision", "delete")]);
    set(&mut wrong[1], &[("decision", "remove")]);
    set(&mut wrong[2], &[("decision", "change"), ("justification", "moved")]);
    set(&mut wrong[3], &[("decision", "keep"), ("role_label", "Client")]);
    set(&mut wrong[4], &[("decision", "keep"), ("reviewed_at", "2026-06-29")]);
    wrong.pop();
    write(&home, "wrong.csv", &wrong);
    let run = record(&home, &["wrong.csv"], &["--json"]).exits(10);
    let run = run
        .says("wrong.csv, row 2: ")
        .says("`delete` is not a decision; write keep, remove, change or ask")
        .says("wrong.csv, row 3: ")
        .says("no reason to remove")
        .says("the role to change to is missing; write one of: Owner, Admin, Manager")
        .says("Role was edited: `")
        .says("decided on 2026-06-29, before the snapshot of 2026-06-30")
        .says("the row is in no sheet; put it back, or use --part")
        .says("error: 6 problems in the sheets of snapshot 1; nothing was recorded")
        .says("hint: ");
    let said = run.json();
    assert_eq!((said["errors"].as_array().map(Vec::len), said["review"].is_null()), (Some(6), true));
    assert_eq!(home.database_bytes(), before);

    write(&home, "open.csv", &rows);
    let run = record(&home, &["open.csv"], &[]).exits(10).says("problem: open.csv, row 2: ");
    run.says("no decision; write keep").does_not_say("warning:");
    let mut good = rows;
    good.iter_mut().for_each(keep);
    write(&home, "good.csv", &good);
    let run = record(&home, &["good.csv"], &["--dry-run"]).succeeds();
    run.says("snapshot 1: 6 rows decided (6 keep), 0 undecided; nothing was recorded (--dry-run)");
    record(&home, &["good.csv"], &["--dry-run", "-q"]).succeeds().does_not_say("rows decided");
    assert_eq!(home.database_bytes(), before);
}

#[test]
fn half_a_sheet_is_told_in_a_line() {
    let home = Home::reading(World::many(1, 60)).with("FBSYNC_DB", "audit.sqlite");
    let home = on_day(home, 0, |home| drop(home.fbsync(&["sync"]).succeeds()));
    let mut rows = sheet(&home, &[]);
    rows[..30].iter_mut().for_each(keep);
    write(&home, "half.csv", &rows);
    let run = record(&home, &["half.csv"], &[]).exits(10);
    let run = run.says("problem: half.csv, rows 32 to 61 (30 rows): no decision; write keep");
    let run = run.says("error: 30 problems in the sheets").says("hint: -v names every row and person");
    assert_eq!(run.stderr.matches("problem: ").count(), 1, "{run}");
    let run = record(&home, &["half.csv"], &["-v"]).exits(10);
    assert_eq!(run.stderr.matches("problem: half.csv, row ").count(), 30, "{run}");
}

#[test]
fn what_is_no_sheet_of_this_database_is_the_person_s_to_put_right() {
    let home = read_once();
    fs::write(home.path("list.csv"), "name,email\nAnn,ann@x.example\n").expect("a file");
    fs::write(home.path("noise.xlsx"), "PK\u{3}\u{4}noise").expect("a file");
    assert!(Command::new("mkfifo").arg(home.path("pipe.csv")).status().expect("mkfifo").success());
    let mut rows = sheet(&home, &[]);
    rows.iter_mut().for_each(|row| set(row, &[("decision", "keep"), ("snapshot_id", "7")]));
    write(&home, "other.csv", &rows);
    for (file, problem) in [
        ("list.csv", "no sheet has the headings row_key, snapshot_id, decision"),
        ("noise.xlsx", "it is damaged, or protected by a password"),
        ("pipe.csv", "it is a pipe"),
        ("none.csv", "cannot read none.csv"),
        ("none.csv", "caused by: No such file or directory"),
        ("other.csv", "about snapshot 7, which is not in this database"),
    ] {
        record(&home, &[file], &[]).exits(3).says(problem);
    }
    home.fbsync(&["review", "record", "list.csv", "--reviewer", "Owen"]).exits(2).says("NAME <EMAIL>");
    fill(&home, "good.csv", keep);
    home.fbsync(&["review", "record", "good.csv"]).exits(10).says("no reviewer").says("--reviewer");
    record(&home, &["good.csv"], &["--db", "nowhere.sqlite"]).exits(9);
}

#[test]
fn several_files_of_one_name_and_a_note_are_kept_with_it() {
    let home = read_once();
    let (mut first, mut second) = (sheet(&home, &[]), sheet(&home, &[]));
    first.truncate(3);
    first.iter_mut().for_each(keep);
    second.drain(..3);
    second.iter_mut().for_each(keep);
    for (folder, rows) in [("a", first), ("b", second)] {
        fs::create_dir(home.path(folder)).expect("a folder");
        write(&home, &format!("{folder}/review.csv"), &rows);
    }
    record(&home, &["a/review.csv", "b/review.csv"], &["--note", "Q2, both offices", "-v"])
        .succeeds()
        .says("review 1 of snapshot 1: 6 rows decided (6 keep), 0 undecided");
    let tables = home.tables();
    assert_eq!(tables.rows("SELECT name FROM review_files"), ["review-2.csv", "review.csv"]);
    assert_eq!(tables.one("SELECT note, files, decisions, undecided FROM reviews"), "Q2, both offices|2|6|0");
    let listed = home.fbsync(&["review", "list", "--json"]).succeeds().json();
    assert_eq!(listed[0]["note"], "Q2, both offices");
    assert_eq!(listed[0]["reviewers"], serde_json::json!(["Owen Tran <owen@auditors.example>"]));
    let listed = home.fbsync(&["review", "list"]).succeeds().stdout;
    let heading = listed.lines().next().unwrap_or_default();
    assert!(heading.ends_with("reviewers                          recorded by"), "{listed}");
    home.fbsync(&["snapshots", "--head"]).succeeds();
    home.fbsync(&["verify"]).succeeds();
}

#[test]
fn a_clock_that_went_back_is_refused_and_a_later_decision_supersedes() {
    let home = read_once();
    let ann = email(&somebody(&home, 0));
    fill(&home, "keep.csv", keep);
    fill(&home, "remove.csv", remove(&ann));
    let home = on_day(home, 3, |home| drop(record(home, &["keep.csv"], &[]).succeeds()));
    let before = home.database_bytes();
    let home = on_day(home, 2, |home| {
        record(home, &["remove.csv"], &[])
            .exits(3)
            .says("before review 1 of 2026-07-03T12:00:0")
            .says("hint: check this machine's clock");
    });
    assert_eq!(home.database_bytes(), before);
    let home = on_day(home, 4, |home| drop(record(home, &["remove.csv"], &[]).succeeds()));
    let decided = rows(&home.fbsync(&["export", "decisions"]).succeeds());
    let of_ann = decided.iter().find(|row| row["email"] == ann).expect("Ann");
    assert_eq!((decided.len(), &*of_ann["decision"], &*of_ann["review_id"]), (6, "remove", "2"));
    assert_eq!(home.tables().number("SELECT count(*) FROM decisions"), 12);
}

#[test]
fn an_old_sheet_does_not_undo_what_is_to_be_done() {
    let home = read_once();
    let ann = email(&somebody(&home, 0));
    let by = |date: &'static str, mut decide: Box<dyn FnMut(&mut Row)>| {
        move |row: &mut Row| {
            decide(row);
            set(row, &[("reviewed_at", date)]);
        }
    };
    fill(&home, "old.csv", by("2026-07-01", Box::new(keep)));
    fill(&home, "new.csv", by("2026-07-02", Box::new(remove(&ann))));
    let home = on_day(home, 3, |home| {
        record(home, &["old.csv"], &[]).succeeds().does_not_say("replaces");
        let run = record(home, &["new.csv"], &[]).succeeds();
        run.says("warning: new.csv, row ").says(&format!(
            "<{ann}> in Business 0001: `remove` replaces `keep` by Owen Tran <owen@auditors.example> on 2026-07-01 (review 1)"
        ));
    });
    let before = home.database_bytes();
    // The very file, whatever it is called.
    fs::copy(home.path("old.csv"), home.path("again.csv")).expect("a copy");
    for more in [&[][..], &["--part"], &["--dry-run"]] {
        let run = record(&home, &["again.csv"], more).exits(10);
        run.says("problem: again.csv: this file is already recorded, in review 1; leave it out")
            .says("`keep` of 2026-07-01 is older than the recorded decision `remove` by Owen Tran <owen@auditors.example> on 2026-07-02 (review 2)")
            .says("error: 2 problems in the sheets of snapshot 1; nothing was recorded");
    }
    // Another file with the old decisions.
    let one_more = fs::read_to_string(home.path("old.csv")).expect("a sheet") + "\n";
    fs::write(home.path("saved.csv"), one_more).expect("a sheet");
    let run = record(&home, &["saved.csv"], &["--part"]).exits(10);
    run.says("is older than the recorded").says("error: 1 problem in");
    assert_eq!(home.database_bytes(), before);
    home.fbsync(&["review", "status"]).exits(10).says("1 row is still open");
    // A new decision is taken, and told.
    fill(&home, "later.csv", by("2026-07-03", Box::new(keep)));
    let run = record(&home, &["later.csv"], &[]).succeeds();
    run.says("`keep` replaces `remove` by Owen Tran").says("review 3 of snapshot 1: 6 rows decided (6 keep)");
    home.fbsync(&["review", "status"]).succeeds();
}

#[test]
fn a_recording_that_is_killed_has_happened_or_not() {
    for (step, reviews) in [("reading", 0), ("commit", 0), ("committed", 1)] {
        let home = read_once();
        fill(&home, "r.csv", keep);
        let mut command = home.command(&["review", "record", "r.csv"]);
        command.args(super::REVIEWER).env("FBSYNC_TEST_DIE_AT", step);
        assert_eq!(home.run(&mut command).signal, Some(9));
        home.fbsync(&["verify"]).succeeds();
        assert_eq!(home.tables().number("SELECT count(*) FROM reviews"), reviews, "{step}");
        // Whatever was there before, it can be recorded now, if it was not.
        record(&home, &["r.csv"], &[]).exits(if reviews == 0 { 0 } else { 10 });
        home.fbsync(&["verify", "--db", DB]).succeeds();
    }
}

#[test]
fn nothing_is_recorded_beside_another_writer() {
    let home = read_once();
    fill(&home, "r.csv", keep);
    let lock = fs::File::open(home.path("audit.sqlite.lock")).expect("a lock file");
    lock.try_lock().expect("nobody holds it");
    record(&home, &["r.csv"], &[]).exits(8);
    record(&home, &["r.csv"], &["--dry-run"]).succeeds();
    lock.unlock().expect("it was held");
    record(&home, &["r.csv"], &[]).succeeds();
}
