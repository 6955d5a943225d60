//! Host names to addresses, asked once a minute.
//!
//! ureq asks for every request, also where it then goes on with a connection it has, and starts a
//! thread for the question so that it can be given up: hundreds of each in a sync.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// A service that moves is followed within the tries of one request.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Names {
    system: DefaultResolver,
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    host: Authority,
    addresses: ResolvedSocketAddrs,
    asked: Instant,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known().retain(|known| known.asked.elapsed() < FRESH);
        let is_asked = |known: &&Known| uri.authority() == Some(&known.host);
        if let Some(known) = known().iter().find(is_asked) {
            return Ok(known.addresses.clone());
        }
        let addresses = self.system.resolve(uri, config, timeout)?;
        if let Some(host) = uri.authority().cloned() {
            known().push(Known { host, addresses: addresses.clone(), asked: Instant::now() });
        }
        Ok(addresses)
    }
}
