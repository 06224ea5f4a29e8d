//! The proxy, as it was set or as the environment names it. Read once, when a client is built.

use reqwest::{NoProxy, Proxy};
use url::Url;

use super::dialled::Dialled;
use crate::address::is_loopback;
use crate::error::Error;

/// A proxy, what is dialled of it, and its origin: the words of an error, without its user name and password.
pub(super) struct HttpProxy {
    pub(super) proxy: Proxy,
    pub(super) dialled: Dialled,
    pub(super) origin: String,
}

/// The proxy on the way to a server, and what is dialled of it; `None` where there is none. A loopback address has none: a
/// proxy would be asked for its own loopback.
pub(super) fn to(base_url: &Url, configured: Option<&str>) -> Result<Option<HttpProxy>, Error> {
    if is_loopback(base_url) {
        return Ok(None);
    }
    if let Some(text) = configured {
        return parse(text).map(Some).map_err(|why| Error::config("proxy", why));
    }
    let Some((variable, text)) = named_by_environment(base_url.scheme()) else { return Ok(None) };
    let found = parse(&text).map_err(|why| {
        Error::config("proxy", format_args!("comes from the variable {variable}, which {why}"))
    })?;
    Ok(Some(HttpProxy { proxy: found.proxy.no_proxy(NoProxy::from_env()), ..found }))
}

/// As curl and reqwest choose it: the scheme's own variable before the one for all, upper case before lower. A variable
/// that is empty counts as missing. Inside CGI none counts, where a request's header could set `HTTP_PROXY`.
fn named_by_environment(scheme: &str) -> Option<(&'static str, String)> {
    if std::env::var_os("REQUEST_METHOD").is_some() {
        return None;
    }
    let own = if scheme == "http" { ["HTTP_PROXY", "http_proxy"] } else { ["HTTPS_PROXY", "https_proxy"] };
    own.into_iter().chain(["ALL_PROXY", "all_proxy"]).find_map(|name| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        // What is not Unicode is no URL, and is refused as such.
        Some((name, value.into_string().unwrap_or_else(|_| "\u{fffd}".to_owned())))
    })
}

/// What reqwest would silently do without, or fail to use later, is refused here; why says nothing of the text, which may
/// hold a password.
fn parse(text: &str) -> Result<HttpProxy, &'static str> {
    const NO_URL: &str = "is not a proxy's URL";
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\u{fffd}')) {
        return Err("holds white space, quotes or control characters, which no proxy's URL does");
    }
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url = Url::parse(&with_scheme).map_err(|_| NO_URL)?;
    match url.scheme() {
        "http" | "https" if url.has_host() && url.port() != Some(0) => {}
        "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
            return Err("is a SOCKS proxy, and only proxies of http:// and https:// are spoken to");
        }
        _ => return Err(NO_URL),
    }
    let origin = url.origin().ascii_serialization();
    let dialled = Dialled::of(&mut url);
    Ok(HttpProxy { proxy: Proxy::all(url).map_err(|_| NO_URL)?, dialled, origin })
}
