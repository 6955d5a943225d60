//! Whom a TLS connection is believed, and the way it takes.
//!
//! - The system's own CA certificates count, with what an administrator added, and `SSL_CERT_FILE`
//!   or `SSL_CERT_DIR` in their place. Slim containers have none at all: then those of Mozilla count
//!   that are compiled in. A file that somebody named is never passed over like that.
//! - A proxy is taken from the environment, but none leads to this machine's own addresses: the demo
//!   works behind a company's proxy too.

use std::sync::{Arc, OnceLock};

use ureq::config::ConfigBuilder;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy};

use super::names::Names;
use super::proxy;
use crate::app::{self, Endpoints};
use crate::error::Result;
use crate::origin::Origin;
use crate::ui::Ui;

/// The words of rustls-platform-verifier for a system without roots; it has no kind to match on.
const NO_ROOTS: &str = "No CA certificates were loaded";

/// For a person whose machine does not believe the other side.
pub(crate) const TRUST_HINT: &str = "where a proxy or a server has a CA of its own, name its certificate: \
                                     SSL_CERT_FILE=/path/to/ca.pem";

/// A client for one trust, and the one that steps in where the system has none to give.
#[derive(Clone)]
pub(super) struct Agents(Arc<Inner>);

struct Inner {
    system: Agent,
    compiled_in: OnceLock<Agent>,
    way: Way,
    build: fn() -> ConfigBuilder<AgentScope>,
    ui: Ui,
}

impl Agents {
    /// `build` makes everything about a client but its trust and its way.
    pub(super) fn new(
        endpoints: &Endpoints,
        ui: Ui,
        build: fn() -> ConfigBuilder<AgentScope>,
    ) -> Result<Self> {
        let both = |is: fn(&Origin) -> bool| is(&endpoints.api) && is(&endpoints.auth);
        let way = Way {
            https_only: both(Origin::is_https),
            proxy: if both(Origin::is_loopback) { None } else { proxy::from_environment()? },
        };
        let system = way.agent(build(), RootCerts::PlatformVerifier);
        Ok(Agents(Arc::new(Inner { system, compiled_in: OnceLock::new(), way, build, ui })))
    }

    /// Sends by the client whose trust counts. Without roots no connection is made, so nothing has
    /// been sent when it is tried again.
    pub(super) fn send<B>(
        &self,
        send: impl Fn(&Agent) -> Result<Response<B>, ureq::Error>,
    ) -> Result<Response<B>, ureq::Error> {
        let Inner { system, compiled_in, way, build, ui } = &*self.0;
        if let Some(agent) = compiled_in.get() {
            return send(agent);
        }
        match send(system) {
            Err(error) if error.to_string().contains(NO_ROOTS) && !names_roots() => {
                let agent = compiled_in.get_or_init(|| {
                    ui.detail(1, "this machine has no CA certificates; those compiled in are used");
                    way.agent(build(), RootCerts::WebPki)
                });
                send(agent)
            }
            answer => answer,
        }
    }
}

/// How connections are made, whoever is trusted.
struct Way {
    https_only: bool,
    proxy: Option<Proxy>,
}

impl Way {
    fn agent(&self, config: ConfigBuilder<AgentScope>, roots: RootCerts) -> Agent {
        let config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        let config = config.https_only(self.https_only).proxy(self.proxy.clone()).build();
        Agent::with_parts(config, DefaultConnector::default(), <Names>::default())
    }
}

/// Whether somebody said which roots count.
fn names_roots() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| !matches!(app::variable(name), Ok(None)))
}

/// Whether the other side's certificate was refused. In the handshake, so before anything of ours
/// was sent; other TLS failures may come at any time.
pub(super) fn is_distrust(error: &ureq::Error) -> bool {
    let refuses = |error: &rustls::Error| {
        matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    };
    match error {
        ureq::Error::Rustls(error) => refuses(error) || error.to_string().contains(NO_ROOTS),
        ureq::Error::Io(error) => {
            error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some_and(refuses)
        }
        _ => false,
    }
}
