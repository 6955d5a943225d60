//! The sandbox is what the other tests stand on, so its own tests share nothing with the client either: a request is
//! written by hand and read off a socket.
#![allow(clippy::unwrap_used)]

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::{Sandbox, World};

mod api;
mod classic;
mod faults;
mod lines;
mod oauth;
mod worlds;

const TEAM: &str = "/auth/api/v1/businesses/9001/team_members";
const ME: &str = "/auth/api/v1/users/me";

/// An answer read to its end.
struct Got {
    status: u16,
    head: String,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&name.to_lowercase()))?;
        line.split_once(": ").map(|(_, value)| value)
    }
}

/// One connection, kept alive.
struct Line(BufReader<TcpStream>);

impl Line {
    fn to(sandbox: &Sandbox) -> Line {
        let stream = TcpStream::connect(sandbox.origin().strip_prefix("http://").unwrap()).unwrap();
        Line(BufReader::new(stream))
    }

    fn ask(&mut self, method: &str, target: &str, headers: &str, body: &str) -> io::Result<Got> {
        let agent = if headers.contains("User-Agent") { "" } else { "User-Agent: fbsync/test\r\n" };
        let length = body.len();
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{agent}{headers}Content-Length: {length}");
        self.0.get_mut().write_all(format!("{head}\r\n\r\n{body}").as_bytes())?;
        self.read()
    }

    fn read(&mut self) -> io::Result<Got> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut got = Got { status, head, body: String::new() };
        let mut body = vec![0; got.header("Content-Length").unwrap().trim().parse().unwrap()];
        self.0.read_exact(&mut body)?;
        got.body = String::from_utf8(body).unwrap();
        Ok(got)
    }
}

fn start(world: World) -> Sandbox {
    Sandbox::start(world).unwrap()
}

fn try_get(sandbox: &Sandbox, target: &str, token: &str) -> io::Result<Got> {
    Line::to(sandbox).ask("GET", target, &format!("Authorization: Bearer {token}\r\n"), "")
}

fn get(sandbox: &Sandbox, target: &str) -> Got {
    try_get(sandbox, target, &sandbox.grant().0).unwrap()
}

fn post(sandbox: &Sandbox, target: &str, body: &str) -> Got {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    Line::to(sandbox).ask("POST", target, form, body).unwrap()
}
