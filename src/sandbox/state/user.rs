//! People, and what their phones do.

use std::fmt;
use std::time::Duration;

/// What a phone does with each push that arrives from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reaction {
    /// Nothing: the request stays pending until somebody answers it or it expires.
    #[default]
    Ignore,
    /// Approve inside the initiate call, before its answer leaves.
    Approve,
    /// Deny inside the initiate call, before its answer leaves.
    Deny,
    /// Approve this long after the push, measured on tokio's clock.
    ApproveAfter(Duration),
    /// Deny this long after the push, measured on tokio's clock.
    DenyAfter(Duration),
}

/// Where a user's TOTP secret comes from.
#[derive(Clone)]
pub(crate) enum TotpSource {
    None,
    Random,
    Base32(String),
}

/// A person that the sandbox knows: by default active, with one push device and no authenticator.
#[derive(Clone)]
pub struct User {
    pub(crate) email: String,
    pub(crate) device: bool,
    pub(crate) active: bool,
    pub(crate) totp: TotpSource,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) reaction: Reaction,
}

impl User {
    /// A user with this address. It is stored as given: section 3.4 has rules for capitals.
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            device: true,
            active: true,
            totp: TotpSource::None,
            scopes: None,
            reaction: Reaction::Ignore,
        }
    }

    /// Takes the push device away: initiate answers `no_device_registered`, and the OpenID provider `access_denied`.
    #[must_use]
    pub fn without_device(mut self) -> Self {
        self.device = false;
        self
    }

    /// Gives the user an authenticator with a random 20-byte secret.
    #[must_use]
    pub fn with_totp(mut self) -> Self {
        self.totp = TotpSource::Random;
        self
    }

    /// Gives the user an authenticator with this secret in standard base32. A secret that is not base32
    /// makes [`SandboxBuilder::start`](crate::sandbox::SandboxBuilder::start) fail.
    #[must_use]
    pub fn totp_secret(mut self, base32: impl Into<String>) -> Self {
        self.totp = TotpSource::Base32(base32.into());
        self
    }

    /// Deactivates the user: `user_not_found` on the newest server's planes, no difference on the older ones, and
    /// `unknown_user_id` at the OpenID provider.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }

    /// The scopes that the user's roles grant on the resource server (newest workspace plane and `/oauth`;
    /// section 2.1), and at the OpenID provider, where `openid` needs no role. Without this call every scope is granted.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// What the phone does with each push.
    #[must_use]
    pub fn reaction(mut self, reaction: Reaction) -> Self {
        self.reaction = reaction;
        self
    }
}

/// Leaves the TOTP secret out.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("email", &self.email)
            .field("device", &self.device)
            .field("active", &self.active)
            .field("totp", &!matches!(self.totp, TotpSource::None))
            .field("scopes", &self.scopes)
            .field("reaction", &self.reaction)
            .finish()
    }
}
