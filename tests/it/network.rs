//! The way to FreshBooks: over TLS, past a certificate authority of one's own, through a proxy.
//!
//! A front on loopback speaks TLS as FreshBooks does and passes on to the sandbox; its certificate
//! comes from an authority made for the test.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use fbsync::sandbox::World;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::harness::{Home, free_port};

/// A home whose FreshBooks is reached over TLS alone, and where its authority's certificate lies.
fn behind_tls() -> (Home, String) {
    let home = Home::reading(World::many(2, 3));
    let authority = home.path("authority.pem");
    let (config, pem) = made_for("localhost");
    fs::write(&authority, pem).expect("a file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let sandbox = home.sandbox.origin().trim_start_matches("http://").to_owned();
    thread::spawn(move || {
        for browser in listener.incoming().flatten() {
            let (config, sandbox) = (config.clone(), sandbox.clone());
            thread::spawn(move || {
                let tls = ServerConnection::new(config).expect("a configuration");
                let _ =
                    TcpStream::connect(sandbox).and_then(|inner| join(StreamOwned::new(tls, browser), inner));
            });
        }
    });
    let home = home.with("FRESHBOOKS_API_URL", &origin).with("FRESHBOOKS_AUTH_URL", &origin);
    (home, authority.display().to_string())
}

/// A certificate for `host`, and in PEM that of the authority that signed it.
fn made_for(host: &str) -> (Arc<ServerConfig>, String) {
    let mut authority = CertificateParams::new([]).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&key).expect("a certificate");
    let text = base64::engine::general_purpose::STANDARD.encode(root.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let own = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(authority, key);
    let leaf = CertificateParams::new([host.to_owned()]).expect("parameters").signed_by(&own, &issuer);
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.expect("a certificate").der().clone()], secret);
    (Arc::new(config.expect("a configuration")), pem)
}

/// Passes on what either side says until one of them leaves.
fn join(mut one: StreamOwned<ServerConnection, TcpStream>, mut other: TcpStream) -> io::Result<()> {
    one.sock.set_nonblocking(true)?;
    other.set_nonblocking(true)?;
    loop {
        let moved = pass(&mut one, &mut other)? | pass(&mut other, &mut one)?;
        if !moved {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut buffer = [0; 16 << 10];
    let read = match from.read(&mut buffer) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut rest = &buffer[..read];
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(error),
        }
    }
    // What is left goes out with the next turn.
    let _ = to.flush();
    Ok(true)
}

/// A proxy that opens tunnels (RFC 9110 section 9.3.6), and how many it opened.
fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let count = count.clone();
            thread::spawn(move || tunnel(client, &count));
        }
    });
    (address, opened)
}

fn tunnel(mut client: TcpStream, opened: &AtomicUsize) -> io::Result<()> {
    let mut head = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    while line.trim() != "" {
        line.clear();
        head.read_line(&mut line)?;
    }
    let mut inner = TcpStream::connect(target)?;
    opened.fetch_add(1, Ordering::Relaxed);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut to_client, mut from_inner) = (client.try_clone()?, inner.try_clone()?);
    thread::spawn(move || io::copy(&mut from_inner, &mut to_client));
    io::copy(&mut head, &mut inner).map(drop)
}

#[test]
fn a_certificate_authority_of_ones_own_is_named_by_ssl_cert_file() {
    let (home, authority) = behind_tls();
    let run = home.sync().exits(5);
    assert!(run.stderr.contains("invalid peer certificate: UnknownIssuer"), "{run}");
    assert_eq!(home.sandbox.requests().len(), 0, "a token went to somebody unknown");
    let home = home.with("SSL_CERT_FILE", &authority);
    home.sync().succeeds();
    assert_eq!(home.tables().number("SELECT count(*) FROM latest_access"), 6);
}

#[test]
fn a_machine_without_roots_of_trust_says_so() {
    let (home, _) = behind_tls();
    let nothing = home.path("nothing");
    fs::write(&nothing, "").expect("a file");
    let home =
        home.with("SSL_CERT_FILE", &nothing.display().to_string()).with("SSL_CERT_DIR", "/nonexistent");
    let run = home.sync().exits(5);
    assert!(run.stderr.contains("No CA certificates were loaded"), "{run}");
}

#[test]
fn a_proxy_is_used_where_one_is_set_and_no_exception_made() {
    let (home, authority) = behind_tls();
    let (address, opened) = proxy();
    let home = home.with("SSL_CERT_FILE", &authority).with("HTTPS_PROXY", &address);
    home.sync().succeeds();
    let through = opened.load(Ordering::Relaxed);
    assert!(through > 0, "the proxy was not asked");
    let home = home.with("NO_PROXY", "localhost");
    home.sync().succeeds();
    assert_eq!(opened.load(Ordering::Relaxed), through, "an exception went through the proxy");
    // One that is not there is a matter of the network.
    let dead = format!("http://127.0.0.1:{}", free_port());
    home.without("NO_PROXY").with("HTTPS_PROXY", &dead).sync().exits(5).says("proxy");
}
