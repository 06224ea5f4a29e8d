use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

use super::dialled::Dialled;
use super::keep_alive::LONGEST_IDLE;
use super::options::HttpOptions;
use super::proxy::{self, HttpProxy};
use super::resolver::{Names, Resolver};
use crate::error::{Error, ErrorKind};

/// A client with one connection of its own, over HTTP/1.1; over HTTP/2 the connection is many requests' at once.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) resolver: Resolver,
}

/// Makes connections. What is costly (the trust store, the proxy settings) was read before, so that the client of one costs
/// 3 microseconds and 4 kB.
pub(super) struct Clients {
    proxy: Option<HttpProxy>,
    names: Arc<Names>,
    dialled: Dialled,
    connect_timeout: Duration,
    #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
    tls: rustls::ClientConfig,
    #[cfg(feature = "http2")]
    http2_prior_knowledge: bool,
}

impl Clients {
    pub(super) fn new(options: &HttpOptions) -> Result<Self, Error> {
        #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
        if options.base_url.scheme() == "https"
            || !options.root_certificates.is_empty()
            || options.client_certificate.is_some()
        {
            return Err(Error::config(
                "base_url",
                "is https, which needs the feature `rustls` or `rustls-no-provider`",
            ));
        }
        let (proxy, dialled) = match proxy::to(&options.base_url, options.proxy.as_deref())? {
            Some(proxy) => {
                let dialled = proxy.dialled;
                (Some(proxy), dialled)
            }
            // HTTP/2 without asking names its host in a way that nothing of ours could set.
            #[cfg(feature = "http2")]
            None if options.http2_prior_knowledge => (None, Dialled::Address),
            None => (None, Dialled::of(&mut options.base_url.clone())),
        };
        let address = match dialled {
            Dialled::Aliased(address) => Some(address),
            Dialled::Name | Dialled::Address => None,
        };
        let clients = Self {
            proxy,
            names: Arc::new(Names::new(address)),
            dialled,
            connect_timeout: options.connect_timeout,
            #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
            tls: super::tls::config(options)?,
            #[cfg(feature = "http2")]
            http2_prior_knowledge: options.http2_prior_knowledge,
        };
        // What goes wrong with one goes wrong with each.
        clients.connection().map_err(|error| {
            Error::new(ErrorKind::Config, "the HTTP client could not be built")
                .with_field("tls")
                .with_source(error.without_url())
        })?;
        Ok(clients)
    }

    /// The proxy's origin.
    pub(super) fn proxy(&self) -> Option<&str> {
        self.proxy.as_ref().map(|proxy| proxy.origin.as_str())
    }

    /// Whether our resolver is asked before anything is dialled.
    pub(super) fn ask_resolver(&self) -> bool {
        self.dialled != Dialled::Address
    }

    /// Whether the server is an address that goes by the alias.
    pub(super) fn alias_server(&self) -> bool {
        self.proxy.is_none() && matches!(self.dialled, Dialled::Aliased(_))
    }

    /// One more, not dialled yet. It follows no redirect, sends no referer, keeps no cookie, unpacks nothing and
    /// repeats nothing, whatever other crates of the program switch on in reqwest.
    pub(super) fn connection(&self) -> reqwest::Result<Connection> {
        let resolver = Resolver::of(&self.names);
        let builder = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .no_hickory_dns()
            .no_proxy()
            .dns_resolver(Arc::new(resolver.clone()))
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(LONGEST_IDLE)
            .pool_max_idle_per_host(1);
        #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
        let builder = builder.tls_backend_preconfigured(self.tls.clone());
        let builder = match &self.proxy {
            Some(proxy) => builder.proxy(proxy.proxy.clone()),
            None => builder,
        };
        Ok(Connection { client: self.over_http2(builder).build()?, resolver })
    }

    /// A connection of HTTP/2 that gives no sign of life is closed, but not sooner than a server may need that is busy with a
    /// push (B-31).
    #[cfg(feature = "http2")]
    fn over_http2(&self, builder: ClientBuilder) -> ClientBuilder {
        let builder = builder
            .http2_keep_alive_interval(Duration::from_secs(5))
            .http2_keep_alive_timeout(Duration::from_secs(35))
            .http2_keep_alive_while_idle(true);
        if self.http2_prior_knowledge { builder.http2_prior_knowledge() } else { builder }
    }

    #[cfg(not(feature = "http2"))]
    fn over_http2(&self, builder: ClientBuilder) -> ClientBuilder {
        builder
    }
}
