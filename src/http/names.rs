//! Resolves host names to addresses, at most once a minute.
//!
//! ureq resolves the name for every request, even if it then reuses a connection, and starts a thread
//! for each look-up so that it can time out: hundreds of each in a sync.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Short enough that a service that moves is found again within the tries of one request.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Names<R = DefaultResolver> {
    system: R,
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    host: Authority,
    addresses: ResolvedSocketAddrs,
    asked: Instant,
}

impl<R: Resolver> Resolver for Names<R> {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use ureq::unversioned::transport::time;

    use super::*;

    #[derive(Debug, Default)]
    struct Counting(AtomicU32);

    impl Resolver for Counting {
        fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let mut addresses = self.empty();
            let port = uri.port_u16().ok_or(ureq::Error::HostNotFound)?;
            addresses.push(([127, 0, 0, 1], port).into());
            Ok(addresses)
        }
    }

    #[test]
    fn a_name_is_looked_up_once_and_a_failure_is_not_kept() {
        let names = Names::<Counting>::default();
        let config = ureq::Agent::config_builder().build();
        let ask = |uri: &str| {
            let after = time::Duration::NotHappening;
            let timeout = NextTimeout { after, reason: ureq::Timeout::Global, ..NextTimeout::default() };
            let found = names.resolve(&uri.parse().expect("an address"), &config, timeout);
            (found.ok().map(|addresses| addresses[0].port()), names.system.0.load(Ordering::SeqCst))
        };
        assert_eq!(ask("http://api.example:81/a"), (Some(81), 1));
        assert_eq!(ask("http://api.example:81/b"), (Some(81), 1));
        assert_eq!(ask("http://api.example:82/a"), (Some(82), 2));
        assert_eq!(ask("http://api.example/a"), (None, 3));
        assert_eq!(ask("http://api.example/a"), (None, 4));
    }
}
