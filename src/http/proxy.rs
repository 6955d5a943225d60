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
    let exceptions = exceptions(&environment::no_proxy()?.unwrap_or_default());
    let with = |proxy| exceptions.iter().map(String::as_str).fold(proxy, ProxyBuilder::no_proxy);
    let proxy = begin(&address).and_then(|proxy| with(proxy).build().ok());
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

/// What `NO_PROXY` means to curl, in ureq's patterns: a domain covers its subdomains. This machine is
/// always an exception.
fn exceptions(list: &str) -> Vec<String> {
    let entries = list.split([',', ' ']).filter(|entry| !entry.is_empty());
    let given = entries.flat_map(|entry| match entry.trim_start_matches('*').trim_matches('.') {
        "" => vec![entry.to_owned()],
        domain => vec![domain.to_owned(), format!(".{domain}")],
    });
    ["localhost", "127.*", "[::1]"].map(str::to_owned).into_iter().chain(given).collect()
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
    fn a_domain_without_a_proxy_covers_its_subdomains() {
        let is_direct = |list: &str, origin: &str| {
            let proxy = begin("http://proxy.example:3128").expect("a proxy");
            let with = exceptions(list).iter().map(String::as_str).fold(proxy, ProxyBuilder::no_proxy);
            told(&with.build().expect("a proxy"), &Origin::parse(origin).expect("an origin")).is_none()
        };
        let api = "https://api.freshbooks.com";
        for list in [
            "freshbooks.com",
            ".freshbooks.com",
            "*.freshbooks.com",
            "FreshBooks.com.",
            "intranet.example, api.freshbooks.com",
            "intranet.example freshbooks.com",
            "com",
            "*",
        ] {
            assert!(is_direct(list, api), "{list}");
        }
        for list in
            ["", ",", "books.com", "api.freshbooks.com.example", "auth.freshbooks.com", "i.freshbooks.com"]
        {
            assert!(!is_direct(list, api), "{list}");
        }
        for here in ["http://localhost:1", "http://127.0.0.1:1", "http://127.8.0.1", "http://[::1]:1"] {
            assert!(is_direct("", here), "{here}");
        }
    }

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
