//! One browser connection to the redirect listener: read, judged, answered, closed.
//!
//! - One port, two protocols: FreshBooks registers only https, and advises people whose browser refuses
//!   the certificate to change https to http in the address bar. The first byte of a connection shows
//!   which it is.
//! - Every wait has a limit, because a peer can be silent, slow, or gone.
//! - The browser that brings the answer waits until the code has been exchanged, so that its page is
//!   true. This can last longer than the listener: a [`Reply`] needs only its connection.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::time::{Duration, Instant};

use rustls::{ServerConnection, StreamOwned};

use super::certificate::Certificate;
use super::judge::{MAX_HEAD, judge};
use super::page::Page;
use super::redirect::{Awaited, Outcome, RedirectUri};

/// For the TLS handshake and the request together, and for each write.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long the browser waits for the exchange, which has its own time limit.
const HOLD: Duration = Duration::from_secs(30);

/// How long the browser can take to close the connection after its page; closing earlier can lose the
/// page.
const LINGER: Duration = Duration::from_secs(1);

/// How long the program waits for the page to be delivered. A stalled browser does not block the
/// terminal.
const DELIVERY: Duration = Duration::from_secs(3);

/// The first byte of a TLS connection: a record of type handshake (RFC 8446, 5.1). No HTTP method has it.
const TLS_HANDSHAKE: u8 = 0x16;

/// The answer, and the browser that brought it.
pub(crate) struct Arrival {
    pub(crate) outcome: Outcome,
    pub(crate) reply: Reply,
}

/// A browser that waits for the result.
///
/// If dropped unused, or kept longer than 30 seconds, it sends the person to the terminal. Both wait
/// until the page is delivered, so that the program can exit right after.
pub(crate) struct Reply {
    page: Option<Sender<Page>>,
    closed: Option<Receiver<Infallible>>,
}

impl Reply {
    pub(crate) fn finish(mut self, page: Page) {
        if let Some(waiting) = self.page.take() {
            let _ = waiting.send(page); // nobody there: 30 seconds have passed, and the browser has its page
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.page = None;
        if let Some(closed) = &self.closed {
            let _ = closed.recv_timeout(DELIVERY);
        }
    }
}

/// What all connections share.
pub(super) struct Door {
    redirect: RedirectUri,
    certificate: Certificate,
    awaited: Awaited,
    answered: AtomicBool,
    arrive: Sender<Arrival>,
}

impl Door {
    pub(super) fn new(
        redirect: RedirectUri,
        certificate: Certificate,
        awaited: Awaited,
        arrive: Sender<Arrival>,
    ) -> Self {
        Door { redirect, certificate, awaited, answered: AtomicBool::new(false), arrive }
    }

    pub(super) fn attend(&self, connection: TcpStream) -> io::Result<()> {
        // `_open` is dropped when this function ends; that tells a `Reply` that its page is delivered.
        let (_open, closed) = mpsc::channel();
        let mut connection = Connection::new(connection)?;
        if connection.first_byte()? == Some(TLS_HANDSHAKE) {
            let session = ServerConnection::new(self.certificate.config()).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(session, connection);
            self.converse(&mut tls, closed)?;
            tls.conn.send_close_notify();
            tls.flush()?;
            tls.sock.hang_up()
        } else {
            self.converse(&mut connection, closed)?;
            connection.hang_up()
        }
    }

    fn converse(&self, stream: &mut (impl Read + Write), closed: Receiver<Infallible>) -> io::Result<()> {
        let head = read_head(stream)?;
        let page = match judge(&head, &self.redirect, &self.awaited) {
            Ok(outcome) => self.hand_over(outcome, closed),
            Err(refusal) => Page::Refused(refusal),
        };
        stream.write_all(page.response().as_bytes())?;
        stream.flush()
    }

    /// Passes on the first answer, and returns the page for the browser.
    fn hand_over(&self, outcome: Outcome, closed: Receiver<Infallible>) -> Page {
        if self.answered.swap(true, Ordering::Relaxed) {
            return Page::AlreadyReceived;
        }
        let (page, told) = mpsc::channel();
        let reply = Reply { page: Some(page), closed: Some(closed) };
        if let Err(SendError(mut unwanted)) = self.arrive.send(Arrival { outcome, reply }) {
            // If dropped here, the reply would wait for the connection that is dropping it.
            unwanted.reply.closed = None;
        }
        told.recv_timeout(HOLD).unwrap_or(Page::SeeTerminal)
    }
}

/// Reads up to the empty line that ends a request's head, or until the head is too large.
fn read_head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    const END: &[u8] = b"\r\n\r\n";
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        let searched = head.len().saturating_sub(END.len() - 1);
        match stream.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&chunk[..count]),
        }
        if head.len() > MAX_HEAD || head[searched..].windows(END.len()).any(|window| window == END) {
            return Ok(head);
        }
    }
}

/// A socket whose reads share one time limit. With a limit for each read, a peer that sends a byte now
/// and then could keep its place for hours.
struct Connection {
    socket: TcpStream,
    until: Instant,
}

impl Connection {
    fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(false)?; // inherited from the listener on BSD and macOS
        socket.set_write_timeout(Some(TIME_LIMIT))?;
        Ok(Connection { socket, until: Instant::now() + TIME_LIMIT })
    }

    /// Returns the first byte without consuming it; `None` if the peer closed the connection.
    fn first_byte(&self) -> io::Result<Option<u8>> {
        self.limit_read()?;
        let mut byte = [0];
        let count = self.socket.peek(&mut byte)?;
        Ok((count > 0).then_some(byte[0]))
    }

    fn limit_read(&self) -> io::Result<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))
    }

    /// Ends our side, then reads what the peer still sends. Closing a socket with unread bytes resets
    /// the connection, and a reset can overtake the page.
    fn hang_up(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)?;
        self.until = Instant::now() + LINGER;
        let mut rest = [0; 2048];
        while self.read(&mut rest)? > 0 {}
        Ok(())
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit_read()?;
        self.socket.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn an_answer_nobody_waits_for_does_not_stall() {
        let (arrive, arrivals) = mpsc::channel();
        drop(arrivals);
        let redirect = RedirectUri::parse("https://localhost:8799/callback").unwrap();
        let awaited = Awaited::code(Secret::new("ours"));
        let door = Door::new(redirect, Certificate::self_signed().unwrap(), awaited, arrive);
        let (_open, closed) = mpsc::channel();
        let started = Instant::now();
        assert_eq!(door.hand_over(Outcome::Code(Secret::new("abc")), closed), Page::SeeTerminal);
        assert!(started.elapsed() < DELIVERY);
    }

    /// Returns one piece per read, as a network can.
    struct Pieces<'a>(Vec<&'a [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            self.0.remove(0).read(buffer)
        }
    }

    #[test]
    fn a_head_is_read_in_any_pieces() {
        let head = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for cut in 1..head.len() {
            let (first, second) = head.split_at(cut);
            assert_eq!(read_head(&mut Pieces(vec![first, second])).unwrap(), head, "{cut}");
            assert!(read_head(&mut Pieces(vec![first])).is_err(), "{cut}");
        }
    }

    #[test]
    fn an_endless_head_is_given_up() {
        let head = read_head(&mut io::repeat(b'x')).unwrap();
        assert!(head.len() > MAX_HEAD && head.len() < 2 * MAX_HEAD, "{}", head.len());
    }
}
