//! An accountant's path: one sign-in, 180 client businesses, 30 of which do not let their team be listed, and a
//! colleague who has left and still sits in some of the books, in a few under a private address.

use std::fs;

use fbsync::sandbox::{Business, Member, Reading, World};
use serde_json::Value;

use crate::harness::{DB, Home, Run};

const CLIENTS: i64 = 180;
const CLOSED: i64 = 30;
const FIRST: i64 = 9001;

/// Where Lea is under the firm's address, and where under her own.
const AT_WORK: std::ops::Range<i64> = 9001..9024;
const AT_HOME: std::ops::Range<i64> = 9024..9031;

/// The identity that both of Lea's addresses belong to.
const LEA: i64 = 77;

/// The last clients are the ones that are closed.
fn books() -> World {
    let mut world = World::empty();
    let me = world.me.clone();
    for id in FIRST..FIRST + CLIENTS {
        let mut business = Business::new(id, &format!("Client {id}")).joined_by(&me, "business_accountant");
        let add = |business: &mut Business, n: i64, identity: i64, first: &str, email: &str, role: &str| {
            business.members.push(Member {
                uuid: Some(format!("{id:08}-0000-4000-8000-{n:012}")),
                identity_id: Some(identity),
                ..Member::new(first, "Berg", email, role)
            });
        };
        add(&mut business, 1, 100_000 + id, "Olga", &format!("olga@client{id}.example"), "owner");
        if AT_WORK.contains(&id) {
            add(&mut business, 2, LEA, "Lea", "lea@firm.example", "business_manager");
        }
        if AT_HOME.contains(&id) {
            add(&mut business, 2, LEA, "Lea", "lea.berg@home.example", "business_partner");
        }
        if id >= FIRST + CLIENTS - CLOSED {
            business.team_list = Reading::Refused(403);
        }
        world.businesses.push(business);
    }
    world
}

fn rows(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn export(home: &Home, report: &str, options: &[&str]) -> Run {
    home.fbsync(&[&["export", report, "--db", DB, "--format", "jsonl"], options].concat())
}

fn count(rows: &[Value], name: &str, value: &str) -> usize {
    rows.iter().filter(|row| row[name] == value).count()
}

#[test]
fn each_question_of_an_accountant_is_one_command() {
    let home = Home::reading(books());

    // The lists that cannot be read are accepted once, with a reason.
    home.fbsync(&["sync", "--db", DB, "--write-gaps", "gaps.csv"])
        .exits(7)
        .says("30 lists could not be read completely")
        .says("and 25 more businesses");
    let gaps = fs::read_to_string(home.path("gaps.csv")).expect("a file");
    assert_eq!(gaps.lines().count() as i64, 1 + CLOSED);
    fs::write(home.path("gaps.csv"), gaps.replace(",,", ",the client's wish,")).expect("written");
    home.fbsync(&["sync", "--db", DB, "--accept-gaps", "gaps.csv"]).succeeds();
    let snapshot = "SELECT status, businesses FROM snapshots ORDER BY id DESC LIMIT 1";
    assert_eq!(home.tables().one(snapshot), "complete|180");

    // In whose books does our leaver still sit?
    fs::write(home.path("roster.csv"), "email;status;end_date\nlea@firm.example;left;2026-06-30\n")
        .expect("written");
    let attention = rows(&export(&home, "attention", &["--roster", "roster.csv"]).succeeds());
    assert_eq!(attention[0]["reason"], "left_but_active");
    assert_eq!(count(&attention, "reason", "left_but_active"), 30);
    assert_eq!(count(&attention, "reason", "list_not_readable"), 30);

    // Whom do we call?
    let offboarding = rows(&export(&home, "offboarding", &["--people", "lea@firm.example"]).succeeds());
    let (seen, unseen) = offboarding.split_at(30);
    assert!(seen.iter().all(|row| row["seen"] == "yes" && row["account_key"] == "identity:77"));
    for row in seen {
        let owner = format!("olga@client{}.example", row["business_id"]);
        assert!(row["can_be_removed_by"].as_str().is_some_and(|who| who.contains(&owner)), "{row}");
    }
    assert_eq!(count(unseen, "seen", "cannot_tell"), unseen.len());
    assert_eq!(unseen.len() as i64, CLOSED);

    // Who of ours is in whose books, and the owners are no alarm.
    let own = ["--own-domain", "firm.example"];
    let people = rows(&export(&home, "own-people", &own).succeeds());
    assert_eq!(
        (count(&people, "account_key", "identity:77"), count(&people, "seen", "cannot_tell")),
        (30, 30)
    );
    let attention = rows(&export(&home, "attention", &own).succeeds());
    assert_eq!(count(&attention, "role", "owner"), 0);

    // Everything about her, under either address.
    for address in ["lea@firm.example", "lea.berg@home.example"] {
        let all = home.fbsync(&["who", address, "--db", DB, "--format", "jsonl"]).succeeds();
        let all = rows(&all);
        assert_eq!((count(&all, "seen", "yes"), count(&all, "seen", "cannot_tell")), (30, 30), "{address}");
    }
}
