//! Who stands between the program and FreshBooks: recorded with what they let through, told when they
//! do not, and never with their credentials.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use fbsync::sandbox::World;
use sha2::{Digest as _, Sha256};

use crate::harness::{DB, Home};
use crate::network::{behind_tls, port_of, proxy};

#[test]
fn who_stands_between_is_recorded_without_credentials() {
    let recorded = |home: &Home| {
        let parameters = "SELECT parameters -> 'proxy', parameters -> 'trust_store' FROM snapshots
             ORDER BY id DESC LIMIT 1";
        home.tables().one(parameters)
    };
    let home = Home::reading(World::with_members(1)).with("HTTPS_PROXY", "http://ann:opensesame@10.0.0.1:1");
    home.sync().succeeds();
    assert_eq!(recorded(&home), "null|null", "nothing stands before this machine itself");

    let (home, _) = behind_tls("freshbooks.example");
    let (address, _) = proxy(port_of(&home.value("FRESHBOOKS_API_URL")));
    let ca = home.path("ca.pem");
    let sha256 = Sha256::digest(fs::read(&ca).expect("a file"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    let home = home.with("SSL_CERT_FILE", &ca.display().to_string()).with_bare_token();
    let home = home.with("HTTPS_PROXY", &address.replace("http://", "http://ann:opensesame@"));
    home.fbsync(&["sync", "--db", DB, "-vvv"]).succeeds().does_not_say("opensesame");
    let trust_store = format!(r#"{{"named_by":"SSL_CERT_FILE","sha256":"{sha256}"}}"#);
    assert_eq!(recorded(&home), format!("\"{address}\"|{trust_store}"));
    let bytes = fs::read(home.path(DB)).expect("a database");
    assert!(!bytes.windows(10).any(|window| window == b"opensesame"));
}

#[test]
fn a_proxy_that_does_not_let_through_is_told_without_credentials() {
    let (home, _) = behind_tls("freshbooks.example");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut lines = BufReader::new(client.try_clone().expect("a socket")).lines();
            let head: Vec<String> =
                lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            // With all that it was told.
            let answer =
                format!("HTTP/1.1 407 {0}\r\nX-Said: {0}\r\nContent-Length: 0\r\n\r\n", head.join(" "));
            (&client).write_all(answer.as_bytes()).expect("a client");
        }
    });
    let home = home.with("HTTPS_PROXY", &format!("http://ann:opensesame@{address}")).with_bare_token();
    let run = home.fbsync(&["sync", "--db", DB, "-vvv"]).exits(5);
    let run = run
        .says("407")
        .says(&format!("(through the proxy http://{address})"))
        .says("hint: check the connection");
    run.does_not_say("opensesame").does_not_say("YW5uOm9wZW5zZXNhbWU");
}
