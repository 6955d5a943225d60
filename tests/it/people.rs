//! Who is one person, and whose is what a record does not say: by the demo's world, in which each
//! case has its person.

use fbsync::sandbox::{Member, World};

use crate::harness::Home;

fn demo() -> Home {
    let home = Home::reading(World::demo());
    home.sync().succeeds();
    home
}

#[test]
fn a_member_without_an_address_stands_alone() {
    let home = demo();
    let row = "SELECT account_key = 'member:' || member_uuid, email, state FROM memberships
         WHERE first_name = 'Mina'";
    assert_eq!(home.tables().one(row), "1||no_login");
    let row = "SELECT email, email_domain FROM access WHERE full_name = 'Mina Sato'";
    assert_eq!(home.tables().one(row), "|");
}

#[test]
fn one_person_in_three_businesses_is_one_account() {
    let home = demo();
    let account =
        "SELECT account_key, email, full_name, businesses FROM accounts WHERE identity_id = 6100010";
    assert_eq!(home.tables().one(account), "identity:6100010|noor.haddad@ledgerworks.example|Noor Haddad|3");
    let grants =
        "SELECT business_id, role, businesses_count FROM access WHERE identity_id = 6100010 ORDER BY 1";
    let expected = ["48201|business_accountant|3", "48202|business_accountant|3", "48204|business_manager|3"];
    assert_eq!(home.tables().rows(grants), expected);
}

#[test]
fn an_address_in_another_case_is_the_same_person() {
    let home = demo();
    let rows = home.tables().rows(
        "SELECT account_key, email, role FROM memberships WHERE lower(email) = 'pavel.horak@kestrel.example'
         ORDER BY role",
    );
    let expected = [
        "identity:6100051|pavel.horak@kestrel.example|business_employee",
        "identity:6100051|Pavel.Horak@Kestrel.example|no_seat_employee",
    ];
    assert_eq!(rows, expected);
    let account =
        home.tables().one("SELECT emails, businesses FROM accounts WHERE account_key = 'identity:6100051'");
    assert_eq!(account, "pavel.horak@kestrel.example|1");
}

#[test]
fn an_address_of_two_identities_belongs_to_neither() {
    let mut world = World::demo();
    let moebius = world.business(48_203).expect("a business");
    let member = |uuid: &str, first: &str, identity| Member {
        uuid: Some(uuid.to_owned()),
        identity_id: identity,
        ..Member::new(first, "Kranz", "buero@moebius.example", "business_employee")
    };
    moebius.members.extend([
        member("k-1", "Ada", Some(1)),
        member("k-2", "Ada", Some(2)),
        Member { invitation_date_accepted: None, ..member("k-3", "Ada", None) },
    ]);
    let home = Home::reading(world);
    home.sync().succeeds();
    let rows = home.tables().rows(
        "SELECT member_uuid, account_key, state, flags FROM memberships WHERE last_name = 'Kranz' ORDER BY 1",
    );
    let expected =
        ["k-1|identity:1|active|", "k-2|identity:2|active|", "k-3|email:buero@moebius.example|invited|"];
    assert_eq!(rows, expected);
}

#[test]
fn a_mailbox_of_two_people_is_flagged_on_both() {
    let rows = demo().tables().rows(
        "SELECT first_name, account_key, flags FROM memberships WHERE email = 'office@oldmill.example' ORDER BY 1",
    );
    let expected = [
        "Fergus|email:office@oldmill.example|shared_email",
        "Isla|email:office@oldmill.example|shared_email",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_membership_without_a_name_or_an_address_shows_its_accounts() {
    let mut world = World::demo();
    let nameless = Member {
        uuid: Some("nameless".to_owned()),
        identity_id: Some(6_100_010),
        email: None,
        ..Member::new(" ", "", "", "client")
    };
    world.business(48_203).expect("a business").members.push(nameless);
    let home = Home::reading(world);
    home.sync().succeeds();
    let own = "SELECT first_name, last_name, email FROM memberships WHERE member_uuid = 'nameless'";
    assert_eq!(home.tables().one(own), " ||");
    let shown = "SELECT full_name, first_name, last_name, email, email_domain, businesses_count FROM access
         WHERE row_key = '48203/nameless'";
    assert_eq!(
        home.tables().one(shown),
        "Noor Haddad|Noor|Haddad|noor.haddad@ledgerworks.example|ledgerworks.example|4"
    );
    // Nobody knows the name of the intake address.
    let intake =
        home.tables().one("SELECT full_name FROM access WHERE email = 'intake@harbourlight.example'");
    assert_eq!(intake, "");
}

#[test]
fn an_owner_whom_only_the_business_group_names_is_there() {
    let row = demo().tables().one(
        "SELECT row_key, full_name, role, state, sources FROM access WHERE email = 'layla@oasis-dates.example'",
    );
    assert_eq!(row, "48207/identity:6100070/owner|ليلى منصور|owner|active|business_group");
}

#[test]
fn project_roles_and_other_peoples_accounts_grant_nothing() {
    let home = demo();
    let kestrel =
        "SELECT role FROM memberships WHERE business_id = 48204 AND account_key = 'identity:6100001'";
    assert_eq!(home.tables().rows(kestrel), ["business_accountant"]);
    assert_eq!(home.tables().number("SELECT count(*) FROM businesses WHERE account_id = 'zzC11e'"), 0);
}
