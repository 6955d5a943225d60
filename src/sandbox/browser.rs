//! A person with a browser: opens the consent page, agrees, and follows the redirect to the listener.
//!
//! FreshBooks redirects to `https` only, and its documentation tells developers to change that to `http` in the address
//! bar. This browser does the same. It has no TLS and visits only loopback addresses.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use url::{Host, Url};

/// Generous: it only limits a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Agrees on the consent page and follows the redirect over plain HTTP. Returns the listener's page.
pub fn allow(authorize_url: &str) -> io::Result<String> {
    visit(&consent(authorize_url)?)
}

/// Agrees on the consent page. Returns the address it redirects to, without visiting it.
pub fn consent(authorize_url: &str) -> io::Result<String> {
    let page = get(authorize_url)?;
    page.location.ok_or_else(|| io::Error::other(format!("no redirect, but a page: {}", page.text)))
}

/// Opens a loopback address, over `http` even if it says `https`. Returns the text of the page.
pub fn visit(address: &str) -> io::Result<String> {
    get(address).map(|page| page.text)
}

struct Page {
    location: Option<String>,
    text: String,
}

fn get(address: &str) -> io::Result<Page> {
    let url = Url::parse(address).map_err(|error| unfit(format!("{address}: {error}")))?;
    let (target, host) = (path_and_query(&url), host_and_port(&url)?);
    let mut stream = TcpStream::connect_timeout(&loopback(&url)?, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
    // In one piece: a listener that reads once must see all of it.
    stream.write_all(request.as_bytes())?;
    read(BufReader::new(stream))
}

fn path_and_query(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

fn host_and_port(url: &Url) -> io::Result<String> {
    let host = url.host_str().ok_or_else(|| unfit(format!("{url}: no host")))?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn loopback(url: &Url) -> io::Result<SocketAddr> {
    let ip = match url.host() {
        Some(Host::Domain("localhost")) => IpAddr::from(Ipv4Addr::LOCALHOST),
        Some(Host::Ipv4(ip)) if ip.is_loopback() => ip.into(),
        Some(Host::Ipv6(ip)) if ip.is_loopback() => ip.into(),
        _ => return Err(unfit(format!("{url}: not a loopback address"))),
    };
    // An address without a port, its scheme edited to http, means port 80.
    Ok(SocketAddr::new(ip, url.port().unwrap_or(80)))
}

fn read(mut stream: impl BufRead) -> io::Result<Page> {
    let (mut location, mut length) = (None, None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end().is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "location" => location = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().ok(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    stream.take(length.unwrap_or(u64::MAX)).read_to_end(&mut body)?;
    Ok(Page { location, text: String::from_utf8_lossy(&body).into_owned() })
}

fn unfit(what: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what)
}
