use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use crate::transport::HttpOptions;

/// The settings of the connections that no credential is part of.
pub(super) struct Connection {
    /// `None`: the default.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) proxy: Option<String>,
    pub(super) root_certificates: Vec<Vec<u8>>,
    pub(super) user_agent: Option<String>,
    #[cfg(feature = "http2")]
    pub(super) http2_prior_knowledge: bool,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            connect_timeout: None,
            proxy: None,
            root_certificates: Vec::new(),
            user_agent: None,
            #[cfg(feature = "http2")]
            http2_prior_knowledge: false,
        }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.unwrap_or(CONNECT_TIMEOUT)
    }

    /// For the connections to this address, which errors name as that `setting`; `identity` is what is presented there, if anything
    /// is.
    pub(super) fn options(
        &self,
        base_url: Url,
        setting: &'static str,
        identity: Option<Zeroizing<Vec<u8>>>,
        max_in_flight: usize,
    ) -> HttpOptions {
        HttpOptions {
            base_url,
            setting,
            user_agent: self.user_agent.clone(),
            proxy: self.proxy.clone(),
            root_certificates: self.root_certificates.clone(),
            client_certificate: identity,
            connect_timeout: self.connect_timeout(),
            max_in_flight,
            #[cfg(feature = "http2")]
            http2_prior_knowledge: self.http2_prior_knowledge,
        }
    }

    /// A setting that somebody has set, if anybody has.
    pub(super) fn first_set(&self) -> Option<&'static str> {
        #[cfg(feature = "http2")]
        let http2_prior_knowledge = self.http2_prior_knowledge;
        #[cfg(not(feature = "http2"))]
        let http2_prior_knowledge = false;
        let set = [
            ("connect_timeout", self.connect_timeout.is_some()),
            ("proxy", self.proxy.is_some()),
            ("root_certificate", !self.root_certificates.is_empty()),
            ("user_agent", self.user_agent.is_some()),
            ("http2_prior_knowledge", http2_prior_knowledge),
        ];
        set.into_iter().find(|(_, is_set)| *is_set).map(|(field, _)| field)
    }
}
