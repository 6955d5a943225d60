//! Tokens stay with the FreshBooks that issued them, whatever the address looks like.

use fbsync::sandbox::{Fault, Sandbox, Trouble, World};

use crate::harness::Home;

const TOKEN: &str = "/auth/oauth/token";

#[test]
fn tokens_stay_with_their_origin() {
    let home = Home::with_sign_in();
    let stranger = Sandbox::start(World::demo()).expect("a sandbox");
    let mut command = home.command(&["refresh"]);
    command.env("FRESHBOOKS_API_URL", stranger.origin()).env("FRESHBOOKS_AUTH_URL", stranger.origin());
    home.run(&mut command).exits(3).says("its tokens are not sent there");
    assert!(stranger.requests().is_empty());
}

#[test]
fn addresses_that_are_not_what_they_seem_get_nothing() {
    let home = Home::with_sign_in();
    let stranger = Sandbox::start(World::demo()).expect("a sandbox");
    let port = stranger.origin().rsplit_once(':').expect("a port").1.to_owned();
    for attack in [
        format!("https://api.freshbooks.com@127.0.0.1:{port}"),
        format!("http://api.freshbooks.com:x@127.0.0.1:{port}"),
        format!("http://api.freshbooks.com.localhost:{port}"),
        format!("http://127.0.0.1.nip.example:{port}"),
        format!("http://localhost.evil.example:{port}"),
        format!("http://0.0.0.0:{port}"),
        format!("http://127.0.0.1:{port}/api"),
        format!("http://127.0.0.1:{port}?x"),
        format!("http://127.0.0.1:{port}"),
        format!("//127.0.0.1:{port}"),
        format!("ftp://127.0.0.1:{port}"),
        "http://api.freshbooks.com".to_owned(),
        "https://api.freshbooks.com.evil.example".to_owned(),
        "https://api.freshbooks.com:8443".to_owned(),
    ] {
        for name in ["FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"] {
            home.run(home.command(&["refresh"]).env(name, &attack)).exits(3);
        }
    }
    assert!(stranger.requests().is_empty());
}

#[test]
fn a_redirect_is_not_followed() {
    let home = Home::with_sign_in();
    let stranger = Sandbox::start(World::demo()).expect("a sandbox");
    let always = |path| Fault::on(path).times(usize::MAX);
    let away = |path| Trouble::Redirect(format!("{}{path}", stranger.origin()));
    home.sandbox.arm(always(TOKEN).then(away(TOKEN)));
    home.fbsync(&["refresh"]).exits(5).says("a redirect, which is not followed").says("the tokens are kept");
    home.sandbox.arm(always("/users/me").then(away("/x")));
    home.fbsync(&["status", "--check"]).exits(5);
    assert!(stranger.requests().is_empty());
}
