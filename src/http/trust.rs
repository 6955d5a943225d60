//! Who is believed in a TLS connection, and the way it takes.
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

use super::between::{Between, TrustStore};
use super::distrust::lacks_roots;
use super::names::Names;
use super::proxy;
use crate::app::Endpoints;
use crate::error::Result;
use crate::origin::Origin;
use crate::secret::Secret;
use crate::ui::Ui;

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
            Err(error) if lacks_roots(&error) && TrustStore::named().is_none() => {
                let agent = compiled_in.get_or_init(|| {
                    ui.detail(1, "this machine has no CA certificates; those compiled in are used");
                    way.agent(build(), RootCerts::WebPki)
                });
                send(agent)
            }
            answer => answer,
        }
    }

    /// Who stands between this machine and the origin `api`.
    pub(super) fn between(&self, api: &Origin) -> Between {
        let trust_store = match self.0.compiled_in.get() {
            Some(_) => Some(TrustStore::compiled_in()),
            None => TrustStore::named(),
        };
        Between { proxy: self.proxy(api), trust_store: trust_store.filter(|_| api.is_https()) }
    }

    /// The proxy on the way to `origin`, without its credentials.
    pub(super) fn proxy(&self, origin: &Origin) -> Option<String> {
        self.0.way.proxy.as_ref().and_then(|proxy| proxy::told(proxy, origin))
    }

    /// What opens the proxy, as far as it is a secret.
    pub(super) fn proxy_password(&self) -> Option<Secret> {
        self.0.way.proxy.as_ref()?.password().map(Secret::new)
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
