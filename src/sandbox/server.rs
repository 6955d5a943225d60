//! Takes requests from tiny_http, one thread each: slow answers must overlap, and end when the sandbox closes.
//!
//! Answers are sent as the exact bytes that `wire` made. tiny_http itself would add headers, send a long body in
//! chunks, and could not send half of one.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tiny_http::Request;

use super::desk::Desk;
use super::gate::{Gate, Line, Lines, PING, PONG};
use super::locked;
use super::wire::Asked;

/// An open port. Dropping it closes the port and every connection to it.
pub(super) struct Server {
    // Dropped first, so that a delayed answer finds its connection closed instead of being sent early.
    _gate: Gate,
    _answers: Answers,
}

/// The threads that answer. Dropping it cuts their delays short and joins them.
struct Answers {
    http: Arc<tiny_http::Server>,
    floor: Arc<Floor>,
    taking: Option<JoinHandle<()>>,
}

/// What the answering threads share.
struct Floor {
    desk: Arc<Mutex<Desk>>,
    lines: Arc<Lines>,
    closing: Mutex<bool>,
    closed: Condvar,
}

/// A connection with a request to answer. It is closed unless the answer was sent, so that no client waits for an
/// answer that a panic in a test's closure prevented.
struct Turn {
    line: Option<Arc<Line>>,
    stays: bool,
}

impl Server {
    pub(super) fn open(listener: TcpListener, desk: Arc<Mutex<Desk>>) -> io::Result<Server> {
        let inner = Server::bind(0)?;
        let address = inner.local_addr()?;
        let lines = Arc::<Lines>::default();
        let (closing, closed) = (Mutex::new(false), Condvar::new());
        let floor = Arc::new(Floor { desk, lines: Arc::clone(&lines), closing, closed });
        let answers = Answers::start(inner, floor)?;
        Ok(Server { _gate: Gate::open(listener, address, lines)?, _answers: answers })
    }

    /// Binds a port on loopback only; 0 picks a free one.
    pub(super) fn bind(port: u16) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
    }
}

impl Answers {
    fn start(listener: TcpListener, floor: Arc<Floor>) -> io::Result<Answers> {
        let http = Arc::new(tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?);
        let shared = (Arc::clone(&http), Arc::clone(&floor));
        let taking = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || shared.1.take_requests(&shared.0))?;
        Ok(Answers { http, floor, taking: Some(taking) })
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        *locked(&self.floor.closing) = true;
        self.floor.closed.notify_all();
        self.http.unblock();
        if let Some(taking) = self.taking.take() {
            let _ = taking.join();
        }
    }
}

impl Floor {
    fn take_requests(&self, http: &tiny_http::Server) {
        thread::scope(|scope| {
            // Not a fixed number of threads: if all of them slept, not even a ping would be answered.
            for request in http.incoming_requests() {
                let _ = thread::Builder::new().spawn_scoped(scope, move || self.answer(request));
            }
        });
    }

    fn answer(&self, mut request: Request) -> io::Result<()> {
        if request.method().as_str() == PING {
            return send(&mut request.into_writer(), &[PONG]);
        }
        let mut turn = Turn { line: self.lines.find(request.remote_addr()), stays: false };
        let asked = Asked::read(&mut request)?;
        let mut writer = request.into_writer();
        let reply = locked(&self.desk).meet(&asked);
        self.pause(reply.wait);
        locked(&self.desk).in_flight -= 1;
        send(&mut writer, &reply.bytes)?;
        turn.stays = !reply.hang_up;
        Ok(())
    }

    /// Sleeps, unless the sandbox closes first.
    fn pause(&self, wait: Duration) {
        if !wait.is_zero() {
            let closing = locked(&self.closing);
            drop(self.closed.wait_timeout_while(closing, wait, |closing| !*closing));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(line) = self.line.as_ref().filter(|_| !self.stays) {
            line.hang_up();
        }
    }
}

/// Flushes, because tiny_http's buffer outlives the writer that it hands out.
fn send(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes)?;
    writer.flush()
}
