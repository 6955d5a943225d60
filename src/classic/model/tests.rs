//! Tables from what Classic writes to the rows and records that are kept.

use super::*;
use crate::classic::xml::parse;

fn acme() -> System {
    System::parse("acme").expect("a name")
}

fn read(list: List, entries: &str) -> ListPage {
    let xml = format!("<response><{0} total='1'>{entries}</{0}></response>", list.element());
    page(&acme(), acme().identity_id("2"), list, &parse(xml.as_bytes()).expect("XML")).expect("a page")
}

/// Id, role, state, names and address, last sign-in, number of sign-ins, since when.
fn row(list: List, fields: &str) -> String {
    let ListPage { team, .. } = read(list, &format!("<any>{fields}</any>"));
    let [row] = &team.members[..] else { panic!("not one row: {fields}") };
    // The stored record says the same, but for who signed in.
    let (sha256, body) = team.records.iter().next().expect("a record");
    let again = Recorded::parse(body).expect("a record").member(&row.role, *sha256);
    assert_eq!(row.differs_from(&again), None, "{body}");
    assert_eq!((row.last_login, row.logins), (again.last_login, again.logins), "{body}");
    let texts = &row.texts;
    let login = row.last_login.moment().map_or(row.last_login.status().to_owned(), |at| at.to_string());
    let since = row.member_created_at.map(|at| at.to_string()).unwrap_or_default();
    let logins = row.logins.map(|n| n.to_string()).unwrap_or_default();
    let own = if row.identity_id.is_some() { " own" } else { "" };
    let (id, role, state) = (texts.member_uuid(), &row.role, row.state.as_str());
    let (first, last, email) = (texts.first_name(), texts.last_name(), texts.email());
    format!("{id} {role} {state}{own} [{first}|{last}|{email}] {login} {logins} {since}")
        .trim_end()
        .to_owned()
}

#[test]
fn staff_are_active_and_the_first_is_the_administrator() {
    let table = [
        (
            "<staff_id> 1 </staff_id><email> a@b </email>",
            "staff:1 classic_admin active [||a@b] not_provided_by_source",
        ),
        (
            "<staff_id>2</staff_id><first_name>Ife &amp; Co</first_name><last_name><![CDATA[<Okafor>]]></last_name>",
            "staff:2 classic_staff active own [Ife & Co|<Okafor>|] not_provided_by_source",
        ),
        (
            "<staff_id>4</staff_id><email x='1'>a@b</email><email>c@d</email><first_name>Ann</first_name><first_name/>",
            "staff:4 classic_staff active [Ann||a@b] not_provided_by_source",
        ),
        ("<staff_id>11</staff_id>", "staff:11 classic_staff active [||] not_provided_by_source"),
        (
            "<staff_id>3</staff_id><last_login>2011-04-01 12:00:00</last_login><number_of_logins>25</number_of_logins>",
            "staff:3 classic_staff active [||] not_provided_by_source 25",
        ),
        (
            "<staff_id>3</staff_id><last_login>2011-04-01T12:00:00-04:00</last_login><signup_date>2011-03-01T12:00:00Z</signup_date>",
            "staff:3 classic_staff active [||] 2011-04-01T16:00:00Z  2011-03-01T12:00:00Z",
        ),
        (
            "<staff_id>3</staff_id><last_login>0000-00-00 00:00:00</last_login><number_of_logins>0</number_of_logins>",
            "staff:3 classic_staff active [||] never 0",
        ),
        (
            "<staff_id>3</staff_id><last_login/><number_of_logins>many</number_of_logins><signup_date>soon</signup_date>",
            "staff:3 classic_staff active [||] not_provided_by_source",
        ),
    ];
    for (fields, expected) in table {
        assert_eq!(row(List::Staff, fields), expected, "{fields}");
    }
}

#[test]
fn a_contractor_is_invited_until_the_invitation_is_accepted() {
    let table = [
        (
            "<contractor_id>1</contractor_id><name>T R</name><email>t@r</email><status>accepted</status>",
            "active [T R||t@r]",
        ),
        ("<contractor_id>1</contractor_id><status> Accepted </status>", "active [||]"),
        ("<contractor_id>1</contractor_id><status>pending</status>", "invited [||]"),
        ("<contractor_id>1</contractor_id><status/>", "invited [||]"),
        ("<contractor_id>1</contractor_id>", "invited [||]"),
    ];
    for (fields, expected) in table {
        let expected = format!("contractor:1 classic_contractor {expected} not_provided_by_source");
        assert_eq!(row(List::Contractors, fields), expected, "{fields}");
    }
}

#[test]
fn an_entry_without_an_id_is_known_by_its_record() {
    let found = row(List::Staff, "<email>a@b</email>");
    // printf '{"email":"a@b"}' | sha256sum
    let hash = "0eee5b6fe3555759cf26889e1c6c46810069fb5cc8c867e4d17a5f8c54f18d48";
    assert_eq!(found, format!("record:{hash} classic_staff active [||a@b] not_provided_by_source"));
}

#[test]
fn a_record_is_the_element_without_what_no_review_needs() {
    let dropped = DROPPED.iter().chain(&["street1", "city", "country", "rate", "notes", "fax", "api_token"]);
    let dropped: String = dropped.map(|name| format!("<{name}>SECRET</{name}>")).collect();
    let nested = "<projects><project><rate>SECRET</rate><project_id>7</project_id></project></projects>";
    let entry = format!("<any><staff_id>2</staff_id>{dropped}{nested}<new x='1'/></any>");
    let ListPage { team, .. } = read(List::Staff, &entry);
    let body = team.records.iter().next().map(|(_, body)| body.to_owned());
    let expected = r#"{"new":{"@x":"1"},"projects":{"project":{"project_id":"7"}},"staff_id":"2"}"#;
    assert_eq!(body.as_deref(), Some(expected));
}

#[test]
fn sign_ins_without_a_zone_are_counted() {
    let entry = |text: &str| format!("<any><last_login>{text}</last_login></any>");
    let entries =
        ["2011-04-01 12:00:00", "2011-04-01T12:00:00Z", "0000-00-00 00:00:00", "", "2011-04-02T12:00:00"];
    assert_eq!(read(List::Staff, &entries.map(entry).concat()).zoneless, 2);
}

#[test]
fn a_system_is_a_business_and_its_signed_in_member_the_identity() {
    let parsed = |xml: &str| parse(xml.as_bytes()).expect("XML");
    let (named, nameless) =
        (parsed("<system><company_name>A &amp; B</company_name></system>"), parsed("<system/>"));
    let person =
        parsed("<staff><staff_id>1</staff_id><first_name>Ada</first_name><email>a@b</email></staff>");
    let found = me(&acme(), &named, &person).expect("somebody");
    let business = &found.businesses[0];
    assert_eq!((business.id, business.name.as_str()), (acme().business_id(), "A & B"));
    assert_eq!(
        (business.account_id.as_deref(), business.own[0].role.as_str()),
        (Some("acme"), "classic_admin")
    );
    assert_eq!((found.identity.id, found.identity.email.as_str()), (acme().identity_id("1"), "a@b"));
    assert_eq!(me(&acme(), &nameless, &person).expect("somebody").businesses[0].name, "acme");

    assert!(current(parsed("<response><staff><email>a@b</email></staff></response>")).is_err());
    assert_eq!(
        current(parsed("<response><member><staff_id>9</staff_id></member></response>"))
            .map(|e| e.name)
            .as_deref(),
        Ok("member")
    );
    assert!(company(parsed("<response/>")).is_err());
}

#[test]
fn an_odd_entry_is_a_row_and_costs_no_other() {
    let odd = "<any/><any>text</any><any a='1'/><any><staff_id>2</staff_id></any>";
    let ListPage { team, .. } = read(List::Staff, odd);
    let bodies: Vec<&str> = team.records.iter().map(|(_, body)| body).collect();
    assert_eq!(bodies, ["{}", r##"{"#text":"text"}"##, r#"{"@a":"1"}"#, r#"{"staff_id":"2"}"#]);
    let own: Vec<bool> = team.members.iter().map(|row| row.identity_id.is_some()).collect();
    assert_eq!(own, [false, false, false, true]);
}
