//! What the server knows, for comparison with what the client saw.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ledger::{RequestState, Row};
use super::shared::Shared;
use super::users::Users;

/// One approval request with its end. Its `Debug` shows neither id nor token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuedRequest {
    /// The request's id.
    pub auth_req_id: String,
    /// The user's address as it is stored.
    pub email: String,
    /// Where it stands now. A consumed approval stays consumed, whatever the time.
    pub state: RequestState,
    /// When the person approved or denied, on the server's clock.
    pub answered_at: Option<SystemTime>,
    /// The token that a poll was answered with, whether the answer arrived or not.
    pub token: Option<String>,
    /// How many devices got a push for it.
    pub pushes: usize,
}

impl IssuedRequest {
    pub(crate) fn of(row: &Row, now: Duration) -> Self {
        Self {
            auth_req_id: row.request.auth_req_id.clone(),
            email: row.request.email.clone(),
            state: row.outcome_at(now),
            answered_at: row.answered_at.and_then(|since_epoch| UNIX_EPOCH.checked_add(since_epoch)),
            token: row.token.clone(),
            pushes: row.request.pushes,
        }
    }
}

impl fmt::Debug for IssuedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedRequest")
            .field("email", &self.email)
            .field("state", &self.state)
            .field("answered_at", &self.answered_at)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("pushes", &self.pushes)
            .finish_non_exhaustive()
    }
}

/// Everything that the server has issued so far, oldest first.
#[derive(Clone)]
#[non_exhaustive]
pub struct Issued {
    /// The approval requests.
    pub requests: Vec<IssuedRequest>,
    /// Address and token of each successful TOTP login.
    pub totp_tokens: Vec<(String, String)>,
    users: Users,
}

impl Issued {
    pub(crate) fn of(shared: &Shared) -> Self {
        let now = shared.clock.now();
        let world = shared.world();
        let requests = world.ledger.rows().iter().map(|row| IssuedRequest::of(row, now));
        Self {
            requests: requests.collect(),
            totp_tokens: world.totp_tokens.clone(),
            users: Users::of(&world),
        }
    }

    /// The request with this id.
    #[must_use]
    pub fn request(&self, auth_req_id: &str) -> Option<&IssuedRequest> {
        self.requests.iter().find(|request| request.auth_req_id == auth_req_id)
    }

    /// Pushes to all phones.
    #[must_use]
    pub fn pushes(&self) -> usize {
        self.requests.iter().map(|request| request.pushes).sum()
    }

    /// Pushes to the phones of this user; capitals do not matter.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[must_use]
    #[track_caller]
    pub fn pushes_to(&self, email: &str) -> usize {
        self.users.must_have(email);
        let email = email.trim().to_lowercase();
        let mine = self.requests.iter().filter(|request| request.email.to_lowercase() == email);
        mine.map(|request| request.pushes).sum()
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("requests", &self.requests)
            .field("totp_tokens", &self.totp_tokens.len())
            .finish()
    }
}

/// How many connections there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Accepted since the start.
    pub accepted: u64,
    /// Open now. A connection counts until the server has noticed its end.
    pub open: u64,
    /// Open at the same time at most.
    pub peak: u64,
}
