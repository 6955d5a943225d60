//! The ways to FreshBooks that companies build: a CA of their own, a proxy, a machine without roots.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::harness::{DB, Home, Run, free_port, skip};
use crate::tls::{self, Issued};

/// A home whose FreshBooks is the sandbox behind TLS, called `host` by a CA that nobody knows.
pub(crate) fn behind_tls(host: &str) -> (Home, Issued) {
    behind(host, tls::issue(&[host]))
}

fn behind(host: &str, issued: Issued) -> (Home, Issued) {
    let home = Home::new();
    let port = tls::in_front_of(&home.sandbox.origin(), &issued);
    let origin = format!("https://{host}:{port}");
    let home = home.with("FRESHBOOKS_API_URL", &origin).with("FRESHBOOKS_AUTH_URL", &origin);
    fs::write(home.path("ca.pem"), issued.authority_pem()).expect("a file");
    (home, issued)
}

/// Brings a sign-in into the store by the way that the home's environment makes.
fn sign_in(home: &Home) -> Run {
    let grant = home.grant();
    home.run(home.command(&["auth", "--import-refresh-token"]).env("FBSYNC_REFRESH_TOKEN", grant))
}

#[test]
fn a_ca_of_ones_own_is_named_by_ssl_cert_file() {
    let (home, _) = behind_tls("localhost");
    let hint = "hint: if a proxy or a server has its own CA, name its certificate: SSL_CERT_FILE=";
    sign_in(&home).exits(5).says("nothing was stored").says(hint);
    let ca = home.path("ca.pem").display().to_string();
    let home = home.with("SSL_CERT_FILE", &ca);
    sign_in(&home).succeeds();
    home.sync().succeeds();
    assert_eq!(home.tables().number("SELECT count(*) FROM latest_access"), 284);
    let before = home.stored();
    // Without it again: no token is spent on somebody who is not believed, and nobody is asked twice.
    let home = home.without("SSL_CERT_FILE");
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(5).says("nothing was sent, and nothing is lost").says(hint).does_not_say("retrying");
    assert_eq!((posts, home.stored()), (0, before));
    home.fbsync(&["status", "--check"]).exits(5).says("SSL_CERT_FILE=");
    home.sync().exits(5).says(hint).does_not_say("retrying");
}

#[test]
fn another_name_than_the_certificates_is_not_believed() {
    let (home, _) = behind_tls("127.0.0.1");
    let ca = home.path("ca.pem").display().to_string();
    let elsewhere = home.value("FRESHBOOKS_API_URL").replace("127.0.0.1", "localhost");
    let home = home.with("SSL_CERT_FILE", &ca).with("FRESHBOOKS_API_URL", &elsewhere);
    sign_in(&home).exits(5).says("certificate");
    assert_eq!(home.posts(), 0);
}

#[test]
fn a_certificate_that_is_out_of_date_is_a_matter_of_the_clock() {
    for (years, told) in [
        (
            2090..2091,
            "the server's certificate is not valid before 2090-01-01T00:00:00Z: the clock is behind",
        ),
        (1990..1991, "the server's certificate expired at 1991-01-01T00:00:00Z: either the clock is ahead"),
    ] {
        let (home, _) = behind("localhost", tls::issue_for(&["localhost"], years));
        let ca = home.path("ca.pem").display().to_string();
        let home = home.with("SSL_CERT_FILE", &ca).with_bare_token();
        for arguments in [&["sync", "--db", DB][..], &["auth", "--import-refresh-token"]] {
            let mut command = home.command(arguments);
            let run = home.run(command.env("FBSYNC_REFRESH_TOKEN", home.grant())).exits(5).says(told);
            run.says("this machine's clock says ")
                .says("hint: check this machine's clock")
                .does_not_say("SSL_CERT_FILE");
        }
        assert_eq!(home.sandbox.requests(), []);
    }
}

/// A proxy that connects whoever asks to `port` of this machine, and what it was asked for.
pub(crate) fn proxy(port: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&asked);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut head = BufReader::new(client.try_clone().expect("a socket"));
            let mut line = String::new();
            head.read_line(&mut line).expect("a request");
            noted.lock().expect("no panic").push(line.trim_end().to_owned());
            while head.read_line(&mut line).is_ok_and(|read| read > 2) {}
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server");
            (&client).write_all(b"HTTP/1.1 200 Connected\r\n\r\n").expect("a client");
            let back = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
            thread::spawn(move || std::io::copy(&mut &client, &mut &server));
            thread::spawn(move || std::io::copy(&mut &back.0, &mut &back.1));
        }
    });
    (address, asked)
}

pub(crate) fn port_of(origin: &str) -> u16 {
    origin.rsplit_once(':').expect("a port").1.parse().expect("a number")
}

#[test]
fn a_proxy_is_taken_from_the_environment() {
    let (home, _) = behind_tls("freshbooks.example");
    let origin = home.value("FRESHBOOKS_API_URL");
    let (address, asked) = proxy(port_of(&origin));
    let ca = home.path("ca.pem").display().to_string();
    let home = home.with("SSL_CERT_FILE", &ca);
    let home = home.with("HTTPS_PROXY", &address);
    sign_in(&home).succeeds();
    home.sync().succeeds();
    let asked = asked.lock().expect("no panic");
    let connect = format!("CONNECT freshbooks.example:{} HTTP/1.1", port_of(&origin));
    assert!(!asked.is_empty() && asked.iter().all(|line| *line == connect), "{asked:?}");
    // One that is not there is a matter of the network.
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let home = home.with("HTTPS_PROXY", &nobody);
    home.fbsync(&["status", "--check"]).exits(5).says("proxy");
    home.sync().exits(5).says("proxy");
}

#[test]
fn the_variable_of_the_scheme_counts_first_as_in_curl() {
    let (home, _) = behind_tls("freshbooks.example");
    let (address, asked) = proxy(port_of(&home.value("FRESHBOOKS_API_URL")));
    let ca = home.path("ca.pem").display().to_string();
    let home = home.with("SSL_CERT_FILE", &ca);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let home = home.with("HTTPS_PROXY", &address);
    sign_in(&home).succeeds();
    let home = home.without("HTTPS_PROXY");
    // The first one of each row is taken; the others would lead nowhere.
    for row in [
        &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"][..],
        &["HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        &["all_proxy", "ALL_PROXY", "http_proxy"],
        &["ALL_PROXY", "HTTP_PROXY"],
    ] {
        let asked_before = asked.lock().expect("no panic").len();
        let mut command = home.command(&["refresh"]);
        command.envs(row.iter().map(|name| (name, &nobody))).env(row[0], &address);
        home.run(&mut command).succeeds();
        assert!(asked.lock().expect("no panic").len() > asked_before, "{row:?}");
    }
    // What is for http is not for https.
    for name in ["http_proxy", "HTTP_PROXY"] {
        let asked_before = asked.lock().expect("no panic").len();
        home.run(home.command(&["refresh"]).env(name, &address)).exits(5);
        assert_eq!(asked.lock().expect("no panic").len(), asked_before, "{name}");
    }
}

#[test]
fn no_proxy_names_what_is_reached_directly() {
    // An address that is this machine's and is not known as such.
    let (home, _) = behind_tls("0.0.0.0");
    let (address, asked) = proxy(port_of(&home.value("FRESHBOOKS_API_URL")));
    let ca = home.path("ca.pem").display().to_string();
    let home = home.with("SSL_CERT_FILE", &ca).with("HTTPS_PROXY", &address);
    let home = home.with("NO_PROXY", "intranet.example, 0.0.0.0");
    sign_in(&home).succeeds();
    assert!(asked.lock().expect("no panic").is_empty());
    let home = home.without("NO_PROXY");
    home.fbsync(&["refresh"]).succeeds();
    assert!(!asked.lock().expect("no panic").is_empty());
}

#[test]
fn a_proxy_that_cannot_be_meant_is_refused_by_its_variable_before_anything_is_sent() {
    let (home, _) = behind_tls("0.0.0.0");
    let ca = home.path("ca.pem").display().to_string();
    let home = home.with("SSL_CERT_FILE", &ca);
    sign_in(&home).succeeds();
    home.sync().succeeds();
    let asked = home.sandbox.requests().len();
    for (name, value) in [
        ("HTTPS_PROXY", "http://proxy.example:port"),
        ("HTTPS_PROXY", "http://proxy.example:99999"),
        ("HTTPS_PROXY", "http:///proxy"),
        ("ALL_PROXY", "gopher://proxy.example:70"),
        ("https_proxy", "http//proxy.example"),
        ("all_proxy", "http://ann:opensesame@proxy example:3128"),
    ] {
        let refuses = |arguments: &[&str]| {
            let run = home.run(home.command(arguments).env(name, value)).exits(3).says(name);
            run.does_not_say(value).does_not_say("opensesame").says("hint: ").does_not_say("/oauth/authorize")
        };
        refuses(&["sync", "--db", DB]).says(&format!("error: {name} is not a usable proxy address"));
        refuses(&["refresh"]);
        refuses(&["auth", "--no-browser"]);
        refuses(&["auth", "--import-refresh-token"]);
        refuses(&["status", "--check"]);
        refuses(&["logout"]);
        // What asks nobody needs no way to anybody.
        for arguments in [&["status"][..], &["export", "access", "--db", DB], &["verify", "--db", DB]] {
            home.run(home.command(arguments).env(name, value)).succeeds();
        }
    }
    assert_eq!(home.sandbox.requests().len(), asked);
    let mut garbled = home.command(&["refresh"]);
    let garbled = garbled.env("HTTPS_PROXY", OsStr::from_bytes(b"http://\xff"));
    home.run(garbled).exits(3).says("HTTPS_PROXY is not valid UTF-8").says("hint: unset HTTPS_PROXY");
    let mut empty = home.command(&["refresh"]);
    home.run(empty.env("HTTPS_PROXY", "").env("all_proxy", "").env("NO_PROXY", "")).succeeds();
}

#[test]
fn no_proxy_stands_between_the_demo_and_its_own_sandbox() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let home =
        Home::new().with("HTTPS_PROXY", &nobody).with("HTTP_PROXY", &nobody).with("ALL_PROXY", &nobody);
    home.fbsync(&["demo"]).succeeds();
}

#[test]
fn without_system_roots_those_compiled_in_count() {
    let hide = "for folder in /etc/ssl /etc/pki /usr/lib/ssl /usr/share/ca-certificates; do
                    [ ! -d $folder ] || mount -t tmpfs none $folder || exit 77
                done";
    let may = std::process::Command::new("unshare").args(["-m", "sh", "-c", hide]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        skip("the system's roots cannot be hidden without `unshare -m`");
        return;
    }
    let (home, _) = behind_tls("localhost");
    let grant = home.grant();
    let hidden = |environment: &str| {
        let line = format!("{hide}\n{environment} exec \"$FBSYNC\" auth --import-refresh-token -v");
        let mut command = home.any_command("unshare", &["-m", "sh", "-c", &line]);
        command.env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")).env("FBSYNC_REFRESH_TOKEN", &grant);
        home.run(&mut command)
    };
    let told = "this machine has no CA certificates; using the compiled-in ones";
    // They do not know the test's CA: that they were asked shows in how it is refused.
    let run = hidden("").exits(5).says("UnknownIssuer").says("SSL_CERT_FILE");
    assert_eq!(run.stderr.matches(told).count(), 1, "{run}");
    // A file that somebody named is not passed over, be it empty or the right one.
    fs::write(home.path("empty.pem"), "").expect("a file");
    hidden("SSL_CERT_FILE=empty.pem").exits(5).says("SSL_CERT_FILE").does_not_say(told);
    assert_eq!(home.posts(), 0);
    hidden("SSL_CERT_FILE=ca.pem").succeeds().does_not_say(told);
}
