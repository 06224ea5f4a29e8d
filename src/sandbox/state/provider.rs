//! What an OpenID provider knows besides: its keys, what a start said, which assertions came.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::signing_keys::SigningKeys;

/// The wall clock, since the Unix epoch. ID Tokens and assertions go by it, because whoever verifies them does: neither a paused
/// tokio clock nor a moved server's clock is theirs.
pub(crate) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

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
    /// The `jti` of assertions with their client, and when they expire by the wall clock.
    assertions: HashMap<(String, String), u64>,
    /// With so many of them, those that are over are taken out.
    sweep_at: usize,
}

/// Fewer assertions than this are not worth a sweep.
const FEW: usize = 1_024;

impl Provider {
    pub(crate) fn generate() -> io::Result<Self> {
        Ok(Self {
            keys: SigningKeys::generate()?,
            asked: HashMap::new(),
            assertions: HashMap::new(),
            sweep_at: FEW,
        })
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

    /// `false`: this client has sent an assertion with this `jti` before (RFC 7523, section 3).
    pub(crate) fn is_first(&mut self, client: &str, jti: &str, expires_at: u64) -> bool {
        if self.assertions.len() >= self.sweep_at {
            let now = wall().as_secs();
            self.assertions.retain(|_, expires_at| *expires_at >= now);
            self.sweep_at = self.assertions.len().saturating_mul(2).max(FEW);
        }
        self.assertions.insert((client.to_owned(), jti.to_owned()), expires_at).is_none()
    }
}
