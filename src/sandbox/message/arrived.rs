//! A request as it came.

use std::net::IpAddr;

use bytes::Bytes;
use hyper::{HeaderMap, Method};

/// A request that has arrived completely.
pub(crate) struct Arrived {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peer: IpAddr,
    /// `Host`, or `:authority` over HTTP/2.
    pub(crate) host: String,
}

impl Arrived {
    /// A header's value, if there is one and it is visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The fields of a form, percent-decoded.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}
