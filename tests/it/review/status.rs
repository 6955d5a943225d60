//! `review status`: what is left to do, for a person, a program and a nightly job.

use super::{email, fill, keep, on_day, read_once, record, remove, rows, set, sheet, somebody, write};
use crate::harness::{Home, has};

/// Reviewed on the second day: one to be removed, one to be changed, one a question, all in the first
/// business.
fn reviewed() -> (Home, [String; 2]) {
    let home = read_once();
    let people = home
        .sandbox
        .change(|world| [1, 2].map(|at| world.businesses[0].members[at].email.clone().expect("an address")));
    let mut rows = sheet(&home, &[]);
    for row in &mut rows {
        match &row["email"] {
            email if *email == people[0] => set(row, &[("decision", "remove"), ("justification", "left")]),
            email if *email == people[1] => {
                let (to, why) = (("change_to", "Accountant"), ("justification", "moved"));
                set(row, &[("decision", "change"), to, why]);
            }
            _ => keep(row),
        }
    }
    write(&home, "r.csv", &rows);
    let home = on_day(home, 2, |home| drop(record(home, &["r.csv"], &[]).succeeds()));
    (home, people)
}

#[test]
fn what_was_decided_is_followed_until_it_is_done() {
    let (home, [left, moved]) = reviewed();
    let run = home.fbsync(&["review", "status"]).exits(10);
    let run = run
        .says("snapshot 1 (2026-06-30T12:00:0")
        .says("6 rows decided (4 keep, 1 remove, 1 change), 0 undecided; by Owen Tran 6")
        .says("error: 2 rows are still open");
    // Into a pipe it is CSV, in the columns of `outcomes`.
    let outcomes = rows(&run);
    let exported = rows(&home.fbsync(&["export", "outcomes"]).succeeds());
    assert_eq!(outcomes, exported);
    assert!(outcomes.iter().all(|row| row["outcome"] == "still_there" && row["days"].is_empty()));
    // To a person it says that nobody has looked.
    if has(&["script", "stty"]) {
        let mut typed = home.on_a_terminal("stty cols 120; \"$FBSYNC\" review status");
        let said = home.run(typed.env("FBSYNC", env!("CARGO_BIN_EXE_fbsync"))).stdout;
        assert!(said.matches("not read since").count() == 2 && !said.contains("still there"), "{said}");
    }

    home.sandbox.change(|world| {
        let members = &mut world.businesses[0].members;
        members.retain(|member| member.email.as_deref() != Some(&left));
        let member = members.iter_mut().find(|member| member.email.as_deref() == Some(&moved));
        member.expect("somebody").role = Some("business_accountant".to_owned());
    });
    let home = on_day(home, 5, |home| drop(home.fbsync(&["sync"]).succeeds()));
    let run = home.fbsync(&["review", "status"]).succeeds();
    let done: Vec<[String; 4]> = rows(&run)
        .iter()
        .map(|row| ["outcome", "outcome_snapshot_id", "days", "role_now"].map(|column| row[column].clone()))
        .collect();
    assert!(done.contains(&["gone", "2", "5", ""].map(str::to_owned)), "{done:?}");
    assert!(done.contains(&["changed", "2", "5", "business_accountant"].map(str::to_owned)), "{done:?}");
    let few = home.fbsync(&["review", "status", "--columns", "outcome,days"]).succeeds().stdout;
    assert_eq!(few, "outcome,days\r\ngone,5\r\nchanged,5\r\n");
    home.fbsync(&["review", "status", "--columns", "when"]).exits(2).says("there is no column `when`");
    let json = home.fbsync(&["review", "status", "--json"]).succeeds().json();
    assert_eq!((&json[0]["open"], &json[0]["decided"]), (&0.into(), &6.into()));
    assert_eq!(json[0]["outcomes"].as_array().map(Vec::len), Some(2));
    assert_eq!(json[0]["by_decision"]["remove"], 1);
}

#[test]
fn somebody_who_is_invited_once_more_is_back_again() {
    let (home, [left, _]) = reviewed();
    home.sandbox.change(|world| {
        let members = &mut world.businesses[0].members;
        let member = members.iter_mut().find(|member| member.email.as_deref() == Some(&left));
        member.expect("somebody").uuid = Some("another-record".to_owned());
    });
    let home = on_day(home, 5, |home| drop(home.fbsync(&["sync"]).succeeds()));
    let run = home.fbsync(&["review", "status"]).exits(10);
    let outcomes: Vec<String> = rows(&run).iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["back_again", "still_there"]);
}

#[test]
fn what_is_undecided_or_a_question_is_open_too() {
    let home = read_once();
    let mut decided = sheet(&home, &["--business", "9001"]);
    decided.iter_mut().for_each(keep);
    set(&mut decided[0], &[("decision", "ask"), ("justification", "who is this?")]);
    write(&home, "part.csv", &decided);
    record(&home, &["part.csv"], &["--part", "-v"]).succeeds().says("3 undecided");
    let run = home.fbsync(&["review", "status"]).exits(10).says("error: 4 rows are still open");
    let open: Vec<String> = rows(&run).iter().map(|row| row["decision"].clone()).collect();
    assert_eq!(open, ["ask", "", "", ""]);
    assert!(rows(&run)[1..].iter().all(|row| row["business_id"] == "9002"));
    let json = home.fbsync(&["review", "status", "--json"]).exits(10).json();
    assert_eq!(json[0]["undecided_rows"].as_array().map(Vec::len), Some(3));

    // On a terminal a line each, what is undecided by business.
    if !has(&["script", "stty"]) {
        return;
    }
    let mut typed = home.on_a_terminal("stty cols 90; \"$FBSYNC\" review status");
    let run = home.run(typed.env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")));
    let said = run.stdout.replace("\r\n", "\n");
    assert!(said.contains("\nsnapshot  business"), "{said}");
    assert!(said.contains("Business 0002  3 rows") && said.contains("undecided"), "{said}");
    let table = said.lines().filter(|line| line.starts_with("1 ") || line.starts_with("snapshot  "));
    assert!(table.clone().count() == 3 && table.clone().all(|line| line.chars().count() <= 90), "{said}");
}

#[test]
fn a_review_of_what_was_pruned_since_is_followed_all_the_same() {
    let (home, [left, _]) = reviewed();
    home.sandbox.change(|world| {
        world.businesses[0].members.retain(|member| member.email.as_deref() != Some(&left));
    });
    let home = on_day(home, 5, |home| drop(home.fbsync(&["sync"]).succeeds()));
    let before = rows(&home.fbsync(&["review", "status"]).exits(10));
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes"]).succeeds();
    assert_eq!(home.tables().one("SELECT status FROM snapshots WHERE id = 1"), "pruned");
    assert_eq!(rows(&home.fbsync(&["review", "status"]).exits(10)), before);
    // Who was decided about stays readable.
    let tables = home.tables();
    assert_eq!(tables.number("SELECT count(*) FROM decisions WHERE full_name <> '' AND email <> ''"), 6);
    home.fbsync(&["verify"]).succeeds();
    // And is what the next sheet tells.
    let kept: Vec<String> = sheet(&home, &[]).iter().map(|row| row["previous_decision"].clone()).collect();
    assert_eq!(kept.iter().filter(|decision| *decision == "keep").count(), 4, "{kept:?}");
    assert!(kept.contains(&"change".to_owned()), "{kept:?}");
}

#[test]
fn without_a_review_there_is_nothing_to_follow() {
    let home = read_once();
    let run = home.fbsync(&["review", "status"]).succeeds().says("no review has been recorded yet");
    assert_eq!(run.stdout, "");
    assert_eq!(home.fbsync(&["review", "status", "--json"]).succeeds().json(), serde_json::json!([]));
    home.fbsync(&["review", "status", "--snapshot", "1"]).exits(10).says("no review of snapshot `1`");
    fill(&home, "r.csv", remove(&email(&somebody(&home, 0))));
    record(&home, &["r.csv"], &[]).succeeds();
    home.fbsync(&["review", "status", "--snapshot", "2026-06-30"]).exits(10).says("snapshot 1");
}
