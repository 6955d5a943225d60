//! The proxy set in the environment, if any.
//!
//! `ureq` reads the same variables but ignores values it does not understand: requests would then not
//! go through the proxy. Errors name only the variable, because its value can contain a password.

use ureq::http::Uri;
use ureq::{Proxy, ProxyBuilder, ProxyProtocol};

use crate::app::environment;
use crate::error::{Error, Kind, Result};
use crate::origin::Origin;

pub(super) fn from_environment() -> Result<Option<Proxy>> {
    let Some((name, address)) = environment::proxy()? else { return Ok(None) };
    let exceptions = environment::no_proxy()?.unwrap_or_default();
    let exceptions = exceptions.split(',').map(str::trim).filter(|host| !host.is_empty());
    let proxy = begin(&address).and_then(|proxy| exceptions.fold(proxy, ProxyBuilder::no_proxy).build().ok());
    proxy.map(Some).ok_or_else(|| {
        Error::new(Kind::Config, format!("{name} is not a usable proxy address")).hint(format!(
            "export {name}=http://proxy.example:3128 with your proxy's address, or unset {name}"
        ))
    })
}

/// The proxy for `origin`, without its credentials; `None` if the origin is an exception.
pub(super) fn told(proxy: &Proxy, origin: &Origin) -> Option<String> {
    let uri: Uri = origin.to_string().parse().ok()?;
    let scheme = match proxy.protocol() {
        ProxyProtocol::Http => "http",
        ProxyProtocol::Https => "https",
        ProxyProtocol::Socks4 => "socks4",
        ProxyProtocol::Socks4A => "socks4a",
        ProxyProtocol::Socks5 => "socks5",
        ProxyProtocol::Socks5h => "socks5h",
        _ => "proxy",
    };
    (!proxy.is_no_proxy(&uri)).then(|| format!("{scheme}://{}:{}", proxy.host(), proxy.port()))
}

/// The proxy at an address, to which exceptions can be added.
fn begin(address: &str) -> Option<ProxyBuilder> {
    let given = Proxy::new(address).ok()?;
    let authority = given.uri().authority()?;
    // An invalid port would be taken for the default one.
    let port = authority.as_str().rsplit_once(given.host())?.1;
    if given.host().is_empty() || !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return None;
    }
    let proxy = Proxy::builder(given.protocol()).host(given.host()).port(given.port());
    let proxy = given.username().into_iter().fold(proxy, ProxyBuilder::username);
    Some(given.password().into_iter().fold(proxy, ProxyBuilder::password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_its_credentials() {
        let origin = Origin::parse("https://api.freshbooks.com").expect("an origin");
        let told = |address: &str, exception: &str| {
            let proxy = begin(address).expect("a proxy").no_proxy(exception).build().expect("a proxy");
            super::told(&proxy, &origin)
        };
        let table = [
            ("http://ann:opensesame@proxy.example:3128", "http://proxy.example:3128"),
            ("https://proxy.example", "https://proxy.example:443"),
            ("socks5://ann@10.0.0.1", "socks5://10.0.0.1:1080"),
            ("proxy.example:80", "http://proxy.example:80"),
        ];
        for (address, expected) in table {
            assert_eq!(told(address, "intranet.example").as_deref(), Some(expected));
            assert_eq!(told(address, "api.freshbooks.com"), None);
        }
    }
}
