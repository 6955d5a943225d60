//! A FreshBooks to practise on: the demo signs in to it, and the tests bend and break it.
//!
//! It was written from what is documented of FreshBooks, and from nothing else in this program: sharing so much as a
//! field name with the client would let both be wrong together. It listens on loopback only, holds invented people
//! only, is strict where FreshBooks is strict, and remembers every request so that a test can ask what was sent.
//!
//! Start reading at [`Sandbox`]. [`World`] is what it knows, [`Fault`] how to break it, [`browser`] the person who
//! clicks Allow. Inside: `gate` holds the connections, `server` takes the requests off tiny_http, `desk` meets each,
//! `oauth` and `api` answer it, `render` alone knows the names on the wire. [`classic`] is FreshBooks Classic, behind
//! the same door.

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

    /// The same at a port of one's choice; at a free one for 0.
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

    /// Looks at the world, or edits it, between two requests.
    pub fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        change(&mut self.desk().world)
    }

    /// Adds a fault behind those already armed.
    pub fn arm(&self, fault: Fault) {
        self.desk().faults.push(fault);
    }

    /// Forgets every fault, and complains of none.
    pub fn disarm_all(&self) {
        self.desk().faults.clear();
    }

    /// Every request met so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.desk().seen.clone()
    }

    /// How many requests of this method had a path that contains this.
    pub fn count(&self, method: &str, path_contains: &str) -> usize {
        self.desk()
            .seen
            .iter()
            .filter(|seen| seen.method == method && seen.path.contains(path_contains))
            .count()
    }

    /// The most requests that were ever under way at once.
    pub fn busiest(&self) -> usize {
        self.desk().busiest
    }

    /// Moves the sandbox's clock forward: expiry, `Date` and `created_at` follow it.
    pub fn advance(&self, by: Duration) {
        self.desk().advanced += by;
    }

    /// What the sandbox's clock says.
    pub fn now(&self) -> Timestamp {
        self.desk().now()
    }

    /// What a well-made client never asks, and faults that no request met. Empty after a good test.
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

    /// Kills every token, as when the person disconnects the app in FreshBooks.
    pub fn revoke_all(&self) {
        let mut desk = self.desk();
        desk.ledger.revoke_all();
        desk.classic.revoke_all();
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        locked(&self.desk)
    }
}

/// A test's closure may panic with the lock held; what it was looking at is still whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
