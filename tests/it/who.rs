//! `who`: one person over all snapshots.

use fbsync::sandbox::{Member, Reading, World};
use serde_json::Value;

use crate::harness::{DB, Home, Run};

fn ann(uuid: &str, email: &str, identity_id: Option<i64>, role: &str) -> Member {
    let member = Member::new("Ann", "Lee", email, role);
    let accepted = identity_id.map(|_| "2026-02-01T09:30:00Z".to_owned());
    Member { uuid: Some(uuid.to_owned()), identity_id, invitation_date_accepted: accepted, ..member }
}

fn add(home: &Home, business: usize, member: Member) {
    home.sandbox.change(|world| world.businesses[business].members.push(member));
}

/// Three businesses. Ann is invited to the first, accepts and becomes an admin there under another
/// address, joins the second and leaves it again. The third cannot be read in the end.
fn ann_over_four_snapshots() -> Home {
    let home = Home::reading(World::many(3, 3));
    home.sync().succeeds();
    add(&home, 0, ann("u-ann", "Ann@Old.example", None, "business_employee"));
    add(&home, 1, ann("u-two", "ann@old.example", None, "contractor"));
    home.sync().succeeds();
    home.sandbox.change(|world| {
        let accepted = ann("u-ann", "ann@new.example", Some(77), "business_partner");
        *world.businesses[0].members.last_mut().expect("Ann") = accepted;
        world.businesses[1].members.last_mut().expect("Ann").identity_id = Some(77);
    });
    home.sync().succeeds();
    home.sandbox.change(|world| {
        world.businesses[1].members.pop();
        world.businesses[2].team_list = Reading::Refused(403);
    });
    home.fbsync(&["sync", "--db", DB, "--accept-gap", "9003=closed"]).succeeds();
    home
}

fn who(home: &Home, arguments: &[&str]) -> Run {
    home.fbsync(&[&["who"], arguments, &["--db", DB]].concat())
}

fn rows(run: &Run) -> Vec<Value> {
    run.json().as_array().expect("an array").clone()
}

/// The columns named, of each row.
fn told(rows: &[Value], columns: &[&str]) -> Vec<String> {
    let cell = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    rows.iter()
        .map(|row| columns.iter().map(|name| cell(&row[*name])).collect::<Vec<_>>().join("|"))
        .collect()
}

#[test]
fn everything_about_one_person_is_told_and_last_what_nobody_can_tell() {
    let home = ann_over_four_snapshots();
    let rows = rows(&who(&home, &["ann@new.example", "--json"]).succeeds());
    let seen = [
        "seen",
        "business_id",
        "account_key",
        "role",
        "state",
        "first_seen_snapshot_id",
        "last_seen_snapshot_id",
        "gone_snapshot_id",
    ];
    assert_eq!(
        told(&rows, &seen),
        [
            "yes|9001|identity:77|business_partner|active|2|4|-",
            "no|9002|identity:77|contractor|active|2|3|4",
            "cannot_tell|9003|-|-|-|-|-|-",
        ]
    );
    assert_eq!(
        told(&rows, &["roles", "states", "changes", "note"]),
        [
            "business_employee (2); business_partner (3)|invited (2); active (3)|invitation_accepted invited → active \
             (3); role_changed business_employee → business_partner (3)|-",
            "contractor (2)|invited (2); active (3); absent (4)|invitation_accepted invited → active (3); left (4)|-",
            "-|-|-|team list not read: denied",
        ]
    );
    let times = home.tables().rows("SELECT finished_at FROM snapshots ORDER BY id");
    assert_eq!(rows[1]["gone_at"], times[3]);
    assert_eq!(rows[0]["invitation_accepted_at"], "2026-02-01T09:30:00Z");
    assert!(rows[0]["member_created_at"].is_string());
}

#[test]
fn somebody_is_found_by_whatever_any_snapshot_knows() {
    let home = ann_over_four_snapshots();
    let expected = who(&home, &["77", "--json"]).succeeds().stdout;
    for asked in [
        &["ANN@old.example"][..],
        &["ann@new.example"],
        &["Ann Lee"],
        &["Ann", "Lee"],
        &["lee"],
        &["identity:77"],
        &["email:ann@old.example"],
    ] {
        assert_eq!(who(&home, &[asked, &["--json"]].concat()).succeeds().stdout, expected, "{asked:?}");
    }
    let run = who(&home, &["nobody@x.example"]).exits(10);
    assert_eq!(run.stdout, "");
    run.says(
        "no snapshot knows `nobody@x.example`; these businesses could not be read: Business 0003 (9003)",
    )
    .says("hint: fbsync export accounts --db 'audit.sqlite'");
}

#[test]
fn of_several_who_match_nobody_is_shown() {
    let home = ann_over_four_snapshots();
    add(&home, 1, ann("u-other", "ann@other.example", Some(78), "contractor"));
    home.fbsync(&["sync", "--db", DB, "--accept-gap", "9003"]).succeeds();
    let run = who(&home, &["Ann Lee"]).exits(2);
    assert_eq!(run.stdout, "");
    run.says("identity:77 (Ann Lee; ann@new.example, ann@old.example)")
        .says("identity:78 (Ann Lee; ann@other.example)")
        .says("2 people match `Ann Lee`")
        .says("hint: fbsync who 'identity:77' --db 'audit.sqlite'");
    who(&home, &["identity:78"]).succeeds();
}

#[test]
fn an_earlier_snapshot_knows_what_was_then() {
    let home = ann_over_four_snapshots();
    let columns = ["seen", "business_id", "role", "gone_snapshot_id", "snapshot_id"];
    let then = rows(&who(&home, &["77", "--snapshot", "3", "--json"]).succeeds());
    assert_eq!(told(&then, &columns), ["yes|9001|business_partner|-|3", "yes|9002|contractor|-|3"]);
    who(&home, &["77", "--snapshot", "1"]).exits(10).says("`77` is only in later snapshots");
}

#[test]
fn partial_snapshots_count_for_what_they_read() {
    let home = Home::reading(World::many(2, 3));
    add(&home, 0, ann("u-ann", "ann@x.example", Some(77), "contractor"));
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    home.sync().exits(7);
    who(&home, &["77"]).exits(7).says("--allow-partial");
    let run = who(&home, &["77", "--allow-partial", "--json"]).succeeds();
    assert_eq!(
        told(&rows(&run), &["seen", "business_id", "first_seen_snapshot_id"]),
        ["yes|9001|1", "cannot_tell|9002|-"]
    );
}

#[test]
fn where_somebody_was_before_a_list_was_closed_is_told() {
    let home = Home::reading(World::many(2, 3));
    add(&home, 0, ann("u-ann", "ann@x.example", Some(77), "contractor"));
    add(&home, 1, ann("u-two", "ann@x.example", Some(77), "business_accountant"));
    home.sync().succeeds();
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    home.fbsync(&["sync", "--db", DB, "--accept-gap", "9002"]).succeeds();
    let run = who(&home, &["77", "--json"]).succeeds();
    let columns = ["seen", "business_id", "role", "last_seen_snapshot_id", "gone_snapshot_id", "note"];
    assert_eq!(
        told(&rows(&run), &columns),
        [
            "yes|9001|contractor|2|-|-",
            "cannot_tell|9002|business_accountant|1|-|team list not read since snapshot 1"
        ]
    );
    // And a business that the sign-in does not reach any more.
    home.sandbox.change(|world| drop(world.businesses.pop()));
    home.sync().succeeds();
    let run = who(&home, &["77", "--json"]).succeeds();
    let note = "the sign-in has had no access to this business since snapshot 3";
    assert_eq!(told(&rows(&run), &columns)[1], format!("cannot_tell|9002|business_accountant|1|-|{note}"));
}

#[test]
fn a_pipe_gets_csv_and_a_terminal_a_table_that_fits() {
    let home = ann_over_four_snapshots();
    let csv = who(&home, &["77"]).succeeds().stdout;
    assert!(
        csv.starts_with("row_key,snapshot_id,as_of,seen,business_id,") && csv.contains("\r\n9001/u-ann,4,"),
        "{csv}"
    );
    assert_eq!(who(&home, &["77", "--format", "csv"]).succeeds().stdout, csv);
    let lines = who(&home, &["77", "--format", "jsonl"]).succeeds().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, rows(&who(&home, &["77", "--json"]).succeeds()));
    who(&home, &["77", "--json", "--format", "csv"]).exits(2);

    if !crate::harness::has(&["script"]) {
        return;
    }
    for width in [60, 80, 200] {
        let line = format!("stty cols {width}; \"$FBSYNC\" who 77 --db {DB}");
        let run = home.run(home.on_a_terminal(&line).env("FBSYNC", assert_cmd::cargo::cargo_bin!("fbsync")));
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert!(lines[0].starts_with("business  ") && lines[1].starts_with("Business 0001"), "{run}");
        assert!(lines[..4].iter().all(|line| line.chars().count() <= width), "{width}: {run}");
        assert!(lines[3].contains("cannot tell"), "{width}: {run}");
    }
}

#[test]
fn what_a_spreadsheet_would_run_is_guarded() {
    let home = Home::reading(World::many(1, 2));
    home.sandbox.change(|world| {
        let member =
            Member { identity_id: Some(77), ..Member::new("=1+1", "Lee", "ann@x.example", "contractor") };
        world.businesses[0].members.push(Member { uuid: Some("u".to_owned()), ..member });
    });
    home.sync().succeeds();
    let run = who(&home, &["77"]).succeeds().says("1 cell");
    assert!(run.stdout.contains(",'=1+1 Lee,"), "{run}");
}
