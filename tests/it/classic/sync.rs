//! A Classic system, read into the same tables as everything else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fbsync::sandbox::classic::{Standing, System};
use fbsync::sandbox::{Answer, Fault, Trouble};

use super::signed_in_to;
use crate::harness::{DB, Home};

const XML: &str = "/api/2.1/xml-in";

fn envelope(content: &str) -> Trouble {
    let body = format!("<response status='ok'>{content}</response>");
    Trouble::Status { code: 200, headers: Vec::new(), body }
}

fn coverage(home: &Home) -> String {
    home.tables().one(
        "SELECT status, resource, outcome, http_status, expected, received, distinct_rows, pages, message
         FROM coverage JOIN snapshots ON id = snapshot_id ORDER BY id DESC LIMIT 1",
    )
}

#[test]
fn staff_and_contractors_become_members() {
    let home = signed_in_to(System::default());
    home.sync().succeeds();
    let tables = home.tables();
    assert_eq!(
        tables.one("SELECT account_id, name, own_role, business_id < 1 << 52 FROM businesses"),
        "harbourlight|Harbour & Light <Classic>|classic_admin|1"
    );
    assert_eq!(
        tables.rows(
            "SELECT member_uuid, role, state, email, full_name, last_login_status, sources FROM access
             JOIN memberships USING (snapshot_id, business_id, account_key, role, state, email, sources)
             ORDER BY member_uuid"
        ),
        [
            "contractor:1|classic_contractor|active|tomas@ruiz.example|Tomás Ruiz & Co|not_provided_by_source|team_members",
            "contractor:2|classic_contractor|invited|new@contractor.example||not_provided_by_source|team_members",
            "staff:1|classic_admin|active|ingrid@harbourlight.example|Ingrid Solberg|not_provided_by_source|identity+team_members",
            "staff:2|classic_staff|active|ife@harbourlight.example|Ife O'Kafor & <Daughters>|not_provided_by_source|team_members",
        ]
    );
    let zoneless = "last logins have no time zone; they are kept as text in the records";
    assert_eq!(coverage(&home), format!("complete|team_members|ok|200|4|4|4|2|{zoneless}"));
    let asked = tables.rows("SELECT url, status FROM requests ORDER BY seq");
    let methods = ["system.current", "staff.current", "staff.list&page=1", "contractor.list&page=1"];
    assert_eq!(asked, methods.map(|method| format!("{}{XML}#method={method}|200", home.sandbox.origin())));
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn a_record_is_the_element_without_what_no_review_needs() {
    let home = signed_in_to(System::default());
    let run = home.fbsync(&["sync", "--db", DB, "-vvv"]).succeeds();
    let staff = home.tables().one("SELECT body FROM records WHERE body LIKE '%\"staff_id\":\"2\"%'");
    assert_eq!(
        staff,
        r#"{"email":"ife@harbourlight.example","first_name":"Ife","last_login":"2011-04-01 12:00:00","last_name":"O'Kafor & <Daughters>","number_of_logins":"25","signup_date":"2011-03-01 12:00:00","staff_id":"2","username":"ife"}"#
    );
    let contractor =
        home.tables().one("SELECT body FROM records WHERE body LIKE '%\"contractor_id\":\"1\"%'");
    assert_eq!(
        contractor,
        r#"{"contractor_id":"1","email":"tomas@ruiz.example","name":"Tomás Ruiz & Co","projects":{"project":{"project_id":"7"}},"status":"accepted","task_id":"3"}"#
    );
    let company = home.tables().one("SELECT body FROM records WHERE body LIKE '%company_name%'");
    assert_eq!(company, r#"{"company_name":"Harbour & Light <Classic>"}"#);
    let bytes = home.database_bytes();
    assert!(!bytes.windows(7).any(|window| window == b"SECRET-"), "contact data was kept");
    assert!(
        !run.stderr.contains("SECRET-") && run.stderr.contains("Authorization: OAuth [redacted]"),
        "{run}"
    );
}

#[test]
fn an_unchanged_system_is_an_unchanged_snapshot() {
    let home = signed_in_to(System::default());
    home.sync().succeeds();
    home.sync().succeeds();
    assert_eq!(home.tables().one("SELECT joined, left, changed FROM snapshots WHERE id = 2"), "0|0|0");
    assert_eq!(home.tables().number("SELECT count(*) FROM records"), 5);
    home.sandbox.change(|world| {
        world.classic.contractors[1].status = "accepted".to_owned();
        world.classic.staff.remove(1);
    });
    home.sync().succeeds();
    assert_eq!(home.tables().one("SELECT joined, left, changed FROM snapshots WHERE id = 3"), "0|1|1");
}

#[test]
fn all_pages_are_read_whatever_their_size() {
    for (cap, pages) in [(100, 5), (50, 8)] {
        let home = signed_in_to(System { per_page_cap: cap, ..System::crowded(250, 120) });
        home.sync().succeeds();
        let found = coverage(&home);
        assert!(found.starts_with(&format!("complete|team_members|ok|200|370|370|370|{pages}|")), "{found}");
        assert_eq!(home.tables().number("SELECT count(*) FROM memberships"), 370);
    }
}

#[test]
fn namespaces_of_any_kind_and_empty_lists_are_read() {
    for namespace in [None, Some("https://www.freshbooks.com/api/".to_owned())] {
        let home = signed_in_to(System { namespace, contractors: Vec::new(), ..System::default() });
        home.sync().succeeds();
        assert!(coverage(&home).starts_with("complete|team_members|ok|200|2|2|2|2|"), "{}", coverage(&home));
    }
}

#[test]
fn a_list_that_classic_refuses_makes_the_snapshot_partial_until_it_is_accepted() {
    let system = System { signed_in: "2".to_owned(), ..System::default() };
    let home = signed_in_to(system);
    let run = home.sync().exits(7).says("FreshBooks Classic refused the request: You do not have permission");
    let id = home.tables().one("SELECT business_id FROM businesses");
    run.says(&format!("--accept-gap {id}"));
    assert!(coverage(&home).starts_with(
        "partial|team_members|denied|200||0|0|0|staff.list: FreshBooks Classic refused the request"
    ));
    // Only who signed in is known, by the word of the identity.
    assert_eq!(home.tables().one("SELECT role, sources FROM memberships"), "classic_staff|identity");
    home.fbsync(&["sync", "--db", DB, "--accept-gap", &format!("{id}=not the admin")]).succeeds();
}

#[test]
fn numbers_that_do_not_agree_are_a_mismatch() {
    let home = signed_in_to(System::default());
    let member = "<member><staff_id>1</staff_id></member>";
    let one_of_two =
        envelope(&format!("<staff_members page='1' per_page='100' total='2'>{member}</staff_members>"));
    home.sandbox.arm(Fault::on(XML).body_contains("staff.list").times(3).then(one_of_two));
    home.sync().exits(7).says("staff.list: FreshBooks reported 2, but 1 rows were received; read 3 times");
    assert!(coverage(&home).starts_with("partial|team_members|mismatch|"), "{}", coverage(&home));
}

#[test]
fn what_passes_is_asked_again_and_what_does_not_is_told() {
    let home = signed_in_to(System::default());
    home.sandbox.arm(Fault::on(XML).body_contains("contractor.list").then(Trouble::unavailable()));
    home.sandbox.arm(Fault::on(XML).body_contains("contractor.list").then(Trouble::CutBody));
    home.sandbox.arm(Fault::on(XML).body_contains("staff.list").then(Trouble::Html200));
    home.sync().succeeds();
    assert_eq!(home.tables().rows("SELECT attempts FROM requests ORDER BY seq"), ["1", "1", "2", "3"]);
    home.sandbox.arm(Fault::on(XML).body_contains("contractor.list").times(5).then(Trouble::Html200));
    home.sync().exits(7).says("contractor.list: received a web page");
    assert!(coverage(&home).contains("|failed|200|"), "{}", coverage(&home));
}

#[test]
fn an_answer_without_end_is_not_read_to_the_end() {
    let home = signed_in_to(System::default());
    let name = "x".repeat(10_000_000);
    let padded =
        envelope(&format!("<staff_members><member><staff_id>1{name}</staff_id></member></staff_members>"));
    home.sandbox.arm(Fault::on(XML).body_contains("staff.list").times(5).then(padded));
    home.sync().exits(7).says("staff.list: the answer is larger than 10 MB");
    assert_eq!(home.tables().number("SELECT count(*) FROM records WHERE length(body) > 1000"), 0);
}

#[test]
fn without_an_identity_there_is_no_snapshot_and_each_reason_has_its_sentence() {
    let bomb =
        "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><response status='ok'>&b;</response>";
    let file = "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><response status='ok'/>";
    let raw = |body: &str| Trouble::Status { code: 200, headers: Vec::new(), body: body.to_owned() };
    let refusal = "<response status='fail'><error>Account limited</error><code>40010</code></response>";
    let status = |code, body: &str| Trouble::Status { code, headers: Vec::new(), body: body.to_owned() };
    let troubles = [
        (raw(bomb), 5, 5, "the answer has a document type, which is refused"),
        (raw(file), 5, 5, "the answer has a document type, which is refused"),
        (raw("<response status='ok'/>"), 5, 5, "the answer has no `system`"),
        (Trouble::Html200, 5, 5, "received a web page instead of FreshBooks Classic's answer"),
        (raw(refusal), 1, 6, "FreshBooks Classic refused the request: Account limited (code 40010)"),
        (status(400, refusal), 1, 6, "FreshBooks Classic refused the request: Account limited (code 40010)"),
        (status(401, "oauth_problem=token_rejected"), 1, 4, "rejects the sign-in (token_rejected)"),
    ];
    let home = signed_in_to(System::default());
    for (trouble, tries, code, part) in troubles {
        let before = home.sandbox.count("POST", XML);
        home.sandbox.arm(Fault::on(XML).times(tries).then(trouble));
        home.sync().exits(code).says(part);
        assert_eq!(home.sandbox.count("POST", XML) - before, tries, "{part}");
    }
    for (standing, code, part) in [
        (Standing::Unknown, 3, "there is no FreshBooks Classic system `harbourlight`"),
        (Standing::Deactivated, 6, "`harbourlight` is deactivated"),
    ] {
        home.sandbox.change(|world| world.classic.standing = standing);
        home.sync().exits(code).says(part);
    }
    assert!(!home.path(DB).exists());
}

#[test]
fn an_answer_that_quotes_the_token_is_not_quoted_in_turn() {
    let home = signed_in_to(System::default());
    let stored = home.stored();
    for name in ["access_token", "access_token_secret", "client_secret"] {
        let secret = stored[name].as_str().expect("a secret");
        let quoted = secret.replace('&', "&amp;");
        let body = format!("<response status='fail'><error>Not with {quoted}</error></response>");
        let fail = Trouble::Status { code: 200, headers: Vec::new(), body };
        home.sandbox.arm(Fault::on(XML).body_contains("contractor.list").then(fail));
        home.sync().exits(7).says("Not with [redacted]");
        let bytes = home.database_bytes();
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "{name} is in the database"
        );
    }
}

#[test]
fn a_list_that_repeats_the_token_in_any_encoding_is_not_kept() {
    let ways: [fn(&str) -> String; 4] = [
        str::to_owned,
        |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        |text| text.bytes().map(|byte| format!("&#{byte};")).collect(),
        |text| STANDARD.encode(format!("token {text}")),
    ];
    for name in ["access_token", "access_token_secret", "client_secret"] {
        let home = signed_in_to(System::default());
        let secret = home.stored()[name].as_str().expect("a secret").to_owned();
        for way in ways {
            let said = way(&secret);
            let repeat = move |_: &_, answer: &mut Answer| {
                let body = String::from_utf8(std::mem::take(&mut answer.body)).expect("UTF-8");
                assert!(body.contains("<first_name>"), "{body}");
                answer.body = body.replace("<first_name>", &format!("<first_name>{said}")).into_bytes();
            };
            let list = Fault::on(XML).body_contains("staff.list").times(5);
            home.sandbox.arm(list.then(Trouble::rewrite(repeat)));
            home.sync().exits(7).says("failed: staff.list: the answer repeats a secret");
            let said = way(&secret);
            for trace in [secret.as_bytes(), said.as_bytes()] {
                let bytes = home.database_bytes();
                assert!(
                    !bytes.windows(trace.len()).any(|window| window == trace),
                    "{name} is in the database"
                );
            }
        }
    }
}

#[test]
fn the_only_system_cannot_be_left_out() {
    let home = signed_in_to(System::default());
    home.fbsync(&["sync", "--db", DB, "--business", "1"]).exits(2).says("has no access to business 1");
    home.sync().succeeds();
    let id = home.tables().one("SELECT business_id FROM businesses");
    let run = home.fbsync(&["sync", "--db", DB, "--skip-business", &id]).exits(2);
    run.says("leave no business to read; nothing was recorded");
}

#[test]
fn what_was_not_reached_in_time_is_missing_and_the_rest_is_kept() {
    let home = signed_in_to(System::default());
    let slow = Trouble::Delay(std::time::Duration::from_secs(60));
    home.sandbox.arm(Fault::on(XML).body_contains("contractor.list").then(slow));
    home.fbsync(&["sync", "--db", DB, "--max-time", "3s"])
        .exits(7)
        .says("contractor.list: not reached within 3 s");
    assert!(coverage(&home).starts_with("partial|team_members|failed||"), "{}", coverage(&home));
    assert_eq!(home.tables().number("SELECT count(*) FROM memberships"), 2);
}

#[test]
fn a_staff_list_beside_the_staff_list_is_not_asked_for() {
    let home = signed_in_to(System::default());
    home.fbsync(&["sync", "--db", DB, "--include", "staff"]).succeeds().says("--include staff adds nothing");
    assert_eq!(home.tables().number("SELECT count(*) FROM coverage"), 1);
}
