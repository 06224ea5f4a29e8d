use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

/// What the transport is set up with.
pub(crate) struct HttpOptions {
    pub(crate) base_url: Url,
    /// By which setting that is known, for words.
    pub(crate) setting: &'static str,
    pub(crate) user_agent: Option<String>,
    pub(crate) proxy: Option<String>,
    pub(crate) root_certificates: Vec<Vec<u8>>,
    pub(crate) client_certificate: Option<Zeroizing<Vec<u8>>>,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_in_flight: usize,
    #[cfg(feature = "http2")]
    pub(crate) http2_prior_knowledge: bool,
}
