//! Everything that calls can change.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

#[cfg(feature = "openid")]
use super::assertions::Assertions;
use super::ledger::Ledger;
#[cfg(feature = "openid")]
use super::provider::Provider;
use super::totp::{Attempts, Codes};
use super::user::Reaction;

/// A push device (section 2.5).
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) platform: String,
    pub(crate) model: String,
    pub(crate) app_version: String,
    pub(crate) os_version: String,
    pub(crate) created_at: Duration,
}

/// A user with everything that belongs to them.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) devices: Vec<Device>,
    pub(crate) codes: Option<Codes>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) reaction: Reaction,
    pub(crate) attempts: Attempts,
}

impl Account {
    /// The requested scopes that the user's roles grant, in the order of the request.
    pub(crate) fn granted(&self, requested: &[String]) -> Vec<String> {
        let allowed = |scope: &&String| self.scopes.as_ref().is_none_or(|granted| granted.contains(scope));
        requested.iter().filter(allowed).cloned().collect()
    }
}

/// A token that opens the bearer routes.
pub(crate) struct Bearer {
    pub(crate) email: String,
    pub(crate) expires_at: Duration,
}

/// The server's tables.
#[derive(Default)]
pub(crate) struct World {
    accounts: Vec<Account>,
    /// By lower-cased address.
    by_email: HashMap<String, usize>,
    pub(crate) ledger: Ledger,
    pub(crate) bearers: HashMap<String, Bearer>,
    pub(crate) totp_tokens: Vec<(String, String)>,
    #[cfg(feature = "openid")]
    pub(crate) assertions: Assertions,
    /// There is one if the sandbox is an OpenID provider.
    #[cfg(feature = "openid")]
    pub(crate) provider: Option<Provider>,
    pub(crate) recent_calls: HashMap<(IpAddr, bool), VecDeque<Duration>>,
}

impl World {
    /// `false`: there is a user with this address already; capitals do not matter.
    pub(crate) fn add_account(&mut self, account: Account) -> bool {
        let email = account.email.to_lowercase();
        if self.by_email.contains_key(&email) {
            return false;
        }
        self.by_email.insert(email, self.accounts.len());
        self.accounts.push(account);
        true
    }

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    pub(crate) fn accounts_mut(&mut self) -> &mut [Account] {
        &mut self.accounts
    }

    /// The admin plane's look-up: capitals do not matter, spaces do.
    pub(crate) fn admin_account(&self, email: &str) -> Option<&Account> {
        self.accounts.get(*self.by_email.get(&email.to_lowercase())?)
    }

    /// The older tenant plane's look-up: the input is lower-cased and compared exactly, so that an address
    /// stored with capitals is never found.
    pub(crate) fn tenant_account(&self, email: &str) -> Option<&Account> {
        self.admin_account(email).filter(|account| account.email == email.to_lowercase())
    }

    /// The newest workspace plane's look-up: trimmed, capitals do not matter, active users only.
    pub(crate) fn workspace_account(&self, email: &str) -> Option<&Account> {
        self.admin_account(email.trim()).filter(|account| account.active)
    }

    /// The account with this id, which ID Tokens have as `sub`: active users only.
    #[cfg(feature = "openid")]
    pub(crate) fn account_of_subject(&self, subject: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == subject).filter(|account| account.active)
    }

    pub(crate) fn account_mut(&mut self, email: &str) -> Option<&mut Account> {
        self.accounts.get_mut(*self.by_email.get(&email.trim().to_lowercase())?)
    }

    /// The sliding window of section 3.5: `false` if this call is one too many.
    pub(crate) fn admit(&mut self, peer: IpAddr, extra: bool, limit: u32, now: Duration) -> bool {
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
