//! The proxy that the environment names, if it names one.
//!
//! `ureq` reads the same variables, and passes over what it does not understand: requests would then
//! take another way than the one asked for. What is said of a value names its variable alone, for it
//! may hold a password.

use ureq::{Proxy, ProxyBuilder};

use crate::app::environment;
use crate::error::{Error, Kind, Result};

pub(super) fn from_environment() -> Result<Option<Proxy>> {
    let Some((name, address)) = environment::proxy()? else { return Ok(None) };
    let exceptions = environment::no_proxy()?.unwrap_or_default();
    let exceptions = exceptions.split(',').map(str::trim).filter(|host| !host.is_empty());
    let proxy = begin(&address).and_then(|proxy| exceptions.fold(proxy, ProxyBuilder::no_proxy).build().ok());
    proxy.map(Some).ok_or_else(|| {
        Error::new(Kind::Config, format!("{name} names no proxy that can be used")).hint(format!(
            "export {name}=http://proxy.example:3128 with your proxy's address, or unset {name}"
        ))
    })
}

/// The proxy at an address, to which exceptions can be added.
fn begin(address: &str) -> Option<ProxyBuilder> {
    let given = Proxy::new(address).ok()?;
    let authority = given.uri().authority()?;
    // A port that is none would be taken for the usual one.
    let port = authority.as_str().rsplit_once(given.host())?.1;
    if given.host().is_empty() || !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return None;
    }
    let proxy = Proxy::builder(given.protocol()).host(given.host()).port(given.port());
    let proxy = given.username().into_iter().fold(proxy, ProxyBuilder::username);
    Some(given.password().into_iter().fold(proxy, ProxyBuilder::password))
}
