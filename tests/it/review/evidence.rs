//! The evidence of a review: what is sealed, what an auditor reads, and what a client is handed of it.

use std::fs;
use std::process::Command;

use fbsync::sandbox::{Member, World};
use serde_json::Value;

use super::{Row, email, fill, keep, on_day, read_once, record, remove, set, sheet, somebody, write};
use crate::harness::{Home, names_in};

/// One of the first business was to be removed, and is gone five days after the snapshot.
fn carried_out() -> (Home, String) {
    let home = read_once();
    let ann = email(&somebody(&home, 0));
    fill(&home, "Q2 review (Owen).csv", remove(&ann));
    let home = on_day(home, 2, |home| {
        record(home, &["Q2 review (Owen).csv"], &["--note", "second quarter"]).succeeds();
    });
    home.sandbox.change(|world| {
        world.businesses[0].members.retain(|member| member.email.as_deref() != Some(&ann));
    });
    let home = on_day(home, 5, |home| drop(home.fbsync(&["sync"]).succeeds()));
    (home, ann)
}

fn manifest(home: &Home, folder: &str) -> Value {
    let bytes = fs::read(home.path(folder).join("manifest.json")).expect("a manifest");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// README.txt without its line ends.
fn readme(home: &Home, folder: &str) -> String {
    let text = fs::read_to_string(home.path(folder).join("README.txt")).expect("a README");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table(home: &Home, name: &str) -> Vec<Row> {
    let text = fs::read(home.path(name)).expect("a file");
    csv::Reader::from_reader(&text[..]).deserialize().collect::<Result<_, _>>().expect("CSV")
}

/// The folder of the reviewed snapshot.
fn export(home: &Home, folder: &str, more: &[&str]) {
    home.fbsync(&[&["export", "--snapshot", "1", "--out", folder], more].concat()).succeeds();
}

#[test]
fn the_folder_tells_the_story_and_holds_what_was_filled_in() {
    let (home, ann) = carried_out();
    export(&home, "e", &[]);
    let original = "e/reviewed/1-q2-review-owen.csv";
    let filled = fs::read(home.path("Q2 review (Owen).csv")).expect("a file");
    assert_eq!(fs::read(home.path(original)).expect("the original"), filled);
    let story = readme(&home, "e");
    for told in [
        "Decided: 6 of 6 rows (5 keep, 1 remove); none is open.",
        "- Owen Tran <owen@auditors.example> decided 6 rows, on 2026-07-02",
        "No problem was found in the decisions that count",
        "Not checked: whether decisions that have a date without a time of day were made within one minute.",
        "The exact files that the reviewers filled in are in the folder reviewed/.",
        "review 1 was recorded at 2026-07-02T12:00:0",
        "6 rows decided, 0 left open; note: second quarter",
        "up to snapshot 2 (2026-07-05T12:00:0",
        &format!("<{ann}>, "),
        ": remove (left), decided by Owen Tran <owen@auditors.example> on 2026-07-02: gone, seen in snapshot 2 (2026-07-05",
        ", 5 days later",
        "reviewed/1-q2-review-owen.csv: `Q2 review (Owen).csv` as review 1 was recorded from it",
    ] {
        assert!(story.contains(told), "{told} is not in\n{story}");
    }
    assert_eq!(table(&home, "e/decisions.csv").len(), 6);
    let outcomes = table(&home, "e/outcomes.csv");
    assert_eq!((outcomes.len(), outcomes[0]["outcome"].as_str()), (1, "gone"));
    let manifest = manifest(&home, "e");
    assert_eq!(manifest["review"]["outcomes"], serde_json::json!({ "gone": 1 }));
    let listed = manifest["files"].as_array().expect("files").iter();
    let names: Vec<&str> = listed.filter_map(|file| file["original"]["name"].as_str()).collect();
    assert_eq!(names, ["Q2 review (Owen).csv"]);

    let check =
        Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(home.path("e")).status();
    assert!(check.expect("sha256sum").success());
    home.fbsync(&["verify", "e"]).succeeds();
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
    // The same evidence is not written twice.
    export(&home, "e", &["-v"]);
    // Every part of it counts.
    for name in ["e/decisions.csv", "e/outcomes.csv", original] {
        let bytes = fs::read(home.path(name)).expect("a file");
        fs::write(home.path(name), [&bytes[..], b"x"].concat()).expect("written");
        home.fbsync(&["verify", "e"]).exits(10).says("was changed");
        fs::write(home.path(name), bytes).expect("written");
    }
    fs::write(home.path("e/reviewed/2-more.csv"), "x").expect("written");
    home.fbsync(&["verify", "e"]).exits(10).says("2-more.csv was added");
}

#[test]
fn what_is_found_in_the_review_itself_is_told() {
    let home = read_once();
    // Ingrid decides about everybody, herself included, and late.
    fill(&home, "r.csv", |row| {
        let (name, address) =
            (("reviewer", "Ingrid Solheim"), ("reviewer_email", "ingrid@harbourlight.example"));
        set(row, &[("decision", "keep"), name, address, ("reviewed_at", "2026-08-20")]);
    });
    let home = on_day(home, 60, |home| {
        home.fbsync(&["review", "record", "r.csv"]).succeeds().says("marked self_review");
    });
    export(&home, "e", &[]);
    let story = readme(&home, "e");
    for told in [
        "Found in the review itself:",
        "- the reviewer is the person reviewed (Ingrid Solheim <ingrid@harbourlight.example>, 2 rows)",
        "- decided more than 30 days after the snapshot (Ingrid Solheim <ingrid@harbourlight.example>, 6 rows)",
        "Nothing was to be removed or changed.",
    ] {
        assert!(story.contains(told), "{told} is not in\n{story}");
    }
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
}

#[test]
fn what_was_replaced_is_told_with_what_was_found_in_it() {
    let home = read_once();
    let ann = email(&somebody(&home, 0));
    fill(&home, "hasty.csv", |row| {
        remove(&ann)(row);
        set(row, &[("reviewed_at", "2026-07-01 10:00:00")]);
    });
    let home = on_day(home, 2, |home| {
        record(home, &["hasty.csv"], &[]).succeeds();
        fill(home, "calm.csv", keep);
        record(home, &["calm.csv"], &[]).succeeds();
    });
    export(&home, "e", &[]);
    let (story, manifest) = (readme(&home, "e"), manifest(&home, "e"));
    let owen = "Owen Tran <owen@auditors.example>";
    for told in [
        "No problem was found in the decisions that count",
        &format!(
            "Found in decisions that were replaced later: - in review 1: this reviewer decided every row within one minute ({owen}, 6 rows)"
        ),
        "Decisions that were changed later: - ",
        &format!(
            "<{ann}> in Business 0001: from remove, decided by {owen} on 2026-07-01 (review 1), to keep, decided by {owen} on 2026-07-02 (review 2)"
        ),
    ] {
        assert!(story.contains(told), "{told} is not in\n{story}");
    }
    let review = &manifest["review"];
    assert_eq!((&review["changes"], &review["findings"]), (&1.into(), &serde_json::json!([])));
    assert_eq!(review["replaced_findings"][0]["finding"], "decided_within_a_minute");
    assert_eq!(review["changed"][0]["from"]["decision"], "remove");
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
    // Whoever hides it in both is found out.
    for name in ["README.txt", "manifest.json"] {
        let text = fs::read_to_string(home.path("e").join(name)).expect("text");
        fs::write(home.path("e").join(name), text.replace("2026-07-01", "2026-07-02")).expect("written");
    }
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).exits(10);
    // Of one business, and of other people, nothing of hers is told.
    home.fbsync(&["export", "--snapshot", "1", "--business", "9002", "--out", "other"]).succeeds();
    assert!(!readme(&home, "other").contains("changed later"));
    home.fbsync(&["verify", "other", "--db", "audit.sqlite"]).succeeds();
}

#[test]
fn a_folder_knows_nothing_of_what_came_later_and_is_made_again_as_it_was() {
    let (home, _) = carried_out();
    export(&home, "e", &[]);
    home.fbsync(&["export", "--out", "newest"]).succeeds();
    // A later review of the reviewed snapshot, one of the newer, and one more reading.
    let more = sheet(&home, &["--snapshot", "1"]);
    let more: Vec<Row> = more
        .into_iter()
        .map(|mut row| {
            keep(&mut row);
            row
        })
        .collect();
    write(&home, "again.csv", &more);
    let home = on_day(home, 8, |home| {
        record(home, &["again.csv"], &[]).succeeds();
        fill(home, "newer.csv", keep);
        record(home, &["newer.csv"], &[]).succeeds();
        home.fbsync(&["sync"]).succeeds();
    });
    for folder in ["e", "newest"] {
        home.fbsync(&["verify", folder, "--db", "audit.sqlite"]).succeeds();
    }
    assert_eq!(manifest(&home, "e")["horizon"], serde_json::json!({ "review": 1, "snapshot": 2 }));
    // What it would be today is something else.
    export(&home, "today", &[]);
    assert_eq!(manifest(&home, "today")["review"]["outcomes"], serde_json::json!({}));
    // Somebody who leaves out a review that was there is found out.
    let bytes = fs::read_to_string(home.path("today/manifest.json")).expect("a manifest");
    fs::write(home.path("today/manifest.json"), bytes.replace("\"review\": 2,", "\"review\": 1,"))
        .expect("written");
    home.fbsync(&["verify", "today", "--db", "audit.sqlite"]).exits(10);
}

#[test]
fn what_was_pruned_since_is_no_finding() {
    let (home, _) = carried_out();
    export(&home, "e", &[]);
    let home = on_day(home, 9, |home| drop(home.fbsync(&["sync"]).succeeds()));
    home.fbsync(&["export", "--snapshot", "3", "--out", "later"]).succeeds();
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes"]).succeeds();
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).exits(7);
    home.fbsync(&["verify", "later", "--db", "audit.sqlite"]).exits(7);
}

/// A firm and two clients. Bo is in both clients' books under an address that only the second knows to be
/// that of an identity.
fn firm() -> Home {
    let mut world = World::many(2, 3);
    for (at, identity_id) in [(0, None), (1, Some(6_900_001))] {
        let bo = Member::new("Bo", "Ek", "bo@ek.example", "business_manager");
        let uuid = Some(format!("u-bo-{at}"));
        world.businesses[at].members.push(Member { uuid, identity_id, ..bo });
    }
    let home = Home::reading(world).with("FBSYNC_DB", "audit.sqlite");
    on_day(home, 0, |home| drop(home.fbsync(&["sync"]).succeeds()))
}

#[test]
fn a_client_gets_what_is_decided_about_its_own_people_and_nothing_else() {
    let home = firm();
    fill(&home, "all.csv", |row| match (&*row["email"], &*row["business_id"]) {
        ("bo@ek.example", "9001") => {
            set(row, &[("decision", "remove"), ("justification", "engagement ended")]);
        }
        ("bo@ek.example", _) => set(row, &[("decision", "ask"), ("justification", "SECRET OF THE SECOND")]),
        _ => keep(row),
    });
    let home = on_day(home, 1, |home| {
        record(home, &["all.csv"], &["--note", "ABOUT ALL CLIENTS"]).succeeds();
    });
    home.sandbox.change(|world| {
        world.businesses[0].members.retain(|member| member.email.as_deref() != Some("bo@ek.example"));
    });
    let home = on_day(home, 4, |home| drop(home.fbsync(&["sync"]).succeeds()));
    home.fbsync(&["export", "--snapshot", "1", "--split-by", "business", "--out", "s"]).succeeds();
    assert_eq!(names_in(&home.path("s/_firm/reviewed")), ["1-all.csv"]);
    let first = "s/9001-business-0001";
    let prefix = format!("{first}/9001-business-0001-2026-06-30-");
    let decisions = table(&home, &format!("{prefix}decisions.csv"));
    assert_eq!(decisions.len(), 4);
    let bo = decisions.iter().find(|row| row["email"] == "bo@ek.example").expect("Bo");
    // Who stands behind the address, the first business does not know.
    assert_eq!((&*bo["account_key"], &*bo["row_key"]), ("email:bo@ek.example", "9001/u-bo-0"));
    let outcomes = table(&home, &format!("{prefix}outcomes.csv"));
    assert_eq!((outcomes.len(), &*outcomes[0]["outcome"], &*outcomes[0]["days"]), (1, "gone", "4"));
    let manifest = manifest(&home, first);
    assert_eq!(manifest["review"]["recorded"][0]["decisions"], 4);
    assert_eq!(manifest["review"]["undecided"], 0);
    assert!(readme(&home, first).contains("Decided: 4 of 4 rows"));
    // Not a word of the others. A hash can have the digits of an id in it by chance.
    let says = |text: &str, word: &str| match word.parse::<u64>() {
        Ok(_) => text.split(|c: char| !c.is_ascii_alphanumeric()).any(|token| token == word),
        Err(_) => text.contains(word),
    };
    for name in names_in(&home.path(first)) {
        let text = fs::read_to_string(home.path(first).join(&name)).expect("text");
        for word in ["SECRET", "9002", "Business 0002", "ABOUT ALL", "6900001", "all.csv"] {
            assert!(!says(&text, word), "{name} says {word}");
        }
    }
    let second = table(&home, "s/9002-business-0002/9002-business-0002-2026-06-30-decisions.csv");
    let bo = second.iter().find(|row| row["email"] == "bo@ek.example").expect("Bo");
    assert_eq!((&*bo["account_key"], &*bo["decision"]), ("identity:6900001", "ask"));
    home.fbsync(&["verify", "s"]).succeeds();
    home.fbsync(&["verify", "s", "--db", "audit.sqlite"]).succeeds();
    // The same of one business alone.
    home.fbsync(&["export", "--snapshot", "1", "--business", "9001", "--out", "one"]).succeeds();
    assert!(!home.path("one/reviewed").exists());
    assert_eq!(table(&home, "one/decisions.csv"), decisions);
    home.fbsync(&["verify", "one", "--db", "audit.sqlite"]).succeeds();
    // And what the next sheet of one business tells of last time.
    let last = sheet(&home, &["--business", "9002"]);
    let bo = last.iter().find(|row| row["email"] == "bo@ek.example").expect("Bo");
    assert_eq!(bo["previous_decision"], "ask");
}

#[test]
fn without_a_review_the_folder_says_so() {
    let home = read_once();
    export(&home, "e", &[]);
    let manifest = manifest(&home, "e");
    assert!(manifest.get("review").is_none() && manifest.get("horizon").is_none());
    let not_made = manifest["not_made"].as_array().expect("a list");
    for report in ["decisions", "outcomes"] {
        let of = not_made.iter().find(|one| one["report"] == report).expect(report);
        assert_eq!(of["reason"], "no review of this snapshot was recorded");
    }
    assert!(!home.path("e/reviewed").exists());
    home.fbsync(&["export", "outcomes"]).exits(10).says("no review of this snapshot was recorded");
}

#[test]
fn of_some_people_only_what_is_decided_about_them_is_told() {
    let (home, ann) = carried_out();
    export(&home, "e", &["--people", &ann]);
    assert_eq!((table(&home, "e/decisions.csv").len(), table(&home, "e/outcomes.csv").len()), (1, 1));
    let story = readme(&home, "e");
    assert!(story.contains("Decided: 1 of 1 row (1 remove)"), "{story}");
    // The sheets are about everybody.
    assert!(!home.path("e/reviewed").exists());
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
}
