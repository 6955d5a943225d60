//! A FreshBooks double: the demo signs in to it, and tests make it misbehave.
//!
//! It was written from FreshBooks' documentation and shares no code with the client, so that a wrong field name cannot
//! be wrong on both sides and go unnoticed. It listens on loopback only, holds invented people only, is strict where
//! FreshBooks is strict, and records every request so that a test can check what was sent.
//!
//! Start reading at [`Sandbox`]. [`World`] is its data, [`Fault`] makes requests fail, [`browser`] plays the person who
//! clicks Allow. Inside, `gate` holds the connections, `server` takes requests from tiny_http, `desk` dispatches them,
//! `oauth` and `api` answer them, and only `render` knows the names on the wire. [`classic`] is FreshBooks Classic on
//! the same port.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use jiff::Timestamp;

mod api;
pub mod browser;
mod builders;
pub mod changes;
pub mod classic;
mod consent;
mod crowd;
mod demo;
mod desk;
mod faults;
mod gate;
mod ledger;
mod oauth;
mod render;
mod server;
mod wire;
mod world;

#[cfg(test)]
mod tests;

use desk::Desk;
use server::Server;

pub use builders::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI};
pub use desk::Seen;
pub use faults::{Aim, Change, Edit, Fault, Rewrite, Trouble};
pub use wire::{Answer, Asked, http_date};
pub use world::{
    ABSENT, App, Business, Consent, Extra, GroupMember, Identity, Member, Membership, ProjectGroup, Reading,
    Staff, World,
};

/// A FreshBooks double on a free loopback port; serves until dropped.
pub struct Sandbox {
    origin: String,
    desk: Arc<Mutex<Desk>>,
    // Held for its Drop, which closes the port and every connection.
    _server: Server,
}

impl Sandbox {
    /// Starts serving `world`.
    pub fn start(world: World) -> io::Result<Sandbox> {
        Sandbox::start_at(0, world)
    }

    /// Starts serving on this port; 0 picks a free one.
    pub fn start_at(port: u16, world: World) -> io::Result<Sandbox> {
        let listener = Server::bind(port)?;
        let origin = format!("http://{}", listener.local_addr()?);
        let desk = Arc::new(Mutex::new(Desk::new(world, &origin)));
        let server = Server::open(listener, Arc::clone(&desk))?;
        Ok(Sandbox { origin, desk, _server: server })
    }

    /// `http://127.0.0.1:PORT`, for the API and the OAuth endpoints alike.
    pub fn origin(&self) -> String {
        self.origin.clone()
    }

    /// Reads or edits the world between two requests.
    pub fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        change(&mut self.desk().world)
    }

    /// Adds a fault after those already armed.
    pub fn arm(&self, fault: Fault) {
        self.desk().faults.push(fault);
    }

    /// Removes every fault without a complaint about those that never struck.
    pub fn disarm_all(&self) {
        self.desk().faults.clear();
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.desk().seen.clone()
    }

    /// The number of requests with this method whose path contains this text.
    pub fn count(&self, method: &str, path_contains: &str) -> usize {
        self.desk()
            .seen
            .iter()
            .filter(|seen| seen.method == method && seen.path.contains(path_contains))
            .count()
    }

    /// The largest number of concurrent requests so far.
    pub fn busiest(&self) -> usize {
        self.desk().busiest
    }

    /// Moves the sandbox's clock forward: expiry, `Date` and `created_at` follow it.
    pub fn advance(&self, by: Duration) {
        self.desk().advanced += by;
    }

    /// The time on the sandbox's clock.
    pub fn now(&self) -> Timestamp {
        self.desk().now()
    }

    /// Requests that a correct client never sends, and faults that no request met. Empty after a good test.
    pub fn complaints(&self) -> Vec<String> {
        self.desk().complaints()
    }

    /// Issues an access and a refresh token to the first app, with all its scopes and without the browser.
    pub fn grant(&self) -> (String, String) {
        let mut desk = self.desk();
        let now = desk.now();
        let Desk { world, ledger, .. } = &mut *desk;
        let (client_id, scopes) =
            world.apps.first().map(|app| (app.client_id.clone(), app.scopes.clone())).unwrap_or_default();
        let pair = ledger.issue_pair(world, now, &client_id, scopes, None);
        (pair.access.clone(), pair.refresh.clone())
    }

    /// Revokes every token, as when the person disconnects the app in FreshBooks.
    pub fn revoke_all(&self) {
        let mut desk = self.desk();
        desk.ledger.revoke_all();
        desk.classic.revoke_all();
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        locked(&self.desk)
    }
}

/// A test's closure may panic while it holds the lock; the data is still consistent.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
