//! Connections on loopback: a thread each, kept alive, closed at will.
//!
//! Written on std alone, after tiny_http had been tried, for two things a test needs. It must be able to hang up in
//! the middle of an answer, and tiny_http keeps its sockets to itself. And slow answers must overlap: tiny_http counts
//! a thread as idle until it wakes, so of sixteen connections opened at once some wait behind the others for ever.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::desk::Desk;
use super::locked;
use super::wire::Asked;

/// An open port; closes, with every connection to it, when dropped.
pub(super) struct Server {
    address: SocketAddr,
    floor: Arc<Floor>,
    accepting: Option<JoinHandle<()>>,
}

/// What the connections share.
struct Floor {
    desk: Arc<Mutex<Desk>>,
    open: Mutex<HashMap<SocketAddr, TcpStream>>,
    closing: Mutex<bool>,
    closed: Condvar,
}

impl Server {
    pub(super) fn open(listener: TcpListener, desk: Arc<Mutex<Desk>>) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let (open, closing) = (Mutex::default(), Mutex::new(false));
        let floor = Arc::new(Floor { desk, open, closing, closed: Condvar::new() });
        let shared = Arc::clone(&floor);
        let accepting =
            thread::Builder::new().name("sandbox".to_owned()).spawn(move || accept(&listener, &shared))?;
        Ok(Server { address, floor, accepting: Some(accepting) })
    }

    /// A free port on loopback, and nowhere else.
    pub(super) fn bind() -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *locked(&self.floor.closing) = true;
        // Nothing else wakes a thread that waits in accept.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ = accepting.join();
        }
        // The connections before the sleepers: an answer that was to be late must not be hurried out.
        for stream in locked(&self.floor.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.floor.closed.notify_all();
    }
}

fn accept(listener: &TcpListener, floor: &Arc<Floor>) {
    for stream in listener.incoming() {
        if *locked(&floor.closing) {
            return;
        }
        // A connection that cannot be served is dropped, and the client sees it closed.
        if let Ok((stream, open)) = stream.and_then(|stream| Open::new(floor, stream)) {
            let _ = thread::Builder::new().spawn(move || converse(stream, &open));
        }
    }
}

/// A connection on the list of those to close with the port. Leaving the list closes it, after a panic in a test's
/// own closure too.
struct Open {
    floor: Arc<Floor>,
    peer: SocketAddr,
}

impl Open {
    fn new(floor: &Arc<Floor>, stream: TcpStream) -> io::Result<(TcpStream, Open)> {
        stream.set_nodelay(true)?;
        let open = Open { floor: Arc::clone(floor), peer: stream.peer_addr()? };
        locked(&floor.open).insert(open.peer, stream.try_clone()?);
        Ok((stream, open))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(stream) = locked(&self.floor.open).remove(&self.peer) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Answers request after request, until the client leaves or an answer says to hang up.
fn converse(mut stream: TcpStream, open: &Open) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(asked) = Asked::read(&mut reader)? {
        let reply = locked(&open.floor.desk).meet(&asked);
        open.floor.pause(reply.wait);
        locked(&open.floor.desk).in_flight -= 1;
        stream.write_all(&reply.bytes)?;
        if reply.hang_up || asked.header("connection") == Some("close") {
            break;
        }
    }
    Ok(())
}

impl Floor {
    /// Sleeps, unless the sandbox closes first.
    fn pause(&self, wait: Duration) {
        if !wait.is_zero() {
            let closing = locked(&self.closing);
            drop(self.closed.wait_timeout_while(closing, wait, |closing| !*closing));
        }
    }
}
