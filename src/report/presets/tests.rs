//! The rules of the published formats, each against what is written (`docs/imports.md`).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::census::tests::{census, person};
use super::State::{Active, Inactive, Invited, NoLogin};
use super::*;

type Rows = Vec<Vec<String>>;

/// Place of the business, role and state, of each role of somebody.
type Roles = Vec<(usize, String, State)>;

fn nobody_knows(_: &str) -> Option<bool> {
    None
}

fn own_is_own_example(address: &str) -> Option<bool> {
    address.contains('@').then(|| !address.ends_with("@own.example"))
}

fn headings(report: &Report) -> Vec<&str> {
    report.columns.iter().copied().flatten().map(|column| &*column.name).collect()
}

/// The columns that a guard against formulas may change.
fn guarded(report: &Report) -> Vec<&str> {
    let columns = report.columns.iter().copied().flatten();
    columns.filter(|column| column.kind == Type::Text).map(|column| &*column.name).collect()
}

/// The column of that name.
fn column<'r>(report: &Report, rows: &'r Rows, name: &str) -> Vec<&'r str> {
    let at = headings(report).iter().position(|heading| *heading == name).expect("a column");
    rows.iter().map(|row| row[at].as_str()).collect()
}

/// Unique to a product that does not care for capitals and blanks at the ends.
fn assert_unique(keys: impl IntoIterator<Item = String>) {
    let mut seen = BTreeSet::new();
    for key in keys {
        assert!(seen.insert(key.trim().to_lowercase()), "{key:?} is there twice");
    }
}

#[test]
fn headings_are_those_that_are_published() {
    assert_eq!(headings(&VANTA), ["Account name", "Account owner", "Role", "Status"]);
    // The names that map by themselves, required ones among them.
    let conductorone = "Last Name,First Name,Full Name,User ID,Username,Email Address,User Status,Resource Type,\
                        Resource Name,Entitlement,Entitlement Display Name,Entitlement Description,\
                        Entitlement Slug,Last Login";
    assert_eq!(headings(&CONDUCTORONE).join(","), conductorone);
    assert_eq!(headings(&LUMOS), ["Unique ID", "First Name", "Last Name", "Email", "Status", "Role"]);
    assert_eq!((headings(&ACCESSOWL), ACCESSOWL.per_business), (vec!["Email"], true));
}

#[test]
fn every_preset_is_documented_with_its_columns() {
    let page = include_str!("../../../docs/imports.md");
    for report in [VANTA, CONDUCTORONE, LUMOS, ACCESSOWL] {
        assert!(page.contains(&format!("--for {} ", report.name)), "{}", report.name);
        for key in headings(&report).into_iter().filter(|heading| !guarded(&report).contains(heading)) {
            let told = page.contains(&format!("`{key}`")) || ["Username", "Entitlement Slug"].contains(&key);
            assert!(told, "{}: {key}", report.name);
        }
    }
}

#[test]
fn every_section_says_where_when_under_which_name_and_what_to_do() {
    let page = include_str!("../../../docs/imports.md");
    for title in ["Vanta", "ConductorOne", "Baton (.c1z)", "Lumos", "AccessOwl"] {
        let (_, section) = page.split_once(&format!("\n## {title}\n")).expect(title);
        let section = section.split("\n## ").next().expect("a section").to_lowercase();
        let in_one_line = tidy(&section);
        let named =
            ["name the file", "no file name", "under a name"].iter().any(|part| in_one_line.contains(part));
        for (found, what) in [
            (section.starts_with("\nformat: "), "which format"),
            (section.contains("](https://"), "where it is published"),
            (in_one_line.contains("read 20"), "when it was read"),
            (named, "the file's name"),
            (section.contains("upload") || section.contains("**from file**"), "what to click"),
            (section.contains("\n- "), "limits"),
        ] {
            assert!(found, "{title}: {what}");
        }
    }
}

#[test]
fn no_guard_touches_a_key() {
    assert_eq!(guarded(&VANTA), ["Role"]);
    let shown =
        ["Last Name", "First Name", "Full Name", "Entitlement Display Name", "Entitlement Description"];
    assert_eq!(guarded(&CONDUCTORONE), shown);
    assert_eq!(guarded(&LUMOS), ["First Name", "Last Name", "Role"]);
    assert!(guarded(&ACCESSOWL).is_empty());
}

fn check_vanta(rows: &Rows) {
    assert_unique(column(&VANTA, rows, "Account name").into_iter().map(str::to_owned));
    for cell in rows.iter().flatten() {
        assert_eq!(*cell, tidy(cell), "no extra blanks");
    }
    assert!(column(&VANTA, rows, "Account name").iter().all(|name| !name.is_empty()), "required");
    for status in column(&VANTA, rows, "Status") {
        assert!(["Active", "Deactivated"].contains(&status), "{status}");
    }
    for owner in column(&VANTA, rows, "Account owner") {
        assert!(["External user", "No owner"].contains(&owner) || owner.ends_with("@own.example"), "{owner}");
    }
}

fn check_conductorone(rows: &Rows) {
    for name in ["User ID", "Email Address", "Resource Type", "Resource Name", "Entitlement"] {
        assert!(column(&CONDUCTORONE, rows, name).iter().all(|cell| !cell.is_empty()), "{name} is required");
    }
    let entitlements = ["User ID", "Resource Type", "Resource Name", "Entitlement"];
    let keys = entitlements.map(|name| column(&CONDUCTORONE, rows, name));
    assert_unique((0..rows.len()).map(|at| keys.iter().map(|key| key[at]).collect::<Vec<_>>().join("/")));
    // Whatever is said of an account is said in the same words in each of its rows.
    let mut accounts = BTreeMap::new();
    for row in rows {
        let account = [&row[..7], &row[13..]];
        assert_eq!(accounts.entry(&row[3]).or_insert(account), &account);
    }
}

fn check_lumos(rows: &Rows) {
    /// Custom Data (CSV) Formatting Requirements, "Account Status".
    const STATUSES: &str = "DISCOVERED STAGED ACCESS_CREATED ACTIVE SUSPENDED DEPROVISIONED ARCHIVED \
        MANUALLY_REMOVED ACCESS_REMOVED NON_CORPORATE_ACCOUNT WAITING_MANUAL_REMOVAL";
    assert_unique(column(&LUMOS, rows, "Unique ID").into_iter().map(str::to_owned));
    for row in rows {
        let [id, first, last, email, status, _] = row.as_slice() else { panic!("{row:?}") };
        assert!(!id.is_empty() && (!email.is_empty() || !first.is_empty() && !last.is_empty()), "{row:?}");
        assert!(STATUSES.split(' ').any(|known| known == status), "{status}");
    }
}

fn check_accessowl(census: &Census, rows: &Rows) {
    assert_unique(rows.iter().map(|row| row[0].clone()));
    for row in rows {
        assert_eq!(row.len(), 1 + census.businesses.len());
        assert!(!row[0].is_empty());
        for cell in &row[1..] {
            let permissions: Vec<&str> = cell.split(';').collect();
            assert!(
                cell.is_empty() || permissions.iter().all(|permission| !permission.trim().is_empty()),
                "{cell}"
            );
            assert_unique(permissions.into_iter().map(str::to_owned));
        }
        assert!(row[1..].iter().any(|cell| !cell.is_empty()), "{row:?} gives access to something");
    }
}

/// Texts as people type them, blanks, delimiters and formulas among them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ A-Ca-c,;:=@ü\n]{0,9}".prop_map(|text| text)]
}

fn roles() -> impl Strategy<Value = Roles> {
    let state = prop_oneof![Just(Active), Just(Invited), Just(NoLogin), Just(Inactive)];
    let role = prop_oneof![Just("owner".to_owned()), Just("contractor".to_owned()), text()];
    prop::collection::vec((0_usize..3, role, state), 1..4)
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let email = prop_oneof![Just(String::new()), "[ab]@(own|x)\\.example".prop_map(|text| text)];
    prop::collection::vec((email, text(), roles()), 0..6).prop_map(|people| {
        let person = |(at, (email, name, roles)): (usize, (String, String, Roles))| {
            let roles: Vec<_> =
                roles.iter().map(|(place, role, state)| (*place, role.as_str(), *state)).collect();
            person(&format!("identity:{at}"), &email, name.trim(), &roles)
        };
        people.into_iter().enumerate().map(person).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]
    #[test]
    fn every_rule_holds_for_everybody(people in people(), names in [text(), text(), text()]) {
        let census = census(&names.each_ref().map(String::as_str), people);
        check_vanta(&vanta::table(&census, &own_is_own_example).rows);
        check_conductorone(&conductorone::table(&census, &nobody_knows).rows);
        check_lumos(&lumos::table(&census, &nobody_knows).rows);
        check_accessowl(&census, &accessowl::table(&census, &nobody_knows).rows);
    }
}

/// Ann owns nothing any more, works elsewhere; Bo is invited; Cy only has a profile; Di has left; Ed has no
/// address; Flo uses a private one beside her own.
fn sample() -> Census {
    let mut flo = person("identity:6", "flo@home.example", "Flo Ray", &[(1, "business_manager", Active)]);
    flo.emails = "flo@home.example;flo@own.example".to_owned();
    let ann = [(0, "owner", Inactive), (1, "business_employee", Active), (1, "business_employee", Active)];
    census(
        &["Twin,  Ltd", "Old Mill"],
        vec![
            person("identity:1", "ann@own.example", "Ann Lee", &ann),
            person("email:bo@x.example", "bo@x.example", "Bo Fox", &[(0, "business_manager", Invited)]),
            person("email:cy@x.example", "cy@x.example", "Cy Orr", &[(0, "no_seat_employee", NoLogin)]),
            person("identity:4", "di@x.example", "Di Day", &[(0, "contractor", Inactive)]),
            person("member:5", "", "Ed Moe", &[(1, "owner", Active)]),
            flo,
        ],
    )
}

fn lines(rows: &Rows) -> Vec<String> {
    rows.iter().map(|row| row.join("|")).collect()
}

#[test]
fn vanta_sees_own_people_invitations_and_nothing_that_is_switched_off() {
    let made = vanta::table(&sample(), &own_is_own_example);
    let expected = [
        "ann@own.example|ann@own.example|Employee (Old Mill)|Active",
        "bo@x.example|External user|Manager (Twin Ltd) (invited)|Active",
        "cy@x.example|External user|Unassigned (no login) (Twin Ltd)|Deactivated",
        "di@x.example|External user||Deactivated",
        "Ed Moe|No owner|Owner (Old Mill)|Active",
        "flo@home.example|flo@own.example|Manager (Old Mill)|Active",
    ];
    assert_eq!(lines(&made.rows), expected);
    assert_eq!(
        made.remarks,
        ["2 switched-off roles are not in the file; `fbsync export inactive` lists them"]
    );
    // Who is one's own is not known: every address is an owner, and that is said.
    let made = vanta::table(&sample(), &nobody_knows);
    assert_eq!(column(&VANTA, &made.rows, "Account owner")[1..3], ["bo@x.example", "cy@x.example"]);
    assert!(made.remarks[0].starts_with("without --own-domain"), "{:?}", made.remarks);
}

#[test]
fn vanta_tells_people_and_businesses_apart() {
    let at =
        |key: &str, name: &str, place| person(key, "Office@x.example", name, &[(place, "owner", Active)]);
    let people =
        vec![at("identity:1", "Ann Lee", 0), at("identity:2", "Bo Fox", 1), at("identity:3", "bo fox", 1)];
    let rows = vanta::table(&census(&["Twin", "twin "], people), &nobody_knows).rows;
    let expected = [
        "Office@x.example (Ann Lee)|Office@x.example|Owner (Twin #1)|Active",
        "Office@x.example (identity:2)|Office@x.example|Owner (twin #2)|Active",
        "Office@x.example (identity:3)|Office@x.example|Owner (twin #2)|Active",
    ];
    assert_eq!(lines(&rows), expected);
    let alone = census(&["Twin"], vec![at("identity:1", "Ann Lee", 0)]);
    assert_eq!(
        lines(&vanta::table(&alone, &nobody_knows).rows),
        ["Office@x.example|Office@x.example|Owner|Active"]
    );
}

#[test]
fn conductorone_joins_by_ids_that_no_renaming_changes() {
    let made = conductorone::table(&sample(), &nobody_knows);
    let ids = |rows: &Rows| -> Vec<String> {
        rows.iter().map(|row| [&row[3..4], &row[6..10]].concat().join("|")).collect()
    };
    let expected = [
        "identity:1|Enabled|Business|2|business_employee",
        "email:bo@x.example|Enabled|Business|1|business_manager",
        "email:cy@x.example|Disabled|Business|1|no_seat_employee",
        "identity:4|Disabled|Business|1|contractor",
        "identity:6|Enabled|Business|2|business_manager",
    ];
    assert_eq!(ids(&made.rows), expected);
    let remarks = [
        "1 switched-off role is left out: the format has one status for each person, so they would look active",
        "1 person is not in the file because ConductorOne requires an e-mail address: Ed Moe",
    ];
    assert_eq!(made.remarks, remarks);
    let mut renamed = sample();
    renamed.businesses[1].name = "New Mill".to_owned();
    let renamed = conductorone::table(&renamed, &nobody_knows).rows;
    assert_eq!(ids(&renamed), expected);
    assert_eq!(renamed[0][10..12], ["Employee (New Mill)", "Employee of New Mill"]);
}

#[test]
fn conductorone_gets_the_last_login_that_is_known() {
    let mut census = sample();
    census.people[0].held[1].last_login_at = "2026-03-01T08:00:00Z".to_owned();
    census.people[0].held[0].last_login_at = "2026-04-01T08:00:00Z".to_owned();
    let rows = conductorone::table(&census, &nobody_knows).rows;
    assert_eq!(column(&CONDUCTORONE, &rows, "Last Login")[..2], ["2026-04-01T08:00:00Z", ""]);
}

#[test]
fn lumos_gets_its_own_words_for_a_status() {
    let mut census = sample();
    census.people.push(person("member:7", "", "Gus", &[(0, "owner", Active)]));
    let made = lumos::table(&census, &nobody_knows);
    let expected = [
        "identity:1|Ann|Lee|ann@own.example|ACTIVE|Employee (2 Old Mill)",
        "email:bo@x.example|Bo|Fox|bo@x.example|STAGED|Manager (1 Twin, Ltd)",
        "email:cy@x.example|Cy|Orr|cy@x.example|SUSPENDED|Unassigned (no login) (1 Twin, Ltd)",
        "identity:4|Di|Day|di@x.example|SUSPENDED|Contractor (1 Twin, Ltd)",
        "member:5|Ed|Moe||ACTIVE|Owner (2 Old Mill)",
        "identity:6|Flo|Ray|flo@home.example|ACTIVE|Manager (2 Old Mill)",
    ];
    assert_eq!(lines(&made.rows), expected);
    assert!(made.remarks[1].ends_with("or a first and a last name: Gus"), "{:?}", made.remarks);
    // Several roles are told apart by a delimiter that none of them has.
    census.businesses[1].name = "Old; Mill".to_owned();
    census.people[5].held[0].business = 0;
    census.people[0].held[2].role = "contractor".to_owned();
    let rows = lumos::table(&census, &nobody_knows).rows;
    assert_eq!(rows[0][5].split(';').count(), 2, "{:?}", rows[0]);
}

#[test]
fn accessowl_gets_who_may_come_in_by_address() {
    let mut census = sample();
    census.people.push(person("identity:8", "BO@x.example", "Bob Fox", &[(0, "owner", Active)]));
    let made = accessowl::table(&census, &nobody_knows);
    let expected = ["ann@own.example||Employee", "bo@x.example|Manager;Owner|", "flo@home.example||Manager"];
    assert_eq!(lines(&made.rows), expected);
    let remarks = [
        "2 people are not in the file because no role lets them in: Cy Orr, Di Day",
        "1 person is not in the file because AccessOwl requires an e-mail address: Ed Moe",
        "1 person with an open invitation is listed as if they had accepted: AccessOwl does not know invitations",
        "1 person shares a row with another: AccessOwl identifies people by their address",
    ];
    assert_eq!(made.remarks, remarks);
}

#[test]
fn of_many_who_are_left_out_the_first_are_named() {
    let people: Vec<Person> = (1..=7).map(|n| person("k", "", &format!("P{n}"), &[])).collect();
    let said = left_out(people.iter(), "why");
    assert_eq!(said.as_deref(), Some("7 people are not in the file why: P1, P2, P3, P4, P5, 2 others"));
    assert_eq!(left_out([].iter(), "why"), None);
}
