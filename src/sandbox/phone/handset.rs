//! The user's phone.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sandbox::state::ledger::Row;
use crate::sandbox::state::shared::Shared;
use crate::sandbox::state::user::Reaction;

/// A request that waits for an answer, as the phone shows it. Its `Debug` leaves the id out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingRequest {
    /// The request's id: a secret (section 3.1).
    pub auth_req_id: String,
    /// Whose phone it is.
    pub email: String,
    /// What the client wants shown.
    pub binding_message: Option<String>,
    /// What the client asks for.
    pub scopes: Vec<String>,
    /// When it was made, on the server's clock.
    pub created_at: SystemTime,
    /// The last second in which it can be answered, on the server's clock.
    pub expires_at: SystemTime,
}

impl PendingRequest {
    fn of(row: &Row) -> Self {
        let time = |since_epoch: Duration| UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH);
        Self {
            auth_req_id: row.request.auth_req_id.clone(),
            email: row.request.email.clone(),
            binding_message: row.request.binding_message.clone(),
            scopes: row.request.scopes.clone(),
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
        }
    }
}

impl fmt::Debug for PendingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingRequest")
            .field("email", &self.email)
            .field("binding_message", &self.binding_message)
            .field("scopes", &self.scopes)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The request could not be answered: it is unknown, somebody else's, answered already, or expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPending;

impl fmt::Display for NotPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request is not pending on this phone")
    }
}

impl std::error::Error for NotPending {}

/// A user's phone. The phone of a user that the sandbox does not know never gets a push.
#[derive(Clone)]
pub struct Phone {
    shared: Arc<Shared>,
    email: String,
}

impl Phone {
    pub(crate) fn of(shared: &Arc<Shared>, email: &str) -> Self {
        Self { shared: Arc::clone(shared), email: email.trim().to_lowercase() }
    }

    fn is_mine(&self, row: &Row) -> bool {
        row.request.email.to_lowercase() == self.email
    }

    /// What waits for an answer, newest first.
    #[must_use]
    pub fn pending(&self) -> Vec<PendingRequest> {
        let now = self.shared.clock.now();
        self.shared.world().ledger.open(now, |row| self.is_mine(row)).map(PendingRequest::of).collect()
    }

    /// Approves the newest pending request and returns its id. If there is none, waits for the next push;
    /// for ever, if none comes.
    pub async fn approve(&self) -> String {
        self.answer(true).await
    }

    /// Denies the newest pending request and returns its id. If there is none, waits for the next push; for
    /// ever, if none comes.
    pub async fn deny(&self) -> String {
        self.answer(false).await
    }

    /// Approves this request.
    ///
    /// # Errors
    ///
    /// [`NotPending`] if it does not wait for an answer on this phone.
    pub fn approve_id(&self, auth_req_id: &str) -> Result<(), NotPending> {
        self.answer_id(auth_req_id, true)
    }

    /// Denies this request.
    ///
    /// # Errors
    ///
    /// [`NotPending`] if it does not wait for an answer on this phone.
    pub fn deny_id(&self, auth_req_id: &str) -> Result<(), NotPending> {
        self.answer_id(auth_req_id, false)
    }

    /// What the phone does with each later push. Requests that are pending already stay as they are.
    pub fn react(&self, reaction: Reaction) {
        if let Some(account) = self.shared.world().account_mut(&self.email) {
            account.reaction = reaction;
        }
    }

    async fn answer(&self, approved: bool) -> String {
        let mut pushes = self.shared.pushes.subscribe();
        loop {
            if let Some(auth_req_id) = self.answer_newest(approved) {
                return auth_req_id;
            }
            if pushes.changed().await.is_err() {
                // The sender lives in `self.shared`, so this does not happen.
                std::future::pending::<()>().await;
            }
        }
    }

    fn answer_newest(&self, approved: bool) -> Option<String> {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let newest = world.ledger.open(now, |row| self.is_mine(row)).next()?.request.auth_req_id.clone();
        world.ledger.answer(&newest, approved, now).then_some(newest)
    }

    fn answer_id(&self, auth_req_id: &str, approved: bool) -> Result<(), NotPending> {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let mine = world.ledger.get(auth_req_id).is_some_and(|row| self.is_mine(row));
        if mine && world.ledger.answer(auth_req_id, approved, now) { Ok(()) } else { Err(NotPending) }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phone").field("email", &self.email).finish_non_exhaustive()
    }
}
