//! Where a server may be: the checks that every configured or discovered address has to stand.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::error::Error;

/// Checks an address: https, or http to a loopback address or the exact name `localhost`, or to the one host of a private
/// network that the caller has named for it. No user info, no fragment. `field` is what an error names.
pub(crate) fn check(field: &'static str, text: &str, plain_http_to: Option<&str>) -> Result<Url, Error> {
    let refuse = |why| Err(Error::config(field, why));
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        // The parser would quietly drop tabs and line breaks.
        return refuse("holds white space or a control character");
    }
    if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
        return refuse("stands in quotation marks: take them out");
    }
    if text.contains('\\') {
        // The parser would take it for a slash, and a reader for a part of the host.
        return refuse("holds a backslash");
    }
    if text.is_empty() {
        return refuse("is empty");
    }
    if !text.contains("://") {
        // `localhost:7468` would be a URL of the scheme `localhost`.
        return refuse("has no scheme: write https:// before it");
    }
    let Ok(url) = Url::parse(text) else { return refuse("is not a URL") };
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return refuse("is not an https URL");
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return refuse("must not hold a user name or a password");
    }
    if url.fragment().is_some() {
        return refuse("must not have a fragment");
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
        let Some(named) = plain_http_to else {
            return refuse(
                "must be https: plain http is for loopback addresses, for localhost, and for the one host that \
                 danger_unencrypted_http_to(..) names",
            );
        };
        if url.host_str().is_none_or(|host| !host.eq_ignore_ascii_case(named)) {
            return Err(Error::config(
                "danger_unencrypted_http_to",
                format_args!("names another host than the {field}"),
            ));
        }
        if is_public(&url) {
            return Err(Error::config(
                "danger_unencrypted_http_to",
                "names an address of no private network",
            ));
        }
    }
    Ok(url)
}

/// Whether the host is an address that is surely not one of a private network. (A name can be either.)
fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !(address.is_private() || address.is_link_local() || is_shared(address)),
        Some(Host::Ipv6(address)) => !(address.is_unique_local() || address.is_unicast_link_local()),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Shared address space (RFC 6598), which clusters and private overlays use.
pub(crate) fn is_shared(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [100, 64..=127, ..])
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
