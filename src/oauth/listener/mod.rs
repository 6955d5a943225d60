//! Waits on this machine for the browser that FreshBooks sends back.
//!
//! This is the loopback redirect of [RFC 8252,
//! 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3), but with a registered port: a port in use
//! is an error, and no other port is tried.
//!
//! - Bind before the sign-in address is printed: a browser that is still signed in to FreshBooks comes
//!   back within a second.
//! - One thread per connection. Browsers open connections that they never use, and break off TLS while
//!   they show their warning; neither must delay or end the wait.
//! - Dropping [`Waiting`] frees the port before it returns. Connections that are still open end with
//!   their own time limits (`connection`), and do not keep the port from being bound again.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::certificate::Certificate;
use super::connection::{Arrival, Door};
use super::redirect::{Awaited, RedirectUri};
use crate::error::{Context, Error, Kind, Result};

/// The pause between checks of idle sockets: too short for a person to notice, too long to use much
/// CPU.
const POLL: Duration = Duration::from_millis(20);

/// A browser opens about six.
const MAX_CONNECTIONS: usize = 32;

/// The bound sockets. Until [`Listener::serve`] is called, connections queue in the kernel.
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    redirect: RedirectUri,
    certificate: Certificate,
}

impl Listener {
    pub(crate) fn bind(redirect: &RedirectUri, certificate: Certificate) -> Result<Self> {
        let mut sockets = Vec::new();
        for address in redirect.addresses() {
            match open(address, redirect.port()) {
                Ok(socket) => sockets.push(socket),
                // On a machine without IPv6 no browser goes to ::1. But if we have the port on
                // 127.0.0.1 and somebody else has it on ::1, they could receive the code.
                Err(error) if !sockets.is_empty() && error.kind() != ErrorKind::AddrInUse => {}
                Err(error) => return Err(cannot_listen(address, redirect.port(), error)),
            }
        }
        if sockets.is_empty() {
            let message = format!("the redirect URI {} does not lead to this machine", redirect.as_str());
            return Err(Error::new(Kind::Usage, message).hint("use `--paste` with it"));
        }
        Ok(Listener { sockets, redirect: redirect.clone(), certificate })
    }

    /// Starts to answer.
    pub(crate) fn serve(self, awaited: Awaited) -> Result<Waiting> {
        let (arrive, arrivals) = mpsc::channel();
        let (stop, stopped) = mpsc::channel();
        let door = Arc::new(Door::new(self.redirect, self.certificate, awaited, arrive));
        let sockets = self.sockets;
        let acceptor = thread::Builder::new()
            .name("redirect".to_owned())
            .spawn(move || accept(&sockets, &door, &stopped))
            .context(Kind::Unexpected, || "cannot start the redirect listener's thread".to_owned())?;
        Ok(Waiting { arrivals, stop: Some(stop), acceptor: Some(acceptor) })
    }
}

fn open(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    let socket = TcpListener::bind((address, port))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn cannot_listen(address: IpAddr, port: u16, error: io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            format!("`ss -ltnp 'sport = :{port}'` shows who has it; `--paste` signs in without a port")
        }
        ErrorKind::PermissionDenied => {
            "register a redirect URI with a port above 1023, or use `--paste`".to_owned()
        }
        _ => "`--paste` signs in without a port".to_owned(),
    };
    let message = match error.kind() {
        ErrorKind::AddrInUse => format!("port {port} of the redirect URI is in use on {address}"),
        _ => format!("cannot listen on {address}, port {port}, for the redirect"),
    };
    Error::new(Kind::Config, message).hint(hint).because(error)
}

/// A running listener. Dropping it ends the wait and frees the port.
pub(crate) struct Waiting {
    arrivals: Receiver<Arrival>,
    stop: Option<Sender<Infallible>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Waits up to `time` for the answer. There is at most one.
    pub(crate) fn wait(&self, time: Duration) -> Option<Arrival> {
        self.arrivals.recv_timeout(time).ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Closing the channel is the signal, and the end of the thread closes the sockets.
        self.stop = None;
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// Accepts connections until `stopped` is closed.
///
/// The sockets are polled: a blocked `accept` could be ended only by connecting to it, which fails when
/// the machine is short of sockets.
fn accept(sockets: &[TcpListener], door: &Arc<Door>, stopped: &Receiver<Infallible>) {
    loop {
        let mut pause = POLL;
        for socket in sockets {
            // The peer is gone again, or the system has no descriptors left: try again later.
            if let Ok((connection, _)) = socket.accept() {
                pause = Duration::ZERO;
                admit(connection, door);
            }
        }
        if stopped.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

fn admit(connection: TcpStream, door: &Arc<Door>) {
    // Every connection's thread holds a reference to the door, and so does the acceptor.
    if Arc::strong_count(door) > MAX_CONNECTIONS {
        return;
    }
    let door = Arc::clone(door);
    let thread = thread::Builder::new().name("redirect connection".to_owned());
    // A thread that cannot start, or a connection that fails, does not fail the sign-in: the browser
    // can come again, and the person can paste.
    let _ = thread.spawn(move || door.attend(connection));
}

#[cfg(test)]
mod tests;
