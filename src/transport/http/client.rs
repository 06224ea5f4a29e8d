use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy};

use super::keep_alive::LONGEST_IDLE;
use super::resolver::SystemResolver;
use super::{HttpOptions, proxy};
use crate::error::{Error, ErrorKind};

/// Makes clients that have one connection each: what is costly (the trust store, the proxy settings) was read before, so
/// that one costs 3 microseconds and 4 kB.
pub(super) struct Clients {
    proxy: Option<Proxy>,
    resolver: std::sync::Arc<SystemResolver>,
    connect_timeout: Duration,
    #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
    tls: rustls::ClientConfig,
    #[cfg(feature = "http2")]
    http2_prior_knowledge: bool,
}

impl Clients {
    pub(super) fn new(options: &HttpOptions) -> Result<Self, Error> {
        #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
        if options.base_url.scheme() == "https" || !options.root_certificates.is_empty() {
            return Err(Error::config(
                "base_url",
                "is https, which needs the feature `rustls` or `rustls-no-provider`",
            ));
        }
        let clients = Self {
            proxy: proxy::to(&options.base_url, options.proxy.as_deref())?,
            resolver: std::sync::Arc::default(),
            connect_timeout: options.connect_timeout,
            #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
            tls: super::tls::config(options)?,
            #[cfg(feature = "http2")]
            http2_prior_knowledge: options.http2_prior_knowledge,
        };
        // What goes wrong with one goes wrong with each.
        clients.client().map_err(|error| {
            Error::new(ErrorKind::Config, "the HTTP client could not be built")
                .with_field("tls")
                .with_source(error.without_url())
        })?;
        Ok(clients)
    }

    pub(super) fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// One more, without a connection yet. It follows no redirect, sends no referer, keeps no cookie, unpacks nothing and
    /// repeats nothing, whatever other crates of the program switch on in reqwest.
    pub(super) fn client(&self) -> reqwest::Result<Client> {
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
            .dns_resolver(std::sync::Arc::clone(&self.resolver))
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(LONGEST_IDLE)
            .pool_max_idle_per_host(1);
        #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
        let builder = builder.tls_backend_preconfigured(self.tls.clone());
        let builder = match &self.proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder,
        };
        self.over_http2(builder).build()
    }

    /// Requests of a whole runtime share one connection over HTTP/2, and one that runs out of time does not close it: without
    /// a sign of life from the other end it would carry every later poll into the same silence. It is given as long as a
    /// request.
    #[cfg(feature = "http2")]
    fn over_http2(&self, builder: ClientBuilder) -> ClientBuilder {
        let builder = builder
            .http2_keep_alive_interval(Duration::from_secs(5))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .http2_keep_alive_while_idle(true);
        if self.http2_prior_knowledge { builder.http2_prior_knowledge() } else { builder }
    }

    #[cfg(not(feature = "http2"))]
    fn over_http2(&self, builder: ClientBuilder) -> ClientBuilder {
        builder
    }
}
