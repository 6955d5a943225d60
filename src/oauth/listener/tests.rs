//! Browsers that reach the listener, and others, over real sockets.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::{ClientConnection, StreamOwned};

use super::*;
use crate::oauth::certificate::tests::with_client;
use crate::oauth::page::Page;
use crate::oauth::redirect::Outcome;
use crate::secret::Secret;

const STATE: &str = "ours";
const GOOD: &str = "/callback?code=abc&state=ours";

/// Far longer than anything here takes. A test that reaches it fails.
const SOON: Duration = Duration::from_secs(8);

fn redirect(host: &str, port: u16) -> RedirectUri {
    RedirectUri::parse(&format!("https://{host}:{port}/callback")).unwrap()
}

fn bind(host: &str, port: u16) -> Result<Listener> {
    Listener::bind(&redirect(host, port), Certificate::self_signed().unwrap())
}

/// Uses a free port. Another test can take it first, so several tries are made.
fn start_with(host: &str, certificate: &Certificate) -> (Waiting, u16) {
    let bind = |port| Listener::bind(&redirect(host, port), certificate.clone()).ok();
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let listener = (0..50).find_map(|_| bind(free())).expect("no free port");
    let port = listener.redirect.port();
    (listener.serve(Awaited::code(Secret::new(STATE))).unwrap(), port)
}

fn start(host: &str) -> (Waiting, u16) {
    start_with(host, &Certificate::self_signed().unwrap())
}

fn connect(address: impl Into<IpAddr>, port: u16) -> TcpStream {
    let socket = TcpStream::connect((address.into(), port)).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket
}

fn get(host: &str, port: u16, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/html\r\n\r\n")
}

fn send(address: impl Into<IpAddr>, port: u16, request: &str) -> TcpStream {
    let mut socket = connect(address, port);
    socket.write_all(request.as_bytes()).unwrap();
    socket
}

/// Reads to the end: a reset or a time-out fails the test.
fn read_all(mut stream: impl Read) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Reads while the test goes on, and closes the connection after the page, as a browser does.
fn read_meanwhile(stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || read_all(stream))
}

fn ask(port: u16, request: &str) -> String {
    read_all(send(Ipv4Addr::LOCALHOST, port, request))
}

fn signed_in() -> Page {
    Page::SignedIn { who: "zoe@example.org".to_owned() }
}

#[test]
fn strays_are_answered_and_do_not_end_the_wait() {
    let (waiting, port) = start("localhost");
    let at = |target: &str| get("localhost", port, target);
    let table = [
        ("405", at(GOOD).replace("GET", "POST") + "a body"),
        ("405", at(GOOD).replace("GET", "OPTIONS")),
        ("421", get("evil.example", port, GOOD)),
        ("421", get("127.0.0.1", port, GOOD)),
        ("421", get("localhost", port ^ 1, GOOD)),
        ("421", at(GOOD).replace("Host", "Hose")),
        ("404", at("/favicon.ico")),
        ("404", at("/")),
        ("400", at("/callback")),
        ("400", at("/callback?code=abc")),
        ("400", at("/callback?code=abc&state=theirs")),
        ("400", at("/callback?error=access_denied")),
        ("400", at("/callback?code=abc&state=ours&state=ours")),
        ("400", at("/callback?code=abc&code=def&state=ours")),
        ("400", at("/callback?error=a&error=b&state=ours")),
        ("400", at("/callback?error=a&code=b&state=ours")),
        ("400", at("/callback?code=&state=ours")),
        ("400", at("/callback?state=ours")),
        ("400", at(&format!("/callback?state=ours&code={}", "x".repeat(4096)))),
        ("400", "garbage\r\n\r\n".to_owned()),
        ("431", at(GOOD).replace("text/html", &"x".repeat(40_000))),
    ];
    for (status, request) in table {
        let answer = ask(port, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}\n{answer}");
        assert!(waiting.wait(Duration::ZERO).is_none(), "{request}");
    }
    let browser = read_meanwhile(send(Ipv4Addr::LOCALHOST, port, &at(GOOD)));
    let arrival = waiting.wait(SOON).unwrap();
    assert_eq!(arrival.outcome, Outcome::Code(Secret::new("abc")));
    arrival.reply.finish(signed_in());
    assert!(browser.join().unwrap().contains("zoe@example.org"));
}

#[test]
fn a_denial_ends_the_wait() {
    let (waiting, port) = start("127.0.0.1");
    let target = "/callback?error=access_denied&error_description=The+owner+said+no.&state=ours";
    let browser = read_meanwhile(send(Ipv4Addr::LOCALHOST, port, &get("127.0.0.1", port, target)));
    let arrival = waiting.wait(SOON).unwrap();
    let description = Some("The owner said no.".to_owned());
    assert_eq!(arrival.outcome, Outcome::Denied { error: "access_denied".to_owned(), description });
    arrival.reply.finish(Page::Failed { why: "access was not granted".to_owned() });
    assert!(browser.join().unwrap().contains("Access was not granted."));
}

#[test]
fn the_browser_is_answered_after_the_wait_has_ended_and_the_port_is_free() {
    let (waiting, port) = start("localhost");
    let browser = read_meanwhile(send(Ipv4Addr::LOCALHOST, port, &get("localhost", port, GOOD)));
    let Arrival { reply, .. } = waiting.wait(SOON).unwrap();
    drop(waiting);
    drop(bind("localhost", port).unwrap());
    assert!(!browser.is_finished());
    reply.finish(signed_in());
    assert!(browser.join().unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn an_unused_reply_sends_the_person_to_the_terminal() {
    let (waiting, port) = start("localhost");
    let browser = read_meanwhile(send(Ipv4Addr::LOCALHOST, port, &get("localhost", port, GOOD)));
    drop(waiting.wait(SOON).unwrap());
    assert!(browser.join().unwrap().contains("The terminal shows whether"));
}

#[test]
fn a_second_answer_is_reported_as_such() {
    let (waiting, port) = start("localhost");
    let first = read_meanwhile(send(Ipv4Addr::LOCALHOST, port, &get("localhost", port, GOOD)));
    let arrival = waiting.wait(SOON).unwrap();
    let answer = ask(port, &get("localhost", port, GOOD));
    assert!(answer.contains("Already received"), "{answer}");
    assert!(waiting.wait(Duration::ZERO).is_none());
    arrival.reply.finish(signed_in());
    assert!(first.join().unwrap().contains("zoe@example.org"));
}

#[test]
fn silent_and_broken_connections_do_not_get_in_the_way() {
    let (waiting, port) = start("localhost");
    let _silent = [(); 6].map(|()| connect(Ipv4Addr::LOCALHOST, port));
    let _half = send(Ipv4Addr::LOCALHOST, port, "GET /callb");
    // A TLS alert where a ClientHello should be, then gone.
    drop(send(Ipv4Addr::LOCALHOST, port, "\x16\x03\x01\x00\x02\x02\x30"));
    drop(connect(Ipv4Addr::LOCALHOST, port));
    let _browser = read_meanwhile(send(Ipv4Addr::LOCALHOST, port, &get("localhost", port, GOOD)));
    assert!(waiting.wait(SOON).is_some());
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let (_waiting, port) = start("localhost");
    let silent: Vec<_> = (0..MAX_CONNECTIONS).map(|_| connect(Ipv4Addr::LOCALHOST, port)).collect();
    // Accepted in order, so this one is the first too many.
    assert_eq!(read_all(connect(Ipv4Addr::LOCALHOST, port)), "");
    drop(silent);
}

#[test]
fn localhost_is_served_on_both_addresses() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return; // a machine without IPv6
    }
    let (waiting, port) = start("localhost");
    let _browser = read_meanwhile(send(Ipv6Addr::LOCALHOST, port, &get("localhost", port, GOOD)));
    assert!(waiting.wait(SOON).is_some());
}

#[test]
fn only_the_given_ip_address_is_served() {
    let (waiting, port) = start("127.0.0.2");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    let _browser = read_meanwhile(send(Ipv4Addr::new(127, 0, 0, 2), port, &get("127.0.0.2", port, GOOD)));
    assert!(waiting.wait(SOON).is_some());
}

#[test]
fn a_taken_port_is_named_on_either_address() {
    let mut holders = vec![TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()];
    holders.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, 0)));
    for holder in holders {
        let port = holder.local_addr().unwrap().port();
        let error = bind("localhost", port).err().expect("bound to a taken port");
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains(&port.to_string()), "{error}");
        let hint = error.hint_text().unwrap();
        assert!(hint.contains(&format!("sport = :{port}")) && hint.contains("--paste"), "{hint}");
    }
}

#[test]
fn a_redirect_to_another_machine_gets_no_listener() {
    assert_eq!(bind("audit.example.org", 8799).err().unwrap().kind(), Kind::Usage);
}

#[test]
fn tls_and_plain_http_share_the_port() {
    let (certificate, client) = with_client();
    let (waiting, port) = start_with("localhost", &certificate);
    assert!(ask(port, &get("localhost", port, "/")).starts_with("HTTP/1.1 404 "));

    let session = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let mut browser = StreamOwned::new(session, connect(Ipv4Addr::LOCALHOST, port));
    browser.write_all(get("localhost", port, GOOD).as_bytes()).unwrap();
    let Arrival { outcome, reply } = waiting.wait(SOON).unwrap();
    assert_eq!(outcome, Outcome::Code(Secret::new("abc")));
    // rustls reports an end without close_notify as an error, so this proves that one is sent.
    let reader = read_meanwhile(browser);
    reply.finish(signed_in());
    assert!(reader.join().unwrap().contains("zoe@example.org"));
}
