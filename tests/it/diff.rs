//! `diff`: who joined, who left, what changed, and what cannot be compared.

use fbsync::sandbox::{Member, Reading, World, changes};
use serde_json::Value;

use crate::harness::{DB, Home, Run};

/// Two businesses of three, ids 9001 and 9002.
fn small() -> Home {
    let home = Home::reading(World::many(2, 3));
    home.sync().succeeds();
    home
}

fn diff(home: &Home, arguments: &[&str]) -> Run {
    home.fbsync(&[&["diff", "--db", DB], arguments].concat())
}

/// `change business role before after note`, one line a change.
fn told(home: &Home, arguments: &[&str]) -> Vec<String> {
    let run = diff(home, &[arguments, &["--format", "json"]].concat()).succeeds();
    let text = |row: &Value, name: &str| match &row[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let columns = ["change", "business_id", "email", "before", "after", "note"];
    let line = |row: &Value| columns.map(|name| text(row, name)).join(" ");
    run.json().as_array().expect("an array").iter().map(line).collect()
}

fn newcomer(email: &str) -> Member {
    Member {
        uuid: Some(format!("uuid of {email}")),
        ..Member::new("Ife", "Okafor", email, "business_manager")
    }
}

#[test]
fn a_quarter_in_the_demo_is_told_change_by_change() {
    let home = Home::reading(World::demo());
    diff(&home, &[]).exits(9);
    home.sync().succeeds();
    diff(&home, &["--exit-code"]).succeeds().says("nothing to compare yet");
    home.sandbox.change(changes::quarter_later);
    home.sync().succeeds();
    let csv =
        diff(&home, &["--format", "csv"]).succeeds().says("1 joined, 3 left, 4 changed between snapshot 1");
    let expected = "\
change,business_id,business_name,account_key,email,full_name,role,before,after,from_snapshot_id,to_snapshot_id,note
renamed,48202,Atelier Céleste,identity:6100031,eleni@atelier-celeste.example,Ελένη Παππά-Ρούσσου,business_manager,Ελένη Παππά,Ελένη Παππά-Ρούσσου,1,2,
joined,48201,Harbourlight Bookkeeping,identity:6100078,amara.okonjo@harbourlight.example,Amara Okonjo,business_manager,,active,1,2,
role_changed,48201,Harbourlight Bookkeeping,identity:6100011,bram.visser@harbourlight.example,Bram Visser,business_partner,business_manager,business_partner,1,2,
left,48201,Harbourlight Bookkeeping,identity:6100012,lars.holm@harbourlight.example,Lars Holm,business_employee,active,,1,2,
invitation_accepted,48201,Harbourlight Bookkeeping,identity:6100077,sofia.marques@harbourlight.example,Sofia Marques,business_employee,inactive,active,1,2,
deactivated,48201,Harbourlight Bookkeeping,identity:6100013,yuki.tanaka@harbourlight.example,雪 田中,business_employee,active,inactive,1,2,
left,48204,Kestrel Logistics,identity:48204000343,hana.castel.343@kestrel.example,Hana Castel,business_employee,active,,1,2,
left,48204,Kestrel Logistics,identity:48204000344,idris.dumont.344@kestrel.example,Idris Dumont,business_employee,active,,1,2,
";
    assert_eq!(csv.stdout, expected.replace('\n', "\r\n"));
    diff(&home, &["--exit-code"]).exits(10).says("access changed between snapshot 1");
    let lines = diff(&home, &["--format", "jsonl"]).succeeds().stdout;
    assert!(lines.starts_with(r#"{"change":"renamed","business_id":48202,"business_name":"#), "{lines}");
    assert_eq!(lines.lines().count(), 8);
    let table = diff(&home, &[]).succeeds().stdout;
    assert!(table.starts_with("change ") && table.contains("role_changed  "), "{table}");
    // The other way round nothing can be said, and the command that can is named.
    diff(&home, &["--from", "2", "--to", "1"]).exits(2).says("fbsync diff --from 1 --to 2");
}

#[test]
fn nothing_changed_is_said_and_is_not_a_change() {
    let home = small();
    home.sync().succeeds();
    let run = diff(&home, &["--exit-code"]).succeeds().says("no changes between snapshot 1");
    assert_eq!(run.stdout, "");
    assert_eq!(diff(&home, &["--json"]).succeeds().stdout, "[]\n");
    diff(&home, &["--json", "--format", "csv"]).exits(2);
    diff(&home, &["--from", "2"]).succeeds().says("nothing to compare");
}

#[test]
fn any_two_dates_can_be_compared() {
    let home = Home::reading(World::many(1, 2));
    // 2026-03-31T22:30Z is April already in Oslo.
    for (moment, email) in
        [(1_774_996_200, "a@x.example"), (1_777_000_000, "b@x.example"), (1_779_000_000, "c@x.example")]
    {
        let mut sync = home.command(&["sync", "--db", DB]);
        home.run(sync.env("FBSYNC_TEST_CLOCK", i64::to_string(&moment))).succeeds();
        home.sandbox.change(|world| world.businesses[0].members.push(newcomer(email)));
    }
    let joined = |arguments: &[&str]| told(&home, arguments);
    assert_eq!(joined(&["--from", "2026-03-31", "--to", "2026-12-31"]).len(), 2);
    assert_eq!(
        joined(&["--from", "2026-03-31", "--to", "2026-04-30"]),
        ["joined 9001 a@x.example - active -"]
    );
    diff(&home, &["--from", "2026-03-31", "--timezone", "Europe/Oslo"])
        .exits(10)
        .says("there is no complete snapshot at or before 2026-03-31T21:59:59Z");
    assert_eq!(joined(&["--from", "2026-04-01", "--to", "latest", "--timezone", "Europe/Oslo"]).len(), 2);
    assert_eq!(joined(&["--to", "2026-05-01T00:00:00+02:00"]).len(), 1);
    diff(&home, &["--from", "yesterday"]).exits(2);
    diff(&home, &["--from", "77"]).exits(2).says("there is no snapshot 77");
}

#[test]
fn a_business_that_comes_or_goes_takes_nobody_with_it() {
    let home = Home::reading(World::many(2, 3));
    home.sync().succeeds();
    home.sandbox.change(|world| {
        world.businesses.truncate(1);
        world.businesses.push(World::many(3, 4).businesses.remove(2));
    });
    home.sync().succeeds();
    assert_eq!(told(&home, &[]), ["business_removed 9002 - - - -", "business_added 9003 - - - -"]);
    diff(&home, &["--exit-code"]).exits(10);
}

#[test]
fn a_list_that_could_not_be_read_is_compared_with_the_last_one_that_could() {
    let home = small();
    home.sandbox.change(|world| {
        world.businesses[1].team_list = Reading::Refused(403);
        world.businesses[0].members.push(newcomer("a@x.example"));
    });
    home.sync().exits(7);
    assert_eq!(
        told(&home, &["--from", "1", "--to", "2"]),
        [
            "joined 9001 a@x.example - active -",
            "not_comparable 9002 - - - team list not read since snapshot 1"
        ]
    );
    // Known to be unread is not known to have changed.
    home.sandbox.change(|world| drop(world.businesses[0].members.pop()));
    home.sync().exits(7);
    diff(&home, &["--from", "1", "--to", "3", "--exit-code"]).succeeds().says("no changes, 1 not comparable");
    home.sandbox.change(|world| {
        world.businesses[1].team_list = Reading::Allowed;
        world.businesses[1].members.push(newcomer("b@x.example"));
    });
    home.sync().succeeds();
    assert_eq!(told(&home, &[]), ["joined 9002 b@x.example - active -"]);
    // From a snapshot without the list, the one before it counts.
    let row = &diff(&home, &["--from", "2", "--to", "4", "--json"]).succeeds().json()[1];
    assert_eq!((&row["email"], &row["from_snapshot_id"]), (&"b@x.example".into(), &1.into()));
}

#[test]
fn a_list_read_for_the_first_time_makes_joiners_of_nobody() {
    let home = Home::reading(World::many(1, 3));
    home.sandbox.change(|world| world.businesses[0].team_list = Reading::Refused(403));
    home.fbsync(&["sync", "--db", DB, "--accept-gap", "9001=client's wish"]).succeeds();
    home.sandbox.change(|world| world.businesses[0].team_list = Reading::Allowed);
    home.sync().succeeds();
    let told = told(&home, &[]);
    let expected = "named only by team_members, which was not read in snapshot 1";
    assert!(
        told.len() == 2
            && told.iter().all(|row| row.starts_with("not_comparable ") && row.ends_with(expected)),
        "{told:#?}"
    );
    assert_eq!(home.tables().one(r#"SELECT joined, "left", changed FROM snapshots WHERE id = 2"#), "0|0|0");
}

#[test]
fn an_owner_whom_only_an_unread_group_named_did_not_leave() {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    home.sandbox.change(|world| {
        world.businesses.iter_mut().for_each(|business| business.group_read = Reading::Refused(403));
    });
    home.sync().succeeds();
    let told = told(&home, &[]);
    let layla = "not_comparable 48207 layla@oasis-dates.example active - named only by business_group, which was not read in snapshot 2";
    assert!(told.iter().any(|row| row == layla), "{told:#?}");
    assert!(told.iter().all(|row| row.starts_with("not_comparable ")), "{told:#?}");
}

#[test]
fn who_is_invited_again_left_and_joined() {
    let home = small();
    home.sandbox.change(|world| world.businesses[0].members[2].uuid = Some("another record".to_owned()));
    home.sync().succeeds();
    let told = told(&home, &[]);
    let changes: Vec<_> = told.iter().map(|row| row.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(changes, ["left", "joined"]);
    assert!(told.iter().all(|row| row.ends_with(" re-invited")), "{told:#?}");
}

#[test]
fn formulas_are_guarded_in_csv_alone() {
    let home = small();
    home.sandbox.change(|world| {
        let member = Member { first_name: Some("=1+1".to_owned()), ..newcomer("a@x.example") };
        world.businesses[0].members.push(member);
    });
    home.sync().succeeds();
    let csv = diff(&home, &["--format", "csv"]).succeeds().says("1 cells begin like a formula");
    assert!(csv.stdout.contains(",'=1+1 Okafor,"), "{csv}");
    assert!(diff(&home, &["--format", "jsonl"]).succeeds().stdout.contains("\"=1+1 Okafor\""));
}

#[test]
fn the_line_of_sync_and_diff_agree() {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    home.sandbox.change(|world| {
        changes::quarter_later(world);
        world.businesses[2].team_list = Reading::Refused(403);
        world.businesses.remove(4);
    });
    home.sync().exits(7);
    let count = |told: &[String], of: &dyn Fn(&str) -> bool| {
        told.iter().filter(|row| of(row.split(' ').next().unwrap_or_default())).count()
    };
    let told = told(&home, &["--from", "1", "--to", "2"]);
    let (joined, left) = (count(&told, &|kind| kind == "joined"), count(&told, &|kind| kind == "left"));
    let changed = count(&told, &|kind| !["joined", "left", "not_comparable"].contains(&kind));
    let recorded = home.tables().one(r#"SELECT joined, "left", changed FROM snapshots WHERE id = 2"#);
    assert_eq!(recorded, format!("{joined}|{left}|{changed}"));
    assert_eq!((joined, left, changed), (1, 3, 5));
}
