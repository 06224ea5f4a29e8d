use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy};
use zeroize::Zeroizing;

use super::HttpOptions;
use super::dial::Sparing;
use super::resolver::SystemResolver;
use crate::error::{Error, ErrorKind};

/// Builds one of the two clients. No redirect is followed, no referer sent, nothing repeated behind our back.
pub(super) fn build(options: &HttpOptions, pool: Option<&Sparing>) -> Result<Client, Error> {
    let mut headers = HeaderMap::new();
    if let Some(authorization) = authorization(options)? {
        headers.insert(AUTHORIZATION, authorization);
    }
    let mut builder = Client::builder()
        .default_headers(headers)
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(if pool.is_some() { options.max_in_flight } else { 0 })
        .dns_resolver(std::sync::Arc::new(SystemResolver))
        .user_agent(user_agent(options)?);
    builder = match pool {
        Some(sparing) => with_pings(builder.connector_layer(sparing.clone())),
        None => builder.retry(reqwest::retry::never()),
    };
    #[cfg(feature = "http2")]
    if options.http2_prior_knowledge {
        builder = builder.http2_prior_knowledge();
    }
    if crate::client::is_loopback(&options.base_url) {
        // A proxy that the environment names would be asked for its own loopback.
        builder = builder.no_proxy();
    } else if let Some(proxy) = &options.proxy {
        let refuse = || Error::config("proxy", "is not a proxy's URL");
        if !is_a_proxys(proxy) {
            return Err(refuse());
        }
        let proxy = Proxy::all(proxy.as_str()).map_err(|_| refuse())?;
        builder = builder.proxy(proxy);
    }
    #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
    {
        builder = super::tls::set_up(builder, options)?;
    }
    #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
    if options.base_url.scheme() == "https" || !options.root_certificates.is_empty() {
        return Err(Error::config(
            "base_url",
            "is https, which needs the feature `rustls` or `rustls-no-provider`",
        ));
    }
    builder.build().map_err(|error| {
        Error::new(
            ErrorKind::Config,
            "the HTTP client could not be built; an image without CA files needs the feature `webpki-roots` or a root_certificate",
        )
        .with_field("tls")
        .with_source(error.without_url())
    })
}

/// All polls share one connection over HTTP/2, and a request that runs out of time does not close it: without a sign of
/// life from the other end it would carry every later poll into the same silence. It is given as long as a request.
#[cfg(feature = "http2")]
fn with_pings(builder: ClientBuilder) -> ClientBuilder {
    builder
        .http2_keep_alive_interval(Duration::from_secs(5))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_keep_alive_while_idle(true)
}

#[cfg(not(feature = "http2"))]
fn with_pings(builder: ClientBuilder) -> ClientBuilder {
    builder
}

/// Whether reqwest knows the scheme. It would silently do without a proxy of another one. (`socks` it asks where some other
/// crate of the program has switched that feature of reqwest's on, and fails to connect where not.)
fn is_a_proxys(url: &str) -> bool {
    let scheme = url.split_once("://").map_or("http", |(scheme, _)| scheme).to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
}

/// HTTP Basic with id and secret as they are: AuthSec does not URL-decode them (wire contract, section 4).
fn authorization(options: &HttpOptions) -> Result<Option<HeaderValue>, Error> {
    use base64::Engine as _;

    let Some((id, secret)) = &options.basic else { return Ok(None) };
    let pair = Zeroizing::new(format!("{id}:{}", secret.expose_secret()));
    let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
    let line = Zeroizing::new(format!("Basic {}", encoded.as_str()));
    let mut value = HeaderValue::from_str(&line)
        .map_err(|_| Error::config("client_secret", "cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn user_agent(options: &HttpOptions) -> Result<HeaderValue, Error> {
    let text = options.user_agent.as_deref().unwrap_or(concat!("authsec-ciba/", env!("CARGO_PKG_VERSION")));
    HeaderValue::from_str(text).map_err(|_| Error::config("user_agent", "cannot be sent in a header"))
}
