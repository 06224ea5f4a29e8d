use std::net::IpAddr;

use url::{Host, Url};

use super::Targets;
use crate::error::Error;
use crate::wire::Paths;

/// Checks a base URL: https, or http to a loopback address or the exact name `localhost`.
pub(super) fn parse(text: &str) -> Result<Url, Error> {
    let refuse = |why| Err(Error::config("base_url", why));
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        // The parser would quietly drop tabs and line breaks.
        return refuse("holds white space or a control character");
    }
    if text.contains('\\') {
        // The parser would take it for a slash, and a reader for a part of the host.
        return refuse("holds a backslash");
    }
    let Ok(url) = Url::parse(text) else { return refuse("is not a URL") };
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return refuse("is not an https URL");
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return refuse("must not hold a user name or a password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or a fragment");
    }
    if let Some(Host::Domain(name)) = url.host()
        && !is_name(name)
    {
        return refuse("has a host that cannot be a name");
    }
    if url.port() == Some(0) {
        return refuse("has port 0");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return refuse("must be https: plain http is for loopback addresses and localhost only");
    }
    Ok(url)
}

/// Whether a host can be looked up and stand in a certificate (RFC 1123, section 2.1; underscores are tolerated).
fn is_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(fits)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whether the host is a loopback address or exactly `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// The base URL with each path behind its own.
pub(super) fn join(base: &Url, paths: Paths) -> Targets {
    let join = |path: &str| {
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        url
    };
    Targets { initiate: join(paths.initiate), poll: join(paths.poll), totp: join(paths.totp) }
}
