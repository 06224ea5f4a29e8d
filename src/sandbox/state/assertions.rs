//! Which client assertions came: each is good once (RFC 7523, section 3).

use std::collections::HashMap;

use super::clock::wall;

/// Fewer assertions than this are not worth a sweep.
const FEW: usize = 1_024;

pub(crate) struct Assertions {
    /// The `jti` of assertions with their client, and when they expire by the wall clock.
    seen: HashMap<(String, String), u64>,
    /// With so many of them, those that are over are taken out.
    sweep_at: usize,
}

impl Default for Assertions {
    fn default() -> Self {
        Self { seen: HashMap::new(), sweep_at: FEW }
    }
}

impl Assertions {
    /// `false`: this client has sent an assertion with this `jti` before.
    pub(crate) fn is_first(&mut self, client: &str, jti: &str, expires_at: u64) -> bool {
        if self.seen.len() >= self.sweep_at {
            let now = wall().as_secs();
            self.seen.retain(|_, expires_at| *expires_at >= now);
            self.sweep_at = self.seen.len().saturating_mul(2).max(FEW);
        }
        self.seen.insert((client.to_owned(), jti.to_owned()), expires_at).is_none()
    }
}
