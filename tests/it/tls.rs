//! TLS for the tests: a CA of one's own, the sandbox behind it, and a client that trusts it alone.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A certificate for some names, and the CA that made it.
pub(crate) struct Issued {
    pub(crate) authority: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

pub(crate) fn issue(names: &[&str]) -> Issued {
    issue_for(names, 1975..4096)
}

/// The same, valid from the beginning of one year to the beginning of another.
pub(crate) fn issue_for(names: &[&str], years: Range<i32>) -> Issued {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("parameters");
    // What calls itself a CA is not taken for a server.
    params.is_ca = IsCa::ExplicitNoCa;
    (params.not_before, params.not_after) =
        (date_time_ymd(years.start, 1, 1), date_time_ymd(years.end, 1, 1));
    let leaf = params.signed_by(&key, &authority).expect("a certificate").der().clone();
    Issued { authority: authority.der().clone(), leaf, key: key.serialize_der() }
}

impl Issued {
    pub(crate) fn authority_pem(&self) -> String {
        pem("CERTIFICATE", &self.authority)
    }

    pub(crate) fn leaf_pem(&self) -> String {
        pem("CERTIFICATE", &self.leaf)
    }

    pub(crate) fn key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.key)
    }
}

fn pem(label: &str, bytes: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(bytes))
}

/// Serves what `origin` (`http://127.0.0.1:PORT`) serves, behind TLS, on a free port, which it tells.
/// Ends with the process.
pub(crate) fn in_front_of(origin: &str, issued: &Issued) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let key = PrivateKeyDer::Pkcs8(issued.key.clone().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![issued.leaf.clone()], key)
        .expect("a certificate that can be used");
    let (config, inner) = (Arc::new(config), origin.trim_start_matches("http://").to_owned());
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (config, inner) = (Arc::clone(&config), inner.clone());
            // Whoever does not like the certificate hangs up, and that is that.
            thread::spawn(move || {
                let session = ServerConnection::new(config).map_err(io::Error::other)?;
                relay(StreamOwned::new(session, client), TcpStream::connect(inner)?)
            });
        }
    });
    port
}

/// A request there, its answer back, and again.
fn relay(client: impl Read + Write, server: TcpStream) -> io::Result<()> {
    let (mut client, mut server) = (BufReader::new(client), BufReader::new(server));
    loop {
        let request = message(&mut client)?;
        server.get_mut().write_all(&request)?;
        let answer = message(&mut server)?;
        client.get_mut().write_all(&answer)?;
        client.get_mut().flush()?;
    }
}

/// One head and its body, whose length it tells.
fn message(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let begins = bytes.len();
        if from.read_until(b'\n', &mut bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&bytes[begins..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    from.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// GETs `https://localhost:PORT` + `target`, believing `authority` alone.
pub(crate) fn get(port: u16, target: &str, authority: &CertificateDer<'static>) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).expect("a CA");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("a name");
    let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut browser = StreamOwned::new(session, TcpStream::connect((Ipv4Addr::LOCALHOST, port))?);
    write!(browser, "GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")?;
    let mut page = String::new();
    browser.read_to_string(&mut page)?;
    Ok(page)
}
