//! `auth --classic`: through the listener, by pasting, and everything that goes wrong on the way.

use std::process::Stdio;

use fbsync::sandbox::classic::{Standing, System};
use fbsync::sandbox::{Consent, Fault, Trouble, browser};

use super::{SYSTEM, home, home_of};
use crate::harness::{Home, Run};

const REQUEST: &str = "/oauth/oauth_request.php";
const ACCESS: &str = "/oauth/oauth_access.php";
const XML: &str = "/api/2.1/xml-in";

#[test]
fn a_person_signs_in() {
    let home = home();
    let auth = home.begin_auth(&["--classic", "HarbourLight.freshbooks.com"], Stdio::null());
    let page = browser::allow(&auth.address).expect("the page");
    assert!(page.contains("Signed in") && page.contains("ingrid@harbourlight.example"), "{page}");
    let run = home.finish(auth).succeeds();
    run.says(
        "signed in as Ingrid Solberg <ingrid@harbourlight.example> to FreshBooks Classic (harbourlight)",
    );
    assert_eq!((home.mode("default.json"), home.mode(".")), (0o600, 0o700));
    let stored = home.stored();
    assert_eq!((&stored["kind"], &stored["system"]), (&"classic".into(), &SYSTEM.into()));
    assert_eq!(stored["origin"], home.sandbox.origin());
    assert_eq!(stored["identity"]["email"], "ingrid@harbourlight.example");
    assert_eq!(stored["identity"]["businesses"][0]["name"], "Harbour & Light <Classic>");
    let sent: Vec<String> = home.sandbox.requests().into_iter().map(|seen| seen.path).collect();
    assert_eq!(sent, [REQUEST, "/oauth/oauth_authorize.php", ACCESS, XML, XML]);
}

#[test]
fn the_verifier_that_the_page_shows_can_be_pasted() {
    let home = home();
    let mut auth = home.begin_auth(&["--classic", SYSTEM, "--paste"], Stdio::piped());
    let page = browser::visit(&auth.address).expect("the page");
    let verifier =
        page.split_once("<b>").and_then(|(_, rest)| rest.split_once("</b>")).expect("a verifier").0;
    auth.type_in(&format!("  {verifier} "));
    home.finish(auth).succeeds().says("then paste the code that the page shows").says("signed in as Ingrid");
}

#[test]
fn an_address_can_be_pasted_beside_the_listener() {
    let home = home();
    let mut auth = home.begin_auth(&["--classic", SYSTEM], Stdio::piped());
    let back = browser::consent(&auth.address).expect("consent");
    auth.type_in(&back.replace("oauth_token=", "oauth_token=0"));
    auth.type_in(&back);
    home.finish(auth).succeeds().says("belongs to another sign-in").says("signed in as Ingrid");
}

#[test]
fn a_callback_with_another_request_token_is_ignored() {
    let home = home();
    home.sandbox.change(|world| world.consent = Consent::WrongState("forged".to_owned()));
    let auth = home.begin_auth(&["--classic", SYSTEM, "--timeout", "1s"], Stdio::null());
    let page = browser::allow(&auth.address).expect("a page");
    assert!(page.contains("another sign-in"), "{page}");
    home.finish(auth)
        .exits(4)
        .says("the browser did not come back")
        .says("fbsync auth --classic harbourlight --paste");
    assert_eq!((home.sandbox.count("POST", ACCESS), home.store().exists()), (0, false));
}

#[test]
fn a_verifier_that_does_not_count_stores_nothing() {
    let home = home();
    let mut auth = home.begin_auth(&["--classic", SYSTEM, "--paste"], Stdio::piped());
    auth.type_in("0123456789abcdef");
    home.finish(auth).exits(4).says("verifier_invalid").says("nothing was stored");
    assert!(!home.store().exists());
}

/// The exit of a sign-in that ends before anybody is sent anywhere.
fn refused(home: &Home, code: i32) -> Run {
    let run =
        home.fbsync(&["auth", "--no-browser", "--classic", SYSTEM]).exits(code).says("nothing was stored");
    assert!(!home.store().exists());
    run.does_not_say("oauth_authorize")
}

#[test]
fn each_way_to_fail_is_told_apart() {
    let standing = |standing| home_of(System { standing, ..System::default() });
    refused(&standing(Standing::Unknown), 3).says("there is no FreshBooks Classic system `harbourlight`");
    refused(&standing(Standing::Deactivated), 6)
        .says("the FreshBooks Classic system `harbourlight` is deactivated");
    let home = home_of(System { confirms_callbacks: false, ..System::default() });
    refused(&home, 6).says("the callback was not confirmed");
    let wrong = super::home().with("FBSYNC_CLIENT_SECRET", "not-the-secret-of-this-consumer");
    refused(&wrong, 4)
        .says("rejects the sign-in (signature_invalid)")
        .says("hint: fbsync auth --classic harbourlight");
    let late = super::home().with("FBSYNC_TEST_CLOCK", "1000000000");
    refused(&late, 4).says("(timestamp_refused)").says("set this machine's clock");

    let troubles = [
        (Trouble::Html200, 5, "received a web page"),
        (Trouble::unavailable(), 5, "HTTP 503"),
        (Trouble::status(404, "gone"), 6, "HTTP 404: gone"),
        (
            Trouble::Redirect("https://elsewhere.example/x?y".to_owned()),
            6,
            "redirects to https://elsewhere.example/x,",
        ),
        (Trouble::Drop, 5, "check the connection"),
        (Trouble::Raw(b"oauth_token=x".to_vec()), 5, "holds no token"),
    ];
    for (trouble, code, part) in troubles {
        let home = super::home();
        home.sandbox.arm(Fault::on(REQUEST).then(trouble));
        refused(&home, code).says(part);
        assert_eq!(home.sandbox.count("POST", REQUEST), 1, "asked once");
    }
}

#[test]
fn a_lost_access_token_is_not_asked_for_twice() {
    let home = home();
    home.sandbox.arm(Fault::on(ACCESS).then(Trouble::AnswerLost));
    let auth = home.begin_auth(&["--classic", SYSTEM], Stdio::null());
    let page = browser::allow(&auth.address).expect("the page");
    assert!(page.contains("Not signed in"), "{page}");
    home.finish(auth).exits(5).says("nothing was stored");
    assert_eq!((home.sandbox.count("POST", ACCESS), home.store().exists()), (1, false));
}

#[test]
fn classic_may_not_say_who_it_is_without_losing_the_sign_in() {
    let home = home();
    home.sandbox.arm(Fault::on(XML).body_contains("staff.current").then(Trouble::status(403, "no")));
    let auth = home.begin_auth(&["--classic", SYSTEM], Stdio::null());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds().says("warning: the sign-in is stored, but");
    assert!(home.stored()["identity"].is_null());
}

#[test]
fn what_cannot_be_is_a_usage_error_before_anything_is_asked() {
    let home = home();
    for arguments in [
        &["--classic", "evil.example"][..],
        &["--classic", SYSTEM, "--import-refresh-token"],
        &["--classic", SYSTEM, "--no-pkce"],
        &["--classic", SYSTEM, "--scope", "x"],
    ] {
        home.fbsync(&[&["auth"], arguments].concat()).exits(2);
    }
    let home = home.with("FRESHBOOKS_CLASSIC_URL", "http://classic.example");
    home.fbsync(&["auth", "--classic", SYSTEM]).exits(3).says("FRESHBOOKS_CLASSIC_URL cannot be used");
    let home = home.without("FRESHBOOKS_CLASSIC_URL").without("FBSYNC_CLIENT_SECRET");
    home.fbsync(&["auth", "--classic", SYSTEM]).exits(2).says("no client secret");
    assert_eq!(home.sandbox.requests().len(), 0);
}
