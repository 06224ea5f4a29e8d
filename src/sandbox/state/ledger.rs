//! The approval requests and their state machine (section 3.2). Pure: the time comes in as a value.

use std::collections::HashMap;
use std::time::Duration;

/// Where an approval request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestState {
    /// Nobody has answered yet.
    Pending,
    /// Approved, and no poll has fetched the token yet.
    Approved,
    /// Denied; every poll says so until the request expires.
    Denied,
    /// Approved, and a poll was answered with the token.
    Consumed,
    /// The lifetime is over. This goes before every other state except [`Consumed`](Self::Consumed).
    Expired,
}

/// The admin plane keeps its requests apart, and so does the OpenID provider; tenant, workspace and `/oauth` share one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Admin,
    Workspace,
    #[cfg(feature = "openid")]
    OpenId,
}

/// What initiate writes down.
#[derive(Clone)]
pub(crate) struct NewRequest {
    pub(crate) auth_req_id: String,
    pub(crate) table: Table,
    pub(crate) email: String,
    pub(crate) binding_message: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) client: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) pushes: usize,
}

/// One row.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) request: NewRequest,
    pub(crate) row_id: String,
    pub(crate) created_at: Duration,
    pub(crate) expires_at: Duration,
    pub(crate) last_polled_at: Option<Duration>,
    /// When the person approved or denied.
    pub(crate) answered_at: Option<Duration>,
    pub(crate) token: Option<String>,
    state: RequestState,
}

impl Row {
    /// Still valid in the second that equals `expires_at`.
    pub(crate) fn is_expired(&self, now: Duration) -> bool {
        Duration::from_secs(now.as_secs()) > self.expires_at
    }

    /// What a poll at `now` meets: expiry is looked at before the state.
    pub(crate) fn state_at(&self, now: Duration) -> RequestState {
        if self.is_expired(now) { RequestState::Expired } else { self.state }
    }

    /// What the row's owner would call it: a consumed approval stays consumed.
    pub(crate) fn outcome_at(&self, now: Duration) -> RequestState {
        if self.state == RequestState::Consumed { self.state } else { self.state_at(now) }
    }

    pub(crate) fn is_open(&self, now: Duration) -> bool {
        self.state_at(now) == RequestState::Pending
    }
}

/// All requests, oldest first.
#[derive(Default)]
pub(crate) struct Ledger {
    rows: Vec<Row>,
    by_id: HashMap<String, usize>,
}

impl Ledger {
    pub(crate) fn insert(&mut self, request: NewRequest, now: Duration, lifetime: Duration) {
        self.by_id.insert(request.auth_req_id.clone(), self.rows.len());
        let created_at = if lifetime.subsec_nanos() == 0 { Duration::from_secs(now.as_secs()) } else { now };
        self.rows.push(Row {
            request,
            row_id: super::random::uuid(),
            created_at,
            expires_at: created_at.saturating_add(lifetime),
            last_polled_at: None,
            answered_at: None,
            token: None,
            state: RequestState::Pending,
        });
    }

    /// Takes out the rows whose lifetime is over.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Vec<Row> {
        let (over, live): (Vec<Row>, Vec<Row>) =
            std::mem::take(&mut self.rows).into_iter().partition(|row| row.is_expired(now));
        self.by_id = live.iter().enumerate().map(|(at, row)| (row.request.auth_req_id.clone(), at)).collect();
        self.rows = live;
        over
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn get(&self, auth_req_id: &str) -> Option<&Row> {
        self.rows.get(*self.by_id.get(auth_req_id)?)
    }

    fn get_mut(&mut self, auth_req_id: &str) -> Option<&mut Row> {
        self.rows.get_mut(*self.by_id.get(auth_req_id)?)
    }

    /// The pending requests that `wanted` likes, newest first.
    pub(crate) fn open(&self, now: Duration, wanted: impl Fn(&Row) -> bool) -> impl Iterator<Item = &Row> {
        self.rows.iter().rev().filter(move |row| row.is_open(now) && wanted(row))
    }

    /// Approves or denies. `false` if the request is unknown, answered or expired.
    pub(crate) fn answer(&mut self, auth_req_id: &str, approved: bool, now: Duration) -> bool {
        let Some(row) = self.get_mut(auth_req_id).filter(|row| row.is_open(now)) else { return false };
        row.state = if approved { RequestState::Approved } else { RequestState::Denied };
        row.answered_at = Some(now);
        true
    }

    /// Notes the poll; the server stores the time and never looks at it.
    pub(crate) fn touch(&mut self, auth_req_id: &str, now: Duration) {
        if let Some(row) = self.get_mut(auth_req_id) {
            row.last_polled_at = Some(now);
        }
    }

    /// Spends the approval for `token`.
    pub(crate) fn consume(&mut self, auth_req_id: &str, token: String) {
        if let Some(row) = self.get_mut(auth_req_id) {
            row.state = RequestState::Consumed;
            row.token = Some(token);
        }
    }
}

#[cfg(test)]
mod tests;
