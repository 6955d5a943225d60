//! FreshBooks Classic: what it takes for a good request, and that nothing less will do.

use super::super::classic::{Standing, System};
use super::super::{Consent, Sandbox, World, browser};
use super::{Got, Line, start};

const SECRET: &str = "c1a551c%252F0ddba11%25260ff1ce%253D";
const REQUEST: &str = "/oauth/oauth_request.php";
const ACCESS: &str = "/oauth/oauth_access.php";
const XML: &str = "/api/2.1/xml-in";

/// The header of a request, to be bent by a test. `secret` is the token's.
fn header(sandbox: &Sandbox, nonce: &str, secret: &str, more: &str) -> String {
    let seconds = sandbox.now().as_second();
    format!(
        "Authorization: OAuth realm=\"\",oauth_consumer_key=\"harbourlight\",oauth_signature_method=\"PLAINTEXT\",\
         oauth_signature=\"{SECRET}%26{secret}\",oauth_timestamp=\"{seconds}\",oauth_nonce=\"{nonce}\",\
         oauth_version=\"1.0\"{more}\r\n"
    )
}

fn post(sandbox: &Sandbox, target: &str, header: &str, body: &str) -> Got {
    let headers = format!("{header}Content-Type: application/xml; charset=utf-8\r\n");
    Line::to(sandbox).ask("POST", target, &headers, body).unwrap()
}

/// The token and its secret.
fn pair(got: &Got) -> (String, String) {
    assert_eq!(got.status, 200, "{}", got.body);
    let value = |name: &str| {
        let found = got.body.split('&').find_map(|field| field.strip_prefix(&format!("{name}=")));
        found.unwrap().to_owned()
    };
    (value("oauth_token"), value("oauth_token_secret"))
}

fn request_token(sandbox: &Sandbox, nonce: &str, callback: &str) -> (String, String) {
    let more = format!(",oauth_callback=\"{callback}\"");
    let got = post(sandbox, REQUEST, &header(sandbox, nonce, "", &more), "");
    assert!(got.body.ends_with("oauth_callback_confirmed=true"), "{}", got.body);
    pair(&got)
}

fn agree(sandbox: &Sandbox, token: &str) -> String {
    let address = format!("{}/oauth/oauth_authorize.php?oauth_token={token}", sandbox.origin());
    let back = browser::consent(&address).unwrap();
    back.split_once("oauth_verifier=").unwrap().1.to_owned()
}

/// All the way: an access token and its secret.
fn signed_in(sandbox: &Sandbox) -> (String, String) {
    let (token, secret) = request_token(sandbox, "r", "https%3A%2F%2Flocalhost%3A8799%2Fcallback");
    let verifier = agree(sandbox, &token);
    let more = format!(",oauth_token=\"{token}\",oauth_verifier=\"{verifier}\"");
    pair(&post(sandbox, ACCESS, &header(sandbox, "a", &secret, &more), ""))
}

fn ask(sandbox: &Sandbox, nonce: &str, (token, secret): &(String, String), question: &str) -> Got {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<request {question}</request>\n");
    post(sandbox, XML, &header(sandbox, nonce, secret, &format!(",oauth_token=\"{token}\"")), &body)
}

#[test]
fn a_request_token_takes_everything_that_the_rfc_asks_for() {
    let sandbox = start(World::empty());
    let good = || header(&sandbox, "n", "", ",oauth_callback=\"oob\"");
    let long_ago = (sandbox.now().as_second() - 900).to_string();
    let now = sandbox.now().as_second().to_string();
    let table = [
        (String::new(), "parameter_absent&oauth_parameters_absent=oauth_token"),
        (good().replace("OAuth ", "Bearer "), "parameter_absent"),
        (good().replace("harbourlight", "other"), "consumer_key_unknown"),
        (good().replace("PLAINTEXT", "HMAC-SHA1"), "signature_method_rejected"),
        (good().replace("\"1.0\"", "\"2.0\""), "version_rejected"),
        (good().replace(&now, &long_ago), "timestamp_refused"),
        (good().replace(&now, "soon"), "timestamp_refused"),
        (good().replace("%26\"", "\""), "signature_invalid"),
        (good().replace("%252F", "%2F"), "signature_invalid"),
        (good().replace("%253D", "="), "parameter_rejected"),
        (good().replace("%26\"", "%26x\""), "signature_invalid"),
        (good().replace(",oauth_nonce=\"n\"", ""), "parameter_absent&oauth_parameters_absent=oauth_nonce"),
        (
            good().replace(",oauth_callback=\"oob\"", ""),
            "parameter_absent&oauth_parameters_absent=oauth_callback",
        ),
        (header(&sandbox, "n2", "", ",oauth_callback=\"oob\",oauth_callback=\"oob\""), "parameter_rejected"),
        (header(&sandbox, "n3", "", ",oauth_callback=\"ftp\""), "parameter_rejected"),
        // All that is wrong with this one is that its nonce was met before.
        (good(), "nonce_used"),
    ];
    for (header, problem) in table {
        let got = post(&sandbox, REQUEST, &header, "");
        assert_eq!(
            (got.status, got.body.starts_with(&format!("oauth_problem={problem}"))),
            (401, true),
            "{header}{}",
            got.body
        );
    }
}

#[test]
fn a_request_token_and_its_verifier_count_once_and_together() {
    let sandbox = start(World::empty());
    let (token, secret) = request_token(&sandbox, "1", "https%3A%2F%2Flocalhost%3A8799%2Fcallback");
    let (other, _) = request_token(&sandbox, "2", "oob");
    let exchange = |nonce: &str, token: &str, secret: &str, verifier: &str| {
        let more = format!(",oauth_token=\"{token}\",oauth_verifier=\"{verifier}\"");
        post(&sandbox, ACCESS, &header(&sandbox, nonce, secret, &more), "")
    };
    assert!(exchange("3", &token, &secret, "early").body.contains("verifier_invalid"));
    let verifier = agree(&sandbox, &token);
    assert!(exchange("4", &token, &secret, "other").body.contains("verifier_invalid"));
    assert!(exchange("5", &token, "other", &verifier).body.contains("signature_invalid"));
    assert!(exchange("6", &other, &secret, &verifier).body.contains("signature_invalid"));
    assert!(exchange("7", "unknown", &secret, &verifier).body.contains("token_rejected"));
    assert!(exchange("8", &token, &secret, &verifier).body.starts_with("oauth_token="));
    assert!(exchange("9", &token, &secret, &verifier).body.contains("token_rejected"));
}

#[test]
fn the_person_decides_and_out_of_band_the_page_shows_the_verifier() {
    let sandbox = start(World::empty());
    let (token, _) = request_token(&sandbox, "1", "oob");
    let page = |token: &str| {
        browser::visit(&format!("{}/oauth/oauth_authorize.php?oauth_token={token}", sandbox.origin()))
            .unwrap()
    };
    assert!(page(&token).contains("Your verification code: <b>"));
    assert!(page("unknown").contains("expired"));
    sandbox.change(|world| world.consent = Consent::Deny);
    assert!(page(&token).contains("did not allow"));
}

#[test]
fn the_four_reads_are_answered_and_no_other() {
    let sandbox = start(World::empty());
    let tokens = signed_in(&sandbox);
    let table = [
        ("method=\"system.current\">", "<company_name>Harbour &amp; Light &lt;Classic&gt;</company_name>"),
        ("method=\"staff.current\">", "<staff><staff_id>1</staff_id>"),
        (
            "method=\"staff.list\">",
            "<staff_members page=\"1\" per_page=\"25\" pages=\"1\" total=\"2\"><member>",
        ),
        (
            "method=\"contractor.list\"><page>2</page><per_page>1</per_page>",
            "<contractors page=\"2\" per_page=\"1\" pages=\"2\" total=\"2\"><contractor><contractor_id>2<",
        ),
        ("method=\"staff.list\"><page>9</page>", "total=\"2\"></staff_members>"),
        ("method=\"staff.list\"><page>x</page>", "status=\"fail\">\n<error>Paging"),
        ("method=\"client.list\">", "<error>Method does not exist.</error><code>40010</code>"),
        ("method='staff.list'>", "<error>Your XML is not formatted correctly.</error>"),
    ];
    for (n, (question, part)) in table.into_iter().enumerate() {
        let got = ask(&sandbox, &n.to_string(), &tokens, question);
        assert_eq!((got.status, got.body.contains(part)), (200, true), "{question}\n{}", got.body);
    }
    let asked = sandbox.requests().into_iter().map(|seen| seen.form).find(|form| form.len() == 3).unwrap();
    let texts = |pairs: [(&str, &str); 3]| pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(asked, texts([("method", "contractor.list"), ("page", "2"), ("per_page", "1")]));
    sandbox.change(|world| world.classic.signed_in = "2".to_owned());
    assert!(ask(&sandbox, "x", &tokens, "method=\"staff.current\">").body.contains("<staff_id>2<"));
    assert!(ask(&sandbox, "y", &tokens, "method=\"staff.list\">").body.contains("status=\"fail\""));
}

#[test]
fn a_token_that_was_revoked_or_never_issued_reads_nothing() {
    let sandbox = start(World::empty());
    let tokens = signed_in(&sandbox);
    let question = "method=\"staff.current\">";
    assert_eq!(ask(&sandbox, "1", &tokens, question).status, 200);
    let wrong_secret = (tokens.0.clone(), "other".to_owned());
    assert!(ask(&sandbox, "2", &wrong_secret, question).body.contains("signature_invalid"));
    sandbox.revoke_all();
    let got = ask(&sandbox, "3", &tokens, question);
    assert_eq!((got.status, got.body.as_str()), (401, "oauth_problem=token_rejected"));
}

#[test]
fn a_system_may_be_unknown_deactivated_or_without_a_namespace() {
    let sandbox = start(World::empty());
    let tokens = signed_in(&sandbox);
    let question = "method=\"system.current\">";
    sandbox.change(|world| world.classic = System { namespace: None, ..System::crowded(3, 2) });
    assert!(ask(&sandbox, "1", &tokens, question).body.contains("<response status=\"ok\">"));
    for (standing, place) in [(Standing::Unknown, "loginSearch"), (Standing::Deactivated, "deactivated")] {
        sandbox.change(|world| world.classic.standing = standing);
        let got = ask(&sandbox, place, &tokens, question);
        assert_eq!((got.status, got.header("location").unwrap().contains(place)), (302, true));
    }
}

#[test]
fn a_token_in_an_address_or_a_body_is_a_complaint() {
    let sandbox = start(World::empty());
    let (token, secret) = signed_in(&sandbox);
    post(&sandbox, &format!("{XML}?oauth_token={token}"), "", "");
    post(&sandbox, XML, "", &secret);
    let complaints = sandbox.complaints();
    assert_eq!(complaints.len(), 2, "{complaints:#?}");
}
