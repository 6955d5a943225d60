//! `export access`: the exact CSV, where it goes, and which snapshot it is of.

use std::cmp::Ordering;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use fbsync::sandbox::{Member, Reading, World};

use crate::contract::ACCESS;
use crate::harness::{DB, Home, Run};

fn demo() -> Home {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    home
}

fn export(home: &Home, more: &[&str]) -> Run {
    home.fbsync(&[&["export", "access", "--db", DB], more].concat())
}

/// The records of a CSV, its header first.
fn parsed(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|record| record.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

fn cell<'a>(row: &'a [String], column: &str) -> &'a str {
    let at = ACCESS.split(", ").position(|name| name == column).expect("a column");
    &row[at]
}

/// Lower-cased, then by bytes, empty last: the contract's order, written a second time.
fn by_text(a: &str, b: &str) -> Ordering {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    a.is_empty().cmp(&b.is_empty()).then_with(|| lower(a).cmp(&lower(b))).then_with(|| a.cmp(b))
}

fn by_contract(a: &[String], b: &[String]) -> Ordering {
    let id = |row: &[String]| cell(row, "business_id").parse::<i64>().expect("an id");
    let texts = ["email", "account_key", "role", "row_key"];
    let by_rest =
        || texts.iter().map(|name| by_text(cell(a, name), cell(b, name))).find(|order| order.is_ne());
    by_text(cell(a, "business_name"), cell(b, "business_name"))
        .then(id(a).cmp(&id(b)))
        .then_with(|| by_rest().unwrap_or(Ordering::Equal))
}

#[test]
fn the_file_is_rfc_4180_with_the_columns_of_the_contract() {
    let csv = export(&demo(), &[]).succeeds().stdout;
    assert!(csv.starts_with(&format!("{}\r\n", ACCESS.replace(", ", ","))));
    assert!(csv.ends_with("\r\n"));
    assert_eq!(csv.matches('\n').count(), csv.matches("\r\n").count());
    let rows = parsed(&csv);
    assert_eq!(rows.len(), 1 + 284);
    assert!(rows.iter().all(|row| row.len() == 29));
}

#[test]
fn a_row_is_what_the_view_says() {
    let home = demo();
    let csv = export(&home, &[]).succeeds().stdout;
    let row = parsed(&csv).into_iter().find(|row| cell(row, "email") == "sofia.marques@harbourlight.example");
    let as_of = home.tables().one("SELECT finished_at FROM snapshots");
    let record = home.tables().one("SELECT record_sha256 FROM memberships WHERE first_name = 'Sofia'");
    let expected = format!(
        "48201/0000bc49-0000-4000-8000-000000000008|1|{as_of}|48201|b0000000-0000-4000-8000-00000000bc49|\
         Harbourlight Bookkeeping|hK4Lq9|email:sofia.marques@harbourlight.example||Sofia Marques|Sofia|Marques|\
         sofia.marques@harbourlight.example|harbourlight.example|business_employee|Employee|limited|false|inactive|\
         |2024-07-07T09:30:00Z|2025-07-07T11:45:30Z||not_requested||1|never_accepted|team_members|{record}"
    );
    assert_eq!(row.expect("Sofia").join("|"), expected);
}

#[test]
fn rows_stand_in_the_order_of_the_contract() {
    let mut world = World::demo();
    let oldest = world.business(48_206).expect("a business");
    for (at, (name, email)) in
        [("Émile", "É@b.example"), ("emile", "e@b.example"), ("Nobody", ""), ("upper", "E@B.example")]
            .into_iter()
            .enumerate()
    {
        let uuid = Some(format!("order-{at}"));
        oldest.members.push(Member { uuid, ..Member::new(name, "", email, "client") });
    }
    // Shown with the address that the person has elsewhere, and so sorted by it.
    let silent = Member {
        uuid: Some("order-x".into()),
        identity_id: Some(555),
        ..Member::new("Di", "", "", "client")
    };
    oldest.members.push(silent.clone());
    let elsewhere = world.business(48_201).expect("a business");
    elsewhere.members.push(Member { email: Some("dora@b.example".into()), ..silent });
    // Two of one name, and names whose order depends on the comparison.
    for (id, name) in
        [(100_000, "Kestrel Logistics"), (7, "kestrel logistics"), (8, "Éclair"), (9, "=SUM"), (10, "")]
    {
        let mut business = World::with_members(3).businesses.remove(0);
        (business.id, business.name) = (id, Some(name.to_owned()));
        world.businesses.push(business);
    }
    let home = Home::reading(world);
    home.sync().succeeds();
    let csv = export(&home, &["--formula-guard", "off"]).succeeds().stdout;
    let rows = parsed(&csv).split_off(1);
    let mut sorted = rows.clone();
    sorted.sort_by(|a, b| by_contract(a, b));
    assert_eq!(rows.iter().filter(|row| cell(row, "email") == "dora@b.example").count(), 2);
    let keys = |rows: &[Vec<String>]| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    assert_eq!(keys(&rows), keys(&sorted));
}

#[test]
fn a_database_exports_the_same_bytes_every_time() {
    let home = demo();
    let first = export(&home, &[]).succeeds();
    assert_eq!(first.stdout, export(&home, &[]).succeeds().stdout);
}

#[test]
fn the_formula_guard_quotes_leaves_or_refuses() {
    let home = demo();
    let run = export(&home, &[]).succeeds();
    assert_eq!(parsed(&run.stdout).iter().flatten().filter(|cell| cell.starts_with('\'')).count(), 6);
    run.says("6 cells begin like a formula");
    let run = export(&home, &["--formula-guard", "off"]).succeeds();
    assert!(run.stdout.contains(",=1+1 Formula,=1+1,Formula,"));
    assert_eq!(run.stderr, "");
    let run = export(&home, &["--formula-guard", "fail", "-o", "out.csv"]).exits(3);
    run.says("a spreadsheet would run `");
    assert!(!home.path("out.csv").exists());
}

#[test]
fn an_existing_file_is_left_alone_unless_it_is_the_same_or_force_is_used() {
    let home = demo();
    let out = home.path("out.csv");
    fs::write(&out, "mine").expect("a file");
    export(&home, &["-o", "out.csv"]).exits(3).says("out.csv exists and is different").says("hint: --force");
    assert_eq!(fs::read_to_string(&out).expect("a file"), "mine");
    export(&home, &["-o", "out.csv", "--force"]).succeeds();
    let csv = export(&home, &[]).succeeds().stdout;
    assert_eq!(fs::read_to_string(&out).expect("a file"), csv);
    let run = export(&home, &["-o", "out.csv"]).succeeds();
    assert_eq!(run.stdout, "");
    // No temporary file stays, whatever happened.
    assert_eq!(home.files(), [DB, "audit.sqlite.lock", "out.csv"]);
    export(&home, &["-o", "no/such/folder/out.csv"]).exits(9).says("cannot write no/such/folder/out.csv");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let home = demo();
    let mut command = home.command(&["export", "access", "--db", DB, "-q"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("fbsync starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("text");
    assert!(line.starts_with("row_key,"));
    drop(stdout);
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!((child.wait().expect("fbsync ends").code(), said.as_str()), (Some(0), ""));

    for command in ["export access", "snapshots", "snapshots --json", "verify --json", "status"] {
        let line = format!("(\"$FBSYNC\" {command} --db {DB}; echo $? >&2) 2>said | :; cat said");
        let run = home.run(&mut home.shell(&line)).succeeds();
        assert_eq!(run.stdout.lines().last(), Some("0"), "{command}: {run}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let home = demo();
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let run = home.run(&mut home.shell("exec \"$FBSYNC\" export access --db audit.sqlite > /dev/full"));
    run.exits(9).says("error: cannot write ");
}

#[test]
fn any_snapshot_can_be_named() {
    let home = Home::reading(World::many(1, 3));
    home.sync().succeeds();
    home.sandbox.change(|world| drop(world.businesses[0].members.pop()));
    home.sync().succeeds();
    let rows = |more: &[&str]| parsed(&export(&home, more).succeeds().stdout).len() - 1;
    assert_eq!((rows(&["--snapshot", "1"]), rows(&["--snapshot", "2"]), rows(&[])), (3, 2, 2));
    assert_eq!(rows(&["--snapshot", "latest"]), 2);
    export(&home, &["--snapshot", "9"]).exits(2).says("there is no snapshot 9");
    export(&home, &["--snapshot", "first"]).exits(2);
    home.fbsync(&["export", "acess", "--db", DB]).exits(2).says("there is no report `acess`");
}

#[test]
fn a_partial_snapshot_is_exported_only_when_it_is_accepted() {
    let home = Home::reading(World::many(2, 3));
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    home.sync().exits(7);
    for choice in [&[] as &[&str], &["--snapshot", "1"]] {
        let run = export(&home, choice).exits(7).says("hint: --allow-partial");
        assert_eq!(run.stdout, "");
        export(&home, &[choice, &["--allow-partial"]].concat()).succeeds();
    }
    // A newer partial one does not hide the last complete one, and is mentioned.
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Allowed);
    home.sync().succeeds();
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    home.sync().exits(7);
    let run = export(&home, &[]).succeeds().says("snapshot 3 is newer but partial; snapshot 2 is");
    assert_eq!(cell(&parsed(&run.stdout)[1], "snapshot_id"), "2");
    let run = export(&home, &["--allow-partial"]).succeeds();
    assert_eq!(cell(&parsed(&run.stdout)[1], "snapshot_id"), "3");
}
