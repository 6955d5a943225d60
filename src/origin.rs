//! Scheme, host and port: the unit of trust. A token goes only to the origin that issued it (RFC 6454
//! section 4 defines origins).

use std::fmt;

use url::{Host, Url};

/// An origin that requests can go to: `https://`, or `http://` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(Url);

impl Origin {
    /// Parses a base URL. An error is a phrase to put after the setting's name.
    ///
    /// Refuses anything that could send requests somewhere unexpected (a user name, a path, a query),
    /// and plain http to any host but this one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL ({error})"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it contains a user name or password".to_owned());
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{text}` has more than scheme, host and port"));
        }
        let origin = match (url.scheme(), url.host()) {
            ("https", Some(_)) => Origin(url),
            ("http", Some(_)) => Origin(url),
            _ => return Err(format!("`{text}` is neither https nor http")),
        };
        if origin.0.scheme() == "http" && !origin.is_loopback() {
            return Err(format!(
                "`{text}` is http, which is accepted only for this machine (127.0.0.1, [::1], localhost)"
            ));
        }
        Ok(origin)
    }

    /// The URL of an absolute path, given as segments so that none can add to the path or leave it.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }

    /// Whether `url` is at this origin.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The origin as evidence names it: without the port if it is loopback, where the port is
    /// arbitrary.
    pub(crate) fn lasting_name(&self) -> String {
        match self.is_loopback() {
            true => format!("{}://{}", self.0.scheme(), self.host()),
            false => self.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_base_urls() {
        for good in [
            "https://api.freshbooks.com",
            "https://x.example:8443/",
            "http://127.0.0.1:9",
            "http://[::1]:9",
            "http://localhost",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.freshbooks.com",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "https://api.freshbooks.com@evil.example",
            "https://api.freshbooks.com/api",
            "https://api.freshbooks.com?x=1",
            "ftp://127.0.0.1",
            "api.freshbooks.com",
            "",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_segment_stays_a_segment() {
        let origin = Origin::parse("https://api.freshbooks.com").expect("a good origin");
        let url = origin.url(&["accounting", "account", "../x?y", "users"]);
        assert_eq!(url.as_str(), "https://api.freshbooks.com/accounting/account/..%2Fx%3Fy/users");
    }
}
