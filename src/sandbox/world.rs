//! Everything that calls can change.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::ledger::Ledger;
use super::totp::{Attempts, Codes};
use super::user::Reaction;

/// A push device (section 2.5).
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) name: String,
    pub(super) platform: String,
    pub(super) model: String,
    pub(super) app_version: String,
    pub(super) os_version: String,
    pub(super) created_at: Duration,
}

/// A user with everything that belongs to them.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) active: bool,
    pub(super) devices: Vec<Device>,
    pub(super) codes: Option<Codes>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) reaction: Reaction,
    pub(super) attempts: Attempts,
}

impl Account {
    /// The requested scopes that the user's roles grant, in the order of the request.
    pub(super) fn granted(&self, requested: &[String]) -> Vec<String> {
        let allowed = |scope: &&String| self.scopes.as_ref().is_none_or(|granted| granted.contains(scope));
        requested.iter().filter(allowed).cloned().collect()
    }
}

/// A token that opens the bearer routes.
pub(super) struct Bearer {
    pub(super) email: String,
    pub(super) expires_at: Duration,
}

/// The server's tables.
#[derive(Default)]
pub(super) struct World {
    pub(super) accounts: Vec<Account>,
    pub(super) ledger: Ledger,
    pub(super) bearers: HashMap<String, Bearer>,
    pub(super) totp_tokens: Vec<(String, String)>,
    pub(super) recent_calls: HashMap<(IpAddr, bool), VecDeque<Duration>>,
}

impl World {
    /// The admin plane's look-up: capitals do not matter, spaces do.
    pub(super) fn admin_account(&self, email: &str) -> Option<&Account> {
        let email = email.to_lowercase();
        self.accounts.iter().find(|account| account.email.to_lowercase() == email)
    }

    /// The older tenant plane's look-up: the input is lower-cased and compared exactly, so that an address
    /// stored with capitals is never found.
    pub(super) fn tenant_account(&self, email: &str) -> Option<&Account> {
        let email = email.to_lowercase();
        self.accounts.iter().find(|account| account.email == email)
    }

    /// The newest workspace plane's look-up: trimmed, capitals do not matter, active users only.
    pub(super) fn workspace_account(&self, email: &str) -> Option<&Account> {
        self.admin_account(email.trim()).filter(|account| account.active)
    }

    pub(super) fn account_mut(&mut self, email: &str) -> Option<&mut Account> {
        let email = email.trim().to_lowercase();
        self.accounts.iter_mut().find(|account| account.email.to_lowercase() == email)
    }

    /// The sliding window of section 3.5: `false` if this call is one too many.
    pub(super) fn admit(&mut self, peer: IpAddr, extra: bool, limit: u32, now: Duration) -> bool {
        let calls = self.recent_calls.entry((peer, extra)).or_default();
        while calls.front().is_some_and(|at| now.saturating_sub(*at) >= Duration::from_secs(60)) {
            calls.pop_front();
        }
        if calls.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return false;
        }
        calls.push_back(now);
        true
    }
}
