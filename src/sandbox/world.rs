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
    accounts: Vec<Account>,
    /// By lower-cased address.
    by_email: HashMap<String, usize>,
    pub(super) ledger: Ledger,
    pub(super) bearers: HashMap<String, Bearer>,
    pub(super) totp_tokens: Vec<(String, String)>,
    pub(super) recent_calls: HashMap<(IpAddr, bool), VecDeque<Duration>>,
}

impl World {
    /// `false`: there is a user with this address already; capitals do not matter.
    pub(super) fn add_account(&mut self, account: Account) -> bool {
        let email = account.email.to_lowercase();
        if self.by_email.contains_key(&email) {
            return false;
        }
        self.by_email.insert(email, self.accounts.len());
        self.accounts.push(account);
        true
    }

    pub(super) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    pub(super) fn accounts_mut(&mut self) -> &mut [Account] {
        &mut self.accounts
    }

    /// The admin plane's look-up: capitals do not matter, spaces do.
    pub(super) fn admin_account(&self, email: &str) -> Option<&Account> {
        self.accounts.get(*self.by_email.get(&email.to_lowercase())?)
    }

    /// The older tenant plane's look-up: the input is lower-cased and compared exactly, so that an address
    /// stored with capitals is never found.
    pub(super) fn tenant_account(&self, email: &str) -> Option<&Account> {
        self.admin_account(email).filter(|account| account.email == email.to_lowercase())
    }

    /// The newest workspace plane's look-up: trimmed, capitals do not matter, active users only.
    pub(super) fn workspace_account(&self, email: &str) -> Option<&Account> {
        self.admin_account(email.trim()).filter(|account| account.active)
    }

    pub(super) fn account_mut(&mut self, email: &str) -> Option<&mut Account> {
        self.accounts.get_mut(*self.by_email.get(&email.trim().to_lowercase())?)
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
