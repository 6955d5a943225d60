//! Which servers a TLS connection trusts, and how it reaches them.
//!
//! - The system's CA certificates are used, including those an administrator added, or instead those in
//!   `SSL_CERT_FILE` or `SSL_CERT_DIR`. Slim containers have none; then Mozilla's are used, which are
//!   compiled in. A file that somebody named is never ignored in this way.
//! - The proxy comes from the environment, but none is used for this machine's own addresses, so the
//!   demo also works behind a company proxy.

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

/// A client for the usual trust store, and a fallback for a system that has none.
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
    /// `build` sets up a client except for its trust store and proxy.
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

    /// Sends with the right client. Without roots no connection is made, so nothing has been sent when
    /// the other client tries again.
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
                    ui.detail(1, "this machine has no CA certificates; using the compiled-in ones");
                    way.agent(build(), RootCerts::WebPki)
                });
                send(agent)
            }
            answer => answer,
        }
    }

    /// What is between this machine and the origin `api`.
    pub(super) fn between(&self, api: &Origin) -> Between {
        let trust_store = match self.0.compiled_in.get() {
            Some(_) => Some(TrustStore::compiled_in()),
            None => TrustStore::named(),
        };
        Between { proxy: self.proxy(api), trust_store: trust_store.filter(|_| api.is_https()) }
    }

    /// The proxy for `origin`, without its credentials.
    pub(super) fn proxy(&self, origin: &Origin) -> Option<String> {
        self.0.way.proxy.as_ref().and_then(|proxy| proxy::told(proxy, origin))
    }

    /// The secret part of the proxy's credentials.
    pub(super) fn proxy_password(&self) -> Option<Secret> {
        self.0.way.proxy.as_ref()?.password().map(Secret::new)
    }
}

/// How connections are made, independent of the trust store.
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
