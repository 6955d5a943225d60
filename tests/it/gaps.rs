//! What a sync leaves out on purpose, and the gaps that are known beforehand.

use std::fs;

use fbsync::sandbox::{Fault, Reading, Trouble, World};

use crate::harness::{DB, Home, NEW_DB, Run};
use crate::sync::{TEAM, three};

/// Three businesses, the team of the second refused.
fn with_a_gap() -> Home {
    let mut world = three();
    refuse(&mut world, 9002);
    Home::reading(world)
}

fn refuse(world: &mut World, id: i64) {
    world.business(id).expect("a business").team_list = Reading::Refused(403);
}

fn sync(home: &Home, options: &[&str]) -> Run {
    home.fbsync(&[&["sync", "--db", DB], options].concat())
}

/// How the newest snapshot tells of one team list.
fn told(home: &Home, business: i64) -> String {
    home.tables().one(&format!(
        "SELECT status, outcome, coalesce(message, '') FROM coverage JOIN snapshots ON id = snapshot_id
         WHERE id = (SELECT max(id) FROM snapshots) AND business_id = {business} AND resource = 'team_members'"
    ))
}

fn parameter(home: &Home, name: &str) -> String {
    home.tables().one(&format!("SELECT parameters -> '{name}' FROM snapshots ORDER BY id DESC LIMIT 1"))
}

#[test]
fn businesses_left_out_are_rows_and_no_gap() {
    for options in [
        &["--business", "9001", "--business", "9003"][..],
        &["--skip-business", "9002"],
        &["--business", "9001", "--business", "9002", "--business", "9003", "--skip-business", "9002"],
    ] {
        let home = with_a_gap();
        let run = sync(&home, options).succeeds();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", NEW_DB), "{options:?}");
        assert_eq!(told(&home, 9002), "complete|skipped|left out on purpose");
        assert_eq!(told(&home, 9001), "complete|ok|");
        let outcomes = "SELECT resource, outcome, received, attempts FROM coverage WHERE business_id = 9002
             ORDER BY resource";
        assert_eq!(home.tables().rows(outcomes), ["business_group|skipped|0|0", "team_members|skipped|0|0"]);
        assert_eq!((home.sandbox.count("GET", TEAM), home.sandbox.count("GET", "/business/9002")), (0, 0));
        // What `users/me` says of it stays: it is a business of the snapshot, and one's own role in it.
        assert_eq!(home.tables().one("SELECT status, businesses FROM snapshots"), "complete|3");
        let own = "SELECT role, sources FROM memberships WHERE business_id = 9002";
        assert_eq!(home.tables().rows(own), ["owner|identity"]);
        let given = |name| options.chunks(2).filter(move |pair| pair[0] == name).map(|pair| pair[1]);
        let json = |name| format!("[{}]", given(name).collect::<Vec<_>>().join(","));
        assert_eq!(parameter(&home, "business"), json("--business"));
        assert_eq!(parameter(&home, "skip_business"), json("--skip-business"));
    }
}

#[test]
fn a_business_that_is_not_there_is_refused_by_name_or_told() {
    let home = Home::reading(three());
    sync(&home, &["--business", "9001", "--business", "4711"])
        .exits(2)
        .says("error: this sign-in has no access to business 4711")
        .says("9001 (Business 0001), 9002 (Business 0002), 9003 (Business 0003)");
    assert!(!home.path(DB).exists());
    assert_eq!(home.sandbox.count("GET", "team_members"), 0);
    for option in ["--skip-business", "--accept-gap"] {
        let said = "this sign-in has no access to business 4711, which the options name";
        sync(&home, &[option, "4711"]).succeeds().says(said);
        sync(&home, &[option, "4711", "-q"]).succeeds().does_not_say("4711");
    }
    sync(&home, &["--business", "first"]).exits(2).says("first");
    sync(&home, &["--accept-gap", "first=why"]).exits(2).says("a business's id, and after `=` the reason");
}

#[test]
fn an_accepted_gap_is_tried_keeps_its_outcome_and_does_not_make_the_snapshot_partial() {
    let home = with_a_gap();
    for (option, why) in [
        ("9002=the client = its own master", "the client = its own master"),
        ("9002=", "no reason given"),
        ("9002", "no reason given"),
    ] {
        let asked = home.sandbox.count("GET", TEAM);
        let run = sync(&home, &["--accept-gap", option]).succeeds();
        assert_eq!(run.stderr.replace(NEW_DB, ""), "", "{option}");
        assert_eq!(home.sandbox.count("GET", TEAM), asked + 1);
        assert_eq!(told(&home, 9002), format!("complete|denied|accepted: {why}"));
        assert_eq!(parameter(&home, "accept_gaps"), "[9002]");
    }
    // Another gap still counts, and is the only one that is told.
    home.sandbox.change(|world| refuse(world, 9003));
    let run = sync(&home, &["--accept-gap", "9002=known"]).exits(7);
    run.says("--accept-gap 9003=REASON").does_not_say("(9002)");
    assert_eq!(told(&home, 9002), "partial|denied|accepted: known");
}

#[test]
fn a_list_whose_numbers_do_not_agree_can_be_accepted() {
    let home = Home::reading(three());
    let one_more = Trouble::edit(|body| body["meta"]["total"] = 6.into());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(one_more));
    sync(&home, &[]).exits(7).says("mismatch: FreshBooks says 6, and 5 rows came").says("9002=REASON");
    sync(&home, &["--accept-gap", "9002=a ghost"]).succeeds();
    assert_eq!(told(&home, 9002), "complete|mismatch|accepted: a ghost");
    let rows = "SELECT count(*) FROM memberships WHERE snapshot_id = 2 AND business_id = 9002";
    assert_eq!(home.tables().number(rows), 5);
}

#[test]
fn a_list_that_failed_is_never_accepted_nor_offered() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::unavailable()));
    let run = sync(&home, &["--accept-gap", "9002=known"]).exits(7).says("failed: HTTP 503");
    run.says("hint: run it again: fbsync sync --db 'audit.sqlite' --accept-gap '9002=known'\n")
        .does_not_say("REASON");
    assert!(told(&home, 9002).starts_with("partial|failed|HTTP 503"));
}

#[test]
fn a_gap_that_can_be_read_again_is_told() {
    let home = Home::reading(three());
    let said = "Business 0002 (9002) can be read again: its --accept-gap is no longer needed";
    sync(&home, &["--accept-gap", "9002=known"]).succeeds().says(said);
    assert_eq!(told(&home, 9002), "complete|ok|");
    sync(&home, &["--accept-gap", "9002", "--skip-business", "9002"]).succeeds().does_not_say("again");
}

#[test]
fn the_hint_names_every_gap_and_can_be_typed() {
    let mut world = three();
    refuse(&mut world, 9001);
    refuse(&mut world, 9003);
    let home = Home::reading(world);
    let said = sync(&home, &[]).exits(7).says("2 lists could not be read whole").stderr;
    let (_, hint) = said.split_once("will stay: fbsync sync").expect("a command");
    home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}"))).succeeds();
    assert_eq!(parameter(&home, "accept_gaps"), "[9001,9003]");
    assert_eq!(told(&home, 9003), "complete|denied|accepted: REASON");
}

#[test]
fn the_hint_keeps_what_was_asked_for() {
    let mut world = World::many(5, 3);
    (9001..=9004).for_each(|id| refuse(&mut world, id));
    let home = Home::reading(world);
    fs::write(home.path("their gaps.csv"), "business_id,reason\n9002,listed\n").expect("a file");
    let options = ["--skip-business", "9004", "--include", "staff", "--accept-gap", "9003=the client's wish"];
    let said = sync(&home, &[&options[..], &["--accept-gaps", "their gaps.csv"]].concat()).exits(7).stderr;
    let (_, hint) = said.split_once("will stay: fbsync sync").expect("a command");
    home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}"))).succeeds();
    assert_eq!(parameter(&home, "accept_gaps"), "[9001,9002,9003]");
    assert_eq!(parameter(&home, "include"), r#"["staff"]"#);
    assert_eq!(told(&home, 9003), "complete|denied|accepted: the client's wish");
    assert_eq!(told(&home, 9004), "complete|skipped|left out on purpose");
}

#[test]
fn a_file_of_gaps_counts_until_its_days_are_over_and_behind_the_options() {
    let home = with_a_gap();
    let write = |text: &str| fs::write(home.path("gaps.csv"), text).expect("a file");
    let run = |options: &[&str]| sync(&home, &[&["--accept-gaps", "gaps.csv"], options].concat());
    for text in [
        "business_id,reason,until\n9002,\"the client, as agreed\",\n",
        "\u{feff}business_id,reason,until\r\n9002,\"the client, as agreed\",2999-12-31\r\n",
        "until, reason, business_id\n,\"the client, as agreed\", 9002\n",
        "business_id,reason\n9002,\"the client, as agreed\"\n",
        "business_id, reason, until\n\n 9002 , \"the client, as agreed\" ,2999-12-31\n,,\n",
        "\"business_id\",\"reason\"\r9002,\t\"the client, as agreed\"",
        "business_id,reason,until,,\n9002,\"the client, as agreed\",2999-12-31,,\n",
    ] {
        write(text);
        run(&[]).succeeds();
        assert_eq!(told(&home, 9002), "complete|denied|accepted: the client, as agreed", "{text}");
    }
    for (reason, kept) in [
        (r#" "Eve said ""leave it"", twice""#, r#"Eve said "leave it", twice"#),
        ("\"moved away,\r\nask Eve\"", "moved away,\nask Eve"),
        (r#"the "old" books"#, r#"the "old" books"#),
    ] {
        write(&format!("business_id,reason,until\r\n9002,{reason},2999-12-31\r\n"));
        run(&[]).succeeds();
        assert_eq!(told(&home, 9002), format!("complete|denied|accepted: {kept}"), "{reason}");
    }
    run(&["--accept-gap", "9002=typed"]).succeeds();
    assert_eq!(told(&home, 9002), "complete|denied|accepted: typed");
    write("business_id,reason,until\n9002,as agreed,2020-02-29\n");
    run(&[]).exits(7).says("denied: HTTP 403").does_not_say("agreed");
    assert_eq!(parameter(&home, "accept_gaps"), "[]");
}

#[test]
fn the_last_day_of_a_gap_still_counts() {
    let home = with_a_gap().with("FBSYNC_TEST_CLOCK", "1790726400");
    for (until, code) in [("2026-09-30", 0), ("2026-09-29", 7)] {
        fs::write(home.path("gaps.csv"), format!("business_id,until\n9002,{until}\n")).expect("a file");
        sync(&home, &["--accept-gaps", "gaps.csv"]).exits(code);
    }
}

#[test]
fn a_file_of_gaps_that_cannot_be_understood_ends_the_sync_before_it_asks() {
    let home = with_a_gap();
    sync(&home, &["--accept-gaps", "no.csv"]).exits(3).says("cannot read the accepted gaps in no.csv");
    for (text, why) in [
        ("business_id,reason,until\n9002,known,2026-02-30\n", "line 2: `2026-02-30` is no day"),
        ("business_id,reason,until\n9002,known,31.12.2026\n", "hint: write it as YYYY-MM-DD"),
        (
            "business_id,reason,until\n\n9001,\"a\nb\",\nnine,known,\n",
            "line 5: `nine` is no id of a business",
        ),
        ("id,reason\n9002,known\n", "line 1: there is no column `business_id`"),
        ("business_id;reason\n9002;known\n", "hint: business_id,reason,until"),
        (
            "business_id,reason,untill\n9002,known,2026-12-31\n",
            "line 1: there is a column `untill`, which means nothing here\nhint: business_id,reason,until\n",
        ),
        ("\nUntil,business_id\n,9002\n", "line 2: there is a column `Until`"),
        ("business_id,\"un\ntil\"\n9002,\n", "line 1: there is a column `un\\ntil`"),
        ("business_id,until,until\n9002,,2026-12-31\n", "line 1: there are two columns `until`"),
        ("business_id,reason,\n9002,known,2026-12-31\n", "line 2: there are more fields than columns"),
        ("business_id,reason\n9002,moved, ask Eve\n", "line 2: there are more fields than columns"),
        ("business_id,reason\n9001,x\n9002,\"moved\n9003,y\n", "line 3: a quote is opened and not closed"),
        ("business_id,reason\n9002,\"moved\" away\n", "line 2: something stands behind a closing quote"),
    ] {
        fs::write(home.path("gaps.csv"), text).expect("a file");
        let run = sync(&home, &["--accept-gaps", "gaps.csv"]).exits(3).says(why);
        let lines: Vec<&str> = run.stderr.lines().collect();
        assert!(lines[0].starts_with("error: gaps.csv, line ") && lines[1].starts_with("hint: "), "{run}");
        assert_eq!(lines.len(), 2, "{run}");
    }
    fs::write(home.path("gaps.csv"), b"business_id,reason\n9002,caf\xe9\n").expect("a file");
    sync(&home, &["--accept-gaps", "gaps.csv"]).exits(3).says("cannot read the accepted gaps in gaps.csv");
    assert!(!home.path(DB).exists());
    assert_eq!(home.sandbox.requests(), []);
}
