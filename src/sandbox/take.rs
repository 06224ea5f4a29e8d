//! Emptying a sandbox that runs for long.

use tokio::time::Instant;

use super::Sandbox;
use super::state::issued::IssuedRequest;
use super::state::log::LoggedRequest;

impl Sandbox {
    /// Takes the requests out of the log that arrived before this instant. For programs that run for long: what the
    /// server does about one of them later is not logged any more.
    #[must_use]
    pub fn take_log(&self, before: Instant) -> Vec<LoggedRequest> {
        self.shared.record().take_log(before)
    }

    /// Takes the approval requests out of the tables whose lifetime is over, with their tokens. For programs that run
    /// for long: a poll of one of them is answered as before, with `expired_token`.
    #[must_use]
    pub fn take_expired(&self) -> Vec<IssuedRequest> {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let rows = world.ledger.take_expired(now);
        #[cfg(feature = "openid")]
        if let Some(provider) = world.provider.as_mut() {
            for row in &rows {
                provider.forget(&row.request.auth_req_id);
            }
        }
        for token in rows.iter().filter_map(|row| row.token.as_ref()) {
            world.bearers.remove(token);
        }
        rows.iter().map(|row| IssuedRequest::of(row, now)).collect()
    }

    /// Takes out what the TOTP logins were answered with: address and token.
    #[must_use]
    pub fn take_totp_tokens(&self) -> Vec<(String, String)> {
        let mut world = self.shared.world();
        let taken = std::mem::take(&mut world.totp_tokens);
        for (_, token) in &taken {
            world.bearers.remove(token);
        }
        taken
    }
}
