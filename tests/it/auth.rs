//! `fbsync auth`: every way a sign-in can go, with the sandbox's browser as the person.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use fbsync::sandbox::{CLIENT_ID, CLIENT_SECRET, Consent, Fault, Trouble, browser};

use crate::harness::Home;

#[test]
fn a_person_signs_in() {
    let home = Home::new();
    let auth = home.begin_auth(&[], Stdio::null());
    let page = browser::allow(&auth.address).expect("the page");
    let run = home.finish(auth).succeeds().says("signed in as ");
    let email = home.sandbox.change(|world| world.me.email.clone());
    assert!(page.contains("Signed in") && page.contains(&email), "{page}");
    let run = run.says(&email).says("scopes: user:profile:read user:teams:read");
    run.says("warn that the connection is not private").says("ssh -L ");
    assert_eq!((home.mode("default.json"), home.mode(".")), (0o600, 0o700));
    let stored = home.stored();
    assert_eq!(stored["client_id"], CLIENT_ID);
    assert_eq!(stored["client_secret"], CLIENT_SECRET);
    assert_eq!(stored["identity"]["email"], email.as_str());
    assert_eq!(home.sandbox.count("GET", "/auth/api/v1/users/me"), 1);
}

#[test]
fn the_address_stands_alone_and_carries_pkce() {
    let home = Home::new();
    let auth = home.begin_auth(&[], Stdio::null());
    for part in ["response_type=code", "code_challenge=", "code_challenge_method=S256", "state="] {
        assert!(auth.address.contains(part), "{}", auth.address);
    }
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
    let auth = home.begin_auth(&["--no-pkce", "--scope", ""], Stdio::null());
    assert!(!auth.address.contains("code_challenge") && !auth.address.contains("scope"), "{}", auth.address);
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
}

#[test]
fn another_state_and_strays_do_not_end_the_wait() {
    let home = Home::new();
    let auth = home.begin_auth(&[], Stdio::null());
    let base = format!("https://localhost:{}", home.port);
    for stray in
        ["/favicon.ico", "/", "/callback", "/callback?code=x&state=y", "/callback?error=access_denied"]
    {
        let page = browser::visit(&format!("{base}{stray}")).expect("an answer");
        assert!(!page.contains("Signed in"), "{page}");
    }
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
}

#[test]
fn a_forged_state_is_no_answer() {
    let home = Home::new();
    home.sandbox.change(|world| world.consent = Consent::WrongState("forged".to_owned()));
    let auth = home.begin_auth(&["--timeout", "2s"], Stdio::null());
    let page = browser::allow(&auth.address).expect("a page");
    assert!(page.contains("another sign-in"), "{page}");
    home.finish(auth).exits(4);
    assert_eq!((home.posts(), home.store().exists()), (0, false));
}

#[test]
fn a_denial_is_said_as_such() {
    let home = Home::new();
    home.sandbox.change(|world| world.consent = Consent::Deny);
    let auth = home.begin_auth(&[], Stdio::null());
    let page = browser::allow(&auth.address).expect("the page");
    assert!(page.contains("Not signed in"), "{page}");
    home.finish(auth).exits(4).says("access was denied").says("nothing was stored");
    assert_eq!((home.posts(), home.store().exists()), (0, false));
}

#[test]
fn a_time_out_names_what_never_reaches_the_redirect() {
    let home = Home::new();
    let auth = home.begin_auth(&["--timeout", "1s"], Stdio::null());
    let run = home.finish(auth).exits(4);
    run.says("client id is unknown").says("character for character").says("scope is not enabled");
}

#[test]
fn a_taken_port_is_told_before_anybody_is_sent_away() {
    let home = Home::new();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, home.port)).expect("the port");
    let run = home.fbsync(&["auth", "--no-browser"]).exits(3);
    run.says("in use").says("--paste").does_not_say("/oauth/authorize");
}

#[test]
fn an_expired_code_is_told() {
    let home = Home::new();
    let auth = home.begin_auth(&[], Stdio::null());
    let back = browser::consent(&auth.address).expect("consent");
    home.sandbox.advance(Duration::from_secs(301));
    let page = browser::visit(&back).expect("the page");
    assert!(page.contains("Not signed in"), "{page}");
    home.finish(auth).exits(4).says("invalid_grant").says("five minutes");
    assert!(!home.store().exists());
}

#[test]
fn a_wrong_secret_is_named_as_the_cause() {
    let home = Home::new().with("FBSYNC_CLIENT_SECRET", "not-the-secret-of-this-app");
    let auth = home.begin_auth(&[], Stdio::null());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).exits(4).says("client secret does not belong to the client id");
    assert!(!home.store().exists());
}

#[test]
fn a_missing_scope_is_a_warning_with_the_fix() {
    let home = Home::new();
    home.sandbox.change(|world| world.consent = Consent::AllowOnly(vec!["user:profile:read".to_owned()]));
    let auth = home.begin_auth(&[], Stdio::null());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds().says("warning: the scope user:teams:read is missing").says("hint: enable");
}

#[test]
fn the_address_can_be_pasted() {
    let home = Home::new();
    let mut auth = home.begin_auth(&["--paste"], Stdio::piped());
    let back = browser::consent(&auth.address).expect("consent");
    auth.type_in(&back);
    home.finish(auth).succeeds().says("signed in as").does_not_say("ssh -L");
}

#[test]
fn a_paste_beside_the_listener_counts_too() {
    let home = Home::new();
    let mut auth = home.begin_auth(&[], Stdio::piped());
    auth.type_in("0123456789abcdef");
    let back = browser::consent(&auth.address).expect("consent");
    auth.type_in(&back);
    home.finish(auth).succeeds().says("that is not a complete address").says("signed in as");
}

#[test]
fn the_end_of_standard_input_ends_the_prompt_alone() {
    let home = Home::new();
    let mut auth = home.begin_auth(&[], Stdio::piped());
    drop(auth.child.stdin.take());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
}

#[test]
fn what_is_pasted_must_be_this_sign_in() {
    for (pasted, why) in [
        ("0123456789abcdef", "that is not a complete address"),
        ("https://localhost:1/callback?code=a&state=b", "not the address that FreshBooks redirects to"),
        ("code=0123456789abcdef&state=of-another", "belongs to another sign-in"),
    ] {
        let home = Home::new();
        let mut auth = home.begin_auth(&["--paste"], Stdio::piped());
        auth.type_in(pasted);
        home.finish(auth).exits(2).says(why);
        assert_eq!(home.posts(), 0);
    }
    let home = Home::new();
    let auth = home.begin_auth(&["--paste"], Stdio::null());
    home.finish(auth).exits(2).says("standard input ended");
}

#[test]
fn without_a_terminal_the_missing_is_named() {
    let home = Home::new().without("FBSYNC_CLIENT_ID");
    home.fbsync(&["auth"]).exits(2).says("no client id").says("hint: fbsync auth --client-id ID");
    let home = Home::new().without("FBSYNC_CLIENT_SECRET");
    home.fbsync(&["auth"]).exits(2).says("no client secret").says("--client-secret-file");
    let home = Home::new().with("FBSYNC_REDIRECT_URI", "https://audit.example/callback");
    home.fbsync(&["auth"]).exits(2).says("does not lead to this machine").says("--paste");
}

#[test]
fn the_secret_comes_from_the_first_place_that_has_it() {
    let wrong = "an-old-secret-that-is-wrong";
    let home = Home::new().with("FBSYNC_CLIENT_SECRET", wrong);
    let folder = tempfile::tempdir().expect("a folder");
    let good = folder.path().join("good");
    fs::write(&good, format!("{CLIENT_SECRET}\n")).expect("a file");
    let link = folder.path().join("fbsync-client-secret");
    std::os::unix::fs::symlink(&good, &link).expect("a link");
    let bad = folder.path().join("bad");
    fs::write(&bad, wrong).expect("a file");
    let text = |path: &std::path::Path| path.display().to_string();
    let sign_in = |home: &Home, arguments: &[&str]| {
        let auth = home.begin_auth(arguments, Stdio::null());
        browser::allow(&auth.address).expect("the page");
        home.finish(auth)
    };

    let home = home.with("CREDENTIALS_DIRECTORY", &text(folder.path()));
    sign_in(&home, &[]).succeeds();
    let home = home.with("FBSYNC_CLIENT_SECRET_FILE", &text(&bad));
    sign_in(&home, &[]).exits(4);
    sign_in(&home, &["--client-secret-file", &text(&good)]).succeeds();
    // And with nothing given, the stored one, for the stored app.
    let home = home.without("FBSYNC_CLIENT_SECRET_FILE").without("CREDENTIALS_DIRECTORY");
    let home =
        home.without("FBSYNC_CLIENT_SECRET").without("FBSYNC_CLIENT_ID").without("FBSYNC_REDIRECT_URI");
    sign_in(&home, &[]).succeeds();
    let home = home.with("FBSYNC_CLIENT_ID", "another-app");
    home.fbsync(&["auth"]).exits(2).says("no client secret");
}

#[test]
fn the_secret_may_come_through_standard_input() {
    let home = Home::new().without("FBSYNC_CLIENT_SECRET");
    let file = home.state().with_file_name("secret");
    fs::write(&file, format!("{CLIENT_SECRET}\n")).expect("a file");
    let stdin = Stdio::from(fs::File::open(&file).expect("a file"));
    let auth = home.begin_auth(&["--client-secret-file", "-"], stdin);
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
    home.fbsync(&["auth", "--paste", "--client-secret-file", "-"]).exits(2).says("cannot hold both");
    fs::write(&file, "").expect("a file");
    let empty = file.display().to_string();
    home.fbsync(&["auth", "--client-secret-file", &empty]).exits(3).says("empty");
}

#[test]
fn a_refresh_token_from_elsewhere_is_rotated_at_once() {
    let home = Home::new();
    let granted = home.grant();
    let mut command = home.command(&["auth", "--import-refresh-token"]);
    let mut child =
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    writeln!(child.stdin.take().expect("a pipe"), "{granted}").expect("fbsync reads");
    home.read(child.wait_with_output().expect("fbsync ends")).succeeds().says("signed in as");
    assert_eq!(home.posts(), 1);
    assert_ne!(home.stored()["refresh_token"], granted.as_str());
    // The same one again is spent; the sign-in that is there stays.
    let before = home.stored();
    let mut again = home.command(&["auth", "--import-refresh-token"]);
    let run = home.run(again.env("FBSYNC_REFRESH_TOKEN", granted));
    run.exits(4).says("invalid_grant").says("nothing was stored");
    assert_eq!(home.stored(), before);
}

#[test]
fn users_me_may_fail_without_losing_the_sign_in() {
    let home = Home::new();
    home.sandbox.arm(Fault::on("/users/me").then(Trouble::forbidden()));
    let auth = home.begin_auth(&[], Stdio::null());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds().says("warning: the sign-in is stored, but");
    home.fbsync(&["status", "--check"]).succeeds();
}

#[test]
fn a_store_that_is_not_to_be_touched_stops_the_sign_in_first() {
    let home = Home::with_sign_in();
    home.edit_store(|store| store["version"] = 2.into());
    let before = fs::read(home.store()).expect("a store");
    home.fbsync(&["auth"]).exits(3).says("another version").does_not_say("/oauth/authorize");
    assert_eq!(fs::read(home.store()).expect("a store"), before);
}

#[test]
fn ctrl_c_while_waiting_leaves_nothing() {
    let home = Home::new();
    let auth = home.begin_auth(&[], Stdio::null());
    let pid = auth.child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill");
    home.finish(auth).exits(130);
    assert!(!home.store().exists());
}
