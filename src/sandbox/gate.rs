//! The door before tiny_http, for two things that tiny_http alone does not let a test have.
//!
//! It keeps its sockets to itself, so a handler cannot hang up on a client, and half the troubles are just that. And
//! its pool counts a thread it has notified as idle until that thread wakes: of a burst of new connections, some
//! queue behind others that are kept alive, for ever. So clients connect here, and each is relayed over a connection
//! of its own: opened one at a time, proved to have a thread by a ping, and ours to close.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::locked;

/// A method no client has, so that a ping is not taken for a request nor a request for a ping.
pub(super) const PING: &str = "PING";

/// All there is to the answer of a ping: nobody but the gate reads it.
pub(super) const PONG: u8 = b'.';

/// An open port; closes, with every line behind it, when dropped.
pub(super) struct Gate {
    address: SocketAddr,
    lines: Arc<Lines>,
    accepting: Option<JoinHandle<()>>,
}

/// The lines now open, by the address tiny_http knows each of them by.
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
    /// Connects a client. Being answered before the caller can open another is what proves that a thread of the pool
    /// serves this line, and is no longer counted as idle.
    fn connect(client: TcpStream, inner: SocketAddr) -> io::Result<Line> {
        let inner = TcpStream::connect(inner)?;
        // Relayed in pieces, an answer would meet Nagle's algorithm and a delayed ACK, 40 ms each time.
        client.set_nodelay(true)?;
        inner.set_nodelay(true)?;
        (&inner).write_all(format!("{PING} / HTTP/1.1\r\n\r\n").as_bytes())?;
        (&inner).read_exact(&mut [0])?;
        Ok(Line { client, inner })
    }

    /// Ends the line after what has been written to it. tiny_http takes it that the client left, and closes its own
    /// side; that end travels back behind the last byte, so nothing here needs to know where an answer stops.
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

/// One client after the other: this thread is the only one to connect to tiny_http.
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
