//! The reviewer's sheet: what to look at first, and what is known from last time.

use std::fs::File;
use std::io::Read as _;

use fbsync::sandbox::{Business, Member, Reading, World};

use super::{DAY, NOON, Row, email, fill, keep, on_day, read_once, record, remove, set, sheet, somebody};
use crate::harness::Home;
use crate::reports::{synced, world};

fn part(home: &Home, file: &str, name: &str) -> String {
    let mut zip = zip::ZipArchive::new(File::open(home.path(file)).expect("a file")).expect("a workbook");
    let mut text = String::new();
    zip.by_name(name).expect("a part").read_to_string(&mut text).expect("XML");
    text
}

/// The texts of the cells of a sheet, row by row, by their letters. What is written through has its texts
/// within, the others have them beside the sheets.
fn cells(home: &Home, file: &str, sheet: u8) -> Vec<Vec<(String, String)>> {
    let xml = part(home, file, &format!("xl/worksheets/sheet{sheet}.xml"));
    let shared = part(home, file, "xl/sharedStrings.xml");
    let content = |text: &str, end: &str| {
        let text = text.split_once('>').map_or("", |(_, rest)| rest);
        text.split(end).next().unwrap_or_default().replace("&amp;", "&")
    };
    let shared: Vec<String> = shared.split("<t").skip(2).map(|text| content(text, "</t>")).collect();
    let cell = |cell: &str| {
        let letters: String = cell.chars().take_while(char::is_ascii_uppercase).collect();
        let text = match (cell.split_once("<t"), cell.split_once("<v")) {
            (Some((_, text)), _) => content(text, "</t>"),
            (None, Some((head, value))) if head.contains("t=\"s\"") => {
                let at: usize = content(value, "</v>").parse().expect("a number");
                shared[at].clone()
            }
            _ => String::new(),
        };
        (letters, text)
    };
    let row = |row: &str| row.split("<c r=\"").skip(1).map(cell).collect();
    xml.split("<row ").skip(1).map(row).collect()
}

fn texts(rows: &[Row], column: &str) -> Vec<String> {
    rows.iter().map(|row| row[column].clone()).collect()
}

#[test]
fn reasons_come_first_then_changes_then_the_rest() {
    let home = synced(world());
    home.sandbox.change(fbsync::sandbox::changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    let own = ["--own-domain", "harbourlight.example"];
    let arguments = [&["export", "review", "-o", "r.xlsx"], own.as_slice()].concat();
    home.fbsync(&arguments).succeeds();
    let shown = cells(&home, "r.xlsx", 2);
    let why =
        |row: &Vec<(String, String)>| row.iter().find(|(at, _)| at == "F").map(|(_, text)| text.clone());
    let why: Vec<String> = shown[1..].iter().map(|row| why(row).unwrap_or_default()).collect();
    let rows = sheet(&home, &own);
    let rank = |at: usize| match (rows[at]["change_since"].is_empty(), why[at].is_empty()) {
        (_, true) => 2,
        (false, false) if why[at] == rows[at]["change_since"].replace('_', " ") => 1,
        _ => 0,
    };
    let ranks: Vec<usize> = (0..rows.len()).map(rank).collect();
    assert!(ranks.is_sorted() && [0, 1, 2].iter().all(|rank| ranks.contains(rank)), "{ranks:?}\n{why:#?}");
    // Within each the usual order.
    for rank in 0..3 {
        let of_rank: Vec<(String, String)> = (0..rows.len())
            .filter(|at| ranks[*at] == rank)
            .map(|at| (rows[at]["business_name"].to_lowercase(), rows[at]["business_id"].clone()))
            .collect();
        assert!(of_rank.is_sorted(), "{of_rank:?}");
    }
    assert!(why.contains(&"role changed".to_owned()) && why.contains(&"joined".to_owned()), "{why:#?}");
    // All of `access`, and nothing decided in advance.
    let access = home.fbsync(&["export", "access"]).succeeds();
    assert_eq!(super::rows(&access).len(), rows.len());
    for column in ["decision", "change_to", "reviewer", "reviewer_email", "reviewed_at", "justification"] {
        assert!(texts(&rows, column).iter().all(String::is_empty), "{column}");
    }
    // In words, where people read.
    let sheet = part(&home, "r.xlsx", "xl/worksheets/sheet2.xml");
    assert!(sheet.contains(">no login<") && !sheet.contains(">no_login<"), "raw words");
    assert!(sheet.contains("Owner,Admin,Manager,Accountant,Employee,Contractor,Unassigned (no login)"));
}

#[test]
fn what_nobody_told_is_said_and_no_reason() {
    let home = synced(world());
    home.fbsync(&["export", "review", "-o", "r.xlsx"]).succeeds();
    let sheet = part(&home, "r.xlsx", "xl/worksheets/sheet2.xml");
    assert!(sheet.contains("external? not known (no --own-domain)"));
    assert!(part(&home, "r.xlsx", "xl/sharedStrings.xml").contains("--own-domain was not given"));
    let own = ["export", "review", "-o", "own.xlsx", "--own-domain", "harbourlight.example"];
    home.fbsync(&own).succeeds();
    assert!(!part(&home, "own.xlsx", "xl/worksheets/sheet2.xml").contains("not known"));
}

#[test]
fn what_was_decided_last_time_is_told_and_what_was_not_done_comes_first() {
    let home = read_once();
    let (ann, bo) = (email(&somebody(&home, 0)), email(&somebody(&home, 1)));
    fill(&home, "r.csv", |row| match &row["email"] {
        email if *email == ann => set(row, &[("decision", "remove"), ("justification", "left")]),
        email if *email == bo => {
            set(row, &[("decision", "ask"), ("justification", "who is this?")]);
        }
        _ => keep(row),
    });
    let home = on_day(home, 1, |home| drop(record(home, &["r.csv"], &[]).succeeds()));
    // Of the snapshot itself there is no last time.
    assert!(texts(&sheet(&home, &[]), "previous_decision").iter().all(String::is_empty));
    let home = on_day(home, 90, |home| drop(home.fbsync(&["sync"]).succeeds()));
    let rows = sheet(&home, &[]);
    let last: Vec<[&str; 4]> = rows
        .iter()
        .map(|row| {
            ["email", "previous_decision", "previous_reviewer", "previous_reviewed_at"]
                .map(|name| &*row[name])
        })
        .collect();
    assert_eq!(last[0], [&ann, "remove", "Owen Tran", "2026-07-01"]);
    assert_eq!(last[1], [&bo, "ask", "Owen Tran", "2026-07-01"]);
    assert!(last[2..].iter().all(|row| row[1] == "keep"), "{last:#?}");
    home.fbsync(&["export", "review", "-o", "r.xlsx"]).succeeds();
    let shown = part(&home, "r.xlsx", "xl/worksheets/sheet2.xml");
    assert!(shown.contains("to be removed last time") && shown.contains("an open question last time"));
    // The columns came last, and a real date is in the workbook.
    let header = home.fbsync(&["export", "review"]).succeeds().stdout;
    let header = header.lines().next().expect("a heading");
    assert!(
        header.ends_with(",ticket,change_since,previous_decision,previous_reviewer,previous_reviewed_at")
    );
    let days = (NOON + DAY) / DAY + 25_569;
    assert!(shown.contains(&format!("<v>{days}</v>")), "{days}");
    // A later review of the same rows counts, and one of this very snapshot does not.
    fill(&home, "again.csv", keep);
    let home = on_day(home, 91, |home| drop(record(home, &["again.csv"], &[]).succeeds()));
    let home = on_day(home, 180, |home| drop(home.fbsync(&["sync"]).succeeds()));
    assert!(texts(&sheet(&home, &[]), "previous_decision").iter().all(|decision| decision == "keep"));
}

#[test]
fn outcomes_are_told_in_the_words_of_freshbooks_pages() {
    let home = read_once();
    let ann = email(&somebody(&home, 0));
    fill(&home, "r.csv", |row| match row["email"] == ann {
        true => {
            let (to, why) = (("change_to", "Accountant"), ("justification", "moved"));
            set(row, &[("decision", "change"), to, why]);
        }
        false => keep(row),
    });
    record(&home, &["r.csv"], &[]).succeeds();
    home.sandbox.change(|world| {
        world.businesses[0].members[1].role = Some("business_partner".to_owned());
    });
    let home = on_day(home, 3, |home| drop(home.fbsync(&["sync"]).succeeds()));
    home.fbsync(&["export", "outcomes", "--snapshot", "1", "-o", "o.xlsx"]).succeeds();
    let shown = cells(&home, "o.xlsx", 2);
    let text = |heading: &str| {
        let (at, _) = shown[0].iter().find(|(_, text)| text == heading).expect(heading);
        shown[1].iter().find(|(letters, _)| letters == at).map(|(_, text)| text.as_str())
    };
    assert_eq!(
        ["Change to", "Role now", "Outcome"].map(text),
        ["Accountant", "Admin", "changed otherwise"].map(Some)
    );
    assert!(text("Role").is_some_and(|role| !role.starts_with("business_")), "{shown:?}");
}

#[test]
fn of_a_review_in_parts_each_row_has_its_own_last_time() {
    let home = read_once();
    fill(&home, "all.csv", keep);
    let home = on_day(home, 1, |home| drop(record(home, &["all.csv"], &[]).succeeds()));
    let home = on_day(home, 90, |home| drop(home.fbsync(&["sync"]).succeeds()));
    let ann = email(&somebody(&home, 0));
    fill(&home, "some.csv", |row| {
        if row["business_id"] == "9001" {
            remove(&ann)(row);
        }
    });
    let home = on_day(home, 91, |home| drop(record(home, &["some.csv"], &["--part"]).succeeds()));
    let home = on_day(home, 180, |home| drop(home.fbsync(&["sync"]).succeeds()));
    for row in sheet(&home, &[]) {
        let expected = match (&*row["business_id"], row["email"] == ann) {
            ("9001", true) => ["remove", "2026-09-29"],
            ("9001", false) => ["keep", "2026-09-29"],
            _ => ["keep", "2026-07-01"],
        };
        assert_eq!(["previous_decision", "previous_reviewed_at"].map(|name| &*row[name]), expected);
    }
}

#[test]
fn the_lines_to_sign_are_on_the_first_page_whatever_was_not_read() {
    let mut world = World::many(3, 2);
    for at in 0..180 {
        let mut business =
            Business::new(20_000 + at, &format!("Client {at:03} Holdings International Group Ltd"))
                .joined_by(&world.me, "business_accountant");
        if at % 2 == 0 {
            (business.team_list, business.group_read) = (Reading::Refused(403), Reading::Refused(403));
        }
        world.businesses.push(business);
    }
    let home = Home::reading(world).with("FBSYNC_DB", "audit.sqlite");
    home.fbsync(&["sync"]).exits(7);
    home.fbsync(&["export", "review", "--allow-partial", "-o", "r.xlsx"]).succeeds();
    let summary = cells(&home, "r.xlsx", 1);
    let at = |label: &str| {
        let found = summary.iter().position(|row| row.iter().any(|(_, text)| text.starts_with(label)));
        found.unwrap_or_else(|| panic!("{label} is not there: {summary:#?}"))
    };
    for label in ["Reviewed by", "Approved by", "Date", "Reviewer's own access reviewed by"] {
        assert!(at(label) < 25, "{label} is in row {}", at(label) + 1);
    }
    // What was not read is on it as well, as far as it goes.
    assert!(at("93 of 183 businesses; not covered: ") < at("Reviewed by"));
    assert!(summary.iter().flatten().any(|(_, text)| text.ends_with("… and more")), "{summary:#?}");
}

#[test]
fn names_of_many_lines_are_shown_whole_and_longer_ones_than_a_cell_are_cut_and_said() {
    let mut world = World::many(1, 2);
    let long = "x".repeat(40_000);
    for (uuid, last_name) in [("u-lines", "Ray\nof the\nthird\nfloor"), ("u-long", &long)] {
        let member = Member::new("Ann", last_name, &format!("{uuid}@x.example"), "business_employee");
        world.businesses[0].members.push(Member { uuid: Some(uuid.to_owned()), ..member });
    }
    let home = Home::reading(world).with("FBSYNC_DB", "audit.sqlite");
    home.fbsync(&["sync"]).succeeds();
    home.fbsync(&["export", "review", "-o", "r.xlsx"])
        .succeeds()
        .says("9001/u-long/full_name is longer than");
    let sheet = part(&home, "r.xlsx", "xl/worksheets/sheet2.xml");
    let row = sheet.split("<row ").find(|row| row.contains("of the")).expect("a row");
    let height: f64 =
        row.split("ht=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse().ok()).expect("a height");
    assert!(height >= 4.0 * 14.0, "{height}");
}

#[test]
fn changes_can_be_told_since_the_last_review() {
    let home = read_once();
    home.fbsync(&["export", "review", "--since", "last-review"])
        .exits(10)
        .says("no snapshot before snapshot 1 was reviewed");
    fill(&home, "r.csv", keep);
    let home = on_day(home, 1, |home| drop(record(home, &["r.csv"], &[]).succeeds()));
    let people = [email(&somebody(&home, 0)), email(&somebody(&home, 1))];
    let mut home = home;
    for (day, business) in [(30, 0), (60, 1)] {
        home.sandbox.change(|world| {
            world.businesses[business].members[1].role = Some("business_partner".to_owned());
        });
        home = on_day(home, day, |home| drop(home.fbsync(&["sync"]).succeeds()));
    }
    let changed = |more: &[&str]| -> Vec<String> {
        let rows = sheet(&home, more);
        let changed = rows.iter().filter(|row| row["change_since"] == "role_changed");
        changed.map(|row| row["email"].clone()).collect()
    };
    assert_eq!(changed(&[]), people[1..]);
    assert_eq!(changed(&["--since", "last-review"]), people);
    assert_eq!(changed(&["--since", "2"]), people[1..]);
    home.fbsync(&["export", "--since", "last-review", "--out", "e"]).succeeds();
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
    home.fbsync(&["export", "--snapshot", "last-review", "--out", "f"]).exits(2);
    // A later review of a later snapshot changes nothing about the folder, and is what counts from then on.
    fill(&home, "again.csv", keep);
    let home = on_day(home, 61, |home| drop(record(home, &["again.csv"], &[]).succeeds()));
    let home = on_day(home, 62, |home| drop(home.fbsync(&["sync"]).succeeds()));
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
    let since = sheet(&home, &["--since", "last-review"]);
    assert!(texts(&since, "change_since").iter().all(String::is_empty));
}
