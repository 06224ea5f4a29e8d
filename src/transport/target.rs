use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

/// Where a request goes, as the transport takes it and as an error tells it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    /// Origin and path.
    pub(crate) endpoint: Arc<str>,
}

impl Target {
    /// A base URL has neither a query nor user info; should one come here, it is not told.
    pub(crate) fn new(url: Url) -> Self {
        let endpoint = format!("{}{}", url.origin().ascii_serialization(), url.path()).into();
        Self { url, endpoint }
    }
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
