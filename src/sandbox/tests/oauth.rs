//! Consent, codes, tokens, revocation.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use url::form_urlencoded::byte_serialize;

use super::{ME, post, start, try_get};
use crate::sandbox::{App, CLIENT_ID, CLIENT_SECRET, Consent, REDIRECT_URI, Sandbox, World, browser};

/// The verifier and challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const TOKEN: &str = "/auth/oauth/token";
const REVOKE: &str = "/auth/oauth/revoke";

fn quoted(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn authorize_url(sandbox: &Sandbox, redirect_uri: &str, more: &str) -> String {
    let (origin, redirect_uri) = (sandbox.origin(), quoted(redirect_uri));
    format!(
        "{origin}/oauth/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri={redirect_uri}&state=s1{more}"
    )
}

fn code(sandbox: &Sandbox, more: &str) -> String {
    let to = browser::consent(&authorize_url(sandbox, REDIRECT_URI, more)).unwrap();
    to.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned()
}

fn exchange(sandbox: &Sandbox, more: &str) -> (u16, String) {
    grant(sandbox, "authorization_code", more)
}

fn refresh(sandbox: &Sandbox, token: &str) -> (u16, String) {
    grant(sandbox, "refresh_token", &format!("&refresh_token={token}"))
}

/// Status, and the error if there is one.
fn grant(sandbox: &Sandbox, grant_type: &str, more: &str) -> (u16, String) {
    let redirect_uri = quoted(REDIRECT_URI);
    let got = post(
        sandbox,
        TOKEN,
        &format!(
            "grant_type={grant_type}&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&redirect_uri={redirect_uri}{more}"
        ),
    );
    (got.status, got.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

fn ok() -> (u16, String) {
    (200, String::new())
}

#[test]
fn the_browser_goes_all_the_way_to_the_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let redirect_uri = format!("https://localhost:{port}/callback");
    let sandbox = start(World::empty());
    sandbox.change(|world| world.register(&redirect_uri));
    let served = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut buffer = [0; 2048];
        let n = stream.read(&mut buffer).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nDone").unwrap();
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    });
    let page = browser::allow(&authorize_url(&sandbox, &redirect_uri, "")).unwrap();
    assert_eq!(page, "Done");
    let request = served.join().unwrap();
    assert!(request.starts_with("GET /callback?code="), "{request}");
    assert!(request.contains("&state=s1 HTTP/1.1"), "{request}");
    assert!(request.contains(&format!("Host: localhost:{port}\r\n")), "{request}");
    assert!(sandbox.complaints().is_empty());
}

#[test]
fn refuses_before_any_redirect() {
    let sandbox = start(World::empty());
    let check = |address: String, shown: &str| {
        let error = browser::consent(&address).unwrap_err().to_string();
        assert!(error.contains(shown), "{error}");
    };
    let good = authorize_url(&sandbox, REDIRECT_URI, "");
    check(good.replace(CLIENT_ID, "0"), "something went wrong");
    check(authorize_url(&sandbox, &format!("{REDIRECT_URI}/"), ""), "Invalid URI");
    check(good.clone() + "&scope=user:teams:write", "invalid, unknown, or malformed");
    sandbox.change(|world| world.consent = Consent::Undecided);
    check(good, "Allow this app");
    let statuses: Vec<_> = sandbox.requests().into_iter().map(|seen| seen.status.unwrap()).collect();
    assert_eq!(statuses, [500, 400, 400, 200]);
}

#[test]
fn the_person_decides() {
    let sandbox = start(World::empty());
    let decide = |consent| {
        sandbox.change(|world| world.consent = consent);
        browser::consent(&authorize_url(&sandbox, REDIRECT_URI, "")).unwrap()
    };
    assert!(decide(Consent::Deny).contains("?error=access_denied&error_description=The+resource+owner"));
    assert!(decide(Consent::Deny).ends_with("&state=s1"));
    assert!(!decide(Consent::ForgetState).contains("state"));
    assert!(decide(Consent::WrongState("s2".to_owned())).ends_with("&state=s2"));
    let to = decide(Consent::AllowOnly(vec!["user:profile:read".to_owned()]));
    let code = to.split_once("code=").unwrap().1.split('&').next().unwrap();
    assert_eq!(exchange(&sandbox, &format!("&code={code}")), ok());
}

#[test]
fn every_authorize_path_answers() {
    let sandbox = start(World::empty());
    for path in ["/oauth/authorize/?", "/service/auth/oauth/authorize?"] {
        let address = authorize_url(&sandbox, REDIRECT_URI, "").replace("/oauth/authorize?", path);
        assert!(browser::consent(&address).unwrap().starts_with(REDIRECT_URI));
    }
}

#[test]
fn a_code_counts_once_and_for_five_minutes() {
    let sandbox = start(World::empty());
    let first = code(&sandbox, "");
    assert_eq!(first.len(), 64);
    assert_eq!(exchange(&sandbox, &format!("&code={first}")), ok());
    assert_eq!(exchange(&sandbox, &format!("&code={first}")), invalid_grant());
    let late = code(&sandbox, "");
    sandbox.advance(Duration::from_secs(301));
    assert_eq!(exchange(&sandbox, &format!("&code={late}")), invalid_grant());
}

#[test]
fn a_code_is_bound() {
    let sandbox = start(World::empty());
    let other = App { client_id: "b".repeat(64), ..App::default() };
    sandbox.change(|world| world.apps.push(other.clone()));
    let code = code(&sandbox, &format!("&code_challenge={CHALLENGE}&code_challenge_method=S256"));
    let missing = (400, "invalid_request".to_owned());
    assert_eq!(exchange(&sandbox, &format!("&code={code}")), missing);
    assert_eq!(exchange(&sandbox, &format!("&code={code}&code_verifier=wrong")), invalid_grant());
    let rest = format!("&code={code}&code_verifier={VERIFIER}");
    let form = format!(
        "grant_type=authorization_code&client_secret={CLIENT_SECRET}&redirect_uri={}",
        quoted(REDIRECT_URI)
    );
    let stranger = post(&sandbox, TOKEN, &format!("{form}&client_id={}{rest}", other.client_id));
    assert_eq!(stranger.json()["error"], "invalid_grant");
    let elsewhere = form.replace("callback", "other");
    let elsewhere = post(&sandbox, TOKEN, &format!("{elsewhere}&client_id={CLIENT_ID}{rest}"));
    assert_eq!(elsewhere.json()["error"], "invalid_grant");
    // None of the refusals spent it.
    assert_eq!(exchange(&sandbox, &rest), ok());
}

#[test]
fn token_errors_have_their_statuses() {
    let sandbox = start(World::empty());
    let (_, token) = sandbox.grant();
    let check = |form: &str, status: u16, error: &str| {
        let got = post(&sandbox, TOKEN, form);
        assert_eq!((got.status, got.json()["error"].as_str().unwrap()), (status, error), "{form}");
    };
    let client =
        format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&redirect_uri={}", quoted(REDIRECT_URI));
    check("", 400, "invalid_request");
    check(&format!("{client}&grant_type=password"), 400, "unsupported_grant_type");
    check(&format!("{client}&grant_type=authorization_code"), 400, "invalid_request");
    check(&format!("{client}x&grant_type=refresh_token&refresh_token={token}"), 400, "invalid_grant");
    let wrong = client.replace(CLIENT_SECRET, "guess");
    check(&format!("{wrong}&grant_type=refresh_token&refresh_token={token}"), 401, "invalid_client");
    let bare = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}");
    check(&format!("{bare}&grant_type=refresh_token&refresh_token={token}"), 401, "invalid_client");
    let wider = format!("{client}&grant_type=refresh_token&refresh_token={token}&scope=user:bills:read");
    check(&wider, 400, "invalid_scope");
    assert_eq!(refresh(&sandbox, &token), ok());
}

#[test]
fn a_token_answer_has_every_field() {
    let sandbox = start(World { clock: "2026-03-01T12:00:00Z".parse().ok(), ..World::empty() });
    let form = format!(
        "{{\"grant_type\":\"authorization_code\",\"client_id\":\"{CLIENT_ID}\",\"client_secret\":\"{CLIENT_SECRET}\",\
         \"redirect_uri\":\"{REDIRECT_URI}\",\"code\":\"{}\"}}",
        code(&sandbox, "")
    );
    let got =
        super::Line::to(&sandbox).ask("POST", TOKEN, "Content-Type: application/json\r\n", &form).unwrap();
    let body = got.json();
    let access = body["access_token"].as_str().unwrap();
    assert_eq!(access.split('.').count(), 3);
    assert!((800..1100).contains(&access.len()), "{}", access.len());
    assert_eq!(body["refresh_token"].as_str().unwrap().len(), 64);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 43_200);
    assert_eq!(body["created_at"], 1_772_366_400);
    assert_eq!(body["scope"], "user:profile:read user:teams:read");
    assert!(body["direct_buy_tokens"].as_object().unwrap().is_empty());
    assert_eq!(got.header("date"), Some("Sun, 01 Mar 2026 12:00:00 GMT"));
}

#[test]
fn a_refresh_token_counts_once_and_the_old_access_token_lives_on() {
    let sandbox = start(World::empty());
    let (access, token) = sandbox.grant();
    assert_eq!(refresh(&sandbox, &token), ok());
    assert_eq!(refresh(&sandbox, &token), invalid_grant());
    assert_eq!(try_get(&sandbox, ME, &access).unwrap().status, 200);
    sandbox.advance(Duration::from_secs(43_200));
    assert_eq!(try_get(&sandbox, ME, &access).unwrap().status, 401);
}

#[test]
fn without_rotation_a_refresh_token_counts_again() {
    let sandbox = start(World { rotate_refresh_token: false, ..World::empty() });
    let (_, token) = sandbox.grant();
    assert_eq!(refresh(&sandbox, &token), ok());
    assert_eq!(refresh(&sandbox, &token), ok());
}

#[test]
fn revoking_either_token_kills_both() {
    let sandbox = start(World::empty());
    let client = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}");
    let (access, token) = sandbox.grant();
    let got = post(&sandbox, REVOKE, &format!("{client}&token={access}"));
    assert_eq!((got.status, got.body.as_str()), (200, "{}"));
    assert_eq!(try_get(&sandbox, ME, &access).unwrap().status, 401);
    assert_eq!(refresh(&sandbox, &token), invalid_grant());
    assert_eq!(post(&sandbox, REVOKE, &format!("{client}&token=unknown")).status, 200);
    let (_, token) = sandbox.grant();
    sandbox.change(|world| world.apps.push(App { client_id: "b".repeat(64), ..App::default() }));
    let other = client.replace(CLIENT_ID, &"b".repeat(64));
    assert_eq!(post(&sandbox, REVOKE, &format!("{other}&token={token}")).status, 403);
    assert!(sandbox.complaints().is_empty(), "{:?}", sandbox.complaints());
}

#[test]
fn a_person_may_choose_on_the_page_itself() {
    let sandbox = start(World::empty());
    sandbox.change(|world| world.consent = Consent::Ask);
    let address = authorize_url(&sandbox, REDIRECT_URI, "");
    let page = browser::visit(&address).unwrap();
    let link = |id: &str| {
        let from = page.split_once(&format!("id=\"{id}\" href=\"")).unwrap().1;
        let query = from.split('"').next().unwrap().replace("&amp;", "&");
        format!("{}{query}", address.split('?').next().unwrap())
    };
    assert!(browser::consent(&link("deny")).unwrap().contains("error=access_denied"));
    let to = browser::consent(&link("allow")).unwrap();
    let code = to.split_once("code=").unwrap().1.split('&').next().unwrap();
    assert_eq!(exchange(&sandbox, &format!("&code={code}")), ok());
}
