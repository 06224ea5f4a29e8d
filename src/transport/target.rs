use std::sync::Arc;

use url::Url;

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
