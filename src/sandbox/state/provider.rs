//! What an OpenID provider knows besides: its keys, and what a start said.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::signing_keys::SigningKeys;

/// What a start said that the ledger does not keep.
#[derive(Clone)]
pub(crate) struct Asked {
    /// When, by the wall clock.
    pub(crate) at: Duration,
    /// How long a client has to let pass between polls.
    pub(crate) interval: Duration,
    /// The first of `acr_values`.
    pub(crate) acr: Option<String>,
}

/// The tables of the provider.
pub(crate) struct Provider {
    pub(crate) keys: SigningKeys,
    asked: HashMap<String, Asked>,
}

impl Provider {
    pub(crate) fn generate() -> io::Result<Self> {
        Ok(Self { keys: SigningKeys::generate()?, asked: HashMap::new() })
    }

    pub(crate) fn note(&mut self, auth_req_id: &str, asked: Asked) {
        self.asked.insert(auth_req_id.to_owned(), asked);
    }

    pub(crate) fn asked(&self, auth_req_id: &str) -> Option<&Asked> {
        self.asked.get(auth_req_id)
    }

    /// The client has polled too early, and has to wait 5 s longer than `interval` from now on (OpenID CIBA Core, section 11). It
    /// does not grow with each time: a client in another process, which knows nothing of the earlier ones, would never catch up.
    pub(crate) fn slow_down(&mut self, auth_req_id: &str, interval: Duration) {
        if let Some(asked) = self.asked.get_mut(auth_req_id) {
            asked.interval = interval.saturating_add(Duration::from_secs(5));
        }
    }

    pub(crate) fn forget(&mut self, auth_req_id: &str) {
        self.asked.remove(auth_req_id);
    }
}
