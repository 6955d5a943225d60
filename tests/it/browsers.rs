//! The person's own browser: how it is started, and the certificate that it is shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use fbsync::sandbox::browser;

use crate::harness::Home;
use crate::tls;

#[test]
fn a_certificate_of_ones_own_spares_the_warning() {
    let home = Home::new();
    let (ours, other) = (tls::issue(&["localhost"]), tls::issue(&["localhost"]));
    let put = |name: &str, text: String| {
        fs::write(home.path(name), text).expect("a file");
        name.to_owned()
    };
    let (cert, key) = (put("cert.pem", ours.leaf_pem()), put("key.pem", ours.key_pem()));
    let auth = home.begin_auth(&["--redirect-cert", &cert, "--redirect-key", &key], Stdio::null());
    let back = browser::consent(&auth.address).expect("consent");
    let target = back.split_once(&home.port.to_string()).expect("an address").1;
    tls::get(home.port, target, &other.authority).expect_err("a certificate of somebody else");
    let page = tls::get(home.port, target, &ours.authority).expect("the page");
    assert!(page.contains("Signed in"), "{page}");
    home.finish(auth).succeeds().says("signed in as").does_not_say("not private");

    let wrong = put("wrong.pem", other.key_pem());
    let refused = |cert: &str, key: &str| {
        let run = home.fbsync(&["auth", "--redirect-cert", cert, "--redirect-key", key]);
        run.does_not_say("/oauth/authorize").does_not_say("PRIVATE KEY")
    };
    refused(&cert, &wrong).exits(3).says("cannot be used together");
    refused(&cert, "absent.pem").exits(3).says("cannot read absent.pem");
    refused(&key, &key).exits(3).says("no certificate");
    home.fbsync(&["auth", "--redirect-cert", &cert]).exits(2).says("--redirect-key");
}

/// A folder with an `xdg-open` in it that notes down what it is given: arguments, environment, and
/// what everybody can see of all processes.
fn with_browser(home: Home, ends: &str) -> (Home, PathBuf) {
    let tools = home.path("tools");
    fs::create_dir(&tools).expect("a folder");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments.part\nenv > environment\n\
         cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' > processes\n\
         mv arguments.part arguments\n{ends}\n"
    );
    let opener = tools.join("xdg-open");
    fs::write(&opener, script).expect("a script");
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o700)).expect("chmod");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a path"));
    (home.with("PATH", &path).with("DISPLAY", ":99"), tools)
}

fn wait_for(file: &Path) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !file.exists() {
        assert!(Instant::now() < deadline, "no {}", file.display());
        thread::sleep(Duration::from_millis(10));
    }
    fs::read_to_string(file).expect("text")
}

#[test]
fn a_browser_is_started_without_our_secrets() {
    let secrets = ["FBSYNC_CLIENT_SECRET", "FBSYNC_REFRESH_TOKEN", "FBSYNC_ACCESS_TOKEN", "FBSYNC_CLIENT_ID"];
    let (home, _) = with_browser(Home::new(), "exit 0");
    let home =
        home.with("FBSYNC_REFRESH_TOKEN", "a-refresh-token").with("FBSYNC_ACCESS_TOKEN", "an-access-token");
    let home = home.with("CREDENTIALS_DIRECTORY", "/nowhere").with("HARMLESS", "kept");
    let auth = home.begin_auth_in_browser();
    let arguments = wait_for(&home.path("arguments"));
    assert_eq!(arguments, format!("{}\n", auth.address));
    let environment = fs::read_to_string(home.path("environment")).expect("text");
    assert!(environment.contains("HARMLESS=kept") && environment.contains("DISPLAY=:99"), "{environment}");
    assert!(!environment.contains("CREDENTIALS_DIRECTORY"), "{environment}");
    let processes = fs::read_to_string(home.path("processes")).expect("text");
    assert!(processes.contains("fbsync auth"), "{processes}");
    for name in secrets {
        assert!(!environment.contains(name) && !environment.contains(&home.value(name)), "{name}");
        // The client id is no secret; it is in the address.
        assert!(name == "FBSYNC_CLIENT_ID" || !processes.contains(&home.value(name)), "{name}");
    }
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
}

#[test]
fn a_browser_that_does_not_start_is_no_end() {
    let (home, _) = with_browser(Home::new(), "exit 3");
    let auth = home.begin_auth_in_browser();
    wait_for(&home.path("arguments"));
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
}

#[test]
fn the_browser_that_is_named_comes_first() {
    // The home that the script lies in stays to the end.
    let (_elsewhere, tools) = with_browser(Home::new(), "exit 0");
    let mine = tools.join("mine");
    fs::rename(tools.join("xdg-open"), &mine).expect("renamed");
    for (named, given) in [("{}", "{url}"), ("absent:{} --new %s --quiet", "--new\n{url}\n--quiet")] {
        let home = Home::new()
            .with("DISPLAY", ":99")
            .with("BROWSER", &named.replace("{}", &mine.display().to_string()));
        let auth = home.begin_auth_in_browser();
        let arguments = wait_for(&home.path("arguments"));
        assert_eq!(arguments, format!("{}\n", given.replace("{url}", &auth.address)));
        browser::allow(&auth.address).expect("the page");
        home.finish(auth).succeeds();
    }
}

#[test]
fn no_browser_is_started_where_nobody_would_see_it() {
    let over_ssh = |home: Home| home.with("SSH_CONNECTION", "10.0.0.2 50000 10.0.0.1 22");
    let no_display = |home: Home| home.without("DISPLAY");
    for make in [over_ssh, no_display] {
        let (home, _) = with_browser(Home::new(), "exit 0");
        let home = make(home);
        let auth = home.begin_auth_in_browser();
        browser::allow(&auth.address).expect("the page");
        home.finish(auth).succeeds().says("ssh -L ");
        assert!(!home.path("arguments").exists());
    }
}
