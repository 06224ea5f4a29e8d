use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use url::Url;

/// What a server calls a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of an answer. They are looked at only where an error is made of it.
#[derive(Default)]
pub(crate) struct ReplyHeaders(pub(super) HeaderMap);

impl ReplyHeaders {
    /// What the server calls the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.0.get(REQUEST_ID).and_then(text)
    }

    /// The origin to which a redirect leads; its path and query may hold anything.
    pub(crate) fn redirects_to(&self, from: &Url) -> Option<String> {
        let location = from.join(self.0.get(LOCATION).and_then(text)?).ok()?;
        let is_http = matches!(location.scheme(), "http" | "https");
        is_http.then(|| location.origin().ascii_serialization())
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&'static str, &'static str)]) -> Self {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Self(pairs.collect())
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
