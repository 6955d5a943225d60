//! A relay in front of tiny_http, which works around two of its limits.
//!
//! tiny_http does not expose its sockets, so a handler cannot close a connection, which many faults need. Its pool also
//! counts a notified thread as idle until that thread wakes, so in a burst of new connections some wait forever behind
//! others that are kept alive. So clients connect here, and each is relayed over a connection of its own, which is
//! opened one at a time, is known from a ping to have a thread, and can be closed from here.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::locked;

/// A method that no client uses, so that pings and requests cannot be confused.
pub(super) const PING: &str = "PING";

/// The whole answer to a ping, which only the gate reads.
pub(super) const PONG: u8 = b'.';

/// An open port. Dropping it closes the port and every connection relayed from it.
pub(super) struct Gate {
    address: SocketAddr,
    lines: Arc<Lines>,
    accepting: Option<JoinHandle<()>>,
}

/// The open connections, by the address that tiny_http sees.
#[derive(Default)]
pub(super) struct Lines {
    open: Mutex<HashMap<SocketAddr, Arc<Line>>>,
    closing: AtomicBool,
}

/// A client's connection and the one it is relayed over.
pub(super) struct Line {
    client: TcpStream,
    inner: TcpStream,
}

impl Gate {
    /// Relays what comes in at `listener` to the tiny_http at `inner`.
    pub(super) fn open(listener: TcpListener, inner: SocketAddr, lines: Arc<Lines>) -> io::Result<Gate> {
        let address = listener.local_addr()?;
        let shared = Arc::clone(&lines);
        let accepting = thread::Builder::new()
            .name("sandbox gate".to_owned())
            .spawn(move || accept(&listener, inner, &shared))?;
        Ok(Gate { address, lines, accepting: Some(accepting) })
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.lines.closing.store(true, Ordering::SeqCst);
        // Nothing else wakes a thread that waits in accept.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ = accepting.join();
        }
    }
}

impl Lines {
    /// `None` once the client has left.
    pub(super) fn find(&self, inner: Option<&SocketAddr>) -> Option<Arc<Line>> {
        locked(&self.open).get(inner?).cloned()
    }
}

impl Line {
    /// Connects a client. The answer to the ping proves that a thread of the pool serves this connection and is no
    /// longer counted as idle.
    fn connect(client: TcpStream, inner: SocketAddr) -> io::Result<Line> {
        let inner = TcpStream::connect(inner)?;
        // Otherwise Nagle's algorithm and delayed ACKs would add 40 ms to an answer relayed in pieces.
        client.set_nodelay(true)?;
        inner.set_nodelay(true)?;
        (&inner).write_all(format!("{PING} / HTTP/1.1\r\n\r\n").as_bytes())?;
        (&inner).read_exact(&mut [0])?;
        Ok(Line { client, inner })
    }

    /// Closes the connection after what has been written to it. tiny_http sees that the client left and closes its
    /// side, which reaches the client after the last byte, so this does not need to know where an answer ends.
    pub(super) fn hang_up(&self) {
        let _ = self.inner.shutdown(Shutdown::Write);
    }

    fn shut(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.inner.shutdown(Shutdown::Both);
    }

    /// Both directions, until either side is done.
    fn relay(&self) {
        thread::scope(|scope| {
            let asking = thread::Builder::new().spawn_scoped(scope, || {
                let _ = io::copy(&mut &self.client, &mut &self.inner);
                // No more than that: a client may close its half and still wait for the answer.
                self.hang_up();
            });
            if asking.is_ok() {
                let _ = io::copy(&mut &self.inner, &mut &self.client);
            }
            self.shut();
        });
    }
}

/// Connects one client after another: only this thread connects to tiny_http.
fn accept(listener: &TcpListener, inner: SocketAddr, lines: &Lines) {
    thread::scope(|scope| {
        for client in listener.incoming() {
            if lines.closing.load(Ordering::SeqCst) {
                break;
            }
            // A client that cannot be served is dropped, and sees its connection closed.
            let _ = client.and_then(|client| {
                let line = Arc::new(Line::connect(client, inner)?);
                let key = line.inner.local_addr()?;
                thread::Builder::new().spawn_scoped(scope, move || {
                    // Listed before its first byte is relayed: the handler of that request will look for it.
                    locked(&lines.open).insert(key, Arc::clone(&line));
                    line.relay();
                    locked(&lines.open).remove(&key);
                })
            });
        }
        locked(&lines.open).values().for_each(|line| line.shut());
    });
}
