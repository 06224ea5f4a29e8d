use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

/// What this crate, or HTTP below it, says itself.
const OWN: [&str; 18] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Why a header cannot be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderRefusal {
    /// It is one of the crate's own.
    Own(&'static str),
    Name,
    /// The value of this header.
    Value(String),
}

/// Headers that the caller adds to a request. Their values are secrets: wiped, and hidden from whoever logs them.
#[derive(Clone, Default)]
pub(crate) struct RequestHeaders(HeaderMap);

impl RequestHeaders {
    /// Adds a header, or puts another value in its place.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), HeaderRefusal> {
        if let Some(own) = OWN.iter().find(|own| own.eq_ignore_ascii_case(name)) {
            return Err(HeaderRefusal::Own(own));
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderRefusal::Name)?;
        let bytes = Bytes::from_owner(Zeroizing::new(value.as_bytes().to_vec()));
        let Ok(mut value) = HeaderValue::from_maybe_shared(bytes) else {
            return Err(HeaderRefusal::Value(name.as_str().to_owned()));
        };
        value.set_sensitive(true);
        self.0.insert(name, value);
        Ok(())
    }

    /// Their values, which nobody may read.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter_map(|value| value.to_str().ok())
    }

    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name, value.clone());
        }
    }
}
