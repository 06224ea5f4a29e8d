//! The user's authenticator app, and the handle on the server's clock.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sandbox::state::shared::Shared;
use crate::sandbox::state::totp::Codes;

/// An authenticator app: SHA-1, six digits, 30 seconds (section 2.7), on the server's clock. That of a user
/// without a secret shows codes that the server never accepts.
#[derive(Clone)]
pub struct Authenticator {
    shared: Arc<Shared>,
    email: String,
}

impl Authenticator {
    pub(crate) fn of(shared: &Arc<Shared>, email: &str) -> Self {
        Self { shared: Arc::clone(shared), email: email.to_owned() }
    }

    fn codes(&self) -> Codes {
        let known = self.shared.world().account_mut(&self.email).and_then(|account| account.codes.clone());
        known.unwrap_or_else(|| Codes::from_bytes(&[0; 20]))
    }

    /// The code of the current 30 seconds.
    #[must_use]
    pub fn code(&self) -> String {
        self.codes().code(self.shared.clock.now(), 0)
    }

    /// The code of the next 30 seconds; the server accepts it already.
    #[must_use]
    pub fn next_code(&self) -> String {
        self.codes().code(self.shared.clock.now(), 1)
    }

    /// Six digits that are right in none of the steps within a minute and a half.
    #[must_use]
    pub fn wrong_code(&self) -> String {
        self.codes().wrong_code(self.shared.clock.now())
    }

    /// The secret in standard base32, to type into a real app.
    #[must_use]
    pub fn secret(&self) -> String {
        self.codes().base32()
    }
}

/// Leaves the secret and the codes out.
impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The server's own clock: lifetimes, the lockout, TOTP steps and the rate limit go by it. It runs with
/// tokio's clock and can be moved forward beside it. Delays (reactions and faults) do not go by it.
#[derive(Clone)]
pub struct SandboxClock {
    shared: Arc<Shared>,
}

impl SandboxClock {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    /// Moves the server's clock forward, without any waiting. Parts of a millisecond are lost.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// The time as the server sees it. It starts at the wall clock's whole second.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(self.shared.clock.now()).unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Debug for SandboxClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SandboxClock").field(&self.now()).finish()
    }
}
