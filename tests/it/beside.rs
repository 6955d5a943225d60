//! Lists that people keep beside FreshBooks, and whose people are one's own: an accountant's view, from
//! outside.

use std::fs;
use std::path::Path;

use fbsync::sandbox::{Business, Member, Reading, World};
use serde_json::Value;

use crate::harness::{Home, Run};

/// Noon on 30 June 2026.
const CLOCK: &str = "1782820800";

const OWN: [&str; 2] = ["--own-domain", "own.example,harbourlight.example"];

/// Two clients and the firm itself. Ann works in both clients, in one of them under a private address.
fn firm() -> World {
    let mut world = World::empty();
    let me = world.me.clone();
    let mut first = Business::new(1, "Client A").joined_by(&me, "business_accountant");
    add(&mut first, 10, "Olga Owner olga@a.example owner");
    add(&mut first, 7, "Ann Lee ann@own.example business_manager");
    add(&mut first, 9, "Eve Else eve@else.example business_partner");
    let mut second = Business::new(2, "Client B").joined_by(&me, "business_manager");
    add(&mut second, 11, "Otto Owner otto@b.example owner");
    add(&mut second, 7, "Ann Lee Ann@Home.example business_partner");
    second.members[2].updated_at = Some("2026-06-21T09:00:00Z".to_owned());
    add(&mut second, 0, "Cy Ray cy@own.example business_employee");
    let mut third = Business::new(3, "Own Firm").owned_by(&me);
    add(&mut third, 12, "Bot Bot bot@own.example business_employee");
    add(&mut third, 13, "Dee Gone dee@own.example business_employee");
    third.members[2].active = false;
    world.businesses = vec![first, second, third];
    world
}

/// Adds `FIRST LAST ADDRESS ROLE`; without an identity, somebody who was invited.
fn add(business: &mut Business, identity: i64, who: &str) {
    let [first, last, email, role] = who.split(' ').collect::<Vec<_>>()[..] else { panic!("{who}") };
    let identity_id = (identity > 0).then_some(identity);
    let accepted = identity_id.map(|_| "2026-01-02T09:00:00Z".to_owned());
    business.members.push(Member {
        uuid: Some(format!("{}-{}", business.id, business.members.len())),
        identity_id,
        invitation_date_accepted: accepted,
        created_at: Some("2026-06-20T09:00:00Z".to_owned()),
        ..Member::new(first, last, email, role)
    });
}

fn synced(world: World) -> Home {
    let home = Home::reading(world).with("FBSYNC_TEST_CLOCK", CLOCK).with("FBSYNC_DB", "audit.sqlite");
    home.fbsync(&["sync"]);
    home
}

fn write(home: &Home, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(home.path(name), bytes).expect("a file");
}

/// Some columns of an export, `|`-joined.
fn columns(run: &Run, names: &[&str]) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let place = |name: &&str| headers.iter().position(|header| header == *name).expect(name);
    let places: Vec<usize> = names.iter().map(place).collect();
    let line = |row: csv::StringRecord| places.iter().map(|at| &row[*at]).collect::<Vec<_>>().join("|");
    reader.records().map(|row| line(row.expect("a row"))).collect()
}

fn export(home: &Home, report: &str, options: &[&str]) -> Run {
    home.fbsync(&[&["export", report], options].concat())
}

#[test]
fn somebody_is_one_s_own_by_any_address() {
    let home = synced(firm());
    let run = export(&home, "own-people", &OWN).succeeds();
    let anns: Vec<String> =
        columns(&run, &["full_name", "email", "role", "is_external", "owner_name", "owner_email"])
            .into_iter()
            .filter(|row| row.starts_with("Ann"))
            .collect();
    let expected = [
        "Ann Lee|ann@own.example|business_manager|false|Olga Owner|olga@a.example",
        "Ann Lee|Ann@Home.example|business_partner|false|Otto Owner|otto@b.example",
    ];
    assert_eq!(anns, expected);
    let external = columns(&export(&home, "external", &OWN).succeeds(), &["email"]);
    assert_eq!(external, ["eve@else.example", "olga@a.example", "otto@b.example"]);
    let accounts = columns(&export(&home, "accounts", &OWN).succeeds(), &["email", "is_external"]);
    assert!(accounts.contains(&"Ann@Home.example|false".to_owned()), "{accounts:?}");
    // In a client's own folder nothing tells of an address elsewhere.
    let alone = export(&home, "access", &[&OWN[..], &["--business", "2"]].concat()).succeeds();
    let alone = columns(&alone, &["email", "is_external"]);
    assert!(alone.contains(&"Ann@Home.example|true".to_owned()), "{alone:?}");
}

#[test]
fn a_business_that_was_not_read_is_told_with_whom_to_ask() {
    let mut world = firm();
    world.business(2).expect("a business").team_list = Reading::Refused(403);
    let home = synced(world);
    let run = export(&home, "own-people", &[&OWN[..], &["--allow-partial"]].concat()).succeeds();
    let told = columns(&run, &["seen", "business_id", "full_name", "owner_name", "owner_email"]);
    assert!(told.contains(&"cannot_tell|2|||".to_owned()), "{told:?}");
}

#[test]
fn people_are_found_by_lists_in_every_encoding_and_by_every_form_of_an_address() {
    let mut world = firm();
    add(
        world.business(1).expect("a business"),
        20,
        "Jos\u{e9} Muster jos\u{e9}@m\u{fc}nchen.example contractor",
    );
    let home = synced(world);
    let found = |person: &str| {
        columns(&export(&home, "access", &["--people", person]).succeeds(), &["email", "business_id"])
    };
    let ann = ["ann@own.example|1", "Ann@Home.example|2"];
    let list = "Name;E-Mail;Manager\r\nAnn;ANN@home.example;zoe@z.example\r\n";
    let utf16 =
        |unit: fn(u16) -> [u8; 2]| [0xfeff].into_iter().chain(list.encode_utf16()).flat_map(unit).collect();
    for bytes in [
        list.as_bytes().to_vec(),
        format!("\u{feff}{list}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        b"ann@own.example".to_vec(),
        b"Lee, Ann\tann@own.example\n".to_vec(),
    ] {
        write(&home, "people.csv", &bytes);
        assert_eq!(found("people.csv"), ann, "{}", String::from_utf8_lossy(&bytes));
    }
    for address in ["Jose\u{301}@MU\u{308}NCHEN.example", "jos\u{e9}@xn--mnchen-3ya.example"] {
        assert_eq!(found(address), ["jos\u{e9}@m\u{fc}nchen.example|1"], "{address}");
    }
    write(&home, "people.csv", b"Zo\xeb;zoe@own.example\n");
    let run = export(&home, "access", &["--people", "people.csv"]).exits(3);
    run.says("cannot read people.csv: it is neither UTF-8 nor UTF-16\nhint: save it as \"CSV UTF-8\"");
    let run = export(&home, "access", &["--people", "zoe@own.example"]).exits(10);
    run.says("no snapshot knows the address zoe@own.example");
}

#[test]
fn own_domains_are_understood_however_they_are_written() {
    let mut world = firm();
    add(world.business(1).expect("a business"), 20, "Max Muster max@mail.m\u{fc}nchen.example contractor");
    let home = synced(world);
    let people = |given: &[&str]| {
        let options: Vec<&str> = given.iter().flat_map(|domain| ["--own-domain", domain]).collect();
        columns(&export(&home, "own-people", &options).succeeds(), &["email"])
    };
    for given in [
        &["m\u{fc}nchen.example"][..],
        &["xn--mnchen-3ya.example"],
        &["@M\u{dc}NCHEN.EXAMPLE."],
        &["*.mu\u{308}nchen.example"],
        &["nobody.example, m\u{fc}nchen.example"],
        &["nobody.example", "m\u{fc}nchen.example"],
    ] {
        assert_eq!(people(given), ["max@mail.m\u{fc}nchen.example"], "{given:?}");
    }
    for given in ["a.example;b.example", "", " ", "a b", "a,,b.example", "ann@own.example", "own"] {
        let run = export(&home, "own-people", &["--own-domain", given]).exits(2);
        run.says("give it as example.com, several separated by commas");
    }
}

/// `severity|reason|full_name|email|business_id` of every line.
fn attention(home: &Home, options: &[&str]) -> Vec<String> {
    let run = export(home, "attention", options).succeeds();
    columns(&run, &["severity", "reason", "full_name", "email", "business_id"])
}

#[test]
fn clients_own_their_books() {
    let home = synced(firm());
    let privileged = |options: &[&str]| -> Vec<String> {
        attention(&home, options).into_iter().filter(|row| row.contains("external_privileged")).collect()
    };
    assert_eq!(privileged(&OWN), ["high|external_privileged|Eve Else|eve@else.example|1"]);
    // An owner from outside of one's own business is something else.
    home.sandbox.change(|world| add(&mut world.businesses[2], 30, "Uri Other uri@else.example owner"));
    home.fbsync(&["sync"]).succeeds();
    let other = "high|external_privileged|Uri Other|uri@else.example|3";
    assert_eq!(privileged(&OWN), ["high|external_privileged|Eve Else|eve@else.example|1", other]);
}

const ROSTER: &str = "Name;E-Mail;Status;End date;Type;Manager;Office\r\n\
     Ann Lee;ANN@own.example;active;31.05.2026;;Mo Boss;Oslo\r\n\
     Ingrid;ingrid@harbourlight.example;Active;;;;Oslo\r\n\
     The bot;bot@own.example;;;Service account;Mo Boss;\r\n\
     Dee;dee@own.example;terminated;;;;\r\n\
     Nobody here;nobody@own.example;left;;;;\r\n";

#[test]
fn a_roster_finds_who_left_by_any_address() {
    let home = synced(firm());
    write(&home, "roster.csv", ROSTER);
    let options = [&OWN[..], &["--roster", "roster.csv"]].concat();
    let run = export(&home, "access", &options).succeeds().says("roster.csv: not used: Office\n");
    let flags: Vec<String> = columns(&run, &["email", "business_id", "flags"]);
    for expected in [
        "ann@own.example|1|left_but_active",
        "Ann@Home.example|2|left_but_active",
        "ingrid@harbourlight.example|1|",
        "cy@own.example|2|not_on_roster",
        "eve@else.example|1|not_on_roster",
        "bot@own.example|3|service_account",
        // Switched off already.
        "dee@own.example|3|",
    ] {
        assert!(flags.contains(&expected.to_owned()), "{expected}: {flags:#?}");
    }
    let told = attention(&home, &options);
    let leavers = [
        "high|left_but_active|Ann Lee|ann@own.example|1",
        "high|left_but_active|Ann Lee|Ann@Home.example|2",
        "high|external_privileged|Eve Else|eve@else.example|1",
    ];
    assert_eq!(told[..3], leavers);
    assert!(told.contains(&"medium|not_on_roster|Cy Ray|cy@own.example|2".to_owned()), "{told:#?}");
    assert!(told.contains(&"info|service_account|Bot Bot|bot@own.example|3".to_owned()), "{told:#?}");
    // Others are not on it, and nobody expects them there; without own domains nobody knows who is other.
    let strangers = |told: &[String]| told.iter().filter(|row| row.contains("not_on_roster")).count();
    assert_eq!(strangers(&told), 1);
    assert_eq!(strangers(&attention(&home, &["--roster", "roster.csv"])), 4);
    let meaning = columns(&export(&home, "attention", &options).succeeds(), &["meaning"]);
    let expected = "left on 2026-05-31 (30 days ago) according to the roster and still has access; manager: \
                    Mo Boss";
    assert_eq!(meaning[0], expected);
}

#[test]
fn a_leaver_who_changed_the_address_is_still_on_the_roster() {
    let home = synced(firm());
    // The work address, which the roster has, is in the snapshot before and nowhere else.
    home.sandbox.change(|world| {
        world.member("ann@own.example").expect("Ann").email = Some("ann@home.example".to_owned());
    });
    home.fbsync(&["sync"]).succeeds();
    write(&home, "roster.csv", ROSTER);
    let leavers = |options: &[&str]| -> Vec<String> {
        let told = attention(&home, &[&["--roster", "roster.csv"], options].concat());
        told.into_iter().filter(|row| row.contains("left_but_active")).collect()
    };
    let both = [
        "high|left_but_active|Ann Lee|ann@home.example|1",
        "high|left_but_active|Ann Lee|Ann@Home.example|2",
    ];
    assert_eq!(leavers(&[]), both);
    // Of the second client alone no snapshot ever had it.
    assert_eq!(leavers(&["--business", "1"]), [both[0]]);
    assert!(leavers(&["--business", "2"]).is_empty());

    // What was found stays found when the snapshot that told it is gone.
    home.fbsync(&["export", "--out", "e", "--roster", "roster.csv"]).succeeds();
    home.fbsync(&["snapshots", "prune", "--keep-last", "1", "--yes"]).succeeds();
    let listing = fs::read_to_string(home.path("e/access.csv")).expect("a listing");
    assert_eq!(listing.matches("left_but_active").count(), 2, "{listing}");
    let run = home.fbsync(&["verify", "e"]);
    assert!(!run.stderr.contains("access.csv"), "{run}");
}

#[test]
fn a_list_of_expected_access_finds_what_is_not_on_it() {
    let home = synced(firm());
    let list = "business_id,email,role,reason,approved_by,until\n\
                1,ann@home.example,Admin,year end,Mo Boss,\n\
                1,eve@else.example,business_manager,,Mo Boss,\n\
                1,olga@a.example,owner,,,\n\
                2,ann@own.example,business_partner,migration,Mo Boss,2026-06-29\n\
                2,OTTO@b.example,Owner,,,2026-06-30\n\
                2,new@own.example,Employee,,,\n\
                2,old@own.example,Employee,,,2020-01-01\n\
                3,bot@own.example,Employee,,,\n\
                4711,ann@own.example,Employee,,,\n";
    write(&home, "expected.csv", list);
    let options = ["--expected", "expected.csv"];
    let run = export(&home, "access", &options).succeeds();
    let run = run.says("warning: --expected names businesses that snapshot 1 does not have: 4711\n");
    let flags: Vec<String> = columns(&run, &["email", "business_id", "flags"]);
    for expected in [
        // Less than what is expected.
        "ann@own.example|1|",
        "eve@else.example|1|higher_than_expected",
        "olga@a.example|1|",
        "ingrid@harbourlight.example|1|not_expected",
        "Ann@Home.example|2|expired",
        "otto@b.example|2|",
        "cy@own.example|2|not_expected",
        "bot@own.example|3|",
        "dee@own.example|3|",
    ] {
        assert!(flags.contains(&expected.to_owned()), "{expected}: {flags:#?}");
    }
    let run = export(&home, "attention", &options).succeeds();
    let told = columns(&run, &["severity", "reason", "email", "business_id", "role_label", "meaning"]);
    for expected in [
        "high|higher_than_expected|eve@else.example|1|Admin|this role allows more than the expected Manager \
         (approved by Mo Boss)",
        "medium|expired|Ann@Home.example|2|Admin|this access was expected only until 2026-06-29 and is still there \
         (approved by Mo Boss: migration)",
        "info|expected_missing|new@own.example|2|Employee|expected access is missing: no one with this address has \
         access to this business",
    ] {
        assert!(told.contains(&expected.to_owned()), "{expected}: {told:#?}");
    }
    assert_eq!(told.iter().filter(|row| row.contains("expected_missing")).count(), 1, "{told:#?}");

    // Of a list that was not read nobody can say what is missing.
    home.sandbox.change(|world| world.business(2).expect("a business").team_list = Reading::Refused(403));
    home.fbsync(&["sync"]).exits(7);
    let told = attention(&home, &["--expected", "expected.csv", "--allow-partial"]);
    assert!(told.iter().all(|row| !row.contains("expected_missing")), "{told:#?}");
    // Of some people alone, only what is expected of them.
    let of = |person: &str| {
        attention(&home, &["--snapshot", "1", "--expected", "expected.csv", "--people", person])
    };
    assert!(of("ann@own.example").iter().all(|row| !row.contains("expected_missing")));
}

#[test]
fn the_reviewer_s_sheet_says_what_the_lists_say() {
    let home = synced(firm());
    write(&home, "roster.csv", ROSTER);
    write(&home, "expected.csv", "business_id,email,role\n1,ann@own.example,Employee\n");
    let lists = ["--roster", "roster.csv", "--expected", "expected.csv", "-o", "review.xlsx"];
    export(&home, "review", &lists).succeeds();
    let mut zip =
        zip::ZipArchive::new(fs::File::open(home.path("review.xlsx")).expect("a file")).expect("a zip");
    let sheet =
        std::io::read_to_string(zip.by_name("xl/worksheets/sheet2.xml").expect("a part")).expect("XML");
    assert!(sheet.contains("left 30 days ago; expected: Employee"), "{sheet}");
}

#[test]
fn lists_that_are_not_clear_are_refused_with_what_to_do() {
    let home = synced(firm());
    for (option, text, why) in [
        (
            "--roster",
            "name\nAnn\n",
            "row 1: there is no column `email`\nhint: email,name,status,end_date,type,manager\n",
        ),
        ("--roster", "email\n", "has no rows"),
        (
            "--roster",
            "email,status\na@x,Ausgeschieden\n",
            "row 2: `Ausgeschieden` is not a status that is known\n",
        ),
        ("--roster", "email,end_dat\na@x,2026-01-01\n", "row 1: there is an unknown column `end_dat`"),
        (
            "--roster",
            "email,end_date\na@x,1/2/2026\n",
            "row 2: `1/2/2026` could be two different dates\nhint: write it as",
        ),
        ("--expected", "email,role\na@x,Owner\n", "row 1: there is no column `business_id`"),
        ("--expected", "business_id,email,role\n1,Ann,Owner\n", "row 2: `ann` is not an address"),
        ("--expected", "business_id,email,role\n1,a@x,\n", "row 2: there is no role"),
        (
            "--expected",
            "business_id,email,role,untill\n1,a@x,Owner,\n",
            "row 1: there is an unknown column `untill`",
        ),
    ] {
        write(&home, "list.csv", text);
        let run = export(&home, "access", &[option, "list.csv"]).exits(3).says("error: list.csv").says(why);
        assert!(run.says("hint: ").stdout.is_empty(), "{text}");
    }
    export(&home, "access", &["--roster", "no.csv"]).exits(3).says("cannot read the roster in no.csv");
    // A status that is not known says nothing where there is a last day.
    write(&home, "list.csv", "email,status,end_date\nann@own.example,Ausgeschieden,2026-05-31\nbo@x,,\n,,\n");
    export(&home, "access", &["--roster", "list.csv"]).succeeds();
    write(&home, "list.csv", "email,name\nann@own.example,Ann\n,Bo\n");
    export(&home, "access", &["--roster", "list.csv"]).succeeds().says("list.csv: 1 row has no address");
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).expect("a manifest")).expect("JSON")
}

#[test]
fn the_evidence_says_which_lists_and_can_be_made_anew_without_them() {
    let home = synced(firm());
    write(&home, "roster.csv", ROSTER);
    write(&home, "expected.csv", "business_id,email,role\n1,ann@own.example,Admin\n2,otto@b.example,Owner\n");
    let sum = |name: &str| {
        let run = home.run(&mut home.any_command("sha256sum", &[name])).succeeds();
        run.stdout.split(' ').next().expect("a hash").to_owned()
    };
    let options = [&OWN[..], &["--roster", "roster.csv", "--expected", "expected.csv"]].concat();
    home.fbsync(&[&["export", "--out", "e"], &options[..]].concat()).succeeds();
    let options_told = &manifest(&home.path("e"))["options"];
    for (name, rows) in [("roster", 5), ("expected", 2)] {
        assert_eq!(options_told[name]["sha256"], sum(&format!("{name}.csv")));
        assert_eq!(options_told[name]["rows"], rows);
        let readme = fs::read_to_string(home.path("e/README.txt")).expect("a README");
        let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = format!("{rows} rows of a file with the SHA-256 {}", sum(&format!("{name}.csv")));
        assert!(readme.contains(&told), "{told}: {readme}");
    }
    // Who has no access is none of the auditor's business.
    assert!(!options_told.to_string().contains("nobody@own.example"));
    fs::remove_file(home.path("roster.csv")).expect("a file");
    fs::remove_file(home.path("expected.csv")).expect("a file");
    home.fbsync(&["verify", "e"]).succeeds();
}

#[test]
fn a_client_s_folder_holds_only_what_the_lists_say_of_that_client() {
    let home = synced(firm());
    write(&home, "roster.csv", format!("{ROSTER}Cy;cy@own.example, cy@private.example;;;;;\r\n"));
    write(&home, "expected.csv", "business_id,email,role\n1,ann@own.example,Admin\n2,otto@b.example,Owner\n");
    let options = [&OWN[..], &["--roster", "roster.csv", "--expected", "expected.csv"]].concat();
    home.fbsync(&[&["export", "--split-by", "business", "--out", "clients"], &options[..]].concat())
        .succeeds();
    let second = home.path("clients/2-client-b");
    let told = &manifest(&second)["options"];
    // Ann's private address is on no roster, and that she has another is nothing for this client; of Cy the
    // roster has one more.
    assert_eq!((&told["roster"]["rows"], &told["expected"]["rows"]), (&2.into(), &1.into()), "{told:#}");
    for name in fs::read_dir(&second).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let text = fs::read_to_string(&name).expect("text");
        for other in ["ann@own.example", "bot@own.example", "cy@private.example", "olga@a.example"] {
            assert!(!text.contains(other), "{other} in {}", name.display());
        }
    }
    home.fbsync(&["verify", "clients"]).succeeds();
}
