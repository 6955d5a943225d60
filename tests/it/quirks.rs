//! Everything odd that FreshBooks holds is kept, in the tables and in the CSV: the demo's world has
//! one person for each oddity.

use fbsync::sandbox::World;

use crate::harness::{DB, Home};

fn demo() -> Home {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    home
}

/// `columns` of the only membership that this e-mail address has.
#[track_caller]
fn membership(home: &Home, columns: &str, email: &str) -> String {
    home.tables().one(&format!("SELECT {columns} FROM memberships WHERE email = '{email}'"))
}

#[test]
fn every_business_is_read_to_its_end_and_nobody_is_lost() {
    let home = demo();
    let coverage = home.tables().rows(
        "SELECT name, resource, outcome, http_status, expected, received, distinct_rows, pages
         FROM coverage JOIN businesses USING (snapshot_id, business_id) ORDER BY business_id, resource DESC",
    );
    let expected = [
        "Harbourlight Bookkeeping|team_members|ok|200|16|16|16|1",
        "Harbourlight Bookkeeping|business_group|ok|200||12|12|1",
        "Atelier Céleste|team_members|ok|200|5|5|5|1",
        "Atelier Céleste|business_group|ok|200||5|5|1",
        "Möbius Werkstatt GmbH|team_members|ok|200|4|4|4|1",
        "Möbius Werkstatt GmbH|business_group|ok|200||4|4|1",
        "Kestrel Logistics|team_members|ok|200|250|250|250|3",
        "Kestrel Logistics|business_group|ok|200||249|249|1",
        "Sesame Garden|team_members|ok|200|0|0|0|1",
        "Sesame Garden|business_group|ok|200||0|0|1",
        "Old Mill Brewery|team_members|ok|200|4|4|4|1",
        "Old Mill Brewery|business_group|ok|200||2|2|1",
        "تمور الواحة|team_members|ok|200|2|2|2|1",
        "تمور الواحة|business_group|ok|200||3|3|1",
    ];
    assert_eq!(coverage, expected);
    // 281 member records, the identity alone in the garden, one more role and one more owner in the oasis.
    let snapshot = home.tables().one("SELECT status, businesses, memberships FROM snapshots");
    assert_eq!(snapshot, "complete|7|284");
}

#[test]
fn a_role_that_no_document_knows_is_kept_and_flagged() {
    let home = demo();
    let columns = "role, role_label, role_class, state, flags";
    assert_eq!(
        membership(&home, columns, "anneliese@moebius.example"),
        "workshop_wizard|workshop_wizard|unknown|active|unknown_role"
    );
    assert_eq!(
        membership(&home, columns, "falk@moebius.example"),
        "|(no role given)|unknown|active|unknown_role"
    );
}

#[test]
fn every_known_role_has_its_label_and_class() {
    let roles = demo().tables().rows("SELECT role, role_label, role_class FROM roles ORDER BY role");
    let expected = [
        "|(no role given)|unknown",
        "business_accountant|Accountant|standard",
        "business_employee|Employee|limited",
        "business_manager|Manager|standard",
        "business_partner|Admin|privileged",
        "client|Client|none",
        "contractor|Contractor|limited",
        "manager|Manager (legacy)|standard",
        "no_seat_employee|Unassigned (no login)|none",
        "owner|Owner|privileged",
        "systemless_owner|Owner (no accounting)|privileged",
        "workshop_wizard|workshop_wizard|unknown",
    ];
    assert_eq!(roles, expected);
}

#[test]
fn states_tell_who_can_sign_in() {
    let home = demo();
    let columns = "account_key, active, state, invitation_accepted_at, flags";
    let state = |email| membership(&home, columns, email);
    // Deactivated; invited, in both shapes; a profile without login; accepted, identity not given.
    assert_eq!(
        state("oskar.nyman@harbourlight.example"),
        "identity:6100016|0|inactive|2024-10-10T15:04:05Z|"
    );
    assert_eq!(
        state("sofia.marques@harbourlight.example"),
        "email:sofia.marques@harbourlight.example|0|inactive||never_accepted"
    );
    assert_eq!(state("dmitri@volkov.example"), "email:dmitri@volkov.example|1|invited||");
    assert_eq!(state("teo@harbourlight.example"), "email:teo@harbourlight.example|1|no_login||");
    let fergus = home.tables().one("SELECT state FROM memberships WHERE first_name = 'Fergus'");
    assert_eq!(fergus, "active");
}

#[test]
fn names_that_a_spreadsheet_would_run_are_raw_in_the_database_and_guarded_in_the_csv() {
    let home = demo();
    let names = "SELECT first_name FROM memberships
         WHERE substr(first_name, 1, 1) IN ('=', '+', '@') ORDER BY 1";
    assert_eq!(home.tables().rows(names), ["+47", "=1+1", "@SUM(A1)"]);
    let csv = home.fbsync(&["export", "access", "--db", DB]).succeeds();
    for guarded in [
        ",'=1+1 Formula,'=1+1,Formula,",
        ",'+47 Plusman,'+47,Plusman,",
        ",'@SUM(A1) Atwood,'@SUM(A1),Atwood,",
    ] {
        assert!(csv.stdout.contains(guarded), "{guarded}");
    }
}

#[test]
fn names_in_every_script_arrive_to_the_letter() {
    let home = demo();
    let csv = home.fbsync(&["export", "access", "--db", DB]).succeeds().stdout;
    for name in ["雪 田中", "Ελένη Παππά", "Zoë 🌿 D'Angelo-Łukasz", "ليلى منصور", "Jürgen Groß"]
    {
        let found = format!("SELECT count(*) FROM access WHERE full_name = '{}'", name.replace('\'', "''"));
        assert_eq!(home.tables().number(&found), 1, "{name}");
        assert!(csv.contains(&format!(",{name},")), "{name}");
    }
}

#[test]
fn a_business_that_comes_twice_is_one_business_with_both_roles() {
    let home = demo();
    let business = home.tables().one("SELECT name, own_role FROM businesses WHERE business_id = 48207");
    assert_eq!(business, "تمور الواحة|client;contractor");
    let rows = home.tables().rows(
        "SELECT row_key, role, sources FROM access WHERE business_id = 48207 AND identity_id = 6100001
         ORDER BY role",
    );
    let expected = [
        "48207/0000bc4f-0000-4000-8000-000000000000|client|identity+team_members+business_group",
        "48207/identity:6100001/contractor|contractor|identity",
    ];
    assert_eq!(rows, expected);
    assert_eq!(home.sandbox.count("GET", "businesses/48207/team_members"), 1);
}

#[test]
fn a_business_without_members_still_shows_who_reads_it() {
    let home = demo();
    let business = "SELECT account_id, timezone, own_role, status FROM businesses WHERE business_id = 48205";
    assert_eq!(home.tables().one(business), "||systemless_owner|active_trial");
    let rows = home.tables().rows("SELECT row_key, role, sources FROM access WHERE business_id = 48205");
    assert_eq!(rows, ["48205/identity:6100001/systemless_owner|systemless_owner|identity"]);
}

#[test]
fn accounting_ids_that_differ_in_case_alone_stay_apart() {
    let ids = demo()
        .tables()
        .rows("SELECT account_id FROM businesses WHERE business_id IN (48202, 48203) ORDER BY business_id");
    assert_eq!(ids, ["Qd81Zx", "qd81zX"]);
}

#[test]
fn a_cancelled_and_inactive_business_says_so() {
    let row = demo().tables().one(
        "SELECT active, status, subscription_status, own_role FROM businesses WHERE business_id = 48206",
    );
    assert_eq!(row, "0|active|cancelled|manager");
}

#[test]
fn every_row_key_is_unique_and_every_record_is_kept() {
    let tables = demo().tables();
    assert_eq!(tables.number("SELECT count(*) - count(DISTINCT row_key) FROM access"), 0);
    let lost = "SELECT count(*) FROM memberships WHERE record_sha256 NOT IN (SELECT sha256 FROM records)";
    assert_eq!(tables.number(lost), 0);
    let lost = "SELECT count(*) FROM businesses WHERE record_sha256 NOT IN (SELECT sha256 FROM records)";
    assert_eq!(tables.number(lost), 0);
}
